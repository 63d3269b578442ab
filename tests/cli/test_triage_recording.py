"""The recording of triage in the docs: two screens of the sample shop, as a terminal shows them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import time_machine
from rich.console import Console
from rich.text import Text

from mentionwatch import config as configuration
from mentionwatch.app.setting import Setting
from mentionwatch.cli import shared
from mentionwatch.cli.triage import CLEAR, Session
from mentionwatch.config.settings import Found
from mentionwatch.store.database import Store
from tests.shop import ROOT, run, when


def screens(folder: Path, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what the terminal showed, with its colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(shared, "colour", lambda: True)
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    written: list[str] = []
    with time_machine.travel(when("10:00"), tick=False):
        run("demo", "--keep", str(folder), "--json")
        config = configuration.load(Found(path=folder / "mentionwatch.toml"), {})
        with Setting(config=config, store=Store(folder / "mentionwatch.db")) as setting:
            session = Session(setting, [], mine=False)
            monkeypatch.setattr(session, "write", written.append)
            monkeypatch.setattr("mentionwatch.cli.keys.read", lambda: keys.pop(0))
            session.run()
    return "".join(written)


def recorded(text: str) -> str:
    """Return the screens as an SVG that asks for nothing from outside."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True)
    for number, screen in enumerate(text.split(CLEAR)[1:]):
        if number:
            console.rule(style="dim")
        console.print(Text.from_ansi(screen.rstrip()))
    svg = console.export_svg(title="mentionwatch triage", unique_id="triage")
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


@pytest.mark.slow
def test_the_recording_is_what_triage_shows(tmp_path, monkeypatch, request) -> None:
    svg = recorded(screens(tmp_path / "shop", ["d", "q"], monkeypatch))
    assert not re.search(r"url\(.?http|href=|src=", svg), "nothing is asked for from outside"
    path = ROOT / "docs/triage.svg"
    if request.config.getoption("--update-snapshots"):
        path.write_text(svg)
    assert words(path.read_text()) == words(svg)


def words(svg: str) -> list[str]:
    """Return what stands in the picture; ids vary, since channels are read side by side."""
    return [word for word in re.sub(r"<[^>]+>", " ", svg).split() if word.isalpha()]
