"""
The main job over real sockets: a server of the Mastodon API, a real mailbox, a local feed.

Each test is a whole command line; what answers is checked against its published parameters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine

from mentionwatch.errors import ExitCode
from tests.channels.mailbox import Inbox, imap_server, inbox  # noqa: F401 - fixtures
from tests.channels.mastodon_world import TOKEN, World
from tests.server import Reply, Server
from tests.shop import Result, run, when

NOW = "2026-11-20 12:00"
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Town news</title>
<item><guid isPermaLink="false">n1</guid><title>Has anybody ordered from Acme Coffee?</title>
<link>https://news.example/1</link><pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate>
<description>Looking for somebody who delivers. Is Acme Coffee any good?</description></item>
<item><guid isPermaLink="false">n2</guid><title>The weather</title><link>https://news.example/2</link>
<pubDate>Fri, 20 Nov 2026 09:30:00 GMT</pubDate><description>Rain.</description></item>
</channel></rss>"""


class Business:
    """Acme Coffee on three channels."""

    def __init__(self, folder: Path, mastodon: str, feed: str, box: Inbox) -> None:
        self.folder = folder
        self.config = folder / "acme.toml"
        (folder / "token").write_text(TOKEN)
        (folder / "token").chmod(0o600)
        (folder / "password").write_text(str(box.settings.password.reveal()))
        (folder / "password").chmod(0o600)
        self.config.write_text(
            f"""
[brand]
name = "Acme Coffee"
terms = ["Acme Coffee"]

[channels.mastodon]
base_url = "{mastodon}"
access_token = "file:{folder}/token"

[channels.inbox]
type = "email"
host = "{box.settings.host}"
port = {box.settings.port}
tls = "{box.settings.tls}"
username = "{box.settings.username}"
password = "file:{folder}/password"

[channels.news]
type = "rss"
feeds = ["{feed}"]
"""
        )
        self.config.chmod(0o600)

    def run(self, *arguments: str, at: str = NOW) -> Result:
        with time_machine.travel(when(at), tick=False):
            return run(*arguments, "--config", str(self.config))

    def check(self, at: str = NOW) -> Result:
        return self.run("check", "--json", at=at)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server, size=40)


@pytest.fixture
def feed():
    with Server() as server:
        server.on("GET", "/feed.xml", lambda _: Reply(body=FEED.encode(), headers={
            "Content-Type": "application/rss+xml"}))  # fmt: skip
        yield server


@pytest.fixture
def business(tmp_path: Path, world: World, feed: Server, inbox: Inbox) -> Business:  # noqa: F811
    return Business(tmp_path, world.server.url, f"{feed.url}/feed.xml", inbox)


def statuses(result: Result) -> dict[str, str]:
    return {state["name"]: state["status"] for state in result.json["channels"]}


def rows(result: Result, channel: str) -> list[dict[str, Any]]:
    return [row for row in result.rows if row["channel"] == channel]


def stored(business: Business) -> int:
    import sqlite3

    with sqlite3.connect(business.folder / "acme.db") as connection:
        return int(connection.execute("SELECT count(*) FROM mention").fetchone()[0])


@pytest.mark.slow
def test_check_stores_everything_once(business: Business, world: World, inbox: Inbox) -> None:  # noqa: F811
    inbox.receive("m1", ago=2)
    first = business.check()
    assert statuses(first) == {"mastodon": "ok", "inbox": "ok", "news": "ok"}, first.err
    assert first.code == ExitCode.OK
    assert world.faults == []
    assert rows(first, "mastodon")
    assert len(rows(first, "inbox")) == 1
    (lead,) = rows(first, "news")
    assert lead["intent"] == "lead"
    count = stored(business)
    second = business.check(at="2026-11-20 12:30")
    assert stored(business) == count
    assert "new mention" not in second.err


def test_after_the_brand_answers_the_conversation_leaves(
    business: Business,
    world: World,
    inbox: Inbox,  # noqa: F811
) -> None:
    inbox.receive("m1", ago=2)
    first = business.check()
    (mail,) = rows(first, "inbox")
    post = rows(first, "mastodon")[0]
    local = next(key for key, one in world.statuses.items() if one["url"] == post["url"])
    inbox.answer("a1", ago=0.1, In_Reply_To="<m1@post.example>")
    world.add(
        "115999",
        like=next(key for key, one in world.statuses.items()
                  if one["account"]["id"] == world.account["id"]),
        in_reply_to_id=local,
        created_at="2026-11-20T12:10:00.000Z",
        content="<p>Here is what happened.</p>",
        visibility="public",
    )  # fmt: skip
    second = business.check(at="2026-11-20 12:20")
    open_now = {row["id"] for row in second.rows}
    assert mail["id"] not in open_now
    assert post["id"] not in open_now
    for number in (mail["id"], post["id"]):
        clocks = business.run("show", str(number), "--json", at="2026-11-20 12:21").json["clocks"]
        assert clocks[0]["kind"] == "first"
        assert clocks[0]["replied_at"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Reply(status=401, body={"error": "The access token is invalid"}), "token"),
        (Reply(status=200, body=b"<html><body>Be right back</body></html>"), "127.0.0.1"),
        (Reply(status=200, body=b"[]", delay=60), "time"),
    ],
    ids=["refuses", "sends a web page", "hangs"],
)
def test_a_broken_channel_leaves_the_others_and_is_named(
    business: Business,
    world: World,
    inbox: Inbox,  # noqa: F811
    answer: Reply,
    word: str,
) -> None:
    inbox.receive("m1", ago=2)
    text = business.config.read_text()
    business.config.write_text(text.replace("[channels.inbox]", "timeout = 2\n\n[channels.inbox]"))
    world.server.on("GET", "/*", lambda _: answer)
    result = business.check()
    assert result.code == ExitCode.INCOMPLETE
    assert statuses(result) == {"mastodon": "failed", "inbox": "ok", "news": "ok"}
    broken = next(state for state in result.json["channels"] if state["name"] == "mastodon")
    assert word in f"{broken['problem']} {broken['hint']}"
    assert broken["hint"]
    assert not result.json["summary"]["complete"]
    assert rows(result, "inbox")
    plain = business.run("queue", "--format", "plain").out
    assert "mastodon" in plain
    assert "Nothing is waiting" not in plain
    assert TOKEN not in plain + result.out + result.err


@pytest.mark.slow
def test_doctor_tests_each_credential(business: Business) -> None:
    result = business.run("doctor")
    assert result.code == ExitCode.OK, result.out
    for word in ("mastodon", "inbox", "news", "logged in"):
        assert word in result.out
