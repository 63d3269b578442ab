from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.errors import ExitCode, ExportError
from mentionwatch.output import write
from mentionwatch.output.write import write_atomically


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_is_utf_8_with_its_line_ends_and_only_ours_to_read(tmp_path: Path) -> None:
    target = tmp_path / "queue.txt"
    write_atomically(target, "Grüße\r\n★\n")
    assert target.read_bytes() == "Grüße\r\n★\n".encode()
    assert permissions(target) == 0o600


def test_bytes_and_another_mode(tmp_path: Path) -> None:
    target = tmp_path / "queue.bin"
    write_atomically(target, b"\x00\xff", mode=0o644)
    assert target.read_bytes() == b"\x00\xff"
    assert permissions(target) == 0o644


def test_an_existing_file_is_replaced_and_closed_to_others(tmp_path: Path) -> None:
    target = tmp_path / "queue.txt"
    target.write_text("old")
    target.chmod(0o644)
    write_atomically(target, "new")
    assert target.read_text() == "new"
    assert permissions(target) == 0o600
    assert names(tmp_path) == ["queue.txt"]


def test_a_link_stays_and_the_file_it_names_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "queue.txt"
    target.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.slow
def test_a_device_is_written_to() -> None:
    code = (
        "from mentionwatch.output.write import write_atomically; "
        "write_atomically('/dev/stdout', 'hello')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout == b"hello"


def test_a_lone_surrogate_does_not_end_the_export(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", "a\ud83db")
    assert (tmp_path / "x").read_bytes() == b"a?b"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing/queue.txt", "there is no such folder"),
        (".", "it is a folder"),
        ("file/queue.txt", "a part of the path is a file"),
        ("x" * 300, "the name is too long"),
        ("nul\0", "not a file name"),
    ],
)
def test_a_path_that_cannot_be_written_is_named(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(ExportError) as caught:
        write_atomically(f"{tmp_path}/{name}", "x")
    assert what in caught.value.message
    assert name[:3] in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.IO


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "your share of the disk is used up"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "no permission to write there"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "fdopen"])
def test_a_failure_keeps_the_old_content_and_leaves_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, what: str, step: str
) -> None:
    target = tmp_path / "queue.txt"
    target.write_text("old")
    opened: list[int] = []

    def fail(handle: int, *_: Any) -> Any:
        if step == "fdopen":
            opened.append(handle)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(write.os, step, fail)
    with pytest.raises(ExportError, match=what):
        write_atomically(target, "new")
    monkeypatch.undo()
    for handle in opened:
        os.close(handle)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["queue.txt"]


def test_an_interruption_leaves_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "x", "new")
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_device_is_named() -> None:
    with pytest.raises(ExportError, match="/dev/full: the disk is full"):
        write_atomically("/dev/full", "x")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_file_larger_than_allowed_keeps_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "queue.txt"
    target.write_text("old")
    code = (
        "import resource, signal, sys; from mentionwatch.output.write import write_atomically; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
        "write_atomically(sys.argv[1], 'x' * 100000)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=False
    )
    assert "the file is larger than is allowed there" in run.stderr
    assert target.read_text() == "old"
    assert names(tmp_path) == ["queue.txt"]
