"""The contract itself: an honest channel keeps it, and each kind of dishonest one is caught."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.client import Client
from mentionwatch.credentials import NO_SECRET, Secret
from mentionwatch.errors import SourceUnreadable, TimedOut
from mentionwatch.model.items import Author, Mention, Page, StreamState
from tests.channels.contract import BlockingContract, ChannelContract, collect, damages
from tests.server import Reply, Request, Server

POSTS = [
    {
        "id": number,
        "text": f"Acme Coffee {number}",
        "at": 1_795_000_000 + number,
        "by": {"id": "u1"},
    }
    for number in range(1, 8)
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Oldest first, three posts a page, `after` is the cursor."""

    base_url: str
    token: Secret = NO_SECRET
    family: ClassVar[str] = "forums"
    capabilities: ClassVar[Capabilities] = Capabilities(finds_untagged=True, sees_own_replies=False)

    async def account(self, client: Client) -> Account:
        payload = await client.get_json(f"{self.base_url}/me", headers=self.headers())
        with reading("the account"):
            return Account(id=_text(payload["id"]))

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        state = query.state("posts")
        while True:
            payload = await client.get_json(
                f"{self.base_url}/posts",
                params={"after": state.cursor or None},
                headers=self.headers(),
            )
            found, more = self.parse(payload)
            if found:
                state = self.after(found)
            yield Page(stream="posts", items=tuple(found), state=state)
            if not (found and more):
                return

    def headers(self) -> dict[str, Any]:
        return {"Authorization": ("Bearer ", self.token)} if self.token else {}

    def after(self, found: list[Mention]) -> StreamState:
        return StreamState(cursor=found[-1].external_id)

    def parse(self, payload: Any) -> tuple[list[Mention], bool]:
        with reading("the list of posts"):
            return [self.mention(post) for post in payload["posts"]], payload["more"] is True

    def mention(self, post: Any) -> Mention:
        return Mention(
            external_id=str(int(post["id"])),
            text=_text(post["text"]),
            author=Author(id=_text(post["by"]["id"])),
            published=datetime.fromtimestamp(post["at"], UTC),
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


class Bent(Shop):
    """Base of those that break a promise; without slots, so that they stay small."""


class NaiveTimes(Bent):
    def mention(self, post: Any) -> Mention:
        return Mention(
            external_id=str(post["id"]),
            text=post["text"],
            author=Author(),
            published=datetime.fromtimestamp(post["at"]),
        )


class Trusting(Bent):
    def parse(self, payload: Any) -> tuple[list[Mention], bool]:
        return [self.mention(post) for post in payload["posts"]], payload["more"] is True


class TypeBlind(Bent):
    def mention(self, post: Any) -> Mention:
        return Mention(
            external_id=str(post["id"]),
            text=post["text"],
            author=Author(id="u1"),
            published=datetime.fromtimestamp(post["at"], UTC),
        )


class Hasty(Bent):
    """Its cursor is ahead of what it has yielded."""

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        async for page in Shop.pages(self, query, client):
            yield replace(page, state=StreamState(cursor="7"))


class Forgetful(Bent):
    """It never uses what was stored."""

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        fresh = Query(terms=query.terms, since=query.since, now=query.now)
        async for page in Shop.pages(self, fresh, client):
            yield page


class SameIds(Bent):
    def parse(self, payload: Any) -> tuple[list[Mention], bool]:
        return Shop.parse(self, payload)[0], False

    def mention(self, post: Any) -> Mention:
        return Mention(
            external_id="1", text=post["text"], author=Author(), published=datetime.now(UTC)
        )


def _posts(request: Request) -> Reply:
    after = int(request.params.get("after", "0"))
    rest = [post for post in POSTS if int(str(post["id"])) > after]
    return Reply(body={"posts": rest[:3], "more": len(rest) > 3})


class TestHonest(ChannelContract):
    expected: ClassVar[set[str]] = {str(post["id"]) for post in POSTS}
    kind: ClassVar[type[Shop]] = Shop

    def settings(self, base_url: str) -> Any:
        return self.kind(base_url=base_url, token=Secret("sesame-opens", "channels.shop.token"))

    def routes(self, server: Server) -> None:
        server.reply("GET", "/me", body={"id": "shop.example:1"})
        server.on("GET", "/posts", _posts)


def _breaks(kind: type[Shop], test: str, server: Server, **arguments: Any) -> bool:
    contract = TestHonest()
    contract.kind = kind  # type: ignore[misc]
    if "channel" in arguments:
        contract.routes(server)
        arguments["channel"] = contract.settings(server.url)
    try:
        getattr(contract, test)(**arguments)
    except (AssertionError, pytest.fail.Exception):
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (NaiveTimes, "test_mentions_are_valid"),
        (SameIds, "test_mentions_are_valid"),
        (Trusting, "test_damaged_answers_are_survived_or_reported"),
        (TypeBlind, "test_damaged_answers_are_survived_or_reported"),
        (Hasty, "test_killed_run_loses_nothing"),
        (Forgetful, "test_second_run_asks_with_the_stored_cursor"),
    ],
)
def test_broken_promise_is_caught(kind: type[Shop], test: str, http_server: Server) -> None:
    import inspect

    names = inspect.signature(getattr(TestHonest, test)).parameters
    given = {"http_server": http_server, "channel": None}
    arguments = {name: given[name] for name in names if name in given}
    assert _breaks(kind, test, http_server, **arguments)
    http_server.clear()
    http_server.change = None
    assert not _breaks(Shop, test, http_server, **arguments)


