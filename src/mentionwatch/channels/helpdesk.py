"""
Conversations of a help desk, web chat included: Chatwoot and Intercom.

API: https://developers.chatwoot.com, https://developers.intercom.com
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._helpdesk_items import (
    Listed,
    Messages,
    chatwoot_list,
    chatwoot_messages,
    intercom_list,
    intercom_me,
    intercom_messages,
)
from mentionwatch.channels._values import web
from mentionwatch.channels._walk import Listed as Walked
from mentionwatch.channels._walk import floor, in_turn, newest_first, position
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RequestRefused,
)
from mentionwatch.model.items import Deletion, Item, Page, StreamState
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Chatwoot (free to host; cloud plans include the API):
 1. Profile settings > Access Token: copy it. It sees what you see, so give your user all inboxes.
 2. service = "chatwoot", account_id = "1" (the number behind /accounts/ in the address of your
    dashboard), base_url = "https://app.chatwoot.com" or your own server's.
Intercom (every plan):
 1. Developer Hub > New app > Authentication: copy the access token. Right needed: Read
    conversations.
 2. service = "intercom"; workspaces in the EU or Australia: base_url =
    "https://api.eu.intercom.io" or "https://api.au.intercom.io".
Then run: mentionwatch login CHANNEL. Neither token expires by itself.
Others: the presets of the types file and http_json (zendesk, crisp, zendesk_chat)."""
LOGIN: tuple[str, ...] = ("token",)
UNVERIFIED: tuple[str, ...] = (
    "Intercom: `https://app.intercom.com/a/inbox/` with workspace and conversation opens it; "
    "otherwise the link leads to the inbox",
    "Intercom: the search for `updated_at` may count whole days: a day of overlap is read; "
    "otherwise more is read than needed",
    "Intercom: `delivered_as`, `redacted` and the kinds of `part_type` are named so; otherwise "
    "what a bot says counts as an answer, or a note is read",
    "Intercom: `starting_after` of an earlier run may be forgotten: the list begins anew; "
    "otherwise the refusal is said",
    "Intercom: `id_code` is the workspace in addresses; otherwise rows have no link",
    "Chatwoot: `before` is the number of a message, and older ones come; otherwise the first page "
    "repeats, and reading ends there",
    "Chatwoot: `deleted` in `content_attributes`, and the `status` `failed`, mark what is gone; "
    "otherwise it waits or counts as an answer",
    "Chatwoot: `status` and `assignee_type` take `all`; otherwise only open conversations are read",
    "Intercom: `display_as` `plaintext` gives texts without markup, and `/me` tells `app`; "
    "otherwise markup is taken out here, or rows have no link",
)

PAGES = 20
PER_PAGE = 20  # Intercom; Chatwoot gives 25
MESSAGE_PAGES = 5
LATE = timedelta(days=1)  # how far behind the cursor lists begin ...
OVERLAP = timedelta(minutes=10)  # ... and which of their conversations are read
LOOKS = 30
ALWAYS = 10
_USUAL = {"chatwoot": "https://app.chatwoot.com", "intercom": "https://api.intercom.io"}
_WAY_OUT = {
    "chatwoot": "copy the token again: Chatwoot > Profile settings > Access Token; a proxy that "
    "drops headers gives the same error",
    "intercom": "copy the token again: Intercom > Developer Hub > your app > Authentication",
}
_NO_RIGHT = "the token's user or app needs the right to read conversations"


@dataclass(frozen=True, kw_only=True, slots=True)
class Helpdesk:
    """
    The keys of ``[channels.NAME]`` with ``type = "helpdesk"``.

    ``account_id``: of Chatwoot. ``inbox``: only this inbox of Chatwoot; 0 for all. ``api_version``:
    of Intercom.
    """

    family: ClassVar[str] = "direct"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="30 days at the first run",
        cost="free; the help desk has its own price",
        limits=(
            "notes among colleagues are not read, and what bots and templates say does not count "
            "as an answer",
            "of an Intercom conversation the newest 500 parts are read",
        ),
    )

    service: Literal["chatwoot", "intercom"]
    token: Secret
    account_id: str = ""
    inbox: int = 0
    api_version: str = "2.11"
    base_url: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.service == "chatwoot" and not self.account_id.isdecimal():
            yield "account_id", "must be the number behind /accounts/ in the address of Chatwoot"
        if self.inbox and self.service != "chatwoot":
            yield "inbox", "is for Chatwoot only"
        if not web(self.address):
            yield "base_url", "must be a web address"

    @property
    def address(self) -> str:
        return (self.base_url or _USUAL[self.service]).rstrip("/")

    def desk(self, client: Client) -> Chatwoot | Intercom:
        return (Chatwoot if self.service == "chatwoot" else Intercom)(self, client)

    async def account(self, client: Client) -> Account:
        return await self.desk(client).who()

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        run = _Run(self.desk(client), query)
        for part in (run.ready(), run.changed(), run.again()):
            async with aclosing(part) as pages:
                async for page in pages:
                    yield page


