"""Hits and trees of the Hacker News search API as mentions, replies and own posts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import count, each, rows, table, text, texts, web
from mentionwatch.model.items import Author, Deletion, Engagement, Item, Mention, OwnPost, Reply
from mentionwatch.model.text import html_links, html_to_text

SITE = "https://news.ycombinator.com"
# From the opening of the site to the year 2100: other numbers are no times.
_FIRST, _LAST = 1_160_000_000, 4_102_444_800


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """
    Who we are there.

    ``names``: our user names, case-folded. ``ids``: external ids of what we wrote, as far as known.
    ``stories``: those of ours, under which everything is to us.
    """

    names: frozenset[str]
    ids: Collection[str] = frozenset()
    stories: Collection[str] = frozenset()

    def wrote(self, author: str) -> bool:
        return author.casefold() in self.names


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """
    One page of a search.

    ``oldest`` and ``newest``: Unix seconds, None without hits. ``complete``: nothing older is left.
    """

    hits: tuple[dict[str, Any], ...]
    oldest: int | None
    newest: int | None
    complete: bool
    warnings: tuple[str, ...] = ()


def parse(payload: Any) -> Hits:
    """Return the hits of one page that have an id, a time and an author. Raises ChannelError."""
    with reading("the Hacker News search result"):
        things = payload["hits"]
        if not isinstance(things, list):
            raise TypeError("hits is no list")
        whole = payload["nbHits"]
        if count(whole) is None:
            raise TypeError("nbHits is no number")
    hits, warnings = each("Hacker News hits", things, _hit)
    times = [hit["created_at_i"] for hit in hits]
    return Hits(
        hits=hits,
        oldest=min(times, default=None),
        newest=max(times, default=None),
        complete=not things or whole <= len(things),
        warnings=warnings,
    )


def _hit(thing: Any) -> dict[str, Any]:
    """Return a hit whose id and time can be used. Raises ValueError, TypeError."""
    if not isinstance(thing, dict):
        raise TypeError("a hit is no object")
    identity(thing["objectID"])
    seconds(thing["created_at_i"])
    return thing


def identity(value: object) -> str:
    """Return an item's number as text. Raises ValueError."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    if not (written.isascii() and written.isdecimal() and len(written) <= 15) or int(written) < 1:
        raise ValueError("an id is no number")
    return str(int(written))


def seconds(value: object) -> int:
    """Return Unix seconds. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not _FIRST <= value <= _LAST:
        raise ValueError("a time is none")
    return value


def item_of_hit(hit: Mapping[str, Any], us: Us) -> Item:
    """Return what a hit is to us; a hit without an author is dead or was deleted."""
    own = identity(hit["objectID"])
    author = text(hit.get("author"))
    if not author:
        return Deletion(external_id=own)
    is_comment = "comment" in texts(hit.get("_tags")) or _number(hit.get("parent_id")) != ""
    story = _number(hit.get("story_id")) if is_comment else own
    parent = _number(hit.get("parent_id")) if is_comment else ""
    link = web(hit.get("story_url")) if is_comment else web(hit.get("url"))
    return _made(
        _Words(
            id=own,
            author=author,
            html=text(hit.get("comment_text")) or text(hit.get("story_text")),
            title="" if is_comment else text(hit.get("title")),
            at=datetime.fromtimestamp(seconds(hit["created_at_i"]), UTC),
            parent=parent,
            story=story or parent or own,
            link=link,
            points=count(hit.get("points")),
            comments=count(hit.get("num_comments")),
            raw=hit,
        ),
        us,
    )


def items_of_tree(
    payload: Any, us: Us, waiting: Collection[str], thread: str = ""
) -> tuple[Item, ...]:
    """
    Return what concerns us in an item and all that stands below it.

    That is the item itself, what we wrote, what answers that, and what waits. *thread* is the
    story as it is known here; old items do not tell it.
    """
    with reading("the Hacker News thread"):
        top = identity(payload["id"])
        story = _number(payload.get("story_id")) or thread or top
        nodes = list(_nodes(payload))
    ours = {_number(node.get("id")) for node, _ in nodes if us.wrote(text(node.get("author")))}
    known = Us(names=us.names, ids={*us.ids, *ours} - {""}, stories=us.stories)
    wanted = {top, *waiting, *known.ids}
    found: list[Item] = []
    for node, parent in nodes:
        own = _number(node.get("id"))
        if (own and own in wanted) or parent in known.ids:
            item = _node(node, parent, story, known)
            if item is not None:
                found.append(item)
    return tuple(found)


def _nodes(payload: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield each node of a tree with the number of its parent."""
    level = [(payload, _number(payload.get("parent_id")))]
    while level:
        yield from level
        level = [
            (child, _number(node.get("id")))
            for node, _ in level
            for child in rows(node.get("children"))
        ]


def _node(node: Mapping[str, Any], parent: str, story: str, us: Us) -> Item | None:
    own, author = _number(node.get("id")), text(node.get("author"))
    if not own:
        return None
    if not author:
        return Deletion(external_id=own)
    try:
        at = datetime.fromtimestamp(seconds(node.get("created_at_i")), UTC)
    except ValueError:
        return None
    return _made(
        _Words(
            id=own,
            author=author,
            html=text(node.get("text")),
            title=text(node.get("title")),
            at=at,
            parent=parent,
            story=story,
            link=web(node.get("url")),
            points=count(node.get("points")),
            comments=None,
            raw={name: value for name, value in node.items() if name != "children"},
        ),
        us,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """What a hit and a node of a tree have in common. ``parent`` "" is a story."""

    id: str
    author: str
    html: str
    title: str
    at: datetime
    parent: str
    story: str
    link: str
    points: int | None
    comments: int | None
    raw: Mapping[str, Any]


def _made(words: _Words, us: Us) -> Mention | Reply | OwnPost:
    author = Author(
        id=words.author,
        name=words.author,
        handle=words.author,
        url=f"{SITE}/user?id={words.author}" if _is_name(words.author) else "",
    )
    said = html_to_text(words.html)
    url = f"{SITE}/item?id={words.id}"
    if us.wrote(words.author):
        return _ours(words, author, said, url)
    return Mention(
        external_id=words.id,
        text=said,
        title=words.title,
        author=author,
        published=words.at,
        addressed=words.parent in us.ids or words.story in us.stories,
        kind="comment" if words.parent else "post",
        url=url,
        thread_id=words.story,
        parent_id=words.parent,
        engagement=Engagement(likes=words.points, replies=words.comments),
        links=tuple(dict.fromkeys(filter(None, (words.link, *html_links(words.html))))),
        raw=words.raw,
    )


def _ours(words: _Words, author: Author, said: str, url: str) -> Reply | OwnPost:
    if not words.parent:
        whole = "\n\n".join(part for part in (words.title, said) if part)
        return OwnPost(
            external_id=words.id,
            text=whole,
            published=words.at,
            url=url,
            thread_id=words.story,
            raw=words.raw,
        )
    return Reply(
        external_id=words.id,
        text=said,
        published=words.at,
        author=author,
        url=url,
        thread_id=words.story,
        parent_id=words.parent,
        raw=words.raw,
    )


def _number(value: object) -> str:
    """Return an item's number as text, "" for what is none."""
    try:
        return identity(value)
    except ValueError:
        return ""


def _is_name(author: str) -> bool:
    return author.replace("-", "").replace("_", "").isalnum()


def story_of(hit: Mapping[str, Any]) -> str:
    """Return the story to which a hit belongs, "" where that is not told."""
    return _number(hit.get("story_id")) or _number(table(hit).get("objectID"))
