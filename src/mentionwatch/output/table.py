"""
The queue for a terminal, drawn with rich.

Everything is laid out in terminal columns, in which CJK and emoji take two. Colour only repeats
what the words say. Foreign text enters through `_text`, which interprets nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mentionwatch.model.text import one_line, visible
from mentionwatch.output import overview, words
from mentionwatch.output.plain import conversation_head, earlier_line
from mentionwatch.output.words import LocalTime

if TYPE_CHECKING:
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    from mentionwatch.model.conversation import ConversationReport, ThreadEntry
    from mentionwatch.model.report import QueueReport, QueueRow

NARROW = 60  # below this the head of a row takes two lines
WIDEST = 110  # lines longer than this are hard to read, however wide the window
_CHANNEL_WIDTH = 20
_TEXT_LINES = 2
# Between ideographs a line may end anywhere, but not before closing punctuation.
_IDEOGRAPH = (
    "\u2e80-\u2fff\u3003-\u3007\u3010-\u9fff\uf900-\ufaff\uff10-\uff60\U00020000-\U0003fffd"
)
_WORD = re.compile(
    rf"[{_IDEOGRAPH}][\u3001\u3002\u300d\u300f\u3011\uff01\uff09\uff0c\uff0e\uff1f]*\s*"
    rf"|[^\s{_IDEOGRAPH}]+\s*|\s+"
)

_PRIORITY_STYLE = {"urgent": "bold red", "high": "bold yellow", "normal": "", "low": "dim"}
_SECTION_STYLE = {"overdue": "bold red", "due_soon": "bold yellow", "later": "bold"}
_LEVEL_STYLE = {"broken": "bold red", "warning": "yellow", "note": "dim"}
_ROLE_STYLE = {"customer": "bold", "us": "bold green", "own_post": "dim", "action": "dim"}


def queue_table(report: QueueReport, *, width: int, colour: bool, limit: int = 200) -> str:
    """
    Return the queue as a terminal shows it, with ANSI colours if wanted.

    Args:
        report: What is drawn.
        width: Columns of the terminal; 30 is the least that is used.
        colour: Whether to write ANSI colours; no word depends on them.
        limit: Most rows drawn; the others are counted and the way to see them is said.
    """
    local = overview.local_time(report)
    page = _Page(width, colour)
    page.add_together([_text(word, "bold") for word in overview.header(report, local)], "   ")
    _add_channels(page, report, local)
    sections = list(overview.sections(report, limit))
    columns = Columns.of([row for section in sections for row in section.rows], local)
    for section in sections:
        page.add(_text(""))
        page.add(_text(section.heading, _SECTION_STYLE.get(section.name, "bold")))
        for row in section.rows:
            page.add_all(row_block(row, local, columns, page.width))
    page.add(_text(""))
    _add_end(page, report, local, limit)
    return page.rendered()


def conversation_table(report: ConversationReport, *, width: int, colour: bool) -> str:
    """Return one conversation in full: the thread, why, the reply times, the earlier ones."""
    local = LocalTime(now=report.generated_at, timezone=report.timezone)
    page = _Page(width, colour)
    head, *rest = conversation_head(report, local)
    page.add(_text(head, "bold"))
    for line in rest:
        page.add(_text(line))
    for entry in report.thread:
        page.add(_text(""))
        _add_entry(page, entry, report.brand, local)
    row = report.row
    why = words.reason_lines(row.reasons) + words.facts(row)
    _add_titled(page, f"Why: {words.score_words(row)}", why)
    _add_titled(page, "Reply times", [words.clock_words(clock, local) for clock in report.clocks])
    _add_titled(page, "A good answer", map(one_line, report.checklist))
    earlier = [earlier_line(row, local) for row in report.earlier]
    _add_titled(page, "Earlier", earlier, most=1)
    return page.rendered()


class Columns:
    """How wide the columns of the rows' heads are: id, how late, channel."""

    def __init__(self, number: int, due: int, channel: int) -> None:
        self.number, self.due, self.channel = number, due, channel

    @classmethod
    def of(cls, rows: Iterable[QueueRow], local: LocalTime) -> Columns:
        from rich.cells import cell_len

        drawn = list(rows)
        channel = max((cell_len(words.channel_words(row)) for row in drawn), default=0)
        return cls(
            number=max((len(str(row.id)) for row in drawn), default=0) + 1,
            due=max((cell_len(words.due_words(row, local)) for row in drawn), default=0),
            channel=min(channel, _CHANNEL_WIDTH),
        )


