"""
Any service that answers with JSON: which field is what is said in the configuration.

Expressions: https://jmespath.org; presets for well-known services are built in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._http_items import Mapper, Read, shape_of
from mentionwatch.channels._http_settings import UNVERIFIED as UNVERIFIED
from mentionwatch.channels._http_settings import (
    Filling,
    Paging,
    Times,
    completion,
    placeholders,
    presets,
    wrong_placeholders,
)
from mentionwatch.channels._records import RecordDefaults
from mentionwatch.channels._rest import resting
from mentionwatch.channels._times import check_format, zone
from mentionwatch.channels._values import web
from mentionwatch.channels._walk import Listed, floor, newest_first
from mentionwatch.client import onward
from mentionwatch.credentials import NO_SECRET, Secret
from mentionwatch.model.items import Mention, Page
from mentionwatch.model.times import iso, parse_time

if TYPE_CHECKING:
    from pathlib import Path

    from mentionwatch.client import Client, Response

SETUP = """\
For a service of which mentionwatch knows nothing. You need its API's description.
 1. Find the request that lists what customers wrote, and its address: url = "https://..."
 2. Find how it wants to be told who you are, usually a token in a header:
    headers = { Authorization = "Bearer {secret:token}" }. Run: mentionwatch login CHANNEL
 3. Say where the list is and which field is what: items = "data.reviews",
    map = { id = "id", text = "body", author = "user.name", created_at = "created" }
 4. If there is more than one page: [channels.NAME.page] style = "cursor", "next_url",
    "link_header", "page" or "offset".
 5. Run: mentionwatch doctor CHANNEL. It shows what came, and how it was understood.
For services with a preset (preset = "github") steps 1 to 4 are done; `values` asks for the rest."""
LOGIN: tuple[str, ...] = ("token",)

_LOCAL = ("localhost", "127.0.0.1", "::1")
_KINDS = {"direct": "message", "reviews": "review", "social": "post", "forums": "post"}


class _Declared:
    """What the type can do; on a configured channel, what its map or its owner says it can."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        general = Capabilities(
            finds_untagged=True,
            sees_own_replies=False,
            sees_edits=True,
            private=True,
            history="as far as the service reaches",
            cost="whatever the service takes",
            limits=(
                "sees your replies only where the answers tell of them and the map names them",
            ),
        )
        if channel is None:
            return general
        return dataclasses.replace(
            general,
            finds_untagged=not channel.addressed,
            sees_own_replies=channel.tells_replies,
            private=channel.private,
            limits=(),
        )


