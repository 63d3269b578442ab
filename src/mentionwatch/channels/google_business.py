"""
Google reviews of your own verified business locations, with your answers.

API: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._google import TOKEN_URL, Help, explained
from mentionwatch.channels._google_business_items import (
    Place,
    is_name,
    kept_places,
    parse,
    places_state,
    read_accounts,
    read_locations,
    read_review,
)
from mentionwatch.channels._oauth import Access, Grant
from mentionwatch.channels._reviews import Review, Revisits, items_of
from mentionwatch.channels._values import web
from mentionwatch.channels._walk import Deferred, Listed, floor, newest_first, position
from mentionwatch.errors import ChannelError, NotFound, PermissionMissing, RequestRefused
from mentionwatch.model.items import Item, Page

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Reading reviews of your own locations is free, but Google must approve your project first; that
takes up to 14 days, and your business profile must have been verified for 60 days.
 1. At https://console.cloud.google.com make a project and note its project number.
 2. Apply at https://support.google.com/business/contact/api_default: "Application for Basic API
    Access", with the project number, from the mail address that owns or manages the profile.
 3. After the approval mail: APIs & Services > Library, enable "Google My Business API",
    "My Business Account Management API" and "My Business Business Information API".
 4. OAuth consent screen: External; add yourself as a test user; then set the publishing status to
    "In production". In "Testing" every log-in ends after 7 days.
 5. Credentials > Create > OAuth client ID, type "Web application", with the redirect address
    https://developers.google.com/oauthplayground. Copy the client id and the client secret.
 6. Open https://developers.google.com/oauthplayground, in its settings tick "Use your own OAuth
    credentials", and enter both. As scope give https://www.googleapis.com/auth/business.manage
    and log in as the owner of the profile (the warning about an unverified app is about your own).
    "Exchange authorization code for tokens" shows the refresh token.
 7. Run: mentionwatch login CHANNEL
The refresh token ends when it is not used for six months, or when you take the access away."""
LOGIN: tuple[str, ...] = ("client_id", "client_secret", "refresh_token")
UNVERIFIED: tuple[str, ...] = (
    "`reviewReplyState` has PENDING, APPROVED, `REJECTED` and perhaps more: only `REJECTED` is no "
    "answer; otherwise an answer that nobody can see counts",
    "`policyViolation` is a word, or holds `reason`; otherwise the rejection is said without it",
    "`reviewMediaItems` is a list with one entry for each picture or film; otherwise they are not "
    "counted",
    "an answer need not move `updateTime` of a review: what waits is asked for one by one; "
    "otherwise the same is read twice",
    "`quota_limit_value` of 0 means that the project is not approved yet; otherwise a missing "
    "approval is told as too many requests",
    "`(Translated by Google)` and `(Original)` part a translation from the customer's words; "
    "otherwise both stand in the text",
    "`reviewReplyUrl` is the page on which to answer; otherwise the link leads to the location on "
    "the map by `mapsUri`",
    "`pageToken` of an earlier run may be forgotten with 400: the list begins anew; otherwise the "
    "refusal is said",
)

WAY_OUT = (
    "make a new refresh token (mentionwatch channels setup google_business); in the status "
    '"Testing" it ends after 7 days, else after six months without use'
)
HELP = Help(
    disabled='enable "Google My Business API" in your project; while Google has not approved the '
    "project it cannot be enabled: mentionwatch channels setup google_business",
    denied="log in with a Google account that owns or manages the location",
    no_quota="the project is not approved yet: apply for Basic API Access and wait for the mail",
    wrong="check account and locations: the location must be verified",
)

PAGE_SIZE = 50
PAGES = 40
MOST_PLACES = 200
LATE = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True, slots=True)
class GoogleBusiness:
    """
    The keys of ``[channels.google_business]``.

    ``account`` and ``locations`` are found out where they are left out.
    """

    family: ClassVar[str] = "reviews"
    keep_at_most: ClassVar[timedelta | None] = None
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        history="30 days at the first run, of all reviews that the locations ever got",
        cost="free, after Google has approved your project",
        limits=(
            "only your own verified locations",
            "Google tells only when an answer was last changed; the first time that is seen counts",
            "an answer that Google's moderation rejected does not count",
            "single reviews have no public address; the link leads to the page of the location",
        ),
    )

    client_id: Secret
    client_secret: Secret
    refresh_token: Secret
    account_name: str = ""
    locations: tuple[str, ...] = ()
    base_url: str = "https://mybusiness.googleapis.com"
    accounts_url: str = "https://mybusinessaccountmanagement.googleapis.com"
    locations_url: str = "https://mybusinessbusinessinformation.googleapis.com"
    token_url: str = TOKEN_URL

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.account_name and not is_name(self.account_name, "accounts"):
            yield "account_name", 'must be of the form "accounts/123"'
        if not all(is_name(one, "locations") for one in self.locations):
            yield "locations", 'must be a list such as ["locations/456"]'
        if self.locations and not self.account_name:
            yield "locations", "needs account_name too"
        for key in ("base_url", "accounts_url", "locations_url", "token_url"):
            if not web(getattr(self, key)):
                yield key, "must be a web address"

    async def account(self, client: Client) -> Account:
        access = self._access(client)
        payload = await self._get(access, f"{self.accounts_url}/v1/accounts", {"pageSize": 20})
        accounts, _ = read_accounts(payload)
        if not accounts:
            raise PermissionMissing("this Google account manages no business", HELP.denied)
        name, title = accounts[0]
        more = f" and {len(accounts) - 1} more" if len(accounts) > 1 else ""
        return Account(
            id=self.account_name or name,
            summary=f"logged in to Google; businesses: {title or name}{more}",
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        run = _Run(channel=self, query=query, access=self._access(client), client=client)
        deferred = Deferred()
        async for page in run.find_places():
            yield page
        parts = [run.reviews(place) for place in run.places]
        for part in [*parts, run.revisits.pages()]:
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()

    def _access(self, client: Client) -> Access:
        form: dict[str, str | Secret] = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
        }
        grant = Grant(url=self.token_url, form=form, way_out=WAY_OUT)
        return Access(client=client, grant=grant)

    async def _get(self, access: Access, url: str, params: dict[str, Any]) -> Any:
        async with explained(HELP):
            return await access.get_json(url, params=params)


