"""From media and comments of Instagram to items; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentionwatch.channels._graph_run import Places, Said, sure
from mentionwatch.channels._values import count, moment, needed, rows, table, text, web
from mentionwatch.model.items import Author, Engagement, Item, Mention, OwnPost, Reply

_ONE = "id,text,username,timestamp,like_count,hidden,parent_id,from{id,username}"
REPLIES = 50
REPLY = _ONE
COMMENT = f"{_ONE},replies.limit({REPLIES}){{{_ONE}}}"
MEDIA = (
    "id,caption,media_type,media_product_type,permalink,timestamp,comments_count,like_count,"
    "username"
)
TAGGED = "id,caption,media_type,permalink,timestamp,username,comments_count,like_count"

_NAMED = re.compile(r"@([A-Za-z0-9_](?:[A-Za-z0-9_.]{0,28}[A-Za-z0-9_])?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """Our account: its number, its name in small letters, and further names and ids of ours."""

    account_id: str
    username: str
    names: frozenset[str] = frozenset()

    def wrote(self, thing: Mapping[str, Any]) -> bool:
        """Whether a comment, or the sender of a message, is ours; by name or number."""
        sender = table(thing.get("from"))
        found = {user(thing), text(sender.get("id")), text(thing.get("id"))} - {""}
        return bool(found & {self.username, self.account_id, *self.names})


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    id: str
    item: Item
    at: datetime | None
    comments: int | None
    url: str


def user(thing: Mapping[str, Any]) -> str:
    """Return who wrote, by the name that all answers agree on; "" where it is withheld."""
    name = text(thing.get("username")) or text(table(thing.get("from")).get("username"))
    return name.strip().casefold()


def person(thing: Mapping[str, Any]) -> Author:
    """
    Return an author. The number is left out of some answers, so the name serves as id.
    """
    name = user(thing)
    known = name or text(table(thing.get("from")).get("id")) or text(thing.get("id"))
    if not name:
        return Author(id=known, name="Instagram user")
    url = web(f"https://www.instagram.com/{name}/")
    return Author(id=name, handle=name, name=name, url=url)


def commenter(thing: Mapping[str, Any]) -> Author:
    sender = table(thing.get("from"))
    return person({"username": user(thing), "id": sender.get("id")})


def read_media(thing: dict[str, Any], us: Us, *, tagged: bool = False) -> Media:
    """Return a post of ours, or one of somebody's in which we are tagged. Raises KeyError etc."""
    identifier = needed(thing["id"])
    at = moment(thing.get("timestamp"))
    url = web(thing.get("permalink"))
    comments = count(thing.get("comments_count"))
    words = text(thing.get("caption"))
    item: Item
    if tagged and not us.wrote({"username": thing.get("username")}):
        item = Mention(
            external_id=identifier,
            text=words,
            author=person({"username": user(thing)}),
            published=at,
            addressed=True,
            kind="tag",
            url=url,
            thread_id=identifier,
            media=1,
            engagement=Engagement(likes=count(thing.get("like_count")), replies=comments),
        )
    else:
        item = OwnPost(
            external_id=identifier, text=words, published=at, url=url, thread_id=identifier
        )
    return Media(id=identifier, item=item, at=at, comments=comments, url=url)


@dataclass(kw_only=True, slots=True)
class Comments:
    """The comments of one medium; each top comment comes with all answers to it."""

    media: str
    us: Us
    url: str = ""
    nameless: int = 0
    places: Places = field(default_factory=Places)

    def read(self, thing: dict[str, Any]) -> tuple[Item, ...]:
        """Return a top comment and the answers to it, the oldest first. Raises KeyError etc."""
        top = needed(thing["id"])
        below = rows(table(thing.get("replies")).get("data"))
        answers = (self._item(one, top) for one in sorted(below, key=_order))
        return (self._item(thing, ""), *answers)

    def _item(self, thing: dict[str, Any], top: str) -> Item:
        identifier = needed(thing["id"])
        words = text(thing.get("text"))
        names = frozenset(name.casefold() for name in _NAMED.findall(words)) - {self.us.username}
        said = Said(id=identifier, author=user(thing), ours=self._ours(thing), tagged=names)
        self.nameless += not said.author
        answers, is_sure = self.places.add(top or identifier, said)
        common: dict[str, Any] = {
            "external_id": identifier,
            "text": words,
            "author": commenter(thing),
            "published": moment(thing.get("timestamp")),
            "url": self.url,
            "thread_id": self.media,
        }
        if said.ours and top:
            return sure(Reply(**common, parent_id=answers), is_sure=is_sure)
        if said.ours:
            return Reply(**common, parent_id=self.media, to=tuple(sorted(names)))
        return Mention(
            **common,
            addressed=True,
            kind="comment",
            parent_id=top or self.media,
            engagement=Engagement(
                likes=count(thing.get("like_count")), replies=None if top else _replies(thing)
            ),
            skipped="hidden" if thing.get("hidden") is True else "",
        )

    def _ours(self, thing: Mapping[str, Any]) -> bool:
        return self.us.wrote({"username": user(thing), "from": thing.get("from")})


def _order(thing: Mapping[str, Any]) -> tuple[str, str]:
    return text(thing.get("timestamp")), text(thing.get("id"))


def _replies(thing: Mapping[str, Any]) -> int:
    return len(rows(table(thing.get("replies")).get("data")))
