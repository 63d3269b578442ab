"""Comparing a text with a file of the repository."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def compare(text: str, path: str | Path, *, update: bool = False) -> None:
    """
    Fail where the file holds another text; byte for byte, line ends included.

    Args:
        text: What is now.
        path: Relative to the repository's root.
        update: Write it instead.
    """
    file = ROOT / path
    kept = file.read_bytes().decode() if file.exists() else None
    if kept == text:
        return
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return
    changes = "".join(
        difflib.unified_diff(
            (kept or "").splitlines(keepends=True),
            text.splitlines(keepends=True),
            fromfile=str(path),
            tofile="now",
        )
    )
    pytest.fail(f"{path} differs; look, then pytest --update-snapshots\n{changes}")
