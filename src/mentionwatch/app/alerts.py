"""
Alerts: who is told what, once, outside of quiet hours.

What is due is read from the state of things, not from a list of events: a message that could not
be sent is due again with the next run, and what was settled in the night is not told in the
morning. One run sends at a time (`deliveries.sending`), and what a run died over is told again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mentionwatch.app.read_queue import read_queue
from mentionwatch.app.setting import Setting
from mentionwatch.errors import DeliveryError, UsageError
from mentionwatch.model.alert import Alert, AlertItem
from mentionwatch.model.score import PRIORITIES
from mentionwatch.model.text import one_line
from mentionwatch.model.times import iso, to_ms
from mentionwatch.output import outgoing, overview, words
from mentionwatch.output.words import LocalTime
from mentionwatch.store import deliveries, threads
from mentionwatch.store.deliveries import Told

if TYPE_CHECKING:
    from mentionwatch.config.outgoing import Event, NotifyTarget
    from mentionwatch.model.report import ChannelState, QueueReport, QueueRow

CHARACTERS = 300  # of a text in an alert
DAY_MINUTES = 1440
# The kinds of event about a conversation, the gravest first, and their words in a title.
KINDS = {"overdue": "overdue", "due-soon": "due soon", "new": "new"}
_STATES = {"failed": ("failed",), "stale": ("stale", "never")}


@dataclass(kw_only=True)
class Alerted:
    """
    What became of the alerts. ``sent``: how many things each target was told. ``held``: how many
    wait for the end of its quiet hours. ``failed``: by target.
    """

    sent: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    failed: list[tuple[str, DeliveryError]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Due:
    """One thing to be told: the rows that record it, and its words."""

    told: tuple[Told, ...]
    kind: str
    priority: str
    item: AlertItem


def send_alerts(setting: Setting, now: datetime) -> Alerted:
    """
    Tell every target what it does not know yet. A target that fails does not stop the others.

    Raises:
        LockHeld: Another run goes on sending.
    """
    done = Alerted()
    if not setting.config.notify:
        return done
    with deliveries.sending(setting.store.path):
        report = read_queue(setting, now)
        for target in setting.config.notify:
            _serve(setting, now, report, target, done)
    return done


def _serve(
    setting: Setting, now: datetime, report: QueueReport, target: NotifyTarget, done: Alerted
) -> None:
    due = list(_due(setting, report, target))
    if not due:
        return
    if is_quiet(target, now, ZoneInfo(setting.config.hours.timezone)):
        done.held[target.name] = len(due)
        return
    from mentionwatch.delivery import notify

    told = [told for one in due for told in one.told]
    with setting.store.transaction() as connection:
        rows = deliveries.claim_alerts(connection, target.name, told, to_ms(now))
    try:
        notify.send(target, _alert(setting, now, target, due, uid=_uid(target, told)))
    except DeliveryError as error:
        with setting.store.transaction() as connection:
            deliveries.release_alerts(connection, rows)
        done.failed.append((target.name, error))
        return
    with setting.store.transaction() as connection:
        deliveries.confirm_alerts(connection, rows, to_ms(now))
    done.sent[target.name] = len(due)


def _uid(target: NotifyTarget, told: list[Told]) -> str:
    return outgoing.hashed(target.name, *(repr(one) for one in told))


def is_quiet(target: NotifyTarget, now: datetime, zone: ZoneInfo) -> bool:
    """Return whether the target's quiet hours are now, on the owner's clock."""
    if target.quiet is None:
        return False
    start, end = target.quiet
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return start <= minute < end or start <= minute + DAY_MINUTES < end


def _quiet_before(target: NotifyTarget, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the newest quiet hours that are over began; None without any."""
    if target.quiet is None:
        return None
    start, end = target.quiet
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in (0, 1, 2):
        day = midnight - timedelta(days=back)
        if day + timedelta(minutes=end) <= now:
            return day + timedelta(minutes=start)
    return None


# --- what is due ----------------------------------------------------------------------------------


def _due(setting: Setting, report: QueueReport, target: NotifyTarget) -> Iterator[_Due]:
    local = overview.local_time(report)
    for row in report.rows:
        told = tuple(_unknown(setting, row, target))
        if told:
            kind = min((one.kind for one in told), key=list(KINDS).index)
            item = _conversation_item(row, kind, target, report, local)
            yield _Due(told=told, kind=kind, priority=row.priority, item=item)
    for state in report.channels:
        found = _channel_due(setting, state, target, local, report.generated_at)
        if found is not None:
            yield found
    if any(event.kind == "spike" for event in target.when):
        yield from _spikes_due(setting, target, report.generated_at)


