"""
LinkedIn: comments on your page's posts, your answers, and posts that mention the page.

API: https://learn.microsoft.com/linkedin/marketing/community-management

Access must be granted by LinkedIn. What its members wrote may not be stored for more than 48 hours,
so by default only what it is, when and where is kept, and the text is a click away.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._spread import is_early, plan_next
from mentionwatch.channels._values import web
from mentionwatch.errors import PermissionMissing
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.channels._linkedin_run import Api
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
LinkedIn lets registered companies read their own page, after a review; sole traders, and private
mail addresses, are refused. Without access, import a file instead (type = "file").
 1. You need a LinkedIn page, and to be its super admin. A refusal cannot be appealed with the same
    application: read the conditions first.
 2. Open https://www.linkedin.com/developers/apps/new, make an application for the page, and verify
    it with the page.
 3. Products: request "Community Management API" and wait. The Development tier allows 100 requests
    a day; the Standard tier more, after a screen recording: then set daily_calls = 0.
 4. Auth: copy client id and client secret. With the token generator of the developer portal make a
    token with the scopes r_organization_social_feed and rw_organization_admin, as a person with the
    role ADMINISTRATOR of the page. Asking for other scopes later ends all earlier tokens.
 5. Write down organization_id (the digits in the address of the page's admin view).
 6. Run: mentionwatch login CHANNEL
An access token ends after 60 days. With client_id, client_secret and refresh_token it is renewed,
for a year from your consent; after that the steps are to be repeated.
What members write may be kept for 48 hours only. By default it is not kept at all; with
store_text = true it is, and removed after 48 hours."""
LOGIN: tuple[str, ...] = ("access_token", "client_secret", "refresh_token")
UNVERIFIED: tuple[str, ...] = (
    "a post that names the page stands in `decoratedGeneratedActivity` under `share`, with "
    "`entity`, `owner` and `text` like a comment; otherwise its address alone is kept, or the "
    "entry is left out with a warning",
    "`parentComment` may stand inside a notification; otherwise an answer counts for the post "
    "until what waits is looked at one by one",
    "posts have `id`, `commentary`, `publishedAt` and `createdAt`; otherwise an own post has no "
    "text or time, or is left out with a warning",
    "the address of a comment is that of its post with `commentUrn`; otherwise the link leads to "
    "the post alone",
    "`total` may be missing: a full page, or a link with `rel` `next`, means more; otherwise one "
    "request is made too many",
    "the names of errors (`NONEXISTENT_VERSION`, 65600, 65601) are known from reports; otherwise "
    "LinkedIn's own words are shown",
    "`/socialActions/` with a comment that is gone answers 404, and `COMMENT_DELETE` is told of "
    "the page's own answers too; otherwise what was deleted counts on",
    "`lastModifiedAt` of an edit is the time of the edit; otherwise the edit bears the time of the "
    "comment",
    "`ADMIN_COMMENT` is told of every answer of the page; otherwise answers are found when what "
    "waits is looked at",
    "the version of `api_version` that is preset was in use in October 2026; otherwise LinkedIn "
    "answers 426 and the way out is said",
    "an access token lives for 60 days from when it was first seen; otherwise the warning before "
    "its end comes late",
)

LIFE = timedelta(days=60)
WARN_BEFORE = timedelta(days=10)
WAY_OUT = (
    "make a new token (mentionwatch channels setup linkedin), then: mentionwatch login CHANNEL"
)


