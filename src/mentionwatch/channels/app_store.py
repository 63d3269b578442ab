"""
App Store reviews of your apps, with your answers where you have a key of App Store Connect.

API: https://developer.apple.com/documentation/appstoreconnectapi/customer-reviews
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._app_store_items import (
    Found,
    read_answers,
    read_feed,
    read_page,
    read_review,
)
from mentionwatch.channels._jwt import read_by_others, read_key_file, signed
from mentionwatch.channels._oauth import reveal
from mentionwatch.channels._reviews import Review, Revisits, items_of
from mentionwatch.channels._values import moment, table, text, web
from mentionwatch.channels._walk import Deferred, Listed, floor, newest_first, position
from mentionwatch.credentials import NO_SECRET
from mentionwatch.errors import (
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    UnexpectedPayload,
)
from mentionwatch.model.items import Page
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Without any key the public feed is read: the newest 500 written reviews of each country, without
your answers. With the key of your developer membership (which you pay anyway) your answers are
seen too:
 1. https://appstoreconnect.apple.com > Users and Access > Integrations > App Store Connect API, as
    the account holder or an admin.
 2. Generate a team key with the role "Customer Support" (or App Manager, Admin).
 3. Download the .p8 file (possible once) to a place where only you can read it (chmod 600), and
    note the key id and the issuer id.
 4. In the configuration: app_id (the digits in your app's address), issuer_id, key_id,
    private_key_path.
 5. Signing in needs one more package: pip install "mentionwatch[signing]"
The key does not end. The two sources name reviews differently: choose one for each app."""
LOGIN: tuple[str, ...] = ("issuer_id", "key_id")
UNVERIFIED: tuple[str, ...] = (
    "the public feed is documented nowhere: `im:rating`, `im:voteSum`, `updated`, `author` and the "
    "addresses of the feed; otherwise the error says which part has another shape, or that the "
    "feed is empty",
    "`updated` of the feed is the time of the last change; otherwise an edit looks like the first "
    "writing",
    "`createdDate` moves when a customer edits, so that a change after our answer waits anew; "
    "otherwise such a change is shown and does not wait",
    "`/v1/customerReviews/` gives one review with `include` = `response`; otherwise what waits is "
    "not looked at again, which is said",
    "`lastModifiedDate` of our answer is its time; otherwise an edited answer looks later than it "
    "was",
    "`sort` = `-createdDate` and `limit` 200 are taken together with `include`; otherwise the "
    "refusal is said",
    "the last part of the author's address in the feed is the same person's for good; otherwise "
    "one person counts as several",
    "the page of the app with `see-all=reviews` lists its reviews; otherwise the link leads to the "
    "app alone",
)

AUDIENCE = "appstoreconnect-v1"
LIFE = 15 * 60  # seconds; Apple allows 20 minutes
LIMIT = 200
PAGES = 20
LATE = timedelta(days=1)
FEED_PAGES = 10  # there are no more
FEED_EVERY = timedelta(hours=3)  # Apple keeps the feed in caches for hours
PACE = 2.0  # seconds between two requests to the feed
_NOTHING = Query(
    terms=(), since=datetime(1970, 1, 1, tzinfo=UTC), now=datetime.max.replace(tzinfo=UTC)
)
# The feed answers under several addresses, and has answered with nothing under one of them.
VARIANTS = (
    "page={page}/id={app}/sortBy=mostRecent/json",
    "id={app}/sortBy=mostRecent/page={page}/json",
    "id={app}/page={page}/sortby=mostrecent/json",
)
WAY_OUT = (
    "check issuer_id, key_id and private_key_path, and the clock of this machine; "
    "mentionwatch channels setup app_store"
)
DENIED = 'give the key the role "Customer Support", and see that the app belongs to this team'


