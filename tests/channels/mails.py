"""Invented mails, and what they become."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mentionwatch.channels._mail import own, own_hash, parse_head
from mentionwatch.channels._mail_items import Knowledge, Mail, incoming, true_sender
from mentionwatch.channels._mail_text import Unreadable, parse_body
from mentionwatch.model.items import Item, Mention

DATA = Path(__file__).parent / "data" / "email"
ARRIVED = datetime(2026, 11, 19, 10, 5, tzinfo=UTC)
OURS = own(["hello@acmecoffee.example", "@acme@social.example"], ["acmecoffee.example"])


def read(raw: bytes, known: Knowledge | None = None, arrived: datetime = ARRIVED) -> Item | None:
    """What a mail in the inbox becomes."""
    return incoming(understood(raw, arrived), known or Knowledge(ours=OURS))


def understood(raw: bytes, arrived: datetime = ARRIVED) -> Mail:
    head = true_sender(parse_head(raw), OURS)
    problem = ""
    try:
        body = parse_body(raw)
    except Unreadable as error:
        body, problem = parse_body(b""), str(error)
    return Mail(
        id=head.id or own_hash(head, b""), head=head, folder="INBOX", uid=1,
        arrived=arrived, body=body, problem=problem,
    )  # fmt: skip


def mention(name: str, known: Knowledge | None = None) -> Mention:
    item = read((DATA / f"{name}.eml").read_bytes(), known)
    assert isinstance(item, Mention)
    return item


def simple(text: str = "Hello", **headers: str) -> bytes:
    lines = {
        "From": "Dana <dana@post.example>", "To": "hello@acmecoffee.example",
        "Subject": "Question", "Message-ID": "<q@post.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + text.encode()
