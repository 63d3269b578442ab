"""
The report of a period as text: for a pipe, a terminal and Markdown.

On a terminal there are bars and sparklines; their numbers stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mentionwatch.model.text import display_width, one_line, visible
from mentionwatch.output.report_view import NONE, Chart, Figure, Table, View, view
from mentionwatch.output.report_view import spike_sentence as spike_sentence

if TYPE_CHECKING:
    from mentionwatch.model.insight import PeriodReport

_SPARKS = "▁▂▃▄▅▆▇█"
_BAR = 24  # columns of the longest bar on a terminal
_LEAST = 16  # columns in which folding text makes sense


def report_plain(report: PeriodReport, *, private_text: bool = True) -> str:
    """Return the report for a pipe, a mail or a screen reader."""
    return visible("\n".join(_lines(view(report, private_text=private_text), 0))) + "\n"


def report_markdown(report: PeriodReport, *, private_text: bool = True) -> str:
    """Return the report as Markdown in which no foreign word can make a link or a heading."""
    from mentionwatch.output.page import escape_markdown as escaped

    seen = view(report, private_text=private_text)
    blocks = [f"# {escaped(seen.brand)}: report", escaped(seen.header)]
    blocks.append(f"**{escaped(seen.headline)}**")
    blocks += [f"**{escaped(seen.incomplete)}**"] if seen.incomplete else []
    lines = [f"- {escaped(line)}" for line in (*seen.problems, *seen.spikes)]
    blocks += ["\n".join(lines)] if lines else []
    if seen.selection:
        blocks.append(f"Only what matches “{escaped(seen.selection)}”.")
    figures = [(f.label, f.now, f.before) for f in seen.figures]
    blocks.append(_markdown_table(("", "this period", "the one before"), figures))
    for chart in seen.charts:
        bars = [(bar.label, bar.said) for bar in chart.bars]
        blocks.append(f"## {escaped(chart.title)}")
        blocks.append(_markdown_table(("", chart.summary), bars))
    if seen.table:
        blocks.append(f"## {escaped(seen.table.title)}")
        blocks.append(_markdown_table(seen.table.header, seen.table.rows))
        blocks += [escaped(seen.table.note)] if seen.table.note else []
    for people in seen.people:
        rows = [
            f"- {number} · {escaped(who)}: {escaped(text)}" for number, who, text in people.rows
        ]
        blocks += [f"## {escaped(people.title)}", "\n".join(rows)]
    blocks += [escaped(note) for note in seen.notes]
    return visible("\n\n".join(blocks)) + "\n"


def _markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    from mentionwatch.output.page import escape_markdown as escaped

    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell if cell == "---" else escaped(cell) for cell in line) + " |"
        for line in lines
    )


def report_table(
    report: PeriodReport, *, width: int, colour: bool, private_text: bool = True
) -> str:
    """
    Return the report as a terminal shows it, with bars and sparklines.

    Args:
        width: Columns of the terminal.
        colour: Whether to write ANSI colours; no word depends on them.
    """
    from mentionwatch.output.table import page

    drawn = page(width, colour)
    seen = view(report, private_text=private_text)
    for line in _lines(seen, drawn.width):
        hang = len(line) - len(line.lstrip()) if line.startswith("    ") else 0
        drawn.add_styled(line, _style(line, seen), hang=hang)
    return drawn.rendered()


def _style(line: str, seen: View) -> str:
    if line and line in (seen.incomplete, *seen.problems, *seen.spikes):
        return "bold red" if line == seen.incomplete or line.startswith("✗") else "yellow"
    headings = {seen.headline, seen.brand}
    return "bold" if line in headings or (line.isupper() and not line.startswith(" ")) else ""


def _lines(seen: View, width: int) -> list[str]:
    """Return the lines of the report; ``width`` 0: nothing is drawn or cut."""
    lines = [seen.brand, seen.header, "", seen.headline]
    lines += [seen.incomplete] if seen.incomplete else []
    lines += [*seen.problems, *(f"! {spike}" for spike in seen.spikes)]
    if seen.selection:
        lines.append(f"Only what matches “{seen.selection}”.")
    lines += ["", "FIGURES", *_figure_lines(seen.figures, width)]
    for chart in seen.charts:
        lines += ["", chart.title.upper(), *_chart_lines(chart, width)]
    if seen.table:
        lines += ["", seen.table.title.upper(), *_table_lines(seen.table, width)]
        lines += [seen.table.note] if seen.table.note else []
    for people in seen.people:
        lines += ["", people.title.upper()]
        for number, who, text in people.rows:
            lines += [f"{number:>4}  {who}", f"      {text}"]
    return [*lines, "", *seen.notes]


def _figure_lines(figures: Sequence[Figure], width: int) -> Iterable[str]:
    label = max(len(figure.label) for figure in figures)
    for figure in figures:
        before = f"before: {figure.before}" if figure.before not in ("", NONE) else ""
        texts = [text for text in (figure.now, before) if text]
        lines = [line for text in texts for line in _folded(text, width - label - 2)]
        for place, line in enumerate(lines):
            yield f"{'' if place else figure.label:<{label}}  {line}"


def _folded(text: str, room: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, room) if room >= _LEAST else [text]


def _chart_lines(chart: Chart, width: int) -> Iterable[str]:
    if chart.shape == "rows" or not width:
        label = max(display_width(bar.label) for bar in chart.bars)
        room = min(_BAR, max(0, width - label - 24)) if width else 0
        for bar in chart.bars:
            if chart.shape != "rows" and not bar.whole:
                continue
            drawn = "█" * _length(bar.part, chart.top, room) if room else ""
            yield f"{_filled(bar.label, label)}  {drawn:<{room}}{' ' if room else ''}{bar.said}"
        return
    # A point for each step; where the window is too narrow, the newest ones.
    bars = chart.bars[-(width - 14) :]
    names = max(len(key) for key in chart.key)
    for key, values in zip(
        chart.key, ([b.whole for b in bars], [b.part for b in bars]), strict=True
    ):
        yield f"{key:<{names}}  {sparkline(values, chart.top)}"
    ends = f"{bars[0].label} to {bars[-1].label}; {chart.summary}"
    yield f"{'':<{names}}  {ends}"


def sparkline(values: Sequence[int], top: int) -> str:
    """Return a line of little columns; a blank where there is nothing at all."""
    last = len(_SPARKS) - 1
    return "".join(
        " " if not value else _SPARKS[min(last, (value * last + top - 1) // max(1, top))]
        for value in values
    )


def _length(value: int, top: int, room: int) -> int:
    return 0 if not value else max(1, round(value / max(1, top) * room))


def _table_lines(table: Table, width: int) -> Iterable[str]:
    lines = [table.header, *table.rows]
    columns = [max(display_width(line[n]) for line in lines) for n in range(len(table.header))]
    total = sum(columns) + 2 * (len(columns) - 1)
    if width and total > width:
        columns[0] = max(8, columns[0] - (total - width))
        total = sum(columns) + 2 * (len(columns) - 1)
    if width and total > width:
        yield from _stacked(table)
        return
    for line in lines:
        name = _filled(one_line(line[0], columns[0]), columns[0])
        cells = (f"{cell:>{columns[n]}}" for n, cell in enumerate(line[1:], start=1))
        yield "  ".join([name, *cells]).rstrip()


def _stacked(table: Table) -> Iterable[str]:
    """Return a narrow window's table: a name, and its numbers below it."""
    for row in table.rows:
        yield row[0]
        cells = zip(table.header[1:], row[1:], strict=True)
        yield "    " + ", ".join(f"{name} {cell}" for name, cell in cells if cell != NONE)


def _filled(text: str, width: int) -> str:
    return text + " " * max(0, width - display_width(text))
