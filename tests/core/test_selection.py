"""The query language: what it takes, and what it says where it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.core.selection import parse


def test_keys_narrow_and_words_are_looked_for() -> None:
    found = parse('channel:facebook priority:urgent,high "oat milk" refund')
    assert [(c.key, c.values) for c in found.conditions] == [
        ("channel", ("facebook",)),
        ("priority", ("urgent", "high")),
    ]
    assert found.words == ("oat milk", "refund")


@pytest.mark.parametrize("text", ["not author:@dana", "-author:@dana"])
def test_not_turns_a_condition_round(text: str) -> None:
    (condition,) = parse(text).conditions
    assert condition.negated
    assert parse(text).words == ()


def test_ages_are_lengths_of_time() -> None:
    assert parse("older:4h").conditions[0].length == timedelta(hours=4)


def test_ratings_compare() -> None:
    (condition,) = parse("rating:<=2").conditions
    assert (condition.compare, condition.number) == ("<=", 2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chanel:x", "did you mean channel:x"),
        ("priority:foo", "one of urgent, high, normal, low"),
        ("older:soon", "not a length of time"),
        ("rating:good", "number of stars"),
        ("id:abc", "ids are numbers"),
        ("state:", "needs a value"),
    ],
)
def test_a_wrong_query_is_told_with_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_an_address_is_a_word() -> None:
    assert parse("https://shop.example/1").words == ("https://shop.example/1",)


@pytest.mark.slow
@given(st.text(max_size=80))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        assert str(error)
