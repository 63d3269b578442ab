"""
What Facebook, Instagram and Threads share: answers, paging, errors, limits, versions.

API: https://developers.facebook.com/docs/graph-api

An error's HTTP status says little, and may be 200: its code decides. Pages may be short or empty
while there are more. ``paging.next`` may hold the token, so only its parameters are taken over.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from mentionwatch.channels import Query, reading
from mentionwatch.channels._values import moment, table, text
from mentionwatch.channels._walk import Deferred
from mentionwatch.client import problems
from mentionwatch.client.response import excerpt
from mentionwatch.client.waiting import in_words
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServerFailed,
    UnexpectedPayload,
)
from mentionwatch.model.items import Page, StreamState
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client, Response
    from mentionwatch.credentials import Secret

TRIES = 3
PAUSE = 0.4  # seconds before the second try; doubled before the third
TIGHT, FULL = 75.0, 95.0  # percent of what the platform allows
HOUR = 3600.0
LIMIT_STREAM = "limit"
_READ = (200, 400, 401, 403, 404, 500)  # answers whose body says what they are
_TEMPORARY = (1, 2)
_RATE = (4, 17, 32, 341, 613)
_TOKEN = (102, 190)
_PERMISSION = re.compile(
    r"\b(?:pages|instagram|threads|business|ads|read)_[a-z]+(?:_[a-z]+)*\b", re.ASCII
)
_SUBCODES = {
    458: "the app was removed from the account",
    459: "the account has to be confirmed: log in on the web first",
    460: "the password was changed",
    463: "it has expired",
    464: "the account has to be confirmed: log in on the web first",
    467: "it was revoked",
    492: "the person who made it has lost the role on the Page",
}

# https://developers.facebook.com/docs/graph-api/changelog/versions: the day on which each ends.
ENDS = {
    "v21.0": datetime(2027, 1, 21, tzinfo=UTC),
    "v22.0": datetime(2027, 5, 20, tzinfo=UTC),
    "v23.0": datetime(2027, 10, 8, tzinfo=UTC),
    "v24.0": datetime(2028, 2, 18, tzinfo=UTC),
    "v25.0": datetime(2028, 7, 29, tzinfo=UTC),
}
VERSION = "v26.0"
_SOON = timedelta(days=60)


@dataclass(kw_only=True, slots=True)
class Graph:
    """
    One host of the Graph API during one run.

    ``base_url`` with the version. ``remake``: how to make a new token, as a way out. ``scope``:
    the permission that is usually missing. ``proof``: appsecret_proof. ``used``: percent of what
    the platform allows. ``regain``: seconds until more is allowed, where it was said.
    """

    client: Client
    base_url: str
    token: str | Secret
    platform: str
    remake: str
    scope: str
    proof: str = ""
    source: str = ""
    used: float = 0.0
    regain: float | None = None
    said: set[str] = field(default_factory=set)

    @property
    def tight(self) -> bool:
        """Whether to leave out what can wait."""
        return self.used >= TIGHT

    def once(self, warning: str) -> tuple[str, ...]:
        """Return a warning the first time, then nothing."""
        if warning in self.said:
            return ()
        self.said.add(warning)
        return (warning,)

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """
        Ask for a node or an edge; what fails for a moment is tried again with a smaller page.

        Raises:
            ChannelError: One of its kinds; `code_of` tells the platform's own number.
        """
        wanted = dict(params or {})
        for left in reversed(range(TRIES)):
            try:
                return await self._once(path, wanted)
            except ServerFailed as error:
                if not left or error.status in (502, 503, 504):  # these were tried again already
                    raise
                if isinstance(wanted.get("limit"), int):
                    wanted["limit"] = max(1, wanted["limit"] // 2)
                await self.client.pause(PAUSE * 2 ** (TRIES - 1 - left))
        raise AssertionError("a try returns or raises")

    async def _once(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if self.used >= FULL:
            raise self._limited("is nearly used up")
        answer = await self.client.get(
            f"{self.base_url}{path}",
            params={**params, "appsecret_proof": self.proof or None},
            headers={"Accept": "application/json", "Authorization": ("Bearer ", self.token)},
            ok=_READ,
        )
        self.used, regain = usage(answer.headers)
        self.regain = regain if regain is not None else self.regain
        return self._read(answer)

    def _read(self, answer: Response) -> dict[str, Any]:
        said = _error_in(answer.text())
        if said:
            raise self._problem(said, answer)
        if answer.status != 200:
            doctor = f"mentionwatch doctor {self.client.channel}".strip()
            raise problems.refusal(answer, sources=self.source, doctor=doctor, wait=None)
        found = answer.json()
        if not isinstance(found, dict):
            raise UnexpectedPayload(
                f"{self.platform} answered with something else than an object",
                "the service may have changed; look for a newer mentionwatch",
            )
        return found

    def _problem(self, said: Mapping[str, Any], answer: Response) -> AnswerRefused:
        """Return what an error means: its code decides, not the HTTP status."""
        code, subcode = _number(said.get("code")), _number(said.get("error_subcode"))
        words = excerpt(text(said.get("message")), 200) or "it gives no reason"
        details = (answer.status, answer.text())
        named = f"{self.platform} (error {code}): {words}"
        if code in _RATE or 80000 <= code <= 80014:
            return self._limited("is used up", *details)
        if code in _TEMPORARY or said.get("is_transient") is True:
            return ServerFailed(f"{named}; it calls that temporary", "try again later", *details)
        if code in _TOKEN:
            why = _SUBCODES.get(subcode, words)
            message = f"{self.platform} does not accept the token any more: {why}"
            return CredentialsRefused(message, self.remake, *details)
        if code == 1705:
            message = f"{self.platform} wants the Page's own token, and this is a person's"
            return CredentialsRefused(message, self.remake, *details)
        if _is_permission(code, subcode, words):
            wanted = " and ".join(dict.fromkeys(_PERMISSION.findall(words))) or self.scope
            hint = f"grant the permission {wanted}, then make the token anew. {self.remake}"
            return PermissionMissing(named, hint, *details)
        if (code, subcode) == (100, 33) or code in (24, 803):
            return NotFound(named, "it was deleted, or is not shown to you", *details)
        return self._other(code, named, answer)

    def _other(self, code: int, named: str, answer: Response) -> AnswerRefused:
        details = (answer.status, answer.text())
        if answer.status == 401:
            return CredentialsRefused(named, self.remake, *details)
        if answer.status == 403:
            return PermissionMissing(named, f"check the permission {self.scope}", *details)
        if answer.status >= 500:
            return ServerFailed(named, "try again later", *details)
        hint = "look for a newer mentionwatch"
        if code == 12:
            hint = "this is no longer offered; switch it off, or set an older api_version"
        elif code == 368:
            hint = "the account is blocked for a while; look at its notices on the web"
        return RequestRefused(named, hint, *details)

    def _limited(self, what: str, status: int = 0, body: str = "") -> RateLimited:
        wait = HOUR if self.regain is None else self.regain
        return RateLimited(
            f"what {self.platform} allows {what}; it allows more in {in_words(wait)}",
            "run less often; the rest comes with a later run",
            wait,
            status,
            body,
        )

    async def edge(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        pages: int,
        start: Mapping[str, str] | None = None,
        by_cursor: bool = False,
    ) -> AsyncGenerator[Edge, None]:
        """
        Yield the pages of a list.

        Args:
            path: Of the edge.
            params: Of the first page; the further ones say what changes.
            pages: How many to read at most.
            start: Where to begin instead of at the top.
            by_cursor: A cursor is enough to go on, where the platform leaves ``next`` out.
        """
        place = dict(start or {})
        for _ in range(pages):
            payload = await self.get(path, {**params, **place})
            found = read_edge(payload, by_cursor=by_cursor)
            repeated = bool(place) and dict(found.following) == place
            if repeated:
                found = Edge(data=found.data, total=found.total)
            yield found
            place = dict(found.following)
            if not place:
                return


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """
    One page of a list. ``following``: parameters of the next page, empty at the end. ``total``:
    how many there are altogether, where that was asked for.
    """

    data: Sequence[Any] = ()
    following: Mapping[str, str] = field(default_factory=dict)
    total: int | None = None


def read_edge(payload: Any, *, by_cursor: bool = False) -> Edge:
    """Return one page of a list: {"data": [...], "paging": {...}, "summary": {...}}."""
    with reading("the list"):
        data = payload["data"]
        if not isinstance(data, list):
            raise TypeError("data is no list")
        paging = table(payload.get("paging"))
        following = _place(text(paging.get("next")))
        cursor = text(table(paging.get("cursors")).get("after"))
        if by_cursor and data and not following and cursor:
            following = {"after": cursor}
        total = table(payload.get("summary")).get("total_count")
    known = isinstance(total, int) and not isinstance(total, bool)
    return Edge(data=data, following=following, total=total if known else None)


def _place(link: str) -> dict[str, str]:
    """Return the parameters of a link to a further page, without the secrets in them."""
    try:
        pairs = parse_qsl(urlsplit(link).query, keep_blank_values=False, max_num_fields=100)
    except ValueError:
        return {}
    kept = ("after", "until", "since", "offset", "__paging_token")
    return {name: value for name, value in pairs if name in kept}


def _error_in(body: str) -> dict[str, Any]:
    """Return the error of an answer, whatever its status was; {} for none."""
    try:
        found = table(table(json.loads(body)).get("error"))
    except (ValueError, RecursionError):
        return {}
    return found if "code" in found else {}


def code_of(error: AnswerRefused) -> tuple[int, int]:
    """Return the platform's code and subcode of an error; 0 where there is none."""
    said = _error_in(error.body)
    return _number(said.get("code")), _number(said.get("error_subcode"))


