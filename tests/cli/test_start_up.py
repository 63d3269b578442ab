"""
What the commands that scripts call load at each start; how long that takes tells bench/startup.py.

Whoever makes one of these lists longer makes every script slower that reads the queue each minute.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.slow

EMPTY = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
@app.command()
def empty(name: str = "") -> None: ...
main = lambda arguments: app(arguments, standalone_mode=False)
"""
OURS = "from mentionwatch.cli.start import main"
LOADED = """
import json, re, sys
code = main(sys.argv[1:])
ours = {name: vars(one) for name, one in sys.modules.items() if name.startswith("mentionwatch")}
def names(wanted):
    return sorted({f"{m}.{n}" for m, values in ours.items() for n, v in values.items() if wanted(v)
                   and getattr(v, "__module__", m) == m})
print(json.dumps({
    "code": code,
    "modules": list(sys.modules),
    "dataclasses": names(lambda v: isinstance(v, type) and hasattr(v, "__dataclass_fields__")),
    "patterns": names(lambda v: isinstance(v, re.Pattern)),
}), file=sys.stderr)
"""
HEAVY = {
    "asyncio", "ssl", "http", "email", "imaplib", "smtplib", "logging", "hashlib", "csv", "random",
    "tempfile", "importlib.metadata", "concurrent", "multiprocessing", "xml",
}  # fmt: skip
LIST = {"cli", "cli.commands", "cli.shared", "cli.start", "errors"}
READING = LIST | {
    "app", "app.read_queue", "app.setting", "app.states", "cli.reading", "config",
    "config.channel_tables", "config.finding", "config.hours", "config.loading", "config.people",
    "config.periods", "config.reading", "config.settings", "config.targets", "core",
    "core.business_hours", "core.opening_times", "core.wall_clock", "model", "model.author",
    "model.families", "model.report", "model.score", "model.text", "model.times", "output",
    "output.overview", "output.records", "output.words", "store", "store.calendars",
    "store.channels", "store.conversations", "store.database", "store.meta", "store.migrations",
    "store.m001_initial", "store.m002_delivery", "store.m003_insight", "store.m004_links",
    "store.queue",
}  # fmt: skip
ONE = {
    "app.advice", "app.read_conversation", "insight", "insight.checklist", "model.conversation",
    "store.events", "store.threads",
}  # fmt: skip


class Shop(NamedTuple):
    config: str
    waits: str

    def reads(self, command: str) -> dict[str, Any]:
        which = [self.waits] if command == "show" else []
        return loaded(OURS, command, *which, "--json", "--config", self.config)


def loaded(first: str, *arguments: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-c", first + LOADED, *arguments], capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(run.stderr)
    return {**found, "printed": run.stdout.decode()}


@pytest.fixture(scope="module")
def typers() -> set[str]:
    return set(loaded(EMPTY)["modules"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose configuration was looked through before, as that of most starts."""
    folder = tmp_path_factory.mktemp("start") / "shop"
    subprocess.run(
        [sys.executable, "-m", "mentionwatch", "demo", "--keep", str(folder), "--json"],
        capture_output=True,
        check=True,
    )
    path = str(folder / "mentionwatch.toml")
    first = loaded(OURS, "queue", "--json", "--config", path)
    return Shop(config=path, waits=str(json.loads(first["printed"])["rows"][0]["id"]))


def of_ours(found: dict[str, Any]) -> set[str]:
    prefix = "mentionwatch."
    return {name.removeprefix(prefix) for name in found["modules"] if name.startswith(prefix)}


def foreign(found: dict[str, Any], typers: set[str]) -> set[str]:
    """Return the packages of others that are loaded, but not by Typer."""
    new = {name.partition(".")[0] for name in set(found["modules"]) - typers}
    known = sys.stdlib_module_names | {name.partition(".")[0] for name in typers}
    made = {name for name in new if name.endswith("__mypyc") or name.startswith("_sysconfigdata")}
    return new - known - made - {"mentionwatch"}


def test_the_list_of_commands_loads_none_of_them(typers: set[str]) -> None:
    found = loaded(OURS, "--help")
    assert of_ours(found) == LIST
    assert foreign(found, typers) == set()
    assert "dataclasses" not in found["modules"]


@pytest.mark.parametrize(("command", "modules"), [("queue", READING), ("show", READING | ONE)])
def test_reading_loads_what_it_uses(
    shop: Shop, typers: set[str], command: str, modules: set[str]
) -> None:
    found = shop.reads(command)
    assert found["code"] == 0
    assert of_ours(found) == modules
    assert foreign(found, typers) == {"tomli"}
    assert HEAVY & (set(found["modules"]) - typers) == set()


@pytest.mark.parametrize("command", ["queue", "show"])
def test_reading_makes_no_dataclass_and_compiles_no_pattern_in_advance(
    shop: Shop, command: str
) -> None:
    """A dataclass takes as long as all the rest of a module; see `config.settings`."""
    found = shop.reads(command)
    assert found["dataclasses"] == ["mentionwatch.model.author.Author"]
    assert found["patterns"] == []


def test_a_configuration_that_changed_is_checked_once(shop: Shop, tmp_path: Path) -> None:
    path = shutil.copytree(Path(shop.config).parent, tmp_path / "shop") / "mentionwatch.toml"
    changed = shop._replace(config=str(path))
    changed.reads("queue")
    with path.open("a", encoding="utf-8") as stream:
        stream.write('\n[replies.hours]\ntext = "We open at nine."\n')
    first, again = changed.reads("show"), changed.reads("show")
    assert "channels" in of_ours(first)
    assert of_ours(again) - READING - ONE == {"config.replies"}
    for found in (first, again):  # what is not checked again is used all the same
        assert "We open at nine." in found["printed"]