@dataclass(kw_only=True)
class _Run:
    """One run: the places that it knows, and what it has read."""

    channel: GoogleBusiness
    query: Query
    access: Access
    client: Client
    places: list[Place] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)  # locations whose list was refused

    def __post_init__(self) -> None:
        self.revisits = Revisits(
            query=self.query, client=self.client, look=self.look, concerns=self.is_read
        )

    async def get(self, url: str, params: dict[str, Any]) -> Any:
        return await self.channel._get(self.access, url, params)

    # --- which locations there are ------------------------------------------------------------

    async def find_places(self) -> AsyncGenerator[Page, None]:
        """Learn the locations; what was found is good for a week."""
        channel = self.channel
        if channel.locations:
            self.places = [
                Place(account=channel.account_name, name=name) for name in channel.locations
            ]
            return
        kept = self.query.state("locations")
        self.places = kept_places(kept, self.query.now)
        if self.places:
            return
        found: dict[str, Place] = {}
        for account in await self._accounts():
            async for place in self._locations(account):
                found.setdefault(place.name, place)  # a group and its owner show the same one
        self.places = list(found.values())[:MOST_PLACES]
        if not self.places:
            warning = "no verified location was found; check that this account manages the profile"
            yield Page(stream="locations", warnings=(warning,))
            return
        yield Page(stream="locations", state=places_state(self.places, self.query.now))

    async def _accounts(self) -> list[str]:
        if self.channel.account_name:
            return [self.channel.account_name]
        names: list[str] = []
        token = ""
        for _ in range(PAGES):
            params = {"pageSize": 20, "pageToken": token or None}
            payload = await self.get(f"{self.channel.accounts_url}/v1/accounts", params)
            accounts, token = read_accounts(payload)
            names += [name for name, _ in accounts if name not in names]
            if not token:
                break
        return names[:MOST_PLACES]

    async def _locations(self, account: str) -> AsyncGenerator[Place, None]:
        token = ""
        for _ in range(PAGES):
            payload = await self.get(
                f"{self.channel.locations_url}/v1/{quote(account)}/locations",
                {
                    "readMask": "name,title,storeCode,metadata",
                    "pageSize": 100,
                    "pageToken": token or None,
                },
            )
            places, token = read_locations(payload, account)
            for place in places:
                yield place
            if not token:
                return

    # --- reviews --------------------------------------------------------------------------------

    def _url(self, place: Place) -> str:
        return f"{self.channel.base_url}/v4/{quote(place.account)}/{quote(place.name)}/reviews"

    async def reviews(self, place: Place) -> AsyncGenerator[Page, None]:
        """Walk back by the time of the last change; ``resume`` is Google's page token."""
        stream = f"reviews:{place.name}"
        state = self.query.state(stream)
        left = {state.resume}  # of an earlier run: Google may have forgotten it

        async def ask(resume: str, cursor: str) -> Listed:
            params = {"pageSize": PAGE_SIZE, "orderBy": "updateTime desc"}
            try:
                payload = await self.get(self._url(place), {**params, "pageToken": resume or None})
            except RequestRefused:
                if not resume or resume not in left:
                    raise
                payload = await self.get(self._url(place), params)
            left.clear()
            return self._listed(payload, place, cursor)

        try:
            async with aclosing(newest_first(stream, state, ask, pages=PAGES)) as pages:
                async for page in pages:
                    yield page
        except ChannelError:
            self.unread.add(place.name)  # what is not found there need not be deleted
            raise

    def _listed(self, payload: Any, place: Place, cursor: str) -> Listed:
        reviews, following, warnings = parse(payload, place)
        lowest = floor(cursor, self.query.since, LATE)
        times = [at for one in reviews if (at := one.mention.edited or one.mention.published)]
        items: list[Item] = []
        for one in reviews:
            warnings += one.warnings
            self.revisits.seen.add(one.mention.external_id)
            items += items_of(one, self.query.known_own_ids)
        return Listed(
            items=tuple(items),
            newest=position(times, self.query.now),
            following=following,
            past=bool(times) and max(times) < lowest,
            warnings=warnings,
        )

    async def look(self, name: str) -> Review | None:
        """Ask for one review; None where it is gone."""
        location, _, review_id = name.rpartition("/reviews/")
        place = next(one for one in self.places if one.name == location)
        try:
            payload = await self.get(f"{self._url(place)}/{quote(review_id, safe='')}", {})
        except NotFound:
            return None
        with reading("the Google review"):
            return read_review(payload, place)

    def is_read(self, name: str) -> bool:
        """Whether a review is at a location that this run could read."""
        location = name.rpartition("/reviews/")[0]
        return location not in self.unread and any(one.name == location for one in self.places)
