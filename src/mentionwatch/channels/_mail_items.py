"""
Mails -> mentions and replies. Pure: what a run knows goes in and out as `Knowledge`.

Every customer mail is a mention, what no customer wrote is a mention that says why it was skipped,
what we wrote is a reply. A reply is *sure* only when it went to the customer whom it answers: a
forward to a colleague carries the same references.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from mentionwatch.channels._mail import (
    NOBODY,
    Address,
    Head,
    Own,
    addresses,
    plain_address,
    written_at,
)
from mentionwatch.channels._mail_filters import (
    is_automatic,
    is_forged,
    is_list,
    is_own_digest,
    why_skipped,
)
from mentionwatch.channels._mail_forms import (
    DEFAULT,
    LABELLED,
    Form,
    FormRule,
    default_form,
    matches_head,
    read_form,
    sent_to_itself,
    standard,
)
from mentionwatch.channels._mail_text import Body, new_text
from mentionwatch.model.items import Author, Item, Mention, Reply

TWICE_WITHIN = timedelta(minutes=10)
_NOTHING = Body()
_MASS = ("list", "newsletter", "noreply", "auto")
_FORWARD = re.compile(r"^(?:fwd?|wg|tr|rv|i|enc|doorst|vb)\s*:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail, understood as far as it was fetched. ``problem``: why its body is missing."""

    id: str
    head: Head
    folder: str
    uid: int
    arrived: datetime | None
    flags: frozenset[str] = frozenset()
    body: Body = _NOTHING
    problem: str = ""

    @property
    def written(self) -> datetime | None:
        return written_at(self.head, self.arrived)

    @property
    def thread_id(self) -> str:
        return self.head.thread_id or self.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A form mail of the last minutes, to know its copy by."""

    customer: str
    text_hash: str
    id: str
    at: datetime


@dataclass(kw_only=True, slots=True)
class Knowledge:
    """
    What a run knows so far; grows with every mail.

    ``reach``: the addresses at which the author of a mention is reached, by the mention's id.
    ``waiting``: since when an address waits. ``answers``: ids of mails that answer one of ours.
    ``copies``: id of a form mail's second copy -> id of the first. ``replied``: ids for which a
    sure reply was seen. ``flagged``: ids of new mentions that are marked as answered.
    """

    ours: Own
    allow: tuple[str, ...] = ()
    rules: tuple[FormRule, ...] = ()
    builtin: bool = True
    gmail: bool = False
    reach: dict[str, set[str]] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)
    answers: set[str] = field(default_factory=set)
    copies: dict[str, str] = field(default_factory=dict)
    forms: list[Seen] = field(default_factory=list)
    replied: set[str] = field(default_factory=set)
    flagged: list[str] = field(default_factory=list)

    def expects(self, mention_id: str, address: str, since: datetime | None) -> None:
        """Note that the author of a mention waits, and where he is reached."""
        if not address:
            return
        plain = plain_address(address)
        self.reach.setdefault(mention_id, set()).add(plain)
        if since is not None:
            self.waiting[plain] = min(since, self.waiting.get(plain, since))


def true_sender(head: Head, ours: Own) -> Head:
    """Return the head with the customer as sender where a group address of ours stands there."""
    if not (ours.writes(head.sender.address) or ours.holds(head.sender.address)):
        return head
    for name in ("x-original-from", "x-original-sender"):
        found = addresses(head.lines.get(name, ()))
        if found and not ours.writes(found[0].address) and not ours.holds(found[0].address):
            named = found[0].name or head.sender.name.removesuffix(" via").partition("' via ")[0]
            return replace(head, sender=Address(name=named.strip("'"), address=found[0].address))
    return head


def is_passed_over(head: Head, known: Knowledge) -> str:
    """
    Return why a mail needs no look at its body: "own digest", a filter's reason, or "".

    The rules for forms come before the filters, since machines send those mails.
    """
    if is_own_digest(head):
        return "own digest"
    if _fitting(head, known) or known.ours.writes(head.sender.address):
        return ""
    return _filtered(head, known)


def may_answer_us(head: Head, known: Knowledge) -> bool:
    """Whether looking for the mail that it answers could save it from the filters."""
    return bool(head.related) and is_passed_over(head, known) in _MASS


def _filtered(head: Head, known: Knowledge) -> str:
    answers = any(one in known.answers or known.ours.holds(one) for one in head.related)
    return why_skipped(head, known.ours, known.allow, known=answers)


def _fitting(head: Head, known: Knowledge) -> list[tuple[FormRule, bool]]:
    """Return the rules that fit a header, and whether each is the owner's own word."""
    fitting = [(rule, True) for rule in known.rules if matches_head(rule, head)]
    if known.builtin:
        fitting += [(rule, False) for rule in standard() if matches_head(rule, head)]
        if default_form(head, known.ours):
            fitting.append((DEFAULT, False))
        if sent_to_itself(head, known.ours):
            fitting.append((LABELLED, False))
    return fitting


