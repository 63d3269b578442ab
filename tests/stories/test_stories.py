"""The five stories of the reply clock, with default targets, through the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def rules(row: dict) -> set[str]:
    return {reason["rule"] for reason in row["reasons"]}


def test_a_mild_tweet_while_we_post_good_news(shop: Shop) -> None:
    shop.records(
        "x",
        {
            "id": "t1",
            "author_id": "mia",
            "author": "Mia",
            "text": "@acmecoffee the house blend tasted quite different from the last bag, a bit "
            "disappointed",
            "at": "10:00",
        },
        *(
            {"id": f"o{n}", "is_own": True, "text": "New cups are in! 🎉", "at": f"10:{n}0"}
            for n in range(1, 5)
        ),
    )
    before = shop.run("check", "--json", "--fail-on", "overdue", at="10:59")
    assert before.code == ExitCode.OK
    assert not before.rows[0]["overdue"]
    late = shop.run("check", "--json", "--fail-on", "overdue", at="11:01")
    assert late.code == ExitCode.OVERDUE
    (row,) = late.rows
    assert row["type"] == "x"
    assert row["due_at"] == "2026-11-17T11:00:00Z"
    assert row["overdue"]
    assert row["own_posts_since"] == 4
    assert "you posted 4 times since" in shop.run("queue", "--format", "plain", at="11:01").out

    shop.records(
        "x", {"id": "r1", "is_own": True, "parent_id": "t1", "text": "😎☕🎉", "at": "14:00"}
    )
    assert shop.queue("14:01") == []
    (clock,) = shop.run("show", "1", "--json", at="14:01").json["clocks"]
    assert clock["result"] == "breached"
    assert clock["open_seconds"] == 4 * 3600


def test_the_torn_jeans(shop: Shop) -> None:
    shop.records(
        "phone",
        {
            "id": "v1",
            "author": "Dana Reyes",
            "author_id": "+441632960011",
            "kind": "voicemail",
            "text": "Hi, Dana Reyes here, the jeans I bought on Friday tore on the first day. "
            "Please call me back.",
            "at": "mon 09:00",
        },
        type_="sms_voice",
    )
    shop.records(
        "inbox",
        {
            "id": "m1",
            "author": "Dana Reyes",
            "author_id": "dana@mail.example",
            "kind": "contact_form",
            "text": "The jeans tore on the first day. What can you do about it?",
            "at": "mon 12:00",
        },
        {
            "id": "r1",
            "is_own": True,
            "parent_id": "m1",
            "text": "Thank you for your message, we will be in touch soon.",
            "at": "mon 13:00",
        },
        type_="email",
    )
    held = shop.run("check", "--json", at="mon 13:30").rows
    form = next(row for row in held if row["type"] == "email")
    assert form["state"] == "open", "a holding reply does not end the matter"
    assert form["due_at"] == "2026-11-17T13:00:00Z", "one business day after the promise"

    shop.records(
        "facebook",
        {
            "id": "p1",
            "author": "Dana Reyes",
            "author_id": "fb-77",
            "text": "Jeans torn on DAY ONE. I called, I filled in your contact form, and still "
            "nobody has got back to me. Terrible service, never again!",
            "at": "wed 10:00",
        },
    )
    result = shop.run("check", "--json", "--fail-on", "overdue", at="wed 10:05")
    assert result.code == ExitCode.OVERDUE
    post = next(row for row in result.rows if row["type"] == "facebook")
    assert post["priority"] == "urgent"
    assert post["due_at"] == "2026-11-18T10:30:00Z"
    assert "urgency.tried_channels" in rules(post)
    assert any("perhaps the same person" in hint for hint in post["hints"])
    form = next(row for row in result.rows if row["type"] == "email")
    assert form["overdue"], "the promise was not kept"


def test_the_desperate_repeater(shop: Shop) -> None:
    texts = (
        ("10:00", "Hi, my order 1182 has not arrived, could you have a look?"),
        ("11:00", "Still no order and no answer. Where is it?"),
        (
            "12:00",
            "THIRD time I ask. Where is my order?! This is ridiculous, I want my money back.",
        ),
    )
    urgencies = []
    for count, (at, text) in enumerate(texts, start=1):
        shop.records("facebook", {"id": f"p{count}", "author_id": "sam", "text": text, "at": at})
        (row,) = shop.queue(at)
        assert row["messages"] == count
        urgencies.append(row["urgency"])
    assert urgencies == sorted(set(urgencies)), "it climbs with every message"
    assert row["waiting_since"] == "2026-11-17T10:00:00Z"
    assert row["text"] == texts[-1][1]
    assert row["priority"] == "urgent"
    assert "urgency.repeat_contact" in rules(row)
    assert row["overdue"]


def test_the_expired_product(shop: Shop) -> None:
    shop.records(
        "facebook", {"id": "p1", "author_id": "lee", "text": "Expired!", "media": 1, "at": "10:00"}
    )
    shop.records(
        "instagram", {"id": "p2", "author_id": "kim", "text": "", "media": 1, "at": "10:00"}
    )
    expired, silent = sorted(shop.queue("10:01"), key=lambda row: row["type"])
    assert "urgency.safety" in rules(expired)
    assert expired["priority"] in ("high", "urgent")
    assert expired["media"] == 1
    assert silent["state"] == "open", "an image on our page is never dropped"


def test_praise_and_thanks(shop: Shop) -> None:
    shop.records(
        "facebook",
        {"id": "1", "author_id": "ann", "text": "Best flat white in town, love it!", "at": "10:00"},
    )
    (praise,) = shop.queue("10:01")
    assert (praise["priority"], praise["intent"]) == ("low", "praise")
    shop.records(
        "facebook",
        {"id": "2", "is_own": True, "parent_id": "1", "text": "So kind of you!", "at": "10:30"},
        {
            "id": "3",
            "author_id": "ann",
            "thread_id": "1",
            "parent_id": "2",
            "text": "thanks!",
            "at": "10:40",
        },
    )
    assert shop.queue("10:41") == []

    shop.records(
        "reddit",
        {
            "id": "9",
            "author_id": "bo",
            "text": "Has anybody done business with Acme Coffee? Looking for an office supplier.",
            "addressed": False,
            "at": "10:00",
        },
    )
    (lead,) = shop.queue("10:50")
    assert lead["intent"] == "lead"
    assert lead["state"] == "open"