@dataclass(frozen=True, kw_only=True)
class HttpJson:
    """
    The keys of ``[channels.NAME]`` with ``type = "http_json"``.

    Placeholders in url, params, headers and body: {since:iso|unix|unix_ms|date}, {secret:NAME},
    {env:NAME}, {value:NAME}, {term} (asked once for each of the brand's terms), {base_url}.
    ``lookback``: how far back every run reads, so that answers to older things are noticed.
    """

    preset: str = ""
    url: str = ""
    method: Literal["", "GET", "POST"] = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    token: Secret = NO_SECRET
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    items: str = ""
    map: Mapping[str, Any] = field(default_factory=dict)
    time: Times = Times()  # noqa: RUF009 - frozen
    page: Paging = Paging()  # noqa: RUF009 - frozen
    error: str = ""
    search_terms: tuple[str, ...] = ()
    rating_map: Mapping[str, float] = field(default_factory=dict)
    addressed: bool = True
    private: bool = False
    kind: str = ""
    channel_type: str = ""
    family: Literal["social", "direct", "reviews", "forums"] = "direct"
    sees_own_replies: bool | None = None
    lookback: timedelta = timedelta()
    overlap: timedelta = timedelta(minutes=10)
    redirects: bool = False
    allow_http: bool = False
    ca_file: Path | None = None
    base_url: str = ""

    capabilities = _Declared()

    def __post_init__(self) -> None:
        for name, value in completion(self).items():
            object.__setattr__(self, name, value)

    def client_options(self) -> Mapping[str, Any]:
        return {"max_bytes": 10 * 2**20, "ca_file": self.ca_file}

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the settings, each with its key."""
        if self.preset and self.preset not in presets():
            yield "preset", f'there is no "{self.preset}"; there are {", ".join(presets())}'
            return
        yield from self._wrong_values()
        yield from self._wrong_address()
        if self.page.style in ("cursor", "next_url") and not self.page.cursor:
            yield "page.cursor", f'style "{self.page.style}" needs the expression that finds it'
        if self.page.style in ("cursor", "page", "offset") and not self.page.param:
            yield "page.param", f'style "{self.page.style}" needs the name of the parameter'
        if self.page.max_pages < 1:
            yield "page.max_pages", "must be 1 or more"
        try:
            check_format(self.time.format)
            zone(self.time.tz)
        except ValueError as error:
            yield "time", str(error)
        try:
            self.mapper()
        except ValueError as error:
            key = "map" if str(error).startswith("map.") else ""
            yield key, str(error).removeprefix("map.") if key else str(error)

    def _wrong_values(self) -> Iterator[tuple[str, str]]:
        secrets = self.all_secrets
        for key in ("url", "params", "headers", "body"):
            written = getattr(self, key)
            for wrong in wrong_placeholders(written, self.values, secrets, header=key == "headers"):
                yield key, wrong
        if any(kind in ("secret", "env") for kind, _, _ in placeholders(self.url)):
            yield "url", "a secret does not belong into an address; put it into headers or params"

    def _wrong_address(self) -> Iterator[tuple[str, str]]:
        if any(wrong_placeholders(self.url, self.values, self.all_secrets)):
            return
        address = self.filling(_EPOCH).address(self.url)
        if not web(address):
            yield "url", "must be a web address"
            return
        parts = urlsplit(address)
        if parts.scheme == "http" and not self.allow_http and parts.hostname not in _LOCAL:
            yield "url", "sends everything unencrypted; use https, or set allow_http = true"

    @property
    def all_secrets(self) -> Mapping[str, Secret]:
        return {**({"token": self.token} if self.token else {}), **self.secrets}

    @property
    def tells_replies(self) -> bool:
        if self.sees_own_replies is not None:
            return self.sees_own_replies
        return bool({"is_own", "replied", "replied_at", "type"} & set(self.map))

    @property
    def asks_by_term(self) -> bool:
        return any(
            kind == "term" for kind, _, _ in placeholders([self.url, self.params, self.body])
        )

    def filling(self, since: datetime, term: str = "") -> Filling:
        return Filling(
            since=since,
            term=term,
            base_url=self.base_url.rstrip("/"),
            values=self.values,
            secrets=self.all_secrets,
        )

    def mapper(self) -> Mapper:
        """Return what reads the answers. Raises ValueError."""
        address = self.filling(_EPOCH).address(self.url)
        return Mapper(
            mapping=self.map,
            items=self.items,
            cursor=self.page.cursor,
            more=self.page.more,
            error=self.error,
            format=self.time.format,
            tz=self.time.tz,
            base=self.base_url or address,
            rating_map=self.rating_map,
            defaults=RecordDefaults(
                addressed=self.addressed,
                private=self.private,
                kind=self.kind or _KINDS[self.family],
                channel_type=self.channel_type,
                tz=self.time.tz,
            ),
        )

    async def account(self, client: Client) -> Account:
        """Ask for the first page, and say how it was understood."""
        asked = _Asked(self, client, self.filling(datetime.now(UTC) - timedelta(days=30), "test"))
        response = await asked.get("")
        payload = response.json()
        read = self.mapper().read(payload)
        return Account(
            id=urlsplit(response.url).netloc,
            summary=f"{shape_of(payload)}; {read.count} things{_sample(read)}",
            warnings=read.warnings,
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        terms = self.search_terms or _searchable(query.terms) if self.asks_by_term else ("",)
        for term in terms:
            stream = f"term:{term}" if term else "items"
            async with aclosing(_Walk(self, client, query, term).pages(stream)) as pages:
                async for page in pages:
                    yield page


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _searchable(terms: tuple[str, ...]) -> tuple[str, ...]:
    found = (one for one in terms if not (one.startswith("/") and one.endswith("/")))
    return tuple(dict.fromkeys(one.lstrip("#@") for one in found))


def _sample(read: Read) -> str:
    """Return the first item in a few words."""
    first = next(iter(read.items), None)
    if first is None:
        return ""
    text = getattr(first, "text", "") or getattr(first, "title", "")
    name = first.author.name if isinstance(first, Mention) else ""
    published = getattr(first, "published", None)
    when = f" of {published:%Y-%m-%d %H:%M}" if published else ""
    by = f" by {name}" if name else ""
    return f'; the first is {first.external_id}{when}{by}: "{text[:60]}"'


class _Asked:
    """Requests of one walk; a position is the number, cursor or address of a page."""

    def __init__(self, channel: HttpJson, client: Client, filling: Filling) -> None:
        self.channel = channel
        self.client = client
        self.filling = filling

    async def get(self, position: str) -> Response:
        channel, fill = self.channel, self.filling
        url = fill.address(channel.url)
        params = fill.tree(channel.params)
        body = fill.tree(channel.body) or None
        style = channel.page.style
        if position and style in ("next_url", "link_header"):
            url, params = onward(position, url), {}
        elif style in ("cursor", "page", "offset"):
            value: Any = position or self._first()
            if value is not None and body is not None and channel.page.param in body:
                body = {**body, channel.page.param: value}
            elif value is not None:
                params = {**params, channel.page.param: value}
        headers = {name: fill.header(value) for name, value in channel.headers.items()}
        async with resting(self.client, urlsplit(url).hostname or "the service"):
            return await self.client.request(
                channel.method or ("POST" if body else "GET"),
                url,
                params=params,
                headers={"Accept": "application/json", **headers},
                json=body,
                redirects=channel.redirects,
                retry=True,
            )

    def _first(self) -> int | None:
        style = self.channel.page.style
        return self.channel.page.start if style == "page" else 0 if style == "offset" else None


class _Walk:
    """
    One list, page by page.

    The cursor of its stream is when the last complete walk began; where pages are left, the walk
    goes on with the next run.
    """

    def __init__(self, channel: HttpJson, client: Client, query: Query, term: str) -> None:
        self.channel = channel
        self.client = client
        self.query = query
        self.term = term
        self.mapper = channel.mapper()
        self.seen: set[str] = set()

    async def pages(self, stream: str) -> AsyncGenerator[Page, None]:
        state = self.query.state(stream)
        if "since" not in state.extra:  # all parts of a first walk begin at the same time
            state = replace(state, extra={**state.extra, "since": iso(self.query.since)})
        first = _time(state.extra["since"]) or self.query.since

        async def ask(position: str, cursor: str) -> Listed:
            since = floor(cursor, first, self.channel.overlap)
            if self.channel.lookback:
                since = min(since, self.query.now - self.channel.lookback)
            return await self._ask(position, since)

        walk = newest_first(
            stream, state, ask, pages=self.channel.page.max_pages, searched=self.searched
        )
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page

    @property
    def searched(self) -> bool:
        return not self.channel.addressed

    async def _ask(self, position: str, since: datetime) -> Listed:
        asked = _Asked(self.channel, self.client, self.channel.filling(since, self.term))
        response = await asked.get(position)
        read = self.mapper.read(response.json())
        warnings = read.warnings
        repeated = bool(read.ids) and read.ids <= self.seen
        if repeated and position:
            warnings += ("the service gives the same page again; check page.param",)
        self.seen |= read.ids
        old = self.channel.page.newest_first and read.newest is not None and read.newest < since
        following = "" if repeated else self._following(read, response, position)
        return Listed(
            items=read.items,
            newest=iso(self.query.now),
            following=following,
            past=old,
            warnings=warnings,
        )

    def _following(self, read: Read, response: Response, position: str) -> str:
        page = self.channel.page
        if not read.count or not read.more:
            return ""
        if page.style == "cursor" or page.style == "next_url":
            found = read.cursor
            if found in (None, "", False) or isinstance(found, bool | dict | list):
                return ""
            target = str(found)
            return "" if target == position else target
        if page.style == "link_header":
            return response.links().get("next", "")
        if page.limit and read.count < page.limit:
            return ""
        if page.style == "page":
            return str(_number(position, page.start) + 1)
        return str(_number(position, 0) + read.count) if page.style == "offset" else ""


def _number(position: str, start: int) -> int:
    return int(position) if position.isascii() and position.isdecimal() else start


def _time(value: str) -> datetime | None:
    try:
        return parse_time(value)
    except ValueError:
        return None