def incoming(mail: Mail, known: Knowledge) -> Item | None:
    """Return the item that a mail in a watched folder is; None for one that is nobody's."""
    if is_own_digest(mail.head):
        return None
    for rule, mine in _fitting(mail.head, known):
        form = read_form(rule, mail.head, mail.body.text, known.ours, guess=mine)
        if form is not None:
            return _form_mention(mail, form, known)
    if known.ours.writes(mail.head.sender.address):
        return outgoing(mail, known, trusted=not is_forged(mail.head))
    reason = _filtered(mail.head, known)
    return _skipped(mail, reason) if reason else _mail_mention(mail, known)


def _mail_mention(mail: Mail, known: Knowledge) -> Mention:
    head, sender = mail.head, mail.head.sender
    _note(mail, sender.address, known)
    for one in head.reply_to:
        known.expects(mail.id, one.address, None)
    text = new_text(mail.body.text)
    if mail.problem:
        text = f"unreadable mail: {mail.problem}"
    author = Author(id=sender.address, name=sender.name or sender.address, handle=sender.address)
    return _mention(mail, author, text, known, kind="mail")


def _form_mention(mail: Mail, form: Form, known: Knowledge) -> Mention:
    author = Author(
        id=form.customer, name=form.name or form.customer or "withheld number", handle=form.customer
    )
    first = _first_copy(mail, form, known)
    if first:
        known.copies[mail.id] = first
        known.expects(first, form.customer, None)
        return replace(_skipped(mail, "duplicate"), author=author, thread_id=first, kind=form.kind)
    _note(mail, form.customer, known)
    text = f"unreadable mail: {mail.problem}" if mail.problem else form.message
    return _mention(mail, author, text, known, kind=form.kind)


def _note(mail: Mail, address: str, known: Knowledge) -> None:
    known.expects(mail.id, address, mail.written)
    if "\\answered" in mail.flags:
        known.flagged.append(mail.id)


def _first_copy(mail: Mail, form: Form, known: Knowledge) -> str:
    """Return the id of the same form mail sent a moment before; "" where this is the first."""
    if form.kind != "contact_form" or mail.written is None or not form.message:
        return ""
    words = " ".join(form.message.casefold().split())
    text_hash = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]
    for seen in known.forms:
        same = (seen.customer, seen.text_hash) == (form.customer, text_hash)
        if same and abs(mail.written - seen.at) <= TWICE_WITHIN:
            # The same mail read again is no copy of itself.
            return "" if seen.id == mail.id else seen.id
    seen = Seen(customer=form.customer, text_hash=text_hash, id=mail.id, at=mail.written)
    known.forms = [*known.forms[-49:], seen]
    return ""


def _skipped(mail: Mail, reason: str) -> Mention:
    sender = mail.head.sender
    return Mention(
        external_id=mail.id,
        text="",
        author=Author(id=sender.address, name=sender.name, handle=sender.address, is_bot=True),
        published=mail.written,
        delivered=mail.arrived,
        addressed=True,
        kind="mail",
        title=mail.head.subject,
        thread_id=mail.thread_id,
        private=True,
        skipped=reason,
        automatic=True,
    )


