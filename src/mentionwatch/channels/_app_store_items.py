"""
What is inside the App Store's two sources: the public feed, and App Store Connect.

Fields: https://developer.apple.com/documentation/appstoreconnectapi/customerreview; the feed is
undocumented: each of its values is wrapped as {"label": "..."}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._reviews import Review, stars
from mentionwatch.channels._values import each, moment, needed, rows, table, text, web
from mentionwatch.model.items import Author, Engagement, Mention, Reply

Found = tuple[tuple[Review, ...], tuple[str, ...]]

# --- the public feed ------------------------------------------------------------------------------


def read_feed(payload: Any, country: str, app_id: str) -> Found:
    """Return the reviews of a page of the feed, and warnings."""
    with reading("the App Store feed"):
        feed = payload["feed"]
        entries = feed.get("entry")
        if entries is None:
            entries = []
        elif isinstance(entries, dict):  # a single review stands alone
            entries = [entries]
        if not isinstance(entries, list):
            raise TypeError("entry is no list")
        # The first entry of older answers is the app itself.
        entries = [one for one in entries if not isinstance(one, dict) or "im:rating" in one]
    url = f"https://apps.apple.com/{country}/app/id{app_id}?see-all=reviews"
    return each("App Store reviews", entries, lambda one: _feed_review(one, url))


def _feed_review(entry: Mapping[str, Any], url: str) -> Review:
    author = table(entry.get("author"))
    address = web(_label(author.get("uri")))
    mention = Mention(
        external_id=needed(_label(entry["id"])),
        title=_label(entry.get("title")),
        text=_label(entry.get("content")),
        author=Author(
            id=address.rstrip("/").rpartition("/")[2], name=_label(author.get("name")), url=address
        ),
        published=moment(_label(entry.get("updated"))),
        kind="review",
        url=url,
        rating=stars(_whole(entry.get("im:rating"))),
        engagement=Engagement(likes=_whole(entry.get("im:voteSum"))),
        raw=entry,
    )
    return Review(mention=mention)


def _label(value: object) -> str:
    return text(table(value).get("label"))


def _whole(value: object) -> int | None:
    written = _label(value)
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 15 else None


# --- App Store Connect ----------------------------------------------------------------------------


def read_page(payload: Any, app_id: str) -> tuple[tuple[Review, ...], str, tuple[str, ...]]:
    """Return the reviews of a page, the address of the next one, and warnings."""
    with reading("the list of App Store reviews"):
        things = payload["data"]
        if not isinstance(things, list):
            raise TypeError("data is no list")
        answers = read_answers(payload)
        following = text(table(payload.get("links")).get("next"))
    found, warnings = each(
        "App Store reviews", things, lambda one: read_review(one, answers, app_id)
    )
    return found, following, warnings


def read_answers(payload: Any) -> dict[str, dict[str, Any]]:
    """Return our answers by their ids."""
    return {
        text(one.get("id")): one
        for one in rows(payload.get("included"))
        if one.get("type") == "customerReviewResponses"
    }


def read_review(
    payload: Mapping[str, Any], answers: Mapping[str, dict[str, Any]], app_id: str
) -> Review:
    """Return one review. Raises ValueError and the like."""
    told = payload["attributes"]
    url = f"https://apps.apple.com/app/id{app_id}?see-all=reviews"
    mention = Mention(
        external_id=needed(payload["id"]),
        title=text(told.get("title")),
        text=text(told.get("body")),
        author=Author(name=text(told.get("reviewerNickname")) or "Customer"),
        published=moment(told.get("createdDate")),
        kind="review",
        url=url,
        rating=stars(told.get("rating")),
        raw=payload,
    )
    response = table(table(payload.get("relationships")).get("response"))
    answer_id = text(table(response.get("data")).get("id"))
    answer = answers.get(answer_id) if answer_id else None
    return Review(mention=mention, answer=_answer(answer, url) if answer else None)


def _answer(payload: Mapping[str, Any], url: str) -> Reply:
    told = table(payload.get("attributes"))
    return Reply(
        external_id=text(payload.get("id")),
        text=text(told.get("responseBody")),
        published=moment(told.get("lastModifiedDate")),
        url=url,
        raw=payload,
    )
