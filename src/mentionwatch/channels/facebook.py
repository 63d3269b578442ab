"""
A Facebook Page: comments and their replies, visitors' posts, tagged posts, messages, reviews.

API: https://developers.facebook.com/docs/pages-api
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._facebook_items import Us, person
from mentionwatch.channels._facebook_run import Run
from mentionwatch.channels._graph import (
    VERSION,
    Graph,
    is_version,
    version_warnings,
    within_limits,
)
from mentionwatch.channels._graph_inbox import MESSAGES, Inbox
from mentionwatch.channels._graph_token import inspected, revealed, wall_clock
from mentionwatch.channels._values import needed, text, web
from mentionwatch.credentials import NO_SECRET, Secret, remember
from mentionwatch.errors import CredentialsRefused
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client

SETUP = """\
Free. No review by Meta is needed for comments, posts and tags of a Page of your own.

1. Go to developers.facebook.com, register, and choose My Apps > Create app > type Business.
   Leave the app in development mode.
2. Open Tools > Graph API Explorer, pick the app, choose Get User Access Token, and tick
   pages_show_list, pages_read_engagement and pages_read_user_content. For read_inbox also
   pages_messaging and pages_manage_metadata; for a Page in a business portfolio also
   business_management. Choose your Page in the dialog. You need all tasks of the Page, or at
   least MODERATE and CREATE_CONTENT.
3. Make the token live long: open in the browser (all in one line)
   https://graph.facebook.com/v26.0/oauth/access_token?grant_type=fb_exchange_token
   &client_id=APP-ID&client_secret=APP-SECRET&fb_exchange_token=TOKEN
4. With that token ask for me/accounts?fields=id,name,access_token,tasks in the Explorer. Copy
   the id of your Page into page_id; its access_token is what `mentionwatch login` asks for. Do
   not use the token of step 2 or 3: that one is yours, not the Page's.
5. Test it: mentionwatch doctor facebook

