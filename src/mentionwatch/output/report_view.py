"""
The report of a period in words: what every format draws.

Every format shows the same blocks: figures beside those of the period before, charts, groups,
people. A chart's numbers stand beside it, so that nothing depends on a bar or a colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mentionwatch.model.text import one_line
from mentionwatch.output import overview
from mentionwatch.output.words import HIDDEN_TEXT, LocalTime, count, span

if TYPE_CHECKING:
    from mentionwatch.model.insight import (
        Badge,
        Figures,
        Group,
        Named,
        PeriodReport,
        Posting,
        Spike,
        Spread,
    )
    from mentionwatch.model.report import QueueReport

_TEXT = 90
NONE = "–"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One line of figures: what, now, and in the period before ("" where nothing is known)."""

    label: str
    now: str
    before: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar: ``whole`` is its length, ``part`` the marked beginning of it; ``said`` in words."""

    label: str
    whole: int
    part: int = 0
    said: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """
    A plot. ``shape``: "columns" over time, or "rows" of bars. ``key``: what whole and part mean.

    ``summary`` says in a sentence what is to be seen.
    """

    title: str
    shape: str
    bars: tuple[Bar, ...]
    summary: str
    key: tuple[str, str] = ("", "")

    @property
    def top(self) -> int:
        return max((bar.whole for bar in self.bars), default=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Groups; the first column is their name, the others are numbers in words."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Conversations under a title: (id, who and where, what they wrote)."""

    title: str
    rows: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A report in words; what every format draws."""

    brand: str
    header: str
    headline: str
    incomplete: str
    problems: tuple[str, ...]
    selection: str
    figures: tuple[Figure, ...]
    spikes: tuple[str, ...]
    charts: tuple[Chart, ...]
    table: Table | None
    people: tuple[People, ...]
    notes: tuple[str, ...]


def view(report: PeriodReport, *, private_text: bool = True) -> View:
    """
    Return the report in words.

    Args:
        private_text: Whether the words of private messages may be read there.
    """
    queue = report.queue
    local = overview.local_time(queue)
    return View(
        brand=one_line(queue.brand),
        header=period_words(report.since, report.until, local),
        headline=headline(report),
        incomplete=overview.completeness(queue),
        problems=problems(queue, local),
        selection=one_line(queue.selection),
        figures=tuple(_figures(report, local)),
        spikes=tuple(spike_sentence(spike) for spike in report.spikes),
        charts=tuple(_charts(report)),
        table=_table(report),
        people=tuple(_people(report, local, private_text)),
        notes=tuple(_notes(report)),
    )


def period_words(since: datetime, until: datetime, local: LocalTime) -> str:
    """Return "30 days, Thu 22 Oct 2026 07:02 to Sat 21 Nov 2026 07:02 (Europe/London)"."""
    return (
        f"{_length(until - since)}, {local.full(since)} to {local.full(until)} ({local.timezone})"
    )


def _length(length: timedelta) -> str:
    """Return "30 days", "26 hours", "90 minutes"."""
    hours = length / timedelta(hours=1)
    if hours >= 72 or hours % 24 == 0:
        return count(round(hours / 24), "day")
    return (
        count(round(hours), "hour")
        if hours >= 10 or hours % 1 == 0
        else (count(round(hours * 60), "minute"))
    )


def problems(queue: QueueReport, local: LocalTime) -> tuple[str, ...]:
    """Return a line for each channel that needs a word, and the notices."""
    lines = []
    for line in overview.channel_lines(queue, local):
        if line.level != "note":
            way_out = f" → {line.way_out}" if line.way_out else ""
            lines.append(f"{line.mark} {line.name}: {line.sentence}{way_out}")
    return (*lines, *(f"! {one_line(notice)}" for notice in queue.notices))


def headline(report: PeriodReport) -> str:
    """Return the one sentence: was the promise kept, how fast, who waits."""
    now = report.now
    parts = []
    if now.attainment is None:
        parts.append("No answer was due in this period")
    else:
        parts.append(
            f"Promise kept in {percent(now.attainment)} ({now.met:,} of {now.due:,} answers due)"
        )
    if now.first_open.median is not None:
        parts.append(f"half of the first replies within {span(now.first_open.median)}")
    if report.overdue:
        parts.append(f"{report.overdue:,} overdue now")
    elif report.waiting:
        parts.append(f"{report.waiting:,} waiting now, none overdue")
    return ", ".join(parts) + "."


def percent(share: float | None) -> str:
    """Return "83 %"; rounded down, so that 100 % is all of them."""
    return NONE if share is None else f"{int(share * 100 + 1e-9)} %"


def spike_sentence(spike: Spike) -> str:
    """Return "facebook: 24 messages in 24 h, usually 6; words: parcel, late"."""
    where = one_line(spike.channel) or "all channels"
    hours = round((spike.until - spike.since) / timedelta(hours=1))
    what = "messages" if spike.kind == "volume" else "negative messages"
    usual = f"{spike.usual:.0f}" if spike.usual >= 1 else "hardly any"
    told = f"; words: {', '.join(map(one_line, spike.words))}" if spike.words else ""
    return f"{where}: {spike.count:,} {what} in {hours} h, usually {usual}{told}"


# --- figures --------------------------------------------------------------------------------------


def _figures(report: PeriodReport, local: LocalTime) -> Iterable[Figure]:
    now, before = report.now, report.before

    def both(label: str, say: Callable[[Figures], str]) -> Figure:
        return Figure(label=label, now=say(now), before=say(before) if before else "")

    yield both("promise kept", _attainment)
    yield both("answers owed", _owed)
    yield both("first reply, open time", lambda f: _spread(f.first_open))
    yield both("first reply, by the clock", lambda f: _spread(f.first_calendar))
    if now.next_open.count or (before and before.next_open.count):
        yield both("next reply, open time", lambda f: _spread(f.next_open))
        yield both("next reply, by the clock", lambda f: _spread(f.next_calendar))
    yield Figure(label="waiting now", now=_waiting(report, local))
    yield both("written to or about you", _volume)
    yield both("mood", _mood)
    yield both("answers", _roads)
    yield both("had to write again", lambda f: count(f.wrote_again, "time"))
    yield both("came back", _came_back)
    yield Figure(label="leads missed", now=f"{report.leads_missed:,}")
    yield Figure(label="praise without an answer", now=f"{report.praise_unanswered:,}")
    turned = f"{report.turned_better:,} turned better, {report.turned_worse:,} turned worse"
    yield Figure(label="moods that turned", now=turned)
    if any(report.reactions.values()):
        yield Figure(label="after our replies", now=reaction_words(report.reactions))
    yield Figure(label="you posted", now=posting_words(report.posting))
    yield Figure(label="Meta's badge", now=badge_words(report.badge))


def _attainment(f: Figures) -> str:
    if f.attainment is None:
        return "nothing was due"
    owed = f", {f.unanswered:,} still owed" if f.unanswered else ""
    return f"{percent(f.attainment)}: {f.met:,} of {f.due:,} in time{owed}"


def _owed(f: Figures) -> str:
    if not f.waits:
        return "none"
    closed = f", {f.closed:,} closed without" if f.closed else ""
    return f"{f.waits:,}, answered {f.answered:,} ({percent(f.response_rate)}){closed}"


def _spread(spread: Spread) -> str:
    if spread.median is None or spread.p90 is None or spread.slowest is None:
        return NONE
    return (
        f"half within {span(spread.median)}, 9 of 10 within {span(spread.p90)}, "
        f"slowest {span(spread.slowest)}"
    )


def _waiting(report: PeriodReport, local: LocalTime) -> str:
    if not report.waiting:
        return "nobody that we know of" if overview.unseen(report.queue) else "nobody"
    oldest = f", the first since {local.when(report.oldest)}" if report.oldest else ""
    return f"{report.waiting:,}, {report.overdue:,} overdue{oldest}"


def _volume(f: Figures) -> str:
    return f"{f.mentions:,}, {f.private:,} private; {count(f.conversations, 'conversation')} begun"


def _mood(f: Figures) -> str:
    if not f.mentions:
        return NONE
    share = {
        name: percent(getattr(f, name) / f.mentions)
        for name in ("negative", "neutral", "positive", "unclassified")
    }
    unknown = f", {share['unclassified']} not judged" if f.unclassified else ""
    return (
        f"{share['negative']} negative, {share['neutral']} neutral, "
        f"{share['positive']} positive{unknown}"
    )


def _roads(f: Figures) -> str:
    manual = f", {f.manual:,} entered by hand" if f.manual else ""
    return f"{f.public_answers:,} public, {f.private_answers:,} private{manual}"


def _came_back(f: Figures) -> str:
    people = count(f.came_back, "person", "people")
    return f"{people} with another matter, {count(f.reopened, 'conversation')} reopened"


def reaction_words(reactions: Mapping[str, int]) -> str:
    """Return "12 calmer, 3 angrier, 5 gone silent"; those of whom nothing can be said are left."""
    labels = (("calmer", "calmer"), ("angrier", "angrier"), ("silent", "gone silent"))
    return ", ".join(f"{reactions.get(kind, 0):,} {label}" for kind, label in labels)


def posting_words(posting: Posting) -> str:
    """Return "20 times, 12 of them while an answer was overdue there (on x at worst 5)"."""
    if not posting.posts:
        return "nothing that we know of"
    times = "once" if posting.posts == 1 else f"{posting.posts:,} times"
    if not posting.while_late:
        return f"{times}, never while an answer was overdue on that channel"
    return (
        f"{times}, {posting.while_late:,} of them while somebody's answer was overdue there "
        f"(at worst {posting.most_waiting:,} on {one_line(posting.worst_channel)})"
    )


def badge_words(badge: Badge) -> str:
    """Return how far it is to the badge, over the last seven days."""
    if badge.more is None:
        return f"{badge.of}: no message in the last 7 days"
    share = percent(badge.in_time / badge.messages)
    far = "reached" if not badge.more else f"{badge.more:,} more would have reached 90 %"
    return f"{badge.of}: {badge.in_time:,} of {badge.messages:,} within 15 min ({share}); {far}"


# --- charts, groups, people -----------------------------------------------------------------------


def _charts(report: PeriodReport) -> Iterable[Chart]:
    unit = report.step
    written = tuple(
        Bar(
            label=step.label,
            whole=step.mentions,
            part=step.negative,
            said=f"{step.mentions:,}, {step.negative:,} negative",
        )
        for step in report.steps
    )
    most = max(report.steps, key=lambda step: step.mentions, default=None)
    if most is not None and most.mentions:
        yield Chart(
            title=f"Written to or about you, by {unit}",
            shape="columns",
            bars=written,
            key=("all", "negative"),
            summary=f"most on {most.label}: {most.mentions:,}, {most.negative:,} negative",
        )
    if report.now.due:
        kept = tuple(
            Bar(
                label=step.label,
                whole=step.due,
                part=step.met,
                said=f"{step.met:,} of {step.due:,} in time" if step.due else "nothing due",
            )
            for step in report.steps
        )
        worst = min(
            (step for step in report.steps if step.due), key=lambda step: step.met / step.due
        )
        yield Chart(
            title=f"Answers due, by {unit}",
            shape="columns",
            bars=kept,
            key=("due", "in time"),
            summary=f"weakest on {worst.label}: {worst.met:,} of {worst.due:,} in time",
        )
    if report.now.first_calendar.count:
        total = report.now.first_calendar.count
        yield Chart(
            title="First replies, by the clock",
            shape="rows",
            bars=tuple(
                Bar(
                    label=one.label,
                    whole=total,
                    part=one.count,
                    said=f"{one.count:,} ({percent(one.count / total)})",
                )
                for one in report.bins
            ),
            summary=f"{count(total, 'first reply', 'first replies')}",
        )


_HEADER = ("written", "owed", "answered", "in time", "half in", "9 of 10", "open", "overdue")


def _table(report: PeriodReport) -> Table | None:
    if not report.groups:
        return None
    left = report.groups_left_off
    return Table(
        title=f"By {report.by}",
        header=(report.by, *_HEADER),
        rows=tuple(_group_row(group) for group in report.groups),
        note=f"{left:,} more are not shown" if left else "",
    )


def _group_row(group: Group) -> tuple[str, ...]:
    f = group.figures
    kept = f"{percent(f.attainment)} of {f.due:,}" if f.due else NONE
    half, most = f.first_open.median, f.first_open.p90
    return (
        one_line(group.label),
        f"{f.mentions:,}",
        f"{f.waits:,}",
        percent(f.response_rate),
        kept,
        NONE if half is None else span(half),
        NONE if most is None else span(most),
        f"{group.waiting:,}",
        f"{group.overdue:,}",
    )


def _people(report: PeriodReport, local: LocalTime, private_text: bool) -> Iterable[People]:
    lists = (
        ("Leads without an answer", report.leads),
        ("Say thank you to", report.to_thank),
        ("Moods that turned", report.turned),
    )
    for title, names in lists:
        if names:
            rows = tuple(_person(one, local, private_text) for one in names)
            yield People(title=title, rows=rows)


def _person(one: Named, local: LocalTime, private_text: bool) -> tuple[int, str, str]:
    why = {"worse": ", turned worse", "better": ", turned better", "answered": ", answered"}
    who = f"{one_line(one.author, 40)}, {one_line(one.channel)}, {local.when(one.at)}"
    text = HIDDEN_TEXT if one.private and not private_text else one_line(one.text, _TEXT)
    return one.id, who + why.get(one.why, ""), text


def _notes(report: PeriodReport) -> Iterable[str]:
    if report.before is None:
        yield "What is stored does not reach back over the period before: nothing is compared."
    if report.history:
        older = count(report.history, "older conversation")
        are = "is" if report.history == 1 else "are"
        yield f"{older} from before the first sync {are} counted in no figure about answers."
    yield "Open time counts the hours in which you are open; docs/report.md says what is counted."
