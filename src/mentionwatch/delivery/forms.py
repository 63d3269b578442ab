"""
One alert in the form of each service.

What customers wrote arrives as plain characters: no service may read markup, a link or a call to
people ("@everyone", "<!channel>") into it. Each form keeps the limits of its service.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mentionwatch.model.text import one_line, visible
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.model.alert import Alert

SLACK_BLOCKS = 50
SLACK_TEXT = 2900  # of 3,000; escaping is done before cutting
DISCORD_EMBEDS = 10
DISCORD_HEAD, DISCORD_TEXT = 80, 200  # escaped and times ten: below the 6,000 of a message
TEAMS_BYTES = 20_000  # cards of 21 KB were refused
NTFY_BYTES = 3_800  # of 4,096
PLAIN = 4_000  # characters, for services of which nothing is known
_INVISIBLE = "\u200b"
_DISCORD = re.compile(r"[\\*_~`|>#\-\[\]()<@:.+]")
_CALLS = re.compile(r"[@<](?=\S)")


def slack(alert: Alert) -> dict[str, Any]:
    """
    Return blocks of plain text, and one of our own markup for each link.

    Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """
    title = _slack_text(alert.title)
    items = alert.items[: (SLACK_BLOCKS - 2) // 2]
    blocks: list[dict[str, Any]] = [_slack_section(f"{title}")]
    for item in items:
        text = f"{item.head}\n{item.text}" if item.text else item.head
        blocks.append(_slack_section(_slack_text(text)))
        if item.url:
            link = f"<{_slack_text(item.url)}|Open on {_slack_text(item.site)}>"
            blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": link}]})
    if rest := _rest(alert, len(items)):
        blocks.append(_slack_section(rest))
    return {"text": title, "mrkdwn": False, "blocks": blocks}


def _slack_section(text: str) -> dict[str, Any]:
    words = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "section", "text": words}


def _slack_text(text: str) -> str:
    """Escape what Slack reads: only these three, by its own rules."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped) <= SLACK_TEXT:
        return escaped
    # Not through the middle of an entity.
    return re.sub(r"&[a-z]{0,3}$", "", escaped[:SLACK_TEXT]) + "…"


def discord(alert: Alert) -> dict[str, Any]:
    """
    Return a message with one embed for each item.

    Source: https://docs.discord.com/developers/resources/webhook#execute-webhook
    """
    items = alert.items[:DISCORD_EMBEDS]
    embeds = []
    for item in items:
        embed: dict[str, Any] = {"title": _discord_text(item.head, DISCORD_HEAD)}
        if item.text:
            embed["description"] = _discord_text(item.text, DISCORD_TEXT)
        if item.url:
            embed["url"] = item.url
        embeds.append(embed)
    content = "\n".join(filter(None, [alert.title, _rest(alert, len(items))]))
    return {
        "content": _discord_text(content, 900),
        "embeds": embeds,
        # Without this an "@everyone" in a review would call everyone.
        "allowed_mentions": {"parse": []},
    }


def _discord_text(text: str, length: int) -> str:
    """Escape Discord's Markdown; at most twice *length* characters come of it."""
    return _DISCORD.sub(r"\\\g<0>", _cut(text, length))


def teams(alert: Alert) -> dict[str, Any]:
    """
    Return an adaptive card; its text blocks would read Markdown, its rich text blocks do not.

    Source: https://adaptivecards.io/explorer/RichTextBlock.html
    """
    import json

    count = len(alert.items)
    while True:
        card = _teams_card(alert, count)
        if len(json.dumps(card)) <= TEAMS_BYTES or not count:
            return card
        count -= 1


def _teams_card(alert: Alert, count: int) -> dict[str, Any]:
    body: list[dict[str, Any]] = [_teams_text(alert.title, weight="Bolder")]
    for item in alert.items[:count]:
        inside = [_teams_text(item.head, weight="Bolder")]
        inside += [_teams_text(item.text)] if item.text else []
        container: dict[str, Any] = {"type": "Container", "separator": True, "items": inside}
        if item.url:
            action = {"type": "Action.OpenUrl", "title": f"Open on {item.site}", "url": item.url}
            inside.append({"type": "ActionSet", "actions": [action]})
        body.append(container)
    if rest := _rest(alert, count):
        body.append(_teams_text(rest))
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _teams_text(text: str, weight: str = "Default") -> dict[str, Any]:
    run = {"type": "TextRun", "text": visible(text), "weight": weight}
    return {"type": "RichTextBlock", "inlines": [run]}


def ntfy(alert: Alert, topic: str) -> dict[str, Any]:
    """
    Return a message of at most 4,096 bytes; a longer one would become an attachment.

    Source: https://docs.ntfy.sh/publish/#publish-as-json
    """
    lines, used, count = [], 0, 0
    for item in alert.items:
        text = f"{item.head}\n{item.text}" if item.text else item.head
        size = len(visible(text).encode()) + 2
        if used + size > NTFY_BYTES:
            break
        lines.append(visible(text))
        used, count = used + size, count + 1
    lines += [rest] if (rest := _rest(alert, count)) else []
    message: dict[str, Any] = {
        "topic": topic,
        "title": one_line(alert.title, 200),
        "message": "\n\n".join(lines) or one_line(alert.title, 200),
        "priority": 5 if alert.pressing else 3,
        "tags": ["warning"] if alert.pressing else [],
    }
    first = next((item for item in alert.items[:count] if item.url), None)
    if first is not None:
        message["click"] = first.url
        message["actions"] = [
            {"action": "view", "label": f"Open on {one_line(first.site, 40)}", "url": first.url}
        ]
    return message


def webhook(alert: Alert) -> dict[str, Any]:
    """Return the document that docs/alerts.md describes, for programs."""
    return {
        "event": "mentionwatch.alert",
        "version": 1,
        "id": alert.uid,
        "brand": alert.brand,
        "title": alert.title,
        "items": [dict(item.record) for item in alert.items],
        "more": alert.more,
        "sent_at": iso(alert.at),
    }


def plain(alert: Alert) -> str:
    """Return the body for services of which only is known that they show text."""
    lines = ["\n".join(filter(None, [one.head, one.text, one.url])) for one in alert.items]
    lines += [rest] if (rest := _rest(alert, len(alert.items))) else []
    whole = _cut("\n\n".join(lines), PLAIN)
    # Behind an invisible space no service takes it for a name to be called.
    return _CALLS.sub(lambda match: match[0] + _INVISIBLE, whole)


def _rest(alert: Alert, shown: int) -> str:
    more = alert.more + len(alert.items) - shown
    return f"and {more:,} more: mentionwatch queue" if more else ""


def _cut(text: str, length: int) -> str:
    text = visible(text)
    return text if len(text) <= length else text[: length - 1] + "…"
