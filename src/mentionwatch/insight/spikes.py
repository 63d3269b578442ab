"""
Something out of the usual: more written than in the same hours of earlier weeks, or more of it
angry.

Counts of independent messages scatter like a Poisson distribution, so a window is unusual from
three standard deviations above its usual mean on, twice the mean, and a number that a person would
call "several". Few weeks or few messages are no ground for an alarm, and then it is silent.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mentionwatch.model.insight import Spike

WINDOW = timedelta(hours=24)
WEEKS = 4
COOL_DOWN = timedelta(hours=24)
FEWEST_WEEKS = 2
LEAST_VOLUME = 8
LEAST_NEGATIVE = 5
_DEVIATIONS = 3.0
_TIMES = 2.0
_TEXTS_WITH_WORD = 3
_WORDS = 5
_WORD = re.compile(r"[^\W\d_][\w'’-]{2,30}")


def find(
    since: datetime,
    until: datetime,
    now: Mapping[str, tuple[int, int]],
    earlier: Sequence[Mapping[str, tuple[int, int]]],
    connected: Mapping[str, datetime],
) -> list[Spike]:
    """
    Return what is unusual in a window, all channels together first.

    Args:
        now: Channel -> (written, negative of them) in the window.
        earlier: The same for the same window one week before, two weeks before, and so on.
        connected: Since when each channel is read; a week before that is no evidence of silence.
    """
    channels = sorted({*now, *(name for week in earlier for name in week)})
    found = []
    per_channel = {name: _weeks(name, since, earlier, connected) for name in channels}
    whole = _together(channels, per_channel)
    candidates = [("", _sum(now, channels), whole)]
    if len(channels) > 1:
        candidates += [(name, now.get(name, (0, 0)), per_channel[name]) for name in channels]
    for name, count, weeks in candidates:
        found += _unusual(name, count, weeks, since, until)
    return found


def _weeks(
    name: str,
    since: datetime,
    earlier: Sequence[Mapping[str, tuple[int, int]]],
    connected: Mapping[str, datetime],
) -> list[tuple[int, int]]:
    """Return the counts of the weeks of which something is known."""
    weeks = [week.get(name, (0, 0)) for week in earlier]
    first = connected.get(name)
    known = [
        first is not None and since - timedelta(weeks=number) >= first
        for number in range(1, len(weeks) + 1)
    ]
    oldest = max((n for n, (count, _) in enumerate(weeks) if count), default=-1)
    return [week for n, week in enumerate(weeks) if known[n] or n <= oldest]


def _together(
    channels: Sequence[str], per_channel: Mapping[str, list[tuple[int, int]]]
) -> list[tuple[int, int]]:
    """
    Return the weeks of all channels together, as far back as all are known.

    A channel that was added last week would look like a spike of everything.
    """
    length = min((len(per_channel[name]) for name in channels), default=0)
    return [
        (
            sum(per_channel[name][n][0] for name in channels),
            sum(per_channel[name][n][1] for name in channels),
        )
        for n in range(length)
    ]


def _sum(counts: Mapping[str, tuple[int, int]], channels: Sequence[str]) -> tuple[int, int]:
    rows = [counts.get(name, (0, 0)) for name in channels]
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def _unusual(
    channel: str,
    count: tuple[int, int],
    weeks: Sequence[tuple[int, int]],
    since: datetime,
    until: datetime,
) -> list[Spike]:
    if len(weeks) < FEWEST_WEEKS:
        return []
    found = []
    written, bad = count
    mean = sum(week[0] for week in weeks) / len(weeks)
    if written >= LEAST_VOLUME and _above(written, mean):
        found.append(_spike("volume", channel, since, until, written, mean))
    # Of so many messages so many are usually angry; with none so far, one in twenty is assumed.
    total = sum(week[0] for week in weeks)
    share = (sum(week[1] for week in weeks) + 1) / (total + 20)
    usual = sum(week[1] for week in weeks) / len(weeks)
    if bad >= LEAST_NEGATIVE and _above(bad, max(share * written, usual)):
        found.append(_spike("negativity", channel, since, until, bad, usual))
    return found


def _above(count: int, mean: float) -> bool:
    return count >= _TIMES * mean and count > mean + _DEVIATIONS * math.sqrt(max(mean, 1.0))


def _spike(
    kind: str, channel: str, since: datetime, until: datetime, count: int, usual: float
) -> Spike:
    return Spike(kind=kind, channel=channel, since=since, until=until, count=count, usual=usual)


def with_words(
    spike: Spike, texts: Iterable[str], before: Iterable[str], without: frozenset[str]
) -> Spike:
    """
    Return the spike with the words that drive it: those in many of its texts and few before.

    Args:
        without: Lower-case words that tell nothing, such as the brand's own.
    """
    here, count = _documents(texts)
    there, earlier = _documents(before)
    rated = []
    for word, times in here.items():
        if times < _TEXTS_WITH_WORD or word in without or word in _COMMON:
            continue
        lift = (times / count) / ((there[word] + 0.5) / (earlier + 1))
        if lift >= _TIMES:
            rated.append((times * math.log(lift), word))
    best = sorted(rated, key=lambda one: (-one[0], one[1]))[:_WORDS]
    return replace(spike, words=tuple(word for _, word in best))


def _documents(texts: Iterable[str]) -> tuple[Counter[str], int]:
    """Return in how many texts each word occurs, and how many texts there are."""
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        number += 1
        counts.update({word.replace("’", "'") for word in _WORD.findall(text.casefold())})
    return counts, number


def cooled(
    spikes: Iterable[Spike],
    told: Mapping[str, tuple[datetime, int]],
    now: datetime,
    cool_down: timedelta = COOL_DOWN,
) -> list[Spike]:
    """
    Return those spikes that are worth telling (again).

    Args:
        told: `Spike.key` -> when it was told last, and its count then. Within the cool-down it is
            told again only when it has doubled.
    """
    found = []
    for spike in spikes:
        last = told.get(spike.key)
        if last is None or now - last[0] >= cool_down or spike.count >= _TIMES * last[1]:
            found.append(spike)
    return found


_COMMON_WORDS = """
the and for you your are was were with that this have has had but not all any can could will
would should our out from they them their there then than what when where which who why how
just also very more most much some such into over about after before again been being did does
don don't doesn't didn't isn't wasn't can't won't i'm it's i've you're we're get got one two
its his her she him day today now still only even ever never back too here please thanks thank
hello que los las una por para con del est les des une pour pas dans vous nous der die das und
ist nicht ich ein eine mit auf den von che non per una sono con uma não com mais
"""
_COMMON = frozenset(_COMMON_WORDS.split())
