"""
What is inside the answers of a Discourse forum: posts, search hits, notifications, actions.

Fields: https://docs.discourse.org

A post is known by its topic and its number there: answers name each other by number, and not every
listing tells the id of the post itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from mentionwatch.channels._values import count, moment, needed, rows, table, text
from mentionwatch.model.items import Author, Deletion, Engagement, Item, Mention, OwnPost, Reply
from mentionwatch.model.text import html_links, html_to_text

REGULAR = 1  # the other types of posts are notes of the forum itself
LIKE = 2
# Notification types that are somebody's words to us, and whether these are private.
TO_US = {1: False, 2: False, 3: False, 6: True, 15: False}
EDITED_AFTER = timedelta(minutes=5)  # the forum itself counts earlier changes as no edit
_ID = re.compile(r"([0-9]{1,15})/([0-9]{1,9})")
_LARGEST = 10**15

Place = tuple[int, int]  # topic and number of the post in it


@dataclass(frozen=True, kw_only=True, slots=True)
class Forum:
    """
    A forum, and who we are there.

    ``host`` and ``base_url`` of the forum; ``names``: our user names, case-folded. ``own``: all
    that is written there is to us.
    """

    host: str
    base_url: str
    names: frozenset[str] = frozenset()
    own: bool = False

    def post(self, place: Place) -> str:
        return f"{self.host}:{place[0]}/{place[1]}"

    def topic(self, number: int) -> str:
        return f"{self.host}:{number}"

    def place(self, external_id: str) -> Place | None:
        """Return where a post stands; None for one of another forum."""
        host, _, rest = external_id.rpartition(":")
        found = _ID.fullmatch(rest) if host == self.host else None
        return (int(found[1]), int(found[2])) if found else None

    def is_ours(self, username: str) -> bool:
        return username.casefold() in self.names

    def names_us(self, words: str) -> bool:
        said = {name.casefold() for name in re.findall(r"@([\w.-]+\w)", words)}
        return bool(said & self.names)

    def url(self, place: Place, slug: str) -> str:
        middle = quote(slug, safe="-") or "-"
        return f"{self.base_url}/t/{middle}/{place[0]}/{place[1]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A search hit, with what it shows of the post."""

    place: Place
    at: datetime
    item: Mention


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A notification, or an action of ours: where the post stands, its topic's title, when."""

    place: Place
    at: datetime
    title: str = ""
    private: bool = False


def place_of(thing: Mapping[str, Any]) -> Place:
    """Return where a post stands. Raises ValueError."""
    topic, number = count(thing.get("topic_id")), count(thing.get("post_number"))
    if not topic or not number or topic >= _LARGEST or number >= 10**9:
        raise ValueError("a post has no place")
    return topic, number


