from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query, trustpilot
from mentionwatch.channels.trustpilot import Trustpilot
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServerFailed,
)
from mentionwatch.model.items import Deletion, Item, Mention, Page, Reply, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    items,
    recorded,
    resumed,
)
from tests.channels.strict import Strict, check_shape, misfit
from tests.server import Reply as Answer
from tests.server import Request, Server

UNIT = "46d600000000000000000001"
SCHEMA: dict[str, Any] = recorded("trustpilot", "schema.json")
TOKEN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"


class World:
    """Trustpilot's side; ``size`` reviews on a page at most."""

    def __init__(self, server: Server, *, size: int = 2) -> None:
        self.server = server
        self.size = size
        self.reviews: list[dict[str, Any]] = recorded("trustpilot", "reviews.json")
        self.strict = Strict(
            server,
            "trustpilot",
            {
                f"POST {TOKEN}": self.token,
                "GET /v1/business-units/find": self.find,
                "GET /v1/business-units/:unit/reviews": self.listing,
                "GET /v1/private/business-units/:unit/reviews": self.private(self.listing),
                "GET /v1/reviews/:review": self.one,
                "GET /v1/private/reviews/:review": self.private(self.one),
            },
        )

    def token(self, request: Request) -> Answer:
        wanted = base64.b64encode(b"key-acme:secret-acme").decode()
        assert request.headers["authorization"] == f"Basic {wanted}"
        return Answer(body={"access_token": "tp-token", "expires_in": "359999"})

    def private(self, answer: Any) -> Any:
        def check(request: Request, *parts: str) -> Answer:
            if request.headers.get("authorization") != "Bearer tp-token":
                return Answer(status=401, body={"message": "Unauthorized"})
            found: Answer = answer(request, *parts)
            return found

        return check

    def find(self, request: Request) -> Answer:
        if request.headers.get("apikey") != "key-acme":
            return Answer(status=401, body={"fault": {"faultstring": "Invalid API key"}})
        if request.params["name"] != "acme.example":
            return Answer(status=404, body={"message": "Business unit not found"})
        name = {"identifying": "acme.example", "referring": ["acme.example"]}
        return Answer(body={"id": UNIT, "displayName": "Acme Coffee", "name": name})

    def listing(self, request: Request, unit: str) -> Answer:
        if request.headers.get("apikey") != "key-acme":
            return Answer(status=401, body={"fault": {"faultstring": "Invalid API key"}})
        every = sorted(self.reviews, key=lambda one: str(one["createdAt"]), reverse=True)
        if request.params.get("responded") == "false":
            every = [one for one in every if not one["companyReply"]]
        page = int(request.params.get("page", "1"))
        most = int(request.params.get("perPage", "20"))
        size = most if "responded" in request.params else min(self.size, most)
        links = []
        if page * size < len(every):
            href = f"{self.server.url}/v1/x?page={page + 1}"
            links.append({"href": href, "method": "GET", "rel": "next-page"})
        return Answer(body={"reviews": every[(page - 1) * size : page * size], "links": links})

    def one(self, request: Request, review_id: str) -> Answer:
        for one in self.reviews:
            if one["id"] == review_id:
                return Answer(body=one)
        return Answer(status=404, body={"message": "Review not found", "errorCode": 1003})

    def review(self, number: int) -> dict[str, Any]:
        return next(one for one in self.reviews if one["id"] == name_of(number))


def name_of(number: int) -> str:
    return f"69000000000000000000{number:04x}"


def channel_of(base_url: str, **changes: Any) -> Trustpilot:
    channel = Trustpilot(
        api_key=Secret("key-acme"), domain="acme.example", base_url=f"{base_url}/v1"
    )
    return replace(channel, **changes)


PRIVATE = {"api_secret": Secret("secret-acme")}
EXPECTED = (
    *(name_of(number) for number in (1, 2, 3, 5, 6)),
    f"{name_of(4)}@2026-11-17T08:00:00.000Z",
    f"{name_of(2)}/reply@2026-11-19T12:00:00.000Z",
    f"{name_of(4)}/reply@2026-11-11T09:00:00.000Z",
    f"{name_of(5)}/reply@2026-11-16T10:00:00.000Z",
)


