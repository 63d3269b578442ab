"""
The mail of a period: its subject, its plain part, its HTML part, and the same as JSON.

The plain part is the real one; the HTML says the same words, in a layout that mail programs
understand: one table, styles at the elements, no picture, no script, nothing from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from mentionwatch.model.text import one_line, visible
from mentionwatch.output import overview, words
from mentionwatch.output.template import html_template
from mentionwatch.output.words import LocalTime

if TYPE_CHECKING:
    from mentionwatch.model.digest import DigestReport
    from mentionwatch.model.report import QueueReport, QueueRow

DIGEST = "mentionwatch.digest/1"
CHARACTERS = 300  # of a text; who wants more opens it
# Gmail cuts a mail off at 102 KB, and with it the channels that are broken at the end of it.
LARGEST_HTML = 90_000
_INDENT = "    "
_COLOURS = {"overdue": "#9c1b1b", "due_soon": "#7a4f00"}
_PROBLEMS = {"broken": ("BROKEN", "#9c1b1b"), "warning": ("NOTE", "#7a4f00")}


class Block(NamedTuple):
    """Some lines under a title."""

    title: str
    lines: list[str]


def digest_subject(report: DigestReport, beginning: str = "") -> str:
    """
    Return the subject: counts and what is broken, never a word of a customer.

    Args:
        report: What the mail tells.
        beginning: The owner's own words to begin with, instead of the brand at the end.
    """
    summary = report.queue.summary
    if summary.overdue:
        said = words.count(summary.overdue, "reply", "replies") + " overdue"
    elif summary.due_soon:
        said = words.count(summary.due_soon, "reply", "replies") + " due soon"
    elif overview.waiting(report.queue):
        said = "nothing overdue"
    else:
        said = "nothing waiting"
    why = overview.unseen(report.queue)
    if why and not (summary.overdue or summary.due_soon):
        said = "not complete"
    if why:
        said += f", {why[0]}" + (" and more" if len(why) > 1 else "")
    if beginning:
        return one_line(f"{beginning}: {said}")
    return one_line(f"{said} – {report.queue.brand}")


def digest_text(report: DigestReport, *, private_text: bool = False) -> str:
    """Return the plain part: the summary, what is broken, who waits, the figures, the channels."""
    queue, local = _shown(report, private_text)
    lines = [_first(queue, local), "  ".join(overview.header(queue, local)), ""]
    for line in overview.channel_lines(queue, local):
        word, _ = _PROBLEMS.get(line.level, ("NOTE", ""))
        way_out = f" -> {line.way_out}" if line.way_out else ""
        lines.append(f"{word} {line.name}: {line.sentence}{way_out}")
    lines += [f"NOTE {one_line(notice)}" for notice in queue.notices]
    for section in overview.sections(queue):
        lines += ["", section.heading]
        for row in section.rows:
            lines += ["", *_row_lines(row, local)]
    lines += ["", *_after(queue)]
    for block in _blocks(report, local):
        lines += ["", block.title, *(_INDENT + line for line in block.lines)]
    lines += ["", "-- ", _footer(queue)]
    text = "\n".join(lines)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return visible(text) + "\n"


def digest_html(report: DigestReport, *, private_text: bool = False, beginning: str = "") -> str:
    """
    Return the HTML part, below the size at which mail programs cut off.

    Rows that find no room are counted, like those beyond ``items``.
    """
    template = html_template("digest.html.jinja")
    queue, local = _shown(report, private_text)
    subject = digest_subject(report, beginning)
    rows = len(queue.rows)
    while True:
        shown = queue._replace(rows=queue.rows[:rows])
        page = visible(template.render(**_view(report, shown, local), subject=subject))
        if len(page.encode()) <= LARGEST_HTML or not rows:
            return page + "\n"
        rows = rows * 3 // 4


def digest_json(report: DigestReport, *, private_text: bool = False) -> str:
    """Return the digest as docs/digest.schema.json describes it."""
    import json

    from mentionwatch.model.times import iso
    from mentionwatch.output.records import queue_dict

    queue, _ = _shown(report, private_text)
    week = report.week
    document = {
        "schema": DIGEST,
        "period": report.period,
        "key": report.key,
        "subject": digest_subject(report),
        "since": iso(report.since),
        "answered": report.answered,
        "answered_in_time": report.answered_in_time,
        "median_reply_seconds": report.median_seconds,
        "answers": [
            {
                "id": answer.id,
                "channel": one_line(answer.channel),
                "author": one_line(answer.author),
                "replied_at": iso(answer.at),
                "open_seconds": answer.open_seconds,
                "met": answer.met,
            }
            for answer in report.answers
        ],
        "week": {
            "answered": week.answered,
            "met": week.met,
            "late": week.late,
            "attainment": None if week.attainment is None else round(week.attainment, 4),
            "median_first_reply_seconds": week.median_first_seconds,
        },
        "spikes": [one_line(spike) for spike in report.spikes],
        "queue": queue_dict(queue),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _shown(report: DigestReport, private_text: bool) -> tuple[QueueReport, LocalTime]:
    queue = report.queue if private_text else words.hide_private(report.queue)
    return queue, overview.local_time(queue)


def _first(queue: QueueReport, local: LocalTime) -> str:
    summary = overview.summary_sentence(queue, local)
    return " ".join(filter(None, [summary, overview.completeness(queue)]))


def _row_lines(row: QueueRow, local: LocalTime) -> Iterator[str]:
    yield f"{words.due_words(row, local)}, {row.priority}: {_who(row)}"
    yield f"{_INDENT}{_where(row, local)}"
    yield f"{_INDENT}{_text(row)}"
    if why := _why(row):
        yield f"{_INDENT}why: {why}"
    if url := words.safe_url(row.url):
        yield f"{_INDENT}{url}"


def _who(row: QueueRow) -> str:
    return one_line(words.author_in_full(row.author), 80) + words.behind_author(row)


def _where(row: QueueRow, local: LocalTime) -> str:
    return f"number {row.id}, {words.channel_words(row)}, {words.waiting_words(row, local)}"


def _text(row: QueueRow) -> str:
    title = words.title_words(row)
    text = words.text_words(row)
    return one_line(f"{title}: {text}" if title else text, CHARACTERS)


def _why(row: QueueRow) -> str:
    return one_line("; ".join(words.reason_words(row.reasons) + words.facts(row)), CHARACTERS)


def _after(queue: QueueReport) -> list[str]:
    """Return what is said of those who are not spelled out."""
    summary = queue.summary
    shown = {name: sum(row.section == name for row in queue.rows) for name in _COLOURS}
    found = []
    for name, total in (("overdue", summary.overdue), ("due_soon", summary.due_soon)):
        if missing := total - shown[name]:
            what = name.replace("_", " ")
            found.append(f"{missing:,} more {what}, not spelled out here: mentionwatch queue")
    if summary.later:
        found.append(f"{summary.later:,} more, due later: mentionwatch queue")
    if summary.snoozed:
        found.append(f"{summary.snoozed:,} snoozed: mentionwatch queue --all")
    if any(row.state == "open" for row in queue.rows):
        found.append("Work through it: mentionwatch triage")
    return found


def _blocks(report: DigestReport, local: LocalTime) -> list[Block]:
    blocks = [Block("UNUSUAL", [one_line(spike) for spike in report.spikes])]
    blocks.append(Block(f"ANSWERED SINCE {local.exact(report.since)}", _answered(report, local)))
    blocks.append(Block("THE LAST SEVEN DAYS", [_week(report)]))
    states = [
        f"{one_line(state.name)}: {state.status}, "
        + (f"read {local.exact(state.last_success_at)}" if state.last_success_at else "never read")
        for state in report.queue.channels
    ]
    blocks.append(Block("CHANNELS", states or ["No channel is configured."]))
    return [block for block in blocks if block.lines]


def _answered(report: DigestReport, local: LocalTime) -> list[str]:
    if not report.answered:
        return ["Nothing."]
    half = f", half within {words.span(report.median_seconds or 0)}"
    late = report.answered - report.answered_in_time
    too_late = f", {late:,} too late" if late else ", all in time"
    lines = [words.count(report.answered, "reply", "replies") + half + too_late + "."]
    for answer in report.answers:
        who = one_line(answer.author, 60) or "somebody"
        result = "in time" if answer.met else "too late"
        lines.append(
            f"{answer.id}  {who} on {one_line(answer.channel)}, {local.exact(answer.at)}, "
            f"after {words.span(answer.open_seconds)}: {result}"
        )
    if more := report.answered - len(report.answers):
        lines.append(f"and {more:,} more")
    return lines


def _week(report: DigestReport) -> str:
    week = report.week
    if week.attainment is None:
        return "No answer was due."
    parts = [
        f"{words.count(week.answered, 'reply', 'replies')}, {week.met:,} in time",
        f"{week.late:,} still overdue",
        f"promise kept in {int(week.attainment * 100)} %",
    ]
    if week.median_first_seconds is not None:
        parts.append(f"first reply: half within {words.span(week.median_first_seconds)}")
    return ", ".join(parts) + "."


def _footer(queue: QueueReport) -> str:
    brand = one_line(queue.brand)
    return f"Sent by mentionwatch, which watches {brand}. Lengths of time are opening hours."


def _view(report: DigestReport, queue: QueueReport, local: LocalTime) -> dict[str, Any]:
    problems = [_problem(line) for line in overview.channel_lines(queue, local)]
    word, colour = _PROBLEMS["warning"]
    problems += [
        {"word": word, "colour": colour, "name": "", "sentence": one_line(notice), "way_out": ""}
        for notice in queue.notices
    ]
    return {
        "summary": overview.summary_sentence(queue, local),
        "incomplete": overview.completeness(queue),
        "header": " · ".join(overview.header(queue, local)),
        "problems": problems,
        "sections": [
            {
                "heading": section.heading,
                "colour": _COLOURS.get(section.name, "#1f1f1c"),
                "rows": [_row_view(row, local) for row in section.rows],
            }
            for section in overview.sections(queue)
        ],
        "after": _after(queue),
        "blocks": _blocks(report, local),
        "footer": _footer(queue),
    }


def _problem(line: overview.ChannelLine) -> dict[str, str]:
    word, colour = _PROBLEMS.get(line.level, ("NOTE", "#5a5a54"))
    return {
        "word": word,
        "colour": colour,
        "name": line.name,
        "sentence": f": {line.sentence}",
        "way_out": f"→ {line.way_out}" if line.way_out else "",
    }


def _row_view(row: QueueRow, local: LocalTime) -> dict[str, str]:
    due = words.due_words(row, local)
    return {
        "due": f"OVERDUE, {due}" if row.overdue else f"DUE {due}",
        "who": _who(row),
        "where": f"{row.priority}, {_where(row, local)}",
        "text": _text(row),
        "why": _why(row),
        "url": words.safe_url(row.url),
        "site": words.host(row.url),
    }
