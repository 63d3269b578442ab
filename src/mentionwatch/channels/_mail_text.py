"""
The body of a mail: its words, what in them is new, and how many attachments hang on it.

Pure. Line by line, because an inbox is open to anybody: the usual libraries take seconds to hours
on a mail made for it, these rules take time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

from mentionwatch.channels._mail import PARSER_ERRORS, decoded, octets_to_text
from mentionwatch.model.text import clean, html_to_text

_PARTS = 200
_NESTING = 30
_TEXTS = 10
_LINES = 2_000
_LINE = 400

_MULTIPART = re.compile(rb"multipart/|message/", re.IGNORECASE)


class Unreadable(ValueError):
    """A mail that cannot be taken apart; the message says why, in a few words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """``text``: all of it. ``attachments``: their names, "" for one without."""

    text: str = ""
    attachments: tuple[str, ...] = ()


def parse_body(raw: bytes) -> Body:
    """
    Return the words of a mail and the names of its attachments.

    Args:
        raw: The mail, or its beginning: what was cut off is an attachment nearly always.

    Raises:
        Unreadable: Nested beyond reason, or broken in a way that the parser does not survive.
    """
    if len(_MULTIPART.findall(raw)) > _NESTING:
        # Each level costs the parser a comparison per line.
        raise Unreadable("too many parts within parts")
    try:
        leaves = list(_leaves(BytesParser().parsebytes(raw)))
        plain = [part for part in leaves if _is_text(part, "plain")][:_TEXTS]
        html = [part for part in leaves if _is_text(part, "html")][:_TEXTS]
        attached = [part for part in leaves if _is_attachment(part)]
        text = "\n\n".join(filter(None, map(_plain, plain)))
        text = text or "\n\n".join(filter(None, map(_html, html)))
        return Body(text=clean(text), attachments=tuple(map(_filename, attached)))
    except PARSER_ERRORS as error:
        raise Unreadable(type(error).__name__) from error


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something; a mail within the mail is one of them."""
    waiting, seen = [message], 0
    while waiting and seen < _PARTS:
        part = waiting.pop()
        seen += 1
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting.extend(reversed([one for one in inner if isinstance(one, Message)]))
        else:
            yield part


def _is_text(part: Message, kind: str) -> bool:
    return part.get_content_type() == f"text/{kind}" and not _is_attachment(part)


def _is_attachment(part: Message) -> bool:
    if part.get_content_subtype() in ("pgp-signature", "pkcs7-signature", "x-pkcs7-signature"):
        return False
    disposition = str(part.get("content-disposition", "")).strip().casefold()
    if disposition.startswith("attachment") or part.get_content_maintype() != "text":
        return part.get_content_maintype() != "multipart"
    return bool(_filename(part))


def _filename(part: Message) -> str:
    return decoded(str(part.get_filename() or ""))[:200]


def _octets(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _plain(part: Message) -> str:
    text = octets_to_text(_octets(part), part.get_content_charset() or "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format", "")).casefold() == "flowed":
        text = _joined(text, delete=str(part.get_param("delsp", "")).casefold() == "yes")
    return text.strip()


def _html(part: Message) -> str:
    return html_to_text(octets_to_text(_octets(part), part.get_content_charset() or ""))


def _joined(text: str, *, delete: bool) -> str:
    """Return flowed text with its soft breaks gone (RFC 3676)."""
    lines: list[str] = []
    flowing = False
    for line in text.split("\n"):
        line = line.removeprefix(" ") if line.startswith((" ", " >")) else line
        depth = len(line) - len(line.lstrip(">"))
        if flowing and depth == 0 and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        flowing = depth == 0 and line.endswith(" ") and line != "-- "
        if flowing and delete:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


# --- what is new in a reply ----------------------------------------------------------------------

_FIRST_WORD = re.compile(r"(?:on|am|le|el|il|op|den|em|w dniu|dne|på)\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|skrev|napisał\w*|escreveu|"
    r"napsal\w*|написал\w*|пишет)\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d.{0,200}(?:>|написал\w*|пишет)\s*[:：]$")
_RULE = re.compile(
    r"[-_ ]{2,}\s*(?:original message|original appointment|ursprüngliche nachricht|"
    r"originalnachricht|message d['’]origine|message original|mensaje original|"
    r"messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande|"
    r"opprinnelig melding|oprindelig meddelelse|wiadomość oryginalna|исходное сообщение)"
    r"\s*[-_ ]{2,}$|_{20,}$",
    re.IGNORECASE,
)
# A quoted head names sender and subject; "From: London, To: Paris, Date: 5 May" is a customer's.
_SENDER_LINE = re.compile(r"\*?(?:from|von|de|da|van|från|fra|od|от)\*?\s?[:：]", re.IGNORECASE)
_SUBJECT_LINE = re.compile(
    r"\*?(?:subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|тема)\*?\s?[:：]",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"-- ?$|(?:sent from (?:my|yahoo|outlook|samsung|mail for)|get outlook for|"
    r"von meinem \w+ gesendet|gesendet (?:von|mit) |envoyé (?:de|depuis) mon |"
    r"enviado desde mi |inviato da(?:l mio)? |"
    r"verzonden vanaf mijn |skickat från min |enviado do meu )",
    re.IGNORECASE,
)


def new_text(text: str) -> str:
    """
    Return what the writer of a reply added: without quotation and signature, as well as can be.

    An answer below or between quoted lines is kept; where nothing would be left, all of it is.
    """
    lines = text.split("\n")[:_LINES]
    heads = [line.strip()[:_LINE] for line in lines]
    end = _quote_start(heads)
    kept = _unquoted(lines[:end], heads[:end])
    if not _has_words(kept):
        kept = _unquoted(lines[end + 1 :], heads[end + 1 :])
    kept = _without_signature(kept)
    return "\n".join(kept).strip() or text.strip()


def _quote_start(heads: list[str]) -> int:
    """Return the index of the line below which everything is quoted; the length for none."""
    for index, line in enumerate(heads):
        if _RULE.match(line):
            return index
        if _SENDER_LINE.match(line) and any(map(_SUBJECT_LINE.match, heads[index : index + 6])):
            return index
        size = _attribution(heads, index)
        if size and not _is_marked(heads, index + size):
            return index
    return len(heads)


def _attribution(heads: list[str], index: int) -> int:
    """Return over how many lines an "On … somebody wrote:" runs from here; 0 where none does."""
    line = heads[index].lstrip("> ")
    if _DATED.match(line):
        return 1
    if not _FIRST_WORD.match(line):
        return 0
    joined = ""
    for size, part in enumerate(heads[index : index + 3], 1):
        joined += " " + part.lstrip("> ")
        if len(joined) > 300 or not part:
            return 0
        if joined.endswith((":", "：")) and _VERB.search(joined) and re.search(r"\d", joined):
            return size
    return 0


def _is_marked(heads: list[str], index: int) -> bool:
    """Whether the quotation is marked line by line, so that answers may stand between."""
    following = next((line for line in heads[index : index + 3] if line), "")
    return following.startswith(">")


def _unquoted(lines: list[str], heads: list[str]) -> list[str]:
    kept: list[str] = []
    skip = 0
    for index, line in enumerate(lines):
        skip = max(skip - 1, 0) or _attribution(heads, index)
        if not skip and not heads[index].startswith(">"):
            kept.append(line)
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if _SIGNATURE.match(line.lstrip()) and _has_words(lines[:index]):
            return lines[:index]
    return lines


def _has_words(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)
