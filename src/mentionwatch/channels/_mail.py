"""
The head of a mail: who wrote to whom, in which thread, and when.

Pure. RFC 5322. The old ``compat32`` policy of :mod:`email` is used on
purpose: the new one parses values with a grammar that a hostile header can make very slow.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime

from mentionwatch.model.text import clean

PARSER_ERRORS = (
    MessageError, LookupError, ValueError, TypeError, AttributeError, AssertionError,
    OverflowError, RecursionError,
)  # fmt: skip
"""Everything that :mod:`email` has been seen to raise on broken mail."""

_IDS = 100
_IDS_TEXT = 64 * 1024
_ADDRESSES_TEXT = 8 * 1024
_VALUE = 8 * 1024
_SUBJECT = 500
_LONGEST_ID = 400
_HEADER_COPIES = 5

_ID = re.compile(r"<([^<>\s]+)>")
_BARE_ADDRESS = re.compile(r"[^\s<>\"(),;:@\[\]]{1,64}@[^\s<>\"(),;:@\[\]]{1,255}")
_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_ALIASES = {
    "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8", "windows-874": "cp874",
    "x-sjis": "shift_jis", "cp-850": "cp850", "x-mac-roman": "mac_roman", "x-unknown": "utf-8",
    "unknown-8bit": "utf-8", "iso-2022-jp-ms": "iso2022_jp", "gb2312": "gb18030",
    "us-ascii": "utf-8", "ascii": "utf-8",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """``address`` in lower case; "" where there is none."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """
    What the header of a mail says, decoded and cleaned.

    ``id`` and ``references`` are Message-IDs without their brackets; ``id`` is "" where the mail
    has none. ``references``: oldest first, In-Reply-To not included. ``to``: addresses of To and
    Cc. ``received``: when the owner's own server took it, from the topmost Received line.
    ``lines``: values by header name in lower case.
    """

    id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sender: Address = Address()
    reply_to: tuple[Address, ...] = ()
    to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    received: datetime | None = None
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        """Return the first value of a header, "" where it has none."""
        return next(iter(self.lines.get(name, ())), "")

    @property
    def thread_id(self) -> str:
        """The id of the mail with which the thread began, as far as this one tells."""
        return self.references[0] if self.references else self.in_reply_to or self.id

    @property
    def parent_id(self) -> str:
        return self.in_reply_to or (self.references[-1] if self.references else "")

    @property
    def related(self) -> tuple[str, ...]:
        """Every id to which this mail refers."""
        return tuple(dict.fromkeys((self.in_reply_to, *self.references))) if self.parent_id else ()


def parse_head(raw: bytes) -> Head:
    """
    Return what the header says; what cannot be understood is left empty.

    Args:
        raw: The mail, or its header, or the beginning of that.
    """
    lines = _lines(raw)

    def first(name: str) -> str:
        return next(iter(lines.get(name, ())), "")

    ids = _ids(first("message-id"))
    senders = addresses(lines.get("from", ())) or addresses(lines.get("sender", ()))
    return Head(
        id=ids[0] if ids else "",
        in_reply_to=next(iter(_ids(first("in-reply-to"))), ""),
        references=tuple(_ids(first("references"))),
        sender=senders[0] if senders else Address(),
        reply_to=tuple(addresses(lines.get("reply-to", ()))),
        to=tuple(one.address for one in addresses((*lines.get("to", ()), *lines.get("cc", ())))),
        subject=decoded(first("subject"))[:_SUBJECT],
        date=_date(first("date")),
        received=_date(first("received").rpartition(";")[2]),
        lines=lines,
    )


def _lines(raw: bytes) -> dict[str, list[str]]:
    try:
        # The text of the header as it came; bytes beyond ASCII are lone surrogates in it.
        pairs = BytesHeaderParser().parsebytes(raw).raw_items()
        lines: dict[str, list[str]] = {}
        for name, value in pairs:
            copies = lines.setdefault(str(name).lower(), [])
            if len(copies) < _HEADER_COPIES:
                copies.append(_FOLD.sub(" ", str(value)))
    except PARSER_ERRORS:
        return {}
    return lines


def _ids(value: str) -> list[str]:
    found = list(dict.fromkeys(_ID.findall(value[:_IDS_TEXT])))
    # The root and the last ones matter; a mail with thousands of references is no honest mail.
    kept = found if len(found) <= _IDS else [found[0], *found[1 - _IDS :]]
    return [_short(octets_to_text(_octets(one))) for one in kept]


def _short(identity: str) -> str:
    if len(identity) <= _LONGEST_ID:
        return clean(identity)
    return "sha256:" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()


def own_hash(head: Head, body: bytes) -> str:
    """Return an id for a mail that came without one; the same at every reading."""
    parts = (head.first("from"), head.first("date"), head.first("subject"))
    text = "\0".join(parts).encode("utf-8", "surrogateescape") + b"\0" + body[:1000]
    return "sha256:" + hashlib.sha256(text).hexdigest()[:40]


def addresses(values: Sequence[str]) -> list[Address]:
    """Return the addresses in header values; groups and words without "@" give none."""
    found: list[Address] = []
    for value in values:
        text = value[:_ADDRESSES_TEXT]
        try:
            pairs = getaddresses([text])
        except PARSER_ERRORS:
            pairs = []
        known = [(name, address) for name, address in pairs if "@" in address]
        if not known and (bare := _BARE_ADDRESS.search(text)):
            known = [(text[: bare.start()].strip(' "<'), bare[0])]
        found.extend(
            Address(name=decoded(name)[:200], address=decoded(address).casefold()[:320])
            for name, address in known[:_IDS]
        )
    return found


def decoded(value: str) -> str:
    """Return a header value as text: encoded words decoded, raw bytes guessed, one line."""
    value = value[:_VALUE]
    try:
        pieces = decode_header(value) if "=?" in value else [(value, None)]
    except PARSER_ERRORS:
        pieces = [(value, None)]
    text = "".join(
        octets_to_text(piece if isinstance(piece, bytes) else _octets(piece), charset or "")
        for piece, charset in pieces
    )
    return " ".join(clean(text).split())


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def octets_to_text(octets: bytes, charset: str = "") -> str:
    """Return text in the charset it claims, else in the one it is likely to be in; never fails."""
    claimed = charset.strip("\"' ").lower()
    for name in (_ALIASES.get(claimed, claimed), "utf-8", "windows-1252"):
        try:
            if name:
                return octets.decode(name)
        except (LookupError, ValueError):
            continue  # codecs such as "base64" are no charsets and raise LookupError too
    return octets.decode("latin-1")


def _date(value: str) -> datetime | None:
    """Return the instant of a Date value in UTC; None where it is none, or absurd."""
    try:
        found = parsedate_to_datetime(value[:200])
        instant = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except PARSER_ERRORS:
        return None
    return instant if 1995 <= instant.year < 2100 else None


def written_at(head: Head, arrived: datetime | None) -> datetime | None:
    """
    Return when a mail counts as written.

    That is its arrival on the server: the Date line is the sender's to choose. Where the two are
    more than two days apart, either the line is false or the mailbox was moved and lost its
    times; the owner's server noted the true one in its Received line, which outlives a move.
    Without that line the earlier one counts.
    """
    if arrived is None or head.date is None:
        return arrived or head.received or head.date
    if abs(arrived - head.date) <= timedelta(days=2):
        return arrived
    if head.received is not None and head.received <= arrived:
        return arrived if arrived - head.received <= timedelta(days=2) else head.received
    return min(arrived, head.date)


# --- whose address it is -------------------------------------------------------------------------

# fmt: off
_FREE_MAIL = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com",
    "yahoo.com", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.de", "gmx.net", "gmx.at",
    "web.de", "t-online.de", "freenet.de", "mail.com", "mail.ru", "yandex.ru", "proton.me",
    "protonmail.com", "fastmail.com", "orange.fr", "free.fr", "wanadoo.fr", "laposte.net",
    "libero.it", "virgilio.it", "btinternet.com", "yahoo.co.uk", "hotmail.co.uk", "yahoo.fr",
    "yahoo.de", "hotmail.fr", "zoho.com", "qq.com", "163.com", "comcast.net", "verizon.net",
))
# fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """Our addresses and domains, as `own` makes them."""

    addresses: frozenset[str]
    domains: frozenset[str]

    def writes(self, address: str) -> bool:
        return plain_address(address) in self.addresses

    def holds(self, address: str) -> bool:
        """Whether an address, a host or a list id lies in a domain of ours."""
        host = address.rpartition("@")[2].strip("<>. ").casefold()
        return any(host == domain or host.endswith("." + domain) for domain in self.domains)


NOBODY = Own(addresses=frozenset(), domains=frozenset())


def own(names: Collection[str], domains: Collection[str] = ()) -> Own:
    """Return what is ours, out of accounts of any kind; only mail addresses count."""
    ours = {plain_address(name) for name in names if _is_address(name)}
    hosts = {domain.casefold().strip(". ").removeprefix("www.") for domain in domains}
    hosts |= {address.rpartition("@")[2] for address in ours} - _FREE_MAIL
    return Own(addresses=frozenset(ours), domains=frozenset(hosts - {""}))


def _is_address(name: str) -> bool:
    return not name.startswith("@") and _BARE_ADDRESS.fullmatch(name.strip()) is not None


def plain_address(address: str) -> str:
    """Return an address in lower case without its "+tag"."""
    local, at, host = address.strip().casefold().rpartition("@")
    return local.partition("+")[0] + at + host
