"""
What is inside the answers of Lemmy: posts and comments, in both generations of its API.

Types: https://github.com/LemmyNet/lemmy-js-client (0.19 for /api/v3, 1.0 for /api/v4)

The newer one calls times ``…_at``, keeps counts in the post or comment itself, and knows people by
``ap_id``; all of that is told apart here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from mentionwatch.channels._values import count, moment, rows, table, text, web
from mentionwatch.model.items import Author, Deletion, Engagement, Item, Mention, OwnPost, Reply

_ID = re.compile(r"[pc][1-9][0-9]{0,14}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """
    The instance, and who we are.

    ``names``: our addresses ("@acme@lemmy.example") and actor URLs, case-folded. ``posts``: ids of
    posts of ours. ``languages``: codes by number.
    """

    host: str
    names: frozenset[str] = frozenset()
    languages: Mapping[int, str] = field(default_factory=dict)

    def external(self, local: str) -> str:
        return f"{self.host}:{local}"

    def local(self, external_id: str) -> str:
        """Return "p22" or "c345"; "" for what is elsewhere."""
        host, _, found = external_id.rpartition(":")
        return found if host == self.host and _ID.fullmatch(found) else ""

    def wrote(self, creator: Mapping[str, Any]) -> bool:
        return bool({actor(creator).casefold(), handle(creator).casefold()} & self.names)


def views(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the posts and comments of any listing, in their order."""
    found: list[dict[str, Any]] = []
    for name in ("posts", "comments", "mentions", "replies"):
        found += rows(payload.get(name))
    for one in rows(payload.get("items")):  # a notification keeps its comment in `data`
        found.append(table(one.get("data")) or one)
    return [one for one in found if "post" in one]


def single(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the post or comment that was asked for. Raises ValueError."""
    found = table(payload.get("comment_view")) or table(payload.get("post_view"))
    if not found:
        raise ValueError("neither a post nor a comment")
    return found


def written(view: Mapping[str, Any]) -> datetime | None:
    thing = table(view.get("comment")) or table(view.get("post"))
    return _time(thing, "published")


def local_id(view: Mapping[str, Any]) -> str:
    """Return "p22" or "c345". Raises ValueError."""
    comment = table(view.get("comment"))
    return f"c{_number(comment)}" if comment else f"p{_number(table(view.get('post')))}"


def read_view(
    view: Mapping[str, Any], home: Home, *, to_us: bool = False, ours: Collection[str] = ()
) -> Item:
    """
    Return a post or comment. Raises ValueError.

    Args:
        to_us: A notification says so, or it stands in a community of ours.
        ours: External ids of what we wrote: what answers that is to us.
    """
    own = home.external(local_id(view))
    comment, post = table(view.get("comment")), table(view.get("post"))
    thing = comment or post
    if thing.get("deleted") is True or thing.get("removed") is True:
        return Deletion(external_id=own)
    creator = table(view.get("creator"))
    thread = home.external(f"p{_number(post)}")
    parent = home.external(_above(comment) or f"p{_number(post)}") if comment else ""
    words = text(thing.get("content")) if comment else text(post.get("body"))
    title = "" if comment else text(post.get("name"))
    published = written(view)
    edited = _time(thing, "updated")
    author = author_of(creator)
    url = web(thing.get("ap_id"))
    if home.wrote(creator):
        if comment:
            return Reply(
                external_id=own,
                text=words,
                published=published,
                edited=edited,
                author=author,
                url=url,
                thread_id=thread,
                parent_id=parent,
                raw=view,
            )
        return OwnPost(
            external_id=own,
            text="\n\n".join(part for part in (title, words) if part),
            published=published,
            edited=edited,
            url=url,
            thread_id=thread,
            raw=view,
        )
    counts = {**thing, **table(view.get("counts"))}
    link = "" if comment else web(post.get("url"))
    return Mention(
        external_id=own,
        text=words,
        title=title,
        author=author,
        published=published,
        edited=edited,
        addressed=to_us or parent in ours,
        kind="comment" if comment else "post",
        url=url,
        thread_id=thread,
        parent_id=parent,
        language=home.languages.get(count(thing.get("language_id")) or 0, ""),
        media=1 if text(post.get("url_content_type")).startswith("image/") and not comment else 0,
        engagement=Engagement(
            likes=count(counts.get("score")),
            replies=count(counts.get("child_count" if comment else "comments")),
        ),
        links=(link,) if link else (),
        raw=view,
    )


def author_of(creator: Mapping[str, Any]) -> Author:
    url = actor(creator)
    name = text(creator.get("name"))
    return Author(
        id=url or name,
        name=text(creator.get("display_name")) or name,
        handle=handle(creator),
        url=url,
        is_bot=creator.get("bot_account") is True,
    )


def actor(creator: Mapping[str, Any]) -> str:
    return web(creator.get("actor_id")) or web(creator.get("ap_id"))


def handle(creator: Mapping[str, Any]) -> str:
    """Return "@name@host"; "" where either is missing."""
    name, url = text(creator.get("name")), actor(creator)
    return f"@{name}@{urlsplit(url).netloc}" if name and url else ""


def languages(payload: object) -> dict[int, str]:
    """Return the codes of the languages that an instance knows, by number."""
    found = {count(one.get("id")) or 0: text(one.get("code")) for one in rows(payload)}
    return {number: code for number, code in found.items() if code not in ("", "und")}


def _time(thing: Mapping[str, Any], name: str) -> datetime | None:
    """Return a time by its newer or its older name; servers before 0.19 named no zone: UTC."""
    value = text(thing.get(f"{name}_at")) or text(thing.get(name))
    return moment(value) or moment(f"{value}Z")


def _above(comment: Mapping[str, Any]) -> str:
    """Return the comment that is answered; "" where that is the post itself."""
    steps = text(comment.get("path")).split(".")
    above = steps[-2] if len(steps) > 2 else ""
    return f"c{int(above)}" if above.isascii() and above.isdecimal() and len(above) < 16 else ""


def _number(thing: Mapping[str, Any]) -> int:
    number = count(thing.get("id"))
    if not number or number >= 10**15:
        raise ValueError("an id is no number")
    return number
