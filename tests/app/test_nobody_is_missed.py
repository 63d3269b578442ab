"""Ways in which somebody who waits could drop out of the queue unseen, each closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.test_threads import OUR_POST, comment, ours, waiting
from tests.shop import Shop, when

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def question(author: str, at: str, **more: object) -> dict[str, object]:
    """A message in a thread of its own."""
    return comment(f"{author}-{at}", author, at, parent_id="", thread_id=f"t-{author}-{at}", **more)


# --- whom an answer names ----------------------------------------------------------------------


def test_an_answer_to_one_that_names_all_in_the_thread_answers_the_one(shop: Shop) -> None:
    shop.records(
        "mastodon",
        comment("c1", "ann", "09:00", parent_id="", thread_id="t"),
        comment("c2", "bo", "09:05", parent_id="c1", thread_id="t"),
        ours("r1", "09:20", thread_id="t", parent_id="c1", to=["ann", "bo"]),
    )
    (row,) = shop.queue("09:30")
    assert row["author"]["name"] == "Bo"
    assert "perhaps answered" in row["hints"][0]


def test_an_answer_to_a_stranger_that_names_a_customer_too_is_a_hint(shop: Shop) -> None:
    shop.records(
        "mastodon",
        comment("c1", "ann", "09:00", parent_id="", thread_id="t"),
        ours("r1", "09:20", thread_id="t", parent_id="unknown", to=["ann", "stranger"]),
    )
    assert waiting(shop.queue("09:30")) == ["Ann"]


def test_a_public_word_about_somebody_elsewhere_is_a_hint(shop: Shop) -> None:
    shop.records("mastodon", question("ann", "09:00"), ours("r1", "09:20", thread_id="u", to="ann"))
    (row,) = shop.queue("09:30")
    assert "perhaps answered" in row["hints"][0]


def test_a_private_message_to_somebody_answers_him_whatever_the_thread(shop: Shop) -> None:
    shop.records("mail", question("Ann@Shop.example", "09:00"))
    assert len(shop.queue("09:10")) == 1
    answer = ours("r1", "09:20", thread_id="new", to=["ann@shop.example"], private=True)
    shop.records("mail", answer)
    assert shop.queue("09:30") == [], "case makes no other address"


def test_a_private_message_by_handle_is_seen_when_it_comes_later(shop: Shop) -> None:
    shop.records("chat", question("4711", "09:00", author_handle="@Ann.Lee"))
    assert len(shop.queue("09:10")) == 1
    shop.records("chat", ours("r1", "09:20", thread_id="new", to=["@ann.lee"], private=True))
    assert shop.queue("09:30") == []


def in_one(shop: Shop, *records: dict[str, object]) -> list[object]:
    shop.records("facebook", *records)
    return [(row["author"]["name"], row["hints"]) for row in shop.queue("10:00")]


def one_by_one(shop: Shop, *records: dict[str, object]) -> list[object]:
    for number, record in enumerate(records):
        shop.records("facebook", record)
        rows = shop.queue(f"09:{40 + number}")
    return [(row["author"]["name"], row["hints"]) for row in rows]


@pytest.mark.parametrize(
    "records",
    [
        (
            comment("c1", "ann", "09:00"),
            comment("c2", "bo", "09:05"),
            ours("r1", "09:20", thread_id="post", parent_id="c1", to=["ann", "bo"]),
        ),
        (
            comment("c1", "ann", "09:00"),
            ours("r1", "09:20", thread_id="post", parent_id="post", to=["ann", "bo"]),
            OUR_POST,
        ),
        (
            comment("c1", "ann", "09:00"),
            ours("r1", "09:10", parent_id="c1", text="We are looking into it."),
            ours("r2", "09:15", parent_id="r1", text="We are still looking into it."),
            ours("r3", "09:20", parent_id="r2", text="Found it; it comes tomorrow."),
        ),
    ],
    ids=["names another", "our post comes last", "in several parts"],
)
def test_answers_end_the_same_one_by_one_and_at_once(
    tmp_path: Path, records: tuple[dict[str, object], ...]
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "all").mkdir()
    assert one_by_one(Shop(tmp_path / "one"), *records) == in_one(Shop(tmp_path / "all"), *records)


# --- customers whom nobody names ----------------------------------------------------------------


def nameless(number: str, at: str, text: str) -> dict[str, object]:
    return {"id": number, "thread_id": "post", "parent_id": "post", "text": text, "at": at}


def test_of_two_nameless_commenters_one_is_answered(shop: Shop) -> None:
    shop.records(
        "facebook",
        OUR_POST,
        nameless("c1", "09:00", "Where is my order?"),
        nameless("c2", "09:05", "Do you have oat milk?"),
        ours("r1", "09:20", thread_id="post", parent_id="c2"),
    )
    assert [row["text"] for row in shop.queue("09:30")] == ["Where is my order?"]


def test_spam_without_a_name_does_not_silence_the_next_commenter(shop: Shop) -> None:
    shop.records("facebook", OUR_POST, nameless("c1", "09:00", "Want to earn money?"))
    (row,) = shop.queue("09:10")
    shop.run("ignore", str(row["id"]), "--cause", "spam", at="09:11")
    shop.records("facebook", nameless("c2", "09:15", "Do you have oat milk?"))
    assert [row["text"] for row in shop.queue("09:30")] == ["Do you have oat milk?"]


def test_a_private_thread_without_a_name_has_one_customer(shop: Shop) -> None:
    first = {**nameless("c1", "09:00", "Where is my order?"), "private": True}
    second = {**nameless("c2", "09:05", "Hello?"), "private": True}
    shop.records("webchat", first, second)
    assert [row["messages"] for row in shop.queue("09:30")] == [2]


# --- what came late, or changed ------------------------------------------------------------------


def test_a_message_that_came_in_after_the_snooze_wakes_whatever_its_date(shop: Shop) -> None:
    shop.records("mail", question("ann", "09:00"))
    (row,) = shop.queue("09:10")
    shop.run("snooze", str(row["id"]), "--until", "2026-11-18 09:00", at="15:00")
    assert shop.queue("15:30") == []
    shop.records("mail", question("ann", "14:00", text="Please call me, it is urgent!"))
    assert len(shop.queue("16:00")) == 1


def test_a_message_seen_before_the_snooze_sleeps(shop: Shop) -> None:
    shop.records("mail", question("ann", "09:00"), question("ann", "14:00"))
    (row,) = shop.queue("14:10")
    shop.run("snooze", str(row["id"]), "--until", "2026-11-18 09:00", at="15:00")
    assert shop.queue("16:00") == []


def edited_after_our_answer(shop: Shop, text: str, **more: object) -> list[dict[str, object]]:
    before = comment("c1", "ann", "09:00", text="Lovely cake, thank you.", **more)
    shop.records("facebook", OUR_POST, before)
    shop.records("facebook", ours("r1", "09:10", thread_id="post", parent_id="c1"))
    assert shop.queue("09:20") == []
    shop.records("facebook", comment("c1", "ann", "09:00", text=text))
    return shop.queue("10:20")


def test_a_complaint_added_to_an_answered_message_waits_from_then(shop: Shop) -> None:
    text = "Lovely cake, thank you. EDIT: it made me sick, I want a refund!"
    (row,) = edited_after_our_answer(shop, text)
    assert row["waiting_since"] == "2026-11-17T10:20:00Z"
    assert any("says more since" in hint for hint in row["hints"])
    shop.records("facebook", ours("r2", "10:30", thread_id="post", parent_id="c1"))
    assert shop.queue("10:40") == []


@pytest.mark.parametrize("text", ["Lovely cakes, thank you.", "Lovely cake, thank you so much."])
def test_a_corrected_word_or_a_warmer_one_waits_for_nothing(shop: Shop, text: str) -> None:
    assert edited_after_our_answer(shop, text) == []


def test_stars_taken_away_after_our_answer_wait(shop: Shop) -> None:
    review = {"id": "v1", "author_id": "ann", "kind": "review", "text": "The cake.", "at": "09:00"}
    shop.records("google", {**review, "rating": 5})
    shop.records("google", ours("r1", "09:10", parent_id="v1"))
    assert shop.queue("09:20") == []
    shop.records("google", {**review, "rating": 1})
    (row,) = shop.queue("10:20")
    assert row["waiting_since"] == "2026-11-17T10:20:00Z"
    shown = shop.run("show", str(row["id"]), "--json", at="10:21").json
    assert shown["thread"][0]["earlier_texts"] == [], "the words stayed"


def test_forms_told_by_turns_wake_nobody_twice(shop: Shop) -> None:
    long = "Lovely cake, thank you. EDIT: it made me sick, I want a refund!"
    edited_after_our_answer(shop, long)
    shop.records("facebook", ours("r2", "10:30", thread_id="post", parent_id="c1"))
    shop.records("facebook", comment("c1", "ann", "09:00", text="Lovely cake, thank you."))
    assert shop.queue("10:40") == []
    shop.records("facebook", comment("c1", "ann", "09:00", text=long))
    assert shop.queue("10:50") == []


def test_a_message_that_was_reopened_is_answered_by_a_later_reply_to_it(shop: Shop) -> None:
    shop.records("facebook", OUR_POST, comment("c1", "ann", "09:00"))
    shop.records("facebook", ours("r1", "09:10", thread_id="post", parent_id="c1"))
    assert shop.queue("09:20") == []
    shop.run("reopen", "1", at="09:30")
    assert len(shop.queue("09:31")) == 1
    shop.records("facebook", ours("r2", "09:40", thread_id="post", parent_id="c1"))
    assert shop.queue("09:50") == []


# --- what looks like history, or like news --------------------------------------------------------


def test_what_arrives_today_is_no_history_whatever_date_it_bears(shop: Shop) -> None:
    shop.records("mail", question("bo", "09:00"))
    shop.queue("09:10")
    arrived = {"delivered_at": "2026-11-17T11:00:00Z"}
    shop.records("mail", question("ann", "2019-01-01 00:00", **arrived))
    rows = {row["author"]["name"]: row for row in shop.queue("11:30")}
    assert rows["Ann"]["waiting_since"] == "2026-11-17T11:00:00Z"
    assert "its date is not certain" in rows["Ann"]["hints"]


def test_what_was_delivered_before_we_watched_keeps_its_date(shop: Shop) -> None:
    moved = {"delivered_at": "2026-11-16T11:00:00Z"}
    shop.records("mail", question("ann", "2019-01-01 00:00", **moved))
    assert shop.queue("09:00") == [], "a mailbox that moved brings its history along"


def test_the_customer_at_the_desk_is_no_history(shop: Shop) -> None:
    shop.channel("mail")
    said = ["add", "where is my invoice?", "--author", "Jo", "--at", "2026-11-02 09:00"]
    assert shop.run(*said, at="10:00").code == 0
    assert len(shop.run("queue", "--json", at="10:01").rows) == 1


def test_a_channel_may_be_called_article(shop: Shop) -> None:
    shop.channel("article", "")
    for number, at in (("1", "09:00"), ("2", "10:00")):
        shop.records("article", {**question("ann", at), "id": number, "channel_type": ""})
        assert len(shop.queue(at)) == 1
        shop.run("done", number, at=at)


def test_an_article_that_wants_an_answer_is_not_hidden_by_one_that_does_not(shop: Shop) -> None:
    news = {"article": "https://news.example/a", "kind": "article", "addressed": False}
    shop.records("one", {"id": "1", "text": "Acme Coffee opens today.", "at": "09:00", **news})
    assert shop.queue("09:10") == []
    text = "Acme Coffee, why do you not answer? Has anybody had trouble with Acme Coffee?"
    shop.records("two", {"id": "2", "text": text, "at": "09:05", **news})
    assert len(shop.queue("09:20")) == 1


def stored(shop: Shop, **more: object) -> None:
    """Store one mail as a channel would."""
    from mentionwatch.model.items import Author, Mention, Page
    from mentionwatch.store import channels, items, rows
    from mentionwatch.store.database import Store

    mail = Mention(
        external_id="m1", author=Author(id="ann"), published=when("09:00"), addressed=True,
        **{"text": "Where is my order?", **more},
    )  # fmt: skip
    with Store(shop.db) as store, store.transaction() as connection:
        channels.connect(connection, "mail", "email", "direct", 0)
        source = rows.Source(channel="mail", type="email")
        items.save_page(connection, source, Page(stream="s", items=(mail,)), when("09:05"))


def test_a_mail_that_a_filter_passed_over_waits_once_it_is_recognised(shop: Shop) -> None:
    stored(shop, skipped="newsletter")
    assert shop.run("queue", "--json", at="09:10").rows == []
    stored(shop)
    (row,) = shop.run("queue", "--json", at="09:20").rows
    assert row["text"] == "Where is my order?"
    assert shop.run("db", "check", at="09:21").code == 0


def test_a_mail_that_was_recognised_is_not_passed_over_later(shop: Shop) -> None:
    stored(shop)
    stored(shop, skipped="newsletter")
    assert len(shop.run("queue", "--json", at="09:20").rows) == 1
