from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentionwatch.model.items import Author
from mentionwatch.model.score import Reason
from mentionwatch.output import words
from mentionwatch.output.words import LocalTime
from tests.output.samples import ANA, DANA, NOW, YUKI, ago, busy, conversation, overdue_row, row

LOCAL = LocalTime(now=NOW, timezone="Europe/London")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 min late"),
        (59, "1 min late"),
        (2400, "40 min late"),
        (5399, "89 min late"),
        (5400, "1 h late"),
        (18000, "5 h late"),
        (360000, "100 h late"),
    ],
)
def test_late(seconds: int, said: str) -> None:
    assert words.late(seconds) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW - timedelta(hours=7), "00:02"),
        (NOW - timedelta(hours=8), "Fri 23:02"),
        (NOW - timedelta(days=6), "Sun 07:02"),
        (NOW - timedelta(days=7), "14 Nov"),
        (NOW + timedelta(days=6), "Fri 07:02"),
        (NOW + timedelta(days=7), "28 Nov"),
        (NOW - timedelta(days=400), "17 Oct 2025"),
    ],
)
def test_when(at: datetime, said: str) -> None:
    assert LOCAL.when(at) == said


def test_when_is_local_time() -> None:
    summer = LocalTime(now=datetime(2026, 7, 1, 12, tzinfo=UTC), timezone="Europe/London")
    assert summer.when(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "Thu 00:30"


def test_when_without_a_moment_of_reading_gives_the_full_date() -> None:
    local = LocalTime(now=None, timezone="UTC")
    assert local.exact(ago(hours=1)) == "21 Nov 2026 06:02"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"due_at": NOW + timedelta(minutes=12)}, "in 12 min"),
        ({"due_at": NOW + timedelta(hours=7)}, "by 14:02"),
        ({"due_at": NOW + timedelta(days=2)}, "by Mon 07:02"),
        ({"due_at": None}, "no target"),
        ({"state": "done"}, "done"),
        ({"state": "snoozed", "snoozed_until": NOW + timedelta(hours=1)}, "until 08:02"),
    ],
)
def test_due(changes: dict[str, object], said: str) -> None:
    assert words.due_words(row(**changes), LOCAL) == said


def test_due_when_overdue_counts_open_time() -> None:
    late = overdue_row(overdue_seconds=18000, overdue_calendar_seconds=99999)
    assert words.due_words(late, LOCAL) == "5 h late"


@pytest.mark.parametrize(
    ("rating", "top", "said"),
    [
        (1.0, 5.0, "★☆☆☆☆"),
        (0.0, 5.0, "☆☆☆☆☆"),
        (5.0, 5.0, "★★★★★"),
        (4.5, 5.0, "4.5 of 5 stars"),
        (7.0, 10.0, "7 of 10"),
        (None, 5.0, ""),
        (9.0, 5.0, ""),
        (float("nan"), 5.0, ""),
    ],
)
def test_stars(rating: float | None, top: float, said: str) -> None:
    assert words.stars(rating, top) == said


def test_the_weightiest_reasons_come_first_and_feelings_last() -> None:
    assert words.reason_words(DANA.reasons) == [
        "called and used the form first",
        "third message without an answer",
        "will not come back",
        "asks a question",
    ]


def test_a_reason_is_said_once_and_limits_are_not() -> None:
    reasons = (
        Reason(rule="urgency.a", points=5, why="asks"),
        Reason(rule="intent.b", points=3, why="asks"),
        Reason(rule="urgency.limit", points=-40, why="cut at 100"),
        Reason(rule="urgency.c", points=1),
    )
    assert words.reason_words(reasons) == ["asks"]


def test_facts_of_a_row() -> None:
    assert words.facts(DANA) == [
        "you posted 4 times since",
        "perhaps the caller of Tuesday",
        "also on inbox",
    ]
    assert words.facts(ANA) == ["assigned to ben"]
    assert words.facts(YUKI) == ["on duty: ana", "labels: wholesale"]
    assert words.facts(row(state="ignored", cause="spam")) == ["ignored: spam"]


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("mastodon", "mastodon", "mastodon"),
        ("inbox", "email", "inbox (email)"),
        ("google", "google_business", "google"),
        ("reviews", "yelp", "reviews (yelp)"),
    ],
)
def test_a_channel_keeps_its_type(name: str, kind: str, said: str) -> None:
    assert words.channel_words(row(channel=name, type=kind)) == said


def test_an_image_without_words_is_said() -> None:
    assert words.text_words(row(text=" ", media=1)) == "(no text, 1 picture or video)"
    assert words.text_words(row(text="Look!", media=2)) == "Look! (with 2 pictures or videos)"
    assert words.text_words(row(text="")) == "(no text)"


def test_a_title_that_the_text_repeats_is_not_said_twice() -> None:
    assert words.title_words(row(title="Cold", text="Cold coffee")) == ""
    assert words.title_words(row(title="Hello", text="Cold coffee")) == "Hello"


def test_names() -> None:
    assert words.author_name(Author()) == "somebody"
    assert words.author_in_full(Author(name="Dana", handle="@dana")) == "Dana (@dana)"
    assert words.author_in_full(Author(handle="@dana")) == "@dana"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/?q=1&b=2#c", "https://a.example/?q=1&b=2#c"),
        (" HTTP://a.example ", "HTTP://a.example"),
        ('https://a.example/"onload=x', "https://a.example/%22onload=x"),
        ("https://a.example/\x1b]8;;", "https://a.example/%1B]8;;"),
        ("https://a.example/\u202egpj", "https://a.example/%E2%80%AEgpj"),
        ("https://a.example/a b\n", "https://a.example/a%20b"),
        ("https://a.example/a\nb", "https://a.example/a%0Ab"),
        ("https://a.example\\@evil.example", ""),
        ("https://a.example /x", ""),
        ("https://a.example/\ud83d", "https://a.example/%ED%A0%BD"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://", ""),
        ("//a.example", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, safe: str) -> None:
    assert words.safe_url(url) == safe


def test_the_host_is_the_one_to_which_the_link_leads() -> None:
    assert words.host("https://bank.example@evil.example:8/x") == "evil.example:8"
    assert words.host("javascript:x") == ""


def test_private_texts_are_hidden_with_their_quotes() -> None:
    secret = Reason(rule="urgency.x", points=1, quote="my diagnosis", why="asks")
    shown = busy()._replace(rows=(YUKI._replace(reasons=(secret,)), DANA))
    hidden, open_row = words.hide_private(shown).rows
    assert hidden.text == words.HIDDEN_TEXT
    assert hidden.title == ""
    assert "diagnosis" not in str(hidden)
    assert open_row == DANA


def test_a_private_thread_is_hidden_but_not_what_we_noted() -> None:
    shown = conversation()
    shown = words.hide_private_thread(shown._replace(row=DANA._replace(private=True)))
    assert [entry.text for entry in shown.thread] == [
        words.HIDDEN_TEXT,
        words.HIDDEN_TEXT,
        words.HIDDEN_TEXT,
        "note: call her",
        words.HIDDEN_TEXT,
    ]
    assert "trousers" not in str(shown)
