"""Whom a reply of ours answers (design, "Whom does a reply answer?")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

HOPS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyPlace:
    """
    Where a reply stands, in the platform's own terms.

    ``parent_contact`` and ``parent_mention``: whose mention it is attached to, if that is stored.
    ``others``: how many further authors had written in the thread by then.
    """

    channel: str
    external_id: str
    thread: str = ""
    parent_id: str = ""
    names: tuple[str, ...] = ()
    sure: bool = True
    private: bool = False
    parent_contact: str | None = None
    parent_mention: int | None = None
    parent_is_own_post: bool = False
    others: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """
    What a reply answers of one contact's: a mention, the thread, or (neither) what still waits.
    """

    mention_id: int | None = None
    thread: str = ""
    sure: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """One author on one channel. ``names``: lower-case ids and handles, without ``@``."""

    key: str
    names: frozenset[str] = frozenset()
    threads: frozenset[str] = field(default_factory=frozenset)


def answered_by(
    reply: ReplyPlace, contact: Contact, ours: Mapping[tuple[str, str], ReplyPlace]
) -> Target | None:
    """
    Return what a reply answers of a contact's; None: it is not for this contact.

    Args:
        ours: Our replies by (channel, external id): an answer in several parts answers what its
            first part answers.
    """
    place = _first_part(reply, ours)
    if place.parent_contact == contact.key and place.parent_mention is not None:
        return Target(mention_id=place.parent_mention, sure=reply.sure)
    if _named(reply.names, contact):
        return _answers_by_name(reply, place, contact)
    if place.parent_contact is not None or place.parent_is_own_post or reply.names:
        return None  # attached to somebody else, or a comment to everybody
    if not place.thread or place.thread not in contact.threads:
        return None
    attached_to_unknown = bool(place.parent_id) and not reply.private
    if attached_to_unknown and place.others:
        return None
    sure = reply.sure and not place.others and not attached_to_unknown
    return Target(thread=place.thread, sure=sure)


def _answers_by_name(reply: ReplyPlace, place: ReplyPlace, contact: Contact) -> Target:
    """
    Return what an answer that names somebody answers him.

    An answer to somebody else names him too, as copies of mails do and networks by themselves; a
    public word about him elsewhere need not be one to him. Both are hints.
    """
    here = reply.thread in contact.threads
    unknown = bool(place.parent_id) and not place.parent_is_own_post and len(reply.names) > 1
    to_another = place.parent_contact is not None or unknown
    elsewhere = bool(reply.thread) and not here and not reply.private
    return Target(
        thread=reply.thread if here else "",
        sure=reply.sure and not to_another and not elsewhere,
    )


def _first_part(reply: ReplyPlace, ours: Mapping[tuple[str, str], ReplyPlace]) -> ReplyPlace:
    place = reply
    for _ in range(HOPS):
        above = ours.get((place.channel, place.parent_id)) if place.parent_id else None
        if place.parent_mention is not None or above is None or above is place:
            return place
        place = above
    return place


def _named(names: Iterable[str], contact: Contact) -> bool:
    return any(name.casefold() in contact.names for name in names)
