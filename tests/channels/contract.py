"""
What every channel keeps to; each channel's test class inherits it.

A test file stays this small::

    from tests.channels.contract import ChannelContract, recorded

    class TestHackerNews(ChannelContract):
        expected = {"hn:1", "hn:2", "hn:3"}              # the ids of an undisturbed first run

        def settings(self, base_url):
            return HackerNews(base_url=base_url)

        def routes(self, server):                        # tests/server.py
            server.reply("GET", "/search_by_date", body=recorded("hackernews", "page0.json"),
                         query={"page": "0"})
            server.reply("GET", "/search_by_date", body=recorded("hackernews", "page1.json"),
                         query={"page": "1"})

Recorded answers stand in tests/channels/data/<type>/, invented in the true shape. Three pages or
more make the tests of killed runs worth something; where the platform's paging depends on cursors,
let ``routes`` honour them with ``server.on(method, path, handler)``.

`test_damaged_answers...` damages each key once; ``pytest -m slow`` tries every strange value.

Where a channel differs for a reason, say so in its class:

- ``query``: what it is asked (default: `QUERY`).
- ``refusals``: status -> error, where the platform means something else by one.
- ``html``: the error for a web page in place of the answer.
- ``first_answers``: replies that must be good before an error can be seen (a token request), as a
  method that adds routes; it is called before each error test.
- ``asks_with_cursor(first, second, states)``: whether the requests of a second run use what was
  stored; by default the cursor, or something of ``extra``, must appear in one of them.
- ``has_cursor = False``: every run reads everything (a small file, one page without an order).

Helpers for a channel's own tests: `collect`, `run`, `states`, `resumed`, `ids`, `mentions`.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import Account, Query
from mentionwatch.client import Client
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    PermissionMissing,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnexpectedPayload,
)
from mentionwatch.model.items import (
    Item,
    Mention,
    Page,
    Reply,
    StreamState,
)
from tests.channels.checks import check_item, check_pages
from tests.channels.damage import Direct, Shape, damages, kind_of, replacing
from tests.clock import NOW
from tests.server import Request, Server

__all__ = [
    "QUERY",
    "BlockingContract",
    "ChannelContract",
    "account_of",
    "check_item",
    "check_pages",
    "collect",
    "collect_blocking",
    "cursors",
    "ids",
    "items",
    "mentions",
    "recorded",
    "replies",
    "resumed",
    "run",
    "states",
]

DATA = Path(__file__).parent / "data"

EXHAUSTIVE = bool(os.environ.get("MENTIONWATCH_EXHAUSTIVE"))
QUERY = Query(
    terms=("Acme Coffee", "acmecoffee", "#acmecoffee"),
    own_accounts=("@acmecare@mastodon.example", "care@acmecoffee.example"),
    domains=("acmecoffee.example",),
    since=NOW - timedelta(days=30),
    now=NOW,
)

WEB_PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome</body></html>"

# --- helpers -------------------------------------------------------------------------------------


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(work)


@cache
def _recorded_text(channel_type: str, name: str) -> str:
    return (DATA / channel_type / name).read_text("utf-8")


def recorded(channel_type: str, name: str) -> Any:
    """Return a recorded answer: JSON for ``*.json``, else text; a fresh copy each time."""
    text = _recorded_text(channel_type, name)
    return json.loads(text) if name.endswith(".json") else text


def collect(
    channel: Any, query: Query = QUERY, *, stop_after: int | None = None, **client: Any
) -> list[Page]:
    """
    Return the pages of one run.

    Args:
        channel: A configured channel.
        query: What it is asked.
        stop_after: End the run after so many pages, as a kill would.
        client: Options of `Client` (``deadline=``, ``tokens=`` ...), or ``client=`` itself.
    """
    return run(_collect(channel, query, stop_after, **client))


async def _collect(
    channel: Any, query: Query, stop_after: int | None = None, **options: Any
) -> list[Page]:
    given = options.pop("client", None)
    async with given or Client(channel="shop", **{"deadline": 10.0, **options}) as client:
        pages: AsyncIterator[Page] = channel.pages(query, client)
        found: list[Page] = []
        try:
            while stop_after is None or len(found) < stop_after:
                found.append(await anext(pages))
        except StopAsyncIteration:
            pass
        finally:
            if hasattr(pages, "aclose"):
                await pages.aclose()
        return found


def account_of(channel: Any, **client: Any) -> Account:
    """Return what the channel says about who we are."""

    async def ask() -> Account:
        async with Client(channel="shop", **{"deadline": 10.0, **client}) as open_client:
            return await channel.account(open_client)

    return run(ask())


def states(pages: Iterable[Page]) -> dict[str, StreamState]:
    """Return what a store would hold after these pages."""
    return {page.stream: page.state for page in pages if page.state is not None}


def resumed(query: Query, pages: Iterable[Page]) -> Query:
    """Return the query of the next run, after these pages were stored."""
    return replace(query, streams={**query.streams, **states(pages)})


def items(pages: Iterable[Page]) -> list[Item]:
    return [item for page in pages for item in page.items]


def mentions(pages: Iterable[Page]) -> list[Mention]:
    return [item for item in items(pages) if isinstance(item, Mention)]


def replies(pages: Iterable[Page]) -> list[Reply]:
    return [item for item in items(pages) if isinstance(item, Reply)]


def ids(pages: Iterable[Page]) -> set[str]:
    return {item.external_id for item in items(pages)}


def cursors(pages: Iterable[Page]) -> dict[str, str]:
    return {stream: state.cursor for stream, state in states(pages).items()}


# --- channels over HTTP --------------------------------------------------------------------------


class ChannelContract:
    """See the module."""

    expected: ClassVar[Collection[str]] = ()
    query: ClassVar[Query] = QUERY
    has_cursor: ClassVar[bool] = True
    html: ClassVar[type[ChannelError]] = UnexpectedPayload
    refusals: ClassVar[dict[int, type[ChannelError]]] = {}

    def settings(self, base_url: str) -> Any:
        """Return the configured channel."""
        raise NotImplementedError

    def routes(self, server: Server) -> None:
        """Serve the recorded answers."""
        raise NotImplementedError

    def first_answers(self, server: Server) -> None:
        """Serve what must be good before an error can be seen."""

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        wanted = {state.cursor for state in kept.values()}
        wanted |= {value for state in kept.values() for value in state.extra.values()}
        return any(_says(request, value) for value in wanted - {""} for request in second)

    @pytest.fixture
    def channel(self, http_server: Server) -> Any:
        """The channel with its recorded answers behind it."""
        self.routes(http_server)
        return self.settings(http_server.url)

    def test_mentions_are_valid(self, channel: Any, http_server: Server) -> None:
        pages = collect(channel, self.query)
        check_pages(pages)
        assert ids(pages) == set(self.expected)
        assert not http_server.unexpected, "requests without a recorded answer"

    def test_account_is_valid(self, channel: Any) -> None:
        account = account_of(channel)
        assert isinstance(account, Account)
        assert isinstance(account.id, str)
        assert all(isinstance(name, str) and name for name in account.names)

    @pytest.mark.slow
    def test_ids_are_stable(self, channel: Any) -> None:
        first, second = collect(channel, self.query), collect(channel, self.query)
        assert ids(first) == ids(second)

    @pytest.mark.slow
    def test_second_run_stores_nothing_new(self, channel: Any) -> None:
        first = collect(channel, self.query)
        second = collect(channel, resumed(self.query, first))
        check_pages(second)
        assert ids(second) <= ids(first)
        assert {**cursors(first), **cursors(second)} == cursors(first)

    @pytest.mark.slow
    def test_second_run_asks_with_the_stored_cursor(
        self, channel: Any, http_server: Server
    ) -> None:
        if not self.has_cursor:
            return
        pages = collect(channel, self.query)
        first = list(http_server.requests)
        assert states(pages), "no page carries a state"
        http_server.requests.clear()
        collect(channel, resumed(self.query, pages))
        assert self.asks_with_cursor(first, list(http_server.requests), states(pages))

    @pytest.mark.slow
    def test_killed_run_loses_nothing(self, channel: Any) -> None:
        whole = collect(channel, self.query)
        for stop in range(1, len(whole)):
            before = collect(channel, self.query, stop_after=stop)
            after = collect(channel, resumed(self.query, before))
            found = ids(before) | ids(after)
            assert found == ids(whole), f"killed after page {stop}: {ids(whole) - found} is lost"
            assert cursors([*before, *after]) == cursors(whole), f"killed after page {stop}"

    @pytest.mark.parametrize("status", [401, 403, 429, 500])
    def test_refusal_has_its_own_error(self, status: int, http_server: Server) -> None:
        usual = {401: CredentialsRefused, 403: PermissionMissing, 429: RateLimited}
        wanted = self.refusals.get(status, usual.get(status, ServerFailed))
        http_server.reply("*", "*", status, body={"error": "no"})
        error = self._fails_with(wanted, http_server)
        assert error.hint, "every error has a way out"
        assert len(http_server.requests) <= 8, "a storm of retries"

    def test_web_page_is_unexpected(self, http_server: Server) -> None:
        http_server.reply("*", "*", body=WEB_PAGE, headers={"Content-Type": "text/html"})
        self._fails_with(self.html, http_server)

    @pytest.mark.slow
    def test_silent_host_times_out(self, http_server: Server) -> None:
        http_server.reply("*", "*", delay=30)
        began = time.monotonic()
        self._fails_with(TimedOut, http_server, deadline=0.3)
        assert time.monotonic() - began < 5

    @pytest.mark.slow
    @pytest.mark.timeout(300)
    def test_damaged_answers_are_survived_or_reported(self, http_server: Server) -> None:
        faults = run(self._damage(http_server, every=False))
        assert not faults, "\n".join([f"{len(faults)} damages end badly:", *faults[:15]])

    @pytest.mark.skipif(not EXHAUSTIVE, reason="takes minutes; set MENTIONWATCH_EXHAUSTIVE=1")
    @pytest.mark.slow
    @pytest.mark.timeout(600)
    def test_every_damage_is_survived_or_reported(self, http_server: Server) -> None:
        faults = run(self._damage(http_server, every=True))
        assert not faults, "\n".join([f"{len(faults)} damages end badly:", *faults[:15]])

    def _fails_with(
        self, wanted: type[ChannelError], server: Server, **client: Any
    ) -> ChannelError:
        # The newest rule wins: what must be good is added behind the one for "*".
        self.first_answers(server)
        with pytest.raises(ChannelError) as caught:
            collect(self.settings(server.url), self.query, **client)
        assert isinstance(caught.value, wanted), f"{caught.value!r} instead of {wanted.__name__}"
        return caught.value

    async def _damage(self, server: Server, *, every: bool) -> list[str]:
        """Run the channel once for each way to damage one of its answers; returns what failed."""
        served: list[tuple[str, Any]] = []

        def note(request: Request, reply: Any) -> Any:
            if reply.body not in (b"", "") and (kind_of(request), reply.body) not in served:
                served.append((kind_of(request), copy.deepcopy(reply.body)))
            return reply

        await self._one_run(server, note)
        assert served, "no answer was asked for"
        seen: dict[str, set[Shape]] = {}
        faults: list[str] = []
        for kind, original in served:
            for where, damaged in damages(original, seen=seen.setdefault(kind, set()), every=every):
                try:
                    await self._one_run(server, replacing(original, damaged))
                except Exception as error:  # noqa: BLE001 - anything is a finding
                    faults.append(f"{kind}: {where}: {type(error).__name__}: {error}"[:300])
        return faults

    async def _one_run(self, server: Server, change: Callable[[Request, Any], Any]) -> None:
        server.clear()
        self.routes(server)
        server.change = change
        client = Direct(server)
        try:
            check_pages(
                await _collect(self.settings(server.url), self.query, client=client),
                recorded_as_it_is=False,
            )
        except ChannelError as error:
            assert not isinstance(error, BudgetSpent), "it asks without end"


def _says(request: Request, value: str) -> bool:
    """Whether a request holds a value: as a word of its own, because "7" is in every port."""
    given = [value for _, value in request.query] + request.path.split("/")
    given += [value for name, value in request.headers.items() if name != "host"]
    return value in given or value in re.findall(
        r"[^\s\"'{}\[\]:,=<>&]+", " ".join([*given, request.body.decode("utf-8", "replace")])
    )


# --- channels that block -------------------------------------------------------------------------


def collect_blocking(
    channel: Any, query: Query = QUERY, *, stop_after: int | None = None, deadline: float = 10.0
) -> list[Page]:
    """Return the pages of one run of a blocking channel; see `collect`."""
    session = channel.connect(deadline)
    try:
        found: list[Page] = []
        for page in session.pages(query):
            found.append(page)
            if len(found) == stop_after:
                break
        return found
    finally:
        session.close()


class BlockingContract:
    """
    The same for channels with sessions: a mailbox, a program, a file.

    A subclass gives ``expected`` and a fixture ``channel`` that returns the configured channel;
    and, where something can hang, a fixture ``hanging`` that returns one whose work never ends.
    """

    expected: ClassVar[Collection[str]] = ()
    query: ClassVar[Query] = QUERY

    @pytest.fixture
    def channel(self) -> Any:
        raise NotImplementedError

    @pytest.fixture
    def hanging(self) -> Any:
        return None

    def test_mentions_are_valid(self, channel: Any) -> None:
        pages = collect_blocking(channel, self.query)
        check_pages(pages)
        assert ids(pages) == set(self.expected)

    def test_account_is_valid(self, channel: Any) -> None:
        session = channel.connect(10.0)
        try:
            account = session.account()
        finally:
            session.close()
        assert isinstance(account, Account)
        assert all(isinstance(name, str) and name for name in account.names)

    @pytest.mark.slow
    def test_ids_are_stable(self, channel: Any) -> None:
        first = collect_blocking(channel, self.query)
        assert ids(first) == ids(collect_blocking(channel, self.query))

    @pytest.mark.slow
    def test_second_run_stores_nothing_new(self, channel: Any) -> None:
        first = collect_blocking(channel, self.query)
        second = collect_blocking(channel, resumed(self.query, first))
        check_pages(second)
        assert ids(second) <= ids(first)
        assert {**cursors(first), **cursors(second)} == cursors(first)

    @pytest.mark.slow
    def test_killed_run_loses_nothing(self, channel: Any) -> None:
        whole = collect_blocking(channel, self.query)
        for stop in range(1, len(whole)):
            before = collect_blocking(channel, self.query, stop_after=stop)
            after = collect_blocking(channel, resumed(self.query, before))
            found = ids(before) | ids(after)
            assert found == ids(whole), f"killed after page {stop}: {ids(whole) - found} is lost"

    def test_closing_twice_is_quiet(self, channel: Any) -> None:
        session = channel.connect(10.0)
        session.close()
        session.close()

    def test_abort_ends_the_work(self, hanging: Any) -> None:
        if hanging is None:
            return
        ended = threading.Event()
        errors: list[BaseException] = []
        session = hanging.connect(30.0)

        def work() -> None:
            try:
                for _ in session.pages(self.query):
                    pass
            except Exception as error:  # noqa: BLE001 - looked at below
                errors.append(error)
            ended.set()

        threading.Thread(target=work, daemon=True).start()
        assert not ended.wait(0.2), "nothing hangs here"
        session.abort()
        assert ended.wait(2.0), "abort() does not end the work"
        session.close()
        assert all(isinstance(error, ChannelError) for error in errors), errors

    @pytest.mark.slow
    def test_deadline_ends_the_work(self, hanging: Any) -> None:
        if hanging is None:
            return
        began = time.monotonic()
        with pytest.raises(ChannelError):
            collect_blocking(hanging, self.query, deadline=0.5)
        assert time.monotonic() - began < 5
