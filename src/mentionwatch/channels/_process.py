"""
Running a program of the owner's: bounded in time, with nothing of it left behind.

The program and its children form a process group of their own; the group is ended, not only the
program. Both of its outputs are read at the same time, or a talkative one would stop it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

CHUNK = 65_536
GRACE = 2.0  # seconds between the polite and the other signal, when a program takes too long
ABORT_GRACE = 0.5  # the same when the run itself is interrupted
AFTER_EXIT = 1.0  # seconds of silence after which what a child still holds open is not waited for
_TICK = 0.05


class OutOfTime(Exception):
    """The program did not end in time."""


class Program:
    """
    One run of a program. Raises OSError where it cannot be started.

    Args:
        argv: The program and its arguments; no shell is involved.
        env: All of its environment.
        folder: Where it runs.
        given: What it finds on its standard input.
        seconds: How long it may take.
        heard: Gets each line of its standard error, in another thread.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        given: bytes,
        seconds: float,
        heard: Callable[[bytes], None],
    ) -> None:
        self._until = time.monotonic() + seconds
        self._stopped = threading.Event()
        self._ending = threading.Lock()
        self._chunks: queue.Queue[bytes] = queue.Queue(maxsize=32)
        self._popen = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd=folder,
            bufsize=0,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        popen = self._popen
        assert popen.stdin is not None
        assert popen.stdout is not None
        assert popen.stderr is not None
        stdin, stdout, stderr = popen.stdin, popen.stdout, popen.stderr
        self._threads = [
            self._beside(lambda: _give(stdin, given)),
            self._beside(lambda: self._read(stdout)),
            self._beside(lambda: _hear(stderr, heard)),
        ]

    def chunks(self) -> Iterator[bytes]:
        """Yield what the program prints, as it comes. Raises OutOfTime."""
        silent_since = time.monotonic()
        while not self._stopped.is_set():
            try:
                chunk = self._chunks.get(timeout=_TICK)
            except queue.Empty:
                now = time.monotonic()
                if now > self._until:
                    raise OutOfTime from None
                if self._exited() and now - silent_since > AFTER_EXIT:
                    return  # a child keeps the pipe open
                continue
            if not chunk:
                return
            silent_since = time.monotonic()
            yield chunk

    def result(self) -> int:
        """Wait for the end and return the exit code; negative: the signal. Raises OutOfTime."""
        while not self._exited():
            if time.monotonic() > self._until:
                raise OutOfTime
            if self._stopped.wait(_TICK):
                break
        return self._end(0.0)

    def stop(self) -> None:
        """End the program and its children, politely first; returns when it is gone."""
        self._stopped.set()
        self._end(GRACE)

    def abort(self) -> None:
        """Do the same from another thread, without waiting for it."""
        self._stopped.set()
        # Not a daemon: the end of the interpreter waits for it, so nothing is left behind.
        threading.Thread(target=lambda: self._end(ABORT_GRACE), name="ending a program").start()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def _end(self, grace: float) -> int:
        with self._ending:
            if self._popen.returncode is None:
                if not self._exited():
                    self._signal(polite=True)
                until = time.monotonic() + grace
                while not self._exited() and time.monotonic() < until:
                    time.sleep(_TICK / 5)
                # Also when the program itself is gone: its children belong to it.
                self._signal(polite=False)
            code = self._popen.wait()
        self._close()
        return code

    def _exited(self) -> bool:
        """
        Tell whether the program is gone.

        It is not reaped where that can be avoided: as long as it is a zombie, nobody else can get
        the number of its process group, to which we may have to send a signal.
        """
        if self._popen.returncode is not None:
            return True
        if sys.platform == "win32" or not hasattr(os, "waitid"):
            return self._popen.poll() is not None
        try:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._popen.pid, options) is not None
        except ChildProcessError:
            return True

    def _signal(self, *, polite: bool) -> None:
        # It has ended, or became somebody else's: then it is not for us to end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform != "win32":
                os.killpg(self._popen.pid, signal.SIGTERM if polite else signal.SIGKILL)
            elif polite:
                self._popen.terminate()
            else:
                self._popen.kill()

    def _beside(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name="program's pipe", daemon=True)
        thread.start()
        return thread

    def _read(self, pipe: IO[bytes]) -> None:
        try:
            while chunk := pipe.read(CHUNK):
                if not self._put(chunk):
                    return
        except (OSError, ValueError):
            pass  # closed by us
        self._put(b"")

    def _put(self, chunk: bytes) -> bool:
        while not self._stopped.is_set():
            try:
                self._chunks.put(chunk, timeout=_TICK)
            except queue.Full:
                continue
            return True
        return False

    def _close(self) -> None:
        """Close the pipes; one that a runaway child still holds is left to its thread."""
        pipes = (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        for thread, pipe in zip(self._threads, pipes, strict=True):
            self._stopped.set()
            thread.join(0.5)
            if pipe is not None and not thread.is_alive():
                with contextlib.suppress(OSError):
                    pipe.close()


def _give(pipe: IO[bytes], data: bytes) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[pipe.write(view) :]
    except (OSError, ValueError):
        pass  # it need not read what it is given
    finally:
        with contextlib.suppress(OSError):
            pipe.close()


def _hear(pipe: IO[bytes], heard: Callable[[bytes], None]) -> None:
    """Hand on each line of standard error; a line without an end is cut, never collected."""
    rest = b""
    try:
        while chunk := pipe.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                heard(line)
            if len(rest) > CHUNK:
                heard(rest)
                rest = b""
    except (OSError, ValueError):
        pass  # closed by us
    if rest:
        heard(rest)