def row_block(row: QueueRow, local: LocalTime, columns: Columns, width: int) -> list[Text]:
    """Return the lines of one row: its head, the text, then why it waits here; none too wide."""
    lines = _narrow_head(row, local, columns, width)
    if width >= NARROW:
        lines = [_wide_head(row, local, columns, width)]
    indent = columns.number + 2
    title = words.title_words(row)
    text = _text(one_line(words.text_words(row)))
    if title:
        text = _text(title, "bold").append_text(_text(": ")).append_text(text)
    lines += _wrapped(text, width, indent, _TEXT_LINES)
    why = [*words.reason_words(row.reasons), *words.facts(row), words.waiting_words(row, local)]
    return lines + _wrapped(_text(" · ".join(why), "dim"), width, indent)


def _wide_head(row: QueueRow, local: LocalTime, columns: Columns, width: int) -> Text:
    """Return " 41  5 h late    facebook  Dana Reyes, 3 messages             urgent"."""
    head = _text(f"{row.id:>{columns.number}}  ", "bold")
    head.append_text(_fitted(words.due_words(row, local), columns.due, _due_style(row)))
    head.append("  ").append_text(_fitted(words.channel_words(row), columns.channel))
    head.append("  ")
    room = width - head.cell_len - len(row.priority) - 2
    head.append_text(_fitted(_who(row, room), room)).append("  ")
    return head.append_text(_text(row.priority, _PRIORITY_STYLE.get(row.priority, "")))


def _narrow_head(row: QueueRow, local: LocalTime, columns: Columns, width: int) -> list[Text]:
    first = _text(f"{row.id:>{columns.number}}  ", "bold")
    due = words.due_words(row, local)
    first.append_text(_fitted(due, width - first.cell_len - len(row.priority) - 2, _due_style(row)))
    first.append("  ").append_text(_text(row.priority, _PRIORITY_STYLE.get(row.priority, "")))
    indent = columns.number + 2
    who = words.author_name(row.author) + words.behind_author(row)
    second = _text(f"{words.channel_words(row)}  {who}")
    return [first, *_wrapped(second, width, indent, _TEXT_LINES)]


def _who(row: QueueRow, room: int) -> str:
    """Return author and what follows; where there is little room only the name is cut."""
    from rich.cells import cell_len

    behind = words.behind_author(row)
    return one_line(words.author_name(row.author), max(4, room - cell_len(behind))) + behind


def _due_style(row: QueueRow) -> str:
    return (
        _SECTION_STYLE["overdue" if row.overdue else "due_soon"]
        if row.overdue or row.due_soon
        else ""
    )


def _add_channels(page: _Page, report: QueueReport, local: LocalTime) -> None:
    for line in overview.channel_lines(report, local):
        text = _text(f"{line.mark} ", _LEVEL_STYLE[line.level])
        text.append_text(_text(f"{line.name}  ", _LEVEL_STYLE[line.level]))
        text.append_text(_text(line.sentence))
        way_out = [_text(f"→ {line.way_out}", "bold")] if line.way_out else []
        page.add_together([text, *way_out], "  ", hang=2)
    for notice in report.notices:
        page.add_together([_text("! ", "yellow").append_text(_text(one_line(notice)))], hang=2)


def _add_end(page: _Page, report: QueueReport, local: LocalTime, limit: int) -> None:
    ending = [_text(overview.summary_sentence(report, local), "bold")]
    answered = overview.answered_sentence(report)
    ending += [_text(answered)] if answered else []
    page.add_together(ending, "  ")
    if missing := overview.completeness(report):
        page.add(_text(missing, "bold red"))
    for sentence, command in overview.advice(report, limit):
        page.add_together([_text(sentence), _text(command, "bold")], " ", hang=2)


def _add_entry(page: _Page, entry: ThreadEntry, brand: str, local: LocalTime) -> None:
    style = _ROLE_STYLE.get(entry.role, "")
    page.add(_text(f"{local.exact(entry.at)}  {words.entry_words(entry, brand)}", style))
    for line in entry.text.strip().split("\n"):
        page.add_all(_wrapped(_text(visible(line)), page.width, 4))
    for text in entry.earlier_texts:
        page.add_all(_wrapped(_text(f"before the edit: {one_line(text)}", "dim"), page.width, 4))


