"""
Comments and videos of YouTube as mentions, replies and own posts.

Resources: https://developers.google.com/youtube/v3/docs/comments
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mentionwatch.channels._values import count, moment, needed, rows, table, text, web
from mentionwatch.model.items import Author, Engagement, Mention, OwnPost, Reply
from mentionwatch.model.text import html_to_text

WATCH = "https://www.youtube.com/watch?v="
_ID = re.compile(r"[\w.-]{5,120}", re.ASCII)
_HANDLE = re.compile(r"@[\w.·-]{2,30}")

Item = Mention | Reply | OwnPost
People = Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """``channels``: ids of our channels, the one that is watched first."""

    channels: tuple[str, ...]

    def owns(self, channel_id: str) -> bool:
        return bool(channel_id) and channel_id in self.channels


def identifier(value: object) -> str:
    """Return an id that is safe in an address. Raises ValueError."""
    found = needed(value)
    if not _ID.fullmatch(found):
        raise ValueError("an id holds characters that no id has")
    return found


def channel_of(comment: Mapping[str, Any]) -> str:
    """Return who wrote a comment; "" where the account is gone."""
    return text(table(table(comment.get("snippet")).get("authorChannelId")).get("value"))


def thread_comments(thread: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the top comment of a thread and the replies that came with it."""
    top = table(table(thread.get("snippet")).get("topLevelComment"))
    return [top, *rows(table(thread.get("replies")).get("comments"))]


def thread_items(
    thread: Mapping[str, Any],
    more: Sequence[Mapping[str, Any]],
    us: Us,
    people: People,
    *,
    ours: bool = True,
    whole: bool = True,
) -> Iterator[Item]:
    """
    Yield what the comments of one thread are to us.

    Args:
        thread: With its top comment.
        more: All replies, where the thread came with a part of them.
        people: Followers by channel id.
        ours: The thread stands under a video of ours, or on our page.
        whole: All replies are there. With a part of them nobody knows whom ours are for; they
            were understood when all were there.

    Raises:
        ValueError: A comment has no id.
    """
    snippet = table(thread.get("snippet"))
    top, *replies = thread_comments(thread)
    found = {text(one.get("id")): one for one in (*replies, *more)}
    ordered = sorted(found.values(), key=_written)
    under = text(snippet.get("videoId")) or text(table(top.get("snippet")).get("videoId"))
    page = text(snippet.get("channelId")) or us.channels[0]
    where = _Place(video=under, page=page, top=identifier(top.get("id")), ours=ours)
    yield _top(top, snippet, where, us, people)
    for place, one in enumerate(ordered):
        if whole or not us.owns(channel_of(one)):
            yield _reply(one, [top, *ordered[:place]], where, us, people)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a thread stands: under a video, or else on a channel's page."""

    video: str
    page: str
    top: str
    ours: bool

    @property
    def post(self) -> str:
        return self.video or f"page:{self.page}"

    def url(self, comment: str) -> str:
        if self.video:
            return web(f"{WATCH}{self.video}&lc={comment}")
        return web(f"https://www.youtube.com/channel/{self.page}/community?lc={comment}")


def _top(
    comment: Mapping[str, Any],
    snippet: Mapping[str, Any],
    where: _Place,
    us: Us,
    people: People,
) -> Item:
    common = _common(comment, where)
    if us.owns(channel_of(comment)):
        return OwnPost(**common)
    return Mention(
        **common,
        author=_author(comment, people),
        addressed=where.ours,
        kind="comment",
        parent_id=where.post if where.video else "",
        engagement=_engagement(comment, count(snippet.get("totalReplyCount"))),
    )


def _reply(
    comment: Mapping[str, Any],
    before: Sequence[Mapping[str, Any]],
    where: _Place,
    us: Us,
    people: People,
) -> Item:
    common = _common(comment, where)
    if us.owns(channel_of(comment)):
        return Reply(**common, **_answered(comment, before, us), author=_author(comment, people))
    return Mention(
        **common,
        author=_author(comment, people),
        addressed=where.ours or us.owns(channel_of(before[0])),
        kind="comment",
        parent_id=where.top,
        engagement=_engagement(comment, None),
    )


