"""What a channel yields: mentions, replies, own posts and deletions, in pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentionwatch.model.author import Author

__all__ = [
    "Author",
    "Deletion",
    "Engagement",
    "Item",
    "Mention",
    "OwnPost",
    "Page",
    "Reply",
    "StreamState",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Engagement:
    """Counts as the platform shows them at the time of reading; None where it does not."""

    likes: int | None = None
    shares: int | None = None
    replies: int | None = None
    views: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """
    One post, comment, review, message, mail or call by somebody else.

    ``external_id`` is unique within the channel and stable; where ids are per server it includes
    the host. ``thread_id`` names what belongs together on the platform (the post under which
    comments stand, the mail thread, the direct conversation); empty means: a thread of its own.
    ``parent_id`` is the external id of the item that this one answers.
    ``addressed`` means that it is to us: a tag, a reply to us, a review, a private message, on our
    page. Found by search: False; it is then matched again against the brand's terms.
    ``published`` is the channel's clock; ``delivered`` that of a notification or mail server; None
    where unknown. ``rating`` counts from 0 to ``rating_max``. ``media`` is a count.
    ``article_key`` is a canonical URL or "publisher|title" and marks an article: the same key
    by two roads is one conversation. ``channel_type`` is set by imports that carry items of
    another platform ("yelp" in a file), and by nobody else. ``repost`` without text of its own
    adds reach to ``parent_id`` and never is a row. ``skipped`` names why a filter passed it over
    ("newsletter", "bounce"): it is stored without its text, so that it can be explained.
    ``links``: URLs that it points to beside those in its text; one to our site is a mention.
    """

    external_id: str
    text: str
    author: Author
    published: datetime | None
    delivered: datetime | None = None
    edited: datetime | None = None
    addressed: bool = False
    kind: str = "post"
    title: str = ""
    url: str = ""
    thread_id: str = ""
    parent_id: str = ""
    private: bool = False
    rating: float | None = None
    rating_max: float = 5.0
    language: str = ""
    media: int = 0
    engagement: Engagement = Engagement()
    article_key: str = ""
    publisher: str = ""
    channel_type: str = ""
    repost: bool = False
    skipped: str = ""
    automatic: bool = False
    links: tuple[str, ...] = ()
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """
    Something that one of the brand's own accounts wrote to somebody.

    ``parent_id``: the external id of the mention (or of our earlier reply) to which it is attached;
    empty where the platform gives only ``thread_id``. ``to``: author ids, handles or addresses
    that it names. ``certainty``: "sure" or "likely" (a hint; does not end a clock).
    ``automatic``: an out-of-office note, a bot, a template sent by a machine; does not end a clock.
    """

    external_id: str
    text: str
    published: datetime | None
    delivered: datetime | None = None
    edited: datetime | None = None
    author: Author = Author()  # noqa: RUF009 - frozen
    url: str = ""
    thread_id: str = ""
    parent_id: str = ""
    to: tuple[str, ...] = ()
    certainty: str = "sure"
    automatic: bool = False
    private: bool = False
    channel_type: str = ""
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPost:
    """Something else that the brand published; under it others may comment (``thread_id``)."""

    external_id: str
    text: str
    published: datetime | None
    url: str = ""
    thread_id: str = ""
    edited: datetime | None = None
    channel_type: str = ""
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletion:
    """The item with this external id is gone at the source; marked, never removed here."""

    external_id: str


Item = Mention | Reply | OwnPost | Deletion


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamState:
    """
    How far one stream of a channel has been read; stored as it is, with the page that carries it.

    Oldest-first streams move ``cursor`` page by page. Newest-first streams walk: ``top`` is the
    position where the walk began, ``resume`` where it goes on; both are stored page by page, and
    only when the walk has reached ``cursor`` does ``top`` become the cursor (`arrived`). A stored
    walk that is not over is a *gap*: shown, and closed by later runs. Cursors are opaque strings.
    ``extra`` holds small things of the stream's own, e.g. an ETag.
    """

    cursor: str = ""
    top: str = ""
    resume: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def walking(self) -> bool:
        return bool(self.top or self.resume)

    def walked(self, *, top: str, resume: str) -> StreamState:
        """Return the state after one page of a newest-first walk; the first page sets ``top``."""
        return StreamState(cursor=self.cursor, top=self.top or top, resume=resume, extra=self.extra)

    def arrived(self, *, top: str = "") -> StreamState:
        """Return the state after the last page of a walk: what lies below its top is stored."""
        return StreamState(cursor=self.top or top or self.cursor, extra=self.extra)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """
    Items and the state behind them, kept in one transaction.

    ``state`` None leaves the stream as it is. ``checked`` names the open items (external ids) that
    this page revisited for our replies, edits and deletions.
    ``searched``: these mentions were found by search and are matched here again.
    ``warnings`` are sentences for the owner.
    """

    stream: str
    items: tuple[Item, ...] = ()
    state: StreamState | None = None
    checked: tuple[str, ...] = ()
    searched: bool = False
    warnings: tuple[str, ...] = ()