def _unknown(setting: Setting, row: QueueRow, target: NotifyTarget) -> Iterator[Told]:
    """Yield what the target wants to know of a conversation and does not know yet."""
    level = PRIORITIES.index(row.priority)
    wait = to_ms(row.waiting_since or row.published_at)
    for kind in KINDS:
        if not any(applies(event, row, kind) for event in target.when):
            continue
        told = Told(
            about="conversation",
            subject=str(row.id),
            kind=kind,
            level=level,
            covers=to_ms(row.last_message_at),
        )
        connection = setting.store.connection
        names = [str(old) for old in threads.aliases(connection, row.id)]
        if not deliveries.was_told(connection, target.name, told, since=wait, names=names):
            yield told


def applies(event: Event, row: QueueRow, kind: str) -> bool:
    """Return whether an event of the configuration is this kind of news about a conversation."""
    if event.kind != kind or PRIORITIES.index(row.priority) > PRIORITIES.index(event.level):
        return False
    if kind == "new":
        return row.section in ("overdue", "due_soon", "later")
    return row.section == kind.replace("-", "_")


def _conversation_item(
    row: QueueRow, kind: str, target: NotifyTarget, report: QueueReport, local: LocalTime
) -> AlertItem:
    row = row if target.private_text else words.hide_private_row(row)
    record = outgoing.mention_record(row, f"mention.{kind}", report.generated_at)
    stand = [words.due_words(row, local), row.priority, words.channel_words(row)]
    if not target.public_text:
        # A topic that others may read: no word, no name and no address of a customer.
        bare = {key: record[key] for key in _HARMLESS}
        return AlertItem(head=f"number {row.id}: {', '.join(stand)}", record=bare)
    who = one_line(words.author_in_full(row.author), 80) + words.behind_author(row)
    title = words.title_words(row)
    text = words.text_words(row)
    return AlertItem(
        head=f"{', '.join(stand)}: {who}",
        text=one_line(f"{title}: {text}" if title else text, CHARACTERS),
        url=words.safe_url(row.url),
        site=words.host(row.url),
        record=record,
    )


_HARMLESS = (
    "event", "version", "id", "channel", "type", "private", "messages", "created_at",
    "waiting_since", "age_hours", "due_at", "overdue", "overdue_seconds", "priority", "score",
    "sent_at",
)  # fmt: skip


def _channel_due(
    setting: Setting, state: ChannelState, target: NotifyTarget, local: LocalTime, now: datetime
) -> _Due | None:
    for event in target.when:
        if event.kind != "channel" or state.status not in _STATES[event.level]:
            continue
        since = state.failing_since or state.last_success_at
        covers = to_ms(since) if since else 0
        told = Told(about="channel", subject=state.name, kind=event.level, level=0, covers=covers)
        if deliveries.was_told(setting.store.connection, target.name, told, since=covers):
            continue
        item = _channel_item(state, event.level, local, now)
        return _Due(told=(told,), kind=f"channel {event.level}", priority="", item=item)
    return None


def _channel_item(state: ChannelState, level: str, local: LocalTime, now: datetime) -> AlertItem:
    read = local.exact(state.last_success_at) if state.last_success_at else "never"
    name, problem = one_line(state.name), one_line(state.problem or "")
    record = {
        "event": f"channel.{level}",
        "version": outgoing.VERSION,
        "channel": name,
        "status": state.status,
        "problem": problem,
        "last_success_at": iso(state.last_success_at) if state.last_success_at else None,
        "sent_at": iso(now),
    }
    hint = one_line(state.hint or f"mentionwatch doctor {name}")
    return AlertItem(
        head=f"channel {name} {'failed' if level == 'failed' else 'is not read'}, last read {read}",
        text=f"{problem} → {hint}".lstrip(" →"),
        record=record,
    )