def _answered(
    comment: Mapping[str, Any], before: Sequence[Mapping[str, Any]], us: Us
) -> dict[str, Any]:
    """
    Return whom our comment answers: replies hang below the top comment, whoever they are for.

    The one whom it names, else who wrote the top comment; below a comment of our own the sole
    customer there, else the last one, perhaps.
    """
    customers = [one for one in before if not us.owns(channel_of(one))]
    named = _HANDLE.match(words(comment).lstrip("\u200b\u2063 "))
    if named:
        for one in reversed(customers):
            if _name(one).casefold() == named[0].casefold():
                return {"parent_id": identifier(one.get("id"))}
    if not us.owns(channel_of(before[0])):
        return {"parent_id": identifier(before[0].get("id"))}
    if not customers:
        return {"parent_id": identifier(before[0].get("id")), "certainty": "likely"}
    alone = len({channel_of(one) or text(one.get("id")) for one in customers}) == 1
    return {
        "parent_id": identifier(customers[-1].get("id")),
        "certainty": "sure" if alone else "likely",
    }


def _common(comment: Mapping[str, Any], where: _Place) -> dict[str, Any]:
    snippet = table(comment.get("snippet"))
    here = identifier(comment.get("id"))
    published, updated = moment(snippet.get("publishedAt")), moment(snippet.get("updatedAt"))
    return {
        "external_id": here,
        "text": words(comment),
        "published": published,
        "edited": updated if updated != published else None,
        "url": where.url(here),
        "thread_id": where.post,
        "raw": comment,
    }


def words(comment: Mapping[str, Any]) -> str:
    """Return the text; the original may be kept from us, and what is shown may be HTML."""
    snippet = table(comment.get("snippet"))
    original = text(snippet.get("textOriginal"))
    return original or html_to_text(text(snippet.get("textDisplay")))


def _written(comment: Mapping[str, Any]) -> tuple[str, str]:
    at = moment(table(comment.get("snippet")).get("publishedAt"))
    return (at.isoformat() if at else "", text(comment.get("id")))


def _name(comment: Mapping[str, Any]) -> str:
    return text(table(comment.get("snippet")).get("authorDisplayName"))


def _author(comment: Mapping[str, Any], people: People) -> Author:
    channel, name = channel_of(comment), _name(comment)
    url = table(comment.get("snippet")).get("authorChannelUrl")
    return Author(
        id=channel,
        name=name,
        handle=name if _HANDLE.fullmatch(name) else "",
        url=web(url) if channel else "",
        followers=people.get(channel),
    )


def _engagement(comment: Mapping[str, Any], replies: int | None) -> Engagement:
    likes = count(table(comment.get("snippet")).get("likeCount"))
    return Engagement(likes=likes, replies=replies)


# --- videos --------------------------------------------------------------------------------------


def video(thing: Mapping[str, Any], us: Us, people: People) -> Mention | OwnPost:
    """Return what a video is to us. Raises ValueError."""
    snippet, statistics = table(thing.get("snippet")), table(thing.get("statistics"))
    here = identifier(thing.get("id"))
    channel, title = text(snippet.get("channelId")), text(snippet.get("title"))
    common: dict[str, Any] = {
        "external_id": here,
        "published": moment(snippet.get("publishedAt")),
        "url": f"{WATCH}{here}",
        "thread_id": here,
        "raw": thing,
    }
    description = text(snippet.get("description"))
    if us.owns(channel):
        said = "\n\n".join(part for part in (title, description) if part)
        return OwnPost(**common, text=said)
    name = text(snippet.get("channelTitle"))
    language = text(snippet.get("defaultAudioLanguage")) or text(snippet.get("defaultLanguage"))
    return Mention(
        **common,
        text=description,
        title=title,
        kind="video",
        author=Author(
            id=channel,
            name=name,
            url=web(f"https://www.youtube.com/channel/{channel}") if channel else "",
            followers=people.get(channel),
        ),
        language=language.partition("-")[0].lower(),
        media=1,
        engagement=Engagement(
            likes=number(statistics.get("likeCount")),
            replies=number(statistics.get("commentCount")),
            views=number(statistics.get("viewCount")),
        ),
    )


def number(value: object) -> int | None:
    """Return a count that is written as text."""
    found = text(value)
    return count(int(found)) if found.isdecimal() and len(found) < 16 else None
