"""
Videos of others that name the brand, and the comments below them.

Search: https://developers.google.com/youtube/v3/docs/search/list. It has a quota of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mentionwatch.channels._values import moment, table, text
from mentionwatch.channels._walk import floor
from mentionwatch.channels._youtube_api import parse_listing, reasons
from mentionwatch.channels._youtube_items import Item
from mentionwatch.channels._youtube_run import PARTS, Run, is_id
from mentionwatch.errors import AnswerRefused
from mentionwatch.model.items import Mention, Page, StreamState
from mentionwatch.model.times import iso

SEARCH_LATE = timedelta(hours=24)  # videos are indexed hours late
FOUND_VIDEOS = 10  # whose comments are watched
FOUND_DAYS = timedelta(days=7)


@dataclass(kw_only=True, slots=True)
class Finder:
    """The searches of one run. ``found``: by stream, the latest videos that name us."""

    run: Run
    found: dict[str, list[str]] = field(default_factory=dict)

    async def search(self, stream: str, words: str, rest: timedelta) -> AsyncGenerator[Page, None]:
        """
        Search for videos, no more often than the day's searches allow.

        Args:
            rest: How long a search is not made again.
        """
        state = self.run.query.state(stream)
        last = moment(state.cursor)
        if last is not None and last <= self.run.query.now < last + rest and not state.walking:
            return
        lowest = floor(state.cursor, self.run.query.since, SEARCH_LATE)
        wanted: dict[str, Any] = {
            "part": "snippet",
            "type": "video",
            "order": "date",
            "q": words,
            "publishedAfter": iso(lowest),
            "maxResults": 50,
        }
        listing = parse_listing(await self.run.api.get("/search", wanted))
        ids = [text(table(one.get("id")).get("videoId")) for one in listing.things]
        ids = [one for one in dict.fromkeys(ids) if is_id(one)]
        items, warnings = await self.run.videos_of(ids) if ids else ((), ())
        if listing.token:
            warnings += (f"more than {len(ids)} new videos fit the search; the newest are read",)
        self.found[stream] = self._found(state, items)
        extra = {"found": " ".join(self.found[stream])}
        for page in self.run.ledger.page():
            yield page
        state = StreamState(cursor=iso(self.run.query.now), extra=extra)
        yield Page(stream=stream, items=items, state=state, searched=True, warnings=warnings)

    def _found(self, state: StreamState, items: Iterable[Item]) -> list[str]:
        """Return the latest videos of others that name us, each as "id=time"."""
        kept = dict(one.partition("=")[::2] for one in state.extra.get("found", "").split())
        lowest = iso(self.run.query.now - FOUND_DAYS)
        for one in items:
            if isinstance(one, Mention) and one.published and self._names_us(one):
                kept[one.external_id] = iso(one.published)
        fresh = sorted((at, one) for one, at in kept.items() if at >= lowest)
        return [f"{one}={at}" for at, one in fresh[-FOUND_VIDEOS:]]

    def _names_us(self, found: Mention) -> bool:
        """A search is fuzzy; what it finds is matched strictly where it is stored."""
        said = f"{found.title}\n{found.text}".casefold()
        return any(term.strip("#@\"'").casefold() in said for term in self.run.query.terms)

    async def found_comments(self, stream: str) -> AsyncGenerator[Page, None]:
        """Read the newest comments below the videos that were found."""
        kept = self.run.query.state(stream).extra.get("found", "").split()
        for one in self.found.get(stream, kept):
            place = one.partition("=")[0]
            wanted = {**PARTS, "videoId": place, "order": "time", "maxResults": 100}
            try:
                listing = await self.run.threads_page(wanted)
            except AnswerRefused as error:
                if not _is_closed(error):
                    raise
                continue  # the video has no comments, or none any more
            items, warnings = await self.run.items_of(listing.things, ours=False)
            for page in self.run.ledger.page():
                yield page
            yield Page(stream=f"video:{place}", items=items, searched=True, warnings=warnings)


def _is_closed(error: AnswerRefused) -> bool:
    """Whether a video has no comments, or is gone: nothing that the owner could do about."""
    named = reasons(error.body)
    return bool(named & {"commentsDisabled", "videoNotFound", "forbidden"})