class _Declared:
    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        return Capabilities(
            finds_untagged=False,
            sees_own_replies=True,
            sees_edits=True,
            history="30 days at the first run; LinkedIn keeps notifications for 60",
            cost="free, after LinkedIn has approved your company's application",
            limits=(
                "only your own page: its posts, and posts that mention it; no search",
                "names of members are not shown, and their texts only with store_text = true: "
                "LinkedIn forbids to store them for longer than 24 and 48 hours",
                "answers by colleagues under their own names are not recognised",
                "it is read no more often than the requests of a day allow",
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedIn:
    """
    The keys of ``[channels.linkedin]``.

    Either ``access_token``, or ``client_id``, ``client_secret`` and ``refresh_token``.
    ``daily_calls``: requests in a day; 0 for no limit of ours.
    """

    family: ClassVar[str] = "social"
    capabilities = _Declared()

    organization_id: str
    access_token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    store_text: bool = False
    daily_calls: int = 100
    api_version: str = "202609"
    base_url: str = "https://api.linkedin.com/rest"
    token_url: str = "https://www.linkedin.com/oauth/v2/accessToken"  # noqa: S105

    @property
    def keep_at_most(self) -> timedelta | None:
        """What members wrote is removed after 48 hours: LinkedIn's rule."""
        return timedelta(hours=48) if self.store_text else None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not (self.organization_id.isascii() and self.organization_id.isdecimal()):
            yield "organization_id", 'must be the digits of the page, such as "12345"'
        year, month = self.api_version[:4], self.api_version[4:]
        if not (self.api_version.isascii() and self.api_version.isdecimal() and len(month) == 2):
            yield "api_version", f'must be year and month, such as "202609", not "{year}{month}"'
        renewing = (self.client_id, self.client_secret, self.refresh_token)
        if any(renewing) and not all(renewing):
            yield "refresh_token", "client_id, client_secret and refresh_token go together"
        if not self.access_token and not any(renewing):
            yield "access_token", "a token is missing: mentionwatch channels setup linkedin"
        if self.daily_calls < 0:
            yield "daily_calls", "must be a number of requests, 0 for no limit"
        for key in ("base_url", "token_url"):
            if not web(getattr(self, key)):
                yield key, "must be a web address"

    async def account(self, client: Client) -> Account:
        """Ask for one notification: that needs the scope, the version and the role."""
        page = f"urn:li:organization:{self.organization_id}"
        summary = f"reads the page {self.organization_id}"
        if is_early(client):
            return Account(id=page, names=(page,), summary=f"{summary} (not asked again yet)")
        api = self._api(client)
        now = datetime.fromtimestamp(time.time(), UTC)
        try:
            await api.notifications(now - timedelta(days=1), now, 0, 1)
        except PermissionMissing:
            # Posts and comments may be permitted all the same; that is the slower road.
            await api.posts(1)
            summary += " without its notifications (scope rw_organization_admin is missing)"
        return Account(
            id=page, names=(page,), summary=summary, warnings=await self._ending(client, api, now)
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        from mentionwatch.channels._linkedin_run import Run

        if is_early(client, self.organization_id):
            return
        api = self._api(client)
        run = Run(api=api, query=query)
        async with aclosing(run.pages()) as pages:
            async for page in pages:
                yield page
        if self.daily_calls:
            await plan_next(
                client, self.organization_id, spent=api.spent + 1, a_day=self.daily_calls
            )

    def _api(self, client: Client) -> Api:
        from mentionwatch.channels._linkedin_items import Us
        from mentionwatch.channels._linkedin_run import Api
        from mentionwatch.channels._oauth import Access, Grant

        headers = {"Linkedin-Version": self.api_version, "X-Restli-Protocol-Version": "2.0.0"}
        access = None
        if self.refresh_token and self.client_secret:
            form: dict[str, str | Secret] = {
                "grant_type": "refresh_token",
                "refresh_token": self.refresh_token,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
            grant = Grant(url=self.token_url, form=form, way_out=WAY_OUT)
            access = Access(client=client, grant=grant, headers=headers)
        return Api(
            client=client,
            base_url=self.base_url.rstrip("/"),
            us=Us(urn=f"urn:li:organization:{self.organization_id}", texts=self.store_text),
            headers=headers,
            token=self.access_token,
            access=access,
            daily_calls=self.daily_calls,
        )

    async def _ending(self, client: Client, api: Api, now: datetime) -> tuple[str, ...]:
        """Say days before that the log-in ends. A token does not tell when it was made."""
        if api.access is not None:
            return await api.access.warnings(now)
        if self.access_token is None:
            return ()
        from hashlib import sha256

        mark = sha256(self.access_token.reveal().encode()).hexdigest()[:16]
        async with client.renewing() as kept:
            since = kept.get("since") if kept.get("of") == mark else None
            if not isinstance(since, int):
                since = int(now.timestamp())
                client.tokens.put(client.channel, {**kept, "of": mark, "since": since})
        ends = datetime.fromtimestamp(since, UTC) + LIFE
        if ends - now > WARN_BEFORE:
            return ()
        return (f"the access token ends on {ends:%Y-%m-%d} at the latest; before that, {WAY_OUT}",)
