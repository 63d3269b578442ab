"""Mails made to stop, delay or confuse whoever reads them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.channels._mail import parse_head
from mentionwatch.channels._mail_text import new_text
from mentionwatch.model.items import Mention
from tests.channels.mails import read, simple

# --- hostile mails -------------------------------------------------------------------------------


def _nested(levels: int) -> bytes:
    head = simple().partition(b"\r\n\r\n")[0] + b"\r\n"
    for level in range(levels):
        head += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    return head + b"\r\n" + b"x\n" * 60_000


_BOMBS = {
    "nested": _nested(1000),
    "mails in mails": simple().partition(b"\r\n\r\n")[0]
    + b"\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "long header": simple(Subject="x" * 10_000_000),
    "references": simple(References=" ".join(f"<{n}@x.example>" for n in range(10_000))),
    "open bracket": simple(References="<" * 60_000, Message_ID="<" + "a" * 60_000),
    "comments": simple(From="(" * 5000 + "dana@post.example"),
    "addresses": simple(To="a@b.example," * 50_000),
    "no address": simple(From="a" * 60_000, Reply_To="<" + "a" * 60_000),
    "encoded words": simple(Subject="=?utf-8?q?a?= " * 20_000),
    "bad base64": simple(Subject="=?utf-8?b?A?=", Content_Transfer_Encoding="base64"),
    "surrogates": simple(From="\udcfc\udcff <\udcfc@post.example>", Subject="\udcff\udcfe"),
    "nul": simple("a\0b", Subject="a\0b"),
    "attributions": simple("On Monday 1 someone\n" * 12_000),
    "one line": simple("On " + "a b c 1 " * 30_000),
    "html": simple("<a " * 80_000, Content_Type="text/html"),
    "style": simple("<style>" * 30_000 + "Where is it?", Content_Type="text/html"),
    "charset": simple("Hi", Content_Type="text/plain; charset=base64"),
    "parameters": simple("Hi", Content_Type="text/plain; " + "a*0=b; " * 8000),
    "dates": simple(Date="Mon, 99 Foo 99999 99:99:99 +9999", Received="x;" * 9000),
    "empty": b"",
    "no header": b"\r\n\r\nhello",
    "garbage": bytes(range(256)) * 200,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", _BOMBS)
def test_a_hostile_mail_neither_stops_nor_delays_the_reading(name: str) -> None:
    began = time.process_time()
    item = read(_BOMBS[name])
    assert time.process_time() - began < 3
    assert isinstance(item, Mention)
    for text in (item.external_id, item.text, item.title, item.author.name, item.author.id):
        text.encode("utf-8")
    assert len(item.parent_id) < 500 and len(item.thread_id) < 500


@pytest.mark.slow
def test_a_mail_that_cannot_be_taken_apart_still_shows_sender_and_subject() -> None:
    item = read(_BOMBS["nested"])
    assert isinstance(item, Mention)
    assert item.text == "unreadable mail: too many parts within parts"
    assert (item.author.id, item.title) == ("dana@post.example", "Question")


@pytest.mark.slow
@given(st.binary(max_size=400))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    for mail in (raw, simple().partition(b"\r\n\r\n")[0] + b"\r\n" + raw, b"From: " + raw):
        assert parse_head(mail).sender.address == parse_head(mail).sender.address
        read(mail)


@pytest.mark.slow
@given(st.text(max_size=300))
def test_new_text_never_invents_or_empties(text: str) -> None:
    found = new_text(text)
    assert bool(found) == bool(text.strip())
