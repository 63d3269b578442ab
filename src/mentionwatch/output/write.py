"""Writes an output file so that a reader finds the old content or the new, never half of it."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mentionwatch.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What went wrong -> what happened in words, and a way out.
_REASONS = {
    errno.ENOENT: ("there is no such folder", "create the folder, or choose another"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "choose another path"),
    errno.EACCES: ("no permission to write there", "choose a folder of your own"),
    errno.EPERM: ("no permission to write there", "choose a folder of your own"),
    errno.EROFS: ("the disk is read-only", "choose a folder on another disk"),
    errno.ENOSPC: ("the disk is full", "free some space, then run it again"),
    errno.EDQUOT: ("your share of the disk is used up", "free some space, then run it again"),
    errno.EISDIR: ("it is a folder", "name a file in it"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.EFBIG: ("the file is larger than is allowed there", "choose another disk"),
}


def write_atomically(path: str | os.PathLike[str], data: str | bytes, mode: int = 0o600) -> None:
    """
    Replace the content of a file as a whole; until the last step the old content stays.

    A symbolic link is followed, and the file it names is replaced. A device or a pipe
    (``/dev/stdout``) is written to as it is, since it cannot be replaced.

    Args:
        path: The file; its folder must exist.
        data: Text is written as UTF-8, line ends as they are.
        mode: Permissions of the file, also where it existed: it holds what customers wrote.

    Raises:
        ExportError: The file cannot be written; names the path and a way out.
    """
    content = data.encode("utf-8", "replace") if isinstance(data, str) else data
    with _named(path):
        given = Path(path)
        if given.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if given.exists() and not given.is_file():
            with given.open("wb") as stream:
                stream.write(content)
            return
        _replace(Path(os.path.realpath(given)), content, mode)


def _replace(target: Path, content: bytes, mode: int) -> None:
    import tempfile

    # Beside the target: a rename is atomic only within one file system. Created 0600.
    handle, name = tempfile.mkstemp(prefix=".mentionwatch-", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(mode)
        part.replace(target)
    except BaseException:  # also Ctrl-C: no litter beside the owner's files
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can do that for a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # a closed pipe is no failure of a file; it has an exit code of its own
    except OSError as error:
        what, hint = _REASONS.get(error.errno or 0, (error.strerror or str(error), ""))
        raise ExportError(f"{os.fspath(path)}: {what}", hint=hint) from error
    except ValueError as error:  # a NUL in the name
        raise ExportError(f"{os.fspath(path)!r}: not a file name", hint="choose another") from error
