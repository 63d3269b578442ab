"""
What is read on the way of each sync, assessment and page does not grow with the database.

Measured in steps of SQLite's machine, which no load of this one changes, and without statistics:
SQLite then often prefers to walk through a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from mentionwatch.model.items import Author, Deletion, Mention, Page, Reply
from mentionwatch.store import conversations, events, items, queue, threads, upkeep
from mentionwatch.store.database import Store
from mentionwatch.store.rows import Source

START = 1_700_000_000_000
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def filled(path: Path, size: int) -> Store:
    """Return a database of this many mentions by a third as many people; ten of them wait."""
    store = Store(path)
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO channel (name, type, family, connected_at) VALUES ('x', 'x', 'social', 0)"
        )
        _mentions(connection, size)
        _ours(connection, size)
    return store


def _mentions(connection: Connection, size: int) -> None:
    connection.executemany(
        "INSERT INTO mention (channel, external_id, type, contact, thread, kind, author_id, "
        "author_handle, at, at_source, received, addressed, private, text, conversation_id) "
        "VALUES ('x', ?, 'x', ?, ?, 'post', ?, ?, ?, 'published', 1, 1, 0, 'hello', ?)",
        (
            (f"m{n}", f"x:{n // 3}", f"t{n // 2}", str(n // 3), f"h{n // 3}", START + n, n + 1)
            for n in range(size)
        ),
    )
    items._index_text(connection, 0)
    connection.executemany(
        "INSERT INTO conversation (id, contact, channel, type, family, kind, newest_id, state, "
        "private, priority_rank, priority, urgency, sentiment, intent, messages, first_at, "
        "last_at, waiting_since, due_at, soon_at, closed_at) VALUES (?1, ?2, 'x', 'x', 'social', "
        "'post', ?1, ?3, 0, 2, 'normal', 30, 'neutral', 'question', 1, 1, 1, ?4, ?4, ?4, ?5)",
        (
            (n + 1, f"x:{n // 3}", "open", START + n, None)
            if n < 10
            else (n + 1, f"x:{n // 3}", "answered", None, START + n)
            for n in range(size)
        ),
    )


def _ours(connection: Connection, size: int) -> None:
    connection.executemany(
        "INSERT INTO reply (channel, external_id, type, thread, parent_id, at, at_source, "
        "received, certainty, text) VALUES ('x', ?, 'x', ?, ?, ?, 'published', 1, 'sure', 'hi')",
        ((f"r{n}", f"t{n // 2}", f"m{n}", START + n) for n in range(0, size, 2)),
    )
    connection.execute("INSERT INTO reply_name SELECT 'x', 'h' || id, id FROM reply")
    connection.executemany(
        "INSERT INTO event (uid, conversation_id, mention_id, at, recorded_at, kind, data) "
        "VALUES (?, ?, ?, 1, 1, ?, json_object('mention_id', ?))",
        ((f"e{n}", n + 1, n + 1, "link" if n % 4 else "done", n + 2) for n in range(size)),
    )
    connection.executemany(
        "INSERT INTO clock (conversation_id, kind, since, replied_at, result, priority, "
        "open_seconds) VALUES (?, 'first', 1, ?, 'met', 'low', 5)",
        ((n, START + n) for n in range(0, size, 2)),
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    folder = tmp_path_factory.mktemp("reach")
    small, large = filled(folder / "small.db", 400), filled(folder / "large.db", 6400)
    yield small, large
    small.close()
    large.close()


def steps(connection: Connection, call: Callable[[Connection], Any]) -> int:
    """Return how far SQLite's machine went, in hundreds; what was written is taken back."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.execute("BEGIN")
    connection.set_progress_handler(step, 100)
    try:
        call(connection)
    finally:
        connection.set_progress_handler(None, 0)
        connection.execute("ROLLBACK")
    return count


def page() -> Page:
    def mention(number: int) -> Mention:
        author = Author(id=f"new{number}", name="Ann Lee", handle=f"annlee{number}")
        external_id, thread = f"n{number}", f"t{number}"
        return Mention(
            external_id=external_id, text="?", author=author, published=NOW, thread_id=thread
        )

    def reply(number: int) -> Reply:
        return Reply(
            external_id=f"nr{number}", text="!", published=NOW, thread_id=f"t{number}",
            parent_id=f"n{number}", to=(f"h{number}",),
        )  # fmt: skip

    numbers = range(20)
    return Page(
        stream="s", items=(*map(mention, numbers), *map(reply, numbers), Deletion(external_id="m7"))
    )


LATE = START + 10_000_000
CALLS: dict[str, Callable[[Connection], Any]] = {
    **{
        f"section {name}": lambda c, name=name: queue.section(c, name, LATE, limit=50)
        for name in queue.SECTIONS
        if name != "closed"
    },
    **{
        f"count {name}": lambda c, name=name: queue.count(c, name, LATE)
        for name in queue.SECTIONS
        if name != "closed"
    },
    "a page": lambda c: items.save_page(c, Source(channel="x", type="x"), page(), NOW),
    "mentions": lambda c: conversations.mentions_of(c, ["x:5"]),
    "replies": lambda c: conversations.replies_to(c, conversations.mentions_of(c, ["x:5"]), ["h5"]),
    "neighbours": lambda c: conversations.neighbours(c, ["x:5"]),
    "save": lambda c: conversations.save(c, ["x:5"], [], [], {}, {}),
    "mark what is open": lambda c: conversations.mark_open_dirty(c, 1),
    "score what is open again": lambda c: conversations.forget_scores(c, only_open=True),
    "events": lambda c: events.of_mentions(c, [5, 6]),
    "links": lambda c: events.links_to(c, [5, 6]),
    "the last action": lambda c: events.last_live(c),
    "open items": lambda c: queue.open_items(c, "x", 500),
    "our newest replies": lambda c: queue.reply_ids_since(c, "x", START, 5),
    "a thread": lambda c: threads.entries(c, 5),
    "earlier ones": lambda c: threads.earlier_conversations(c, 5),
    "purge of little": lambda c: upkeep.purge(c, "x", START + 20, 1),
    "forget": lambda c: upkeep.forget(c, [50, 51], 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_sixteen_times_the_mentions_take_the_same_steps(
    stores: tuple[Store, Store], name: str
) -> None:
    small, large = (steps(store.connection, CALLS[name]) for store in stores)
    assert large <= 1.5 * small + 10