def unknown_field(error: AnswerRefused) -> str:
    """Return the field that an edge does not have, where that is what the error says."""
    words = text(_error_in(error.body).get("message"))
    found = re.search(r"nonexisting field \((\w{1,60})\)", words)
    return found[1] if found else ""


def _is_permission(code: int, subcode: int, words: str) -> bool:
    if code in (3, 10, 283) or 200 <= code <= 299:
        return True
    # 100 with 33 is "deleted, or not for you" and says so at length.
    return code == 100 and subcode != 33 and bool(re.search(r"requires? the '\w+' perm", words))


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def usage(headers: Mapping[str, str]) -> tuple[float, float | None]:
    """
    Return percent used and seconds until more is allowed, from an answer's headers.

    https://developers.facebook.com/docs/graph-api/overview/rate-limiting
    """
    app = _json_header(headers, "x-app-usage")
    by_id = _json_header(headers, "x-business-use-case-usage")
    entries = [app]
    for listed in by_id.values():
        entries += [table(one) for one in listed] if isinstance(listed, list) else []
    shares = ("call_count", "total_time", "total_cputime")
    used = max(_share(one.get(name)) for one in entries for name in shares)
    minutes = max(_share(one.get("estimated_time_to_regain_access")) for one in entries)
    return used, min(minutes, 24 * 60) * 60 if minutes else None


