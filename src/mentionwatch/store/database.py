"""Opening, locking and backing up the one file."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from types import TracebackType

from mentionwatch.errors import LockHeld, MentionwatchError, StoreError
from mentionwatch.store import migrations

BUSY_TIMEOUT_MS = 10_000
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


class Store:
    """
    One database, open.

    Args:
        path: The file. Its directory is made (0700) when it has to be created.
        create: Make it when it is not there; otherwise a missing file is a StoreError.
        read_only: Nothing is written, not even a migration.

    Raises:
        StoreError: It cannot be opened, is no database of ours, or is of a newer version.
    """

    def __init__(self, path: Path, *, create: bool = True, read_only: bool = False) -> None:
        self.path = path
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(
                f"SQLite {sqlite3.sqlite_version} is too old",
                hint="mentionwatch needs SQLite 3.37 or newer; use a newer Python",
            )
        with explained(path):
            self._prepare(create)
            self.connection = _connect(path)
            try:
                self._check_and_migrate(read_only)
            except BaseException:
                self.connection.close()
                raise

    def _prepare(self, create: bool) -> None:
        if self.path.is_dir():
            raise StoreError(f"{self.path} is a directory", hint="name a file with --db")
        if self.path.exists():
            return
        if not create:
            raise StoreError(
                f"{self.path}: no such database",
                hint="run `mentionwatch check` or `mentionwatch sync` first, or name it with --db",
            )
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would create it readable by everyone, and -wal and -shm copy the mode.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def _check_and_migrate(self, read_only: bool) -> None:
        found = migrations.version(self.connection)
        if found > migrations.VERSION:
            raise StoreError(
                f"{self.path} was written by a newer mentionwatch (schema {found}, "
                f"this one knows {migrations.VERSION})",
                hint="upgrade mentionwatch, or name another file with --db",
            )
        if found < migrations.VERSION:
            self._migrate(found, read_only)
        if read_only:
            self.connection.execute("PRAGMA query_only = ON")

    def _migrate(self, found: int, read_only: bool) -> None:
        if found == 0 and _tables(self.connection):
            raise StoreError(
                f"{self.path} is an SQLite database, but not one of mentionwatch",
                hint="name another file with --db",
            )
        if read_only and found:
            raise StoreError(
                f"{self.path} has an older schema",
                hint="run `mentionwatch sync` once to bring it up",
            )
        with self.lock():
            if migrations.version(self.connection) == found:
                if found:
                    self._back_up(found)
                self.connection.execute("PRAGMA journal_mode = WAL")
                migrations.migrate(self.connection)

    def _back_up(self, version: int) -> None:
        """Keep a copy from before a migration; one of an upgrade that was killed is replaced."""
        part = self.path.with_suffix(f".v{version}.backup.part")
        part.unlink(missing_ok=True)
        backup(self.connection, part)
        part.replace(self.path.with_suffix(f".v{version}.backup"))

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    def explain(self, error: BaseException | None) -> None:
        """
        Raise a StoreError for an error that the database is to blame for; else do nothing.

        What is read from a damaged file can break anything that trusts it; so when something
        fails in a way that nobody foresaw, the file is looked at before our code is blamed.
        """
        if isinstance(error, sqlite3.DatabaseError):
            raise _store_error(self.path, error) from error
        foreseen = isinstance(error, MentionwatchError | OSError)
        if isinstance(error, Exception) and not foreseen and self._is_damaged(error):
            raise _damaged(self.path) from error

    def _is_damaged(self, error: Exception) -> bool:
        # SQLite keeps no checksums: a value that is no JSON or no time any more is noticed only by
        # whoever reads it.
        if isinstance(error, OverflowError | JSONDecodeError):
            return True
        try:
            row = self.connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError:
            return True
        return row is None or row[0] != "ok"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """
        Hold the one writer's lock for a run; the system lets go of it however the run ends.

        Raises:
            LockHeld: Another run holds it.
        """
        handle = os.open(
            self.path.with_name(self.path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600
        )
        try:
            _lock_file(handle)
        except OSError as error:
            os.close(handle)
            raise LockHeld(
                f"another run of mentionwatch is writing to {self.path}",
                hint="wait until it is over; `mentionwatch queue` reads meanwhile",
            ) from error
        try:
            yield
        finally:
            os.close(handle)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing. Taking the write lock at once avoids a busy snapshot later."""
        with explained(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    # check_same_thread: pages of blocking channels are saved by the thread that runs the fetch,
    # never by two at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")  # what was removed is overwritten
    return connection


def _tables(connection: sqlite3.Connection) -> int:
    """Count the tables of somebody else's; the log of migrations comes before the first one."""
    query = "SELECT count(*) FROM sqlite_master WHERE tbl_name NOT LIKE '%sqlite\\_%' ESCAPE '\\'"
    return int(connection.execute(query).fetchone()[0])


def _lock_file(handle: int) -> None:
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def backup(connection: sqlite3.Connection, target: Path) -> None:
    """
    Copy the database to a new file (0600), consistent also while others write.

    Raises:
        StoreError: The target exists or cannot be written.
    """
    with explained(target):
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise StoreError(
                f"{target} exists already", hint="name another file, or move that one away"
            ) from error
        copy = sqlite3.connect(target)
        try:
            connection.backup(copy)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        finally:
            copy.close()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the file system into a StoreError that has a way out."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _store_error(path, error) from error
    except PermissionError as error:
        raise StoreError(
            f"{path}: no permission to open or write it", hint=_permission_hint(path)
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror or error}", hint="check the path and the disk, or use --db"
        ) from error


# SQLite's primary result codes -> what happened, and the way out.
_EXPLANATIONS = {
    "SQLITE_NOTADB": ("is not a database", "name the right file with --db"),
    "SQLITE_CORRUPT": (
        "is damaged",
        "nothing was changed; restore a copy with `mentionwatch db restore`",
    ),
    "SQLITE_FULL": ("cannot be written: the disk is full", "free some space and run again"),
    "SQLITE_READONLY": ("is read-only", "check the permissions of the file and its folder"),
    "SQLITE_CANTOPEN": ("cannot be opened", "check the permissions of the file and its folder"),
    "SQLITE_BUSY": ("is in use by another program", "close the other program and run again"),
    "SQLITE_LOCKED": ("is in use by another program", "close the other program and run again"),
    "SQLITE_IOERR": ("cannot be read or written", "check the disk"),
}


def _damaged(path: Path) -> StoreError:
    what, hint = _EXPLANATIONS["SQLITE_CORRUPT"]
    return StoreError(f"{path} {what}", hint=hint)


def _store_error(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if not name and "decode" in str(error):  # from Python, not from SQLite: bytes that are no text
        return _damaged(path)
    for code, (what, hint) in _EXPLANATIONS.items():
        if name.startswith(code):
            return StoreError(f"{path} {what}", hint=hint)
    return StoreError(f"{path}: {error}", hint="run `mentionwatch db check`")


def _permission_hint(path: Path) -> str:
    place = path if path.exists() else path.parent
    try:
        mode = stat.filemode(place.stat().st_mode)
    except OSError:
        mode = "unreadable"
    return f"{place} has the permissions {mode}; make it yours, or name another file with --db"
