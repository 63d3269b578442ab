"""
Trustpilot reviews of your own domain, with your answers.

API: https://developers.trustpilot.com/service-reviews-api
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._allowance import spend
from mentionwatch.channels._oauth import Access, Grant
from mentionwatch.channels._reviews import Review, Revisits, items_of, stars
from mentionwatch.channels._values import count, each, moment, needed, rows, table, text, web
from mentionwatch.channels._walk import Deferred, Listed, floor, newest_first, position
from mentionwatch.credentials import NO_SECRET
from mentionwatch.errors import AnswerRefused, CredentialsRefused, NotFound, PermissionMissing
from mentionwatch.model.items import Author, Engagement, Item, Mention, Page, Reply, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Reading through the API is a paid addition to a Trustpilot plan ("API module"; 200,000 calls a year
in its first tier). Without it, forward Trustpilot's mails to a mailbox that is watched instead.
 1. Trustpilot Business > Integrations > Developers > APIs > Create application.
 2. Copy the API key; with the API secret also the reviews that are not answered yet can be listed,
    which saves calls.
 3. Run: mentionwatch login CHANNEL
 4. In the configuration: domain = "acme.example", as your profile is called.
Neither key nor secret ends by itself; access tokens (100 hours) are asked for when needed."""
LOGIN: tuple[str, ...] = ("api_key", "api_secret")
UNVERIFIED: tuple[str, ...] = (
    "error bodies have no fixed shape: the status alone decides; otherwise nothing changes",
    "`https://www.trustpilot.com/reviews/` and `https://www.trustpilot.com/users/` with an id open "
    "review and author; otherwise the link leads to an error page",
    "`companyReply` has `updatedAt` when it was rewritten; otherwise a rewritten answer counts "
    "with its first time, and one after the customer's edit is not seen as new",
    "`page` works to about 100,000 reviews back; otherwise a first look far back ends earlier, "
    "with a refusal that is said",
    "a page of `perPage` 100, or a link `next-page`, means more; otherwise one request is made too "
    "many",
    "404 for a single review means that it was removed; otherwise it leaves the queue too early",
)

WAY_OUT = "copy api_key and api_secret again: Trustpilot Business > Integrations > Developers"
DENIED = (
    "the plan must include the API module, and the application must belong to an administrator of "
    "this domain"
)
TOKEN_PATH = "/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path

PER_PAGE = 100
PAGES = 20
UNANSWERED_PAGES = 3
LATE = timedelta(days=1)
# 540 calls a day are the first tier: this leaves room for a run every ten minutes.
REVISIT_REQUESTS = 8
REVISIT_EVERY = timedelta(hours=1)
# What only the private answers hold beside these is about the customer's order.
KEPT_RAW = (
    "id", "stars", "title", "text", "language", "createdAt", "updatedAt", "experiencedAt",
    "companyReply", "numberOfLikes", "status", "isVerified",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Trustpilot:
    """
    The keys of ``[channels.trustpilot]``.

    ``domain`` or ``business_unit_id`` says who you are. ``daily_calls``: 0 is no limit.
    """

    family: ClassVar[str] = "reviews"
    keep_at_most: ClassVar[timedelta | None] = None
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        history="30 days at the first run, of all reviews",
        cost="the API module, a paid addition to the plan",
        limits=(
            "an edit is seen while the review waits and for 14 days after your answer",
            "the names and order numbers of the private answers are not stored",
        ),
    )

    api_key: Secret
    api_secret: Secret = NO_SECRET
    domain: str = ""
    business_unit_id: str = ""
    daily_calls: int = 540
    base_url: str = "https://api.trustpilot.com/v1"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.domain and not self.business_unit_id:
            yield "domain", 'must name your profile, such as "acme.example"'
        if self.business_unit_id and not is_id(self.business_unit_id):
            yield "business_unit_id", "must have 24 digits and letters a to f"
        if self.daily_calls < 0:
            yield "daily_calls", "must be 0 or more"
        if not web(self.base_url):
            yield "base_url", "must be a web address"

    async def account(self, client: Client) -> Account:
        asked = Asked(self, client)
        if self.business_unit_id:
            await asked.get(asked.listing(self.business_unit_id), {"perPage": 1})
            return Account(id=self.business_unit_id, summary="the reviews can be read")
        unit, name = read_unit(await asked.find())
        return Account(id=unit, summary=f"reviews of {name or self.domain} can be read")

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        asked = Asked(self, client)
        kept = query.state("unit").extra
        unit = self.business_unit_id or (
            kept.get("id", "") if kept.get("domain") == self.domain else ""
        )
        if not unit:
            unit, _ = read_unit(await asked.find())
            known = StreamState(extra={"domain": self.domain, "id": unit})
            yield Page(stream="unit", state=known)
        run = _Run(asked=asked, query=query, unit=unit)
        deferred = Deferred()
        for part in (run.reviews(), run.unanswered(), run.revisits.pages()):
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()