class TestContract(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> Trustpilot:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """There is no public filter by time: the walk ends where the stored one began."""
        return len(second) < len(first)


class TestPrivateContract(TestContract):
    def settings(self, base_url: str) -> Trustpilot:
        return channel_of(base_url, **PRIVATE)

    def first_answers(self, server: Server) -> None:
        server.reply("POST", TOKEN, body={"access_token": "tp-token", "expires_in": "359999"})


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **changes: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: Sequence[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages) if not isinstance(one, Deletion)}


def later(pages: Sequence[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), **{"now": QUERY.now + timedelta(hours=2), **changes})


def waiting(*numbers: int) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(
            external_id=name_of(number),
            thread_id=name_of(number),
            published=QUERY.now - timedelta(days=3),
        )
        for number in numbers
    )


# --- the fixtures themselves -----------------------------------------------------------------


def test_fixtures_have_the_documented_shape() -> None:
    page = {"reviews": recorded("trustpilot", "reviews.json"), "links": []}
    check_shape(page, "Page", SCHEMA["shapes"])


def test_undocumented_parameters_are_refused() -> None:
    table = SCHEMA["requests"]["GET /v1/business-units/:unit/reviews"]
    assert misfit([("responded", "false")], table), "only the private list knows it"
    assert misfit([("perPage", "101")], table)
    assert misfit([("orderBy", "createdAt.desc")], table)


# --- reviews and our answers -----------------------------------------------------------------


def test_review_has_all_its_facts(world: World) -> None:
    review = by_id(read(world))[name_of(1)]
    assert isinstance(review, Mention)
    assert (review.title, review.rating) == ("Never arrived", 1.0)
    assert review.text == "Ordered on 2 November and nobody answers."
    assert (review.author.name, review.author.id) == ("Tom R", "510000000000000000000001")
    assert review.url == f"https://www.trustpilot.com/reviews/{name_of(1)}"
    assert review.engagement.likes == 2 and review.language == "en"
    assert review.addressed and review.published == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_answer_is_our_reply(world: World) -> None:
    reply = by_id(read(world))[f"{name_of(2)}/reply@2026-11-19T12:00:00.000Z"]
    assert isinstance(reply, Reply)
    assert reply.thread_id == name_of(2)
    assert reply.text.startswith("Sorry Eva")


def test_change_after_our_answer_is_written_again(world: World) -> None:
    again = by_id(read(world))[f"{name_of(4)}@2026-11-17T08:00:00.000Z"]
    assert isinstance(again, Mention)
    assert again.thread_id == again.parent_id == name_of(4)


def test_rewritten_answer_answers_the_changed_review(world: World) -> None:
    reply = by_id(read(world))[f"{name_of(5)}/reply@2026-11-16T10:00:00.000Z"]
    assert isinstance(reply, Reply)
    assert reply.published == datetime(2026, 11, 16, 10, tzinfo=UTC)


def test_orders_and_addresses_of_customers_are_not_kept(world: World) -> None:
    world.review(1).update(referralEmail="tom@customer.example", referenceId="order-77")
    review = by_id(collect(channel_of(world.server.url, **PRIVATE)))[name_of(1)]
    assert isinstance(review, Mention)
    assert "customer.example" not in repr(review) and "order-77" not in repr(review)


# --- later runs ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [{}, PRIVATE], ids=["public", "private"])
def test_late_answer_and_deleted_review_are_seen(world: World, mode: dict[str, Any]) -> None:
    old = dict(world.review(3), id=name_of(7), createdAt="2026-11-01T09:00:00.000Z")
    gone = dict(world.review(3), id=name_of(8), createdAt="2026-11-02T09:00:00.000Z")
    world.reviews += [old, gone]
    first = read(world, **mode)
    world.reviews.remove(gone)
    old["companyReply"] = {
        "text": "Glad you like it", "createdAt": "2026-11-21T07:30:00.000Z", "updatedAt": None,
    }  # fmt: skip
    second = read(world, later(first, open=waiting(7, 8)), **mode)
    assert f"{name_of(7)}/reply@2026-11-21T07:30:00.000Z" in by_id(second)
    assert Deletion(external_id=name_of(8)) in items(second)


def test_deleted_answer_is_marked(world: World) -> None:
    first = read(world)
    known = (f"{name_of(5)}/reply@2026-11-16T10:00:00.000Z",)
    world.review(5)["companyReply"] = None
    assert Deletion(external_id=known[0]) in items(read(world, later(first, known_own_ids=known)))


