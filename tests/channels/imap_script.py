"""A small IMAP server made of canned lines, for what no real one does: hang, drop, lie, refuse."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mentionwatch.channels import Query
from mentionwatch.channels.email import Email
from mentionwatch.credentials import Secret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUERY = Query(terms=(), since=NOW, now=NOW)
MAIL = (
    b"From: Dana <dana@post.example>\r\nMessage-ID: <m@post.example>\r\nSubject: Hi\r\n\r\nHello?"
)

# What a small honest server says; "TAG" is replaced, each answer ends in a tagged line.
HONEST: dict[str, bytes] = {
    "GREETING": b"* OK ready\r\n",
    "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n",
    "LOGIN": b"TAG OK done\r\n",
    "LIST": b'* LIST () "/" INBOX\r\n* LIST () "/" "Sent Items"\r\nTAG OK done\r\n',
    "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK done\r\n",
    "UID SEARCH": b"* SEARCH 1\r\nTAG OK done\r\n",
    "UID FETCH": b"* 1 FETCH (UID 1 FLAGS () BODY[] {%d}\r\n%s)\r\nTAG OK done\r\n"
    % (len(MAIL), MAIL),
    "LOGOUT": b"* BYE\r\nTAG OK done\r\n",
}
HANG, DROP = b"hang", b"drop"  # in place of an answer, or behind the first part of one


class Scripted:
    """A server that answers each command by its script; ``heard`` holds the lines it was sent."""

    def __init__(self, script: dict[str, Any]) -> None:
        self.script = {**HONEST, **script}
        self.heard: list[str] = []
        self.connections = 0
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            lines = connection.makefile("rb")
            if not self._say(connection, lines, "GREETING", ""):
                return
            for line in lines:
                words = line.decode("utf-8", "replace").split()
                tag, name = words[0], words[1].upper() if len(words) > 1 else ""
                name = f"UID {words[2].upper()}" if name == "UID" else name
                self.heard.append(" ".join(words[1:]))
                if not self._say(connection, lines, name, tag) or name == "LOGOUT":
                    return

    def _say(self, connection: socket.socket, lines: Any, name: str, tag: str) -> bool:
        answer = self.script.get(name, b"TAG BAD unknown\r\n")
        if callable(answer):
            answer = answer(self)
        for end in (HANG, DROP):
            if isinstance(answer, bytes) and answer.endswith(end):
                connection.sendall(answer.removesuffix(end).replace(b"TAG", tag.encode()))
                if end == HANG:
                    self.over.wait(20)
                return False
        first, *others = answer if isinstance(answer, list) else [answer]
        connection.sendall(first.replace(b"TAG", tag.encode()))
        for part in others:  # a dialogue: each part follows a line of the client's
            self.heard.append(lines.readline().decode().strip())
            connection.sendall(part.replace(b"TAG", tag.encode()))
        return True


@contextmanager
def scripted(**script: Any) -> Iterator[Scripted]:
    server = Scripted({name.replace("_", " "): answer for name, answer in script.items()})
    try:
        yield server
    finally:
        server.over.set()
        with suppress(OSError):
            server.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which holds it open
        server.listener.close()


def settings(server: Scripted, **changes: Any) -> Email:
    made = Email(
        host="127.0.0.1", port=server.port, tls="none", username="hello@acmecoffee.example",
        password=Secret("s3cret"),
    )  # fmt: skip
    return replace(made, **changes)


def read(server: Scripted, query: Query = QUERY, seconds: float = 10, **changes: Any) -> list[Any]:
    session = settings(server, **changes).connect(seconds)
    try:
        return [item for page in session.pages(query) for item in page.items]
    finally:
        session.close()
