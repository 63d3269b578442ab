"""From bytes to mentions: invented mails in the true shape."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mentionwatch.channels._imap_format import decode_name, parse_fetch, ranges
from mentionwatch.channels._mail import NOBODY, own, own_hash, parse_head, written_at
from mentionwatch.channels._mail_filters import why_skipped
from mentionwatch.channels._mail_items import Knowledge
from mentionwatch.channels._mail_text import new_text, parse_body
from mentionwatch.model.items import Mention
from tests.channels.mails import ARRIVED, DATA, OURS, mention, read, simple

# --- what a customer wrote -----------------------------------------------------------------------


def test_a_customer_mail_is_an_addressed_private_mention() -> None:
    item = mention("customer")
    assert item.external_id == "order-1023@post.example"
    assert item.author.id == "dana@post.example"
    assert item.author.name == "Dana Réyes"
    assert item.title == "Order 1023 is missing ☹"
    assert item.text == "Hello,\n\nmy order 1023 has not arrived. I paid €24 two weeks ago."
    assert (item.addressed, item.private, item.kind, item.media) == (True, True, "mail", 1)
    assert (item.published, item.delivered) == (ARRIVED, ARRIVED)
    assert item.url == ""


def test_gmail_has_a_page_for_each_mail() -> None:
    link = mention("customer", Knowledge(ours=OURS, gmail=True)).url
    assert (
        link == "https://mail.google.com/mail/u/0/#search/rfc822msgid%3Aorder-1023%40post.example"
    )


def test_html_alone_gives_its_words_without_the_quotation() -> None:
    item = mention("html_only")
    assert item.text == "Is the oat milk back?\nI asked on Monday too."
    assert item.thread_id == "root@acmecoffee.example"
    assert item.parent_id == "second@post.example"


def test_bytes_in_another_charset_than_they_claim_are_read() -> None:
    item = mention("charset_lies")
    assert item.author.name == "Jörg Müller"
    assert item.title == "Größe"
    assert item.text == "Die Tasse ist zu groß – 5 € zurück?"
    assert item.published == ARRIVED


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("x-sjis", "返金してください"),
        ("gb2312", "请退款"),
        ("x-unknown", "Größe"),
        ("koi8-r", "где заказ"),
    ],
)
def test_charsets_that_python_does_not_know_by_that_name(charset: str, text: str) -> None:
    codec = {"x-sjis": "shift_jis", "x-unknown": "utf-8"}.get(charset, charset)
    head = simple("", Content_Type=f'text/plain; charset="{charset}"')
    assert parse_body(head + text.encode(codec)).text == text


def test_soft_breaks_of_flowed_text_are_joined() -> None:
    raw = simple("Where is \r\nmy order?\r\n\r\nDana", Content_Type="text/plain; format=flowed")
    assert parse_body(raw).text == "Where is my order?\n\nDana"


def test_a_mail_without_id_gets_the_same_one_at_every_reading() -> None:
    raw = simple().replace(b"Message-ID: <q@post.example>\r\n", b"")
    head = parse_head(raw)
    assert own_hash(head, b"Hello") == own_hash(parse_head(raw), b"Hello")
    assert own_hash(head, b"Hello") != own_hash(head, b"Other")


def test_a_group_address_of_ours_shows_the_customer_behind_it() -> None:
    item = mention("google_group")
    assert (item.author.id, item.author.name) == ("dana@post.example", "Dana Reyes")
    assert (item.kind, item.skipped, item.text) == ("mail", "", "And on Sunday?")
    assert item.parent_id == "our-answer@acmecoffee.example"


# --- which time counts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "received", "expected"),
    [
        ("Thu, 19 Nov 2026 09:00:00 +0000", "", ARRIVED),
        ("", "", ARRIVED),
        ("Sat, 1 Jan 2000 00:00:00 +0000", "Thu, 19 Nov 2026 10:04:00 +0000", ARRIVED),
        ("Mon, 1 Jun 2026 08:00:00 +0000", "Mon, 1 Jun 2026 08:00:09 +0000",
         datetime(2026, 6, 1, 8, 0, 9, tzinfo=UTC)),
        ("Mon, 1 Jun 2026 08:00:00 +0000", "", datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("Fri, 1 Jan 2044 08:00:00 +0000", "", ARRIVED),
    ],
    ids=["near", "no date", "false clock", "moved mailbox", "moved, no trace", "future"],
)  # fmt: skip
def test_when_a_mail_counts_as_written(date: str, received: str, expected: datetime) -> None:
    head = parse_head(simple(Date=date, Received=f"by mx.acmecoffee.example; {received}"))
    assert written_at(head, ARRIVED) == expected


# --- what no customer wrote ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [("newsletter", "newsletter"), ("bounce", "bounce"), ("out_of_office", "auto")],
)
def test_automatic_mail_is_kept_with_the_reason_and_without_its_text(
    name: str, reason: str
) -> None:
    item = mention(name)
    assert (item.skipped, item.text, item.private) == (reason, "", True)
    assert item.title


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "no"}, ""),
        ({"Auto_Submitted": "auto-generated"}, "auto"),
        ({"Precedence": "list"}, "list"),
        ({"List_Id": "<talk.example>", "List_Post": "<mailto:talk@talk.example>"}, "list"),
        ({"List_Id": "<hello.acmecoffee.example>", "Precedence": "list"}, ""),
        ({"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}, ""),
        ({"X_Auto_Response_Suppress": "All"}, "auto"),
        ({"From": "No-Reply <no-reply@shop.example>"}, "noreply"),
        ({"From": "donotreply@shop.example"}, "noreply"),
        ({"From": "Noreen Plyer <noreen@post.example>"}, ""),
        ({"From": "postmaster@post.example"}, "bounce"),
        ({"Subject": "Abwesenheitsnotiz: Ihre Frage"}, "auto"),
        ({"Subject": "Automatic reply: hello"}, "auto"),
        ({"Subject": "Automatic doors are broken"}, ""),
        ({"X_Spam_Status": "Yes, score=9"}, "spam"),
        ({"X_Spam_Flag": "NO"}, ""),
    ],
)  # fmt: skip
def test_which_mail_is_passed_over(headers: dict[str, str], reason: str) -> None:
    assert why_skipped(parse_head(simple(**headers)), OURS) == reason


def test_a_sender_who_is_allowed_is_never_filtered() -> None:
    head = parse_head(simple(From="no-reply@shop.example", Precedence="bulk"))
    assert why_skipped(head, OURS, ["*@shop.example"]) == ""


def test_who_answers_us_is_no_newsletter_however_his_system_marks_it() -> None:
    raw = simple(List_Unsubscribe="<https://crm.example/u>", In_Reply_To="<ours@mailer.example>")
    assert isinstance(item := read(raw), Mention) and item.skipped == "newsletter"
    known = Knowledge(ours=OURS, answers={"ours@mailer.example"})
    assert isinstance(item := read(raw, known), Mention) and item.skipped == ""


def test_our_own_digest_is_nobodys_mail() -> None:
    assert read((DATA / "digest.eml").read_bytes()) is None


# --- quotation -----------------------------------------------------------------------------------

_QUOTES = {
    "english": "New.\n\nOn Mon, 16 Nov 2026 at 09:12, Acme <a@b.example> wrote:\n> Old",
    "over two lines": "New.\n\nOn Mon, 16 Nov 2026, Acme Coffee\n<a@b.example> wrote:\n\nOld",
    "german": "New.\n\nAm 16.11.2026 um 09:12 schrieb Acme <a@b.example>:\nOld",
    "french": "New.\n\nLe 16 nov. 2026 à 09:12, Acme <a@b.example> a écrit :\n> Old",
    "russian": "New.\n\n16 нояб. 2026 г., 09:12 пользователь Acme <a@b.example> написал:\n\nOld",
    "outlook": "New.\n\nFrom: Acme\nSent: Monday\nTo: Dana\nSubject: RE: x\n\nOld",
    "german outlook": "New.\n\nVon: Acme\nGesendet: Montag\nAn: Dana\nBetreff: x\n\nOld",
    "rule": "New.\n-----Ursprüngliche Nachricht-----\nOld",
    "line": "New.\n________________________________\nOld",
    "signature": "New.\n\n-- \nDana\nOld",
    "phone": "New.\n\nSent from my iPhone\nOld",
    "bottom posting": "On Mon, 16 Nov 2026, Acme <a@b.example> wrote:\n> Old\n\nNew.",
}


@pytest.mark.parametrize("name", _QUOTES)
def test_only_what_is_new_is_kept(name: str) -> None:
    assert new_text(_QUOTES[name]) == "New."


def test_answers_between_quoted_lines_are_kept() -> None:
    text = "See below.\nOn 16 Nov 2026 Acme wrote:\n> Which size?\nLarge.\n> Which colour?\nRed."
    assert new_text(text) == "See below.\nLarge.\nRed."


@pytest.mark.parametrize(
    "text",
    [
        "I want a transport:\nFrom: London\nTo: Paris\nDate: 5 May\nHow much is it?",
        "On Monday I wrote to you and nobody answered.",
        "> only quoted",
        "Sent from my iPhone",
    ],
)
def test_what_looks_like_quotation_and_is_not_stays(text: str) -> None:
    assert new_text(text) == text


# --- the wire ------------------------------------------------------------------------------------


def test_sets_are_written_as_ranges() -> None:
    assert ranges([7, 1, 2, 3, 3]) == "1:3,7"


def test_folder_names_are_read_from_modified_utf7() -> None:
    assert decode_name("Gesendet &APY-") == "Gesendet ö"
    assert decode_name("R&-D") == "R&D"
    assert decode_name("&broken") == "&broken"


def test_a_fetch_answer_is_read_whatever_its_order() -> None:
    data = [
        (b'1 (UID 5 INTERNALDATE " 1-Nov-2026 20:48:10 +0100" RFC822.SIZE 9 BODY[] {2}', b"ab"),
        b" FLAGS (\\Answered))",
        b"7 (FLAGS (\\Seen))",
        (b"2 (BODY[]<0> {1}", b"c"),
        b' INTERNALDATE "rubbish" UID 6)',
        b'3 (UID 7 BODY[HEADER]<0> "")',
        None,
    ]
    found = list(parse_fetch(data))
    assert [(one.uid, one.data) for one in found] == [(5, b"ab"), (6, b"c"), (7, b"")]
    assert found[0].size == 9
    assert found[0].arrived == datetime(2026, 11, 1, 19, 48, 10, tzinfo=UTC)
    assert found[0].flags == {"\\answered"}
    assert found[1].arrived is None


def test_a_handle_on_a_network_is_no_mail_address() -> None:
    assert OURS.addresses == {"hello@acmecoffee.example"}
    assert own(["me@gmail.com"]).domains == frozenset()
    assert not NOBODY.holds("x@y.example")
