"""
One user's mailbox on a real IMAP server, and what a store would know of it.

A test module imports the fixtures ``imap_server`` and ``inbox``; each module has its own server.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels.email import Email
from mentionwatch.credentials import Secret
from mentionwatch.model.items import Deletion, Mention, Page, Reply, StreamState
from tests.channels import dovecot

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture(scope="module")
def imap_server() -> Iterator[dovecot.Dovecot]:
    if reason := dovecot.why_not():
        pytest.skip(reason)
    with dovecot.running() as running:
        yield running


@dataclass
class Inbox:
    """One user's mailbox, and what a store would know of it."""

    server: dovecot.Dovecot
    user: str
    settings: Email
    streams: dict[str, StreamState] = field(default_factory=dict)
    mentions: dict[str, Mention] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    deleted: list[Deletion] = field(default_factory=list)
    now: datetime = NOW

    def receive(
        self, name: str = "m", ago: float = 1, folder: str = "INBOX", **headers: str
    ) -> None:
        """A mail from Dana arrives, *ago* hours before now."""
        lines = {"From": "Dana <dana@post.example>", "To": self.user, **_named(headers)}
        self.put(folder, f"{name}@post.example", lines, b"Hello?", ago)

    def answer(
        self, name: str = "a", ago: float = 0.5, folder: str = "Sent", **headers: str
    ) -> None:
        """We write a mail to Dana with our own program."""
        lines = {"From": self.user, "To": "dana@post.example", **_named(headers)}
        self.put(folder, f"{name}@acmecoffee.example", lines, b"We are sorry.", ago)

    def put(
        self, folder: str, mail_id: str, lines: dict[str, str], text: bytes, ago: float
    ) -> None:
        lines = {"Subject": "Order", "Message-ID": f"<{mail_id}>", **lines}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
        at = self.now - timedelta(hours=ago)
        self.server.deliver(self.user, head + b"\r\n" + text, folder, at)

    def query(self) -> Query:
        answered = {reply.parent_id for reply in self.replies.values() if reply.certainty == "sure"}
        waiting = [
            m for m in self.mentions.values() if not m.skipped and m.external_id not in answered
        ]
        return Query(
            terms=("Acme Coffee",), since=NOW - timedelta(days=30), now=self.now,
            own_accounts=("@acme@social.example", "ben@acmecoffee.example"),
            streams=dict(self.streams), open=tuple(open_item(mention) for mention in waiting),
        )  # fmt: skip

    @contextlib.contextmanager
    def session(self, **changes: Any) -> Iterator[Any]:
        session = replace(self.settings, **changes).connect(20)
        try:
            yield session
        finally:
            session.close()

    def sync(self, pages: int | None = None, **changes: Any) -> list[Page]:
        """Read and store, all or the first *pages* pages."""
        with self.session(**changes) as session:
            read = []
            for page in islice(session.pages(self.query()), pages):
                self.store(page)
                read.append(page)
        return read

    def store(self, page: Page) -> None:
        for item in page.items:
            if isinstance(item, Mention):
                self.mentions[item.external_id] = item
            elif isinstance(item, Reply):
                self.replies[item.external_id] = item
            elif isinstance(item, Deletion):
                self.deleted.append(item)
        if page.state is not None:
            self.streams[page.stream] = page.state


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def open_item(mention: Mention) -> OpenItem:
    assert mention.published
    return OpenItem(
        external_id=mention.external_id, thread_id=mention.thread_id,
        published=mention.published, author_id=mention.author.id,
    )  # fmt: skip


def items(pages: list[Page]) -> list[Any]:
    return [item for page in pages for item in page.items]


@pytest.fixture
def inbox(imap_server: dovecot.Dovecot) -> Inbox:
    user = f"hello{next(_numbers)}@acmecoffee.example"
    settings = Email(
        host="127.0.0.1", port=imap_server.plain_port, tls="none", username=user,
        password=Secret(dovecot.PASSWORD),
    )  # fmt: skip
    return Inbox(server=imap_server, user=user, settings=settings)
