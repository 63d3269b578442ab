"""
What is inside the answers of LinkedIn: notifications of a page, posts, comments.

Types: https://learn.microsoft.com/linkedin/marketing/community-management

What members wrote may be kept for 48 hours, and their names for a day: here are no names at all,
and texts only where the owner asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from mentionwatch.channels._values import count, needed, table, text
from mentionwatch.model.items import Author, Deletion, Engagement, Item, Mention, OwnPost, Reply

ACTIONS = ("COMMENT", "COMMENT_EDIT", "COMMENT_DELETE", "ADMIN_COMMENT", "SHARE_MENTION", "SHARE")
SITE = "https://www.linkedin.com/feed/update"
_UNKNOWN = Engagement()
_COMMENT = re.compile(r"urn:li:comment:\((?:urn:li:)?(\w+):([\w-]+),([\w-]+)\)")
_URN = re.compile(r"urn:li:\w+:[\w()-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """``urn`` of our page; ``texts``: what members wrote is kept."""

    urn: str
    texts: bool = False


def comment_urn(value: object) -> str:
    """Return a comment's URN in its full form. Raises ValueError."""
    found = _COMMENT.fullmatch(needed(value))
    if not found:
        raise ValueError("a comment has no URN")
    return f"urn:li:comment:(urn:li:{found[1]}:{found[2]},{found[3]})"


def post_of(comment: str) -> str:
    """Return the URN of the post under which a comment stands; "" for what is no comment."""
    found = _COMMENT.fullmatch(comment)
    return f"urn:li:{found[1]}:{found[2]}" if found else ""


def urn(value: object) -> str:
    """Return a URN; "" for anything else."""
    return value if isinstance(value, str) and _URN.fullmatch(value) else ""


def read_notification(thing: Mapping[str, Any], us: Us) -> list[Item]:
    """Return what a notification tells: nothing for likes. Raises ValueError."""
    action = text(thing.get("action"))
    if action not in ACTIONS:
        return []
    made = table(thing.get("decoratedGeneratedActivity"))
    at = at_ms(thing.get("lastModifiedAt"))
    if action.startswith("SHARE"):
        share = table(made.get("share"))
        return [_share(share, thing, us, at, mentions_us=action == "SHARE_MENTION")]
    comment = table(made.get("comment"))
    own = comment_urn(comment.get("entity") or thing.get("generatedActivity"))
    if action == "COMMENT_DELETE":
        return [Deletion(external_id=own)]
    post = post_of(own)
    found: list[Item] = []
    source = table(thing.get("decoratedSourcePost"))
    if text(source.get("owner")) == us.urn:
        found.append(OwnPost(external_id=post, text=text(source.get("text")), published=None,
                             url=link(post), thread_id=post))  # fmt: skip
    parent = comment.get("parentComment")
    owner = text(comment.get("owner"))
    if action == "ADMIN_COMMENT" or owner == us.urn:
        found.append(
            Reply(
                external_id=own,
                text=text(comment.get("text")),
                published=at,
                author=Author(id=us.urn, name="LinkedIn page"),
                url=link(post, own),
                thread_id=post,
                # Whether it stands under the post or under a comment is not told.
                parent_id=comment_urn(parent) if parent else "",
            )
        )
        return found
    edited = action == "COMMENT_EDIT"
    found.append(
        _mention(
            own=own,
            post=post,
            parent=comment_urn(parent) if parent else post,
            owner=owner,
            words=text(comment.get("text")),
            us=us,
            published=None if edited else at,
            edited=at if edited else None,
        )
    )
    return found


def read_comment(thing: Mapping[str, Any], us: Us) -> Item:
    """Return a comment as the list of a post's or a comment's comments has it."""
    given = thing.get("commentUrn") or f"urn:li:comment:({thing.get('object')},{thing.get('id')})"
    own = comment_urn(given)
    post = post_of(own)
    made, changed = table(thing.get("created")), table(thing.get("lastModified"))
    at, last = at_ms(made.get("time")), at_ms(changed.get("time"))
    edited = last if at and last and last > at else None
    words = text(table(thing.get("message")).get("text"))
    parent = comment_urn(thing["parentComment"]) if thing.get("parentComment") else post
    actor = text(thing.get("actor")) or text(made.get("actor"))
    if actor == us.urn:
        return Reply(
            external_id=own,
            text=words,
            published=at,
            edited=edited,
            author=Author(id=us.urn, name="LinkedIn page"),
            url=link(post, own),
            thread_id=post,
            parent_id=parent,
        )
    return _mention(
        own=own,
        post=post,
        parent=parent,
        owner=actor,
        words=words,
        us=us,
        published=at,
        edited=edited,
        engagement=Engagement(
            likes=count(table(thing.get("likesSummary")).get("totalLikes")),
            replies=count(table(thing.get("commentsSummary")).get("totalFirstLevelComments")),
        ),
    )


def read_post(thing: Mapping[str, Any]) -> OwnPost:
    """Return a post of our page. Raises ValueError."""
    own = urn(thing.get("id"))
    if not own:
        raise ValueError("a post has no URN")
    return OwnPost(
        external_id=own,
        text=text(thing.get("commentary")),
        published=at_ms(thing.get("publishedAt")) or at_ms(thing.get("createdAt")),
        url=link(own),
        thread_id=own,
    )


def link(post: str, comment: str = "") -> str:
    if not post:
        return ""
    asked = f"?commentUrn={quote(comment, safe='')}" if comment else ""
    return f"{SITE}/{post}/{asked}"


def at_ms(value: object) -> datetime | None:
    number = count(value)
    if number is None or not 10**12 <= number < 4_102_444_800_000:
        return None
    return datetime.fromtimestamp(number / 1000, UTC)


def _share(
    share: Mapping[str, Any],
    thing: Mapping[str, Any],
    us: Us,
    at: datetime | None,
    *,
    mentions_us: bool,
) -> Item:
    own = urn(share.get("entity")) or urn(thing.get("generatedActivity"))
    if not own:
        raise ValueError("a post has no URN")
    words = text(share.get("text"))
    return _mention(
        own=own,
        post=own,
        parent="" if mentions_us else urn(thing.get("sourcePost")),
        owner=text(share.get("owner")),
        words=words,
        us=us,
        published=at,
        addressed=mentions_us,
        kind="post",
        repost=not mentions_us and not words.strip(),
    )


def _mention(
    *,
    own: str,
    post: str,
    parent: str,
    owner: str,
    words: str,
    us: Us,
    published: datetime | None,
    edited: datetime | None = None,
    engagement: Engagement = _UNKNOWN,
    addressed: bool = True,
    kind: str = "comment",
    repost: bool = False,
) -> Mention:
    comment = own if own.startswith("urn:li:comment:") else ""
    person = urn(owner)
    company = person.startswith("urn:li:organization:")
    return Mention(
        external_id=own,
        text=words if us.texts else "",
        title="" if us.texts else f"a {kind} on LinkedIn",
        author=Author(id=person, name="LinkedIn page" if company else "LinkedIn member"),
        published=published,
        edited=edited,
        addressed=addressed,
        kind=kind,
        url=link(post, comment),
        thread_id=post,
        parent_id=parent,
        engagement=engagement,
        repost=repost,
    )
