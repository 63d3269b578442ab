"""From posts, comments and recommendations of a Page to items; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentionwatch.channels._graph_run import Places, Said, sure
from mentionwatch.channels._values import count, moment, needed, rows, table, text, web
from mentionwatch.model.items import Author, Engagement, Item, Mention, OwnPost, Reply

COMMENT = (
    "id,message,created_time,from{id,name},parent{id},permalink_url,like_count,comment_count,"
    "is_hidden,attachment{type,url},message_tags"
)
POST = (
    "id,message,story,created_time,updated_time,permalink_url,from{id,name},status_type,"
    "full_picture,shares,reactions.summary(true).limit(0)"
)
# A post with the number of its comments, but not the comments themselves.
COUNTED = f"{POST},comments.filter(stream).summary(true).limit(0)"
TAGGED = "id,message,created_time,tagged_time,permalink_url,from{id,name},full_picture"
RATING = (
    "created_time,has_rating,has_review,rating,recommendation_type,review_text,reviewer{id,name},"
    "open_graph_story{id,message,start_time}"
)
NOBODY = "Facebook user"  # the name is withheld

_IN_LINK = re.compile(r"[?&](reply_comment_id|comment_id)=(\d{1,40})\b")
_RECOMMENDED = {"positive": 5.0, "negative": 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """``page_id`` and further ids of ours: profiles of our people."""

    page_id: str
    ids: frozenset[str] = frozenset()

    def wrote(self, sender: Mapping[str, Any]) -> bool:
        known = text(sender.get("id"))
        return bool(known) and (known == self.page_id or known in self.ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A post with what tells whether its comments changed."""

    id: str
    item: Item
    ours: bool
    at: datetime | None
    total: int | None = None
    signature: str = ""


def tail(identifier: str) -> str:
    """Return the part of an id that is its own: "1_22" and "22" name the same comment."""
    return identifier.rpartition("_")[2]


def person(sender: Mapping[str, Any]) -> Author:
    return Author(id=text(sender.get("id")), name=text(sender.get("name")) or NOBODY)


def read_post(thing: dict[str, Any], us: Us) -> Post:
    """Return a post of ours, of a visitor, or one that names us. Raises KeyError and the like."""
    identifier = needed(thing["id"])
    sender = table(thing.get("from"))
    ours = us.wrote(sender)
    at = moment(thing.get("tagged_time")) or moment(thing.get("created_time"))
    total = count(table(table(thing.get("comments")).get("summary")).get("total_count"))
    signature = f"{text(thing.get('updated_time'))}/{'' if total is None else total}"
    return Post(
        id=identifier,
        item=_post_item(thing, identifier, sender, us),
        ours=ours,
        at=at,
        total=total,
        signature=signature.replace(" ", ""),
    )


def _post_item(thing: dict[str, Any], identifier: str, sender: Mapping[str, Any], us: Us) -> Item:
    words = text(thing.get("message")) or text(thing.get("story"))
    published = moment(thing.get("created_time")) or moment(thing.get("tagged_time"))
    url = web(thing.get("permalink_url"))
    if us.wrote(sender):
        return OwnPost(
            external_id=identifier, text=words, published=published, url=url, thread_id=identifier
        )
    pictured = bool(thing.get("full_picture")) or thing.get("status_type") == "added_photos"
    reactions = table(table(thing.get("reactions")).get("summary"))
    return Mention(
        external_id=identifier,
        text=words,
        author=person(sender),
        published=published,
        addressed=True,
        url=url,
        thread_id=identifier,
        media=int(pictured),
        engagement=Engagement(
            likes=count(reactions.get("total_count")),
            shares=count(table(thing.get("shares")).get("count")),
            replies=count(table(table(thing.get("comments")).get("summary")).get("total_count")),
        ),
    )


def comment_id(thing: Mapping[str, Any], post: str) -> str:
    """
    Return a comment's id in the one form that can also be asked for: post_comment.

    The first part is not always that of the post: under a picture it may be the picture's. Some
    lists leave the id out; the link then names it. Raises ValueError.
    """
    own = text(thing.get("id")).strip()
    if "_" in own.strip("_"):
        return own
    if not own:
        named = dict(_IN_LINK.findall(text(thing.get("permalink_url"))))
        own = named.get("reply_comment_id") or named.get("comment_id") or ""
    if not own:
        raise ValueError("a comment has no id")
    return f"{tail(post)}_{own}"


@dataclass(kw_only=True, slots=True)
class Comments:
    """The comments of one post, read from the oldest to the newest."""

    post: str
    us: Us
    places: Places = field(default_factory=Places)
    nameless: int = 0
    known: dict[str, str] = field(default_factory=dict)

    def read(self, thing: dict[str, Any]) -> Item:
        """Return a comment as ours or theirs. Raises KeyError, ValueError and the like."""
        identifier = comment_id(thing, self.post)
        above = text(table(thing.get("parent")).get("id"))
        self.known[tail(identifier)] = identifier
        top = self.known.get(tail(above)) or comment_id({"id": above}, self.post) if above else ""
        sender = table(thing.get("from"))
        said = Said(
            id=identifier,
            author=text(sender.get("id")),
            ours=self.us.wrote(sender),
            tagged=frozenset(_tagged(thing)),
        )
        self.nameless += not said.author
        answers, is_sure = self.places.add(top or identifier, said)
        common: dict[str, Any] = {
            "external_id": identifier,
            "text": text(thing.get("message")),
            "published": moment(thing.get("created_time")),
            "url": web(thing.get("permalink_url")),
            "thread_id": self.post,
        }
        if said.ours:
            parent = answers if top else self.post
            reply = Reply(**common, author=person(sender), parent_id=parent, to=self._to(said, top))
            return sure(reply, is_sure=is_sure or not top)
        return self._mention(thing, common, sender, top or self.post)

    def _to(self, said: Said, top: str) -> tuple[str, ...]:
        """Return whom a comment at the top names; below, the names have found the parent."""
        return () if top else tuple(sorted(said.tagged))

    def _mention(
        self, thing: dict[str, Any], common: dict[str, Any], sender: Mapping[str, Any], parent: str
    ) -> Mention:
        return Mention(
            **common,
            author=person(sender),
            addressed=True,
            kind="comment",
            parent_id=parent,
            media=int(bool(table(thing.get("attachment")))),
            engagement=Engagement(
                likes=count(thing.get("like_count")), replies=count(thing.get("comment_count"))
            ),
            skipped="hidden" if thing.get("is_hidden") is True else "",
        )


def _tagged(thing: Mapping[str, Any]) -> list[str]:
    return [known for one in rows(thing.get("message_tags")) if (known := text(one.get("id")))]


def read_rating(thing: dict[str, Any]) -> Mention:
    """Return a recommendation; old ones have stars. Raises KeyError and the like."""
    story = table(thing.get("open_graph_story"))
    reviewer = table(thing.get("reviewer"))
    written = text(thing.get("created_time"))
    # Some have no story, and so no id at all.
    own = text(story.get("id")) or f"{text(reviewer.get('id'))}:{needed(written)}"
    identifier = f"review:{own}"
    stars = count(thing.get("rating"))
    rating = _RECOMMENDED.get(text(thing.get("recommendation_type")))
    if rating is None and stars is not None and 1 <= stars <= 5:
        rating = float(stars)
    return Mention(
        external_id=identifier,
        text=text(thing.get("review_text")) or text(story.get("message")),
        author=person(reviewer),
        published=moment(written),
        addressed=True,
        kind="review",
        thread_id=identifier,
        rating=rating,
    )
