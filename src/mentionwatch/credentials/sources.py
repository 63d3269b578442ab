"""The places from which a secret comes: environment, programs, files, the keyring."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mentionwatch.credentials import redaction
from mentionwatch.credentials.redaction import redact, remember

if TYPE_CHECKING:
    from subprocess import Popen

# No credential is longer; what is longer is a wrong file or a program that floods.
LONGEST = 64 * 1024

COMMAND_SECONDS = 30.0
INTERACTIVE_SECONDS = 60.0
KEYRING_SECONDS = 15.0

# In a process of its own: on a machine without a desktop session it may hang for ever.
# https://github.com/jaraco/keyring/issues/620
_ASK_KEYRING = """
import sys
try:
    import keyring
except ImportError:
    sys.exit(3)
try:
    found = keyring.get_password(sys.argv[1], sys.argv[2])
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
    sys.exit(5)
if found is None:
    sys.exit(4)
sys.stdout.buffer.write(found.encode("utf-8"))
"""


class Failed(Exception):
    """A reason and a hint, without the key: keys that say the same share one look-up."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


_one_at_a_time = threading.RLock()
_found: dict[tuple[str, ...], str] = {}
_failed: dict[tuple[str, ...], Failed] = {}
_interactive = False


def look_up(where: tuple[str, ...]) -> str:
    """Return the value at (kind, *details); raises Failed. Both are kept for this process."""
    with _one_at_a_time:
        if where not in _found and where not in _failed:
            _ask(where)
        if where in _found:
            return _found[where]
        known = _failed[where]
        raise Failed(known.reason, known.hint)


def known(where: tuple[str, ...]) -> bool:
    """Whether `look_up` answers at once."""
    return where[0] in ("plain", "wrong", "env") or where in _found or where in _failed


def set_interactive(value: bool) -> None:
    """Say whether somebody sits at the terminal and may be asked by a password manager."""
    global _interactive
    _interactive = value


def forget_resolved() -> None:
    """Forget all that was looked up, and what is masked because of it; for tests."""
    with _one_at_a_time:
        _found.clear()
        _failed.clear()
        redaction.forget()


def _ask(where: tuple[str, ...]) -> None:
    kind, *rest = where
    try:
        value = _SOURCES[kind](*rest)
    except Failed as failed:
        _failed[where] = failed
        return
    remember(value)
    _found[where] = value


def _plain(value: str) -> str:
    if not value:
        raise Failed("it is empty", hint="write the value, or where it is: env:, cmd:, file:")
    return value


def _wrong(problem: str) -> str:
    raise Failed(problem)


