"""Forms, voicemail notices, and our own mails: who the customer is, and whom an answer reaches."""

from __future__ import annotations

import pytest

from mentionwatch.channels._mail_forms import FormRule, filled, presets
from mentionwatch.channels._mail_items import Knowledge, outgoing
from mentionwatch.model.items import Mention, Reply
from tests.channels.mails import DATA, OURS, mention, read, simple, understood

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
