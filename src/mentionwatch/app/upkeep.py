"""Keeping the database: retention, forgetting somebody, restoring a backup, renaming a channel."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from mentionwatch.app.assess import assess_dirty
from mentionwatch.app.setting import Setting, assessor, notice_changes
from mentionwatch.config.channel_tables import is_channel_name
from mentionwatch.errors import StoreError, UsageError
from mentionwatch.model.times import to_ms
from mentionwatch.store import calendars, upkeep
from mentionwatch.store import channels as channel_store
from mentionwatch.store.database import Store, explained


def retain(setting: Setting, now: datetime) -> dict[str, int]:
    """
    Remove what is older than ``keep`` says, by channel; what is open stays. Under the lock.

    Where a platform itself forbids to keep words for longer, the words go when that time has passed
    since we read them, also those of open rows: that somebody waits there stays to be seen.
    """
    changed: dict[str, int] = {}
    stamp = to_ms(now)
    for channel in setting.config.channels:
        most: timedelta | None = getattr(channel.channel, "keep_at_most", None)
        count = 0
        with setting.store.transaction() as connection:
            if channel.keep is not None:
                count = upkeep.purge(connection, channel.name, to_ms(now - channel.keep), stamp)
            if count:
                channel_store.count_stored(connection)
            if most is not None:
                count += upkeep.blank(connection, channel.name, to_ms(now - most), stamp)
        if count:
            changed[channel.name] = count
    if changed:
        with explained(setting.store.path):
            upkeep.wipe(setting.store.connection)
    return changed


def forget(
    setting: Setting, now: datetime, author: str, *, dry_run: bool = False
) -> dict[str, int]:
    """
    Remove everything of an author, on every channel, and everything that we noted about it.

    Raises:
        UsageError: Nobody of that name.
        LockHeld: Another run is writing.
    """
    ids = upkeep.mentions_by(setting.store.connection, author)
    if not ids:
        raise UsageError(
            f"nothing is stored of {author}",
            hint="give the handle, address or full name as `mentionwatch show` prints it",
        )
    if dry_run:
        return {"mentions": len(ids)}
    with setting.store.lock():
        notice_changes(setting, now)
        with setting.store.transaction() as connection:
            removed = upkeep.forget(connection, ids, to_ms(now))
            channel_store.count_stored(connection)
        assess_dirty(setting.store, assessor(setting))
        with explained(setting.store.path):
            upkeep.vacuum(setting.store.connection)
    return removed


def restore(path: Path, source: Path, now: datetime) -> Path | None:
    """
    Put a backup in the place of the database; what was there is kept beside it.

    Returns:
        Where the database that was there is now; None where there was none.

    Raises:
        StoreError: The backup is no database of ours, or is damaged.
        LockHeld: A run is at work.
    """
    if not source.exists():
        raise StoreError(f"{source}: no such file", hint="name a backup")
    copy = path.with_name(f"{path.name}.restoring")
    with explained(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod(0o600)
    try:
        with Store(copy, create=False) as store:
            problems = upkeep.check(store.connection)
            store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (StoreError, sqlite3.DatabaseError) as error:
        _clean(copy)
        message = error.message if isinstance(error, StoreError) else str(error)
        raise StoreError(
            f"{source} cannot be restored: {message.replace(str(copy), 'it')}",
            hint="name another backup",
        ) from error
    if problems:
        _clean(copy)
        raise StoreError(f"{source} is damaged: {problems[0]}", hint="name another backup")
    before = None
    with explained(path):
        if path.exists():
            before = path.with_name(f"{path.stem}-{now:%Y%m%d-%H%M%S}.before-restore.db")
            path.replace(before)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        copy.replace(path)
    _clean(copy)
    return before


def _clean(copy: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)


def rename_channel(setting: Setting, old: str, new: str) -> None:
    """
    Give the rows of a channel another name; ids and clocks stay.

    Raises:
        UsageError: There is no such channel, or the new name is taken.
    """
    known = channel_store.all_channels(setting.store.connection)
    if old not in known:
        raise UsageError(f"nothing is stored of a channel {old}", hint=f"one of {', '.join(known)}")
    if new in known:
        raise UsageError(f"there is a channel {new} already", hint="take another name")
    if old == "manual" or not is_channel_name(new):
        raise UsageError(
            f"{old} cannot be called {new}",
            hint="a name is up to 60 letters, digits, blanks or -_.+; `manual` is that of `add`",
        )
    with setting.store.lock(), setting.store.transaction() as connection:
        channel_store.rename(connection, old, new)
        calendars.rename_channel(connection, old, new)
