from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mentionwatch.config import Found, load
from mentionwatch.config.showing import masked

EVERYTHING = """
[brand]
name = "Acme \\"Coffee\\" é"
terms = ["Acme", "#acme"]

[hours]
timezone = "Europe/London"
mon-fri = ["08:00-12:00", "18:00-02:00"]
closed = ["2026-12-24..2027-01-02", "2027-05-14"]
special = { "2026-12-24" = ["09:00-24:00"] }
always = ["urgent"]

[targets]
social = { high = "90m" }

[team]
names = ["ana", "ben"]
duty = { mon-wed = ["ana"] }

[channels.calls]
type = "file"
path = "calls.csv"
targets = { normal = "2h" }
keep = "365d"
every = "90m"

[channels.web]
type = "rss"
feeds = ["https://a.example/feed", { secret_url = "https://b.example/hunter2secret" }]

[channels.private]
type = "rss"
feeds = [{ secret_url = "env:PRIVATE_FEED", name = "private" }]

[rules]
points = { "urgency.outage" = 60 }

[[rules.custom]]
id = "allergy"
match = ["nuts"]
points = 40
why = "allergy"

[digest]
to = ["o@acme.example"]
from = "o@acme.example"

[digest.smtp]
host = "smtp.example.com"
username = "u"
password = "hunter2secret"

[[notify]]
to = "webhook"
url = "https://hooks.example/hunter2secret"
headers = { X-Key = "hunter2secret" }
quiet = "22:00-07:00"
when = ["new:urgent", "spike"]

[[notify]]
to = "apprise"
urls = ["tgram://hunter2secret", "env:PUSH"]
when = []

[handoff.desk]
url = "https://desk.example/hunter2secret"
auth = { type = "bearer", token = "cmd:pass hunter2secret" }
body = { ticket = { tags = ["a"], public = false } }
options = { n = 3 }

[replies.sorry]
text = "Hello {name}\\nSorry."
when = ["complaint"]
"""


def test_no_secret_is_shown(loaded):
    text = masked(loaded(EVERYTHING))
    assert "hunter2" not in text
    assert 'password = "***"  # from the configuration file' in text
    assert '"***",  # from environment variable PUSH' in text
    assert "token = \"***\"  # from cmd 'pass'" in text
    assert 'secret_url = "***"  # from environment variable PRIVATE_FEED' in text


def test_what_is_shown_loads_and_means_the_same(loaded, tmp_path):
    config = loaded(EVERYTHING)
    text = masked(config)
    path = tmp_path / "again.toml"
    path.write_text(text)
    path.chmod(0o600)
    again = load(Found(path=path), {"TZ": "UTC"})
    for part in ("brand", "hours", "targets", "queue", "team", "rules", "saved_replies"):
        assert getattr(again, part) == getattr(config, part), part
    assert again.channel("calls") == config.channel("calls")
    assert again.channel("private").channel.feeds[0].name == "private"
    assert replace(again.digest, smtp=None) == replace(config.digest, smtp=None)
    assert [one.quiet for one in again.notify] == [one.quiet for one in config.notify]
    assert again.handoffs[0].body == config.handoffs[0].body
    assert masked(again).replace("***", "") == masked(again).replace("***", "")


def test_defaults_are_shown(loaded):
    text = masked(loaded(""))
    assert 'merge_window = "3d"' in text
    assert 'reviews = { urgent = "4h", high = "1bd", normal = "1bd", low = "2bd" }' in text
    assert 'mon = ["00:00-24:00"]' in text


@pytest.mark.parametrize(
    "url",
    ["https://user:hunter2secret@feed.example/x", "https://feed.example/x?token=hunter2secret"],
)
def test_secrets_inside_of_other_texts_are_masked(loaded, channel_type, url):
    from dataclasses import dataclass

    @dataclass(frozen=True, kw_only=True)
    class Feed:
        url: str

    channel_type("feed", Feed)
    text = masked(loaded(f'[channels.feed]\nurl = "{url}"'))
    assert "feed.example" in text
    assert "hunter2" not in text


def test_paths_are_absolute(loaded, tmp_path: Path):
    assert f'path = "{tmp_path / "calls.csv"}"' in masked(loaded(EVERYTHING))
