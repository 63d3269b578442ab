"""
Private conversations with a Page or an Instagram account.

API: https://developers.facebook.com/docs/messenger-platform/conversations

A list has no filter by time: it begins with what was written to last. Only the latest twenty
messages of a conversation are told.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from mentionwatch.channels import OpenItem, Query, reading
from mentionwatch.channels._graph import Graph, read_edge
from mentionwatch.channels._graph_run import Looked
from mentionwatch.channels._values import each, moment, needed, rows, table, text, web
from mentionwatch.channels._walk import Listed, floor, newest_first, position
from mentionwatch.errors import NotFound, RequestRefused
from mentionwatch.model.items import Author, Item, Mention, Page, Reply
from mentionwatch.model.times import parse_time

LATEST = 20
PAGES = 20
OVERLAP = timedelta(minutes=10)
MESSAGES = f"messages.limit({LATEST}){{id,created_time,from,to,message,attachments{{id}}}}"
STREAM = "inbox"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbox:
    """
    Where conversations are listed, and who we are in them.

    ``fields`` of a conversation. ``is_us`` tells by the ``from`` of a message. ``person`` makes an
    author of it. ``site``: what links without a host begin with. ``empty``: said when none is
    shown.
    """

    graph: Graph
    query: Query
    path: str
    platform: str
    fields: str
    is_us: Callable[[Mapping[str, Any]], bool]
    person: Callable[[Mapping[str, Any]], Author]
    empty: str
    site: str = ""

    async def pages(self) -> AsyncGenerator[Page, None]:
        state = self.query.state(STREAM)
        async for page in newest_first(STREAM, state, self._listed, pages=PAGES):
            yield page

    async def _listed(self, resume: str, cursor: str) -> Listed:
        asked = {"platform": self.platform, "fields": self.fields, "limit": 25}
        try:
            payload = await self.graph.get(self.path, {**asked, "after": resume or None})
        except (RequestRefused, NotFound):
            if not resume:
                raise
            payload = await self.graph.get(self.path, asked)  # an old place in the list is over
        return self._read(payload, cursor, first=not resume)

    def _read(self, payload: Any, cursor: str, *, first: bool) -> Listed:
        found = read_edge(payload)
        told, warnings = each("conversations", found.data, self._conversation)
        times = [at for at, _ in told]
        lowest = floor(cursor, self.query.since, OVERLAP)
        if first and not found.data and not found.following:
            warnings += self.graph.once(self.empty)
        return Listed(
            items=tuple(item for _, items in told for item in items),
            newest=position(times, self.query.now),
            following=found.following.get("after", ""),
            past=bool(times) and min(times) < lowest,
            warnings=warnings,
        )

    def _conversation(self, thing: dict[str, Any]) -> tuple[datetime, tuple[Item, ...]]:
        thread = needed(thing["id"])
        link = text(thing.get("link"))
        url = web(urljoin(self.site, link)) if link and self.site else web(link)
        messages = rows(table(thing.get("messages")).get("data"))
        items = tuple(self._message(one, thread, url) for one in messages)
        return _when(thing["updated_time"]), items

    def _message(self, thing: dict[str, Any], thread: str, url: str) -> Item:
        sender = table(thing.get("from"))
        media = len(rows(table(thing.get("attachments")).get("data")))
        common: dict[str, Any] = {
            "external_id": needed(thing["id"]),
            "text": text(thing.get("message")),
            "published": moment(thing.get("created_time")),
            "thread_id": thread,
            "url": url,
            "private": True,
            "author": self.person(sender),
        }
        if self.is_us(sender):
            return Reply(**common)
        return Mention(**common, addressed=True, kind="message", media=media)

    async def look(self, thread: str, waiting: Sequence[OpenItem]) -> Looked:
        """Read a conversation again; of what stood among its latest, see what was taken back."""
        payload = await self.graph.get(f"/{thread}", {"fields": self.fields})
        with reading("the conversation"):
            _, items = self._conversation(payload)
        told = {item.external_id for item in items}
        times = [item.published for item in items if isinstance(item, Mention | Reply)]
        known = [at for at in times if at is not None]
        oldest = min(known, default=self.query.now) if len(items) >= LATEST else None
        gone = tuple(
            one.external_id
            for one in waiting
            if one.external_id not in told and items and (oldest is None or one.published > oldest)
        )
        return Looked(items=items, gone=gone)


def _when(value: object) -> datetime:
    """Read a time; one page of the documentation writes it in seconds. Raises ValueError."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return parse_time(int(value[:15]))
    return parse_time(value)
