"""
Bluesky: mentions, replies, quotes, search, our own posts; direct messages where permitted.

API: https://docs.bsky.app/docs/category/http-reference
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._bluesky_items import Us
from mentionwatch.channels._bluesky_run import Run
from mentionwatch.channels._bluesky_session import ENTRYWAY, Session
from mentionwatch.channels._values import needed, text, web
from mentionwatch.channels._walk import Deferred
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret


UNVERIFIED: tuple[str, ...] = (
    "the text of 403 is known from reports; otherwise the status alone decides, and nothing "
    "changes",
    "429 names the time of its end in a header; otherwise the channel pauses as long as usual",
    "an app password without access to messages is refused as `InvalidToken` (Bad token method); "
    "otherwise the words of the server are shown in place of the way out",
    "direct messages: `chat.bsky.convo.listConvos` and `chat.bsky.convo.getMessages` with "
    "`convoId`, `lastMessage`, `sentAt`, `sender`, and other kinds of entry passed over; otherwise "
    "the error says which part has another shape",
    "`com.atproto.server.getSession` tells `did`, `handle` and `active`; otherwise the account "
    "cannot be shown, and reading goes on",
    "quotes in `q` keep words together; otherwise a search finds more, which is sorted out here",
    "a place in a list that is no longer known is refused as `InvalidRequest`, `BadQueryString` or "
    "`BadCursor`; otherwise the refusal is said and the list begins anew when it works again",
    "`grandparentAuthor` tells whether an answer of ours continues our own thread; otherwise it "
    "may count as an answer to somebody",
    "`https://bsky.app/messages/` with the id of a conversation opens it; otherwise the link leads "
    "to the list of messages",
    "a closed account is refused as `AccountNotFound`, `AccountSuspended`, `AccountTakedown` or "
    "`AccountDeactivated`; otherwise the server's own words are shown",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bluesky:
    """
    The keys of ``[channels.bluesky]``.

    ``identifier``: the handle without "@". ``app_password``: never the account's own password.
    ``search_terms``, ``domains``: instead of the brand's. ``direct_messages``: the app password
    must permit them.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="notifications as far back as Bluesky keeps them; search over all public posts",
        limits=(
            "direct messages only with direct_messages = true and an app password that allows them",
            "search leaves out what Bluesky takes for spam, and authors who block you",
            "an edited post says what it says now, not when it was changed",
        ),
    )

    identifier: str
    app_password: Secret
    base_url: str = ENTRYWAY
    search_terms: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    direct_messages: bool = False

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", f'must be the address of a server, such as "{ENTRYWAY}"'
        if not self.identifier.strip().lstrip("@"):
            yield "identifier", 'must be your handle, such as "acme.example"'

    async def account(self, client: Client) -> Account:
        """Ask who we are; logs in where no session is kept."""
        payload = await self._session(client).get("com.atproto.server.getSession")
        with reading("the Bluesky session"):
            did, handle = needed(payload.get("did")), text(payload.get("handle"))
            closed = payload.get("active") is False
        names = (did, handle, f"@{handle}" if handle else "", f"https://bsky.app/profile/{did}")
        why = text(payload.get("status")) or "not active"
        return Account(
            id=did,
            names=tuple(name for name in names if name),
            summary=f"logged in as @{handle or did}",
            warnings=(f"the account is {why}; log in at bsky.app",) if closed else (),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        session = self._session(client)
        tokens = await session.open()
        own = (tokens["did"], tokens["handle"], self._name(), *query.own_accounts)
        us = Us(did=tokens["did"], names=frozenset(filter(None, map(_own_name, own))))
        run = Run(session=session, query=query, us=us)
        deferred = Deferred()
        for part in self._parts(run, query, us):
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()

    def _parts(self, run: Run, query: Query, us: Us) -> list[AsyncGenerator[Page, None]]:
        parts = [run.own(), run.notifications()]
        if self.direct_messages:
            parts.append(run.chat())
        parts.append(run.revisit())
        terms = self.search_terms or query.terms
        searches = {name: wanted for term in terms for name, wanted in _search(term, us)}
        for domain in self.domains or query.domains:
            searches[f"domain:{domain}"] = {"q": domain, "domain": domain}
        return [*parts, *(run.search(name, wanted) for name, wanted in searches.items())]

    def _session(self, client: Client) -> Session:
        return Session(
            client=client,
            base_url=self.base_url.rstrip("/"),
            identifier=self._name(),
            app_password=self.app_password,
        )

    def _name(self) -> str:
        return self.identifier.strip().lstrip("@")


def _own_name(name: str) -> str:
    """Return an id or handle in one writing; "" for what can be neither."""
    plain = re.sub(r"^https://bsky\.app/profile/", "", name.strip()).strip("/@").casefold()
    return plain if "." in plain or plain.startswith("did:") else ""


def _search(term: str, us: Us) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name of the stream and what to ask for; patterns cannot be searched."""
    plain = " ".join(term.replace('"', " ").split())
    if not plain or (len(plain) > 2 and plain.startswith("/") and plain.endswith("/")):
        return
    if plain.startswith("#") and len(plain) > 1:
        yield f"tag:{plain[1:].casefold()}", {"q": plain, "tag": [plain[1:]]}
        return
    plain = plain.lstrip("@")
    if plain and _own_name(plain) not in us.names:
        yield f"search:{plain}", {"q": plain if plain.isalnum() else f'"{plain}"'}
