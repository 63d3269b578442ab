"""What the pages on delivery show is parsed, linted, or run."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mentionwatch.cli.commands import COMMANDS
from tests.server import Server
from tests.shop import ROOT, Shop

PAGES = ("digest.md", "alerts.md", "handoff.md", "running.md", "data.md")
CRON_FIELD = re.compile(r"(?:\*|\d{1,2}(?:-\d{1,2})?)(?:/\d{1,2})?")


def blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(r"mentionwatch ((?:[a-z]+ ?)+)((?: ?-[-\w]+(?: [^-`|&>\s]+)?)*)", text)
    checked = 0
    for words, options in found:
        command = words.split()
        if command[0] not in COMMANDS:
            continue
        pages = [ROOT / "docs/cli" / f"{'-'.join(command[:n])}.txt" for n in (2, 1)]
        help_ = next(one for one in pages if one.exists()).read_text(encoding="utf-8")
        for option in re.findall(r"(?<=\s)-[-\w]+", f" {options}"):
            assert option in help_, (words, option)
        checked += 1
    assert checked


def test_the_crontab_is_one(tmp_path: Path) -> None:
    (table,) = blocks("running.md", "crontab")
    for line in table.splitlines():
        if "=" in line.split()[0]:
            continue
        *when, command = line.split(None, 5)
        assert all(CRON_FIELD.fullmatch(field) for field in when)
        assert "%" not in command  # cron would read it as the end of the line
        subprocess.run(["sh", "-n", "-c", command], check=True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    (service,) = blocks("running.md", "systemd-service")
    (timer,) = blocks("running.md", "systemd-timer")
    program = tmp_path / "mentionwatch"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    ready = service.replace("%h/.local/bin/mentionwatch", str(program))
    (tmp_path / "mentionwatch.service").write_text(ready)
    (tmp_path / "mentionwatch.timer").write_text(timer)
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "mentionwatch.timer"),
         str(tmp_path / "mentionwatch.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in result.stderr.splitlines() if str(tmp_path) in line]
    assert ours == []
    for calendar in ("*:0/10", "*-*-* 07:00"):
        subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)


def test_launchd_takes_the_list() -> None:
    plist = next(block for block in blocks("running.md", "xml") if "plist" in block)
    job = plistlib.loads(plist.encode())
    assert job["ProgramArguments"][1:4] == ["digest", "--sync", "--send"]
    assert job["StartCalendarInterval"] == {"Hour": 7, "Minute": 0}


def test_the_task_of_windows_is_in_the_order_of_its_schema() -> None:
    task = next(block for block in blocks("running.md", "xml") if "<Task" in block)
    root = ElementTree.fromstring(task)
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    names = [child.tag.removeprefix(space) for child in root]
    order = ["RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions"]
    assert names == [name for name in order if name in names]
    arguments = root.findtext(f".//{space}Arguments")
    assert arguments is not None
    assert arguments.startswith("digest --sync --send ")


def test_the_workflow_is_one() -> None:
    yaml = pytest.importorskip("yaml")
    (text,) = blocks("running.md", "yaml")
    workflow = yaml.safe_load(text)
    triggers = workflow[True]  # YAML reads "on" as a truth
    assert len(triggers["schedule"][0]["cron"].split()) == 5
    steps = workflow["jobs"]["digest"]["steps"]
    assert all(len({"uses", "run"} & set(step)) == 1 for step in steps)
    assert any("digest --sync --send" in step.get("run", "") for step in steps)
    assert "${{" not in "".join(step.get("run", "") for step in steps)  # no injection


# --- recipes ----------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop in which something is late, something was answered, and a shell that finds us."""
    shop = Shop(tmp_path)
    shop.records(
        "facebook",
        {"id": "p1", "author_id": "dana", "author": "Dana Reyes", "text": "Where is my order?",
         "at": "08:00"},
        {"id": "p2", "author_id": "tom", "author": "Tom", "text": "Open today?", "at": "08:00",
         "replied": True, "answered": "08:20"},
    )  # fmt: skip
    shop.run("sync", at="11:00")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "mentionwatch"
    program.write_text(
        f'#!/bin/sh\nexport MENTIONWATCH_CONFIG="{shop.config}"\n'
        f'exec "{sys.executable}" -W ignore -m mentionwatch "$@"\n'
    )
    program.chmod(0o755)
    return shop


def environment(shop: Shop) -> dict[str, str]:
    return {**os.environ, "PATH": f"{shop.folder / 'bin'}:{os.environ['PATH']}"}


