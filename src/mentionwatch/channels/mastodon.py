"""
Mastodon and servers that speak its API: mentions, quotes, hashtags, search, our replies.

API: https://docs.joinmastodon.org/methods/

Thread ids: the oldest ancestor of a status. It is known where this run saw the whole chain, else
the server is asked for it once; where that gives nothing, the parent names the thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._mastodon_items import Home, identifier, own_name
from mentionwatch.channels._mastodon_run import Run
from mentionwatch.channels._values import table, web
from mentionwatch.channels._walk import Deferred
from mentionwatch.errors import CredentialsRefused, NotFound, PermissionMissing, RequestRefused
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client, Response
    from mentionwatch.credentials import Secret

UNVERIFIED: tuple[str, ...] = (
    "the texts of 403 and 429 are general knowledge: the status alone decides; otherwise nothing "
    "changes",
    "servers of another make (GoToSocial, Akkoma, Pleroma) may not know `min_id` or `types[]`: the "
    "newest page is read, and types are told apart here; otherwise nothing changes",
    "a server that does not know the type `quote` passes it over or answers 400 or 422; otherwise "
    "the refusal is said and notifications are not read",
    "the header Link names the next page; otherwise the list ends there, and the next run goes on "
    "behind what was stored",
    "`timelines_access` of `/api/v2/instance` tells that hashtag feeds are off; otherwise an empty "
    "feed looks like silence",
)

POLICIES = {
    "for_not_following": "people whom you do not follow",
    "for_not_followers": "people who do not follow you",
    "for_new_accounts": "new accounts",
    "for_private_mentions": "private mentions",
    "for_limited_accounts": "accounts that moderators limited",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mastodon:
    """
    The keys of ``[channels.mastodon]``.

    ``search_terms``: instead of the brand's terms. ``search``: whether to use the server's search.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="as far back as the server keeps notifications; search as far as it is offered",
        limits=(
            "hashtags show only posts that your own server has seen",
            "search finds only posts whose authors allow it, and only on servers that offer search",
            "mentions that your notification settings drop never arrive",
        ),
    )

    base_url: str
    access_token: Secret
    hashtags: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    search: bool = True

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield (
                "base_url",
                'must be the address of your server, such as "https://mastodon.example"',
            )

    async def account(self, client: Client) -> Account:
        """Ask who we are, and whether the account's settings keep mentions from us."""
        payload = (await self.get(client, "/api/v1/accounts/verify_credentials")).json()
        home = self._home(payload, ())
        with reading("the Mastodon account"):
            address = home.address(payload)
            names = (
                home.external(home.account_id),
                f"@{address}",
                address,
                web(payload.get("url")),
            )
        warnings = [*await self._hidden(client), *await self._feeds(client)]
        if payload.get("bot") is True:
            warnings.append(
                "the account is marked as automated, so its replies do not count as answers; "
                "untick that in its profile settings"
            )
        return Account(
            id=home.external(home.account_id),
            names=tuple(name for name in names if name),
            summary=f"logged in as @{address}",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        payload = (await self.get(client, "/api/v1/accounts/verify_credentials")).json()
        home = self._home(payload, query.own_accounts)
        run = Run(
            ask=partial(self.get, client),
            client=client,
            query=query,
            home=home,
            hashtags=tag_names((*self.hashtags, *(t for t in query.terms if t.startswith("#")))),
            phrases=phrases(self._terms(query), home),
        )
        deferred = Deferred()
        for part in run.parts():
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()

    def _terms(self, query: Query) -> tuple[str, ...]:
        if not self.search:
            return ()
        return self.search_terms or (*query.terms, *query.domains)

    async def get(
        self, client: Client, path: str, params: Mapping[str, Any] | None = None, scope: str = ""
    ) -> Response:
        """
        Ask the server; *path* may also be an address of this server.

        Raises:
            ChannelError: With the missing scope or the place of a new token as its way out.
        """
        url = path if path.startswith("http") else self.base_url.rstrip("/") + path
        headers = {
            "Accept": "application/json",
            "Authorization": ("Bearer ", self.access_token),
        }
        try:
            return await client.get(url, params=params, headers=headers)
        except CredentialsRefused as error:
            hint = "make a new token: Preferences > Development > your application"
            raise CredentialsRefused(error.message, hint, error.status, error.body) from error
        except PermissionMissing as error:
            wanted = scope or "read:accounts"
            hint = f"tick {wanted} under Preferences > Development > your application, then copy "
            hint += "its new token"
            raise PermissionMissing(error.message, hint, error.status, error.body) from error

    def _home(self, payload: Any, own_accounts: Sequence[str]) -> Home:
        from mentionwatch.client import host_of

        with reading("the Mastodon account"):
            home = Home(
                host=host_of(self.base_url),
                base_url=self.base_url.rstrip("/"),
                account_id=identifier(payload),
            )
            names = map(own_name, (*own_accounts, home.address(payload)))
            return replace(home, names=frozenset(filter(None, names)))

    async def _hidden(self, client: Client) -> list[str]:
        """Say whose mentions the notification settings hide; servers before 4.3 have none."""
        try:
            path = "/api/v2/notifications/policy"
            answer = await self.get(client, path, scope="read:notifications")
        except (NotFound, RequestRefused):
            return []  # such a server hides nobody
        policy = table(answer.json())
        dropped = [words for key, words in POLICIES.items() if policy.get(key) == "drop"]
        filtered = [words for key, words in POLICIES.items() if policy.get(key) == "filter"]
        found = []
        if dropped:
            found.append(
                f"mentions by {' and '.join(dropped)} are dropped by the account's notification "
                "settings and never seen; set these to accept"
            )
        if filtered:
            found.append(
                f"mentions by {' and '.join(filtered)} are filtered by the account's notification "
                "settings; older servers hide them from us"
            )
        return found

    async def _feeds(self, client: Client) -> list[str]:
        """A server with its hashtag feeds switched off answers with empty ones."""
        if not self.hashtags:
            return []
        try:
            answer = await self.get(client, "/api/v2/instance")
        except (NotFound, RequestRefused, PermissionMissing):
            return []  # it only explains empty feeds; servers need not say it
        access = table(table(table(answer.json()).get("configuration")).get("timelines_access"))
        feeds = table(access.get("hashtag_feeds"))
        closed = [kind for kind in ("local", "remote") if feeds.get(kind) == "disabled"]
        return [f"the server has switched off its hashtag feeds ({', '.join(closed)})"] * bool(
            closed
        )


def phrases(terms: Sequence[str], home: Home) -> tuple[str, ...]:
    """Return what to search for; patterns, hashtags and our own handle go other ways."""
    found = dict.fromkeys(_phrase(term) for term in terms if own_name(term) not in home.names)
    return tuple(phrase for phrase in found if phrase)


def _phrase(term: str) -> str:
    term = " ".join(term.replace('"', " ").split())
    if term.startswith("#") or (len(term) > 2 and term.startswith("/") and term.endswith("/")):
        return ""
    term = term.lstrip("@")
    return term if term.isalnum() else f'"{term}"' if term else ""


def tag_names(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the names of hashtags, each once."""
    found = dict.fromkeys(tag.strip().lstrip("#").casefold() for tag in tags)
    return tuple(name for name in found if name)