class _ByKey:
    """The capabilities, of the type with a key; of a configured channel as it is."""

    with_key = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        history="30 days at the first run; without a key the newest 500 reviews of a country",
        cost="free; App Store Connect is part of the developer membership",
        limits=(
            "without a key of App Store Connect your answers cannot be seen: mark them done",
            "the public feed is undocumented, hours late, and sometimes empty",
            "stars without words never appear",
        ),
    )

    def __get__(self, channel: AppStore | None, owner: object) -> Capabilities:
        if channel is None or channel.private_key_path is not None:
            return self.with_key
        return replace(self.with_key, sees_own_replies=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AppStore:
    """
    The keys of ``[channels.app_store]``.

    With ``private_key_path`` App Store Connect is read, without it the public feed of each of the
    ``countries`` (two letters).
    """

    family: ClassVar[str] = "reviews"
    keep_at_most: ClassVar[timedelta | None] = None
    capabilities = _ByKey()

    app_id: str
    countries: tuple[str, ...] = ("us",)
    issuer_id: Secret = NO_SECRET
    key_id: Secret = NO_SECRET
    private_key_path: Path | None = None
    base_url: str = "https://api.appstoreconnect.apple.com"
    feed_url: str = "https://itunes.apple.com"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not (self.app_id.isascii() and self.app_id.isdecimal()):
            yield "app_id", "must be the digits in the address of your app"
        if not all(len(one) == 2 and one.isascii() and one.isalpha() for one in self.countries):
            yield "countries", 'must be codes of two letters: ["us", "gb"]'
        keys = (bool(self.issuer_id), bool(self.key_id), self.private_key_path is not None)
        if any(keys) and not all(keys):
            yield "private_key_path", "goes with issuer_id and key_id: give all three or none"
        if not any(keys) and not self.countries:
            yield "countries", "must name at least one country"
        for key in ("base_url", "feed_url"):
            if not web(getattr(self, key)):
                yield key, "must be a web address"

    async def account(self, client: Client) -> Account:
        if self.private_key_path is None:
            country = self.countries[0].lower()
            await _Feed(self, client, None).page(country, VARIANTS[0], 1)
            summary = f"the public feed of app {self.app_id} answers; your answers are not in it"
            return Account(id=f"feed:{self.app_id}", summary=summary)
        payload = await _Connect(self, client, None).get(
            f"{self.base_url}/v1/apps/{self.app_id}", {"fields[apps]": "name"}
        )
        with reading("the app in App Store Connect"):
            name = text(table(table(payload["data"]).get("attributes")).get("name"))
        warnings = []
        if read_by_others(self.private_key_path):
            warnings.append(f"{self.private_key_path} can be read by others; run chmod 600 on it")
        return Account(
            id=f"connect:{self.app_id}",
            summary=f"reviews and answers of {name or self.app_id} can be read",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        source = _Feed if self.private_key_path is None else _Connect
        deferred = Deferred()
        for part in source(self, client, query).parts():
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()


def _listed(query: Query, cursor: str, found: Found, following: str) -> Listed:
    reviews, warnings = found
    times = [one.mention.published for one in reviews if one.mention.published]
    lowest = floor(cursor, query.since, LATE)
    items = [item for one in reviews for item in items_of(one, query.known_own_ids)]
    return Listed(
        items=tuple(items),
        newest=position(times, query.now),
        following=following,
        past=bool(times) and max(times) < lowest,
        warnings=warnings,
    )


class _Feed:
    """The public feed in one run."""

    def __init__(self, channel: AppStore, client: Client, query: Query | None) -> None:
        self.channel = channel
        self.client = client
        self.query = query or _NOTHING

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        self.client.pace(PACE)
        countries = dict.fromkeys(one.lower() for one in self.channel.countries)
        return [self.country(one) for one in countries]

    async def country(self, country: str) -> AsyncGenerator[Page, None]:
        stream = f"feed:{country}"
        state = self.query.state(stream)
        last = moment(state.extra.get("at"))
        fresh = last is not None and timedelta() <= self.query.now - last < FEED_EVERY
        if fresh and not state.walking:
            return
        state = replace(state, extra={"at": iso(self.query.now)})

        async def ask(resume: str, cursor: str) -> Listed:
            number = int(resume) if resume.isdecimal() else 1
            found = await self.reviews(country, number)
            if not found[0] and number == 1:
                self._empty(country, cursor)
            more = found[0] and number < FEED_PAGES
            return _listed(self.query, cursor, found, str(number + 1) if more else "")

        async with aclosing(newest_first(stream, state, ask, pages=FEED_PAGES + 1)) as pages:
            async for page in pages:
                yield page
                if not page.items and page.state is not None and not page.state.cursor:
                    yield Page(stream=stream, warnings=(_EMPTY.format(country),))

    def _empty(self, country: str, cursor: str) -> None:
        """Refuse an empty feed that had reviews before: Apple has such days."""
        if cursor:
            raise UnexpectedPayload(
                f"the feed of {country} is empty, although it had reviews before",
                "try again later; a key of App Store Connect is the reliable way",
            )

    async def reviews(self, country: str, number: int) -> Found:
        """Return a page of the feed, under whichever address it holds something."""
        found: Found | None = None
        missing: NotFound | None = None
        for variant in VARIANTS:
            try:
                found = await self.page(country, variant, number)
            except NotFound as error:
                missing = error
                continue
            if found[0]:
                break
        if found is None and missing is not None and number == 1:
            raise missing  # behind the last page there is nothing; but a feed has a first one
        return found or ((), ())

    async def page(self, country: str, variant: str, number: int) -> Found:
        app = self.channel.app_id
        path = variant.format(page=number, app=app)
        url = f"{self.channel.feed_url}/{quote(country)}/rss/customerreviews/{path}"
        try:
            return read_feed(await self.client.get_json(url), country, app)
        except PermissionMissing as error:  # there is no credential that could be wrong
            message = "Apple does not show its public feed for now (HTTP 403)"
            hint = "try again in some hours; a key of App Store Connect is the reliable way"
            raise RateLimited(message, hint, None, error.status, error.body) from error


_EMPTY = "the feed of {} is empty: the app has no written reviews there, or Apple has a bad day"


@dataclass(kw_only=True)
class _Signed:
    """The token of one run; it is signed when it is first needed."""

    channel: AppStore
    token: str = field(default="", repr=False)

    async def header(self) -> str:
        if not self.token:
            channel = self.channel
            assert channel.private_key_path is not None
            now = int(time())
            claims = {
                "iss": await reveal(channel.issuer_id),
                "iat": now,
                "exp": now + LIFE,
                "aud": AUDIENCE,
            }
            pem = read_key_file(channel.private_key_path, "private_key_path")
            key_id = await reveal(channel.key_id)
            self.token = signed("ES256", claims, pem, key_id=key_id, key="private_key_path")
        return f"Bearer {self.token}"


class _Connect:
    """App Store Connect in one run."""

    def __init__(self, channel: AppStore, client: Client, query: Query | None) -> None:
        self.channel = channel
        self.client = client
        self.query = query or _NOTHING
        self.signed = _Signed(channel=channel)
        self.revisits = Revisits(query=self.query, client=client, look=self.look)

    def parts(self) -> list[AsyncGenerator[Page, None]]:
        return [self.reviews(), self.revisits.pages()]

    async def get(self, url: str, params: Mapping[str, Any]) -> Any:
        headers = {"Authorization": await self.signed.header()}
        try:
            return await self.client.get_json(url, params=params, headers=headers)
        except CredentialsRefused as error:
            raise CredentialsRefused(error.message, WAY_OUT, error.status, error.body) from error
        except PermissionMissing as error:
            raise PermissionMissing(error.message, DENIED, error.status, error.body) from error

    async def reviews(self) -> AsyncGenerator[Page, None]:
        from mentionwatch.client import onward

        base = f"{self.channel.base_url}/v1/apps/{self.channel.app_id}/customerReviews"
        wanted = {"sort": "-createdDate", "limit": LIMIT, "include": "response"}

        async def ask(resume: str, cursor: str) -> Listed:
            url = onward(resume, base) if resume else base
            payload = await self.get(url, {} if resume else wanted)
            found, following, warnings = read_page(payload, self.channel.app_id)
            self.revisits.seen.update(one.mention.external_id for one in found)
            following = onward(following, base) if following else ""
            return _listed(self.query, cursor, (found, warnings), following)

        state = self.query.state("reviews")
        async with aclosing(newest_first("reviews", state, ask, pages=PAGES)) as pages:
            async for page in pages:
                yield page

    async def look(self, name: str) -> Review | None:
        url = f"{self.channel.base_url}/v1/customerReviews/{quote(name, safe='')}"
        try:
            payload = await self.get(url, {"include": "response"})
        except NotFound:
            return None
        with reading("the App Store review"):
            return read_review(payload["data"], read_answers(payload), self.channel.app_id)
