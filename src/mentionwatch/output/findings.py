"""Findings of ``doctor`` as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol

from mentionwatch.model.text import one_line

MARKS = {"ok": "ok", "warning": "!", "problem": "✗"}


class Found(Protocol):
    """What a finding has."""

    @property
    def level(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str: ...


def findings_plain(findings: Iterable[Found]) -> str:
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


def _verdict(findings: list[Found]) -> str:
    problems = sum(one.level == "problem" for one in findings)
    warnings = sum(one.level == "warning" for one in findings)
    if not problems and not warnings:
        return "Everything that was looked at is in order."
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((problems, "problem"), (warnings, "warning"))
        if number
    ]
    return f"{' and '.join(parts)}."


def findings_json(findings: Iterable[Found]) -> str:
    rows = [
        {"level": one.level, "what": one.what, "message": one.message, "hint": one.hint or None}
        for one in findings
    ]
    return json.dumps({"schema": "mentionwatch.doctor/1", "findings": rows}, indent=2)
