"""
Statuses of the Mastodon API as mentions, replies and own posts.

Entities: https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionwatch.channels._values import count, moment, needed, rows, table, text, total, web
from mentionwatch.model.items import Author, Engagement, Mention, OwnPost, Reply
from mentionwatch.model.text import html_to_text

# Decimal on Mastodon, ULIDs on GoToSocial, base 62 on Pleroma; never compared, only looked up.
_ID = re.compile(r"[\w-]{1,100}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """
    The server that is asked, and who we are there.

    ``names``: own accounts elsewhere, as `own_name` writes them.
    """

    host: str
    base_url: str
    account_id: str
    names: frozenset[str] = frozenset()

    def external(self, local_id: str) -> str:
        return f"{self.host}:{local_id}"

    def local(self, external_id: str) -> str:
        """Return the id on this server; "" for one of another server."""
        host, _, found = external_id.rpartition(":")
        return found if host == self.host and _ID.fullmatch(found) else ""

    def address(self, account: dict[str, Any]) -> str:
        """Return "user@server", also for accounts of this server."""
        name = text(account.get("acct")) or text(account.get("username"))
        return name if "@" in name or not name else f"{name}@{self.host}"

    def owns(self, account: dict[str, Any]) -> bool:
        """Tell our accounts by id, full address or URL, never by what they display."""
        identity = text(account.get("id"))
        if identity and identity == self.account_id:
            return True
        known = (self.external(identity), self.address(account), text(account.get("url")))
        return any(own_name(name) in self.names for name in known if name)


def own_name(name: str) -> str:
    """Return one writing of an account's name; "" for one that names no server."""
    plain = name.strip().lstrip("@").rstrip("/").casefold()
    return plain if "@" in plain or ":" in plain else ""


class Threads:
    """
    Who answers whom, as far as this run has seen it.

    The thread of a status is its oldest ancestor that is known. Where not even the parent was
    seen, the parent names the thread.
    """

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def learn(self, statuses: Iterable[dict[str, Any]]) -> None:
        for status in statuses:
            identity, parent = text(status.get("id")), text(status.get("in_reply_to_id"))
            if identity:
                self._parents[identity] = parent if parent != identity else ""

    def top(self, status: dict[str, Any]) -> tuple[str, bool]:
        """Return the oldest known ancestor's id, and whether it is the root for sure."""
        current, seen = text(status.get("id")), set[str]()
        parent = text(status.get("in_reply_to_id"))
        while parent and parent not in seen:
            seen.add(parent)
            current = parent
            if current not in self._parents:
                return current, False
            parent = self._parents[current]
        return current, True


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """A status beside its notification; the status is None where it was deleted meanwhile."""

    id: str
    type: str
    at: datetime | None
    status: dict[str, Any] | None


def read_notification(payload: Any) -> Noted:
    """Return one notification. Raises ValueError."""
    return Noted(
        id=identifier(payload),
        type=text(payload.get("type")),
        at=moment(payload.get("created_at")),
        status=table(payload.get("status")) or None,
    )


def read_status(payload: Any) -> Noted:
    """Return one status of a timeline. Raises ValueError."""
    identity = identifier(payload)
    return Noted(id=identity, type="", at=moment(payload.get("created_at")), status=payload)


def listed(payload: Any) -> list[Any]:
    """Return a list. Raises TypeError."""
    if not isinstance(payload, list):
        raise TypeError("a list was expected")
    return payload


def around(payload: Any) -> list[dict[str, Any]]:
    """Return the statuses around one, ancestors first. Raises KeyError, TypeError."""
    found = [*listed(payload["ancestors"]), *listed(payload["descendants"])]
    return [one for one in found if isinstance(one, dict) and text(one.get("id"))]


def identifier(thing: Any) -> str:
    """Return an id that is safe in a path. Raises ValueError."""
    if not isinstance(thing, dict):
        raise TypeError("an object was expected")
    found = needed(thing.get("id"))
    if not _ID.fullmatch(found):
        raise ValueError("an id holds characters that no id has")
    return found


def is_addressed(status: dict[str, Any], home: Home) -> bool:
    """Whether a status tags us or answers one of ours."""
    answered = text(status.get("in_reply_to_account_id"))
    return (bool(answered) and answered == home.account_id) or any(
        home.owns(one) for one in rows(status.get("mentions"))
    )


