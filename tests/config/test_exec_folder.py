"""Where the programs of the configuration are looked for and run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mentionwatch.channels import Query

NOW = datetime(2026, 11, 21, 7, 2, tzinfo=UTC)
PROGRAM = """\
#!/bin/sh
printf '{"id": "1", "text": "%s"}\\n' "$(pwd -P)"
"""


def program(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "forum"
    path.write_text(PROGRAM, "utf-8")
    path.chmod(0o700)
    return path


def texts(channel) -> list[str]:
    session = channel.connect(10.0)
    try:
        pages = list(session.pages(Query(terms=(), since=NOW, now=NOW)))
    finally:
        session.close()
    return [item.text for page in pages for item in page.items]


@pytest.mark.parametrize(
    ("line", "place"),
    [("", "."), ('folder = "."', "."), ('folder = "tools"', "tools")],
)
def test_program_runs_beside_the_configuration(loaded, tmp_path, monkeypatch, line, place):
    program(tmp_path / place)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    text = f'[channels.forum]\ntype = "exec"\ncommand = ["./forum"]\n{line}\n'
    (configured,) = loaded(text).channels
    assert configured.channel.folder == tmp_path / place
    assert texts(configured.channel) == [str((tmp_path / place).resolve())]


def test_folder_of_its_own_stays(loaded, tmp_path):
    own = tmp_path / "own"
    program(own)
    text = f'[channels.forum]\ntype = "exec"\ncommand = ["./forum"]\nfolder = "{own}"\n'
    (configured,) = loaded(text).channels
    assert configured.channel.folder == own
    assert texts(configured.channel) == [str(own.resolve())]