def _spikes_due(setting: Setting, target: NotifyTarget, now: datetime) -> Iterator[_Due]:
    """Yield what is out of the usual, each kind and channel once in a day."""
    from mentionwatch.app.digest import told_spikes
    from mentionwatch.insight.spikes import COOL_DOWN
    from mentionwatch.output.report import spike_sentence

    for spike in told_spikes(setting, now, private_text=target.private_text):
        told = Told(about="spike", subject=spike.key, kind="spike", level=0, covers=to_ms(now))
        since = to_ms(now - COOL_DOWN)
        if deliveries.was_told(setting.store.connection, target.name, told, since=since):
            continue
        # The words that drive it are the customers'.
        shown = spike if target.public_text else replace(spike, words=())
        record = {
            "event": "spike",
            "version": outgoing.VERSION,
            "kind": spike.kind,
            "channel": one_line(spike.channel),
            "count": spike.count,
            "usual": spike.usual,
            "words": [one_line(word) for word in shown.words],
            "sent_at": iso(now),
        }
        item = AlertItem(head=spike_sentence(shown), record=record)
        yield _Due(told=(told,), kind="spike", priority="", item=item)


# --- the message ----------------------------------------------------------------------------------


def _alert(
    setting: Setting, now: datetime, target: NotifyTarget, due: list[_Due], uid: str
) -> Alert:
    brand = one_line(setting.config.brand.name)
    return Alert(
        uid=uid,
        brand=brand,
        title=f"{brand}: {_night(setting, now, target, due)}{_counts(due)}",
        items=tuple(one.item for one in due[: target.items]),
        more=max(0, len(due) - target.items),
        at=now,
        pressing=any(one.priority == "urgent" or not one.priority for one in due),
    )


def _counts(due: list[_Due]) -> str:
    """Return "2 overdue, 1 new urgent, channel failed"."""
    parts = []
    for kind, word in KINDS.items():
        priorities = [one.priority for one in due if one.kind == kind]
        if priorities:
            worst = min(priorities, key=PRIORITIES.index)
            named = f" ({worst})" if len(set(priorities)) == 1 else f" (up to {worst})"
            parts.append(f"{len(priorities):,} {word}{named}")
    spikes = [one for one in due if one.kind == "spike"]
    parts += ["something unusual"] if spikes else []
    channels = [one for one in due if one.kind.startswith("channel")]
    if channels:
        parts.append(words.count(len(channels), "channel") + " not read")
    return ", ".join(parts)


def _night(setting: Setting, now: datetime, target: NotifyTarget, due: list[_Due]) -> str:
    """Return "since 22:00, while it was quiet: " where this is the first message after that."""
    zone = ZoneInfo(setting.config.hours.timezone)
    began = _quiet_before(target, now, zone)
    if began is None or target.quiet is None:
        return ""
    ended = began + timedelta(minutes=target.quiet[1] - target.quiet[0])
    last = deliveries.last_alert(setting.store.connection, target.name)
    held = [one for one in due if any(to_ms(began) <= t.covers < to_ms(ended) for t in one.told)]
    if not held or (last is not None and last >= to_ms(ended)):
        return ""
    return f"since {began:%H:%M}, while it was quiet: "


def test_alert(setting: Setting, now: datetime, name: str = "") -> Alerted:
    """
    Send a sample to one target, or to all; it counts for nothing.

    Raises:
        UsageError: There is no such target, or none at all.
    """
    from mentionwatch.delivery import notify

    known = [target.name for target in setting.config.notify]
    if not known:
        raise UsageError(
            "no [[notify]] is configured", hint="docs/alerts.md shows one for each service"
        )
    if name and name not in known:
        raise UsageError(f"there is no target {name}", hint=f"one of {', '.join(known)}")
    done = Alerted()
    for target in setting.config.notify:
        if name in ("", target.name):
            try:
                notify.send(target, _sample(setting, now))
            except DeliveryError as error:
                done.failed.append((target.name, error))
            else:
                done.sent[target.name] = 1
    return done


def _sample(setting: Setting, now: datetime) -> Alert:
    brand = one_line(setting.config.brand.name)
    record: dict[str, Any] = {
        "event": "mentionwatch.test",
        "version": outgoing.VERSION,
        "sent_at": iso(now),
    }
    item = AlertItem(
        head="This is what an alert looks like",
        text="It was asked for with: mentionwatch notify test",
        record=record,
    )
    return Alert(
        uid=outgoing.hashed("test", iso(now)),
        brand=brand,
        title=f"{brand}: test message",
        items=(item,),
        more=0,
        at=now,
        pressing=False,
    )
