"""Every way to damage a recorded answer, and a client that is quick enough to try them all."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mentionwatch.client import Client, Response
from mentionwatch.errors import Unreachable
from tests.server import Request, Server

# The keys to a value, with "*" for each place in a list.
Shape = tuple[str, ...]

# A run that asks more often than this goes round in circles.
MOST_REQUESTS = 200

# What a value is replaced by: every other type, and the odd members of its own.
STRANGE: tuple[Any, ...] = (
    *(None, "", "\x00 ]]> \U0001f980", -1, 10**30, 0.5, True, [], {}, [None], {"": 0}),
)


class Direct(Client):
    """A client that asks the test server without sockets: for thousands of cases."""

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(channel="shop", max_requests=MOST_REQUESTS, **options)
        self._server = server

    async def pause(self, seconds: float) -> None:
        """Waiting is not what is looked at here."""

    async def _send(
        self, asking: Any, ok: Collection[int], history: tuple[tuple[int, str], ...]
    ) -> Response:
        await self._turn()
        if not asking.url.startswith(self._server.url):
            raise Unreachable(f"a request to {asking.url}", "only the test server may be asked")
        parts = urlsplit(asking.url)
        reply = self._server.answer(
            Request(
                method=asking.method,
                path=unquote(parts.path),
                query=parse_qsl(parts.query, keep_blank_values=True),
                headers=dict(asking.headers),
                body=asking.body or b"",
            )
        )
        body, headers = reply.encoded()
        return Response(
            status=reply.status,
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            url=asking.url,
            history=history,
        )


def replacing(original: Any, damaged: Any) -> Callable[[Request, Any], Any]:
    def change(request: Request, reply: Any) -> Any:
        return replace(reply, body=damaged) if reply.body == original else reply

    return change


def damages(
    answer: Any, *, seen: set[Shape] | None = None, every: bool = True
) -> Iterator[tuple[str, Any]]:
    """
    Yield (where, damaged copy): each key dropped, each value replaced; text cut at places.

    Args:
        answer: It stays as it is.
        seen: The places in answers of one kind that were damaged before; they are left out, and
            new ones added.
        every: Replace each value by everything strange; else by one value of another type, taking
            turns.
    """
    if isinstance(answer, str | bytes):
        for part in range(20):
            cut = len(answer) * part // 20
            yield f"cut at {cut}", answer[:cut]
        if isinstance(answer, str) and answer.lstrip().startswith("<"):
            yield from _elements(answer)
        return
    seen = set() if seen is None else seen
    for path in _paths(answer):
        shape = tuple("*" if isinstance(step, int) else step for step in path)
        if shape in seen:  # the second element of a list teaches nothing that the first did not
            continue
        strange_values = STRANGE if every else (_of_another_type(answer, path, len(seen)),)
        seen.add(shape)
        name = ".".join(str(step) for step in path)
        if path:
            yield f"{name} dropped", _changed(answer, path)
        for strange in strange_values:
            yield f"{name or 'all'} = {strange!r}", _changed(answer, path, strange)


def _of_another_type(answer: Any, path: tuple[Any, ...], turn: int) -> Any:
    for step in path:
        answer = answer[step]
    others = [one for one in STRANGE if type(one) is not type(answer)]
    return others[turn % len(others)]


def _elements(document: str) -> Iterator[tuple[str, str]]:
    """Yield an XML document without the first element of each name, and with others in it."""
    for name in dict.fromkeys(re.findall(r"<([A-Za-z][\w:.-]*)", document)):
        element = re.compile(rf"(?s)<{name}(?=[\s/>])[^>]*?(?:/>|>(.*?)</{name}>)")
        found = element.search(document)
        if found is None:
            continue
        start, end = found.span()
        yield f"<{name}> dropped", document[:start] + document[end:]
        for inside in ("", "-1", "<b/>", "]]>", "\x00", "9" * 40, "x" * 5000):
            yield (
                f"<{name}> = {inside[:9]!r}",
                f"{document[:start]}<{name}>{inside}</{name}>{document[end:]}",
            )


def kind_of(request: Request) -> str:
    """Return what answers have in common: the address without the ids in it."""
    return f"{request.method} {re.sub(r'[^/]*[0-9][^/]*', '*', request.path)}"


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _paths(child, (*above, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _paths(child, (*above, index))


_DROP = object()


def _changed(answer: Any, path: tuple[Any, ...], value: Any = _DROP) -> Any:
    """Return a copy with the value at *path* replaced or dropped; what is beside it is shared."""
    if not path:
        return value
    step, *rest = path
    outer = copy.copy(answer)
    if rest:
        outer[step] = _changed(answer[step], tuple(rest), value)
    elif value is _DROP:
        del outer[step]
    else:
        outer[step] = value
    return outer
