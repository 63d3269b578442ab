"""What the conversations of help desks hold: the customer's words and ours, never our notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import each, rows, table, text
from mentionwatch.model.items import Author, Deletion, Item, Mention, Reply
from mentionwatch.model.text import html_to_text
from mentionwatch.model.times import parse_time

_INCOMING, _OUTGOING, _TEMPLATE = 0, 1, 3
_CUSTOMERS = ("user", "lead", "contact")
_NOTES = ("note", "note_and_reopen", "note_and_unsnooze")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One page of conversations: (id, when it last changed), and where the next page begins."""

    conversations: tuple[tuple[str, datetime | None], ...] = ()
    following: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Messages:
    """Messages of one conversation; ``oldest``: the lowest number of the page."""

    items: tuple[Item, ...] = ()
    warnings: tuple[str, ...] = ()
    oldest: int = 0
    oldest_at: datetime | None = None


def seconds(value: object) -> datetime | None:
    """Return the time of Unix seconds; None for 0, which means that there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None


def number(value: object) -> str:
    """Return an id that is a number or a text. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | str) or value in ("", 0):
        raise ValueError("an id is missing")
    written = str(value)
    if len(written) > 100 or not written.isprintable() or "/" in written:
        raise ValueError("an id has another form than expected")
    return written


def _words(value: object) -> str:
    written = text(value)
    return (html_to_text(written) if "<" in written else written).strip()


# --- Chatwoot -------------------------------------------------------------------------------------


def chatwoot_list(payload: Any, page: int) -> Listed:
    """Return one page of conversations, newest activity first."""
    with reading("the list of Chatwoot conversations"):
        things = payload["data"]["payload"]
        found = [
            (
                number(one["id"]),
                seconds(one.get("last_activity_at")) or seconds(one.get("timestamp")),
            )
            for one in rows(things)
        ]
        return Listed(conversations=tuple(found), following=str(page + 1) if found else "")


def chatwoot_messages(payload: Any, conversation: str, link: str) -> Messages:
    """Return one page of the messages of a conversation."""
    with reading("the messages of a Chatwoot conversation"):
        things = payload["payload"]
        if not isinstance(things, list):
            raise TypeError("payload is no list")
    contact = table(table(payload.get("meta")).get("contact"))
    items: tuple[Item, ...]
    items, warnings = each(
        "Chatwoot messages", things, lambda one: _chatwoot(one, conversation, link, contact)
    )
    ids = [one["id"] for one in rows(things) if isinstance(one.get("id"), int)]
    times = [at for one in rows(things) if (at := seconds(one.get("created_at")))]
    return Messages(
        items=items,
        warnings=warnings,
        oldest=min(ids, default=0),
        oldest_at=min(times, default=None),
    )


def _chatwoot(
    one: Mapping[str, Any], conversation: str, link: str, contact: Mapping[str, Any]
) -> Item | None:
    kind = one["message_type"]
    if one.get("private") is True or kind not in (_INCOMING, _OUTGOING, _TEMPLATE):
        return None
    name = f"{conversation}:{number(one['id'])}"
    if table(one.get("content_attributes")).get("deleted") is True:
        return Deletion(external_id=name)
    sender = table(one.get("sender"))
    common: dict[str, Any] = {
        "external_id": name,
        "text": _words(one.get("content")),
        "published": seconds(one.get("created_at")),
        "thread_id": conversation,
        "url": link,
        "private": True,
    }
    media = len(rows(one.get("attachments")))
    if kind == _INCOMING:
        who = sender or contact
        if not common["text"] and not media:
            common["text"] = "[no text shown]"
        return Mention(
            **common,
            author=_customer(who, one.get("sender_id")),
            addressed=True,
            kind="chat",
            media=media,
        )
    by_person = kind == _OUTGOING and one.get("sender_type", "User") in ("User", "user")
    if one.get("status") == "failed":
        return Deletion(external_id=name)
    return Reply(
        **{**common, "text": common["text"] or "[picture or file]"},
        author=Author(id=f"agent:{one.get('sender_id') or ''}", name=text(sender.get("name"))),
        automatic=not by_person,
    )