class Asked:
    """
    Requests in one run, each counted.

    They are sent once: what fails counts against the allowance, and Trustpilot asks for minutes
    of patience.
    """

    def __init__(self, channel: Trustpilot, client: Client) -> None:
        self.channel = channel
        self.client = client
        self.private = bool(channel.api_secret)
        grant = Grant(
            url=channel.base_url + TOKEN_PATH,
            form={"grant_type": "client_credentials"},
            auth=(channel.api_key, channel.api_secret),
            way_out=WAY_OUT,
        )
        self.access = Access(client=client, grant=grant)

    def listing(self, unit: str) -> str:
        return f"{'/private' * self.private}/business-units/{quote(unit)}/reviews"

    async def find(self) -> Any:
        try:
            return await self._get(
                "/business-units/find", {"name": self.channel.domain}, private=False
            )
        except NotFound as error:
            hint = f"no profile is called {self.channel.domain}: check domain"
            raise NotFound(error.message, hint, error.status, error.body) from error

    async def get(self, path: str, params: Mapping[str, Any]) -> Any:
        return await self._get(path, params, private=self.private)

    async def _get(self, path: str, params: Mapping[str, Any], *, private: bool) -> Any:
        await spend(self.client, self.channel.daily_calls, "day", "daily_calls")
        url = f"{self.channel.base_url}{path}"
        ask = self.access.get_json if private else self.client.get_json
        headers = {"apikey": self.channel.api_key}
        try:
            return await ask(url, params=params, headers=headers, retry=False)
        except CredentialsRefused as error:
            raise _with_hint(error, WAY_OUT) from error
        except PermissionMissing as error:
            raise _with_hint(error, DENIED) from error


def _with_hint(error: AnswerRefused, hint: str) -> AnswerRefused:
    return type(error)(error.message, hint, error.status, error.body)


@dataclass(kw_only=True)
class _Run:
    """One run over the reviews of one business unit."""

    asked: Asked
    query: Query
    unit: str
    revisits: Revisits = field(init=False)

    def __post_init__(self) -> None:
        self.revisits = Revisits(
            query=self.query,
            client=self.asked.client,
            look=self.look,
            requests=REVISIT_REQUESTS,
            every=REVISIT_EVERY,
        )

    async def reviews(self) -> AsyncGenerator[Page, None]:
        """Walk back by the time of writing; ``resume`` is the number of a page."""
        state = self.query.state("reviews")
        left = state.resume

        async def ask(resume: str, cursor: str) -> Listed:
            nonlocal left
            number = int(resume) if resume.isdecimal() else 1
            if left and resume == left:  # reviews that were removed since moved others up a page
                number = max(1, number - 1)
            left = ""
            order = {"orderBy": "createdat.desc", "perPage": PER_PAGE, "page": number}
            payload = await self.asked.get(self.asked.listing(self.unit), order)
            return self._listed(payload, number, cursor)

        async with aclosing(newest_first("reviews", state, ask, pages=PAGES)) as pages:
            async for page in pages:
                yield page

    def _listed(self, payload: Any, number: int, cursor: str) -> Listed:
        reviews, more, warnings = parse(payload)
        times = [one.mention.published for one in reviews if one.mention.published]
        lowest = floor(cursor, self.query.since, LATE)
        return Listed(
            items=self._items(reviews),
            newest=position(times, self.query.now),
            following=str(number + 1) if more else "",
            past=bool(times) and max(times) < lowest,
            warnings=warnings,
        )

    def _items(self, reviews: tuple[Review, ...]) -> tuple[Item, ...]:
        items: list[Item] = []
        for one in reviews:
            self.revisits.seen.add(one.mention.external_id)
            items += items_of(one, self.query.known_own_ids)
        return tuple(items)

    async def unanswered(self) -> AsyncGenerator[Page, None]:
        """Read what waits by Trustpilot's own account: one call for a hundred reviews."""
        waiting = [one for one in self.query.open if self._unseen(one.thread_id or one.external_id)]
        if not self.asked.private or not waiting or not self.revisits.is_due():
            return
        for number in range(1, UNANSWERED_PAGES + 1):
            wanted = {"responded": False, "orderBy": "createdat.desc"}
            payload = await self.asked.get(
                self.asked.listing(self.unit), {**wanted, "perPage": PER_PAGE, "page": number}
            )
            reviews, more, warnings = parse(payload)
            yield Page(stream="unanswered", items=self._items(reviews), warnings=warnings)
            if not more:
                return

    def _unseen(self, name: str) -> bool:
        return name not in self.revisits.seen

    async def look(self, name: str) -> Review | None:
        path = f"{'/private' * self.asked.private}/reviews/{quote(name, safe='')}"
        try:
            payload = await self.asked.get(path, {})
        except NotFound:
            return None
        with reading("the Trustpilot review"):
            return read_review(payload)