def _add_titled(page: _Page, title: str, lines: Iterable[str], most: int | None = None) -> None:
    found = list(lines)
    if found:
        page.add(_text(""))
        page.add(_text(title, "bold"))
        for line in found:
            page.add_all(_wrapped(_text(line), page.width, 4, most, hang=2))


def page(width: int, colour: bool) -> _Page:
    """Return an empty page for other tables to draw on."""
    return _Page(width, colour)


class _Page:
    """Collects lines no wider than the terminal, and renders them."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = max(30, min(width, WIDEST))
        self._colour = colour
        self._lines: list[Text] = []

    def add(self, text: Text) -> None:
        self._lines += _wrapped(text, self.width, 0)

    def add_styled(self, line: str, style: str = "", hang: int = 0) -> None:
        """Add a line of foreign text in one style, its wrapped rest indented by *hang* columns."""
        self._lines += _wrapped(_text(line, style), self.width, 0, hang=hang)

    def add_together(self, parts: list[Text], between: str = "", hang: int = 0) -> None:
        """Add parts on one line, or one a line where they do not fit: commands stay whole."""
        whole = _text(between).join(parts)
        if whole.cell_len <= self.width:
            self._lines.append(whole)
            return
        self._lines += _wrapped(parts[0], self.width, 0, hang=hang)
        for part in parts[1:]:
            self._lines += _wrapped(part, self.width, hang)

    def add_all(self, lines: Iterable[Text]) -> None:
        self._lines += lines

    def rendered(self) -> str:
        from io import StringIO

        out = StringIO()
        console = _console(out, self.width, self._colour)
        for line in self._lines:
            line.rstrip()
            console.print(line, no_wrap=True, overflow="ignore", crop=False)
        return out.getvalue()


def _wrapped(
    text: Text, width: int, indent: int, most: int | None = None, hang: int = 0
) -> list[Text]:
    """
    Return a text wrapped to lines of at most *width* columns.

    ``most``: lines at most; what goes beyond is cut with "…". ``hang``: columns by which the lines
    after the first are indented further.
    """
    room = width - indent - hang
    if most is not None and len(text) > 4 * most * room:
        text = text[: 4 * most * room]  # two lines need not measure 50,000 characters
    wrapped = list(text.divide(_breaks(text.plain, room)))
    for line in wrapped:
        line.rstrip()
    if most is not None and len(wrapped) > most:
        del wrapped[most:]
        wrapped[-1].truncate(room - 1)
        wrapped[-1].rstrip()
        wrapped[-1].append("…")
    margins = [indent, *[indent + hang] * (len(wrapped) - 1)]
    return [
        _text(" " * margin).append_text(line) for margin, line in zip(margins, wrapped, strict=True)
    ]


def _breaks(text: str, width: int) -> list[int]:
    """
    Return where a text is broken so that no line is wider than *width* columns.

    rich's own wrapping takes a Chinese or Japanese sentence for one word, and leaves the rest of
    the line before it empty.
    """
    from rich.cells import cell_len, chop_cells

    breaks = []
    used = 0
    for match in _WORD.finditer(text):
        at, word = match.start(), match[0]
        bare = cell_len(word.rstrip())
        if used and used + bare > width:
            breaks.append(at)
            used = 0
        if bare > width:
            for piece in chop_cells(word.rstrip(), width)[:-1]:
                at += len(piece)
                breaks.append(at)
            word = text[at : match.end()]
        used += cell_len(word)
    return breaks


def _fitted(text: str, width: int, style: str = "") -> Text:
    """Return a text cut or filled to exactly *width* columns."""
    from rich.cells import cell_len, set_cell_size

    cut = text if cell_len(text) <= width else one_line(text, width)
    return _text(set_cell_size(cut, width), style)


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    # A span and no base style: what is appended later must not inherit it.
    made = Text(visible(text), end="\n")
    if style:
        made.stylize(style)
    return made


def _console(out: StringIO, width: int, colour: bool) -> Console:
    from rich.console import Console

    # Everything is said, so that neither the environment nor the stream decides.
    return Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
