"""Spikes: against the same window of earlier weeks, with words, silent on small numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mentionwatch.insight import spikes
from mentionwatch.model.insight import Spike
from tests.shop import Shop

UNTIL = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
SINCE = UNTIL - spikes.WINDOW
LONG_AGO = {"x": datetime(2025, 1, 1, tzinfo=UTC), "y": datetime(2025, 1, 1, tzinfo=UTC)}


def find(now: dict, *weeks: dict, connected: dict | None = None) -> list[tuple[str, str, int]]:
    found = spikes.find(SINCE, UNTIL, now, weeks, LONG_AGO if connected is None else connected)
    return [(spike.kind, spike.channel, spike.count) for spike in found]


def test_twice_the_usual_is_no_alarm_but_five_times_is() -> None:
    weeks = [{"x": (5, 1)}, {"x": (7, 1)}, {"x": (6, 0)}, {"x": (6, 1)}]
    assert find({"x": (12, 1)}, *weeks) == []
    assert find({"x": (30, 2)}, *weeks) == [("volume", "", 30)]


def test_small_numbers_are_silent() -> None:
    weeks = [{"x": (0, 0)}, {"x": (1, 0)}, {"x": (0, 0)}, {"x": (0, 0)}]
    assert find({"x": (7, 4)}, *weeks) == []
    assert find({"x": (9, 4)}, *weeks) == [("volume", "", 9)]


def test_the_same_number_but_angry_is_a_spike_of_anger() -> None:
    weeks = [{"x": (20, 2)}, {"x": (22, 1)}, {"x": (19, 3)}, {"x": (21, 2)}]
    assert find({"x": (20, 12)}, *weeks) == [("negativity", "", 12)]


def test_a_channel_of_last_week_has_no_history_to_compare_with() -> None:
    new = {"x": UNTIL - timedelta(days=6)}
    assert find({"x": (40, 0)}, {"x": (0, 0)}, {}, {}, {}, connected=new) == []


def test_one_channel_among_many_is_named() -> None:
    weeks = [{"x": (50, 2), "y": (2, 0)}] * 4
    assert find({"x": (50, 2), "y": (20, 0)}, *weeks) == [("volume", "y", 20)]


def test_words_are_those_of_now_and_not_of_always() -> None:
    spike = Spike(kind="volume", channel="", since=SINCE, until=UNTIL, count=9, usual=1)
    now = ["the parcel is late", "my parcel never came", "Parcel lost by acme", "coffee please"]
    before = ["coffee please", "more coffee", "good coffee"]
    assert spikes.with_words(spike, now, before, frozenset({"acme"})).words == ("parcel",)


def test_it_is_told_again_only_after_a_while_or_when_it_doubles() -> None:
    spike = Spike(kind="volume", channel="x", since=SINCE, until=UNTIL, count=30, usual=6)
    an_hour_ago = UNTIL - timedelta(hours=1)
    assert spikes.cooled([spike], {}, UNTIL) == [spike]
    assert spikes.cooled([spike], {spike.key: (an_hour_ago, 20)}, UNTIL) == []
    assert spikes.cooled([spike], {spike.key: (an_hour_ago, 15)}, UNTIL) == [spike]
    assert spikes.cooled([spike], {spike.key: (UNTIL - timedelta(hours=25), 30)}, UNTIL) == [spike]


@pytest.mark.slow
def test_the_report_tells_it_with_its_words(tmp_path) -> None:
    shop = Shop(tmp_path, hours='[queue]\nfirst_run = "60d"\n')
    for week in range(5):
        for number in range(2 if week else 14):
            text = "Do you open on Sunday?" if week or number < 2 else "My parcel is lost."
            shop.records(
                "x",
                {"id": f"{week}-{number}", "author_id": f"a{number}", "text": text,
                 "thread_id": f"t{week}-{number}",
                 "at": UNTIL - timedelta(weeks=week, hours=number + 1)},
            )  # fmt: skip
    shop.run("sync", at=UNTIL)
    report = shop.run("report", "--json", at=UNTIL).json
    (spike, *_) = report["spikes"]
    assert (spike["kind"], spike["count"], spike["usual"]) == ("volume", 14, 2.0)
    assert "parcel" in spike["words"]
    line = "all channels: 14 messages in 24 h, usually 2; words: "
    assert line in shop.run("report", at=UNTIL).out
