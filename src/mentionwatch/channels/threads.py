"""
A Threads account: answers to own posts, own replies; mentions and search where Meta permits them.

API: https://developers.facebook.com/docs/threads
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._graph import Graph, within_limits
from mentionwatch.channels._graph_token import Held, held, inspected, renewed, wall_clock
from mentionwatch.channels._threads_run import Run
from mentionwatch.channels._values import needed, web
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Free. No review by Meta is needed for answers to your own posts.

1. Go to developers.facebook.com and create an app with the use case "Access the Threads API". It
   has a Threads app id of its own.
2. Under App roles, add your Threads account as a Threads Tester. Accept that in Threads:
   Settings > Website permissions > Invites.
3. Under Use cases > Customize > Settings, press Generate in the User Token Generator. The
   permissions are threads_basic and threads_read_replies; threads_manage_mentions for
   mentions = true, threads_keyword_search for keyword_search = true.
4. Give the token to `mentionwatch login threads`, and test it: mentionwatch doctor threads

The token lives for 60 days and is renewed by itself as long as mentionwatch runs now and then.
The permission itself lasts 90 days and is extended with it, but only for public profiles: with a
private one, generate a token every 90 days.
Without App Review, mentions shows only those by testers of your app, and keyword_search only
your own posts.
"""
LOGIN: tuple[str, ...] = ("access_token",)
UNVERIFIED: tuple[str, ...] = (
    "`replied_to` stands on every post of `/conversation`; otherwise an answer counts for the "
    "thread and not for one person in it",
    "`cursors` name an `after` on the last page too: an empty or repeated page ends the list; "
    "otherwise it ends with the first page without one",
    "which lists have `reply_audience`, `hide_status` and the other fields of answers: one that is "
    "refused as `nonexisting field` is left out; otherwise the refusal is said",
    "a quote of ours (`quoted_post`) may be an answer: it counts as likely; otherwise the row "
    "leaves too early and can be reopened",
    "answers that are hidden or wait for approval may be listed: `hide_status` `HIDDEN`, "
    "`BLOCKED`, `RESTRICTED` are passed over; otherwise they never come",
    "`/debug_token` answers here as it does on Facebook; otherwise a missing permission is told by "
    "the first refusal only",
    "`code` 100 with subcode 33 means that a post is gone; otherwise what is only hidden counts as "
    "deleted, though never while no other post is shown",
    "`has_replies` is true as soon as there is any answer; otherwise the answers under that post "
    "are missed",
    "the shapes are those of Meta's samples, none was seen live; otherwise the error says which "
    "part has another shape",
    "`https://www.threads.net/@` with a name opens a profile; otherwise the link of an author "
    "leads to an error page",
)

HOST = "https://graph.threads.net"
VERSION = "v1.0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Threads:
    """
    The keys of ``[channels.threads]``.

    ``mentions``, ``keyword_search``: of use only after Meta's App Review. ``keywords``: instead of
    the brand's terms. ``posts_lookback_days``: under how old posts answers are looked for.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        history="answers to the posts of the last 30 days (posts_lookback_days)",
        limits=(
            "without Meta's App Review only answers to your own posts are seen, not mentions and "
            "not what others write about you",
            "answers that wait for your approval may be left out",
            "likes and followers of others are not told; private messages cannot be read",
        ),
    )

    access_token: Secret
    base_url: str = HOST
    mentions: bool = False
    keyword_search: bool = False
    keywords: tuple[str, ...] = ()
    posts_lookback_days: int = 30

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", f"must be an address, usually {HOST}"
        if self.keywords and not self.keyword_search:
            yield "keywords", "are of use only with keyword_search = true"
        if not 1 <= self.posts_lookback_days <= 365:
            yield "posts_lookback_days", "must be from 1 to 365"

    async def account(self, client: Client) -> Account:
        """Ask who we are, when the token ends, and which permissions it lacks."""
        token = await held(client, self.access_token, self._host())
        graph = self._graph(client, token)
        known, name = await self._me(graph)
        wanted = ["threads_basic", "threads_read_replies"]
        wanted += ["threads_manage_mentions"] * self.mentions
        wanted += ["threads_keyword_search"] * self.keyword_search
        warnings = dict.fromkeys(
            [
                *token.warnings(wall_clock()),
                *await inspected(graph, token.token, tuple(wanted)),
            ]
        )
        return Account(
            id=known,
            names=(known, name, f"@{name}", f"https://www.threads.net/@{name}"),
            summary=f"reads @{name}",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        token = await held(client, self.access_token, self._host())
        if token.due(query.now):
            graph = self._graph(client, token, base_url=self._host())
            path, grant = "/refresh_access_token", "th_refresh_token"
            token = await renewed(graph, self.access_token, path, grant, query.now)
        graph = self._graph(client, token)
        known, name = await self._me(graph)
        run = Run(
            graph=graph,
            query=query,
            account=known,
            own=frozenset(map(_own_name, (name, *query.own_accounts))) - {""},
            since=query.now - timedelta(days=self.posts_lookback_days),
            mentions=self.mentions,
            keywords=_searchable(self.keywords or query.terms) if self.keyword_search else (),
        )
        async with aclosing(within_limits(graph, query, run.parts())) as pages:
            async for page in pages:
                yield page

    async def _me(self, graph: Graph) -> tuple[str, str]:
        payload = await graph.get("/me", {"fields": "id,username"})
        with reading("the Threads account"):
            return needed(payload["id"]), needed(payload["username"]).strip().casefold()

    def _graph(self, client: Client, token: Held, *, base_url: str = "") -> Graph:
        return Graph(
            client=client,
            base_url=base_url or f"{self._host()}/{VERSION}",
            token=token.token,
            platform="Threads",
            remake="Make a new token: mentionwatch channels setup threads",
            scope="threads_read_replies (and accept the tester's invitation)",
            source=self.access_token.source,
        )

    def _host(self) -> str:
        return self.base_url.rstrip("/")


def _own_name(name: str) -> str:
    plain = name.strip().casefold()
    for site in ("threads.net/@", "threads.com/@"):
        plain = plain.rpartition(site)[2]
    plain = plain.strip("/").lstrip("@")
    return "" if "/" in plain or "@" in plain else plain


def _searchable(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return words and hashtags; patterns cannot be searched for."""
    plain = (" ".join(term.split()) for term in terms)
    found = (
        one.lstrip("@")
        for one in plain
        if not (len(one) > 2 and one.startswith("/") and one.endswith("/"))
    )
    return tuple(dict.fromkeys(one for one in found if one.strip("#")))
