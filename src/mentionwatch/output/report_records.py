"""The report and the review as JSON, NDJSON and CSV; documented in docs/report.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mentionwatch.model.text import clean, visible
from mentionwatch.model.times import iso
from mentionwatch.output.overview import is_complete, unseen
from mentionwatch.output.records import defused, state_dict
from mentionwatch.output.words import HIDDEN_TEXT

if TYPE_CHECKING:
    from datetime import datetime

    from mentionwatch.model.insight import (
        Card,
        Figures,
        Group,
        Named,
        PeriodReport,
        ReviewReport,
        Spike,
    )
    from mentionwatch.model.report import QueueReport

REPORT = "mentionwatch.report/1"
REVIEW = "mentionwatch.review/1"

_SPREADS = ("first_open", "first_calendar", "next_open", "next_calendar")
_COUNTS = (
    "mentions", "private", "positive", "neutral", "negative", "unclassified", "conversations",
    "authors", "waits", "answered", "closed", "due", "met", "unanswered", "private_answers",
    "public_answers", "manual", "wrote_again", "came_back", "reopened",
)  # fmt: skip
CSV_COLUMNS = (
    "record", "key", "label", "since", "until", "complete", *_COUNTS, "response_rate",
    "attainment",
    *(f"{name}_{part}_seconds" for name in _SPREADS for part in ("median", "p90", "slowest")),
    "waiting", "overdue",
)  # fmt: skip
REVIEW_COLUMNS = (
    "id", "channel", "author", "private", "answered_at", "score", "canned", "holding", "reaction",
    "verdict", "category", "given", "maximum", "weight", "quote", "why", "said", "answer",
)  # fmt: skip


def report_json(report: PeriodReport, *, private_text: bool = True) -> str:
    """Return the report as docs/report.schema.json describes it."""
    return json.dumps(report_dict(report, private_text=private_text), indent=2, **_EXACT) + "\n"


_EXACT: dict[str, Any] = {"ensure_ascii": True, "allow_nan": False}


def report_ndjson(report: PeriodReport, *, private_text: bool = True) -> str:
    """Return the report without its groups on one line, then each group."""
    whole = report_dict(report, private_text=private_text)
    groups = whole.pop("groups")
    lines = [{**whole, "schema": "mentionwatch.report-head/1"}]
    lines += [{"schema": "mentionwatch.report-group/1", **group} for group in groups]
    return "".join(json.dumps(line, **_EXACT) + "\n" for line in lines)


def report_dict(report: PeriodReport, *, private_text: bool = True) -> dict[str, Any]:
    """Return the whole report as plain values."""
    return {
        "schema": REPORT,
        **_head(report.queue),
        "since": iso(report.since),
        "until": iso(report.until),
        "by": report.by or None,
        "figures": figures_dict(report.now),
        "before": None if report.before is None else figures_dict(report.before),
        "waiting": report.waiting,
        "overdue": report.overdue,
        "waiting_since": _time(report.oldest),
        "history": report.history,
        "leads_missed": report.leads_missed,
        "praise_unanswered": report.praise_unanswered,
        "turned_better": report.turned_better,
        "turned_worse": report.turned_worse,
        "reactions": dict(report.reactions),
        "badge": asdict(report.badge),
        "posting": {
            "posts": report.posting.posts,
            "while_overdue": report.posting.while_late,
            "most_overdue": report.posting.most_waiting,
            "channel": clean(report.posting.worst_channel) or None,
        },
        "spikes": [_spike(spike) for spike in report.spikes],
        "first_replies": [
            {"from_seconds": one.least, "below_seconds": one.below, "count": one.count}
            for one in report.bins
        ],
        "step": report.step,
        "series": [
            {
                "start": iso(step.start),
                "mentions": step.mentions,
                "positive": step.positive,
                "negative": step.negative,
                "due": step.due,
                "met": step.met,
            }
            for step in report.steps
        ],
        "leads": [_named(one, private_text) for one in report.leads],
        "to_thank": [_named(one, private_text) for one in report.to_thank],
        "turned": [_named(one, private_text) for one in report.turned],
        "groups": [_group(group) for group in report.groups],
        "groups_left_off": report.groups_left_off,
    }


def _head(queue: QueueReport) -> dict[str, Any]:
    return {
        "generated_at": iso(queue.generated_at),
        "brand": clean(queue.brand),
        "timezone": queue.timezone,
        "selection": clean(queue.selection),
        "complete": is_complete(queue),
        "incomplete_because": unseen(queue),
        "notices": [clean(notice) for notice in queue.notices],
        "channels": [state_dict(state) for state in queue.channels],
    }


def figures_dict(figures: Figures) -> dict[str, Any]:
    """Return figures with their shares, 0 to 1, and lengths of time in seconds."""
    spreads = {}
    for name in _SPREADS:
        spread = getattr(figures, name)
        spreads[name] = {
            "count": spread.count,
            "median_seconds": spread.median,
            "p90_seconds": spread.p90,
            "slowest_seconds": spread.slowest,
        }
    return {
        **{name: getattr(figures, name) for name in _COUNTS},
        "response_rate": _share(figures.response_rate),
        "attainment": _share(figures.attainment),
        **spreads,
    }


def report_csv(report: PeriodReport) -> str:
    """Return a table: the period, the one before, then a line for each group."""
    base = {"complete": is_complete(report.queue)}
    times = {"since": iso(report.since), "until": iso(report.until)}
    length = report.until - report.since
    rows = [
        {
            **base,
            **times,
            "record": "period",
            "waiting": report.waiting,
            "overdue": report.overdue,
            **_flat(report.now),
        }
    ]
    if report.before is not None:
        earlier = {"since": iso(report.since - length), "until": iso(report.since)}
        rows.append({**base, **earlier, "record": "before", **_flat(report.before)})
    rows += [
        {
            **base,
            **times,
            "record": report.by,
            "key": group.key,
            "label": group.label,
            "waiting": group.waiting,
            "overdue": group.overdue,
            **_flat(group.figures),
        }
        for group in report.groups
    ]
    return _csv(CSV_COLUMNS, rows)


def _flat(figures: Figures) -> dict[str, Any]:
    whole = figures_dict(figures)
    for name in _SPREADS:
        for key, value in whole.pop(name).items():
            if key != "count":
                whole[f"{name}_{key}"] = value
    return whole


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> str:
    import csv
    import io

    out = io.StringIO()
    table = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({key: _cell(value) for key, value in row.items()})
    return out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return defused(visible(clean(value))) if isinstance(value, str) else value


def _group(group: Group) -> dict[str, Any]:
    return {
        "key": clean(group.key),
        "label": clean(group.label),
        "waiting": group.waiting,
        "overdue": group.overdue,
        "figures": figures_dict(group.figures),
    }


def _named(one: Named, private_text: bool) -> dict[str, Any]:
    hidden = one.private and not private_text
    return {
        "id": one.id,
        "channel": clean(one.channel),
        "author": clean(one.author),
        "text": HIDDEN_TEXT if hidden else clean(one.text),
        "published_at": iso(one.at),
        "private": one.private,
        "why": one.why,
    }


def _spike(spike: Spike) -> dict[str, Any]:
    return {
        "kind": spike.kind,
        "channel": clean(spike.channel) or None,
        "since": iso(spike.since),
        "until": iso(spike.until),
        "count": spike.count,
        "usual": round(spike.usual, 2),
        "words": [clean(word) for word in spike.words],
    }


# --- review ---------------------------------------------------------------------------------------


def review_json(report: ReviewReport, *, private_text: bool = True) -> str:
    """Return the review as docs/review.schema.json describes it."""
    return json.dumps(review_dict(report, private_text=private_text), indent=2, **_EXACT) + "\n"


def review_ndjson(report: ReviewReport, *, private_text: bool = True) -> str:
    """Return the review without its conversations on one line, then each of them."""
    whole = review_dict(report, private_text=private_text)
    cards = whole.pop("conversations")
    lines = [{**whole, "schema": "mentionwatch.review-head/1"}]
    lines += [{"schema": "mentionwatch.review-conversation/1", **card} for card in cards]
    return "".join(json.dumps(line, **_EXACT) + "\n" for line in lines)


def review_dict(report: ReviewReport, *, private_text: bool = True) -> dict[str, Any]:
    """Return the whole review as plain values."""
    return {
        "schema": REVIEW,
        **_head(report.queue),
        "since": iso(report.since),
        "until": iso(report.until),
        "judged": report.conversations,
        "left_off": report.left_off,
        "score": _rounded(report.score),
        "score_before": _rounded(report.before),
        "canned": report.canned,
        "verdicts": report.verdicts,
        "own_score": _rounded(report.own_score),
        "rules_score": _rounded(report.rules_score),
        "reactions": dict(report.reactions),
        "categories": [
            {
                "name": one.name,
                "label": one.label,
                "weight": one.weight,
                "applied": one.applied,
                "score": _rounded(one.score),
            }
            for one in report.categories
        ],
        "repeated": [
            {"text": clean(one.text), "people": one.people, "ids": list(one.ids)}
            for one in report.repeated
            if private_text or not _is_private(report, one.ids)
        ],
        "conversations": [card_dict(card, private_text) for card in report.cards],
    }


def _is_private(report: ReviewReport, ids: tuple[int, ...]) -> bool:
    return any(card.private for card in report.cards if card.id in ids)


def card_dict(card: Card, private_text: bool = True) -> dict[str, Any]:
    """Return one scorecard as plain values."""
    hidden = card.private and not private_text
    return {
        "id": card.id,
        "channel": clean(card.channel),
        "author": clean(card.author),
        "private": card.private,
        "said": HIDDEN_TEXT if hidden else clean(card.said),
        "answer": HIDDEN_TEXT if hidden else clean(card.answer),
        "answered_at": iso(card.answered_at),
        "score": _rounded(card.score),
        "canned": card.canned,
        "same_text_to": card.like,
        "holding": card.holding,
        "reaction": card.reaction,
        "verdict": card.verdict,
        "points": [
            {
                "category": point.category,
                "given": point.given,
                "minimum": point.minimum,
                "maximum": point.maximum,
                "weight": point.weight,
                "quote": "" if hidden else clean(point.quote),
                "why": clean(point.why),
            }
            for point in card.points
        ],
    }


def review_csv(report: ReviewReport, *, private_text: bool = True) -> str:
    """Return a table with a line for each category of each conversation."""
    rows = []
    for card in report.cards:
        whole = card_dict(card, private_text)
        points = whole.pop("points")
        del whole["same_text_to"]
        for point in points:
            del point["minimum"]
            rows.append({**whole, **point})
    return _csv(REVIEW_COLUMNS, rows)


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 1)


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
