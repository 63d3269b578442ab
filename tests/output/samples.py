"""Invented reports in the true shape; the clock stands at Sat 21 Nov 2026, 07:02 in London."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mentionwatch.model.conversation import ClockRow, ConversationReport, ThreadEntry
from mentionwatch.model.items import Author
from mentionwatch.model.report import ChannelState, QueueReport, QueueRow, Summary
from mentionwatch.model.score import Reason

NOW = datetime(2026, 11, 21, 7, 2, tzinfo=UTC)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def row(**changes: Any) -> QueueRow:
    """Return a row that waits calmly; what a test is about goes into *changes*."""
    values: dict[str, Any] = {
        "id": 7,
        "channel": "mastodon",
        "type": "mastodon",
        "family": "social",
        "kind": "post",
        "private": False,
        "author": Author(id="1", name="Tom Ito", handle="@tom@example.social"),
        "title": "",
        "text": "Is the oat milk back?",
        "url": "https://mastodon.example/@tom/1",
        "media": 0,
        "messages": 1,
        "published_at": ago(hours=13),
        "last_message_at": ago(hours=13),
        "waiting_since": ago(hours=13),
        "due_at": NOW + timedelta(hours=5),
        "overdue": False,
        "due_soon": False,
        "overdue_seconds": 0,
        "overdue_calendar_seconds": 0,
        "due_in_seconds": 18000,
        "priority": "normal",
        "urgency": 25,
        "sentiment": "neutral",
        "intent": "question",
        "state": "open",
        "cause": "",
        "assignee": None,
        "rating": None,
        "rating_max": 5.0,
        "own_posts_since": 0,
        "section": "later",
    }
    return QueueRow(**{**values, **changes})


def overdue_row(**changes: Any) -> QueueRow:
    late = {
        "section": "overdue",
        "overdue": True,
        "due_at": ago(hours=11),
        "overdue_seconds": 2400,
        "overdue_calendar_seconds": 39600,
        "due_in_seconds": -39600,
    }
    return row(**{**late, **changes})


def channel(name: str = "mastodon", **changes: Any) -> ChannelState:
    values = {
        "name": name,
        "type": name,
        "family": "social",
        "status": "ok",
        "last_success_at": ago(minutes=62),
        "last_attempt_at": ago(minutes=62),
        "stored": 12,
    }
    return ChannelState(**{**values, **changes})


def summary(**changes: Any) -> Summary:
    values: dict[str, Any] = {
        "complete": True,
        "open": 0,
        "overdue": 0,
        "due_soon": 0,
        "later": 0,
        "snoozed": 0,
        "history": 0,
        "shown": 0,
    }
    return Summary(**{**values, **changes})


def report(**changes: Any) -> QueueReport:
    values: dict[str, Any] = {
        "generated_at": NOW,
        "timezone": "Europe/London",
        "brand": "Acme Coffee",
        "summary": summary(),
        "channels": (channel(),),
        "rows": (),
        "open_now": False,
        "next_opening": NOW + timedelta(hours=1, minutes=58),
        "hours_today": "09:00-13:00",
    }
    return QueueReport(**{**values, **changes})


DANA = overdue_row(
    id=41,
    channel="facebook",
    type="facebook",
    kind="comment",
    author=Author(id="88", name="Dana Reyes", handle="dana.reyes", followers=312),
    text="Still no reply?? I called twice and filled in the form on Tuesday. The jeans tore on the "
    "first day and nobody at Acme seems to care. Never again, and I will tell everybody I know.",
    url="https://facebook.example/acme/posts/9?comment=3",
    media=1,
    messages=3,
    published_at=ago(hours=9),
    last_message_at=ago(hours=9),
    waiting_since=ago(hours=38),
    overdue_seconds=18000,
    priority="urgent",
    urgency=83,
    sentiment="negative",
    intent="complaint",
    own_posts_since=4,
    hints=("perhaps the caller of Tuesday",),
    also_on=("inbox",),
    reasons=(
        Reason(rule="sentiment.lexicon", points=-30, quote="nobody", why="a bitter word"),
        Reason(rule="urgency.repeat_contact", points=25, why="third message without an answer"),
        Reason(
            rule="urgency.other_channels",
            points=30,
            quote="I called twice and filled in the form",
            why="called and used the form first",
        ),
        Reason(rule="urgency.churn", points=20, quote="Never again", why="will not come back"),
        Reason(rule="urgency.question", points=8, quote="??", why="asks a question"),
        Reason(rule="intent.complaint", points=3, quote="tore", why="something broke"),
    ),
)
TOM = overdue_row(
    id=38,
    text="Is the oat milk back? Asked on Monday too.\nThe app says sold out 😢",
    author=Author(id="2", handle="@tom@example.social"),
    reasons=(
        Reason(rule="intent.question", points=10, quote="Is the", why="a question to you"),
        Reason(rule="urgency.repeat_contact", points=12, quote="Asked", why="asked before"),
    ),
)
ANA = row(
    id=44,
    section="due_soon",
    due_soon=True,
    due_at=NOW + timedelta(minutes=12),
    due_in_seconds=720,
    channel="google",
    type="google_business",
    family="reviews",
    kind="review",
    author=Author(id="3", name="Ana P."),
    title="Cold coffee",
    text="Waited for twenty minutes, and the coffee was cold.",
    url="https://maps.example/review/44",
    rating=1.0,
    priority="high",
    urgency=52,
    sentiment="negative",
    intent="complaint",
    assignee="ben",
    reasons=(Reason(rule="urgency.low_stars", points=20, why="one star"),),
)
YUKI = row(
    id=1045,
    channel="inbox",
    type="email",
    family="direct",
    kind="email",
    private=True,
    author=Author(id="4", name="渡辺 由紀", handle="yuki@mail.example"),
    title="注文 4711 について",
    text="先週注文したコーヒー豆がまだ届いていません。いつ届きますか。🙏 配送状況を教えてください。"
    "追跡番号もお願いします。よろしくお願いいたします。",
    url="",
    sentiment="unclassified",
    intent="request",
    on_duty=("ana",),
    labels=("wholesale",),
    due_at=NOW + timedelta(days=2, hours=2),
)
OMAR = row(
    id=9,
    channel="reviews",
    type="file",
    family="reviews",
    author=Author(id="5", name="عمر"),
    text="القهوة ممتازة! 👨‍👩‍👧 Thank you",
    rating=4.5,
    priority="low",
    urgency=2,
    sentiment="positive",
    intent="praise",
    due_at=NOW + timedelta(days=12),
)
PHOTO = row(id=10, text="", media=2, author=Author(), url="javascript:alert(1)")

BROKEN = channel(
    "inbox",
    type="email",
    family="direct",
    status="failed",
    last_success_at=ago(days=2, hours=13),
    failing_since=ago(days=2, hours=12, minutes=52),
    problem="imap.example.com refuses the password",
    hint="mentionwatch doctor inbox",
)
YELP = channel("yelp", family="reviews", sees_own_replies=False)


def busy() -> QueueReport:
    """Return a morning on which much is wrong."""
    rows = (DANA, TOM, ANA, YUKI, OMAR, PHOTO)
    return report(
        summary=summary(
            complete=False,
            open=6,
            overdue=2,
            due_soon=1,
            later=3,
            snoozed=2,
            history=120,
            shown=6,
            answered_since=14,
            median_reply_seconds=2280,
        ),
        channels=(
            channel("facebook"),
            channel("google", type="google_business", family="reviews"),
            BROKEN,
            channel("mastodon", status="partial", problem="the hourly limit was reached"),
            YELP,
        ),
        rows=rows,
        notices=("1 row of the import was not understood: mentionwatch import --dry-run",),
    )


def calm() -> QueueReport:
    """Return a morning on which everything was read and nobody waits."""
    names = ("mastodon", "facebook", "google")
    return report(channels=tuple(channel(name) for name in names))


def conversation() -> ConversationReport:
    return ConversationReport(
        row=DANA,
        generated_at=NOW,
        timezone="Europe/London",
        brand="Acme Coffee",
        thread=(
            ThreadEntry(
                role="own_post", at=ago(days=3), author="Acme", text="New jeans for baristas!"
            ),
            ThreadEntry(
                role="customer",
                at=ago(hours=38),
                author="Dana Reyes",
                text="The jeans tore.\n\nWhat now?",
                url="https://facebook.example/acme/posts/9?comment=1",
                marks=("edited",),
                earlier_texts=("The trousers tore.",),
            ),
            ThreadEntry(
                role="us",
                at=ago(hours=30),
                author="Acme Care",
                text="We are looking into it.",
                marks=("holding", "likely"),
            ),
            ThreadEntry(
                role="action", at=ago(hours=29), author="ana", text="note: call her", kind="note"
            ),
            ThreadEntry(role="customer", at=ago(hours=9), author="Dana Reyes", text=DANA.text),
        ),
        clocks=(
            ClockRow(
                kind="first",
                since=ago(hours=38),
                due_at=ago(hours=34),
                replied_at=ago(hours=30),
                result="breached",
                open_seconds=7500,
                calendar_seconds=28800,
            ),
            ClockRow(
                kind="follow_up",
                since=ago(hours=30),
                due_at=ago(hours=11),
                replied_at=None,
                result="open",
                open_seconds=None,
                calendar_seconds=None,
            ),
        ),
        earlier=(
            row(id=12, state="answered", published_at=ago(days=400), text="Where is my order?"),
        ),
        aliases=(52,),
        checklist=("say sorry for what went wrong", "offer a replacement or the money back"),
    )
