r"""
What one run makes of a mailbox: pages of items, and the states behind them.

Streams are ``folder:NAME``. The cursor is the highest uid processed; ``extra`` holds what it
depends on: ``uidvalidity`` (another one makes the uids meaningless), ``since`` (what arrived before
the first run's window is never read), ``rescan`` (the highest uid of a folder that was renumbered,
where times of arrival prove little), ``forms`` and ``copies`` (contact forms mail twice),
``withheld`` (uids up to the cursor that the server names and did not hand out). The page
``answered`` has no state: it says what the flag \Answered and Sent know about open mails.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mentionwatch.channels import Query
from mentionwatch.channels._imap import Mailbox, Opened
from mentionwatch.channels._imap_format import Fetched, imap_date, ranges
from mentionwatch.channels._imap_line import Dropped
from mentionwatch.channels._mail import Head, own, own_hash, parse_head
from mentionwatch.channels._mail_forms import filled
from mentionwatch.channels._mail_items import (
    Knowledge,
    Mail,
    Seen,
    flagged_reply,
    incoming,
    is_doubtful,
    is_passed_over,
    may_answer_us,
    outgoing,
    true_sender,
)
from mentionwatch.channels._mail_text import Body, Unreadable, parse_body
from mentionwatch.errors import NotFound
from mentionwatch.model.items import Item, Page, Reply, StreamState

if TYPE_CHECKING:
    from mentionwatch.channels.email import Email

PAGE = 200
"""Uids per page and per command."""

_LOOK_UPS = 100
_RESCAN_DAYS = 30


class Reading:
    """What one run has read so far; survives a dropped line."""

    def __init__(self, settings: Email, query: Query) -> None:
        self.settings, self.query = settings, query
        self.box: Mailbox
        self.sent = ""
        self._states: dict[str, StreamState] = {}
        self._done: set[str] = set()
        self.withheld: dict[str, set[int]] = {}  # by folder, what the server kept back
        names = (*query.own_accounts, *settings.own_addresses, settings.username)
        host = settings.host.casefold()
        self.known = Knowledge(
            ours=own(names, query.domains),
            allow=settings.allow,
            rules=tuple(filled(rule) for rule in settings.forms),
            builtin=settings.builtin_forms,
            gmail=host.endswith((".gmail.com", ".googlemail.com")),
        )
        for item in query.open:
            self.known.expects(item.external_id, item.author_id, item.published)
            self.known.answers.update((item.external_id, item.thread_id))
        self.known.answers.update(query.known_own_ids)

    # --- folders ---------------------------------------------------------------------------------

    def folder(self, name: str) -> Iterator[Page]:
        """Yield what is new in a folder, page by page. Raises NotFound."""
        opened = self.box.open(name)
        stream = f"folder:{opened.name}"
        is_sent = name == self.sent
        if stream in self._done:
            return
        before = self._states.get(stream) or self.query.state(stream)
        uids, state = self._begin(opened, before, is_sent=is_sent)
        self._recall(state)
        for start in range(0, len(uids), PAGE):
            part = uids[start : start + PAGE]
            self.box.open(name)  # whoever took the last page may have been long
            fetched = self.box.fetch_headers(part)
            items = self._items(name, fetched, state, is_sent=is_sent)
            extra = self._extra(state, is_sent=is_sent)
            state = self._moved(replace(state, extra=extra), name, part, fetched)
            yield Page(stream=stream, items=tuple(items), state=state)
            self._states[stream] = state
        if not uids and state != before:
            yield Page(stream=stream, state=state)
        self._done.add(stream)

    def _begin(
        self, opened: Opened, before: StreamState, *, is_sent: bool
    ) -> tuple[list[int], StreamState]:
        """Return the uids to read, ascending, and the state from which to go on."""
        extra = dict(before.extra)
        last = int(before.cursor) if before.cursor.isdigit() else 0
        if extra.get("uidvalidity") == opened.uidvalidity and before.cursor:
            kept_back = _withheld(before)
            if opened.uidnext == last + 1:
                return kept_back, before
            # "last + 1:*" always holds the last mail, even if its uid is smaller.
            found = [uid for uid in self.box.search(f"UID {last + 1}:*") if uid > last]
            return [*kept_back, *found], before
        first_run = "uidvalidity" not in extra
        since = self._first_window(is_sent=is_sent) if first_run else self._rescan_window(extra)
        # SINCE compares days, by the server's clock.
        uids = self.box.search(f"SINCE {imap_date((since - timedelta(days=1)).date())}")
        top = max(opened.uidnext - 1, uids[-1] if uids else 0)
        extra["uidvalidity"] = opened.uidvalidity
        extra.pop("withheld", None)
        if first_run:
            extra["since"] = since.isoformat()
        else:
            extra["rescan"] = str(top)
        return uids, StreamState(cursor=str(uids[0] - 1 if uids else top), extra=extra)

    def _moved(
        self, state: StreamState, name: str, part: Sequence[int], fetched: Mapping[int, Fetched]
    ) -> StreamState:
        """
        Return the state behind a page: up to the last mail that was handed out.

        What was not, and is not gone either, is asked for again by the next run.
        """
        missing = [uid for uid in part if uid not in fetched]
        there = set(self.box.search(f"UID {ranges(missing)}")) if missing else set[int]()
        kept_back = [uid for uid in missing if uid in there]
        known = self.withheld.setdefault(name, set())
        known.difference_update(part)
        known.update(kept_back)
        last = max(int(state.cursor) if state.cursor.isdigit() else 0, *fetched, 0)
        again = sorted({*_withheld(state)} - {*part} | {*kept_back})
        extra = {key: value for key, value in state.extra.items() if key != "withheld"}
        # What lies behind the last one is found anew anyway.
        if listed := ",".join(str(uid) for uid in again if uid <= last):
            extra["withheld"] = listed
        return StreamState(cursor=str(last), extra=extra)

    def _first_window(self, *, is_sent: bool) -> datetime:
        since = self.query.now - timedelta(days=self.settings.first_days)
        return min([since, *self._open_since()]) if is_sent else since

    def _rescan_window(self, extra: dict[str, str]) -> datetime:
        recent = self.query.now - timedelta(days=_RESCAN_DAYS)
        return max(min([recent, *self._open_since()]), _floor(extra) or recent)

    def _open_since(self) -> list[datetime]:
        return [item.published for item in self.query.open]

    def _recall(self, state: StreamState) -> None:
        """Take up what earlier runs noted about forms that mail twice; nothing else hangs on it."""
        with contextlib.suppress(ValueError, TypeError, KeyError):
            forms = json.loads(state.extra.get("forms", "[]"))
            self.known.forms += [
                Seen(
                    customer=one[0], text_hash=one[1], id=one[2], at=datetime.fromisoformat(one[3])
                )
                for one in forms
            ]
            self.known.copies.update(json.loads(state.extra.get("copies", "{}")))

    def _extra(self, state: StreamState, *, is_sent: bool) -> dict[str, str]:
        extra = dict(state.extra)
        if is_sent:
            return extra
        if self.known.forms:
            recent = self.known.forms[-20:]
            extra["forms"] = json.dumps(
                [[one.customer, one.text_hash, one.id, one.at.isoformat()] for one in recent]
            )
        if self.known.copies:
            extra["copies"] = json.dumps(dict(list(self.known.copies.items())[-100:]))
        return extra

    # --- mails -----------------------------------------------------------------------------------

    def _items(
        self, folder: str, fetched: dict[int, Fetched], state: StreamState, *, is_sent: bool
    ) -> list[Item]:
        heads = {uid: self._head(one) for uid, one in sorted(fetched.items())}
        if not is_sent:
            heads = {
                uid: head for uid, head in heads.items() if _is_wanted(fetched[uid], head, state)
            }
            self._learn_answers(list(heads.values()))
        mails = self._mails(folder, fetched, heads, is_sent=is_sent)
        self._learn_reach([one for one in mails if self._goes_elsewhere(one, is_sent=is_sent)])
        make = outgoing if is_sent else incoming
        items = [make(mail, self.known) for mail in mails if "\\draft" not in mail.flags]
        return [item for item in items if item is not None]

    def _head(self, fetched: Fetched) -> Head:
        return true_sender(parse_head(fetched.data), self.known.ours)

    def _goes_elsewhere(self, mail: Mail, *, is_sent: bool) -> bool:
        ours = is_sent or self.known.ours.writes(mail.head.sender.address)
        return ours and is_doubtful(mail, self.known)

    def _mails(
        self,
        folder: str,
        fetched: dict[int, Fetched],
        heads: dict[int, Head],
        *,
        is_sent: bool,
    ) -> list[Mail]:
        """Return the mails with as much of their bodies as is needed."""
        needed = [
            uid
            for uid, head in heads.items()
            if not head.id or (self._is_for_us(head) if is_sent else self._has_to_be_read(head))
        ]
        bodies: dict[int, tuple[Body, str, str]] = {}
        limit = self.settings.max_message_bytes
        for start in self.box.fetch_starts(needed, limit):
            bodies[start.uid] = _body(start, heads[start.uid])
        mails = []
        for uid, head in heads.items():
            body, problem, mail_id = bodies.get(uid, (Body(), "", head.id))
            if uid in needed and uid not in bodies:
                problem, mail_id = "the server does not hand it out", own_hash(head, b"")
            one = fetched[uid]
            mails.append(
                Mail(
                    id=head.id or mail_id,
                    head=head,
                    folder=folder,
                    uid=uid,
                    arrived=one.arrived,
                    flags=one.flags,
                    body=body,
                    problem=problem,
                )
            )
        return mails

    def _has_to_be_read(self, head: Head) -> bool:
        return not is_passed_over(head, self.known)

    def _is_for_us(self, head: Head) -> bool:
        mail = Mail(id=head.id, head=head, folder="", uid=0, arrived=None)
        return outgoing(mail, replace(self.known, replied=set())) is not None

    # --- looking up other mails ------------------------------------------------------------------

    def _learn_answers(self, heads: Sequence[Head]) -> None:
        """Look into Sent for what filtered mails answer: to a mail of ours, people answer."""
        asked = [one for head in heads if may_answer_us(head, self.known) for one in head.related]
        if asked and self.sent:
            with self._elsewhere(self.sent) as there:
                if there:
                    found = self._named(self.box.find(asked[:_LOOK_UPS]))
                    self.known.answers.update(head.id for head in found)

    def _learn_reach(self, mails: Sequence[Mail]) -> None:
        """Look up where the customers want their answers (Reply-To)."""
        asked = [
            one for mail in mails if is_doubtful(mail, self.known) for one in mail.head.related
        ]
        for folder in self.settings.folders:
            with self._elsewhere(folder) as there:
                for head in self._named(self.box.find(asked[:_LOOK_UPS])) if there else ():
                    for one in head.reply_to:
                        if head.id in self.known.reach:
                            self.known.expects(head.id, one.address, None)

    @contextlib.contextmanager
    def _elsewhere(self, folder: str) -> Iterator[bool]:
        """Open another folder and come back; yields whether it is there."""
        before = self.box.current
        try:
            self.box.open(folder)
            there = True
        except NotFound:
            there = False
        yield there
        if before is not None and self.box.open(before.name).uidvalidity != before.uidvalidity:
            raise Dropped(f"the folder '{before.name}' was renumbered in the middle of the run")

    def _named(self, uids: Sequence[int]) -> list[Head]:
        found = self.box.fetch_headers(uids[: 2 * _LOOK_UPS])
        return [self._head(one) for one in found.values()]

    # --- open mails ------------------------------------------------------------------------------

    def revisit(self) -> Page:
        r"""
        Return our answers to open mails that no new mail in Sent showed.

        \Answered says that we answered. The answer itself, looked for in Sent, says when; where
        it is not there, now has to do.
        """
        waiting = [item.external_id for item in self.query.open]
        marked = {*self._marked(waiting), *self.known.flagged}
        told = set(self.query.known_own_ids)
        unexplained = [
            one
            for one in dict.fromkeys((*waiting, *self.known.flagged))
            if one in marked and one not in self.known.replied and f"{one}#answered" not in told
        ]
        found = self._answers_in_sent(unexplained)
        items = [*(reply for reply in found if reply.external_id not in told)]
        items += [
            flagged_reply(one, self.query.now)
            for one in unexplained
            if one not in self.known.replied
        ]
        return Page(stream="answered", items=tuple(items), checked=tuple(waiting))

    def _marked(self, waiting: Sequence[str]) -> set[str]:
        wanted, marked = set(waiting), set[str]()
        for folder in self.settings.folders if waiting else ():
            with self._elsewhere(folder) as there:
                if there:
                    found = self._named(self.box.find(waiting, flag="ANSWERED"))
                    marked.update(head.id for head in found if head.id in wanted)
        return marked

    def _answers_in_sent(self, ids: Sequence[str]) -> list[Reply]:
        if not ids or not self.sent:
            return []
        with self._elsewhere(self.sent) as there:
            if not there:
                return []
            uids = {
                *self.box.find(ids, header="IN-REPLY-TO"),
                *self.box.find(ids, header="REFERENCES"),
            }
            part = sorted(uids)[: 2 * _LOOK_UPS]
            fetched = self.box.fetch_headers(part)
            heads = {uid: self._head(one) for uid, one in sorted(fetched.items())}
            mails = self._mails(self.sent, fetched, heads, is_sent=True)
            wanted = set(ids)
            replies = [outgoing(m, self.known) for m in mails if wanted & set(m.head.related)]
        return [reply for reply in replies if reply is not None]


def _withheld(state: StreamState) -> list[int]:
    said = state.extra.get("withheld", "")
    return sorted(int(one) for one in said.split(",") if one.isdigit())


def _floor(extra: Mapping[str, str]) -> datetime | None:
    try:
        return datetime.fromisoformat(extra.get("since", "")).astimezone(UTC)
    except ValueError:
        return None


def _is_wanted(fetched: Fetched, head: Head, state: StreamState) -> bool:
    """Whether a mail is no older than the first run reached back: an old one was only moved."""
    floor = _floor(state.extra)
    if floor is None or fetched.arrived is None:
        return True
    if fetched.arrived < floor:
        return False
    rescanned = fetched.uid <= int(state.extra.get("rescan", "0") or 0)
    taken = head.received if rescanned else None
    return taken is None or taken >= floor


def _body(start: Fetched, head: Head) -> tuple[Body, str, str]:
    """Return the body, what is wrong with it, and an id for a mail that has none."""
    mail_id = head.id or own_hash(head, start.data.partition(b"\r\n\r\n")[2])
    try:
        body = parse_body(start.data)
    except Unreadable as problem:
        return Body(), str(problem), mail_id
    if start.size > len(start.data) and not body.attachments:
        body = replace(body, attachments=("",))  # what was cut off
    return body, "", mail_id
