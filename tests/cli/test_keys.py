"""Single keys, byte by byte."""

from __future__ import annotations

import os

import pytest

from mentionwatch.cli import keys


@pytest.mark.parametrize("begun", [b"", b"\x1b", b"\x1b[", b"\xe6\xb8"])
def test_a_terminal_that_goes_in_the_middle_of_a_key_is_the_end(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.write(writing, begun)
    os.close(writing)
    with os.fdopen(reading, "rb") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        with pytest.raises(EOFError):
            keys.read()
