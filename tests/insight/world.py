"""
Two months of a shop: who wrote, what was answered when, what was posted meanwhile.

Drawn by a seeded generator, so that figures can be recomputed and never change.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.shop import Shop

NOW = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
DAYS = 58
HOURS = (
    '[hours]\ntimezone = "Europe/London"\nmon-fri = ["09:00-17:00"]\nsat = ["10:00-13:00"]\n'
    '[queue]\nfirst_run = "90d"\n'
)
_TEXTS = (
    ("Where is my order? It should have been here on Monday.", "complaint"),
    ("My cup arrived broken, this is a disappointment.", "complaint"),
    ("Do you open on Sunday?", "question"),
    ("Is the oat milk back?", "question"),
    ("Thank you, the cake was wonderful!", "praise"),
    ("Could you please send me the invoice again?", "request"),
    ("Looking for a caterer for forty people, do you do that?", "lead"),
    ("Third message now, still no answer. Terrible service.", "complaint"),
    ("¿Abren el domingo?", "question"),
)
_ANSWERS = (
    "So sorry, {name}! It left the shop on Monday, the courier lost it. A new one is on its way "
    "and arrives on Thursday.",
    "Yes, {name}, from ten to two.",
    "Hi {name}, thank you for your message. Your satisfaction is our top priority. Please send us "
    "a DM with your order number so our team can look into it.",
    "Thanks a lot, {name}, the cake was baked by Ines and she is very pleased.",
    "We are looking into it and will be in touch soon.",
)
_THINGS = ("cup", "cake", "parcel", "invoice", "order", "loaf", "booking", "table", "lid", "tin")
_DONE = ("found it behind the oven", "asked Ines, who baked it", "rang the courier about it",
         "put a new one aside for you", "looked at the till roll", "changed it in the book",
         "talked to the supplier", "checked the fridge twice")  # fmt: skip
_WHEN = ("on Thursday", "by noon", "tomorrow at ten", "before you wake up", "on Friday")
_AFTER = ("Thank you, that is great!", "You did not read my message. Awful.", None, None, None)
_CHANNELS = (("facebook", "comment"), ("x", "post"), ("inbox", "email"), ("yelp", "review"))
_TYPES = {"inbox": "email"}


def fill(shop: Shop, *, seed: int = 7, each_day: int = 4) -> None:
    """Add the two months to the shop's channels and read them."""
    draw = random.Random(seed)
    number = 0
    for day in range(DAYS, -1, -1):
        for _ in range(draw.randint(1, 2 * each_day - 1)):
            number += 1
            at = NOW - timedelta(days=day, minutes=draw.randint(5, 1440))
            _add(shop, draw, number, at)
        if day % 3 == 0:
            posted = NOW - timedelta(days=day, hours=draw.randint(1, 20))
            shop.records(
                "facebook",
                {"id": f"o{day}", "is_own": True, "text": "New cups!", "at": posted},
            )
    shop.run("sync", at=NOW)


def _add(shop: Shop, draw: random.Random, number: int, at: datetime) -> None:
    channel, kind = draw.choice(_CHANNELS)
    name = f"Guest{number % 70}"
    text, _ = draw.choice(_TEXTS)
    record: dict[str, Any] = {
        "id": f"m{number}",
        "thread_id": f"t{number}",
        "author_id": name.lower(),
        "author": name,
        "text": text,
        "kind": kind,
        "at": at,
        "addressed": True,
    }
    if channel == "inbox":
        record["private"] = True
    if channel == "yelp":
        record["rating"] = draw.randint(1, 5)
    _records(shop, channel, record)
    if draw.random() < 0.75:
        _answer(shop, draw, number, channel, name, at)


def _answer(
    shop: Shop, draw: random.Random, number: int, channel: str, name: str, at: datetime
) -> None:
    replied = at + timedelta(minutes=draw.choice((6, 14, 45, 90, 200, 800, 2500)))
    if replied >= NOW:
        return
    answer = {
        "id": f"r{number}",
        "is_own": True,
        "parent_id": f"m{number}",
        "thread_id": f"t{number}",
        "text": _text(draw, name),
        "at": replied,
    }
    if channel == "inbox":
        answer["private"] = True
    _records(shop, channel, answer)
    text = draw.choice(_AFTER)
    later = replied + timedelta(minutes=draw.randint(5, 300))
    if text and later < NOW:
        back = {
            "id": f"b{number}",
            "parent_id": f"r{number}",
            "thread_id": f"t{number}",
            "author_id": name.lower(),
            "author": name,
            "text": text,
            "at": later,
            "addressed": True,
        }
        if channel == "inbox":
            back["private"] = True
        _records(shop, channel, back)
        again = later + timedelta(minutes=draw.choice((8, 70, 400)))
        if draw.random() < 0.6 and again < NOW:
            second = {**answer, "id": f"s{number}", "parent_id": f"b{number}", "at": again}
            _records(shop, channel, {**second, "text": _text(draw, name)})


def _text(draw: random.Random, name: str) -> str:
    """Return an answer of ours: a third of them from the drawer."""
    if draw.random() < 0.33:
        return draw.choice(_ANSWERS).format(name=name)
    thing, done, when = draw.choice(_THINGS), draw.choice(_DONE), draw.choice(_WHEN)
    sorry = draw.choice(("Sorry about the", "Your", "That", "Ah, the"))
    return f"{sorry} {thing}, {name}: I {done}, and you have it {when}."


def _records(shop: Shop, channel: str, record: dict[str, Any]) -> None:
    shop.records(channel, record, type_=_TYPES.get(channel, channel))
