"""What Twilio's messages and calls are to us: who wrote or called, and what answered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._phone_numbers import is_machine, is_withheld, plain, same
from mentionwatch.channels._values import each, needed, table, text
from mentionwatch.model.items import Author, Deletion, Item, Mention, Reply

OPT_OUT = frozenset(("stop", "start", "help", "unsubscribe", "cancel", "end", "quit", "stopall"))
_SENT = frozenset(("sent", "delivered", "read", "partially_delivered", "sending"))
_FAILED = frozenset(("failed", "undelivered", "canceled"))
_MISSED = frozenset(("no-answer", "busy", "failed", "canceled"))
BLAST = 3  # people who got the very same words: then it may be an advert, not an answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """One page of a list: its things, the address of the next page, the newest time."""

    things: tuple[Mapping[str, Any], ...]
    following: str


def read_page(payload: Any, name: str) -> Listing:
    """Return what one page holds; the list is called as the resource is."""
    with reading(f"the list of {name}"):
        things = payload[name]
        if not isinstance(things, list):
            raise TypeError(f"{name} is no list")
        return Listing(things=tuple(things), following=text(payload.get("next_page_uri")))


def moment(value: object) -> datetime | None:
    """Return the time that "Fri, 24 May 2019 17:44:46 +0000" names; None where it names none."""
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def seconds(value: object) -> int:
    """Return a length that is written as a text; 0 for what is none."""
    written = text(value)
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 8 else 0


@dataclass(kw_only=True, slots=True)
class Reader:
    """
    Reads messages and calls in one run.

    ``numbers``: ours, in plain form; empty for all of the account. ``before``: what was sent up
    to then was read by an earlier run. ``voicemails``: call -> what was recorded, in words.
    """

    country: str = ""
    numbers: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    count_auto_replies: bool = False
    honour_redaction: bool = False
    answered_seconds: int = 20
    machine_answers: bool = True
    before: datetime | None = None
    voicemails: Mapping[str, str] = field(default_factory=dict)
    sent: dict[str, set[str]] = field(default_factory=dict)
    taken: dict[str, datetime] = field(default_factory=dict)

    # --- texts --------------------------------------------------------------------------------

    def messages(
        self, things: tuple[Mapping[str, Any], ...]
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        """Return the items of one page, and warnings. Raises UnexpectedPayload."""
        for thing in things:
            self._note_words(thing)
        return each("text messages", things, self._message)

    def _note_words(self, thing: object) -> None:
        values = table(thing)
        if text(values.get("direction")).startswith("outbound"):
            self.sent.setdefault(text(values.get("body")), set()).add(text(values.get("to")))

    def _message(self, thing: Mapping[str, Any]) -> Item | None:
        sid, direction = needed(thing["sid"]), needed(thing["direction"])
        outbound = direction.startswith("outbound")
        ours, theirs = ("from", "to") if outbound else ("to", "from")
        own, other = self._plain(thing.get(ours)), self._plain(thing.get(theirs))
        if not self._is_watched(own):
            return None
        when = moment(thing.get("date_sent")) or moment(thing.get("date_created"))
        if outbound:
            return self._text_of_ours(thing, sid, own, other, when)
        return self._text_of_theirs(thing, sid, own, other, when)

    def _text_of_theirs(
        self, thing: Mapping[str, Any], sid: str, own: str, other: str, when: datetime | None
    ) -> Item | None:
        body = text(thing.get("body")).strip()
        media = seconds(thing.get("num_media"))
        if not body and not media:
            # Redacted since: what an earlier run has stored stays, unless the owner wants it gone.
            made = moment(thing.get("date_created"))
            if self.before and made and made <= self.before and not self.honour_redaction:
                return None
            body = "[text not shown by the provider]"
        return Mention(
            external_id=sid,
            text=body or "[picture message]",
            author=_author(other),
            published=when,
            addressed=True,
            private=True,
            kind="sms",
            thread_id=_thread(own, other, sid),
            media=media,
            skipped=self._reason_to_skip(body, other),
        )

    def _reason_to_skip(self, body: str, other: str) -> str:
        if body.strip(" .!").lower() in OPT_OUT:
            return "opt-out keyword"
        if is_withheld(other) or any(same(other, one) for one in self.allowed):
            return ""
        return "short code" if is_machine(other) else ""

    def _text_of_ours(
        self, thing: Mapping[str, Any], sid: str, own: str, other: str, when: datetime | None
    ) -> Item | None:
        status, body = text(thing.get("status")), text(thing.get("body"))
        if status in _FAILED:  # it was sent when an earlier run looked, and never arrived
            return Deletion(external_id=sid)
        if status not in _SENT:
            return None
        blast = len(self.sent.get(body, ())) >= BLAST
        return Reply(
            external_id=sid,
            text=body,
            author=_author(own),
            published=when,
            thread_id=_thread(own, other, sid),
            to=(other,),
            certainty="likely" if blast else "sure",
            automatic=thing.get("direction") == "outbound-reply" and not self.count_auto_replies,
            private=True,
        )

    # --- calls --------------------------------------------------------------------------------

    def calls(
        self, things: tuple[Mapping[str, Any], ...]
    ) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        """Return the items of one page, and warnings. Raises UnexpectedPayload."""
        for thing in things:
            self._note_leg(thing)
        return each("calls", things, self._call)

    def _note_leg(self, thing: object) -> None:
        """Remember which calls were put through to a person: the second leg says so."""
        values = table(thing)
        parent, began = text(values.get("parent_call_sid")), moment(values.get("start_time"))
        spoke = values.get("status") == "completed" and seconds(values.get("duration")) > 0
        if parent and began and spoke and not _by_machine(values):
            self.taken[parent] = began

    def _call(self, thing: Mapping[str, Any]) -> Item | None:
        sid, direction = needed(thing["sid"]), needed(thing["direction"])
        began = moment(thing.get("start_time")) or moment(thing.get("date_created"))
        if direction.startswith("outbound") or direction == "trunking-originating":
            return self._call_of_ours(thing, sid, began)
        if text(thing.get("parent_call_sid")):
            return None  # a second leg
        own, other = self._plain(thing.get("to")), self._plain(thing.get("from"))
        if not self._is_watched(own):
            return None
        taken = self._taken(thing, sid, began)
        if taken is not None:
            return Reply(
                external_id=f"{sid}/answered",
                text=f"[call taken, {_length(thing)}]",
                author=_author(own),
                published=taken,
                thread_id=_thread(own, other, sid),
                to=() if is_withheld(other) else (other,),
                private=True,
            )
        return self._missed(thing, sid, own, other, began)

    def _taken(self, thing: Mapping[str, Any], sid: str, began: datetime | None) -> datetime | None:
        """Return when somebody took a call; None when nobody did."""
        if sid in self.taken:
            return self.taken[sid]
        by_us = bool(text(thing.get("trunk_sid"))) or not self.machine_answers
        completed = thing.get("status") == "completed" and seconds(thing.get("duration")) > 0
        return began if by_us and completed and sid not in self.voicemails else None

    def _missed(
        self, thing: Mapping[str, Any], sid: str, own: str, other: str, began: datetime | None
    ) -> Item | None:
        if thing.get("status") not in (*_MISSED, "completed"):
            return None  # it still rings, or goes on
        recorded = self.voicemails.get(sid)
        words = "[missed call]"
        if thing.get("status") == "completed":
            words = f"[call, {_length(thing)}, taken by the machine]"
        return Mention(
            external_id=sid,
            text=recorded or words,
            author=_author(other, text(thing.get("caller_name"))),
            published=began,
            addressed=True,
            private=True,
            kind="voicemail" if recorded else "call",
            thread_id=_thread(own, other, sid),
            skipped="short code" if not is_withheld(other) and is_machine(other) else "",
        )

    def _call_of_ours(
        self, thing: Mapping[str, Any], sid: str, began: datetime | None
    ) -> Item | None:
        own, other = self._plain(thing.get("from")), self._plain(thing.get("to"))
        enough = seconds(thing.get("duration")) >= self.answered_seconds
        if thing.get("status") != "completed" or not enough:
            return None
        return Reply(
            external_id=sid,
            text=f"[called back, {_length(thing)}]",
            author=_author(own),
            published=began,
            thread_id=_thread(own, other, sid),
            to=(other,),
            certainty="likely" if _by_machine(thing) else "sure",
            private=True,
        )

    def _plain(self, value: object) -> str:
        return plain(text(value), self.country)

    def _is_watched(self, own: str) -> bool:
        return not self.numbers or any(same(own, one) for one in self.numbers)


def _author(number: str, name: str = "") -> Author:
    if is_withheld(number):
        return Author(name="withheld number")
    return Author(id=number, name=name, handle=number)


def _thread(own: str, other: str, sid: str) -> str:
    """Return the same name for texts and calls between two numbers."""
    return sid if is_withheld(other) else f"{own}/{other}"


def _by_machine(thing: Mapping[str, Any]) -> bool:
    return text(thing.get("answered_by")).startswith(("machine", "fax"))


def _length(thing: Mapping[str, Any]) -> str:
    minutes, rest = divmod(seconds(thing.get("duration")), 60)
    return f"{minutes}:{rest:02d}"


# --- voicemail ------------------------------------------------------------------------------------


def read_recordings(things: tuple[Mapping[str, Any], ...]) -> dict[str, tuple[str, str]]:
    """Return call -> (recording, its length in words)."""
    return {
        text(one.get("call_sid")): (text(one.get("sid")), _length(one))
        for one in map(table, things)
        if text(one.get("call_sid"))
    }


def read_transcripts(things: tuple[Mapping[str, Any], ...]) -> dict[str, str]:
    """Return recording -> its words, of those that are finished."""
    return {
        text(one.get("recording_sid")): text(one.get("transcription_text")).strip()
        for one in map(table, things)
        if one.get("status") == "completed"
    }


def in_words(
    recordings: Mapping[str, tuple[str, str]], transcripts: Mapping[str, str]
) -> dict[str, str]:
    """Return call -> the text of its voicemail."""
    return {
        call: transcripts.get(recording) or f"[voicemail, {length}, no transcript]"
        for call, (recording, length) in recordings.items()
    }
