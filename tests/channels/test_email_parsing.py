"""From bytes to items: invented mails in the true shape, and hostile ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.channels._imap_format import decode_name, parse_fetch, ranges
from mentionwatch.channels._mail import NOBODY, own, own_hash, parse_head, written_at
from mentionwatch.channels._mail_filters import why_skipped
from mentionwatch.channels._mail_forms import FormRule, filled, presets
from mentionwatch.channels._mail_items import Knowledge, Mail, incoming, outgoing, true_sender
from mentionwatch.channels._mail_text import Unreadable, new_text, parse_body
from mentionwatch.model.items import Item, Mention, Reply

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
    assert item.url == "mid:order-1023@post.example"


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


# --- forms and voicemail -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "customer", "person", "text"),
    [
        ("form_contact_form_7", "contact_form", "maria@post.example", "Maria Lopez",
         "Are there nuts in the brownie?\nMy son is allergic."),
        ("form_shopify", "contact_form", "ana@post.example", "Ana Pereira",
         "Do you ship to Ireland?\n\nSecond paragraph: thanks."),
        ("form_plain", "contact_form", "ben@post.example", "Ben Okoro",
         "Can I book a table for 12?"),
        ("form_unknown", "contact_form", "kim@post.example", "Kim Lee",
         "Where is my refund?\nIt has been a month."),
        ("voicemail_google", "voicemail", "5555550199", "5555550199",
         "Hi, this is about the torn jeans, please call me back today."),
        ("voicemail_ringcentral", "voicemail", "5555550123", "5555550123",
         "[voicemail, 0:42, no transcript]"),
        ("voicemail_asterisk", "voicemail", "5550177", "Walter Novak",
         "[voicemail, 0:17, no transcript]"),
    ],
)  # fmt: skip
def test_the_customer_is_the_one_behind_the_machine(
    name: str, kind: str, customer: str, person: str, text: str
) -> None:
    item = mention(name)
    assert (item.kind, item.skipped) == (kind, "")
    assert (item.author.id, item.author.name) == (customer, person)
    assert item.text == text


def test_without_the_rules_a_voicemail_notice_is_automatic_mail() -> None:
    known = Knowledge(ours=OURS, builtin=False)
    assert mention("voicemail_google", known).skipped == "auto"


def test_a_rule_of_the_owner_goes_first_and_never_loses_a_mail() -> None:
    rule = FormRule(sender="*@tables.example", message=("after:Wish:",), until=("Booked with",))
    raw = simple("Wish: window seat\nBooked with Tables", From="noreply@tables.example")
    item = read(raw, Knowledge(ours=OURS, rules=(filled(rule),)))
    assert isinstance(item, Mention)
    assert (item.kind, item.text) == ("contact_form", "window seat")
    assert item.author.id == "noreply@tables.example"


def test_a_preset_lends_what_the_owner_does_not_say() -> None:
    rule = filled(FormRule(preset="voicemail", sender="*@telco.example"))
    raw = simple("Caller: +44 20 5550 0188\nTranscript: Call me.", From="vm@telco.example",
                 Subject="Voicemail")  # fmt: skip
    item = read(raw, Knowledge(ours=OURS, rules=(rule,)))
    assert isinstance(item, Mention)
    assert (item.author.id, item.text) == ("+442055500188", "Call me.")


def test_every_preset_is_in_order() -> None:
    assert not [problem for rule in presets().values() for problem in rule.problems()]
    assert len(presets()) >= 17


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (FormRule(), ""),
        (FormRule(preset="wpform"), "preset"),
        (FormRule(sender="/(/"), "sender"),
        (FormRule(sender="*", customer=("label:",)), "customer"),
        (FormRule(sender="*", name=("line:/Name/",)), "name"),
        (FormRule(sender="*", message=("everything",)), "message"),
    ],
)
def test_a_wrong_rule_names_its_key(rule: FormRule, key: str) -> None:
    assert [found for found, _ in rule.problems()] == [key]


def test_a_form_that_mails_twice_is_one_mention() -> None:
    known = Knowledge(ours=OURS)
    raw = (DATA / "form_contact_form_7.eml").read_bytes()
    first = read(raw, known)
    second = read(raw.replace(b"<cf7@", b"<cf7-copy@"), known)
    again = read(raw, known)
    assert isinstance(first, Mention) and isinstance(second, Mention)
    assert (second.skipped, second.thread_id) == ("duplicate", first.external_id)
    assert isinstance(again, Mention) and again.skipped == ""
    answer = simple(
        "No nuts.", From="hello@acmecoffee.example", To="maria@post.example",
        In_Reply_To="<cf7-copy@acmecoffee.example>", Message_ID="<a@acmecoffee.example>",
    ).replace(b"Message-ID: <q@post.example>\r\n", b"")  # fmt: skip
    reply = outgoing(understood(answer), known)
    assert reply is not None
    assert (reply.parent_id, reply.certainty) == (first.external_id, "sure")


# --- what we wrote -------------------------------------------------------------------------------


def ours(known: Knowledge, **headers: str) -> Reply | None:
    lines = {"From": "hello@acmecoffee.example", "To": "dana@post.example", **headers}
    return outgoing(understood(simple("We are sorry.\n\n> Hello", **lines)), known)


def waiting() -> Knowledge:
    known = Knowledge(ours=OURS)
    read(simple(Message_ID="<m@post.example>"), known)
    return known


def test_an_answer_with_a_reference_is_sure() -> None:
    reply = ours(
        waiting(), In_Reply_To="<m@post.example>", References="<r@x.example> <m@post.example>"
    )
    assert reply is not None
    assert (reply.parent_id, reply.thread_id) == ("m@post.example", "r@x.example")
    assert (reply.certainty, reply.to) == ("sure", ("dana@post.example",))
    assert (reply.text, reply.automatic, reply.private) == ("We are sorry.", False, True)


def test_an_answer_that_names_only_references_answers_the_last() -> None:
    reply = ours(waiting(), References="<r@x.example> <m@post.example>")
    assert reply is not None and reply.parent_id == "m@post.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"To": "ben@acmecoffee.example"},
        {"To": "supplier@beans.example", "Subject": "Fwd: Question"},
        {"To": "supplier@beans.example"},
        {"Reply_To": "somebody@else.example", "To": "ben@acmecoffee.example"},
    ],
    ids=["to a colleague", "forward", "to a supplier", "odd"],
)
def test_a_mail_that_does_not_go_to_the_customer_is_no_sure_answer(headers: dict[str, str]) -> None:
    reply = ours(waiting(), In_Reply_To="<m@post.example>", **headers)
    assert reply is not None and reply.certainty == "likely"


def test_a_fresh_mail_to_who_waits_is_likely_an_answer() -> None:
    reply = ours(waiting())
    assert reply is not None
    assert (reply.parent_id, reply.thread_id, reply.certainty) == ("", "", "likely")
    assert reply.to == ("dana@post.example",)
    assert ours(Knowledge(ours=OURS)) is None


def test_our_out_of_office_note_is_automatic() -> None:
    reply = ours(waiting(), In_Reply_To="<m@post.example>", Auto_Submitted="auto-replied")
    assert reply is not None and reply.automatic


def test_a_colleague_in_the_inbox_answers_unless_the_server_doubts_him() -> None:
    raw = simple("Done!", From="hello+ana@acmecoffee.example", To="dana@post.example",
                 In_Reply_To="<m@post.example>")  # fmt: skip
    item = read(raw, waiting())
    assert isinstance(item, Reply) and item.certainty == "sure"
    verdict = b"Authentication-Results: mx.acmecoffee.example; dmarc=fail\r\n"
    forged = read(verdict + raw, waiting())
    assert isinstance(forged, Reply) and forged.certainty == "likely"


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


@pytest.mark.parametrize("name", _BOMBS)
def test_a_hostile_mail_neither_stops_nor_delays_the_reading(name: str) -> None:
    began = time.process_time()
    item = read(_BOMBS[name])
    assert time.process_time() - began < 3
    assert isinstance(item, Mention)
    for text in (item.external_id, item.text, item.title, item.author.name, item.author.id):
        text.encode("utf-8")
    assert len(item.parent_id) < 500 and len(item.thread_id) < 500


def test_a_mail_that_cannot_be_taken_apart_still_shows_sender_and_subject() -> None:
    item = read(_BOMBS["nested"])
    assert isinstance(item, Mention)
    assert item.text == "unreadable mail: too many parts within parts"
    assert (item.author.id, item.title) == ("dana@post.example", "Question")


@given(st.binary(max_size=400))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    for mail in (raw, simple().partition(b"\r\n\r\n")[0] + b"\r\n" + raw, b"From: " + raw):
        assert parse_head(mail).sender.address == parse_head(mail).sender.address
        read(mail)


@given(st.text(max_size=300))
def test_new_text_never_invents_or_empties(text: str) -> None:
    found = new_text(text)
    assert bool(found) == bool(text.strip())


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
