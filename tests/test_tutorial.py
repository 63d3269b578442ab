"""The tutorial "Add a channel" in CONTRIBUTING.md: its code blocks, as they stand, run and work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server import Reply, Request, Server
from tests.shop import ROOT

BLOCK = re.compile(r"^```\w+ ([\w.]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = {
    "mentionwatch_cornerforum.py",
    "cornerforum.json",
    "test_cornerforum.py",
    "pyproject.toml",
    "config.toml",
}


def tutorial() -> dict[str, str]:
    """Return the blocks that are files, by their names."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.partition("\n## Add a channel\n")[2].partition("\n## ")[0]
    return dict(BLOCK.findall(section))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The tutorial's package, as an installer would leave it."""
    files = tutorial()
    assert set(files) == NAMES
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head)
    ((group, points),) = project["entry-points"].items()
    lines = "".join(f"{name} = {target}\n" for name, target in points.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    return tmp_path


def call(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = (package, ROOT, ROOT / "src")
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=package,
        env={
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PATH": os.defpath,
            "HOME": str(package / "home"),
            "CORNERFORUM_TOKEN": "token-acme",
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.slow
def test_the_tests_of_the_tutorial_pass(package: Path) -> None:
    ran = call(
        package, "pytest", "-p", "tests.conftest", "-q", "-c", "pyproject.toml",
        "-p", "no:cacheprovider", "test_cornerforum.py",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed and int(passed[1]) >= 13, ran.stdout


@pytest.mark.slow
def test_the_channel_of_the_tutorial_is_checked(package: Path, http_server: Server) -> None:
    recorded = json.loads((package / "cornerforum.json").read_text("utf-8"))
    for post in recorded["posts"]:
        written = datetime.now(UTC) - timedelta(minutes=60 - 5 * post["id"])
        post["created"] = written.isoformat()

    def posts(request: Request) -> Reply:
        after = int(request.params["after"])
        return Reply(body={"posts": [one for one in recorded["posts"] if one["id"] > after][:2]})

    http_server.reply("GET", "/api/me", body=recorded["me"])
    http_server.on("GET", "/api/posts", posts)
    config = package / "config.toml"
    section = config.read_text().replace("https://cornerforum.example", http_server.url)
    config.write_text(f'[brand]\nname = "Acme Coffee"\n{section}')
    config.chmod(0o600)
    asked = ("--config", str(config))
    first = call(package, "mentionwatch", "check", "--json", *asked)
    assert first.returncode == 0, first.stdout + first.stderr
    assert waiting(first) == {"Kim", "Mia"}
    answer = {**recorded["posts"][2], "id": 6, "topic": 1, "answers": 1}
    now = datetime.now(UTC).isoformat()
    recorded["posts"].append({**answer, "body": "Sorry, Kim! It left today.", "created": now})
    second = call(package, "mentionwatch", "check", "--json", *asked)
    assert waiting(second) == {"Mia"}, second.stdout + second.stderr
    assert "cornerforum" in call(package, "mentionwatch", "channels").stdout
    setup = call(package, "mentionwatch", "channels", "setup", "cornerforum").stdout
    assert "mentionwatch login" in setup
    assert call(package, "mentionwatch", "doctor", *asked).returncode == 0


def waiting(result: subprocess.CompletedProcess[str]) -> set[str]:
    return {row["author"]["name"] for row in json.loads(result.stdout)["rows"]}