def _mention(mail: Mail, author: Author, text: str, known: Knowledge, *, kind: str) -> Mention:
    return Mention(
        external_id=mail.id,
        text=text,
        author=author,
        published=mail.written,
        delivered=mail.arrived,
        addressed=True,
        kind=kind,
        title=mail.head.subject,
        url=_link(mail.id, known),
        thread_id=mail.thread_id,
        parent_id=mail.head.parent_id,
        private=True,
        media=len(mail.body.attachments),
        raw={
            "folder": mail.folder,
            "uid": mail.uid,
            "date": mail.head.date.isoformat() if mail.head.date else "",
            "to": list(mail.head.to),
            "attachments": list(mail.body.attachments),
            "text": mail.body.text,
        },
    )


def _link(mail_id: str, known: Knowledge) -> str:
    """Return a page that shows the mail; only Gmail has one that can be made from its id."""
    if not known.gmail or mail_id.startswith("sha256:"):
        return ""
    return f"https://mail.google.com/mail/u/0/#search/rfc822msgid%3A{quote(mail_id, safe='')}"


# --- what we wrote -------------------------------------------------------------------------------


def outgoing(mail: Mail, known: Knowledge, *, trusted: bool = True) -> Reply | None:
    """
    Return the reply that a mail of ours is; None where it answers nobody who is known to wait.

    Args:
        trusted: It lies in our own Sent folder, or nothing speaks against its sender.
    """
    head = mail.head
    everybody = (*head.to, *(one.address for one in addresses(head.lines.get("bcc", ()))))
    # An address of our own domain may be a customer's for all that is known, if it waits.
    to = tuple(one for one in dict.fromkeys(everybody) if not known.ours.writes(one))
    if head.parent_id:
        parent = known.copies.get(head.parent_id, head.parent_id)
        certainty = _certainty(mail, to, known) if trusted else "likely"
        if certainty == "sure":
            known.replied.update((parent, *head.related))
        return _reply(mail, to, certainty, parent=parent, thread=mail.thread_id)
    reached = tuple(one for one in to if _is_waiting(one, mail.written, known))
    return _reply(mail, reached, "likely", parent="", thread="") if reached else None


def is_doubtful(mail: Mail, known: Knowledge) -> bool:
    """Whether the mail that this one answers must be looked at, to see where its answer belongs."""
    head = mail.head
    forward = _FORWARD.match(head.subject) is not None
    outward = any(not known.ours.holds(one) for one in head.to)
    return (
        bool(head.parent_id)
        and outward
        and not forward
        and (_certainty(mail, head.to, known) == "likely")
    )


def _certainty(mail: Mail, to: Sequence[str], known: Knowledge) -> str:
    reached = {plain_address(one) for one in to}
    answered = [known.copies.get(one, one) for one in mail.head.related]
    expected = set().union(*(known.reach.get(one, set()) for one in answered))
    if reached & expected:
        return "sure"
    foreign = [one for one in mail.head.reply_to if not known.ours.writes(one.address)]
    outward = any(not known.ours.holds(one) for one in reached)
    if expected or foreign or not outward or _FORWARD.match(mail.head.subject):
        return "likely"
    return "sure"


def _is_waiting(address: str, written: datetime | None, known: Knowledge) -> bool:
    since = known.waiting.get(plain_address(address))
    return since is not None and (written is None or written >= since)


def _reply(mail: Mail, to: tuple[str, ...], certainty: str, *, parent: str, thread: str) -> Reply:
    sender = mail.head.sender
    return Reply(
        external_id=mail.id,
        text=new_text(mail.body.text),
        published=mail.written,
        delivered=mail.arrived,
        author=Author(id=sender.address, name=sender.name, handle=sender.address),
        thread_id=thread,
        parent_id=parent,
        to=to,
        certainty=certainty,
        automatic=is_automatic(mail.head) or bool(is_list(mail.head, NOBODY)),
        private=True,
        raw={"folder": mail.folder, "uid": mail.uid, "text": mail.body.text},
    )


def flagged_reply(mention_id: str, now: datetime) -> Reply:
    r"""Return our answer of which only the flag \Answered is left; it says no time, so now."""
    return Reply(
        external_id=f"{mention_id}#answered",
        text="",
        published=now,
        parent_id=mention_id,
        private=True,
        raw={"flag": "\\Answered"},
    )
