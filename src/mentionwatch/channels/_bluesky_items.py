"""
Posts and messages of Bluesky as mentions, replies and own posts.

Schemas: https://github.com/bluesky-social/atproto/tree/main/lexicons
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentionwatch.channels._values import (
    count,
    moment,
    needed,
    rows,
    table,
    text,
    texts,
    total,
    web,
)
from mentionwatch.model.items import (
    Author,
    Deletion,
    Engagement,
    Item,
    Mention,
    OwnPost,
    Reply,
)

POST = "app.bsky.feed.post"
_URI = re.compile(
    r"at://(did:[a-z]+:[\w.:%-]{1,300})/([a-zA-Z][\w.-]{1,200})/([\w.~:-]{1,300})", re.A
)
_PART = re.compile(r"[\w.~:-]{1,200}", re.ASCII)
_MENTION = "app.bsky.richtext.facet#mention"
_LINK = "app.bsky.richtext.facet#link"
MOST_FACETS = 200


def uri_of(value: object) -> str:
    """Return the address of a record. Raises ValueError."""
    found = needed(value)
    if not _URI.fullmatch(found):
        raise ValueError("an address is not that of a record")
    return found


def uri_or_none(value: object) -> str:
    """Return the address of a record; "" for anything else."""
    return value if isinstance(value, str) and _URI.fullmatch(value) else ""


def author_of(uri: str) -> str:
    """Return the id of the account in whose repository a record stands."""
    found = _URI.fullmatch(uri)
    return found[1] if found else ""


@dataclass(kw_only=True, slots=True)
class Us:
    """
    Who we are, and what was seen of our own threads.

    ``names``: own accounts, ids and handles, in lower case and without "@".
    ``parents``: post -> the one that it answers, "" for none.
    """

    did: str
    names: frozenset[str] = frozenset()
    parents: dict[str, str] = field(default_factory=dict)

    def owns(self, author: Mapping[str, Any]) -> bool:
        did, handle = text(author.get("did")), text(author.get("handle"))
        return self.owns_id(did) or (bool(handle) and handle.casefold() in self.names)

    def owns_id(self, did: str) -> bool:
        return bool(did) and (did == self.did or did.casefold() in self.names)

    def learn(self, posts: Iterable[Mapping[str, Any]]) -> None:
        """Remember what each post answers."""
        for post in posts:
            uri = uri_or_none(post.get("uri"))
            if uri and isinstance(post.get("record"), dict):
                self.parents[uri] = parent_of(post["record"])

    def answered(self, parent: str) -> tuple[str, bool]:
        """Return whom a chain of our own posts answers; False where the chain was not all seen."""
        seen = set[str]()
        while parent and self.owns_id(author_of(parent)) and parent not in seen:
            seen.add(parent)
            if parent not in self.parents:
                return "", False
            parent = self.parents[parent]
        return ("" if parent in seen else author_of(parent)), True


def parent_of(record: Mapping[str, Any]) -> str:
    return uri_or_none(table(table(record.get("reply")).get("parent")).get("uri"))


def root_of(record: Mapping[str, Any]) -> str:
    return uri_or_none(table(table(record.get("reply")).get("root")).get("uri"))


def written(post: Mapping[str, Any]) -> datetime | None:
    """Return the earlier of the author's time, which may be false, and the server's."""
    claimed = moment(table(post.get("record")).get("createdAt"))
    indexed = moment(post.get("indexedAt"))
    times = [at for at in (claimed, indexed) if at is not None]
    return min(times) if times else None


def item(
    post: Mapping[str, Any],
    us: Us,
    *,
    followers: Mapping[str, int | None] | None = None,
    told: bool = False,
    grandparent: str = "",
) -> Mention | Reply | OwnPost:
    """
    Return what a post (``postView``, or a notification with the same keys) is to us.

    Args:
        post: As it came.
        us: Who we are.
        followers: By account id.
        told: A notification says that it concerns us.
        grandparent: The id of who wrote what its parent answers, where the feed says so.

    Raises:
        ValueError, TypeError: It has no address, author or text.
    """
    uri_of(post.get("uri"))
    author = table(post.get("author"))
    needed(author.get("did"))
    record = post.get("record")
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise TypeError("a post has no text")
    if us.owns(author):
        return _ours(post, record, author, us, grandparent)
    return _mention(post, record, author, us, followers or {}, told=told)


def _mention(
    post: Mapping[str, Any],
    record: Mapping[str, Any],
    author: Mapping[str, Any],
    us: Us,
    followers: Mapping[str, int | None],
    *,
    told: bool,
) -> Mention:
    uri, parent = uri_of(post.get("uri")), parent_of(record)
    return Mention(
        external_id=uri,
        text=words(record),
        author=_author(author, followers),
        published=written(post),
        delivered=moment(post.get("indexedAt")),
        addressed=told or is_addressed(record, us),
        kind="comment" if parent else "post",
        url=permalink(uri),
        thread_id=root_of(record) or parent or uri,
        parent_id=parent,
        language=(texts(record.get("langs")) or [""])[0],
        media=media(record),
        engagement=Engagement(
            likes=count(post.get("likeCount")),
            shares=total(post.get("repostCount"), post.get("quoteCount")),
            replies=count(post.get("replyCount")),
        ),
        raw=dict(post),
    )


def is_addressed(record: Mapping[str, Any], us: Us) -> bool:
    """Whether a post tags us by id, answers us, or quotes us; the handle in its text may be old."""
    mentioned = any(us.owns_id(did) for did in _mentioned(record))
    others = (parent_of(record), quoted(record))
    return mentioned or any(us.owns_id(author_of(uri)) for uri in others)


def _ours(
    post: Mapping[str, Any],
    record: Mapping[str, Any],
    author: Mapping[str, Any],
    us: Us,
    grandparent: str,
) -> Reply | OwnPost:
    uri, parent, root = uri_of(post.get("uri")), parent_of(record), root_of(record)
    others = [did for did in _mentioned(record) if not us.owns_id(did)]
    common: dict[str, Any] = {
        "external_id": uri,
        "text": words(record),
        "published": written(post),
        "url": permalink(uri),
        "raw": dict(post),
    }
    if parent:
        whom = _answered(us, parent, root, grandparent)
        named = tuple(dict.fromkeys(filter(None, [whom, *others])))
        if not named:
            return OwnPost(**common, thread_id=root or parent)
        return Reply(
            **common,
            author=_author(author, {}),
            thread_id=root or parent,
            parent_id=parent,
            to=named,
        )
    shown = quoted(record)
    foreign = shown if shown and not us.owns_id(author_of(shown)) else ""
    if foreign or (others and text(record.get("text")).startswith("@")):
        named = tuple(dict.fromkeys(filter(None, [author_of(foreign), *others])))
        return Reply(
            **common, author=_author(author, {}), parent_id=foreign, to=named, certainty="likely"
        )
    return OwnPost(**common, thread_id=uri)


def _answered(us: Us, parent: str, root: str, grandparent: str) -> str:
    """Return the id of the customer whom a post of ours answers; "" in a thread of our own."""
    whom, certain = us.answered(parent)
    if certain or whom:
        return whom
    return next((one for one in (grandparent, author_of(root)) if one and not us.owns_id(one)), "")


def words(record: Mapping[str, Any]) -> str:
    """
    Return the text with shortened links in full, and the address of its link card.

    Facets count UTF-8 bytes; those that lie outside of the text are ignored.
    """
    data = text(record.get("text")).encode("utf-8", "replace")
    end = len(data)
    for start, stop, uri in sorted(_links(record, len(data)), reverse=True):
        if stop <= end:
            shown = data[start:stop].decode("utf-8", "replace")
            data = data[:start] + _full(shown, uri).encode() + data[stop:]
            end = start
    said = data.decode("utf-8", "replace")
    cards = (web(table(part.get("external")).get("uri")) for part in _embeds(record))
    return "\n".join([said, *(card for card in cards if card and card not in said)]).strip()


def _links(record: Mapping[str, Any], size: int) -> Iterator[tuple[int, int, str]]:
    for facet in rows(record.get("facets"))[:MOST_FACETS]:
        index = table(facet.get("index"))
        start, stop = count(index.get("byteStart")), count(index.get("byteEnd"))
        if start is None or stop is None or not start < stop <= size:
            continue
        for feature in rows(facet.get("features")):
            uri = web(feature.get("uri"))
            if feature.get("$type") == _LINK and uri:
                yield start, stop, uri


def _full(shown: str, uri: str) -> str:
    bare = re.sub(r"^https?://", "", shown).rstrip("….").rstrip("/")
    shortened = bare and re.sub(r"^https?://(?:www\.)?", "", uri).startswith(
        bare.removeprefix("www.")
    )
    return uri if shortened or uri in shown else f"{shown} ({uri})"


def _mentioned(record: Mapping[str, Any]) -> list[str]:
    features = (
        feature
        for facet in rows(record.get("facets"))[:MOST_FACETS]
        for feature in rows(facet.get("features"))
        if feature.get("$type") == _MENTION
    )
    return list(dict.fromkeys(filter(None, (text(one.get("did")) for one in features))))


def _embeds(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    embed = table(record.get("embed"))
    return [part for part in (embed, table(embed.get("media"))) if part]


def media(record: Mapping[str, Any]) -> int:
    return sum(len(rows(e.get("images"))) + bool(table(e.get("video"))) for e in _embeds(record))


def quoted(record: Mapping[str, Any]) -> str:
    """Return the post that this one quotes; "" for none."""
    shown = table(table(record.get("embed")).get("record"))
    return uri_or_none(shown.get("uri")) or uri_or_none(table(shown.get("record")).get("uri"))


def permalink(uri: str) -> str:
    """Return the address for people; with the id, because handles change."""
    found = _URI.fullmatch(uri)
    return f"https://bsky.app/profile/{found[1]}/post/{found[3]}" if found else ""


def _author(author: Mapping[str, Any], followers: Mapping[str, int | None]) -> Author:
    did, handle = needed(author.get("did")), text(author.get("handle"))
    valid = handle and handle != "handle.invalid"
    return Author(
        id=did,
        name=text(author.get("displayName")) or (handle if valid else ""),
        handle=f"@{handle}" if valid else "",
        url=web(f"https://bsky.app/profile/{did}"),
        followers=followers.get(did),
    )


# --- threads ------------------------------------------------------------------------------------


def thread_posts(thread: Any) -> list[dict[str, Any]]:
    """Return the posts of a thread, its beginning first; those gone or blocked are left out."""
    found: list[dict[str, Any]] = []
    level = [table(thread)]
    while level:
        found += [table(node["post"]) for node in level if isinstance(node.get("post"), dict)]
        level = [reply for node in level for reply in rows(node.get("replies"))]
    return found


# --- direct messages ----------------------------------------------------------------------------


def convo_id(convo: Mapping[str, Any]) -> str:
    """Return the id of a direct conversation. Raises ValueError."""
    found = needed(convo.get("id"))
    if not _PART.fullmatch(found):
        raise ValueError("an id holds characters that no id has")
    return found


def message(one: Mapping[str, Any], convo: Mapping[str, Any], us: Us) -> Item | None:
    """
    Return what a direct message is; None for what the system says ("joined the group").

    Raises:
        ValueError: It has no id or sender.
    """
    kind = text(one.get("$type")).rpartition("#")[2]
    if kind == "systemMessageView":
        return None
    place = f"chat:{convo_id(convo)}"
    identity = f"{place}/{needed(one.get('id'))}"
    if kind == "deletedMessageView":
        return Deletion(external_id=identity)
    sender = needed(table(one.get("sender")).get("did"))
    members = {text(member.get("did")): member for member in rows(convo.get("members"))}
    author = _author({**members.get(sender, {}), "did": sender}, {})
    common: dict[str, Any] = {
        "external_id": identity,
        "text": words(one),
        "published": moment(one.get("sentAt")),
        "thread_id": place,
        "author": author,
        "url": f"https://bsky.app/messages/{convo_id(convo)}",
        "private": True,
        "raw": dict(one),
    }
    if us.owns({**members.get(sender, {}), "did": sender}):
        others = tuple(did for did in members if did and not us.owns_id(did))
        return Reply(**common, to=others, certainty="sure" if len(others) == 1 else "likely")
    return Mention(**common, addressed=True, kind="message")
