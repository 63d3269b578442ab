"""
Hand conversations over to another system, by hand or by rule; each once.

The row is written before the request and confirmed after it, together with the event that keeps
the ticket's link on the conversation. A row that was never confirmed is of a run that died, or of
a request that nobody answered: then the other side is asked for the ticket before anything is
sent again. The reply clock goes on running: the customer still waits for an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mentionwatch.app.alerts import KINDS, applies
from mentionwatch.app.read_conversation import find, read_conversation
from mentionwatch.app.read_queue import read_queue
from mentionwatch.app.setting import Setting, assessor
from mentionwatch.errors import DeliveryError, UsageError
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.output import outgoing, words
from mentionwatch.store import conversations, deliveries, events, threads

if TYPE_CHECKING:
    from mentionwatch.config.outgoing import Handoff
    from mentionwatch.delivery.handoff import Desk, Ticket
    from mentionwatch.store.deliveries import HandoffRow

# After this a rule tries again what was refused for good: somebody may have corrected it.
REFUSED_FOR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """
    One conversation that another system has. ``how``: "sent", "already" (nothing was sent), or
    "found" (an earlier try had arrived).
    """

    id: int
    to: str
    how: str
    remote_id: str = ""
    url: str = ""


@dataclass(kw_only=True)
class HandedOver:
    """What became of hand-offs. ``failed``: conversation, target, and why."""

    given: list[Given] = field(default_factory=list)
    failed: list[tuple[int, str, DeliveryError]] = field(default_factory=list)


def target_named(setting: Setting, name: str) -> Handoff:
    """
    Return a ``[handoff.NAME]``.

    Raises:
        UsageError: There is no such, or none at all.
    """
    known = [target.name for target in setting.config.handoffs]
    for target in setting.config.handoffs:
        if target.name == name:
            return target
    hint = f"one of {', '.join(known)}" if known else "docs/handoff.md shows how to configure one"
    raise UsageError(f"there is no [handoff.{name}]", hint=hint)


def hand_over(
    setting: Setting,
    now: datetime,
    numbers: Sequence[int],
    name: str,
    *,
    again: bool = False,
    actor: str = "",
) -> HandedOver:
    """
    Give conversations to another system.

    Args:
        again: Also those that it has already: as a new ticket.

    Raises:
        UsageError: No such conversation or target; then nothing was sent.
        LockHeld: Another run goes on sending.
    """
    target = target_named(setting, name)
    ids = list(dict.fromkeys(find(setting, number) for number in numbers))
    done = HandedOver()
    with deliveries.sending(setting.store.path):
        for number in ids:
            _try(done, number, name, partial(_hand, setting, now, number, target, again, actor))
    return done


def hand_over_by_rule(setting: Setting, now: datetime) -> HandedOver:
    """Give away what the configuration's rules say; what is there already stays as it is."""
    done = HandedOver()
    ruled = [target for target in setting.config.handoffs if target.when]
    if not ruled:
        return done
    with deliveries.sending(setting.store.path):
        for target in ruled:
            for number in list(_due(setting, now, target, done)):
                _try(done, number, target.name, partial(_hand, setting, now, number, target))
    return done


def preview(setting: Setting, now: datetime, number: int, name: str) -> str:
    """Return what would be sent, as JSON; nothing leaves the machine."""
    target = target_named(setting, name)
    found = find(setting, number)
    return _desk(setting, now, found, target, _uid(setting, found)).preview()


def _try(done: HandedOver, number: int, name: str, work: Callable[[], Given]) -> None:
    try:
        done.given.append(work())
    except DeliveryError as error:
        done.failed.append((number, name, error))


def _due(setting: Setting, now: datetime, target: Handoff, done: HandedOver) -> Iterator[int]:
    """Yield the conversations that a rule names and that the target does not have."""
    connection = setting.store.connection
    for row in read_queue(setting, now).rows:
        if not any(applies(event, row, kind) for event in target.when for kind in KINDS):
            continue
        mentions = conversations.mention_ids(connection, row.id)
        newest = next(iter(deliveries.handoffs_of(connection, target.name, mentions)), None)
        if newest is None:
            yield row.id
        elif newest.state == "failed" and _resting(newest, now):
            # Said each time, for somebody is still waiting there; asked only now and then.
            error = DeliveryError(
                newest.problem,
                hint=f"to try at once: mentionwatch handoff {row.id} --to {target.name}",
            )
            done.failed.append((row.id, target.name, error))
        elif newest.state != "done":
            yield row.id


def _resting(row: HandoffRow, now: datetime) -> bool:
    return row.lasting and now - from_ms(row.started_at) < REFUSED_FOR