def test_run_can_be_stopped_after_a_page(http_server: Server) -> None:
    http_server.on("GET", "/posts", _posts)
    assert len(collect(Shop(base_url=http_server.url), stop_after=2)) == 2
    assert len(http_server.requests) == 2


def test_damages_reach_every_key_once() -> None:
    answer = {"list": [{"a": 1}, {"a": 2}], "b": {"c": "x"}}
    dropped = {where for where, _ in damages(answer) if where.endswith("dropped")}
    assert dropped == {
        "list dropped",
        "list.0 dropped",
        "list.0.a dropped",
        "b dropped",
        "b.c dropped",
    }
    assert answer == {"list": [{"a": 1}, {"a": 2}], "b": {"c": "x"}}


def test_places_damaged_before_are_left_out() -> None:
    seen: set[tuple[str, ...]] = set()
    assert list(damages([{"a": 1}], seen=seen))
    assert {where for where, _ in damages([{"a": 2, "b": 3}], seen=seen, every=False)} == {
        "0.b dropped",
        "0.b = 0.5",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """A blocking channel: one page a file; a file called "hang" never ends."""

    path: Path
    family: ClassVar[str] = "direct"
    capabilities: ClassVar[Capabilities] = Capabilities(finds_untagged=True, sees_own_replies=False)

    def connect(self, deadline: float) -> Reading:
        return Reading(self.path, deadline)


class Reading:
    def __init__(self, path: Path, deadline: float) -> None:
        self._path = path
        self._deadline = deadline
        self._aborted = threading.Event()

    def account(self) -> Account:
        return Account(id=str(self._path))

    def pages(self, query: Query) -> Iterator[Page]:
        done = query.state("files").cursor
        for file in sorted(self._path.iterdir()):
            if file.name == "hang":
                self._hang()
            if file.name > done:
                yield Page(
                    stream="files",
                    items=(self._mention(file),),
                    state=StreamState(cursor=file.name),
                )

    def _hang(self) -> None:
        if self._aborted.wait(self._deadline):
            raise SourceUnreadable("ended", "nothing to do")
        raise TimedOut("too late", "try again later")

    def _mention(self, file: Path) -> Mention:
        return Mention(
            external_id=file.name, text=file.read_text(), author=Author(), published=None
        )

    def abort(self) -> None:
        self._aborted.set()

    def close(self) -> None:
        self._aborted.set()


class DeafReading(Reading):
    def abort(self) -> None:
        """It does not hear."""


class TestBlocking(BlockingContract):
    expected: ClassVar[set[str]] = {"a", "b", "c"}

    @pytest.fixture
    def channel(self, tmp_path: Path) -> Folder:
        for name in self.expected:
            (tmp_path / name).write_text("Acme Coffee")
        return Folder(path=tmp_path)

    @pytest.fixture
    def hanging(self, tmp_path: Path) -> Folder:
        (tmp_path / "hang").touch()
        return Folder(path=tmp_path)


@pytest.mark.slow
def test_session_that_does_not_hear_is_caught(tmp_path: Path) -> None:
    class Deaf(Folder):
        def connect(self, deadline: float) -> Reading:
            return DeafReading(self.path, deadline)

    (tmp_path / "hang").touch()
    with pytest.raises(AssertionError, match="does not end"):
        TestBlocking().test_abort_ends_the_work(Deaf(path=tmp_path))