SHELL = blocks("data.md", "sh")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", SHELL, ids=[str(number) for number in range(len(SHELL))])
def test_each_recipe_for_the_shell_runs(shop: Shop, recipe: str) -> None:
    for tool in ("jq", "sqlite3"):
        if f"{tool} " in recipe and shutil.which(tool) is None:
            pytest.skip(f"no {tool} here")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", recipe],
        capture_output=True, text=True, check=False, env=environment(shop),
    )  # fmt: skip
    if ".summary.complete" in recipe:  # read long ago by now: that is what it is for
        assert (result.returncode, result.stdout) == (1, "false\n")
        return
    assert result.returncode == 0, result.stderr
    assert (result.stdout + result.stderr).strip()


@pytest.mark.slow
def test_the_recipe_for_pandas_runs(shop: Shop) -> None:
    pytest.importorskip("pandas")
    (recipe,) = blocks("data.md", "python")
    result = subprocess.run(
        [sys.executable, "-c", recipe],
        capture_output=True, text=True, check=True, env=environment(shop),
    )  # fmt: skip
    assert "facebook" in result.stdout


@pytest.mark.slow
def test_the_recipe_that_checks_a_signature_is_right(
    shop: Shop, http_server: Server, monkeypatch
) -> None:
    import time

    http_server.reply("POST", "/hook", body={})
    shop.more = (
        f'[handoff.hook]\nurl = "{http_server.url}/hook"\n'
        'auth = { type = "hmac", secret = "literal:shared-secret" }\n'
    )
    shop.run("handoff", "1", at="11:00")
    (request,) = http_server.requests
    recipe: dict[str, object] = {}
    exec(blocks("handoff.md", "python")[0], recipe)
    is_ours = recipe["is_ours"]
    assert callable(is_ours)
    headers = {"X-Timestamp": request.headers["x-timestamp"],
               "X-Signature": request.headers["x-signature"]}  # fmt: skip
    monkeypatch.setattr(time, "time", lambda: int(headers["X-Timestamp"]) + 1)
    assert is_ours(b"shared-secret", headers, request.body)
    assert not is_ours(b"shared-secret", headers, request.body + b" ")
    assert not is_ours(b"another", headers, request.body)
    monkeypatch.setattr(time, "time", lambda: int(headers["X-Timestamp"]) + 1000)
    assert not is_ours(b"shared-secret", headers, request.body)


@pytest.mark.slow
def test_every_place_of_a_hand_off_exists(shop: Shop) -> None:
    shop.more = '[handoff.hook]\nurl = "http://127.0.0.1:9/"\n'
    record = shop.run("handoff", "1", "--dry-run", at="11:00").json
    text = (ROOT / "docs/handoff.md").read_text(encoding="utf-8")
    table = text.partition("## The object")[2].partition("## The signature")[0]
    told = set(re.findall(r"`([a-z_]+)`(?=[ ,|])", table)) - {"body", "event"}
    assert set(record) - {"contact", "event"} == told
    places = set(re.findall(r"\{mention\.([a-z_]+)\}", text))
    assert places <= set(record) | {"priority_word", "transcript_html"}


def metadata() -> dict[str, object]:
    found = json.loads((ROOT / "docs/datasette.json").read_text(encoding="utf-8"))
    return dict(found["databases"]["mentionwatch"])


@pytest.mark.slow
def test_datasette_finds_every_table_column_and_answer(shop: Shop) -> None:
    described = metadata()
    connection = sqlite3.connect(shop.db)
    tables = described["tables"]
    assert isinstance(tables, dict)
    for name, about in tables.items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        named = {about.get("sort"), about.get("sort_desc"), about.get("label_column")} - {None}
        assert columns, name
        assert named | set(about.get("facets", [])) <= columns, name
    queries = described["queries"]
    assert isinstance(queries, dict)
    for name, query in queries.items():
        found = connection.execute(query["sql"], dict.fromkeys(query.get("params", []), "order"))
        assert found.fetchall(), name
    connection.close()


@pytest.mark.slow
def test_datasette_shows_the_queue(shop: Shop, tmp_path: Path) -> None:
    pytest.importorskip("datasette")
    shop.run("db", "backup", str(tmp_path / "mentionwatch.db"), at="11:00")
    result = subprocess.run(
        [sys.executable, "-m", "datasette", str(tmp_path / "mentionwatch.db"), "--metadata",
         str(ROOT / "docs/datasette.json"), "--get", "/mentionwatch/queue.json?_shape=array"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(result.stdout)[0]["author_name"] == "Dana Reyes"
