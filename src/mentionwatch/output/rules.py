"""Rules as text, JSON and the page docs/rules.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class Listed(Protocol):
    """What a rule has."""

    @property
    def id(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def why(self) -> str: ...
    @property
    def also(self) -> Mapping[str, int]: ...
    @property
    def fires_on(self) -> tuple[Any, ...]: ...
    @property
    def silent_on(self) -> tuple[Any, ...]: ...


def rules_plain(rules: Iterable[Listed]) -> str:
    """Return a line for each rule: points, id, why."""
    known = sorted(rules, key=lambda rule: rule.id)
    width = max(len(rule.id) for rule in known)
    return "\n".join(f"{rule.points:+4d}  {rule.id:<{width}}  {rule.why}" for rule in known)


def rules_json(rules: Iterable[Listed]) -> str:
    rows = [
        {
            "id": rule.id,
            "points": rule.points,
            "why": rule.why,
            "also": dict(rule.also),
            "fires_on": list(map(_example, rule.fires_on)),
            "silent_on": list(map(_example, rule.silent_on)),
        }
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    return json.dumps({"schema": "mentionwatch.rules/1", "rules": rows}, indent=2)


def rules_page(rules: Iterable[Listed]) -> str:
    """Return docs/rules.md: every rule with what it fires on and what it must not."""
    parts = [
        "# Rules\n\n"
        "Written from the rules themselves by the tests; edit the rule, not this page.\n"
        '`[rules] disable = ["id"]` switches one off, `points = { "id" = 10 }` weighs it anew.\n'
        "How they work together: [scoring.md](scoring.md).\n"
    ]
    family = ""
    for rule in sorted(rules, key=lambda rule: rule.id):
        kind = rule.id.partition(".")[0]
        if kind != family:
            family = kind
            parts.append(f"## {kind}\n")
        parts.append(_entry(rule))
    return "\n".join(parts)


def _entry(rule: Listed) -> str:
    lines = [f"### `{rule.id}` {rule.points:+d}", "", f"{rule.why}.", ""]
    if rule.also:
        further = ", ".join(f"`{id_}` {points:+d}" for id_, points in sorted(rule.also.items()))
        lines += [f"Gives also {further}.", ""]
    for title, examples in (("fires on", rule.fires_on), ("not on", rule.silent_on)):
        if examples:
            lines.append(f"- {title}: " + "; ".join(_quoted(one) for one in examples))
    return "\n".join([*lines, ""])


def _example(example: Any) -> Any:
    return example if isinstance(example, str) else {k: str(v) for k, v in example.items()}


def _quoted(example: Any) -> str:
    if isinstance(example, str):
        return f"“{example}”"
    return "`" + ", ".join(f"{key} = {value}" for key, value in example.items()) + "`"