def _hand(
    setting: Setting,
    now: datetime,
    number: int,
    target: Handoff,
    again: bool = False,
    actor: str = "",
) -> Given:
    connection = setting.store.connection
    mentions = conversations.mention_ids(connection, number)
    known = deliveries.handoffs_of(connection, target.name, mentions)
    there = [row for row in known if row.state == "done"]
    if there and not again:
        _record(setting, now, number, target.name, there[0].uid, _ticket_of(there[0]), actor)
        return _given(number, target.name, "already", _ticket_of(there[0]))
    uid = _uid(setting, number) + (f"-{len(there) + 1}" if there else "")
    desk = _desk(setting, now, number, target, uid)
    unsure = next((row for row in known if row.uid == uid and row.state == "pending"), None)
    if unsure is not None:
        ticket = _left_by_an_earlier_try(desk, number, uid, again)
        if ticket is not None:
            _confirm(setting, now, number, target.name, unsure.id, uid, ticket, actor)
            return _given(number, target.name, "found", ticket)
    return _send(setting, now, number, target, desk, uid, actor)


def _left_by_an_earlier_try(desk: Desk, number: int, uid: str, again: bool) -> Ticket | None:
    """Return the ticket of a try of which nobody knows how it ended; None: send it (again)."""
    if desk.can_find:
        return desk.find()
    if desk.repeatable or again:
        return None
    name = desk.target.name
    raise DeliveryError(
        f"whether an earlier try to hand {number} to {name} arrived is not known",
        hint=f"look there for {uid}; if it is missing: mentionwatch handoff {number} --to {name} "
        "--again",
    )


def _send(
    setting: Setting,
    now: datetime,
    number: int,
    target: Handoff,
    desk: Desk,
    uid: str,
    actor: str,
) -> Given:
    from mentionwatch.delivery.handoff import Unsure

    first = conversations.mention_ids(setting.store.connection, number)[0]
    with setting.store.transaction() as connection:
        row = deliveries.claim_handoff(
            connection,
            target.name,
            uid,
            conversation_id=number,
            mention_id=first,
            now=to_ms(now),
        )
    try:
        ticket = desk.send()
    except Unsure:
        raise  # the row stays as it is: pending
    except DeliveryError as error:
        with setting.store.transaction() as connection:
            deliveries.fail_handoff(
                connection, row, error.message, lasting=getattr(error, "lasting", True)
            )
        raise
    _confirm(setting, now, number, target.name, row, uid, ticket, actor)
    return _given(number, target.name, "sent", ticket)


def _given(number: int, name: str, how: str, ticket: Ticket) -> Given:
    return Given(id=number, to=name, how=how, remote_id=ticket.id, url=ticket.url)


def _ticket_of(row: HandoffRow) -> Ticket:
    from mentionwatch.delivery.handoff import Ticket

    return Ticket(id=row.remote_id, url=row.remote_url)


def _confirm(
    setting: Setting,
    now: datetime,
    number: int,
    name: str,
    row: int,
    uid: str,
    ticket: Ticket,
    actor: str,
) -> None:
    with setting.store.transaction() as connection:
        deliveries.confirm_handoff(connection, row, ticket.id, ticket.url, to_ms(now))
        _append(setting, connection, now, number, name, uid, ticket, actor)


def _record(
    setting: Setting, now: datetime, number: int, name: str, uid: str, ticket: Ticket, actor: str
) -> None:
    with setting.store.transaction() as connection:
        _append(setting, connection, now, number, name, uid, ticket, actor)


def _append(
    setting: Setting,
    connection: Any,
    now: datetime,
    number: int,
    name: str,
    uid: str,
    ticket: Ticket,
    actor: str,
) -> None:
    """Append the event, once, and let the conversation show it."""
    from mentionwatch.app.assess import assess_contacts

    mentions = conversations.mention_ids(connection, number)
    event = events.Event(
        uid=f"handoff-{name}-{uid}",
        conversation_id=number,
        mention_id=mentions[-1],
        at=to_ms(now),
        recorded_at=to_ms(now),
        actor=actor,
        kind="handoff",
        data={"to": name, "url": ticket.url, "id": ticket.id},
    )
    if events.record(connection, event) is not None:
        contacts = [conversations.contact_of_mention(connection, mention) for mention in mentions]
        assess_contacts(connection, assessor(setting), list(dict.fromkeys(contacts)))


def _uid(setting: Setting, number: int) -> str:
    """Return a name of a conversation that is the same in every copy of the database."""
    first = threads.mentions(setting.store.connection, number)[0]
    return outgoing.hashed("handoff", first["channel"], first["external_id"])


def _desk(setting: Setting, now: datetime, number: int, target: Handoff, uid: str) -> Desk:
    from mentionwatch.delivery.handoff import Desk

    report = read_conversation(setting, now, number)
    if not target.private_text:
        report = words.hide_private_thread(report)
    record = outgoing.conversation_record(report, uid, now)
    return Desk(target, {**record, "contact": outgoing.contact_of(report.row)}, now)