def _customer(who: Mapping[str, Any], sender: object) -> Author:
    found = who.get("id") or sender
    known = isinstance(found, int | str) and not isinstance(found, bool)
    email = text(who.get("email"))
    return Author(
        id=email or text(who.get("phone_number")) or (str(found) if known else ""),
        name=text(who.get("name")) or email,
        handle=email,
    )


# --- Intercom -------------------------------------------------------------------------------------


def intercom_list(payload: Any) -> Listed:
    """Return one page of conversations that were searched."""
    with reading("the list of Intercom conversations"):
        found = tuple(
            (number(one["id"]), seconds(one.get("updated_at")))
            for one in rows(payload["conversations"])
        )
        following = table(table(payload.get("pages")).get("next")).get("starting_after")
        return Listed(conversations=found, following=text(following) if found else "")


def intercom_messages(payload: Any, link: str) -> Messages:
    """Return the messages of a conversation: its first one, and its parts."""
    with reading("an Intercom conversation"):
        conversation = number(payload["id"])
        source = dict(payload["source"])
        parts = rows(table(payload.get("conversation_parts")).get("conversation_parts"))
    source = {"created_at": payload.get("created_at"), "part_type": "source", **source}

    def read(one: Mapping[str, Any]) -> Item | None:
        return _intercom(one, conversation, link)

    items: tuple[Item, ...]
    items, warnings = each("parts of an Intercom conversation", [source, *parts], read)
    total = table(payload.get("conversation_parts")).get("total_count")
    if isinstance(total, int) and total > len(parts):
        warnings += (f"Intercom shows {len(parts)} of {total} parts of {conversation}",)
    return Messages(items=items, warnings=warnings)


def _intercom(one: Mapping[str, Any], conversation: str, link: str) -> Item | None:
    if one.get("part_type") in _NOTES:
        return None
    first = one.get("part_type") == "source"
    name = f"{conversation}:{'source' if first else number(one['id'])}"
    if one.get("redacted") is True:
        return Deletion(external_id=name)
    author = table(one.get("author"))
    kind, words = author.get("type"), _words(one.get("body"))
    media = len(rows(one.get("attachments")))
    if not words and not media and not (first and kind in _CUSTOMERS):
        return None  # assigned, closed, tagged ...
    title = _words(one.get("subject"))
    common: dict[str, Any] = {
        "external_id": name,
        "text": words,
        "published": seconds(one.get("created_at")),
        "thread_id": conversation,
        "url": link,
        "private": True,
    }
    if kind in _CUSTOMERS:
        return Mention(
            **{**common, "text": words or ("" if media or title else "[no text shown]")},
            title=title,
            author=_intercom_customer(author),
            addressed=True,
            kind="chat",
            media=media,
        )
    automatic = kind != "admin" or one.get("delivered_as") in ("automated", "operator_initiated")
    return Reply(
        **{**common, "text": words or "[picture or file]"},
        author=Author(id=f"agent:{author.get('id') or ''}", name=text(author.get("name"))),
        automatic=automatic,
    )


def _intercom_customer(author: Mapping[str, Any]) -> Author:
    email = text(author.get("email"))
    found = author.get("id")
    known = isinstance(found, int | str) and not isinstance(found, bool)
    return Author(
        id=email or (str(found) if known else ""), name=text(author.get("name")), handle=email
    )


def intercom_me(payload: Any) -> tuple[str, str, str]:
    """Return id, name of the workspace and its code in addresses."""
    with reading("Intercom's answer about the token"):
        app = table(payload.get("app"))
        code = text(app.get("id_code"))
        return number(payload["id"]), text(app.get("name")), code
