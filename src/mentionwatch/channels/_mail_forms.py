"""
Mails that a machine sent for a customer: contact forms, voicemail notices, texts by mail.

The customer is the one in Reply-To or in the body, never the sender. What a producer's mails look
like is data (``mail_presets.toml``); a rule of the owner's has the same keys and goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mentionwatch.channels._mail import Address, Head, Own

KINDS = ("contact_form", "voicemail", "sms")
_TEXT = 50_000
_LABEL_LINES = 200
_NUMBER = re.compile(r"\+?\(?\d[\d\s().-]{5,18}\d")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]{1,64}@[^\s<>\"'(),;:@\[\]]{1,255}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FormRule:
    """
    How to recognise one kind of form mail, and where in it the customer's words are.

    ``sender``, ``subject``, ``to``: patterns as for files ("wordpress@*"), or a regular expression
    between slashes; all that are given must fit, and ``contains`` (words of the body) too.
    ``customer``, ``name``, ``message``, ``duration`` list places, the first that gives something
    counts: "reply-to", "sender", "label:Email" (a line "Email: …", the value may stand below),
    "after:Message Body:" (everything behind these words), "lines:2" (all from the second line on),
    "line:/regex/" or "subject:/regex/" (its
    first group), "body" (all of it). ``until``: words at which the message ends.
    ``preset``: a built-in rule that fills in what is not given.
    """

    preset: str = ""
    kind: Literal["", "contact_form", "voicemail", "sms"] = ""
    sender: str = ""
    subject: str = ""
    to: str = ""
    contains: str = ""
    customer: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    duration: tuple[str, ...] = ()
    until: tuple[str, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the rule: key and message."""
        if self.preset and self.preset not in presets():
            yield "preset", f'there is no preset "{self.preset}"; there are: {", ".join(presets())}'
        elif not (self.preset or self.sender or self.subject or self.to or self.contains):
            yield "", "needs at least one of preset, sender, subject, to, contains"
        for key in ("sender", "subject", "to"):
            if trouble := _trouble(getattr(self, key)):
                yield key, trouble
        for key in ("customer", "name", "message", "duration"):
            for place in getattr(self, key):
                if trouble := _place_trouble(place):
                    yield key, trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What a form mail says. ``customer``: an address, or a telephone number with its digits."""

    kind: str
    customer: str
    name: str
    message: str


def filled(rule: FormRule) -> FormRule:
    """Return the rule with what its preset adds."""
    base = presets().get(rule.preset)
    if base is None:
        return replace(rule, kind=rule.kind or "contact_form")
    given = {
        one.name: getattr(rule, one.name) or getattr(base, one.name) for one in fields(FormRule)
    }
    return FormRule(**given)


@cache
def presets() -> Mapping[str, FormRule]:
    """Return the built-in rules by name."""
    return {name: _rule(table) for name, table in _tables().items()}


@cache
def standard() -> tuple[FormRule, ...]:
    """Return the built-in rules that are safe for every mailbox: each names its sender."""
    return tuple(presets()[name] for name, table in _tables().items() if table.get("standard"))


@cache
def _tables() -> dict[str, dict[str, Any]]:
    import tomllib
    from importlib.resources import files

    return tomllib.loads(
        files("mentionwatch.channels").joinpath("mail_presets.toml").read_text("utf-8")
    )


def _rule(table: Mapping[str, Any]) -> FormRule:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key != "standard"
    }
    return FormRule(**values)


def _trouble(pattern: str) -> str:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        try:
            re.compile(pattern[1:-1])
        except re.error as error:
            return f"is no regular expression: {error}"
    return ""


def _place_trouble(place: str) -> str:
    kind, _, rest = place.partition(":")
    if place in ("reply-to", "sender", "body") or (kind in ("label", "after") and rest.strip()):
        return ""
    if kind == "lines":
        return "" if rest.isdigit() else '"lines:" needs a number'
    if kind in ("line", "subject"):
        if not (len(rest) > 2 and rest.startswith("/") and rest.endswith("/")):
            return f'"{kind}:" needs a regular expression between slashes'
        return _trouble(rest) or ("" if "(" in rest else "the expression needs a group ( )")
    known = "reply-to, sender, label:…, after:…, lines:2, line:/…/, subject:/…/ or body"
    return f'"{place[:40]}" is no place; write {known}'


# --- applying a rule -----------------------------------------------------------------------------


def matches_head(rule: FormRule, head: Head) -> bool:
    """Whether what the rule asks of the header holds."""
    return (
        _fits(rule.sender, head.sender.address)
        and _fits(rule.subject, head.subject)
        and (not rule.to or any(_fits(rule.to, address) for address in head.to))
    )


def _fits(pattern: str, value: str) -> bool:
    if not pattern:
        return True
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return re.search(pattern[1:-1], value, re.IGNORECASE) is not None
    return fnmatchcase(value.casefold(), pattern.casefold())


def read_form(
    rule: FormRule, head: Head, text: str, ours: Own, *, guess: bool = True
) -> Form | None:
    """
    Return what the form mail says; None where the rule does not fit its body.

    Args:
        text: All of the body.
        guess: Where no place gives a customer, take the first address in the body that is not
            ours, else the sender; without it such a mail is not taken for a form.
    """
    text = text[:_TEXT]
    if rule.contains and rule.contains.casefold() not in text.casefold():
        return None
    found = _Reading(rule=rule, head=head, text=text)
    customer = _customer(found, ours)
    if not customer and rule.kind == "contact_form":
        if not guess:
            return None
        customer = _first_address(text, ours) or head.sender.address
    name = found.first(rule.name) or _reply_to(head).name
    message = found.first(rule.message)
    message = _ended(message or ("" if rule.kind == "voicemail" else text), rule.until)
    if rule.kind == "voicemail" and not message:
        length = found.first(rule.duration)
        message = (
            f"[voicemail, {length}, no transcript]" if length else "[voicemail, no transcript]"
        )
    return Form(
        kind=rule.kind, customer=customer, name=" ".join(name.split())[:200], message=message
    )


def default_form(head: Head, ours: Own) -> bool:
    """
    Whether a mail that no rule knows comes from a form: sent by our own site or by a machine, to
    be answered to somebody else.
    """
    reply_to, sender = _reply_to(head).address, head.sender.address
    if not reply_to or reply_to == sender or ours.writes(reply_to) or head.parent_id:
        return False
    if ours.writes(sender) or ours.holds(sender):
        return True
    from mentionwatch.channels._mail_filters import is_list, is_no_reply

    # A company's no-reply with its own help desk in Reply-To is a notification, no form.
    elsewhere = reply_to.rpartition("@")[2] != sender.rpartition("@")[2]
    return is_no_reply(sender) and elsewhere and not is_list(head, ours)


def sent_to_itself(head: Head, ours: Own) -> bool:
    """Whether an address of ours wrote to us alone: a note, or a form without Reply-To."""
    return (
        ours.writes(head.sender.address)
        and not head.parent_id
        and bool(head.to)
        and all(map(ours.writes, head.to))
    )


_NAME = ("label:Name", "label:Your name", "label:Full name", r"line:/^From:\s*([^<@]+?)\s*</")
_MESSAGE = (
    "after:Message Body:", "label:Message", "label:Your message", "label:Comment",
    "label:Enquiry", "label:Nachricht", "label:Mensaje", "label:Messaggio", "body",
)  # fmt: skip
_EMAIL = (
    "label:Email", "label:E-mail", "label:Your email", "label:Email address", "label:Mail",
    "label:E-Mail-Adresse", "label:From",
)  # fmt: skip

DEFAULT = FormRule(kind="contact_form", customer=("reply-to",), name=_NAME, message=_MESSAGE)
LABELLED = FormRule(kind="contact_form", customer=_EMAIL, name=_NAME, message=_MESSAGE)


def _reply_to(head: Head) -> Address:
    from mentionwatch.channels._mail import Address

    return next(iter(head.reply_to), Address())


def _customer(found: _Reading, ours: Own) -> str:
    """Return the customer's address or number; "" where no place of the rule gives one."""
    for place in found.rule.customer:
        for value in found.values(place):
            if address := _ADDRESS.search(value):
                if not ours.writes(address[0]):
                    return address[0].casefold().rstrip(".")
            elif found.rule.kind != "contact_form" and (number := _NUMBER.search(value)):
                return telephone(number[0])
    return ""


