"""Each service's form: its limits, and hostile texts as plain characters."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from mentionwatch.config.outgoing import Event, NotifyTarget
from mentionwatch.credentials import Secret
from mentionwatch.delivery import forms, notify
from mentionwatch.errors import DeliveryError
from mentionwatch.model.alert import Alert, AlertItem
from tests.delivery.samples import HOSTILE
from tests.server import Server

AT = datetime(2026, 11, 17, 8, tzinfo=UTC)


def alert(*texts: str, more: int = 0, url: str = "https://social.example/p?a=1&b=2") -> Alert:
    items = tuple(
        AlertItem(head=f"5 h late: {text}", text=text, url=url, site="social.example", record={})
        for text in texts
    )
    title = "Acme Coffee: 1 overdue"
    return Alert(
        uid="mw-1", brand="Acme", title=title, items=items, more=more, at=AT, pressing=True
    )


def target(to: str, url: str, **more: Any) -> NotifyTarget:
    when = (Event(kind="new", level="low"),)
    return NotifyTarget(name=to, to=to, when=when, url=Secret(url), **more)


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for one in inside for text in strings(one)]


DOCUMENTS = {
    "slack": forms.slack,
    "discord": forms.discord,
    "teams": forms.teams,
    "ntfy": lambda alert: forms.ntfy(alert, "topic"),
    "plain": forms.plain,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_steers_or_turns_the_text(name: str) -> None:
    document = DOCUMENTS[name](alert(*HOSTILE.values()))
    for text in strings(document):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_slack_calls_nobody() -> None:
    document = forms.slack(alert(*HOSTILE.values()))
    ours = re.compile(r"<https://social\.example/p\?a=1&amp;b=2\|Open on social\.example>")
    for text in strings(document):
        assert "<" not in ours.sub("", text)
    kinds = {block["text"]["type"] for block in document["blocks"] if block["type"] == "section"}
    assert kinds == {"plain_text"}
    assert document["mrkdwn"] is False


def test_slack_keeps_its_limits() -> None:
    document = forms.slack(alert(*["&" * 3000] * 50, more=7))
    assert len(document["blocks"]) <= 50
    for block in document["blocks"]:
        if block["type"] == "section":
            assert len(block["text"]["text"]) <= 3000
            assert not re.search(r"&(?!amp;|lt;|gt;)", block["text"]["text"])
    assert "and 33 more" in document["blocks"][-1]["text"]["text"]


def test_discord_calls_nobody() -> None:
    document = forms.discord(alert(*list(HOSTILE.values())))
    assert document["allowed_mentions"] == {"parse": []}
    for embed in document["embeds"]:
        for text in (embed["title"], embed["description"]):
            assert not re.search(r"(?<!\\)[*_`\[\]<>@#|~]", text)


def test_discord_keeps_its_limits() -> None:
    document = forms.discord(alert(*["*" * 5000] * 30))
    assert len(document["embeds"]) == 10
    assert all(len(embed["title"]) <= 256 for embed in document["embeds"])
    total = sum(len(embed["title"]) + len(embed["description"]) for embed in document["embeds"])
    assert total <= 6000
    assert len(document["content"]) <= 2000
    assert "and 20 more" in document["content"]


def test_teams_shows_foreign_words_where_no_markdown_is_read() -> None:
    document = forms.teams(alert(HOSTILE["markdown"]))
    (attachment,) = document["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["type"] == "AdaptiveCard"
    assert '"TextBlock"' not in json.dumps(document)
    assert HOSTILE["markdown"] in strings(document)


def test_teams_keeps_its_limits() -> None:
    document = forms.teams(alert(*["é" * 300] * 50))
    assert len(json.dumps(document)) <= forms.TEAMS_BYTES
    shown = sum(one["type"] == "Container" for one in document["attachments"][0]["content"]["body"])
    assert 3 < shown < 50
    assert f"and {50 - shown} more: mentionwatch queue" in strings(document)


def test_ntfy_keeps_its_limits() -> None:
    document = forms.ntfy(alert(*["é" * 300] * 50), "topic")
    assert len(document["message"].encode()) <= 4096
    assert "more: mentionwatch queue" in document["message"]
    assert (document["priority"], document["tags"]) == (5, ["warning"])
    assert document["click"] == "https://social.example/p?a=1&b=2"


def test_other_services_get_no_name_to_call() -> None:
    text = forms.plain(alert("@everyone <!channel> <@1>"))
    assert "@everyone" not in text
    assert "<!channel>" not in text
    assert "everyone" in text


# --- where it goes ----------------------------------------------------------------------------


def test_slack_is_sent(http_server: Server) -> None:
    http_server.reply("POST", "/services/T/B/x", body="ok")
    notify.send(target("slack", f"{http_server.url}/services/T/B/x"), alert("hello"))
    assert http_server.requests[0].json()["text"] == "Acme Coffee: 1 overdue"


def test_slack_that_does_not_say_ok_is_a_failure(http_server: Server) -> None:
    http_server.reply("POST", "/x", body="<html>log in</html>")
    with pytest.raises(DeliveryError, match="instead of ok"):
        notify.send(target("slack", f"{http_server.url}/x"), alert("hello"))


def test_discord_is_sent_and_waited_for(http_server: Server) -> None:
    http_server.reply("POST", "/api/webhooks/1/token", 204)
    notify.send(target("discord", f"{http_server.url}/api/webhooks/1/token"), alert("hello"))
    assert http_server.requests[0].params == {"wait": "true"}


def test_teams_is_sent_with_its_signature_in_the_address(http_server: Server) -> None:
    http_server.reply("POST", "/workflows/1", 202)
    notify.send(target("teams", f"{http_server.url}/workflows/1?sig=abc"), alert("hello"))
    assert http_server.requests[0].params == {"sig": "abc"}


def test_the_connectors_that_ended_are_named() -> None:
    with pytest.raises(DeliveryError, match="switched such connectors off") as caught:
        notify.send(target("teams", "https://acme.webhook.office.com/webhookb2/x"), alert("a"))
    assert "webhookb2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "topic", "path"),
    [("/acme", "", "/"), ("", "acme", "/"), ("/sub/acme", "", "/sub/"), ("/", "acme", "/")],
)
def test_ntfy_is_posted_to_the_root(http_server: Server, url: str, topic: str, path: str) -> None:
    http_server.reply("POST", path, body={"id": "1"})
    more = {"topic": Secret(topic)} if topic else {}
    notify.send(target("ntfy", http_server.url + url, **more), alert("hello"))
    assert http_server.requests[0].json()["topic"] == "acme"


def test_ntfy_logs_in(http_server: Server) -> None:
    http_server.reply("POST", "/", body={"id": "1"})
    notify.send(target("ntfy", f"{http_server.url}/t", token=Secret("tk_1")), alert("a"))
    notify.send(
        target("ntfy", f"{http_server.url}/t", username="u", password=Secret("p")), alert("a")
    )
    sent = [request.headers["authorization"] for request in http_server.requests]
    assert sent == ["Bearer tk_1", "Basic dTpw"]


def test_ntfy_without_a_topic_says_so(http_server: Server) -> None:
    with pytest.raises(DeliveryError, match="no topic is named"):
        notify.send(target("ntfy", f"{http_server.url}/"), alert("a"))


def test_a_hook_that_was_removed_is_said_to_be(http_server: Server) -> None:
    http_server.reply("POST", "/x", 410)
    with pytest.raises(DeliveryError) as caught:
        notify.send(target("discord", f"{http_server.url}/x"), alert("a"))
    assert "the hook was removed" in caught.value.hint


@pytest.mark.slow
def test_a_silent_target_is_left_within_its_time(http_server: Server, monkeypatch) -> None:
    monkeypatch.setattr(notify, "SECONDS", 0.5)
    http_server.reply("POST", "/x", delay=20)
    with pytest.raises(DeliveryError, match="did not answer in time"):
        notify.send(target("discord", f"{http_server.url}/x"), alert("a"))
    assert len(http_server.requests) == 1
