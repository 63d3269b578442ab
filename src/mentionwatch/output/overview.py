"""
What stands around the rows: the header, what is broken, the counts, what to do next.

Here is decided whether an output may say that nothing is waiting (`nothing_waits`): never while a
channel may hide somebody, whatever the summary claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from mentionwatch.model.report import INCOMPLETE
from mentionwatch.model.text import one_line
from mentionwatch.output.words import DAYS, MONTHS, LocalTime, count, listed, span

if TYPE_CHECKING:
    from mentionwatch.model.report import ChannelState, QueueReport, QueueRow

# section -> its title; other sections (answered, done, ...) are titled by their own name.
TITLES = {
    "overdue": "OVERDUE",
    "due_soon": "DUE SOON",
    "later": "LATER",
    "history": "FROM BEFORE THE FIRST SYNC",
}


class ChannelLine(NamedTuple):
    """
    One channel that needs a word. ``level``: broken, warning or note.

    ``way_out`` is a command or an advice, "" where nothing is to be done.
    """

    level: str
    name: str
    sentence: str
    way_out: str = ""

    @property
    def mark(self) -> str:
        return {"broken": "✗", "warning": "!"}.get(self.level, "·")

    @property
    def is_command(self) -> bool:
        return self.way_out.startswith("mentionwatch ")


class Section(NamedTuple):
    """Rows under one title; ``total`` counts those that are not shown too."""

    name: str
    title: str
    total: int
    rows: tuple[QueueRow, ...]

    @property
    def heading(self) -> str:
        """Return "OVERDUE (2)", or "OVERDUE (312, the first 200 shown)"."""
        shown = "" if len(self.rows) == self.total else f", the first {len(self.rows)} shown"
        return f"{self.title} ({self.total}{shown})"


def local_time(report: QueueReport) -> LocalTime:
    return LocalTime(now=report.generated_at, timezone=report.timezone)


def header(report: QueueReport, local: LocalTime) -> list[str]:
    """Return brand, date and time, and whether the owner is open: ["Acme", "Sat 21 Nov 07:02"]."""
    now = report.generated_at.astimezone(local.zone)
    date = f"{DAYS[now.weekday()]} {now.day} {MONTHS[now.month - 1]} {now:%H:%M}"
    return [word for word in (one_line(report.brand), date, _opening(report, local)) if word]


def _opening(report: QueueReport, local: LocalTime) -> str:
    today = one_line(report.hours_today)
    if report.open_now:
        return f"open today {today}" if today else ""
    if report.next_opening is None:
        return "closed"
    opens = local.exact(report.next_opening)
    if local.is_today(report.next_opening):
        return f"next open today {today or opens}"
    return f"next open {opens}"


def channel_lines(report: QueueReport, local: LocalTime) -> list[ChannelLine]:
    """Return what is broken first, then what was read in part, then what a channel cannot do."""
    lines = [line for state in report.channels if (line := _channel_line(state, local))]
    order = {"broken": 0, "warning": 1, "note": 2}
    lines.sort(key=lambda line: order[line.level])
    lines += [
        _line("warning", one_line(state.name), one_line(note), "")
        for state in report.channels
        if state.status != "skipped"
        for note in state.notes
    ]
    blind = [s.name for s in report.channels if not s.sees_own_replies and s.status != "skipped"]
    if blind:
        sentence = "your replies cannot be seen there: mark them done."
        lines.append(_line("warning", listed(blind), sentence, "mentionwatch done ID"))
    return lines


def _channel_line(state: ChannelState, local: LocalTime) -> ChannelLine | None:
    name = one_line(state.name)
    problem = one_line(state.problem or "").rstrip(".")
    read = f"last read {local.when(state.last_success_at)}" if state.last_success_at else ""
    hint = one_line(state.hint or "")
    if state.status == "failed":
        since = f" since {local.when(state.failing_since)}" if state.failing_since else ""
        sentence = f"{problem or 'could not be read'}{since}; {read or 'never read yet'}."
        return _line("broken", name, sentence, hint or f"mentionwatch doctor {name}")
    if state.status == "never":
        return _line("broken", name, f"{problem or 'never read yet'}.", hint or "mentionwatch sync")
    if state.status == "stale":
        sentence = f"not read for too long{f', {read}' if read else ''}{_because(problem)}."
        return _line("warning", name, sentence, hint or "mentionwatch sync")
    if state.status == "partial":
        sentence = f"read only in part{_because(problem)}."
        return _line("warning", name, sentence, hint or "mentionwatch sync")
    if state.status == "skipped":
        if not read and not problem:
            return None  # brought in by hand, or never switched on: nobody expects it to be read
        sentence = f"no longer read{f', {read}' if read else ''}{_because(problem)}."
        return _line("note", name, sentence, hint)
    return _line("warning", name, f"{problem}.", hint) if problem else None


def _because(problem: str) -> str:
    return f": {problem}" if problem else ""


def _line(level: str, name: str, sentence: str, way_out: str) -> ChannelLine:
    return ChannelLine(level=level, name=name, sentence=sentence, way_out=way_out)


def unseen(report: QueueReport) -> list[str]:
    """
    Return why somebody may wait unseen, each a few words; empty where everything was read.

    Not taken from ``summary.complete`` alone: a false "all clear" is the one unforgivable bug.
    """
    words = {
        "failed": "could not be read",
        "never": "has never been read",
        "stale": "was not read lately",
        "partial": "was read only in part",
    }
    found = []
    for status, what in words.items():
        names = [state.name for state in report.channels if state.status == status]
        if names:
            found.append(f"{listed(names)} {_plural(what) if len(names) > 1 else what}")
    known = {*INCOMPLETE, "ok", "skipped"}
    found += [
        f"{one_line(state.name)} is {one_line(state.status)}"
        for state in report.channels
        if state.status not in known
    ]
    if not any(state.status != "skipped" for state in report.channels):
        found.append("no channel is configured")
    if report.summary.unassessed:
        waiting = count(report.summary.unassessed, "conversation")
        found.append(f"{waiting} not assessed yet")
    if not report.summary.complete and not found:
        found.append("somebody may be waiting unseen")
    return found


def _plural(what: str) -> str:
    return what.replace("was ", "were ").replace("has ", "have ")


def is_complete(report: QueueReport) -> bool:
    return not unseen(report)


def waiting(report: QueueReport) -> int:
    """Return how many people wait, however the summary counts them."""
    summary = report.summary
    sections = summary.overdue + summary.due_soon + summary.later
    rows = sum(row.section in ("overdue", "due_soon", "later") for row in report.rows)
    return max(sections, rows, summary.open - summary.history - summary.snoozed)


def nothing_waits(report: QueueReport) -> bool:
    return is_complete(report) and waiting(report) == 0


def summary_sentence(report: QueueReport, local: LocalTime) -> str:
    """Return "2 overdue, 1 due soon, 9 later.", or who was asked where nobody waits."""
    if nothing_waits(report):
        matching = f" that matches “{one_line(report.selection)}”" if report.selection else ""
        return f"Nothing{matching} is waiting. {freshness(report, local)}"
    if waiting(report) == 0:
        return "Whether somebody waits is not known."
    summary = report.summary
    parts = [f"{summary.overdue:,} overdue", f"{summary.due_soon:,} due soon"]
    parts += [f"{summary.later:,} later"]
    parts += [f"{summary.snoozed:,} snoozed"] if summary.snoozed else []
    return ", ".join(parts) + "."


def freshness(report: QueueReport, local: LocalTime) -> str:
    """Return "7 channels read at 06:00.", or between which times they were read."""
    read = [state.last_success_at for state in report.channels if state.status == "ok"]
    times = sorted(at for at in read if at is not None)
    channels = count(len(read), "channel")
    if not times:
        return f"{channels} read."
    first, last = local.when(times[0]), local.when(times[-1])
    return f"{channels} read " + (f"at {first}." if first == last else f"from {first} to {last}.")


def completeness(report: QueueReport) -> str:
    """Return "Not complete: inbox could not be read.", or "" where everything was read."""
    why = unseen(report)
    return f"Not complete: {'; '.join(why)}." if why else ""


def answered_sentence(report: QueueReport) -> str:
    """Return "14 answered since yesterday, half within 38 min.", or ""."""
    summary = report.summary
    if not summary.answered_since:
        return ""
    half = summary.median_reply_seconds
    within = f", half within {span(half)}" if half is not None else ""
    return f"{summary.answered_since:,} answered since yesterday{within}."


def advice(report: QueueReport, limit: int | None = None) -> list[tuple[str, str]]:
    """Return what is not among the rows, and the next step: each a sentence and a command."""
    summary = report.summary
    found = [("Start with:", step)] if (step := next_step(report)) else []
    if missing := left_out(report, limit):
        found.append((f"{missing:,} more not shown:", "mentionwatch queue --format plain"))
    if summary.snoozed and waiting(report) == 0:
        found.append((f"{summary.snoozed:,} snoozed:", "mentionwatch queue --all"))
    if summary.history and not any(row.section == "history" for row in report.rows):
        older = count(summary.history, "older conversation")
        are = "is" if summary.history == 1 else "are"
        sentence = f"{older} from before the first sync {are} not counted as late:"
        found.append((sentence, "mentionwatch queue --all"))
    return found


def next_step(report: QueueReport) -> str:
    """Return the one command that helps most now, or ""."""
    first = next((row for row in report.rows if row.state == "open"), None)
    if first is not None:
        return f"mentionwatch show {first.id}"
    configured = any(state.status != "skipped" for state in report.channels)
    return "" if configured else "mentionwatch init"


def left_out(report: QueueReport, limit: int | None = None) -> int:
    """Return how many of those who wait are not among the first *limit* rows."""
    shown = report.rows[:limit]
    here = sum(row.section in ("overdue", "due_soon", "later") for row in shown)
    return max(waiting(report) - here, len(report.rows) - len(shown))


def sections(report: QueueReport, limit: int | None = None) -> Iterator[Section]:
    """
    Yield the rows by section, in the order in which they come.

    Args:
        report: Its rows are in queue order.
        limit: Most rows in all; the totals count the others too. None: all.
    """
    summary = report.summary
    totals = {
        "overdue": summary.overdue,
        "due_soon": summary.due_soon,
        "later": summary.later,
        "history": summary.history,
        "snoozed": summary.snoozed,
    }
    grouped: dict[str, list[QueueRow]] = {}
    for row in report.rows[:limit]:
        grouped.setdefault(row.section, []).append(row)
    for name, rows in grouped.items():
        title = TITLES.get(name, one_line(name).replace("_", " ").upper())
        everyone = sum(row.section == name for row in report.rows)
        total = max(totals.get(name, 0), everyone)
        yield Section(name=name, title=title, total=total, rows=tuple(rows))
