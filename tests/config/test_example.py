"""The example file: every section loads alone, and no key is forgotten."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, get_args

import pytest
import tomli

from mentionwatch.channels import BUILTIN, load
from mentionwatch.config import outgoing, replies, schema, settings
from mentionwatch.config.channel_tables import COMMON
from tests.config.example import HEADER, TEXT, sections

SECTIONS = sections()
NAMES = [f"{number}{text.splitlines()[0]}" for number, text in enumerate(SECTIONS)]


def tables(name: str) -> list[Any]:
    """Return all that the sections say under a top-level name."""
    parsed = [tomli.loads(section) for section in SECTIONS]
    return [values[name] for values in parsed if name in values]


@pytest.mark.parametrize("section", SECTIONS, ids=NAMES)
def test_each_section_loads_when_uncommented_alone(loaded, section):
    config = loaded(section)
    assert all(channel.channel is not None for channel in config.channels)


def test_the_file_loads_as_it_is(loaded):
    assert loaded(TEXT).brand.name == "Acme Coffee"


def test_nothing_in_the_file_is_forgotten_by_these_tests():
    switched_off = [line for line in TEXT.splitlines() if re.match(r"#[\w\[]", line)]
    inside = "\n".join(SECTIONS).splitlines()
    assert len(switched_off) > 150
    assert {line.removeprefix("#") for line in switched_off} <= set(inside)
    # Every other line is prose, blank, or the [brand] that is switched on.
    assert not re.findall(r"^# \w+ = ", TEXT, re.MULTILINE)


def test_every_section_of_the_configuration_is_shown():
    shown = {HEADER.match(section)[1].split(".")[0] for section in SECTIONS}
    known = {"brand", "hours", "targets", "queue", "team", "channels", "rules", "digest", "notify"}
    assert shown == known | {"handoff", "replies", "watch"}


def names(cls: type[Any], **renamed: str) -> set[str]:
    keys = getattr(cls, "_fields", None) or [field.name for field in dataclasses.fields(cls)]
    return {renamed.get(key, key) for key in keys}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("brand", names(settings.Brand)),
        ("hours", {"timezone", "holidays", "closed", "special", "always", "mon-fri", "sat"}),
        ("targets", {"social", "direct", "reviews", "forums"}),
        ("queue", names(settings.QueueSettings)),
        ("team", names(settings.Team)),
        ("rules", names(settings.RuleSettings)),
        ("digest", names(outgoing.Digest, sender="from")),
        ("digest.smtp", names(outgoing.Smtp)),
        ("notify", names(outgoing.NotifyTarget)),
        ("handoff.*", names(outgoing.Handoff) - {"name"}),
        ("handoff.*.auth", names(outgoing.Auth)),
        ("watch", names(outgoing.Watch)),
        ("replies.*", names(replies.SavedReply) - {"name"}),
    ],
)
def test_every_key_of_a_section_is_shown(path, expected):
    assert keys_at(path) == expected


def keys_at(path: str) -> set[str]:
    name, *rest = path.split(".")
    level = tables(name)
    for part in rest:
        level = [inside for table in level for inside in below(table, part)]
    return {key for table in level for one in as_list(table) for key in one}


def below(table: Any, part: str) -> list[Any]:
    return list(table.values()) if part == "*" else [table[part]] if part in table else []


def as_list(table: Any) -> list[Any]:
    return table if isinstance(table, list) else [table]


def channels_of(kind: str) -> list[dict[str, Any]]:
    return [
        table
        for channels in tables("channels")
        for name, table in channels.items()
        if table.get("type", name) == kind
    ]


@pytest.mark.parametrize("kind", sorted(BUILTIN))
def test_every_key_of_every_channel_is_shown(kind):
    shown = {key for table in channels_of(kind) for key in table}
    assert set(schema.keys_of(load(kind))) - shown == set()


@pytest.mark.parametrize("kind", sorted(BUILTIN))
def test_every_key_of_a_table_inside_a_channel_is_shown(kind):
    cls = load(kind)
    for name, hint in schema.hints_of(cls).items():
        for inside in inner_classes(hint):
            shown = {
                key
                for table in channels_of(kind)
                for one in as_list(table.get(name, {}))
                if isinstance(one, dict)
                for key in one
            }
            assert set(schema.keys_of(inside)) - shown == set(), f"{kind}: {name}"


def inner_classes(hint: Any) -> list[type[Any]]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return [hint]
    return [found for inside in get_args(hint) for found in inner_classes(inside)]


@pytest.mark.slow
def test_the_keys_of_every_channel_are_shown():
    shown = {key for kind in BUILTIN for table in channels_of(kind) for key in table}
    assert set(COMMON) <= shown


def test_every_key_of_a_channel_has_a_word_of_explanation():
    part = TEXT.partition("# ---- Where people talk")[2].partition("# ---- How urgency")[0]
    lines = [line for line in part.splitlines() if re.match(r"#\w", line)]
    assert [
        line for line in lines if not re.search(r'["\]}\w]  ?# \w|\w +# ["\w]| +# ["\w]', line)
    ] == []
