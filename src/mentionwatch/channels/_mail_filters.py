"""
What no customer wrote: bounces, out-of-office notes, newsletters, spam.

Pure. RFC 3834 (automatic mail), RFC 2369 and 2919 (lists), and what was in use before them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase

from mentionwatch.channels._mail import Head, Own

_NO_REPLY = re.compile(
    r"(?:^|[._+-])(?:no|do-?not|donot|ne-?pas|nicht|keine)[._-]?(?:reply|repl|respond\w*|repondre|"
    r"antwort\w*|responder)(?:$|[._+\d-])"
)
_BOUNCER = re.compile(r"^(?:mailer[-_]?daemon|postmaster|mail[-_]?delivery\w*)(?:$|[._+@-])")
_AUTO_SUBJECT = re.compile(
    r"^(?:auto(?:matic)?[ -]?reply|out[ -]of[ -](?:the[ -])?office|automatische antwort|"
    r"abwesenheits(?:notiz|nachricht|agent|meldung)|r[ée]ponse automatique|absence du bureau|"
    r"respuesta autom[áa]tica|fuera de la oficina|risposta automatica|fuori (?:sede|ufficio)|"
    r"resposta autom[áa]tica|autosvar|automatisk svar|automatiskt svar|frånvaro|"
    r"automatisch antwoord|afwezig|automatyczna odpowied[źz]|автоответ|poissa)\b",
    re.IGNORECASE,
)
_OWN_DIGEST = "digest.mentionwatch"


def is_own_digest(head: Head) -> bool:
    """Whether this program sent it."""
    return _OWN_DIGEST in head.first("list-id").casefold()


def is_automatic(head: Head) -> bool:
    """Whether a machine wrote it: RFC 3834, and the headers that were there before it."""
    answered = head.first("auto-submitted").partition(";")[0].strip().casefold()
    return (answered not in ("", "no")) or _has_auto_header(head)


def _has_auto_header(head: Head) -> bool:
    suppress = head.first("x-auto-response-suppress").casefold()
    return (
        any(name in head.lines for name in ("x-autoreply", "x-autorespond", "x-loop"))
        # Exchange puts other values of this one on ordinary mail.
        or "all" in re.split(r"[\s,]+", suppress)
    )


def is_list(head: Head, ours: Own) -> str:
    """Return "list", "newsletter" or ""; a group address of our own domain is no list."""
    if ours.holds(head.first("list-id").rpartition("<")[2]):
        return ""
    precedence = head.first("precedence").strip().casefold()
    if ("list-id" in head.lines and "list-post" in head.lines) or precedence == "list":
        return "list"
    if "list-unsubscribe" in head.lines or precedence in ("bulk", "junk"):
        return "newsletter"
    return "list" if "list-id" in head.lines else ""


def is_no_reply(address: str) -> bool:
    return _NO_REPLY.search(address.partition("@")[0].casefold()) is not None


def why_skipped(head: Head, ours: Own, allow: Collection[str] = (), *, known: bool = False) -> str:
    """
    Return why a mail is not a customer's: auto, bounce, list, newsletter, noreply, spam; or "".

    Args:
        allow: Senders who are never filtered: addresses, or patterns such as "*@shop.example".
        known: It answers a mail of ours: then marks of mass mail prove nothing, since people
            write from systems that set them.
    """
    sender = head.sender.address
    if any(fnmatchcase(sender, pattern.casefold()) for pattern in allow):
        return ""
    answered = head.first("auto-submitted").partition(";")[0].strip().casefold()
    if answered not in ("", "no"):
        return "auto"
    if _is_bounce(head):
        return "bounce"
    if not known and (mass := is_list(head, ours)):
        return mass
    precedence = head.first("precedence").strip().casefold()
    if precedence == "auto_reply" or (not known and _has_auto_header(head)):
        return "auto"
    if not known and is_no_reply(sender):
        return "noreply"
    if _AUTO_SUBJECT.match(head.subject):
        return "auto"
    flag, status = head.first("x-spam-flag"), head.first("x-spam-status")
    return "spam" if (flag.strip() + status.strip()).casefold().startswith("yes") else ""


def _is_bounce(head: Head) -> bool:
    kind = head.first("content-type").partition(";")[0].strip().casefold()
    return (
        kind == "multipart/report"
        or head.first("return-path").strip() == "<>"
        or _BOUNCER.match(head.sender.address) is not None
    )


def is_forged(head: Head) -> bool:
    """Whether the owner's server found that the sender is not who he says (RFC 8601)."""
    verdict = head.first("authentication-results").casefold()
    return re.search(r"\b(?:dmarc|spf)\s*=\s*(?:fail|permerror)", verdict) is not None
