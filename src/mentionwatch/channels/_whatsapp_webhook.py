"""What Meta sends to a webhook of the WhatsApp Business Platform, one body on each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mentionwatch.channels._values import rows, table, text

_MEDIA = ("image", "video", "audio", "document", "sticker")
_SENT = "sent"


def records(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the records of one body; none for what tells of nothing that somebody wrote."""
    for entry in rows(body.get("entry")):
        for change in rows(entry.get("changes")):
            yield from _change(table(change.get("value")))


def _change(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = {
        number: text(table(one.get("profile")).get("name"))
        for one in rows(value.get("contacts"))
        for number in (text(one.get("wa_id")), text(one.get("user_id")))
        if number
    }
    for message in rows(value.get("messages")):
        yield _message(message, names)
    for echo in rows(value.get("message_echoes")):
        other = text(echo.get("to")) or text(echo.get("to_user_id"))
        yield {**_common(echo, other), "text": _words(echo) or "[picture or file]", "is_own": True}
    for status in rows(value.get("statuses")):
        if status.get("status") == _SENT:
            yield _sent(status)


def _message(message: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    number, user = text(message.get("from")), text(message.get("from_user_id"))
    other = number or user
    media = int(message.get("type") in _MEDIA)
    record = {
        **_common(message, other),
        "text": _words(message) or ("" if media else f"[{text(message.get('type')) or 'message'}]"),
        "media": media,
        "author_id": other,
        "author": names.get(number) or names.get(user, ""),
        "author_handle": f"+{number}" if number.isdecimal() else "",
    }
    if number.isdecimal():
        record["url"] = f"https://wa.me/{number}"
    if message.get("type") in ("reaction", "system", "unsupported") and not _words(message):
        return {"type": "LOG", "level": "info", "message": "no message"}
    return record


def _common(message: Mapping[str, Any], other: str) -> dict[str, Any]:
    return {
        "id": text(message.get("id")),
        "thread_id": other,
        "created_at": text(message.get("timestamp")),
    }


def _sent(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return that something was sent; by whom and what is not said, so it is only a hint."""
    other = text(status.get("recipient_id")) or text(status.get("recipient_user_id"))
    return {
        "type": "reply",
        "id": f"{text(status.get('id'))}/sent",
        "thread_id": other,
        "created_at": text(status.get("timestamp")),
        "text": "[sent by the platform]",
        "certainty": "likely",
    }


def _words(message: Mapping[str, Any]) -> str:
    kind = text(message.get("type"))
    inside = table(message.get(kind))
    button = table(inside.get("button_reply")) or table(inside.get("list_reply"))
    for found in (
        inside.get("body"),
        inside.get("caption"),
        inside.get("text"),
        button.get("title"),
    ):
        if text(found).strip():
            return text(found).strip()
    return ""