def _json_header(headers: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        return table(json.loads(headers.get(name, "{}")))
    except (ValueError, RecursionError):
        return {}


def _share(value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value < 10**6 else 0.0  # type: ignore[operator, arg-type]


async def within_limits(
    graph: Graph, query: Query, parts: Sequence[AsyncGenerator[Page, None]]
) -> AsyncGenerator[Page, None]:
    """
    Yield the pages of all parts; one that is refused lets the others go on.

    When the platform's limit is reached, that is kept, and runs until then ask for nothing.

    Raises:
        RateLimited: The limit is reached, now or since an earlier run.
    """
    until = moment(query.state(LIMIT_STREAM).extra.get("until"))
    if until is not None and query.now < until <= query.now + timedelta(days=1):
        wait = (until - query.now).total_seconds()
        yield Page(stream=LIMIT_STREAM)
        raise RateLimited(
            f"{graph.platform} allows more in {in_words(wait)}; nothing was asked until then",
            "run less often",
            wait,
        )
    deferred = Deferred()
    try:
        for part in parts:
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
    except RateLimited as error:
        wait = min(HOUR if error.retry_after is None else error.retry_after, 24 * HOUR)
        until = query.now + timedelta(seconds=wait)
        yield Page(stream=LIMIT_STREAM, state=StreamState(extra={"until": iso(until)}))
        raise
    deferred.settle()


def version_warnings(version: str, now: datetime) -> tuple[str, ...]:
    """Say weeks before that a version of the API ends, and that it has ended."""
    number = re.fullmatch(r"v(\d{1,3})\.\d", version)
    end = ENDS.get(version)
    if end is None:
        old = number is not None and int(number[1]) < min(int(v[1:3]) for v in ENDS)
        return (f'version {version} of the API has ended: set api_version = "{VERSION}"',) * old
    if now >= end:
        return (f'version {version} of the API has ended: set api_version = "{VERSION}"',)
    if now >= end - _SOON:
        day = f"{end:%Y-%m-%d}"
        return (f'version {version} of the API ends on {day}: set api_version = "{VERSION}"',)
    return ()


def is_version(value: str) -> bool:
    return re.fullmatch(r"v[1-9]\d?\.\d", value) is not None
