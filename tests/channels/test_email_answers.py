"""How our answers are seen: in Sent, in the inbox, by a flag; on a real IMAP server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.channels.mailbox import NOW, Inbox, imap_server, inbox, items, open_item

pytestmark = pytest.mark.slow

__all__ = ["imap_server", "inbox"]


def test_an_answer_in_sent_is_found_however_old_the_mention_is(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.sync()
    young = inbox.mentions["m@post.example"]
    inbox.mentions["m@post.example"] = replace(young, published=NOW - timedelta(days=400))
    inbox.answer(In_Reply_To="<m@post.example>", References="<m@post.example>")
    inbox.sync()
    reply = inbox.replies["a@acmecoffee.example"]
    assert (reply.parent_id, reply.thread_id) == ("m@post.example", "m@post.example")
    assert reply.published == NOW - timedelta(minutes=30)
    assert (reply.text, reply.certainty, reply.private) == ("We are sorry.", "sure", True)


def test_a_colleague_who_answers_with_a_copy_to_the_inbox_is_seen(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.answer(
        "c", folder="INBOX", From="Ben <ben@acmecoffee.example>", Cc=inbox.user,
        In_Reply_To="<m@post.example>",
    )  # fmt: skip
    inbox.sync()
    assert inbox.replies["c@acmecoffee.example"].parent_id == "m@post.example"
    assert list(inbox.mentions) == ["m@post.example"]


def test_a_fresh_mail_to_the_customer_is_a_likely_answer(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.sync()
    inbox.answer("before", ago=5)
    inbox.answer("after")
    inbox.answer("stranger", To="somebody@else.example")
    inbox.sync()
    assert list(inbox.replies) == ["after@acmecoffee.example"]
    reply = inbox.replies["after@acmecoffee.example"]
    assert (reply.certainty, reply.thread_id) == ("likely", "")
    assert reply.to == ("dana@post.example",)


def test_an_answer_to_the_address_in_reply_to_is_sure(inbox: Inbox) -> None:
    inbox.receive("m", Reply_To="dana@home.example")
    inbox.sync()
    inbox.answer(To="dana@home.example", In_Reply_To="<m@post.example>")
    inbox.sync()
    assert inbox.replies["a@acmecoffee.example"].certainty == "sure"


def test_a_forward_to_a_colleague_answers_nobody(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.sync()
    inbox.answer(To="ben@acmecoffee.example", In_Reply_To="<m@post.example>", Subject="Fwd: Order")
    inbox.sync()
    assert inbox.replies["a@acmecoffee.example"].certainty == "likely"


def test_the_answered_flag_alone_is_an_answer_of_now(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.receive("other")
    inbox.sync()
    _mark_answered(inbox, "1")
    inbox.now += timedelta(hours=1)
    pages = inbox.sync()
    reply = inbox.replies["m@post.example#answered"]
    assert (reply.parent_id, reply.certainty, reply.published) == (
        "m@post.example",
        "sure",
        inbox.now,
    )
    assert list(inbox.replies) == ["m@post.example#answered"]
    assert pages[-1].checked == ("m@post.example", "other@post.example")
    assert items(inbox.sync()) == []


def test_the_answer_itself_tells_more_than_the_flag(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.answer(In_Reply_To="<m@post.example>")
    _mark_answered(inbox, "1")
    inbox.sync()
    assert list(inbox.replies) == ["a@acmecoffee.example"]
    inbox.replies.clear()  # a reply from before our first window, or lost with a renumbered folder
    inbox.sync()
    assert list(inbox.replies) == ["a@acmecoffee.example"]


def test_an_answer_that_is_known_is_not_told_again_by_the_flag(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.answer(In_Reply_To="<m@post.example>")
    _mark_answered(inbox, "1")
    inbox.sync()
    query = replace(inbox.query(), known_own_ids=("a@acmecoffee.example",))
    query = replace(
        query, open=(open_item(inbox.mentions["m@post.example"]),)
    )  # waits for a follow-up
    with inbox.session() as session:
        assert items(list(session.pages(query))) == []


def _mark_answered(inbox: Inbox, number: str) -> None:
    client = inbox.server.client(inbox.user)
    client.select("INBOX")
    client.store(number, "+FLAGS", "\\Answered")
    client.logout()


def test_who_answers_us_through_a_mass_mailer_is_heard(inbox: Inbox) -> None:
    marks = {"List_Unsubscribe": "<https://crm.example/u>"}
    inbox.answer("ours", ago=30, Message_ID="<ours@relay.example>")
    inbox.receive("crm", In_Reply_To="<ours@relay.example>", **marks)
    inbox.receive("mass", In_Reply_To="<other@list.example>", **marks)
    inbox.sync()
    skipped = {name: mention.skipped for name, mention in inbox.mentions.items()}
    assert skipped == {"crm@post.example": "", "mass@post.example": "newsletter"}