def read_post(
    thing: Mapping[str, Any], forum: Forum, *, to_us: bool = False, private: bool = False
) -> Item | None:
    """
    Return a post; None for what the forum itself wrote. Raises ValueError.

    Args:
        to_us: A notification says that it is to us.
        private: It stands in a private conversation.
    """
    place = place_of(thing)
    if thing.get("deleted_at") or thing.get("user_deleted") is True:
        return Deletion(external_id=forum.post(place))
    if thing.get("post_type", REGULAR) != REGULAR or (_signed(thing.get("user_id")) or 0) < 0:
        return None
    topic, number = place
    username = needed(thing.get("username"))
    html = text(thing.get("cooked"))
    published = moment(thing.get("created_at"))
    changed = moment(thing.get("updated_at"))
    late = published and changed and changed - published > EDITED_AFTER
    edited = changed if late and (count(thing.get("version")) or 1) > 1 else None
    answers = _number(thing.get("reply_to_post_number"))
    above = forum.post((topic, answers)) if answers and answers != number else ""
    to = text(table(thing.get("reply_to_user")).get("username"))
    words = html_to_text(html)
    url = forum.url(place, text(thing.get("topic_slug")))
    author = author_of(thing, forum)
    if not forum.is_ours(username):
        likes = [row for row in rows(thing.get("actions_summary")) if row.get("id") == LIKE]
        return Mention(
            external_id=forum.post(place),
            text=words,
            title=_title(thing) if number == 1 else "",
            author=author,
            published=published,
            edited=edited,
            addressed=to_us or private or forum.own or forum.is_ours(to) or forum.names_us(words),
            kind="message" if private else "post" if number == 1 else "comment",
            url=url,
            thread_id=forum.topic(topic),
            parent_id=above,
            private=private,
            media=len(re.findall(r"<img(?![^>]*\bemoji\b)|<video|<audio", html)),
            engagement=Engagement(
                likes=count(likes[0].get("count")) if likes else None,
                replies=count(thing.get("reply_count")),
                views=count(thing.get("reads")),
            ),
            links=html_links(html),
            raw=thing,
        )
    if number == 1 and not private:
        return OwnPost(
            external_id=forum.post(place),
            text="\n\n".join(part for part in (_title(thing), words) if part),
            published=published,
            edited=edited,
            url=url,
            thread_id=forum.topic(topic),
            raw=thing,
        )
    return Reply(
        external_id=forum.post(place),
        text=words,
        published=published,
        edited=edited,
        author=author,
        url=url,
        thread_id=forum.topic(topic),
        parent_id=above,
        to=(to,) if to else (),
        private=private,
        raw=thing,
    )


def read_hit(thing: Mapping[str, Any], forum: Forum, topics: Mapping[int, str]) -> Hit:
    """Return a search hit; *topics* are their slugs. Raises ValueError."""
    place = place_of(thing)
    at = moment(thing.get("created_at"))
    if at is None:
        raise ValueError("a search hit has no time")
    username = needed(thing.get("username"))
    item = Mention(
        external_id=forum.post(place),
        text=html_to_text(text(thing.get("blurb"))),
        author=author_of({"username": username, "name": thing.get("name")}, forum),
        published=at,
        kind="post" if place[1] == 1 else "comment",
        url=forum.url(place, topics.get(place[0], "")),
        thread_id=forum.topic(place[0]),
        engagement=Engagement(likes=count(thing.get("like_count"))),
        raw=thing,
    )
    return Hit(place=place, at=at, item=item)


def read_note(thing: Mapping[str, Any]) -> Note | None:
    """Return a notification that is about words to us, else None. Raises ValueError."""
    private = TO_US.get(count(thing.get("notification_type")) or 0)
    if private is None:
        return None
    at = moment(thing.get("created_at"))
    if at is None:
        raise ValueError("a notification has no time")
    title = text(table(thing.get("data")).get("topic_title"))
    return Note(place=place_of(thing), at=at, title=title, private=private)


def read_action(thing: Mapping[str, Any]) -> Note | None:
    """Return an action of ours, None for one that was taken back. Raises ValueError."""
    at = moment(thing.get("created_at"))
    if at is None:
        raise ValueError("an action has no time")
    if thing.get("deleted") is True:
        return None
    return Note(place=place_of(thing), at=at, title=text(thing.get("title")))


def slugs(payload: Mapping[str, Any]) -> dict[int, str]:
    """Return the names that the topics of a search result have in addresses."""
    return {
        number: text(topic.get("slug"))
        for topic in rows(payload.get("topics"))
        if (number := count(topic.get("id")))
    }


def author_of(thing: Mapping[str, Any], forum: Forum) -> Author:
    username = text(thing.get("username"))
    return Author(
        id=f"{forum.host}:{username.casefold()}" if username else "",
        name=text(thing.get("name")) or text(thing.get("display_username")) or username,
        handle=username,
        url=f"{forum.base_url}/u/{quote(username, safe='')}" if username else "",
    )


def _title(thing: Mapping[str, Any]) -> str:
    return text(thing.get("topic_title")) or text(thing.get("title"))


def _number(value: object) -> int:
    """The documentation calls it a text; forums send a number."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    return count(value) or 0


def _signed(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
