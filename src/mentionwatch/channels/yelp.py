"""
An alarm for new Yelp reviews: stars, author, link, and the beginning of the text for a day.

API: https://docs.developer.yelp.com/reference/v3_business_reviews
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._allowance import spend
from mentionwatch.channels._reviews import stars, unreadable
from mentionwatch.channels._values import count, each, needed, table, text, web
from mentionwatch.channels._walk import position
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RequestRefused,
)
from mentionwatch.model.items import Author, Mention, Page, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Yelp's API shows no more than the beginnings of the newest 3 reviews, none of your answers, and is
paid after a trial of 30 days (about 8 to 15 USD for 1,000 calls). It is an alarm; you read and
answer at https://biz.yelp.com, which is free.
 1. https://www.yelp.com/developers > Create App; copy the API key.
 2. Choose a plan that includes reviews. Without them only the growing number of reviews is noticed.
 3. Run: mentionwatch login CHANNEL
 4. In the configuration: business = the last part of your page's address, for example
    "acme-coffee-portland".
Yelp forbids keeping its texts for longer than 24 hours; they are removed after that. The key does
not end, but the trial does."""
LOGIN: tuple[str, ...] = ("api_key",)
UNVERIFIED: tuple[str, ...] = (
    "`time_created` is in the time of the US Pacific coast, as Yelp names no zone; otherwise "
    "reviews are hours off, so times are approximate",
    "`total` is the number of all reviews of the business; otherwise the row about reviews that "
    "are not shown never comes, or comes without need",
    "a business that moved is named by `new_business_id`, beside `BUSINESS_MIGRATED`; otherwise "
    "the hint tells to look for the new page",
    "`sort_by` = `newest` and `limit` 50 are taken on every plan; otherwise Yelp's own choice of "
    "three comes, or the refusal is said",
    "404 with `NOT_FOUND` on `/reviews` means a plan without reviews; otherwise a wrong name is "
    "told as such a plan, while the number cannot be read either and the refusal is said",
    "`is_closed` means closed for good; otherwise the warning about it is wrong",
)

