"""Findings of ``doctor`` as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from mentionwatch.model.text import one_line
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.model.finding import Finding

MARKS = {"ok": "ok", "warning": "!", "problem": "✗"}


def findings_plain(findings: Iterable[Finding]) -> str:
    """Return a line for each finding, and below it the way out."""
    known = list(findings)
    width = max((len(one.what) for one in known), default=0)
    lines = []
    for one in known:
        mark = MARKS[one.level]
        lines.append(f"{mark:<2}  {one_line(one.what):<{width}}  {one_line(one.message)}")
        if one.hint and one.level != "ok":
            lines.append(f"{'':<{width + 6}}→ {one_line(one.hint)}")
    return "\n".join([*lines, "", _verdict(known)])


def _verdict(findings: list[Finding]) -> str:
    problems, warnings = (_count(findings, level) for level in ("problem", "warning"))
    if not problems and not warnings:
        return "Everything that was looked at is in order."
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((problems, "problem"), (warnings, "warning"))
        if number
    ]
    return f"{' and '.join(parts)}."


def _count(findings: list[Finding], level: str) -> int:
    return sum(one.level == level for one in findings)


def findings_json(findings: Iterable[Finding], now: datetime) -> str:
    """Return everything that ``doctor`` found; docs/doctor.schema.json."""
    known = list(findings)
    problems, warnings = (_count(known, level) for level in ("problem", "warning"))
    document = {
        "schema": "mentionwatch.doctor/1",
        "generated_at": iso(now),
        "summary": {
            "in_order": not problems and not warnings,
            "problems": problems,
            "warnings": warnings,
        },
        "findings": [
            {
                "level": one.level,
                "check": one.check,
                "channel": one.channel or None,
                "what": one.what,
                "message": one.message,
                "hint": one.hint or None,
                "at": None if one.at is None else iso(one.at),
            }
            for one in known
        ],
    }
    return json.dumps(document, indent=2)
