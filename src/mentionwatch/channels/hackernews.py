"""
Hacker News: stories and comments that name the brand or link to it, and our own words there.

API: https://hn.algolia.com/api

It shows the newest first and never more than 1,000 hits of one question. So each page is a
question of its own, about what is not newer than the oldest hit so far.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._values import web
from mentionwatch.errors import NotFound
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client

UNVERIFIED: tuple[str, ...] = (
    "`typoTolerance` is handed on to the search engine; otherwise fuzzy hits come, which are "
    "sorted out here",
    "`restrictSearchableAttributes` with `url` finds links; otherwise stories that only link to "
    "you are missed",
    "fields of the newest hits may be absent or more; otherwise nothing changes, as every field "
    "but the id may be missing",
    "the limit is 10,000 requests an hour, told by 429 or 403; otherwise the channel pauses "
    "without need",
)

SITE = "https://news.ycombinator.com"


class _Declared:
    """What the type can do; without a user name, it cannot tell our words from others'."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        return Capabilities(
            finds_untagged=True,
            sees_own_replies=channel is None or bool(channel.usernames),
            sees_edits=True,
            history="all stories and comments since 2006; a first run looks back 30 days",
            limits=(
                "sees your replies by the accounts in `usernames` only",
                "cannot search for /regular expressions/",
                "answers must be written on the site: there is no API for that",
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class HackerNews:
    """
    The keys of ``[channels.hackernews]``.

    ``search_terms``, ``domains``: instead of the brand's. ``usernames``: accounts that speak for
    the brand. ``include``: what is searched.
    """

    family: ClassVar[str] = "forums"
    capabilities = _Declared()

    base_url: str = "https://hn.algolia.com/api/v1"
    search_terms: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()
    include: tuple[Literal["story", "comment", "poll", "job"], ...] = ("story", "comment")

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", "must be an address such as https://hn.algolia.com/api/v1"
        if not self.include:
            yield "include", 'name at least one of "story", "comment", "poll" and "job"'
        for name in self.usernames:
            if not name.replace("-", "").replace("_", "").isalnum():
                yield "usernames", "a user name has letters, digits, - and _ only"

    async def account(self, client: Client) -> Account:
        """Look up our accounts; there is nothing to log in to."""
        missing = []
        for name in self.usernames:
            try:
                await client.get_json(f"{self.base_url.rstrip('/')}/users/{name}")
            except NotFound:
                missing.append(name)
        named = ", ".join(self.usernames)
        return Account(
            id="news.ycombinator.com",
            names=(*self.usernames, *(profile(name) for name in self.usernames)),
            summary=f"no log-in needed; replies by {named}" if named else "no log-in needed",
            warnings=tuple(f"Hacker News knows no user {name} (yet)" for name in missing),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        from mentionwatch.channels._hackernews_run import Run

        run = Run(
            client=client,
            query=query,
            base_url=self.base_url.rstrip("/"),
            terms=self.search_terms or query.terms,
            domains=self.domains or query.domains,
            usernames=self.usernames,
            kinds=self.include,
        )
        async with aclosing(run.pages()) as pages:
            async for page in pages:
                yield page


def profile(name: str) -> str:
    return f"{SITE}/user?id={name}"
