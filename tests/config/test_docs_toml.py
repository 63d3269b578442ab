"""Every TOML block of the documentation loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```toml\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
# Metadata of a package, in the tutorial for channel authors: no configuration.
PACKAGING = re.compile(r"^\[(?:project|build-system)\b", re.MULTILINE)


def blocks() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            if not PACKAGING.search(match[2]):
                found.append((f"{page.name}:{line}", match[2]))
    return found


BLOCKS = blocks()


@pytest.mark.parametrize(("place", "text"), BLOCKS, ids=[place for place, _ in BLOCKS])
def test_every_block_loads(loaded, place, text):
    config = loaded(text)
    assert config.brand.name
    assert [channel.problem for channel in config.channels if channel.problem] == []


def test_the_manual_shows_every_section():
    whole = "\n".join(text for place, text in BLOCKS if place.startswith("config.md"))
    shown = set(re.findall(r"^\[+(\w+)", whole, re.MULTILINE))
    sections = {"brand", "hours", "targets", "queue", "team", "channels", "rules", "digest"}
    assert shown == sections | {"notify", "handoff", "replies", "watch"}
