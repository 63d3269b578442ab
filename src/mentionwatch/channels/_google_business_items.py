"""
What is inside the answers of Google Business Profile: accounts, locations, reviews.

Fields: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._google import author_name
from mentionwatch.channels._reviews import Review
from mentionwatch.channels._values import each, moment, needed, rows, table, text, web
from mentionwatch.model.items import Author, Mention, Reply, StreamState
from mentionwatch.model.times import iso

PLACES_KEPT = timedelta(days=7)
RATINGS = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
_TRANSLATED = "(Translated by Google)"
_ORIGINAL = "(Original)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A location: ``account`` "accounts/1", ``name`` "locations/2"."""

    account: str
    name: str
    maps: str = ""


def parse(payload: Any, place: Place) -> tuple[tuple[Review, ...], str, tuple[str, ...]]:
    """Return the reviews of a page, the token of the next one, and warnings."""
    with reading("the list of Google reviews"):
        things = payload.get("reviews") or []  # none at all: the answer is {}
        if not isinstance(things, list):
            raise TypeError("reviews is no list")
        following = text(payload.get("nextPageToken"))
    found, warnings = each("Google reviews", things, lambda one: read_review(one, place))
    return found, following, warnings


def read_review(payload: Any, place: Place) -> Review:
    """Return one review. Raises ValueError and the like."""
    review_id = needed(payload.get("reviewId") or payload["name"].rpartition("/")[2])
    reviewer = table(payload.get("reviewer"))
    written, changed = moment(payload.get("createTime")), moment(payload.get("updateTime"))
    url = web(payload.get("reviewReplyUrl")) or place.maps
    media = payload.get("reviewMediaItems")
    mention = Mention(
        # Without the account: a location may be reached through several, and change its group.
        external_id=f"{place.name}/reviews/{review_id}",
        text=original(text(payload.get("comment"))),
        author=Author(name=author_name(reviewer.get("displayName"))),
        published=written or changed,
        edited=changed if written is None or (changed and changed > written) else None,
        kind="review",
        url=url,
        rating=RATINGS.get(text(payload.get("starRating"))),
        media=len(media) if isinstance(media, list) else 0,
        raw=payload,
    )
    answer = table(payload.get("reviewReply"))
    return Review(mention=mention, answer=_answer(answer, url), warnings=_rejected(answer, mention))


def _answer(payload: dict[str, Any], url: str) -> Reply | None:
    """Return what we wrote; what moderation rejected is not there for anybody."""
    if not payload or text(payload.get("reviewReplyState")) == "REJECTED":
        return None
    return Reply(
        external_id="",
        text=original(text(payload.get("comment"))),
        published=moment(payload.get("updateTime")),
        url=url,
        raw=payload,
    )


def _rejected(payload: dict[str, Any], mention: Mention) -> tuple[str, ...]:
    """Say so where moderation rejected our answer, with Google's reason."""
    if text(payload.get("reviewReplyState")) != "REJECTED":
        return ()
    violation = payload.get("policyViolation")
    reason = text(violation) or text(table(violation).get("reason")) or "no reason is given"
    return (f"Google rejected your answer to {mention.author.name}: {reason[:100]}",)


def original(comment: str) -> str:
    """Return what the customer wrote, of a text to which Google added a translation."""
    before, marked, after = comment.partition(_ORIGINAL)
    if marked and _TRANSLATED in comment:
        return (after.partition(_TRANSLATED)[0].strip() or before.partition(_TRANSLATED)[0]).strip()
    before, marked, after = comment.partition(_TRANSLATED)
    return (before.strip() or after.strip()) if marked else comment


def read_accounts(payload: Any) -> tuple[list[tuple[str, str]], str]:
    """Return name and title of each account, the personal ones first, and the next page's token."""
    with reading("the list of Google business accounts"):
        accounts = [
            (one.get("type") != "PERSONAL", one["name"], text(one.get("accountName")))
            for one in rows(payload.get("accounts"))
            if is_name(one.get("name"), "accounts")
        ]
        return [(name, title) for _, name, title in sorted(accounts)], text(
            payload.get("nextPageToken")
        )


def read_locations(payload: Any, account: str) -> tuple[list[Place], str]:
    """Return the locations of an account, and the next page's token."""
    with reading("the list of Google business locations"):
        places = [
            Place(
                account=account,
                name=one["name"],
                maps=web(table(one.get("metadata")).get("mapsUri")),
            )
            for one in rows(payload.get("locations"))
            if is_name(one.get("name"), "locations")
        ]
        return places, text(payload.get("nextPageToken"))


def is_name(value: object, kind: str) -> bool:
    """Whether a value is such as "accounts/123"."""
    if not isinstance(value, str):
        return False
    first, slash, number = value.partition("/")
    return first == kind and bool(slash) and number.isascii() and number.isalnum()


def places_state(places: list[Place], now: datetime) -> StreamState:
    written = json.dumps([[place.account, place.name, place.maps] for place in places])
    return StreamState(extra={"at": iso(now), "places": written})


def kept_places(state: StreamState, now: datetime) -> list[Place]:
    """Return the locations that an earlier run found; none where that is too long ago."""
    at = moment(state.extra.get("at"))
    if at is None or not timedelta() <= now - at < PLACES_KEPT:
        return []
    try:
        return [
            Place(account=text(account), name=text(name), maps=web(maps))
            for account, name, maps in json.loads(state.extra.get("places", ""))
        ]
    except (ValueError, TypeError):
        return []