def item(
    status: dict[str, Any],
    home: Home,
    threads: Threads,
    *,
    delivered: datetime | None = None,
    quotes_us: bool = False,
) -> Mention | Reply | OwnPost | None:
    """
    Return what a status is to us; None for a boost, which only adds to the original's count.

    Raises:
        ValueError, TypeError: It has no id, author or text.
    """
    if status.get("reblog"):
        return None
    account = table(status.get("account"))
    needed(account.get("id"))
    if not isinstance(status.get("content"), str):
        raise TypeError("a status has no content")
    if home.owns(account):
        return _ours(status, account, home, threads)
    return _mention(status, account, home, threads, delivered, quotes_us=quotes_us)


def _mention(
    status: dict[str, Any],
    account: dict[str, Any],
    home: Home,
    threads: Threads,
    delivered: datetime | None,
    *,
    quotes_us: bool,
) -> Mention:
    parent = text(status.get("in_reply_to_id"))
    private = status.get("visibility") == "direct"
    return Mention(
        external_id=home.external(identifier(status)),
        text=words(status),
        author=_author(account, home),
        published=moment(status.get("created_at")),
        delivered=delivered,
        edited=moment(status.get("edited_at")),
        addressed=quotes_us or private or is_addressed(status, home),
        kind="message" if private else "comment" if parent else "post",
        url=_url(status, account, home),
        thread_id=home.external(threads.top(status)[0]),
        parent_id=home.external(parent) if parent else "",
        private=private,
        language=text(status.get("language")),
        media=len(rows(status.get("media_attachments"))),
        engagement=Engagement(
            likes=count(status.get("favourites_count")),
            shares=total(status.get("reblogs_count"), status.get("quotes_count")),
            replies=count(status.get("replies_count")),
        ),
        raw=status,
    )


def _ours(
    status: dict[str, Any], account: dict[str, Any], home: Home, threads: Threads
) -> Reply | OwnPost:
    said = words(status)
    named = tuple(_named(status, home))
    certainty = _certainty(status, account, said, has_names=bool(named))
    parent = text(status.get("in_reply_to_id"))
    common: dict[str, Any] = {
        "external_id": home.external(identifier(status)),
        "text": said,
        "published": moment(status.get("created_at")),
        "edited": moment(status.get("edited_at")),
        "url": _url(status, account, home),
        "raw": status,
    }
    thread = home.external(threads.top(status)[0])
    if not certainty:
        return OwnPost(**common, thread_id=thread)
    return Reply(
        **common,
        author=_author(account, home),
        thread_id=thread if parent else "",
        parent_id=home.external(parent) if parent else "",
        to=named,
        certainty=certainty,
        automatic=account.get("bot") is True,
        private=status.get("visibility") == "direct",
    )


def _certainty(
    status: dict[str, Any], account: dict[str, Any], said: str, *, has_names: bool
) -> str:
    """
    Return "sure" for an answer, "likely" for what only names somebody, "" for an own post.

    A status that continues our own thread is no answer. One that continues our answer is:
    Mastodon then still names the customer as the one who is answered.
    """
    if status.get("in_reply_to_id"):
        ourselves = status.get("in_reply_to_account_id") == account.get("id")
        return "" if ourselves and not has_names else "sure"
    to_somebody = status.get("visibility") == "direct" or said.startswith("@")
    return "likely" if has_names and to_somebody else ""


def _named(status: dict[str, Any], home: Home) -> Iterator[str]:
    """Yield ids and handles of those whom a status of ours names or answers."""
    answered = text(status.get("in_reply_to_account_id"))
    if answered and answered != home.account_id:
        yield home.external(answered)
    for one in rows(status.get("mentions")):
        if home.owns(one):
            continue
        if (identity := text(one.get("id"))) and identity != answered:
            yield home.external(identity)
        if address := home.address(one):
            yield f"@{address}"


def _author(account: dict[str, Any], home: Home) -> Author:
    address = home.address(account)
    return Author(
        id=home.external(needed(account.get("id"))),
        name=text(account.get("display_name")) or text(account.get("username")),
        handle=f"@{address}" if address else "",
        url=web(account.get("url")),
        followers=count(account.get("followers_count")),
        is_bot=account.get("bot") is True,
    )


def words(status: dict[str, Any]) -> str:
    """Return the content warning and the text, without markup."""
    parts = (text(status.get("spoiler_text")).strip(), html_to_text(text(status.get("content"))))
    return "\n\n".join(part for part in parts if part)


def _url(status: dict[str, Any], account: dict[str, Any], home: Home) -> str:
    name = text(account.get("acct")) or text(account.get("username"))
    here = web(f"{home.base_url}/@{name}/{text(status.get('id'))}")
    return web(status.get("url")) or web(status.get("uri")) or here
