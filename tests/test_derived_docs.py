"""Pages that are written from the code, and what the README must say."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest

from mentionwatch.channels import BUILTIN, load
from mentionwatch.cli import commands
from mentionwatch.core.scoring import RuleSet
from mentionwatch.errors import ExitCode
from mentionwatch.output.channels import channels_page
from mentionwatch.output.rules import rules_page
from tests.shop import ROOT, run

UNREADABLE = (
    ("sites for reviews of employers (Glassdoor, Kununu, Indeed)", "no API for the employer; "
     "import a file with `mentionwatch import`, or note one with `mentionwatch add`"),
    ("closed groups and private profiles", "only members see them; import a file"),
    ("TikTok comments", "the API is closed to small businesses; import the platform's export"),
    ("Nextdoor, WhatsApp chats", "no API for the owner; export the chat and read it as a file"),
)  # fmt: skip

GROUPS = {
    "channels": ("rename", "setup"),
    "config": ("check", "path", "show"),
    "db": ("backup", "check", "export", "path", "restore"),
    "rules": ("eval", "list", "test"),
}
COMMANDS = [
    *commands.COMMANDS,
    *(f"{group} {name}" for group, names in GROUPS.items() for name in names),
]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_documented(command: str, snapshot, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    result = run(*command.split(), "--help")
    assert result.code == ExitCode.OK
    snapshot(result.out, f"docs/cli/{command.replace(' ', '-') or 'mentionwatch'}.txt")


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    target, said = commands.COMMANDS[name]
    module, _, attribute = target.partition(":")
    found = getattr(import_module(f"mentionwatch.cli.{module}"), attribute)
    text = found.info.help if hasattr(found, "info") else inspect.getdoc(found)
    assert " ".join(text.split()).startswith(said)


def test_every_part_of_a_group_has_its_page() -> None:
    for group, names in GROUPS.items():
        listed = re.findall(
            r"^  ([a-z]+) ", run(group, "--help").out.partition("Commands:")[2], re.M
        )
        assert set(names) == set(listed)


def test_rules_are_documented(snapshot) -> None:
    snapshot(rules_page(RuleSet.build().rules()), "docs/rules.md")


def test_channels_are_documented(snapshot) -> None:
    classes = {name: load(name) for name in BUILTIN}
    snapshot(channels_page(classes, UNREADABLE), "docs/channels.md")


def test_every_channel_file_is_registered() -> None:
    files = {
        path.stem
        for path in (ROOT / "src/mentionwatch/channels").glob("*.py")
        if not path.stem.startswith("_")
    }
    assert files == {target.partition(":")[0].rpartition(".")[2] for target in BUILTIN.values()}


def test_every_exit_code_stands_in_the_readme() -> None:
    codes = (ROOT / "README.md").read_text().partition("## Exit codes")[2]
    for code in ExitCode:
        assert re.search(rf"\b{code.value}\b", codes), code


def test_the_two_commands_of_the_readme_stand_on_its_first_screen() -> None:
    first = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert "mentionwatch demo" in first
    assert "pytest" in first


@pytest.mark.slow
def test_the_version_is_told_without_loading_anything_heavy() -> None:
    code = (
        "import sys; from mentionwatch.cli.start import main; main(['--version']); "
        "print([m for m in ('typer', 'rich', 'httpx', 'asyncio', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines()[1] == "[]"