def _first_address(text: str, ours: Own) -> str:
    for match in _ADDRESS.finditer(text):
        address = match[0].casefold().rstrip(".")
        if not ours.writes(address) and not ours.holds(address):
            return address
    return ""


def telephone(number: str) -> str:
    """Return a telephone number with its digits only, "+" kept; ``00`` abroad becomes "+"."""
    digits = re.sub(r"\D", "", number)
    if number.strip().startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def _ended(message: str, until: Sequence[str]) -> str:
    folded = message.casefold()
    # Folding may change the length of exotic letters; then marks are looked for as written.
    hay = folded if len(folded) == len(message) else message
    ends = [hay.find(mark.casefold()) for mark in until]
    return message[: min((end for end in ends if end >= 0), default=None)].strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """One form mail, and the places in which a rule looks."""

    rule: FormRule
    head: Head
    text: str

    def first(self, places: Sequence[str]) -> str:
        return next((value for place in places for value in self.values(place) if value), "")

    def values(self, place: str) -> list[str]:
        kind, _, rest = place.partition(":")
        match kind:
            case "reply-to":
                return [one.address for one in self.head.reply_to]
            case "sender":
                return [self.head.sender.address]
            case "body":
                return [self.text]
            case "after":
                start = self.text.casefold().find(rest.strip().casefold())
                return [self.text[start + len(rest.strip()) :].strip()] if start >= 0 else []
            case "label":
                return [value] if (value := self._label(rest.strip())) else []
            case "lines":
                return ["\n".join(self.text.split("\n")[max(int(rest), 1) - 1 :]).strip()]
            case "subject":
                return _group(rest, self.head.subject)
        lines = self.text.split("\n")[:_LABEL_LINES]
        return [value for line in lines for value in _group(rest, line[:400])]

    def _label(self, label: str) -> str:
        """Return the value behind a label: the rest of its line and what follows up to the next."""
        lines = self.text.split("\n")
        begins = _label_pattern(label)
        for index, line in enumerate(lines):
            match = begins.match(line[:_TEXT])
            if match is None:
                continue
            value = [(match[1] or "").strip()]
            for following in lines[index + 1 :]:
                if self._is_label(following):
                    break
                value.append(following.rstrip())
            return "\n".join(value).strip()
        return ""

    def _is_label(self, line: str) -> bool:
        if not line.strip():
            return False
        labels = [
            place.partition(":")[2].strip()
            for place in (*self.rule.customer, *self.rule.name, *self.rule.message)
            if place.startswith("label:")
        ]
        common = ("Name", "Email", "E-mail", "Phone", "Telephone", "Subject", "Country Code")
        return any(_label_pattern(label).match(line) for label in (*labels, *common))


@cache
def _label_pattern(label: str) -> re.Pattern[str]:
    """A label ends in a colon; in a table made of HTML it stands alone on its line."""
    return re.compile(
        rf"\s*\*{{0,2}}{re.escape(label)}\*{{0,2}}\s*(?:[:：]\s*(.*)|($))", re.IGNORECASE
    )


def _group(expression: str, text: str) -> list[str]:
    found = re.search(expression[1:-1], text, re.IGNORECASE)
    return [found[1].strip()] if found and found[1] else []
