"""Assess again with the rules, hours and targets of now."""

from __future__ import annotations

from datetime import datetime

from mentionwatch.app.assess import assess_dirty
from mentionwatch.app.setting import Setting, assessor, notice_changes
from mentionwatch.model.times import to_ms
from mentionwatch.store import calendars, conversations


def rescore(setting: Setting, now: datetime, *, history: bool = False) -> int:
    """
    Score what is open again; with ``history`` everything, by the newest calendar for all times.

    Returns:
        How many authors were assessed.

    Raises:
        LockHeld: Another run is writing.
    """
    with setting.store.lock():
        notice_changes(setting, now)
        with setting.store.transaction() as connection:
            conversations.forget_scores(connection, only_open=not history)
            if history:
                calendars.keep_newest_only(connection)
                conversations.mark_everything_dirty(connection, to_ms(now))
            else:
                conversations.mark_open_dirty(connection, to_ms(now))
        return assess_dirty(setting.store, assessor(setting))
