"""Single keys from a terminal, without waiting for Enter."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ESCAPES = {"[A": "up", "[B": "down", "[C": "right", "[D": "left", "OC": "right", "OD": "left"}
INTERRUPT, END = "\x03", "\x04"


@contextmanager
def raw() -> Iterator[None]:
    """Take keys as they are typed; the terminal is put back however this ends."""
    if os.name == "nt":  # pragma: no cover
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin.fileno())
    try:
        tty.setcbreak(sys.stdin.fileno())
        yield
    finally:
        with suppress(termios.error):  # a terminal that is gone needs no putting back
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


def read() -> str:
    """
    Return one key: a letter, or "left", "right", "up", "down", "escape", "enter", "backspace".

    Raises:
        EOFError: The terminal is gone.
        KeyboardInterrupt: Ctrl-C.
    """
    letter = _letter()
    if letter == END:
        raise EOFError
    if letter == INTERRUPT:
        raise KeyboardInterrupt
    if letter == "\x1b":
        return ESCAPES.get(_rest(), "escape")
    return {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace"}.get(
        letter, letter
    )


def _letter() -> str:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        return msvcrt.getwch()  # type: ignore[attr-defined,no-any-return,unused-ignore]
    # Bytes straight from the terminal: Python's own buffer would swallow the end of a sequence.
    data = _byte()
    while data[0] >= 0xC0 and not _complete(data):
        data += _byte()
    return data.decode("utf-8", "replace")


def _byte() -> bytes:
    """Return the next byte. Raises EOFError: The terminal is gone, in the middle of a key too."""
    try:
        data = os.read(sys.stdin.fileno(), 1)
    except OSError as error:
        raise EOFError from error
    if not data:
        raise EOFError
    return data


def _complete(data: bytes) -> bool:
    first = data[0]
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    return len(data) >= length


def _rest() -> str:
    """Return what follows an escape at once: the rest of an arrow key, or nothing."""
    import select

    rest = ""
    while len(rest) < 2 and select.select([sys.stdin], [], [], 0.03)[0]:
        rest += _byte().decode("latin-1")
    return rest
