"""What a good answer contains, and the owner's own texts; in `show`, in words of the customer."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentionwatch.insight.checklist import Case, checklist
from tests.shop import Shop

SAVED = (
    '[replies.sorry]\ntext = "Hello {name}, we are sorry about {what}."\nwhen = ["complaint"]\n'
    '[replies.hours]\ntext = "We open at nine."\nwhen = ["question"]\n'
)


def lines(text: str, **more: object) -> str:
    case = {"texts": (text,), "intent": "complaint", "sentiment": "negative", "private": False,
            "urgent": False, "reasons": {}, **more}  # fmt: skip
    return "\n".join(checklist(Case(**case)))  # type: ignore[arg-type]


def test_a_complaint_wants_an_apology_and_a_remedy() -> None:
    found = lines("My cup arrived broken.")
    assert "an apology" in found
    assert "replacement or refund: which, and by when: “broken”" in found


def test_the_fact_asked_for_is_quoted() -> None:
    found = lines("Hi. Is the oat milk back? Thanks", intent="question", sentiment="neutral")
    assert found == "the fact asked for: “Is the oat milk back?”"


def test_who_only_asks_for_an_answer_asks_for_no_fact() -> None:
    found = lines("Hello? Anyone there? Still no reply?? Is the oat milk back?")
    assert found.count("the fact asked for") == 1
    assert "“Is the oat milk back?”" in found


def test_order_numbers_are_not_asked_for_in_public() -> None:
    assert "a private way" in lines("Where is my order?")
    assert "a private way" not in lines("Where is my order?", private=True)


def test_safety_comes_first() -> None:
    found = lines("The milk was expired and I feel ill", reasons={"urgency.safety": "expired"})
    assert found.startswith("ask how they are before anything else: “expired”")


def test_who_told_the_story_elsewhere_need_not_tell_it_again() -> None:
    found = lines("I called twice.", reasons={"urgency.tried_channels": "called"}, urgent=True)
    assert "need not tell it again" in found
    assert "ask before you call" in found


def test_nothing_is_said_twice_and_the_list_stays_short() -> None:
    found = checklist(
        Case(texts=("My broken order? Refund? Why?",) * 3, intent="complaint", sentiment="negative",
             private=False, urgent=True, reasons={"urgency.safety": "ill"}, promised=True)
    )  # fmt: skip
    assert len(found) == len(set(found)) <= 7


@pytest.mark.slow
def test_show_has_it_and_the_saved_text_that_fits(tmp_path: Path) -> None:
    shop = Shop(tmp_path, more=SAVED)
    shop.records(
        "facebook",
        {"id": "1", "author_id": "dana", "author": "Dana", "at": "10:00",
         "text": "My cup arrived broken, what a disappointment."},
    )  # fmt: skip
    shop.run("sync", at="10:01")
    shown = shop.run("show", "1", at="10:02").out
    assert "A good answer\n" in shown
    assert "your saved text “sorry” fits; fill in name, what: Hello {name}" in shown
    assert "We open at nine" not in shown
    assert shop.run("show", "1", "--json", at="10:02").json["checklist"]


@pytest.mark.slow
def test_what_is_answered_needs_no_list(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.records("x", {"id": "1", "author_id": "d", "text": "It broke.", "at": "10:00"})
    shop.records("x", {"id": "2", "is_own": True, "parent_id": "1", "text": "Sorry! A new one "
                       "leaves today.", "at": "10:05"})  # fmt: skip
    shop.run("sync", at="10:06")
    assert shop.run("show", "1", "--json", at="10:07").json["checklist"] == []
