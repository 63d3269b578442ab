"""
Runs command lines in processes of their own and kills them, with SIGKILL, at a given write.

Every statement that writes counts, and so do BEGIN and COMMIT: between two of them lies every
moment at which a crash could tear something. So does every line that is sent to a mail server, the
moment at which it has taken a mail, and the moments before and after a request to a service.

    with Killer() as killer:
        whole = killer.run("sync", …)            # whole.writes: one letter per write
        cut = killer.run("sync", …, kill_at=17)  # before the 17th; cut.killed
        full = killer.run("sync", …, fill_at=17) # before the 17th the disk is full

A process that has loaded everything already is forked for each run: a run is a real process with
real files and a real end, without the second that Python and its libraries take to start. Where
keys are given, it has a real terminal, and they are typed as soon as it asks for them.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITES = (
    *("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "CREATE", "DROP", "ALTER", "SAVEPOINT"),
    *("RELEASE", "PRAGMA USER_VERSION =", "PRAGMA JOURNAL_MODE =", "VACUUM"),
)
ROOT = Path(__file__).resolve().parents[2]
# Where a write stands: in a transaction, between sending and recording, or in neither; an edge is
# the moment just before something leaves this program, or just after.
INSIDE, SENDING, EDGE, OUTSIDE = "t", "s", "e", "."


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run ended. ``writes``: where each stood that it came to, one letter each."""

    code: int
    out: str
    err: str
    writes: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Killer:
    """The process that is forked; a context manager."""

    def __enter__(self) -> Killer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.killed"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def run(
        self,
        *arguments: str,
        folder: Path,
        at: str,
        kill_at: int = 0,
        fill_at: int = 0,
        filler: Path | None = None,
        user: int = 0,
        keys: Sequence[tuple[str, str]] = (),
    ) -> Run:
        """
        Run a command line.

        Args:
            folder: Where its output is kept meanwhile.
            at: The time that its clock shows, in ISO form with its zone.
            kill_at: Which write it does not live to make; 0 for none.
            fill_at: Which write finds the disk full; 0 for none.
            filler: The file that fills it.
            user: Whose process it is, as a number; 0 for our own.
            keys: What is typed in a terminal: after which words on the screen, and the keys.
        """
        job = {
            "arguments": arguments, "folder": str(folder), "at": at, "kill_at": kill_at,
            "fill_at": fill_at, "filler": str(filler), "user": user, "keys": list(keys),
        }  # fmt: skip
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that is forked has died"
        texts = {name: (folder / f"{name}.txt").read_text() for name in ("out", "err", "writes")}
        return Run(code=json.loads(answer), **texts)


# --- in the other process -------------------------------------------------------------------------


class Counter:
    """Counts writes, notes where each stands; kills this process or fills the disk at one."""

    def __init__(self, job: dict[str, Any], notes: int) -> None:
        self.job = job
        self.count = 0
        self.notes = notes  # a file: what is written to it outlives us
        self.unrecorded = False

    def write(self, place: str) -> None:
        self.count += 1
        if self.count == self.job["kill_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.count == self.job["fill_at"]:
            fill(Path(self.job["filler"]))
        os.write(self.notes, place.encode())

    def traced(self, connection: sqlite3.Connection) -> Callable[[str], None]:
        def statement(text: str) -> None:
            words = text.lstrip().upper()
            if not words.startswith(WRITES):
                return
            inside = INSIDE if connection.in_transaction else OUTSIDE
            self.write(SENDING if self.unrecorded else inside)
            if words.startswith("COMMIT"):
                self.unrecorded = False

        return statement


def fill(path: Path) -> None:
    """Write a file until there is no room left for a single byte."""
    with path.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        for size in (65536, 1):
            with contextlib.suppress(OSError):
                while stream.write(b"x" * size):
                    pass


def _watch(counter: Counter) -> None:
    import smtplib

    from mentionwatch.client import Client
    from mentionwatch.delivery import mail
    from mentionwatch.store import database

    connect, send_line, send_mail = database._connect, smtplib.SMTP.send, mail.send
    send_request, back_up = Client._send, database.backup

    def watched(path: os.PathLike[str]) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(counter.traced(connection))
        return connection

    def line(self: smtplib.SMTP, data: Any) -> None:
        counter.write(SENDING)
        send_line(self, data)

    def sent(*arguments: Any) -> None:
        counter.write(EDGE)
        send_mail(*arguments)
        counter.unrecorded = True
        counter.write(EDGE)

    async def asked(self: Client, *arguments: Any) -> Any:
        counter.write(EDGE)
        answer = await send_request(self, *arguments)
        counter.unrecorded = True
        counter.write(EDGE)
        return answer

    def copied(*arguments: Any) -> None:
        back_up(*arguments)
        counter.write(EDGE)  # the copy is there, and has not got its name yet

    database._connect = watched
    smtplib.SMTP.send = line
    mail.send = sent
    Client._send = asked
    database.backup = copied


def _child(job: dict[str, Any]) -> None:
    import time_machine

    from mentionwatch.cli.start import main

    folder = Path(job["folder"])
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(folder / f"{name}.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        if number == 2 or not job["keys"]:
            os.dup2(file, number)
    if not job["keys"]:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    notes = os.open(folder / "writes.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - it lives as long as the process
    sys.stderr = open(2, "w", closefd=False, buffering=1)  # noqa: SIM115
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    _watch(Counter(job, notes))
    if job["user"]:
        os.setgroups([])
        os.setgid(job["user"])
        os.setuid(job["user"])
    with time_machine.travel(job["at"], tick=False):
        code = main(job["arguments"])
    sys.stdout.flush()
    os._exit(int(code))


def _load() -> None:
    """Import what the commands would import one by one."""
    import importlib
    import pkgutil
    import tempfile

    from tests.shop import Shop

    for package in ("app", "cli", "store", "core", "delivery", "output"):
        parent = importlib.import_module(f"mentionwatch.{package}")
        for module in pkgutil.walk_packages(parent.__path__, f"{parent.__name__}."):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as folder:  # and what they import on their way
        shop = Shop(Path(folder))
        shop.records("facebook", {"id": "1", "author_id": "a", "text": "When?", "at": "09:00"})
        for words in ("sync", "check", "queue", "done 1", "note 1 called", "rescore --history"):
            assert shop.run(*words.split(), at="10:00").code == 0
        shop.run("queue", "--nothing", at="10:00")


def _type(terminal: int, keys: Sequence[tuple[str, str]]) -> None:
    """Type the keys, each after its words have appeared, and read until the terminal is closed."""
    screen = ""
    left = list(keys)
    with contextlib.suppress(OSError):  # how a terminal ends whose process is gone
        while data := os.read(terminal, 65536):
            screen += data.decode("utf-8", "replace")
            if left and left[0][0] in screen:
                screen = ""
                os.write(terminal, left.pop(0)[1].encode())
    os.close(terminal)


def serve() -> None:
    _load()
    for line in sys.stdin:
        job = json.loads(line)
        child, terminal = pty.fork() if job["keys"] else (os.fork(), 0)
        if not child:
            try:
                _child(job)
            finally:
                os._exit(99)
        if terminal:
            _type(terminal, job["keys"])
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
