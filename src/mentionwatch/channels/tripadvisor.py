"""
An alarm for new Tripadvisor reviews: stars, time, link and whether you answered, no words.

API: https://tripadvisor-content-api.readme.io/reference/getlocationreviews
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._allowance import spend
from mentionwatch.channels._reviews import Review, items_of, stars, unreadable
from mentionwatch.channels._values import each, moment, table, text, web
from mentionwatch.channels._walk import position
from mentionwatch.errors import AnswerRefused, CredentialsRefused, NotFound, PermissionMissing
from mentionwatch.model.items import Author, Item, Mention, Page, Reply, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Tripadvisor's API shows the newest 5 reviews of a place in one language. 5,000 calls a month are
free; a credit card is needed, and a daily budget must be set there.
 1. https://www.tripadvisor.com/developers: get an API key, and set the daily budget.
 2. Allow the address from which this machine goes out (your public IP address). The key works from
    nowhere else; where that address changes, a home connection for instance, it stops working.
 3. Run: mentionwatch login CHANNEL
 4. In the configuration: location_id = the digits after "-d" in the address of your page.
Tripadvisor forbids storing anything but ids. So rows have stars, time and link, but no words and no
author: open the link to read, and answer at https://www.tripadvisor.com/Owners."""
LOGIN: tuple[str, ...] = ("api_key",)
UNVERIFIED: tuple[str, ...] = (
    "`owner_response` stands on a review that was answered, with `published_date`; otherwise the "
    "row stays until it is marked",
    "the list is not paged: five reviews come, the newest first; otherwise a row says that some "
    "may be unread",
    "error bodies come in two shapes: the status alone decides; otherwise nothing changes",
    "`published_date`, `rating` and `url` are named so; otherwise a row has no time, stars or link",
    "403 means an address that is not allowed, or a wrong key; otherwise the hint misleads, and "
    "Tripadvisor's own words stand beside it",
)

SHOWN = 5  # reviews that Tripadvisor gives out at most
OWNERS = "https://www.tripadvisor.com/Owners"
NOT_ALLOWED = (
    "allow this machine's public address for the key at https://www.tripadvisor.com/developers "
    "(it may have changed; a change takes minutes), and check api_key"
)

# What the question who we are was answered with: each call is paid, and the run needs the same.
_answers: WeakKeyDictionary[Client, Any] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tripadvisor:
    """
    The keys of ``[channels.tripadvisor]``.

    ``location_id``: digits. ``language``: of the reviews that are shown. ``monthly_calls``: 0 is no
    limit.
    """

    family: ClassVar[str] = "reviews"
    # Nothing may be stored but ids: words are not even handed on, so there is nothing to remove.
    keep_at_most: ClassVar[timedelta | None] = None
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        history="the newest 5 reviews",
        cost="5,000 calls a month are free, then paid; a run takes 1",
        limits=(
            "no words and no author: Tripadvisor forbids storing them",
            "only the newest 5 reviews in one language; an answer under an older one is not seen: "
            "mark it done",
            "works only from an address that you allowed for the key",
        ),
    )

    api_key: Secret
    location_id: str
    language: str = "en"
    monthly_calls: int = 5000
    base_url: str = "https://api.content.tripadvisor.com/api/v1"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not (self.location_id.isascii() and self.location_id.isdecimal()):
            yield "location_id", 'must be the digits after "-d" in the address of your page'
        if not self.language.replace("_", "").isalpha():
            yield "language", 'must be a code such as "en"'
        if self.monthly_calls < 0:
            yield "monthly_calls", "must be 0 or more"
        if not web(self.base_url):
            yield "base_url", "must be a web address"

    async def account(self, client: Client) -> Account:
        payload = await self._get(client)
        parse(payload)
        _answers[client] = payload
        return Account(
            id=f"tripadvisor:{self.location_id}",
            summary=f"reviews of location {self.location_id} can be read",
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        payload = _answers.pop(client, None)
        reviews, warnings = parse(await self._get(client) if payload is None else payload)
        stream = f"reviews:{self.language}"
        state = query.state(stream)
        seen = state.extra.get("seen", "").split()
        names = [one.mention.external_id for one in reviews]
        items: list[Item] = []
        for one in reviews:
            items += items_of(one, query.known_own_ids)
        if seen and len(names) >= SHOWN and not set(names) & set(seen):
            items.append(self._missed(query, names[0]))
        times = [one.mention.published for one in reviews if one.mention.published]
        yield Page(
            stream=stream,
            items=tuple(items),
            state=StreamState(
                cursor=position(times, query.now) or state.cursor,
                extra={"seen": " ".join(names or seen)},
            ),
            checked=tuple(one.external_id for one in query.open if one.external_id in names),
            warnings=warnings,
        )

    def _missed(self, query: Query, newest: str) -> Mention:
        """None of those that were shown last is there any more: there may be some in between."""
        name = f"{self.location_id}#{newest}"
        return unreadable("Tripadvisor", name, 0, OWNERS, query.now)

    async def _get(self, client: Client) -> Any:
        await spend(client, self.monthly_calls, "month", "monthly_calls")
        url = f"{self.base_url}/location/{self.location_id}/reviews"
        try:
            return await client.get_json(
                url, params={"language": self.language, "key": self.api_key}
            )
        except (PermissionMissing, CredentialsRefused) as error:
            raise _with_hint(error, NOT_ALLOWED) from error
        except NotFound as error:
            raise _with_hint(error, "check location_id") from error


def _with_hint(error: AnswerRefused, hint: str) -> AnswerRefused:
    return type(error)(error.message, hint, error.status, error.body)


# --- what is inside -------------------------------------------------------------------------------


def parse(payload: Any) -> tuple[tuple[Review, ...], tuple[str, ...]]:
    """Return the reviews that are shown, and warnings."""
    with reading("the list of Tripadvisor reviews"):
        things = payload["data"]
        if not isinstance(things, list):
            raise TypeError("data is no list")
    return each("Tripadvisor reviews", things, _review)


def _review(payload: Mapping[str, Any]) -> Review:
    url = web(payload.get("url"))
    mention = Mention(
        external_id=_number(payload["id"]),
        text="",
        author=Author(name="Guest"),
        published=moment(payload.get("published_date")),
        kind="review",
        url=url,
        rating=stars(payload.get("rating")),
    )
    return Review(mention=mention, answer=_answer(table(payload.get("owner_response")), url))


def _answer(payload: Mapping[str, Any], url: str) -> Reply | None:
    if not payload:
        return None
    return Reply(
        external_id=_number(payload.get("id"), missing="owner"),
        text="",
        published=moment(payload.get("published_date")),
        url=url,
    )


def _number(value: object, missing: str = "") -> str:
    """Return an id, which is a number, as a text. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
        return str(value)
    if text(value).isdecimal():
        return text(value)
    if missing:
        return missing
    raise ValueError("a review without an id")
