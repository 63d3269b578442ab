"""Plain text for pipes, mails and screen readers: the words of the table, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mentionwatch.model.text import one_line, visible
from mentionwatch.output import overview, words
from mentionwatch.output.words import LocalTime

if TYPE_CHECKING:
    from mentionwatch.channels import Capabilities
    from mentionwatch.model.conversation import ConversationReport, ThreadEntry
    from mentionwatch.model.report import ChannelState, QueueReport, QueueRow

_INDENT = "    "
_LEVELS = {"broken": "BROKEN", "warning": "NOTE", "note": "NOTE"}


def queue_plain(report: QueueReport) -> str:
    """Return the queue: one paragraph a conversation, its first line in columns of two blanks."""
    local = overview.local_time(report)
    blocks = [_top(report, local)]
    for section in overview.sections(report):
        blocks.append(section.heading)
        blocks += [row_plain(row, local) for row in section.rows]
    blocks.append(_end(report, local))
    return _finished(blocks)


def conversation_plain(report: ConversationReport) -> str:
    """Return one conversation: who, the thread, why, the reply times, the author's earlier ones."""
    local = LocalTime(now=report.generated_at, timezone=report.timezone)
    row = report.row
    blocks = ["\n".join(conversation_head(report, local))]
    blocks += [_entry(entry, report.brand, local) for entry in report.thread]
    blocks.append(
        _titled(
            f"Why: {words.score_words(row)}",
            words.reason_lines(row.reasons) + words.facts(row),
        )
    )
    blocks.append(_titled("Reply times", [words.clock_words(c, local) for c in report.clocks]))
    blocks.append(_titled("A good answer", map(one_line, report.checklist)))
    blocks.append(_titled("Earlier", [earlier_line(row, local) for row in report.earlier]))
    return _finished(blocks)


def channels_plain(
    types: Iterable[tuple[str, str, Capabilities]], configured: Iterable[ChannelState]
) -> str:
    """
    Return the configured channels and what each available type can do.

    Args:
        types: Type name, family and capabilities of each available type.
        configured: How each configured channel stands.
    """
    known = list(types)
    blocks = [_titled("Configured", [_state_line(state) for state in configured])]
    blocks += ["No channel is configured."] if not blocks[0] else []
    for family in dict.fromkeys(family for _, family, _ in known):
        blocks.append(f"Available: {family}")
        blocks += [_type_lines(name, can) for name, of, can in known if of == family]
    return _finished(blocks)


def row_plain(row: QueueRow, local: LocalTime) -> str:
    """Return one conversation: its line, the text, why, since when, where."""
    who = words.author_in_full(row.author) + words.behind_author(row)
    head = "  ".join(
        [str(row.id), words.due_words(row, local), words.channel_words(row), who, row.priority]
    )
    title = [words.title_words(row)] if row.title else []
    why = words.reason_words(row.reasons, most=len(row.reasons)) + words.facts(row)
    below = [*title, *words.text_words(row).split("\n")]
    below += [f"why: {'; '.join(why)}"] if why else []
    below += [words.waiting_words(row, local)]
    below += [url] if (url := words.safe_url(row.url)) else []
    return "\n".join([head, *_indented(below)])


def conversation_head(report: ConversationReport, local: LocalTime) -> list[str]:
    """Return the lines that say which conversation this is and how it stands."""
    row = report.row
    who = words.author_in_full(row.author) + words.behind_author(row)
    owner = f"assigned to {one_line(row.assignee)}" if row.assignee else ""
    stand = [row.state, words.due_words(row, local), row.priority, owner]
    lines = [f"{row.id}  {words.channel_words(row)}  {who}"]
    lines.append(", ".join(dict.fromkeys(part for part in stand if part)))
    lines.append(words.waiting_words(row, local))
    if report.aliases:
        lines.append("also known as " + words.listed(str(alias) for alias in report.aliases))
    return lines + ([url] if (url := words.safe_url(row.url)) else [])


def earlier_line(row: QueueRow, local: LocalTime) -> str:
    """Return "12  3 Dec 2024  mastodon, answered: Where is my order?"."""
    text = one_line(words.text_words(row))
    when = local.when(row.published_at)
    return f"{row.id}  {when}  {words.channel_words(row)}, {row.state}: {text}"


def _top(report: QueueReport, local: LocalTime) -> str:
    lines = ["  ".join(overview.header(report, local))]
    for line in overview.channel_lines(report, local):
        way_out = f" -> {line.way_out}" if line.way_out else ""
        lines.append(f"{_LEVELS[line.level]} {line.name}: {line.sentence}{way_out}")
    lines += [f"NOTE {one_line(notice)}" for notice in report.notices]
    return "\n".join(lines)


def _end(report: QueueReport, local: LocalTime) -> str:
    answered = overview.answered_sentence(report)
    lines = [" ".join(filter(None, [overview.summary_sentence(report, local), answered]))]
    lines.append(overview.completeness(report))
    lines += [f"{sentence} {command}" for sentence, command in overview.advice(report)]
    return "\n".join(filter(None, lines))


def _entry(entry: ThreadEntry, brand: str, local: LocalTime) -> str:
    head = f"{local.exact(entry.at)}  {words.entry_words(entry, brand)}"
    below = entry.text.strip().split("\n") if entry.text.strip() else []
    for text in entry.earlier_texts:
        below += [f"before the edit: {one_line(text)}"]
    below += [url] if (url := words.safe_url(entry.url)) else []
    return "\n".join([head, *_indented(below)])


def _state_line(state: ChannelState) -> str:
    name, kind = one_line(state.name), one_line(state.type)
    problem = f": {one_line(state.problem)}" if state.problem else ""
    named = name if name == kind else f"{name} ({kind})"
    return f"{named}  {state.status}{problem}"


def _type_lines(name: str, can: Capabilities) -> str:
    able = {
        "finds mentions without a tag": can.finds_untagged,
        "sees your replies": can.sees_own_replies,
        "sees edits": can.sees_edits,
        "reads private messages": can.private,
    }
    lines = [name]
    for what, yes in (("can", True), ("cannot", False)):
        named = [ability for ability, has in able.items() if has is yes]
        lines += [f"{_INDENT}{what}: {', '.join(named)}"] if named else []
    lines += [f"{_INDENT}history: {one_line(can.history)}"] if can.history else []
    lines.append(f"{_INDENT}cost: {one_line(can.cost)}")
    return "\n".join([*lines, *_indented(can.limits)])


def _titled(title: str, lines: Iterable[str]) -> str:
    found = list(lines)
    return "\n".join([title, *_indented(found)]) if found else ""


def _indented(lines: Iterable[str]) -> Iterator[str]:
    # Also foreign lines: one that begins at the margin could pass for a row of its own.
    return ((_INDENT + line).rstrip() for line in lines)


def _finished(blocks: Iterable[str]) -> str:
    # Once over everything: nothing foreign can have been forgotten.
    return visible("\n\n".join(filter(None, blocks))) + "\n"
