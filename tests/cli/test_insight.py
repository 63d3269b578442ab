"""report and review: formats, the page in a browser, the owner's own verdict."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mentionwatch.errors import ExitCode
from tests.cli.terminal import Terminal, config_of
from tests.insight import world
from tests.shop import ROOT, Shop

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
HOSTILE = "<script>alert(1)</script> \x1b[31m [bold]=1+1 \u202e" + "W" * 600


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("insight"), hours=world.HOURS)
    at = world.NOW - timedelta(days=2)
    author = {"author": "N" * 300, "author_id": "=cmd", "thread_id": "hostile"}
    shop.records(
        "facebook",
        {"id": "h1", "text": f"Terrible! {HOSTILE}", "at": at, "addressed": True, **author},
        {"id": "h2", "is_own": True, "parent_id": "h1", "thread_id": "hostile",
         "text": f"Sorry {HOSTILE}", "at": at + timedelta(minutes=30)},
    )  # fmt: skip
    world.fill(shop, each_day=2)
    yield shop


def out(shop: Shop, *arguments: str) -> str:
    result = shop.run(*arguments, at=world.NOW)
    assert result.code == ExitCode.OK, result.err
    return result.out


@pytest.mark.parametrize("command", ["report", "review"])
def test_the_json_is_as_documented(filled: Shop, command: str) -> None:
    schema = json.loads((ROOT / "docs" / f"{command}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    document = json.loads(out(filled, command, "--json"))
    Draft202012Validator(schema).validate(document)
    more = ["--by", "author"] if command == "report" else ["--sample", "3"]
    Draft202012Validator(schema).validate(json.loads(out(filled, command, "--json", *more)))


@pytest.mark.parametrize("command", ["report", "review"])
@pytest.mark.parametrize("format_", ["plain", "table", "markdown", "html", "csv", "ndjson"])
def test_hostile_texts_stay_plain_in_every_format(filled: Shop, command: str, format_: str) -> None:
    text = out(filled, command, "--format", format_)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script" not in text or format_ in ("plain", "table", "csv", "ndjson")
    if format_ == "csv":
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@"))]
    if format_ == "ndjson":
        assert all(json.loads(line)["schema"] for line in text.splitlines())


@pytest.mark.parametrize("width", [30, 60, 80, 120])
@pytest.mark.parametrize("command", ["report", "review"])
def test_no_line_is_wider_than_the_terminal(
    filled: Shop, command: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mentionwatch.model.text import display_width

    monkeypatch.setenv("COLUMNS", str(width))
    more = ["--by", "channel"] if command == "report" else []
    text = out(filled, command, "--format", "table", *more)
    assert max(display_width(line) for line in text.splitlines()) <= width


def test_the_terminal_has_bars_and_sparklines(filled: Shop) -> None:
    text = out(filled, "report", "--format", "table")
    assert "█" in text
    assert re.search("[▁▂▃▄▅▆▇]{5}", text)
    assert not re.search("[▁▂▃▄▅▆▇█]", out(filled, "report"))


@pytest.mark.parametrize("command", ["report", "review"])
def test_the_page_has_no_script_and_asks_nobody(filled: Shop, command: str) -> None:
    page = out(filled, command, "--format", "html")
    lower = page.lower()
    assert not re.search(r"<(script|img|link|iframe|form|object|embed|video|audio)\b", lower)
    assert not re.search(r"\b(src|srcset|href|background|action)\s*=", lower)
    assert "url(" not in lower
    assert "@import" not in lower
    assert "default-src 'none'" in html.unescape(page)
    assert "<svg" in page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this computer")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("command", ["report", "review"])
def test_a_phone_needs_no_sideways_scrolling(
    filled: Shop, tmp_path: Path, command: str, width: int
) -> None:
    more = ["--by", "author"] if command == "report" else []
    (tmp_path / "page.html").write_text(out(filled, command, "--format", "html", *more))
    # The width of the window itself cannot be set below 500 in headless mode: a frame can.
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id=f width={width} height=800 src="page.html" style="border:0"></iframe>'
        "<script>f.onload=()=>{const d=f.contentDocument.documentElement;"
        "document.title=d.scrollWidth+' '+d.clientWidth}</script>"
    )
    seen = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu",
         "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom",
         frame.as_uri()],
        capture_output=True, text=True, timeout=55, check=True,
    ).stdout  # fmt: skip
    measured = re.search(r"<title>(\d+) (\d+)</title>", seen)
    assert measured, seen[:500]
    assert int(measured[2]) >= width - 20
    assert int(measured[1]) <= int(measured[2])


def test_private_words_can_be_left_out(filled: Shop) -> None:
    with filled.sql() as facts:
        texts = [row[0] for row in facts.execute("SELECT text FROM reply WHERE private = 1")]
    assert any(text in out(filled, "review", "--json") for text in texts)
    hidden = json.loads(out(filled, "review", "--json", "--no-private-text"))
    for card in hidden["conversations"]:
        if card["private"]:
            assert card["answer"] == "(private message, text not shown here)"
            assert not any(point["quote"] for point in card["points"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "--by", "colour"], "--by colour: there is no such grouping"),
        (["report", "--since", "yesterday"], "--since:"),
        (["report", "--since", "2026-02-30"], "--since:"),
        (["report", "--since", "2026-11-18"], "--since 2026-11-18 is too short"),
        (["review", "--since", "1m"], "--since 1m is too short"),
        (["report", "chanel:x"], "did you mean channel:x"),
    ],
)
def test_wrong_words_have_a_way_out(filled: Shop, arguments: list[str], said: str) -> None:
    result = filled.run(*arguments, at=world.NOW)
    assert result.code == ExitCode.USAGE
    assert said in result.err
    assert "hint:" in result.err


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("90m", "90 minutes, Tue 17 Nov 2026 10:30 to"),
        ("26h", "26 hours, "),
        ("24h", "1 day, "),
        ("2026-11-01", "16 days, Sun 1 Nov 2026 00:00 to Tue 17 Nov 2026 12:00"),
        ("2026-10-01", "48 days, Thu 1 Oct 2026 00:00 to"),
    ],
)
def test_a_period_is_a_length_or_begins_with_a_day(filled: Shop, since: str, said: str) -> None:
    assert out(filled, "report", "--since", since).splitlines()[1].startswith(said)


def test_no_groups_are_no_table(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.channel("x")
    assert "BY CHANNEL" not in shop.run("report", "--by", "channel", at="10:00").out


def test_an_answer_without_a_text_is_not_judged(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.records(
        "google",
        {"id": "1", "author_id": "a", "text": "Do you open on Sunday?", "at": "08:00",
         "replied": True, "answered": "09:00"},
    )  # fmt: skip
    shop.run("sync", at="10:00")
    assert shop.run("report", "--json", at="10:01").json["figures"]["answered"] == 1
    found = shop.run("review", "--json", at="10:01").json
    assert (found["judged"], found["left_off"], found["score"]) == (0, 1, None)


def test_a_report_goes_to_a_file(filled: Shop, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert out(filled, "report", "--format", "html", "--output", str(target)) == ""
    assert target.read_text().startswith("<!doctype html>")


def test_a_sample_is_drawn_by_chance_and_the_same_again(filled: Shop) -> None:
    first = json.loads(out(filled, "review", "--json", "--sample", "4"))
    again = json.loads(out(filled, "review", "--json", "--sample", "4"))
    ids = [card["id"] for card in first["conversations"]]
    assert len(ids) == 4
    assert ids == [card["id"] for card in again["conversations"]]
    weakest = json.loads(out(filled, "review", "--json"))["conversations"][:4]
    assert ids != [card["id"] for card in weakest]


def test_the_owner_judges_some_himself(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    now = datetime.now(UTC)
    for number in range(3):
        shop.records(
            "facebook",
            {"id": f"m{number}", "author_id": f"a{number}", "text": "Do you open on Sunday?",
             "thread_id": f"t{number}", "at": now - timedelta(hours=5, minutes=number)},
            {"id": f"r{number}", "is_own": True, "parent_id": f"m{number}",
             "thread_id": f"t{number}", "text": "Yes, from ten to two.",
             "at": now - timedelta(hours=4, minutes=number)},
        )  # fmt: skip
    shop.run("sync", at=now)
    with Terminal("review", "--sample", "3", "--config", config_of(tmp_path)) as terminal:
        terminal.wait_for("1 of 3")
        assert "Do you open on Sunday?" in terminal.wait_for("q quit")
        terminal.send("5")
        terminal.wait_for("2 of 3")
        terminal.wait_for("q quit")
        terminal.send("s")
        terminal.wait_for("3 of 3")
        terminal.wait_for("q quit")
        terminal.send("2")
        terminal.wait_for("2 verdicts kept")
        assert terminal.end() == ExitCode.OK
    found = shop.run("review", "--json", at=now).json
    assert found["verdicts"] == 2
    assert found["own_score"] == 62.5  # (5 - 1) / 4 and (2 - 1) / 4
    assert found["rules_score"] is not None
    plain = shop.run("review", at=now).out
    assert "Your own verdict on 2: 62 of 100; the rules gave" in plain
    # Who was judged comes last in the next sample.
    (one,) = shop.run("review", "--json", "--sample", "1", at=now).json["conversations"]
    assert one["verdict"] is None
