"""
Mail servers that drop, stall and lie in every phase, through the whole program.

Reading: a mailbox that misbehaves beside a file that is well. The mailbox is named with a way out,
the exit code is 3, nothing says all clear, it ends in time; when the server is well again, what
came meanwhile is there once. Sending: one message, exit code 69, and the next run sends the mail.
"""

from __future__ import annotations

import re
import socketserver
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import time_machine

from mentionwatch.errors import ExitCode
from tests.channels.imap_script import DROP, HANG, Scripted
from tests.delivery.conftest import digest_to
from tests.shop import Result, Shop, run, when

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

LIMIT_SECONDS = 1
SLACK_SECONDS = 8
PASSWORD = "s3cret-of-the-mailbox"
NOW, THEN, LATER = "2026-11-20 12:00", "2026-11-20 12:10", "2026-11-20 12:40"


# --- reading --------------------------------------------------------------------------------------


class Post(Scripted):
    """An IMAP server with one folder; ``mails`` is how many are in it, ``script`` how it lies."""

    def __init__(self) -> None:
        self.mails = 2
        super().__init__({
            "LIST": b'* LIST () "/" INBOX\r\nTAG OK done\r\n',
            "EXAMINE": lambda server: b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"
            b"* OK [UIDNEXT %d] ok\r\nTAG OK done\r\n" % (self.mails, self.mails + 1),
            "UID SEARCH": lambda server: self.search(),
            "UID FETCH": lambda server: self.fetch(),
        })  # fmt: skip

    def search(self) -> bytes:
        """From a uid on, or all; there are no answers, so what asks for a header finds nothing."""
        said = self.heard[-1]
        first = re.search(r" UID (\d+)", said)
        known = range(int(first[1]) if first else 1, self.mails + 1)
        found = "" if "HEADER" in said else "".join(f" {uid}" for uid in known)
        return f"* SEARCH{found}\r\nTAG OK done\r\n".encode()

    def fetch(self) -> bytes:
        first, _, last = self.heard[-1].split()[2].partition(":")
        wanted = range(int(first), min(int(last or first), self.mails) + 1)
        return b"".join(map(self.fetched, wanted)) + b"TAG OK done\r\n"

    def fetched(self, uid: int) -> bytes:
        head = (
            f"From: Dana <dana{uid}@post.example>\r\nMessage-ID: <{uid}@post.example>\r\n"
            f"Subject: Order {uid}\r\nDate: Fri, 20 Nov 2026 10:0{uid}:00 +0000\r\n\r\n"
        )
        mail = head if "HEADER" in self.heard[-1] else f"{head}Where is my order {uid}?"
        return (
            f'* {uid} FETCH (UID {uid} INTERNALDATE "20-Nov-2026 10:0{uid}:00 +0000" '
            f"RFC822.SIZE {len(mail) + 30} FLAGS () BODY[] {{{len(mail)}}}\r\n{mail})\r\n"
        ).encode()


class Business:
    """Acme Coffee with a mailbox and a file."""

    def __init__(self, folder: Path, post: Post) -> None:
        self.folder = folder
        self.post = post
        self.config = folder / "acme.toml"
        self.page = folder / "page.ndjson"
        self.lines = 0
        self.tls = "none"
        self.more()

    def more(self) -> None:
        """Add a record to the file."""
        self.lines += 1
        with self.page.open("a") as stream:
            stream.write(f'{{"id": "{self.lines}", "author_id": "tom{self.lines}", "text": '
                         f'"And where is mine, {self.lines}?", '
                         '"created_at": "2026-11-20T08:00:00Z"}\n')  # fmt: skip

    def run(self, *words: str, at: str) -> Result:
        self.config.write_text(
            '[brand]\nname = "Acme Coffee"\n'
            '[channels.page]\ntype = "file"\npath = "page.ndjson"\n'
            f'[channels.inbox]\ntype = "email"\nhost = "127.0.0.1"\nport = {self.post.port}\n'
            f'tls = "{self.tls}"\nusername = "care@acme.example"\npassword = "{PASSWORD}"\n'
            f"timeout = {LIMIT_SECONDS}\n"
        )
        self.config.chmod(0o600)
        with time_machine.travel(when(at), tick=False):
            return run(*words, "--config", str(self.config))

    def stored(self) -> list[str]:
        """Return the texts that came by mail."""
        with sqlite3.connect(self.folder / "acme.db") as connection:
            query = "SELECT text FROM mention WHERE channel = 'inbox' ORDER BY id"
            return [row[0] for row in connection.execute(query)]


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    post = Post()
    business = Business(tmp_path, post)
    assert business.run("check", at=NOW).code == ExitCode.OK
    assert business.stored() == ["Where is my order 1?", "Where is my order 2?"]
    yield business
    post.over.set()
    post.listener.close()


def of_body(lie: bytes) -> Callable[[Post], bytes]:
    """Lie about bodies, and be honest about headers."""
    return lambda post: post.fetch() if "HEADER" in post.heard[-1] else lie


