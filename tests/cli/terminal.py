"""A command in a real pseudo-terminal: send keys, wait for what the screen says."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import sys
import time
from pathlib import Path

from tests.shop import ROOT

PATIENCE = 20.0


class Terminal:
    """Runs ``mentionwatch`` with arguments in a terminal of its own; a context manager."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 40,
        env: dict[str, str] | None = None,
        nohup: bool = False,
    ) -> None:
        self.arguments = [sys.executable, "-m", "mentionwatch", *arguments]
        self.columns, self.rows = columns, rows
        self.env = {
            **os.environ,
            "TERM": "xterm-256color",
            "BROWSER": "true",
            "COLUMNS": str(columns),
            "LINES": str(rows),
            **(env or {}),
        }
        self.on_hang_up = signal.SIG_IGN if nohup else signal.SIG_DFL
        self.screen = ""
        self.status: int | None = None

    def __enter__(self) -> Terminal:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            # Inherited it would be ignored where the tests themselves were started with nohup.
            signal.signal(signal.SIGHUP, self.on_hang_up)
            os.execve(self.arguments[0], self.arguments, self.env)
        import fcntl
        import termios

        size = struct.pack("HHHH", self.rows, self.columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def send(self, keys: str) -> None:
        """Type; what was on the screen before is forgotten."""
        self.screen = ""
        os.write(self.descriptor, keys.encode())

    def wait_for(self, text: str) -> str:
        """Read until the text has appeared, and return all of the screen since the last keys."""
        until = time.monotonic() + PATIENCE
        while text not in self.screen:
            if time.monotonic() > until or not self._read(until):
                raise AssertionError(f"{text!r} never came; the screen has:\n{self.screen}")
        return self.screen

    def _read(self, until: float) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            return False
        self.screen += data.decode("utf-8", "replace")
        return bool(data)

    def end(self) -> int:
        """Wait for the command to end and return its exit code."""
        until = time.monotonic() + PATIENCE
        while self._read(until):
            pass
        while not (ended := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() > until:
                raise AssertionError(f"it does not end; the screen has:\n{self.screen}")
            time.sleep(0.01)
        _, status = ended
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def hang_up(self) -> None:
        """Drop the connection, as a lost ssh does: the terminal is gone, and SIGHUP is sent."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self.descriptor, inheritable=False)
        os.close(nothing)


def config_of(folder: Path) -> str:
    return str(folder / "shop.toml")