class Desk(ABC):
    """One help desk; a subclass knows its requests."""

    def __init__(self, channel: Helpdesk, client: Client) -> None:
        self.channel = channel
        self.client = client
        self.workspace = ""

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        service = self.channel.service
        try:
            response = await self.client.request(
                method,
                f"{self.channel.address}{path}",
                headers={"Accept": "application/json", **self.headers()},
                retry=True,
                **options,
            )
            return response.json()
        except CredentialsRefused as error:
            raise _with_hint(error, _WAY_OUT[service]) from error
        except PermissionMissing as error:
            raise _with_hint(error, _NO_RIGHT) from error

    @abstractmethod
    def headers(self) -> Mapping[str, Any]:
        """Return what tells the service who asks."""


class Chatwoot(Desk):
    def headers(self) -> Mapping[str, Any]:
        # Spelt with hyphens: proxies drop names with underscores. Some versions refuse "br".
        return {"Api-Access-Token": self.channel.token, "Accept-Encoding": "gzip"}

    @property
    def _base(self) -> str:
        return f"/api/v1/accounts/{self.channel.account_id}/conversations"

    async def who(self) -> Account:
        await self._page(1)
        account = self.channel.account_id
        return Account(
            id=f"chatwoot:{account}", summary=f"conversations of account {account} can be read"
        )

    async def listed(self, resume: str, _lowest: datetime) -> Listed:
        """Return a page; Chatwoot has no filter by time."""
        return await self._page(int(resume) if resume.isdecimal() else 1)

    async def _page(self, page: int) -> Listed:
        params = {
            "status": "all", "assignee_type": "all", "page": page,
            "inbox_id": self.channel.inbox or None,
        }  # fmt: skip
        try:
            return chatwoot_list(await self._ask("GET", self._base, params=params), page)
        except NotFound as error:
            hint = "check account_id and base_url"
            raise NotFound(error.message, hint, error.status, error.body) from error

    async def messages(self, conversation: str, lowest: datetime) -> Messages:
        """Read back until what is older than *lowest*."""
        link = f"{self.channel.address}/app/accounts/{self.channel.account_id}/conversations/"
        items: list[Item] = []
        warnings: list[str] = []
        before: int | None = None
        path = f"{self._base}/{quote(conversation, safe='')}/messages"
        for _ in range(MESSAGE_PAGES):
            payload = await self._ask("GET", path, params={"before": before})
            page = chatwoot_messages(payload, conversation, link + conversation)
            items += page.items
            warnings += page.warnings
            past = page.oldest_at is None or page.oldest_at < lowest
            if past or not page.oldest or (before is not None and page.oldest >= before):
                break
            before = page.oldest
        return Messages(items=tuple(items), warnings=tuple(warnings))


class Intercom(Desk):
    def headers(self) -> Mapping[str, Any]:
        return {
            "Authorization": ("Bearer ", self.channel.token),
            "Intercom-Version": self.channel.api_version,
        }

    async def who(self) -> Account:
        number, name, self.workspace = intercom_me(await self._ask("GET", "/me"))
        return Account(
            id=f"intercom:{self.workspace or number}",
            summary=f"conversations of {name or 'the workspace'} can be read",
        )

    async def listed(self, resume: str, lowest: datetime) -> Listed:
        body: dict[str, Any] = {
            "query": {"field": "updated_at", "operator": ">", "value": int(lowest.timestamp())},
            "pagination": {"per_page": PER_PAGE},
        }
        if resume:
            body["pagination"]["starting_after"] = resume
        return intercom_list(await self._ask("POST", "/conversations/search", json=body))

    async def messages(self, conversation: str, _lowest: datetime) -> Messages:
        path = f"/conversations/{quote(conversation, safe='')}"
        payload = await self._ask("GET", path, params={"display_as": "plaintext"})
        link = ""
        if self.workspace:
            inbox = f"https://app.intercom.com/a/inbox/{quote(self.workspace, safe='')}/inbox"
            link = f"{inbox}/conversation/{quote(conversation, safe='')}"
        return intercom_messages(payload, link)


