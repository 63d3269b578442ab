"""
A professional Instagram account: comments and answers on own media, photo tags, messages.

API: https://developers.facebook.com/docs/instagram-platform
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._graph import (
    VERSION,
    Graph,
    is_version,
    version_warnings,
    within_limits,
)
from mentionwatch.channels._graph_inbox import MESSAGES, Inbox
from mentionwatch.channels._graph_token import Held, held, inspected, renewed, wall_clock
from mentionwatch.channels._instagram_items import Us, commenter
from mentionwatch.channels._instagram_run import Run
from mentionwatch.channels._values import needed, text, web
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Free. No review by Meta is needed for an account of your own.

1. Make the Instagram account a professional one (Business or Creator): free, in the settings of
   the Instagram app. Personal accounts cannot be read.
2. Go to developers.facebook.com, create an app of type Business, and add the product
   Instagram > API setup with Instagram login.
3. There, add your account, log in, and press Generate token. The permissions are
   instagram_business_basic and instagram_business_manage_comments; for read_inbox also
   instagram_business_manage_messages.
4. Give the token to `mentionwatch login instagram`, and test it: mentionwatch doctor instagram

The token lives for 60 days and is renewed by itself as long as mentionwatch runs now and then.

With login = "facebook" (photo tags are seen too): the account must be linked to a Facebook Page;
the permissions are instagram_basic, instagram_manage_comments, pages_show_list,
pages_read_engagement and pages_read_user_content. Make a token as for a Facebook Page
(mentionwatch channels setup facebook); account_id is what PAGE-ID?fields=instagram_business_account
shows. That token is not renewed by itself.
"""
LOGIN: tuple[str, ...] = ("access_token",)
UNVERIFIED: tuple[str, ...] = (
    "`comments_count` includes the answers below comments; otherwise a new answer is seen a day "
    "later, when each post is read anyway",
    "`/tags` is not offered by the login of Instagram: it is tried once a month; otherwise tags "
    "are found there too",
    "`messages` with `attachments{id}` may be expanded on `/conversations`; otherwise the inbox is "
    "refused, which is said",
    "`updated_time` of a conversation is a date or Unix seconds; otherwise the conversation is "
    "left out with a warning",
    "`from` of a message names `username` or `id`; otherwise our own message is taken for one of "
    "somebody unknown",
    "`code` 24 means that something is gone, as 100 with subcode 33 does; otherwise what is only "
    "hidden counts as deleted, though never while no other post is shown",
    "the link of a comment is the `permalink` of its post, as comments have none; otherwise a "
    "closer link exists and is not used",
    "a further page of `replies` can be asked for by `/replies` from the place that `paging` "
    "names; otherwise later answers to that comment are missed",
    "`like_count` is left out where it is hidden, `hidden` marks what you hid; otherwise a hidden "
    "comment waits like any other",
    "`/debug_token` answers for the road of Facebook; otherwise the end of the token is not "
    "foretold",
)

