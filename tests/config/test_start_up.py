"""Loading is part of every start of `queue`: it imports nothing heavy that is not needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "httpx", "asyncio", "rich", "feedparser", "email", "imaplib", "smtplib", "holidays",
    "icalendar", "jinja2", "sqlite_utils", "sqlite3", "logging", "importlib.metadata",
    "subprocess", "keyring", "jmespath", "difflib", "mentionwatch.core.scoring.ruleset",
)  # fmt: skip
PLAIN = """
[brand]
name = "Acme"
terms = ["Acme", "#acme"]
[hours]
timezone = "Europe/London"
mon-fri = ["08:00-12:00"]
holidays = "GB-ENG"
[team]
names = ["ana"]
[digest]
to = ["o@acme.example"]
smtp = { host = "h", username = "u", password = "env:X" }
[[notify]]
to = "slack"
url = "env:S"
when = ["spike"]
[replies.x]
text = "x"
"""


def imported(path) -> list[str]:
    code = (
        "import sys, pathlib; from mentionwatch.config import load, Found, find;"
        f"load(find(pathlib.Path({str(path)!r}), {{}}, pathlib.Path('/')), {{}});"
        "print('\\n'.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.slow
def test_a_configuration_loads_without_anything_heavy(write):
    modules = imported(write(PLAIN))
    assert [name for name in HEAVY if name in modules] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("bluesky", 'identifier = "acme.example"\napp_password = "env:X"'),
        ("exec", 'command = ["x"]'),
        ("file", 'path = "x.csv"'),
        ("email", 'host = "h"\nusername = "u"\npassword = "env:X"'),
        ("hackernews", ""),
        ("mastodon", 'base_url = "https://m.example"\naccess_token = "env:X"'),
        ("rss", 'feeds = ["https://f.example/feed"]'),
    ],
)
def test_a_channels_class_loads_without_the_http_library(write, kind, keys):
    modules = imported(write(f'[brand]\nname = "A"\n[channels.{kind}]\n{keys}\n'))
    assert "httpx" not in modules
    assert "asyncio" not in modules