def _with_hint(error: AnswerRefused, hint: str) -> AnswerRefused:
    return type(error)(error.message, hint, error.status, error.body)


class _Run:
    """One run over a help desk."""

    def __init__(self, desk: Chatwoot | Intercom, query: Query) -> None:
        self.desk = desk
        self.query = query
        self.seen: set[str] = set()

    async def ready(self) -> AsyncGenerator[Page, None]:
        """Learn once what the addresses of conversations are made of."""
        kept = self.query.state("workspace").extra.get("code", "")
        if kept or self.desk.channel.service != "intercom":
            self.desk.workspace = kept
            return
        await self.desk.who()
        if self.desk.workspace:
            state = StreamState(extra={"code": self.desk.workspace})
            yield Page(stream="workspace", state=state)

    async def changed(self) -> AsyncGenerator[Page, None]:
        """Read the conversations that changed; the cursor is the newest change."""

        async def ask(resume: str, cursor: str) -> Walked:
            lowest = floor(cursor, self.query.since, LATE)
            try:
                listed = await self.desk.listed(resume, lowest)
            except RequestRefused:
                if not resume:
                    raise
                listed = await self.desk.listed("", lowest)  # the place may be forgotten by now
            changed = floor(cursor, self.query.since, OVERLAP)
            return await self._walked(listed, lowest, changed)

        state = self.query.state("conversations")
        walk = newest_first("conversations", state, ask, pages=PAGES)
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page

    async def _walked(self, listed: Listed, lowest: datetime, changed: datetime) -> Walked:
        items: list[Item] = []
        warnings: list[str] = []
        times = [at for _, at in listed.conversations if at]
        for conversation, at in listed.conversations:
            if conversation in self.seen or (at is not None and at < changed):
                continue
            try:
                found = await self.desk.messages(conversation, lowest)
            except NotFound:
                continue  # deleted since
            self.seen.add(conversation)
            items += found.items
            warnings += found.warnings
        newest_first_listed = self.desk.channel.service == "chatwoot"
        return Walked(
            items=tuple(items),
            newest=position(times, self.query.now) if newest_first_listed else iso(self.query.now),
            following=listed.following,
            past=newest_first_listed and bool(times) and max(times) < lowest,
            warnings=tuple(warnings),
        )

    async def again(self) -> AsyncGenerator[Page, None]:
        """Look again at what waits and at our answers: a deletion changes no list."""
        waiting: dict[str, list[str]] = {}
        for one in self.query.open:
            waiting.setdefault(_conversation(one.external_id), []).append(one.external_id)
        read = [name for place in waiting if place in self.seen for name in waiting[place]]
        if read:
            yield Page(stream="again", checked=tuple(read))
        names = [*waiting, *map(_conversation, self.query.known_own_ids)]
        names = [one for one in dict.fromkeys(names) if one and one not in self.seen]
        state = self.query.state("again")
        order = in_turn(names, state.extra.get("last"), ALWAYS)[:LOOKS]
        for place in order:
            yield await self._look(place, tuple(waiting.get(place, ())))
        if names:
            last = {"last": order[-1]} if len(order) < len(names) else {}
            yield Page(stream="again", state=StreamState(extra=last))

    async def _look(self, place: str, waiting: tuple[str, ...]) -> Page:
        try:
            found = await self.desk.messages(place, self.query.since)
        except NotFound:
            ours = [one for one in self.query.known_own_ids if _conversation(one) == place]
            gone = tuple(Deletion(external_id=one) for one in (*waiting, *ours))
            return Page(stream="again", items=gone, checked=waiting)
        return Page(stream="again", items=found.items, checked=waiting, warnings=found.warnings)


def _conversation(external_id: str) -> str:
    return external_id.partition(":")[0]
