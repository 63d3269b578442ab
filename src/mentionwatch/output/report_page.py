"""
The report and the review as one self-contained HTML page.

No script, nothing from outside: the content security policy allows the one style and forbids all
else. Plots are inline SVG that is stretched to its column; their words and numbers stand beside
them as text, so that they neither shrink on a phone nor depend on colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mentionwatch.model.text import one_line, visible
from mentionwatch.output import overview
from mentionwatch.output import report_view as words_of
from mentionwatch.output import review as review_words
from mentionwatch.output.report_view import Bar, Chart
from mentionwatch.output.template import html_template, part, policy_hash
from mentionwatch.output.words import HIDDEN_TEXT, LocalTime

if TYPE_CHECKING:
    from mentionwatch.model.insight import Card, PeriodReport, ReviewReport
    from mentionwatch.model.report import QueueReport

CARDS = 30  # scorecards spelled out on the page
_HATCH = 7  # of 100: one line in the marked part of a column for so much height


def report_html(report: PeriodReport, *, private_text: bool = True) -> str:
    """
    Return the report as one page.

    Args:
        private_text: Whether private messages may be read there; False for pages that are shared.
    """
    seen = words_of.view(report, private_text=private_text)
    return _page(
        report.queue,
        title="report",
        header=seen.header,
        headline=seen.headline,
        spikes=seen.spikes,
        charts=[_chart(chart) for chart in seen.charts],
        figures=seen.figures,
        table=seen.table,
        people=seen.people,
        cards=[],
        notes=seen.notes,
    )


def review_html(report: ReviewReport, *, private_text: bool = True) -> str:
    """
    Return the scorecards as one page, the weakest conversations first.

    Args:
        private_text: Whether private messages may be read there.
    """
    local = overview.local_time(report.queue)
    bars = [
        Bar(
            label=one.label,
            whole=100,
            part=round(one.score or 0),
            said="applied to none"
            if one.score is None
            else f"{one.score:.0f} of 100, {one.applied:,} judged",
        )
        for one in report.categories
    ]
    chart = Chart(
        title="The scorecard",
        shape="rows",
        bars=tuple(bars),
        summary="each category over the conversations to which it applied",
    )
    texts = review_words.repeated(report, private_text)
    facts = tuple(review_words.facts(report))
    return _page(
        report.queue,
        title="review",
        header=words_of.period_words(report.since, report.until, local),
        headline=review_words.headline(report),
        spikes=[],
        charts=[_chart(chart)] if report.conversations else [],
        figures=[],
        table=None,
        people=[],
        same=texts,
        cards=[_card(card, local, private_text) for card in report.cards[:CARDS]],
        notes=facts,
    )


def _page(queue: QueueReport, **parts: Any) -> str:
    from markupsafe import Markup

    style = part("report.css")
    local = overview.local_time(queue)
    page = html_template("report.html.jinja").render(
        brand=one_line(queue.brand),
        incomplete=overview.completeness(queue),
        problems=words_of.problems(queue, local),
        selection=one_line(queue.selection),
        read_at=local.full(queue.generated_at),
        timezone=queue.timezone,
        style=Markup(style),  # noqa: S704 - a file of this package
        policy=f"default-src 'none'; style-src {policy_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        **{"same": [], **parts},
    )
    return visible(page) + "\n"


def _chart(chart: Chart) -> dict[str, Any]:
    drawn = [
        _column(bar, place, chart.top) if chart.shape == "columns" else _row(bar, chart.top)
        for place, bar in enumerate(chart.bars)
    ]
    return {
        "title": chart.title,
        "shape": chart.shape,
        "bars": chart.bars,
        "key": chart.key,
        "top": f"{chart.top:,}",
        "summary": chart.summary,
        "drawn": drawn,
    }


def _column(bar: Bar, place: int, top: int) -> dict[str, Any]:
    """Return the rectangles of one column, in a space of 10 by 100."""
    whole = round(bar.whole / max(1, top) * 100, 2)
    share = round(bar.part / max(1, top) * 100, 2)
    lines = [round(100 - y, 2) for y in range(_HATCH // 2, int(share), _HATCH)]
    return {
        "label": bar.label,
        "said": bar.said,
        "x": place * 10 + 1,
        "whole_y": round(100 - whole, 2),
        "whole_h": whole,
        "part_y": round(100 - share, 2),
        "part_h": share,
        "lines": lines,
    }


def _row(bar: Bar, top: int) -> dict[str, Any]:
    return {"label": bar.label, "said": bar.said, "share": round(bar.part / max(1, top) * 100, 2)}


def _card(card: Card, local: LocalTime, private_text: bool) -> dict[str, Any]:
    hidden = card.private and not private_text
    points = sorted(card.points, key=lambda point: point.share or 0.0)
    return {
        "head": review_words.card_head(card, local),
        "said": HIDDEN_TEXT if hidden else card.said,
        "answer": HIDDEN_TEXT if hidden else card.answer,
        "points": [
            {"words": review_words.point_words(point), "lost": point.share == 0}
            for point in points
            if point.given is not None and not (hidden and point.quote)
        ],
    }
