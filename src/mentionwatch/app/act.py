"""What we do: done, ignore, snooze, reopen, assign, note, label, link, unlink, handoff, undo."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentionwatch.app.assess import assess_contacts
from mentionwatch.app.read_conversation import find
from mentionwatch.app.setting import Setting, assessor
from mentionwatch.errors import UsageError
from mentionwatch.model.times import to_ms
from mentionwatch.store import calendars, conversations, events
from mentionwatch.store.events import Event

CAUSES = ("spam", "not-us", "no-reply-needed", "own")


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """
    Something to be done to conversations.

    ``at``: when it holds from, if not now (``done --replied --at``). ``actor``: who does it.
    """

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    actor: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acted:
    """What was done. ``ids``: the conversations, as they are called now."""

    kind: str
    ids: tuple[int, ...]
    event_ids: tuple[int, ...] = ()


def act(setting: Setting, now: datetime, numbers: Sequence[int], action: Action) -> Acted:
    """
    Record an action on each conversation and assess it anew; all or nothing.

    Raises:
        UsageError: A number leads nowhere, or the time makes no sense.
    """
    if action.at is not None and action.at > now:
        raise UsageError("that time lies in the future", hint="--at takes a time that has passed")
    batch = uuid.uuid4().hex
    _calendar_first(setting, now)
    with setting.store.transaction() as connection:
        # Inside: a sync at work may join conversations at any moment.
        ids = list(dict.fromkeys(find(setting, number) for number in numbers))
        recorded = [
            events.record(connection, _event(setting, action, number, now, f"{batch}:{place}"))
            for place, number in enumerate(ids)
        ]
        _assess(setting, connection, ids)
    return Acted(
        kind=action.kind,
        ids=tuple(ids),
        event_ids=tuple(number for number in recorded if number is not None),
    )


def _event(setting: Setting, action: Action, number: int, now: datetime, uid: str) -> Event:
    connection = setting.store.connection
    mentions = conversations.mention_ids(connection, number)
    at = to_ms(action.at or now)
    newest = (
        mentions[-1]  # its own date may lie a little ahead of our clock
        if action.at is None
        else conversations.newest_until(connection, number, at)
    )
    if newest is None:
        raise UsageError(
            f"nobody had written in conversation {number} by then",
            hint=f"see `mentionwatch show {number}`",
        )
    return Event(
        uid=uid,
        conversation_id=number,
        mention_id=newest,
        at=max(at, conversations.time_of(connection, newest)),
        recorded_at=max(to_ms(now), conversations.newest_received(connection, number)),
        actor=action.actor,
        kind=action.kind,
        data=_data(setting, action, mentions),
    )


def _data(setting: Setting, action: Action, mentions: Sequence[int]) -> Mapping[str, Any]:
    if action.kind == "link":
        other = find(setting, int(action.data["with"]))
        partner = conversations.mention_ids(setting.store.connection, other)[-1]
        return {**action.data, "mention_id": partner}
    if action.kind == "unlink":
        return {"mentions": list(mentions), "threads": not _is_linked(setting, mentions)}
    return action.data


def _is_linked(setting: Setting, mentions: Sequence[int]) -> bool:
    """What the owner joined comes apart first; only then what came within the merge window."""
    connection = setting.store.connection
    parted: set[int] = set()
    for event in reversed(events.of_mentions(connection, mentions)):
        if event.kind == "unlink":
            parted.update(event.data.get("mentions", ()))
        if event.kind == "link" and event.mention_id not in parted:
            return True
    return any(
        event.data["mention_id"] not in parted for event in events.links_to(connection, mentions)
    )


def _calendar_first(setting: Setting, now: datetime) -> None:
    """A database without a calendar (nothing synced yet) gets its first version."""
    if not calendars.versions(setting.store.connection):
        from mentionwatch.app.setting import notice_changes

        notice_changes(setting, now)


def _assess(setting: Setting, connection: Any, ids: Sequence[int]) -> None:
    contacts = [
        conversations.contact_of_mention(connection, mention)
        for number in ids
        for mention in conversations.mention_ids(connection, number)
    ]
    assess_contacts(connection, assessor(setting), list(dict.fromkeys(contacts)))


def undo(setting: Setting, now: datetime, *, count: int = 1, actor: str = "") -> list[Acted]:
    """
    Take the newest actions back, each on all its conversations; the log keeps both.

    Raises:
        UsageError: There is nothing to undo.
    """
    with setting.store.transaction() as connection:
        found = events.last_live(connection, count)
        if not found:
            raise UsageError("there is nothing to undo", hint="")
        for event in found:
            events.record(
                connection,
                Event(
                    uid=str(uuid.uuid4()),
                    conversation_id=event.conversation_id,
                    mention_id=event.mention_id,
                    at=to_ms(now),
                    recorded_at=to_ms(now),
                    actor=actor,
                    kind="undo",
                    undoes=event.id,
                ),
            )
        homes = [_home(connection, event) for event in found]
        _assess(setting, connection, homes)
    taken: dict[str, list[Event]] = {}
    for event in found:
        taken.setdefault(event.uid.partition(":")[0], []).append(event)
    return [
        Acted(
            kind=events_[0].kind,
            ids=tuple(_home(setting.store.connection, event) for event in reversed(events_)),
            event_ids=tuple(event.id for event in events_),
        )
        for events_ in taken.values()
    ]


def _home(connection: Any, event: Event) -> int:
    return conversations.resolve_id(connection, event.mention_id) or event.conversation_id