HOSTS = {
    "instagram": "https://graph.instagram.com",
    "facebook": "https://graph.facebook.com",
}
SCOPES = {
    "instagram": "instagram_business_manage_comments",
    "facebook": "instagram_manage_comments",
}
CONVERSATION = f"id,updated_time,{MESSAGES}"
EMPTY_INBOX = (
    "Instagram shows no conversations: the permission to manage messages may be missing, or "
    '"Allow access to messages" is off in the app\'s settings'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instagram:
    """
    The keys of ``[channels.instagram]``.

    ``login``: "instagram" or "facebook", by which road the token was made. ``account_id``: needed
    for "facebook". ``page_id``: the linked Page, for messages by that road. ``tags``: whether to
    look for photo tags. ``media_lookback_days``: under how old posts comments are looked for.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="comments under the posts of the last 60 days (media_lookback_days)",
        limits=(
            "mentions (@you) in captions and comments of others are told only to web servers, "
            "never to a program like this; stories and hashtags cannot be read",
            'photo tags are seen only with login = "facebook", and your answers under them are not',
            "comments by restricted accounts are left out until you approve them",
            "messages only with read_inbox = true and the permission for them; the latest 20 of a "
            "conversation",
        ),
    )

    access_token: Secret
    login: Literal["instagram", "facebook"] = "instagram"
    account_id: str = ""
    page_id: str = ""
    username: str = ""
    base_url: str = ""
    api_version: str = VERSION
    media_lookback_days: int = 60
    tags: bool = True
    read_inbox: bool = False

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.login == "facebook" and not self.account_id:
            yield "account_id", 'is needed with login = "facebook"'
        for key in ("account_id", "page_id"):
            value = getattr(self, key)
            if value and not (value.isascii() and value.isdecimal()):
                yield key, 'must be a number, such as "17890000000000000"'
        if self.read_inbox and self.login == "facebook" and not self.page_id:
            yield "page_id", 'is needed for read_inbox with login = "facebook"'
        if self.base_url and not web(self.base_url):
            yield "base_url", f"must be an address, usually {HOSTS[self.login]}"
        if not is_version(self.api_version):
            yield "api_version", f'must be a version such as "{VERSION}"'
        if not 1 <= self.media_lookback_days <= 730:
            yield "media_lookback_days", "must be from 1 to 730"

    async def account(self, client: Client) -> Account:
        """Ask who we are; warn before the token or the version of the API ends."""
        token = await held(client, self.access_token, self._host())
        graph = self._graph(client, token)
        us = await self._us(graph, ())
        warnings = [
            *version_warnings(self.api_version, wall_clock()),
            *token.warnings(wall_clock()),
        ]
        if self.login == "facebook":
            wanted = ("instagram_basic", SCOPES["facebook"])
            warnings += await inspected(graph, self.access_token, wanted)
        url = f"https://www.instagram.com/{us.username}/"
        return Account(
            id=us.account_id,
            names=(us.account_id, us.username, f"@{us.username}", url),
            summary=f"reads @{us.username}",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        graph = self._graph(client, await self._token(client, query))
        us = await self._us(graph, query.own_accounts)
        run = Run(
            graph=graph,
            query=query,
            us=us,
            since=query.now - timedelta(days=self.media_lookback_days),
            scope=SCOPES[self.login],
            tags=self.tags,
            tags_expected=self.login == "facebook",
            inbox=self._inbox(graph, query, us) if self.read_inbox else None,
        )
        async with aclosing(within_limits(graph, query, run.parts())) as pages:
            async for page in pages:
                yield page

    async def _token(self, client: Client, query: Query) -> Held:
        """Return the token; by the road of Instagram it is renewed in time."""
        token = await held(client, self.access_token, self._host())
        if self.login != "instagram" or not token.due(query.now):
            return token
        graph = self._graph(client, token, base_url=self._host())
        path, grant = "/refresh_access_token", "ig_refresh_token"
        return await renewed(graph, self.access_token, path, grant, query.now)

    async def _us(self, graph: Graph, own_accounts: tuple[str, ...]) -> Us:
        if self.login == "instagram":
            # "id" is another number, which works nowhere else.
            payload = await graph.get("/me", {"fields": "user_id,username"})
        else:
            payload = await graph.get(f"/{self.account_id}", {"fields": "id,username"})
        with reading("the Instagram account"):
            known = _identifier(payload["user_id" if self.login == "instagram" else "id"])
            name = needed(text(payload.get("username")) or self.username)
        names = frozenset(_own_name(one) for one in own_accounts) - {""}
        return Us(account_id=known, username=name.strip().casefold(), names=names)

    def _inbox(self, graph: Graph, query: Query, us: Us) -> Inbox:
        place = "me" if self.login == "instagram" else self.page_id
        return Inbox(
            graph=graph,
            query=query,
            path=f"/{place}/conversations",
            platform="instagram",
            fields=CONVERSATION,
            is_us=us.wrote,
            person=lambda sender: commenter({"from": sender}),
            empty=EMPTY_INBOX,
        )

    def _graph(self, client: Client, token: Held, *, base_url: str = "") -> Graph:
        return Graph(
            client=client,
            base_url=base_url or f"{self._host()}/{self.api_version}",
            token=token.token,
            platform="Instagram",
            remake="Make a new token: mentionwatch channels setup instagram",
            scope=SCOPES[self.login],
            source=self.access_token.source,
        )

    def _host(self) -> str:
        return (self.base_url or HOSTS[self.login]).rstrip("/")


def _identifier(value: Any) -> str:
    """Read a number that some answers write as text. Raises ValueError."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else needed(value)
    if not (found.isascii() and found.isdecimal()):
        raise ValueError("the account has no number")
    return found


def _own_name(name: str) -> str:
    plain = name.strip().casefold()
    _, found, rest = plain.rpartition("instagram.com/")
    if found:
        return rest.strip("/")
    return "" if "/" in plain or plain.count("@") > 1 or "@" in plain[1:] else plain.lstrip("@")