The Page's token has no date of expiry. It ends when you change your password, lose your role on
the Page or remove the app; permissions that were not used for 90 days are to be granted again.
read_inbox shows the messages of customers only after Meta's App Review and Business Verification
(Advanced Access); without these, only messages of people with a role in your app.
read_ratings works until 2027-01-21, when Meta ends the last version that offers reviews.
"""
LOGIN: tuple[str, ...] = ("page_access_token",)
UNVERIFIED: tuple[str, ...] = (
    "`/debug_token` lets the Page's token inspect itself by `input_token`, and tells `expires_at`, "
    "`data_access_expires_at` and `scopes`; otherwise the end of the token and a missing "
    "permission are not foretold, and the refusal is the first sign",
    "`reverse_chronological` works together with `filter` = `stream`; otherwise of posts with more "
    "than 5,000 comments the newest may be missed, which a warning says",
    "of `paging` `next` only `after`, `until`, `since`, `offset` and `__paging_token` are needed, "
    "as it may repeat the token; otherwise a list ends early or repeats a page and ends there",
    "the Page's own comments always carry `from`; otherwise our answer is taken for somebody's "
    "comment and the row stays",
    "`message_tags` of a comment names whom it is for; otherwise the order of the comments tells, "
    "and such an answer counts as likely",
    "the body for each `error_subcode` (458 to 492); otherwise Facebook's own words are shown in "
    "place of ours",
    "`code` 100 with subcode 33, and 803, mean that something is gone; otherwise what is only "
    "hidden counts as deleted, though never while no other post is shown",
    "codes from 80000 to 80014 are limits (80001 and 80002 are documented); otherwise the channel "
    "pauses for an hour without need",
    "field expressions are understood in percent-encoding; otherwise Facebook refuses the request, "
    "which is said",
    "`full_picture`, or the `status_type` `added_photos`, marks a picture; otherwise pictures are "
    "not counted",
    "`attachments{id}` may be asked for within `messages`; otherwise the inbox is refused, which "
    "is said",
    "`/ratings` answers with `code` 12 where it is no longer offered; otherwise the refusal itself "
    "is said",
)

SCOPES = ("pages_read_engagement", "pages_read_user_content")
INBOX_SCOPES = ("pages_messaging", "pages_manage_metadata")
CONVERSATION = f"id,link,updated_time,{MESSAGES}"
EMPTY_INBOX = (
    "Facebook shows no conversations: without Advanced Access (App Review) only those with people "
    "who have a role in your app are shown"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facebook:
    """
    The keys of ``[channels.facebook]``.

    ``page_access_token``: the Page's own, not a person's. ``app_secret``: only where the app
    requires it. ``posts_lookback_days``: under how old posts new comments are looked for.
    ``read_inbox``, ``read_ratings``: messages and recommendations, where Meta permits them.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="comments under the posts of the last 30 days (posts_lookback_days)",
        limits=(
            "Facebook has no search: only your Page's posts, and some that tag it, can be seen",
            "new comments under posts older than posts_lookback_days are seen only where somebody "
            "there waits already",
            "answers that your people write with their own profiles are not seen as yours, unless "
            "own_accounts holds their ids",
            "messages of customers need Meta's App Review; groups and private profiles cannot be "
            "read at all",
            "your answers to reviews are not seen: mark those done",
            "reviews end on 2027-01-21, with the last version of the API that offers them",
        ),
    )

    page_id: str
    page_access_token: Secret
    base_url: str = "https://graph.facebook.com"
    api_version: str = VERSION
    posts_lookback_days: int = 30
    app_secret: Secret = NO_SECRET
    read_inbox: bool = False
    read_ratings: bool = False
    ratings_api_version: str = "v21.0"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not (self.page_id.isascii() and self.page_id.isdecimal()):
            yield "page_id", 'must be the number of your Page, such as "100200300"'
        if not web(self.base_url):
            yield "base_url", "must be an address, usually https://graph.facebook.com"
        for key in ("api_version", "ratings_api_version"):
            if not is_version(getattr(self, key)):
                yield key, f'must be a version such as "{VERSION}"'
        if not 1 <= self.posts_lookback_days <= 365:
            yield "posts_lookback_days", "must be from 1 to 365"

    async def account(self, client: Client) -> Account:
        """Ask whose token it is: a person's instead of the Page's is the usual mistake."""
        graph = await self._graph(client)
        payload = await graph.get("/me", {"fields": "id,name"})
        with reading("the Facebook Page"):
            known, name = needed(payload["id"]), text(payload.get("name"))
        if known != self.page_id:
            raise CredentialsRefused(
                f"the token belongs to {name or 'somebody'} ({known}), not to the Page "
                f"{self.page_id}",
                "copy the access_token of the Page from me/accounts; the steps: "
                "mentionwatch channels setup facebook",
            )
        wanted = (*SCOPES, *(INBOX_SCOPES if self.read_inbox else ()))
        warnings = [
            *version_warnings(self.api_version, wall_clock()),
            *await inspected(graph, self.page_access_token, wanted),
        ]
        return Account(
            id=known,
            names=(known, f"https://www.facebook.com/{known}"),
            summary=f"reads the Page {name or known}",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        graph = await self._graph(client)
        ids = frozenset(name.strip().rpartition("/")[2] for name in query.own_accounts)
        us = Us(page_id=self.page_id, ids=frozenset(one for one in ids if one.isdecimal()))
        run = Run(
            graph=graph,
            query=query,
            us=us,
            since=query.now - timedelta(days=self.posts_lookback_days),
            inbox=self._inbox(graph, query, us) if self.read_inbox else None,
            ratings=await self._graph(client, self.ratings_api_version)
            if self.read_ratings
            else None,
        )
        async with aclosing(within_limits(graph, query, run.parts())) as pages:
            async for page in pages:
                yield page

    def _inbox(self, graph: Graph, query: Query, us: Us) -> Inbox:
        return Inbox(
            graph=graph,
            query=query,
            path=f"/{self.page_id}/conversations",
            platform="messenger",
            fields=CONVERSATION,
            is_us=us.wrote,
            person=person,
            empty=EMPTY_INBOX,
            site="https://www.facebook.com",
        )

    async def _graph(self, client: Client, version: str = "") -> Graph:
        return Graph(
            client=client,
            base_url=f"{self.base_url.rstrip('/')}/{version or self.api_version}",
            token=self.page_access_token,
            platform="Facebook",
            remake="Make a new Page token: mentionwatch channels setup facebook",
            scope="pages_read_user_content",
            proof=await self._proof(),
            source=self.page_access_token.source,
        )

    async def _proof(self) -> str:
        # https://developers.facebook.com/docs/graph-api/securing-requests
        if not self.app_secret:
            return ""
        import hashlib
        import hmac

        key = (await revealed(self.app_secret)).encode()
        token = (await revealed(self.page_access_token)).encode()
        proof = hmac.new(key, token, hashlib.sha256).hexdigest()
        remember(proof)
        return proof