@pytest.mark.slow
def test_unanswered_reviews_are_listed_in_one_call(world: World) -> None:
    for number in range(20, 40):
        world.reviews.append(
            dict(world.review(3), id=name_of(number), createdAt="2026-11-01T09:00:00.000Z")
        )
    first = read(world, **PRIVATE)
    world.server.requests.clear()
    query = later(first, open=waiting(*range(20, 40)))
    second = read(world, query, **PRIVATE)
    listed = [one for one in world.server.requests if one.params.get("responded") == "false"]
    assert len(listed) == 1
    assert not [one for one in world.server.requests if "/private/reviews/" in one.path]
    assert {one for page in second for one in page.checked} == {
        one.external_id for one in query.open
    }


def test_walk_that_goes_on_later_overlaps_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trustpilot, "LATE", timedelta())
    first = collect(channel_of(world.server.url), QUERY, stop_after=3)
    world.reviews.remove(world.review(1))  # all others move up by one
    second = collect(channel_of(world.server.url), resumed(QUERY, first))
    found = set(by_id(first)) | set(by_id(second))
    assert set(EXPECTED) <= found


def test_profile_is_looked_up_once(world: World) -> None:
    first = read(world)
    world.server.requests.clear()
    read(world, later(first))
    assert not world.server.asked("/v1/business-units/find")


def test_calls_of_a_day_are_limited(world: World) -> None:
    tokens = Tokens(None)
    with pytest.raises(BudgetSpent) as caught:
        collect(channel_of(world.server.url, daily_calls=2), tokens=tokens)
    assert "daily_calls" in caught.value.message
    with pytest.raises(BudgetSpent):
        account_of(channel_of(world.server.url, daily_calls=2), tokens=tokens)
    assert len(world.server.requests) == 2


def test_profile_without_reviews(world: World) -> None:
    world.reviews = []
    assert not items(read(world))


def test_token_of_hours_is_not_renewed_early(world: World) -> None:
    tokens = Tokens(None)
    for _ in range(2):
        collect(channel_of(world.server.url, **PRIVATE), tokens=tokens)
    assert len(world.server.asked(TOKEN)) == 1
    from time import time

    assert tokens.get("shop")["ends"] - time() > 99 * 3600


# --- who we are, and refusals ----------------------------------------------------------------


def test_account_is_the_profile(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert (account.id, account.summary) == (UNIT, "reviews of Acme Coffee can be read")
    by_unit = channel_of(world.server.url, domain="", business_unit_id=UNIT)
    assert account_of(by_unit).id == UNIT


def test_unknown_domain(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        account_of(channel_of(world.server.url, domain="other.example"))
    assert "check domain" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "body", "kind", "hint"),
    [
        (400, {"message": "Invalid perPage", "errorCode": 1}, RequestRefused, "doctor"),
        (401, {"fault": {"faultstring": "Invalid API key"}}, CredentialsRefused, "api_key"),
        (403, {"message": "Forbidden"}, PermissionMissing, "API module"),
        (404, {"message": "Not found"}, NotFound, "configuration"),
        (429, {"message": "Too many"}, RateLimited, "later"),
        (503, {"message": "Busy"}, ServerFailed, "later"),
    ],
)
def test_refusal_says_what_to_do_and_is_not_repeated(
    world: World, status: int, body: Any, kind: type[ChannelError], hint: str
) -> None:
    world.server.reply("GET", f"/v1/business-units/{UNIT}/reviews", status, body=body)
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind)
    assert hint in caught.value.hint
    assert len(world.server.asked(f"/v1/business-units/{UNIT}/reviews")) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "hint"),
    [
        (401, {"message": "Unauthorized"}, CredentialsRefused, "api_key and api_secret"),
        (400, {"error": "invalid_client"}, CredentialsRefused, "api_key and api_secret"),
        (429, {"message": "Too many"}, RateLimited, "later"),
        (503, {"message": "Busy"}, ServerFailed, "later"),
    ],
)
def test_refused_token_says_what_to_do(
    world: World, status: int, body: Any, kind: type[ChannelError], hint: str
) -> None:
    world.server.reply("POST", TOKEN, status, body=body)
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url, **PRIVATE))
    assert isinstance(caught.value, kind)
    assert hint in caught.value.hint
    assert "secret-acme" not in f"{caught.value.message} {caught.value.hint}"


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", domain="", daily_calls=-1)
    assert [key for key, _ in wrong.problems()] == ["domain", "daily_calls", "base_url"]
    assert [key for key, _ in channel_of("http://x", business_unit_id="z").problems()] == [
        "business_unit_id"
    ]