def half(post: Post) -> bytes:
    """Return an answer up to the middle of its literal."""
    whole = post.fetch()
    return whole[: whole.index(b"Message-ID")]


OFFERS_TLS = b"* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done\r\n"
# The command at which it happens, and what a liar answers there.
PHASES: dict[str, tuple[str, Any]] = {
    "greeting": ("GREETING", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "TLS": ("GREETING", b"* OK in clear\r\n"),
    "capabilities": ("CAPABILITY", b"* CAPABILITY \xff\xfe\r\nTAG OK done\r\n"),
    "STARTTLS": ("STARTTLS", b"TAG OK go on\r\n* OK in clear\r\n* OK in clear\r\n"),
    "login": ("LOGIN", b"OTHER OK welcome\r\n"),
    "list": ("LIST", b"\xff\xfe garbage\r\nTAG OK done\r\n"),
    "select": ("EXAMINE", b"* many EXISTS\r\n* OK [UIDVALIDITY x] ok\r\nTAG OK done\r\n"),
    "search": ("UID SEARCH", b"* SEARCH 99\r\nTAG OK done\r\n"),
    "fetch header": ("UID FETCH", b"* 3 FETCH (UID 9 FLAGS () BODY[] {2}\r\n\r\n)\r\nTAG OK\r\n"),
    "fetch body": ("UID FETCH", b"* 3 FETCH (UID 3 BODY[] {99999999}\r\n"),
    "in a literal": ("UID FETCH", b"* 3 FETCH (UID 3 BODY[] {-7}\r\nabc)\r\nTAG OK done\r\n"),
}
MANNERS = ("drops", "stalls", "lies")


def fault(phase: str, manner: str) -> dict[str, Any]:
    command, lie = PHASES[phase]
    end = {"drops": DROP, "stalls": HANG, "lies": lie}[manner]
    if phase == "fetch body":
        return {command: of_body(end)}
    if phase == "in a literal" and manner != "lies":
        return {command: lambda post: half(post) + end}
    if phase == "STARTTLS":
        return {"CAPABILITY": OFFERS_TLS, command: end}
    return {command: end}


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_mailbox_fails_in_any_phase(business: Business, phase: str, manner: str) -> None:
    post = business.post
    honest = dict(post.script)
    post.mails = 3
    post.script.update(fault(phase, manner))
    business.tls = {"TLS": "ssl", "STARTTLS": "starttls"}.get(phase, "none")
    business.more()
    began = time.monotonic()
    result = business.run("check", "--json", at=THEN)
    assert time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS
    assert_named(business, result)
    assert business.stored() == ["Where is my order 1?", "Where is my order 2?"]
    post.script = honest
    business.tls = "none"
    for at in (LATER, "2026-11-20 12:50"):
        assert business.run("check", at=at).code == ExitCode.OK
        assert business.stored() == [f"Where is my order {number}?" for number in (1, 2, 3)]


def assert_named(business: Business, result: Result) -> None:
    """The mailbox is named with a way out, the file is read, nothing says all clear."""
    assert result.code == ExitCode.INCOMPLETE, result.err
    assert "Traceback" not in result.err
    assert "nobody foresaw" not in result.err + result.out
    states = {state["name"]: state for state in result.json["channels"]}
    assert states["inbox"]["status"] in ("failed", "partial")
    assert states["inbox"]["problem"]
    assert states["inbox"]["hint"]
    assert states["page"]["status"] == "ok"
    assert result.json["summary"]["complete"] is False
    assert f"And where is mine, {business.lines}?" in {row["text"] for row in result.rows}
    shown = business.run("queue", "--format", "plain", at=THEN)
    assert "inbox" in shown.out
    assert "Not complete" in shown.out
    assert "Nothing is waiting" not in shown.out
    for text in (result.out, result.err, shown.out):
        assert PASSWORD not in text


def test_a_mail_that_is_not_handed_out_is_asked_for_until_it_is(business: Business) -> None:
    """A later one is read meanwhile, and each run says that one is missing."""
    post = business.post
    post.mails = 4
    honest = post.script["UID FETCH"]

    def without_the_third(post: Post) -> bytes:
        if post.heard[-1].split()[2] == "3":
            return b"TAG NO [SERVERBUG] not now\r\n"
        return re.sub(rb"(?s)\* 3 FETCH .*?order 3\?\)\r\n|\* 3 FETCH .*?\r\n\r\n\)\r\n", b"",
                      post.fetch())  # fmt: skip

    post.script["UID FETCH"] = without_the_third
    for at in (THEN, "2026-11-20 12:20"):
        business.more()
        assert_named(business, business.run("check", "--json", at=at))
        assert [text[-2] for text in business.stored()] == ["1", "2", "4"]
    post.script["UID FETCH"] = honest
    assert business.run("check", at=LATER).code == ExitCode.OK
    assert sorted(text[-2] for text in business.stored()) == ["1", "2", "3", "4"]


# --- sending --------------------------------------------------------------------------------------

STEPS = ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "after the dot", "QUIT")
LIES = {
    "greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "EHLO": b"\xff\xfe garbage\r\n",
    "STARTTLS": b"220 go on\r\n220 in clear\r\n220 in clear\r\n",
    "AUTH": b"334 !!! not base64 !!!\r\n",
    "MAIL": b"354 go on\r\n",
    "RCPT": b"twofifty OK\r\n",
    "DATA": b"250 taken already\r\n",
    "after the dot": b"354 go on\r\n",
    "QUIT": b"\xff\xfe\r\n",
}


