"""``[rules]``: which built-in rules count, how much, and the owner's own ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mentionwatch.config.people import term
from mentionwatch.config.reading import Table, Wrong, choice, shown, suggestion, text, whole
from mentionwatch.config.settings import RuleSettings
from mentionwatch.model.score import INTENTS

if TYPE_CHECKING:
    from mentionwatch.core.scoring.rule import CustomRule

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
_points = whole(-100, 100)


def read_rules(table: Table | None) -> RuleSettings:
    """Return the settings of scoring; the built-in rules are only loaded where one is named."""
    if table is None:
        return RuleSettings()
    custom = _custom(table)
    own = [rule.id for rule in custom]
    known = _known_ids(own) if "disable" in table or "points" in table else ()
    settings = RuleSettings(
        disable=table.each("disable", _rule_id(known)),
        points=_points_table(table.table("points"), known),
        custom=custom,
    )
    table.finish()
    return settings


def _known_ids(own: list[str]) -> tuple[str, ...]:
    from mentionwatch.core.scoring.ruleset import BUILTIN

    ids: dict[str, None] = {}
    for rule in BUILTIN:
        ids[rule.id] = None
        ids.update(dict.fromkeys(rule.also))
    return (*sorted(ids), *own)


def _rule_id(known: tuple[str, ...]) -> Any:
    def check(value: Any) -> str:
        name = text(value)
        if name not in known:
            hint = suggestion(name, known) or "see: mentionwatch rules list"
            raise Wrong(f"there is no rule {shown(name)}", hint)
        return name

    return check


def _points_table(table: Table | None, known: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for name, value in table.values.items() if table else ():
        assert table is not None
        place = table / name
        if place.check(name, _rule_id(known), None):
            found[name] = place.check(value, _points, 0)
    return found


def _custom(table: Table) -> tuple[CustomRule, ...]:
    found: dict[str, CustomRule] = {}
    for inside in table.list_of_tables("custom"):
        rule = _custom_rule(inside)
        if rule.id in found:
            (inside / "id").problem(f"{shown(rule.id)} is the id of another rule already")
        found[rule.id] = rule
    return tuple(found.values())


def _custom_rule(table: Table) -> CustomRule:
    from mentionwatch.core.scoring.rule import CustomRule

    score = table.get("score", choice("urgency", "sentiment", "intent"), "urgency")
    if (score == "intent") != ("intent" in table):
        (table / "intent").problem('goes together with score = "intent": give both or neither')
    match = table.each("match", term)
    if not match and not table.values.get("match"):
        table.miss("match", 'for example: match = ["allergic", "/nut.?free/"]')
    rule = CustomRule(
        id=table.need("id", _id, "", 'for example: id = "allergy"'),
        match=match,
        points=table.need("points", _points, 0, "from -100 to 100; 20 makes a row normal, 45 high"),
        why=table.need("why", text, "", 'for example: why = "may be an allergy question"'),
        score=score,
        intent=table.get("intent", choice(*INTENTS), ""),
        fires_on=table.each("fires_on", text),
        silent_on=table.each("silent_on", text),
    )
    table.finish()
    return rule


def _id(value: Any) -> str:
    name = text(value)
    if not _ID.fullmatch(name):
        raise Wrong(f"must be small letters, digits, '-', '_' or '.', not {shown(name)}")
    return name
