"""A third party's channel works through its entry point alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shop import ROOT

CHANNEL = '''
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from mentionwatch.channels import Account, Capabilities
from mentionwatch.model.items import Author, Mention, Page

@dataclass(frozen=True, kw_only=True)
class ShopForum:
    """The forum of a shop."""
    board: str
    family: ClassVar[str] = "forums"
    capabilities: ClassVar[Capabilities] = Capabilities(finds_untagged=True, sees_own_replies=False)

    async def account(self, client):
        return Account(id=self.board, summary="reads the board " + self.board)

    async def pages(self, query, client):
        yield Page(stream="board", items=(Mention(
            external_id="f1", text="Does Acme Coffee ship abroad?", author=Author(id="kim"),
            published=query.now, addressed=True),))
'''
METADATA = "Metadata-Version: 2.1\nName: mentionwatch-shopforum\nVersion: 1.0\n"
ENTRY = "[mentionwatch.channels]\nshopforum = mentionwatch_shopforum:ShopForum\n"


@pytest.mark.slow
def test_it_is_found_configured_read_and_listed(tmp_path: Path) -> None:
    (tmp_path / "mentionwatch_shopforum.py").write_text(CHANNEL)
    info = tmp_path / "mentionwatch_shopforum-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY)
    config = tmp_path / "acme.toml"
    config.write_text('[brand]\nname = "Acme Coffee"\n[channels.shopforum]\nboard = "coffee"\n')
    config.chmod(0o600)

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mentionwatch", *arguments, "--config", str(config)],
            env={"PYTHONPATH": f"{tmp_path}:{ROOT / 'src'}", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    checked = call("check", "--format", "plain")
    assert checked.returncode == 0, checked.stderr
    assert "Does Acme Coffee ship abroad?" in checked.stdout
    assert "shopforum" in call("channels").stdout
    assert "reads the board coffee" in call("doctor").stdout