MOST = 50  # the plan shows fewer
REMEMBERED = 200  # ids of reviews that were handed on
OWNERS = "https://biz.yelp.com/"
ZONE = "America/Los_Angeles"  # Yelp names none; this is the common reading
KEY = "check api_key; a trial ends after 30 days: https://www.yelp.com/developers/v3/manage_app"
BUSINESS = "check business: the last part of your page's address on Yelp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Yelp:
    """
    The keys of ``[channels.yelp]``.

    ``business``: alias or id. ``locale``: only reviews in its language are shown.
    ``daily_calls``: 0 is no limit.
    """

    family: ClassVar[str] = "reviews"
    keep_at_most: ClassVar[timedelta | None] = timedelta(hours=24)
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=False,
        history="the newest 3 reviews (more on dearer plans)",
        cost="about 8 to 15 USD for 1,000 calls after a trial; a run takes 2",
        limits=(
            "your answers cannot be seen: mark them done",
            "only the beginning of a text, and for 24 hours at most: Yelp forbids more",
            "only reviews in the language of `locale`",
            "times are approximate, since Yelp names no zone",
            "changed and removed reviews are not noticed",
        ),
    )

    api_key: Secret
    business: str
    locale: str = "en_US"
    daily_calls: int = 300
    base_url: str = "https://api.yelp.com/v3"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.business or "/" in self.business:
            yield "business", 'must be the last part of your page\'s address: "acme-portland"'
        language, _, country = self.locale.partition("_")
        if not (language.isalpha() and country.isalpha() and country.isupper()):
            yield "locale", 'must be such as "en_US"'
        if self.daily_calls < 0:
            yield "daily_calls", "must be 0 or more"
        if not web(self.base_url):
            yield "base_url", "must be a web address"

    async def account(self, client: Client) -> Account:
        found = read_business(await self._get(client, ""))
        warnings = []
        if found.closed:
            warnings.append("Yelp shows this business as closed for good")
        return Account(
            id=found.id,
            summary=f"{found.name or self.business} on Yelp: {found.reviews} reviews",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        params = {"sort_by": "newest", "limit": MOST, "locale": self.locale}
        try:
            payload = await self._get(client, "/reviews", params)
        except NotFound as error:
            if code_of(error) != "NOT_FOUND":
                raise
            yield await self._count_only(query, client)
            return
        mentions, total, warnings = parse(payload, self.locale)
        state = query.state("reviews")
        seen = state.extra.get("seen", "").split()
        # Handed on once: after a day it is removed, and must not come back as a new one.
        new = tuple(one for one in mentions if one.external_id not in seen)
        shown = {one.external_id for one in mentions}
        times = [one.published for one in mentions if one.published]
        ids = [*(one.external_id for one in new), *seen][:REMEMBERED]
        yield Page(
            stream="reviews",
            items=(*new, *self._alarm(query, state, total, len(new))),
            state=StreamState(
                cursor=position(times, query.now) or state.cursor,
                extra={"seen": " ".join(ids), "total": str(total)},
            ),
            checked=tuple(one.external_id for one in query.open if one.external_id in shown),
            warnings=warnings,
        )

    async def _count_only(self, query: Query, client: Client) -> Page:
        """The plan has no reviews: notice at least that there are more of them."""
        found = read_business(await self._get(client, ""))
        state = query.state("count")
        return Page(
            stream="count",
            items=self._alarm(query, state, found.reviews, 0),
            state=StreamState(extra={"total": str(found.reviews)}),
            warnings=(
                "the Yelp plan does not include reviews: only their number is watched; choose "
                "another plan at https://www.yelp.com/developers/v3/manage_app",
            ),
        )

    def _alarm(
        self, query: Query, state: StreamState, total: int, read: int
    ) -> tuple[Mention, ...]:
        before = state.extra.get("total", "")
        missed = total - int(before) - read if before.isdecimal() else 0
        if missed <= 0:
            return ()
        return (unreadable("Yelp", f"{self.business}#{total}", missed, OWNERS, query.now),)

    async def _get(self, client: Client, path: str, params: Mapping[str, Any] | None = None) -> Any:
        await spend(client, self.daily_calls, "day", "daily_calls")
        url = f"{self.base_url}/businesses/{quote(self.business, safe='')}{path}"
        headers = {"Authorization": ("Bearer ", self.api_key)}
        try:
            return await client.get_json(url, params=params, headers=headers)
        except AnswerRefused as error:
            _explain(error)
            raise


def _explain(error: AnswerRefused) -> None:
    """Raise the error once more with what helps against it, where that is known."""
    code = code_of(error)
    kind = type(error)
    if code == "BUSINESS_MIGRATED":
        new = text(table(_error(error)).get("new_business_id"))
        hint = f'the page has moved: set business = "{new}"' if new else BUSINESS
    elif code in ("BUSINESS_NOT_FOUND", "BUSINESS_UNAVAILABLE"):
        hint = BUSINESS
    elif code == "TOKEN_MISSING" or isinstance(error, CredentialsRefused):
        kind, hint = CredentialsRefused, KEY
    elif code == "VALIDATION_ERROR" or (isinstance(error, RequestRefused) and code):
        hint = "check business, locale and api_key"
    elif isinstance(error, PermissionMissing):
        hint = KEY
    else:
        return
    raise kind(error.message, hint, status=error.status, body=error.body) from error


def _error(error: AnswerRefused) -> Any:
    try:
        return table(json.loads(error.body)).get("error")
    except (ValueError, RecursionError):
        return None


def code_of(error: AnswerRefused) -> str:
    """Return the name that Yelp gives to its error; "" for a web page."""
    return text(table(_error(error)).get("code"))


# --- what is inside -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Business:
    id: str
    name: str
    reviews: int
    closed: bool


def read_business(payload: Any) -> Business:
    with reading("the business on Yelp"):
        return Business(
            id=needed(payload["id"]),
            name=text(payload.get("name")),
            reviews=count(payload.get("review_count")) or 0,
            closed=payload.get("is_closed") is True,
        )


def parse(payload: Any, locale: str) -> tuple[tuple[Mention, ...], int, tuple[str, ...]]:
    """Return the reviews that are shown, how many there are in all, and warnings."""
    with reading("the list of Yelp reviews"):
        things = payload["reviews"]
        if not isinstance(things, list):
            raise TypeError("reviews is no list")
        total = count(payload.get("total")) or 0
    language = locale.partition("_")[0]
    found, warnings = each("Yelp reviews", things, lambda one: _review(one, language))
    return found, total, warnings


def _review(payload: Mapping[str, Any], language: str) -> Mention:
    review_id = needed(payload["id"])
    user = table(payload.get("user"))
    written = text(payload.get("time_created"))
    return Mention(
        external_id=review_id,
        text=text(payload.get("text")),
        author=Author(
            id=text(user.get("id")), name=text(user.get("name")), url=web(user.get("profile_url"))
        ),
        published=local_time(written),
        addressed=True,
        kind="review",
        url=_short(web(payload.get("url")), review_id),
        thread_id=review_id,
        rating=stars(payload.get("rating")),
        language=language,
        raw={"time_created": written},  # the words may not be kept in any form
    )


def local_time(written: str) -> datetime | None:
    """Return the time that Yelp writes without its zone."""
    try:
        naive = datetime.strptime(written, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - it has none
        return naive.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _short(url: str, review_id: str) -> str:
    """Return the address of a review without what tracks its reader."""
    if not url:
        return ""
    return urlunsplit(urlsplit(url)._replace(query=f"hrid={quote(review_id)}", fragment=""))