def _env(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        state = "empty" if name in os.environ else "not set"
        raise Failed(
            f"the environment variable {name} is {state}",
            hint="set it where mentionwatch runs; cron jobs do not see your shell's variables",
        )
    return value


def _file(written: str) -> str:
    path = Path(written).expanduser()
    try:
        # Not blocking: a named pipe without a writer would hang here.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise Failed(f"the file {written} cannot be read ({reason})") from None
    try:
        problem = _unsafe(descriptor)
        if problem:
            raise Failed(f"the file {written} {problem}", hint=f"run: chmod 600 {written}")
        data = os.read(descriptor, LONGEST + 1)
    finally:
        os.close(descriptor)
    return _first_line(data, f"the file {written}")


def _unsafe(descriptor: int) -> str:
    """Return why a file must not hold secrets; "" when it may."""
    import stat

    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return "is not a plain file"
    if os.name != "posix":
        return ""
    if status.st_uid != os.geteuid():
        return "belongs to somebody else"
    if stat.S_IMODE(status.st_mode) & 0o177:
        return f"may be used by others (mode {stat.S_IMODE(status.st_mode):04o})"
    return ""


def _first_line(data: bytes, origin: str) -> str:
    """Return the first line without its end; blanks belong to the value."""
    if len(data) > LONGEST:
        raise Failed(f"{origin} gave more than {LONGEST // 1024} KB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failed(f"{origin} gave something that is not text") from None
    line, _, more = text.partition("\n")
    line = line.removesuffix("\r")
    if not line.strip():
        raise Failed(f"{origin} gave nothing")
    if more.partition("\n")[0].strip() and not origin.endswith(("'pass'", "'gopass'")):
        import logging

        logging.getLogger(__name__).warning("%s gave several lines; the first is used", origin)
    return line


def _cmd(*argv: str) -> str:
    name = program(list(argv))
    seconds = INTERACTIVE_SECONDS if _interactive else COMMAND_SECONDS
    data, said, code = _run(argv, seconds, name)
    if code and len(data) <= LONGEST:  # a flood was ended by us: its code says nothing
        detail = f": {said}" if said else ""
        raise Failed(
            f"the command '{name}' failed with exit code {code}{detail}",
            hint="run it yourself in a terminal to see what it wants",
        )
    return _first_line(data, f"the command '{name}'")


def _keyring(service: str, user: str) -> str:
    import sys

    elsewhere = "for cron and servers use file: or cmd: instead"
    entry = f"the keyring entry {service}/{user}"
    argv = (sys.executable, "-P", "-c", _ASK_KEYRING, service, user)
    data, said, code = _run(argv, KEYRING_SECONDS, "keyring")
    if code == 3:
        raise Failed(
            "the keyring package is not installed",
            hint=f'pip install "mentionwatch[keyring]"; {elsewhere}',
        )
    if code == 4:
        raise Failed(f"{entry} does not exist", hint=f"run: keyring set {service} {user}")
    if code:
        raise Failed(f"{entry} could not be read ({said or code})", hint=elsewhere)
    return _first_line(data, entry)


def program(argv: list[str]) -> str:
    return Path(argv[0]).name


def _run(argv: tuple[str, ...], seconds: float, name: str) -> tuple[bytes, str, int]:
    """Run a program without a shell. Returns what it printed, its redacted errors, its code."""
    import subprocess

    try:
        process = subprocess.Popen(
            [str(Path(argv[0]).expanduser()) if argv[0].startswith("~") else argv[0], *argv[1:]],
            stdin=None if _interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if _interactive else subprocess.PIPE,
            # A group of its own can be ended with its children; but only the group in front
            # may ask at the terminal.
            process_group=0 if os.name == "posix" and not _interactive else None,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a command"
        raise Failed(f"the command '{name}' cannot be run ({reason})") from None
    try:
        return _listen(process, seconds, name)
    finally:
        _end(process)


def _listen(process: Popen[bytes], seconds: float, name: str) -> tuple[bytes, str, int]:
    """Read both pipes up to a limit in threads, so that neither flood nor silence holds us."""
    import subprocess

    out, err = bytearray(), bytearray()
    readers = [
        threading.Thread(target=_drain, args=(pipe, heard, limit), daemon=True)
        for pipe, heard, limit in ((process.stdout, out, LONGEST), (process.stderr, err, 2000))
        if pipe is not None
    ]
    for reader in readers:
        reader.start()
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise Failed(
            f"the command '{name}' gave no answer within {seconds:.0f} s",
            hint="it may wait for a password; for cron use file:",
        ) from None
    for reader in readers:
        reader.join(0.3)  # a program left in the background may hold the pipe open
    for line in out.decode("utf-8", "replace").splitlines()[:10]:
        remember(line.strip())  # also when it fails: it may say the same among its errors
    said = " ".join(err.decode("utf-8", "replace").split())
    return bytes(out), redact(said)[:200], code


def _drain(pipe: IO[bytes], heard: bytearray, limit: int) -> None:
    """Take up to a little more than *limit* bytes, then close the pipe: a flood ends by itself."""
    with pipe:
        while len(heard) <= limit and (chunk := os.read(pipe.fileno(), 8192)):
            heard += chunk


def _end(process: Popen[bytes]) -> None:
    """End a program that still runs, with the programs that it started."""
    import signal
    from contextlib import suppress

    if process.poll() is not None:
        return
    with suppress(OSError):  # it has ended in this moment
        if os.name == "posix" and not _interactive:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


_SOURCES: dict[str, Callable[..., str]] = {
    "plain": _plain,
    "wrong": _wrong,
    "env": _env,
    "cmd": _cmd,
    "file": _file,
    "keyring": _keyring,
}