# --- what is inside -------------------------------------------------------------------------------


def is_id(value: object) -> bool:
    """Whether a value is such as "46d600000000000000000001"."""
    return isinstance(value, str) and len(value) == 24 and not set(value) - set("0123456789abcdef")


def read_unit(payload: Any) -> tuple[str, str]:
    """Return id and name of a business unit."""
    with reading("the Trustpilot profile"):
        unit = payload["id"]
        if not is_id(unit):
            raise ValueError("the id of the profile is none")
        return unit, text(payload.get("displayName"))


def parse(payload: Any) -> tuple[tuple[Review, ...], bool, tuple[str, ...]]:
    """Return the reviews of a page, whether there may be a further one, and warnings."""
    with reading("the list of Trustpilot reviews"):
        things = payload["reviews"]
        if not isinstance(things, list):
            raise TypeError("reviews is no list")
        relations = {text(one.get("rel")) for one in rows(payload.get("links"))}
    found, warnings = each("Trustpilot reviews", things, read_review)
    return found, "next-page" in relations or len(things) >= PER_PAGE, warnings


def read_review(payload: Any) -> Review:
    """Return one review. Raises ValueError and the like."""
    review_id = needed(payload["id"])
    consumer = table(payload.get("consumer"))
    consumer_id = text(consumer.get("id"))
    url = f"https://www.trustpilot.com/reviews/{quote(review_id, safe='')}"
    changed = moment(payload.get("updatedAt"))
    mention = Mention(
        external_id=review_id,
        title=text(payload.get("title")),
        text=text(payload.get("text")),
        author=Author(
            id=consumer_id,
            name=text(consumer.get("displayName")),
            url=f"https://www.trustpilot.com/users/{quote(consumer_id, safe='')}"
            if consumer_id
            else "",
        ),
        published=moment(payload.get("createdAt")),
        edited=changed,
        kind="review",
        url=url,
        rating=stars(payload.get("stars")),
        language=text(payload.get("language")),
        engagement=Engagement(likes=count(payload.get("numberOfLikes"))),
        raw={name: payload[name] for name in KEPT_RAW if name in payload},
    )
    return Review(mention=mention, answer=_answer(table(payload.get("companyReply")), changed, url))


def _answer(payload: Mapping[str, Any], changed: datetime | None, url: str) -> Reply | None:
    """Return our answer; one that was rewritten after the customer's edit is a new one."""
    if not payload:
        return None
    made, edited = moment(payload.get("createdAt")), moment(payload.get("updatedAt"))
    again = made and edited and changed and made < changed <= edited
    return Reply(
        external_id="",
        text=text(payload.get("text")),
        published=edited if again else made,
        edited=None if again else edited,
        url=url,
    )