class Talk(socketserver.StreamRequestHandler):
    """Talks SMTP, and misbehaves in one phase."""

    server: Server

    def handle(self) -> None:
        if self.says("greeting", b"220 here"):
            for raw in self.rfile:
                word = raw.split()[0].decode("ascii", "replace").upper() if raw.split() else ""
                if not self.answers(word):
                    return

    def answers(self, word: str) -> bool:
        offer = b"250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS"
        known = {"EHLO": offer, "AUTH": b"235 welcome", "STARTTLS": b"454 not now",
                 "DATA": b"354 go on"}  # fmt: skip
        if not self.says(word, known.get(word, b"250 fine")):
            return False
        if word == "DATA" and self.server.phase != "DATA":
            body = b""
            for line in self.rfile:
                if line == b".\r\n":
                    break
                body += line
            if self.server.phase != "after the dot" or self.server.keeps:
                self.server.mails.append(body)
            return self.says("after the dot", b"250 taken")
        return word != "QUIT"

    def says(self, phase: str, honest: bytes) -> bool:
        """Answer, or misbehave if it is the time for that; False ends the talk."""
        manner = self.server.manner if phase == self.server.phase else ""
        if manner == "stalls":
            self.server.over.wait(20)
        if manner in ("stalls", "drops"):
            return False
        self.wfile.write(LIES[phase] if manner == "lies" else honest + b"\r\n")
        return True


class Server(socketserver.ThreadingTCPServer):
    """``phase``, ``manner``: when and how it misbehaves; ``keeps``: it has the mail anyway."""

    allow_reuse_address = True
    daemon_threads = True
    phase = manner = ""
    keeps = False

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), Talk)

    def handle_error(self, *_: object) -> None:
        """Clients that go away are a part of the tests."""

    def ids(self) -> list[str]:
        return [message_from_bytes(mail)["Message-ID"] for mail in self.mails]


@pytest.fixture
def smtp() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def shop(tmp_path: Path, smtp: Server) -> Shop:
    shop = Shop(tmp_path)
    shop.records("facebook", {"id": "1", "author_id": "a", "text": "Where is it?", "at": "08:00"})
    shop.run("sync", at="10:00")
    login = f'username = "owner@acme.example"\npassword = "{PASSWORD}"'
    shop.more = digest_to(smtp.server_address[1], smtp=login)
    shop.more = shop.more.replace("timeout = 5", f"timeout = {LIMIT_SECONDS}")
    return shop


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("phase", STEPS)
def test_a_mail_server_fails_in_any_phase(
    shop: Shop, smtp: Server, phase: str, manner: str
) -> None:
    honest = shop.more
    if phase == "STARTTLS":
        shop.more = shop.more.replace('tls = "none"', 'tls = "starttls"')
    smtp.phase, smtp.manner = phase, manner
    began = time.monotonic()
    failed = shop.run("digest", "--send", at="11:00")
    assert time.monotonic() - began < 4 * LIMIT_SECONDS + SLACK_SECONDS
    assert PASSWORD not in failed.err + failed.out
    if phase == "QUIT":  # it has taken the mail; how it says goodbye does not matter
        assert failed.code == ExitCode.OK, failed.err
    else:
        assert_one_message(failed)
        assert smtp.mails == []
    shop.more, smtp.phase = honest, ""
    for at in ("11:30", "11:40"):
        assert shop.run("digest", "--send", at=at).code == ExitCode.OK
        assert len(smtp.mails) == 1


def assert_one_message(result: Result) -> None:
    assert result.code == ExitCode.UNAVAILABLE, result.err
    assert "Traceback" not in result.err
    complaints = [line for line in result.err.splitlines() if line.startswith("mentionwatch:")]
    assert len(complaints) == 1
    assert "the mail server 127.0.0.1:" in complaints[0]
    assert "hint: " in result.err


def test_a_mail_that_was_taken_without_a_word_comes_once_more(shop: Shop, smtp: Server) -> None:
    """Whether it was taken nobody knows: it is repeated, under the same Message-ID."""
    smtp.phase, smtp.manner, smtp.keeps = "after the dot", "drops", True
    assert_one_message(shop.run("digest", "--send", at="11:00"))
    smtp.phase = ""
    for at in ("11:30", "11:40"):
        assert shop.run("digest", "--send", at=at).code == ExitCode.OK
    assert len(smtp.ids()) == 2
    assert len(set(smtp.ids())) == 1
