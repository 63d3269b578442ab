from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels.yelp import Yelp, local_time
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
from mentionwatch.model.items import Mention, Page
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    mentions,
    recorded,
    resumed,
)
from tests.channels.strict import Strict, check_shape, misfit
from tests.server import Reply as Answer
from tests.server import Request, Server

ERRORS: dict[str, Any] = recorded("yelp", "errors.json")
SCHEMA: dict[str, Any] = recorded("yelp", "schema.json")
REVIEWS = "/v3/businesses/acme-coffee-portland/reviews"


class World:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.page: dict[str, Any] = recorded("yelp", "reviews.json")
        self.business: dict[str, Any] = recorded("yelp", "business.json")
        self.with_reviews = True
        self.strict = Strict(
            server,
            "yelp",
            {
                "GET /v3/businesses/:business": self.signed(lambda _: Answer(body=self.business)),
                "GET /v3/businesses/:business/reviews": self.signed(self.reviews),
            },
        )

    def signed(self, answer: Any) -> Any:
        def check(request: Request, business: str) -> Answer:
            if request.headers.get("authorization") != "Bearer yelp-key-acme":
                return Answer(status=401, body=ERRORS["token"])
            if business != "acme-coffee-portland":
                return Answer(status=404, body=ERRORS["business"])
            found: Answer = answer(request)
            return found

        return check

    def reviews(self, request: Request) -> Answer:
        assert request.params["sort_by"] == "newest"
        if not self.with_reviews:
            return Answer(status=404, body=ERRORS["plan"])
        return Answer(body={**self.page, "reviews": self.page["reviews"][:3]})

    def add(self, letter: str, at: str) -> None:
        new = {**self.page["reviews"][0], "id": letter * 22, "time_created": at}
        self.page["reviews"].insert(0, new)
        self.page["total"] += 1
        self.business["review_count"] += 1


def channel_of(base_url: str, **changes: Any) -> Yelp:
    channel = Yelp(
        api_key=Secret("yelp-key-acme"),
        business="acme-coffee-portland",
        base_url=f"{base_url}/v3",
    )
    return replace(channel, **changes)


class TestContract(ChannelContract):
    expected = ("a" * 22, "b" * 22, "c" * 22)
    has_cursor = False

    def settings(self, base_url: str) -> Yelp:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)


class TestContractOfACount(TestContract):
    """A plan without reviews."""

    expected = ()

    def routes(self, server: Server) -> None:
        World(server).with_reviews = False


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **changes: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: Sequence[Page]) -> dict[str, Mention]:
    return {one.external_id: one for one in mentions(pages)}


def later(pages: Sequence[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), **{"now": QUERY.now + timedelta(hours=1), **changes})


def warnings_of(pages: Sequence[Page]) -> list[str]:
    return [warning for page in pages for warning in page.warnings]


def test_fixtures_have_the_documented_shape() -> None:
    check_shape(recorded("yelp", "reviews.json"), "Page", SCHEMA["shapes"])
    check_shape(recorded("yelp", "business.json"), "Business", SCHEMA["shapes"])


def test_undocumented_parameters_are_refused() -> None:
    table = SCHEMA["requests"]["GET /v3/businesses/:business/reviews"]
    assert misfit([("sort_by", "time")], table)
    assert misfit([("limit", "51")], table)


def test_review_has_all_its_facts(world: World) -> None:
    review = by_id(read(world))["a" * 22]
    assert review.text.startswith("Waited two weeks")
    assert (review.rating, review.language, review.kind) == (2.0, "en", "review")
    assert (review.author.name, review.author.id) == ("Liz A.", "A" * 22)
    assert review.url == f"https://www.yelp.com/biz/acme-coffee-portland?hrid={'a' * 22}"
    assert review.addressed
    assert review.published == datetime(2026, 11, 19, 22, 3, 22, tzinfo=UTC)


def test_times_without_a_zone_are_pacific() -> None:
    assert local_time("2026-07-01 08:00:00") == datetime(2026, 7, 1, 15, tzinfo=UTC)
    assert local_time("2026-11-01 08:00:00") == datetime(2026, 11, 1, 16, tzinfo=UTC)
    assert local_time("yesterday") is None and local_time("0001-01-01 00:00:00") is not None
    assert local_time("9999-12-31 23:59:59") is None


def test_words_are_kept_for_a_day_and_in_one_place(world: World) -> None:
    assert Yelp.keep_at_most == timedelta(hours=24)
    for review in mentions(read(world)):
        assert set(review.raw or {}) == {"time_created"}


def test_review_that_was_removed_after_a_day_does_not_come_back(world: World) -> None:
    first = read(world)
    second = read(world, later(first))
    assert not mentions(second)
    world.add("d", "2026-11-20 09:00:00")
    third = read(world, later([*first, *second]))
    assert set(by_id(third)) == {"d" * 22}
    assert not mentions(read(world, later([*first, *second, *third])))


def test_answers_cannot_be_seen() -> None:
    assert not Yelp.capabilities.sees_own_replies
    assert "mark them done" in " ".join(Yelp.capabilities.limits)


def test_new_review_is_found(world: World) -> None:
    first = read(world)
    world.add("d", "2026-11-20 09:00:00")
    second = by_id(read(world, later(first)))
    assert "d" * 22 in second
    assert not [name for name in second if name.startswith("unread:")]


def test_reviews_between_two_runs_that_are_not_shown_make_a_row(world: World) -> None:
    first = read(world)
    for letter in "defgh":
        world.add(letter, "2026-11-20 09:00:00")
    found = by_id(read(world, later(first)))
    row = found["unread:acme-coffee-portland#126"]
    assert row.text.startswith("2 new reviews on Yelp")
    assert row.addressed and not row.automatic and row.url == "https://biz.yelp.com/"


def test_review_that_vanished_is_no_alarm(world: World) -> None:
    first = read(world)
    world.page["total"] -= 1
    assert not mentions(read(world, later(first)))


def test_plan_without_reviews_watches_their_number(world: World) -> None:
    world.with_reviews = False
    first = read(world)
    assert not mentions(first)
    assert "does not include reviews" in warnings_of(first)[0]
    world.add("d", "2026-11-20 09:00:00")
    second = read(world, later(first))
    assert [one.text for one in mentions(second)] == [
        "1 new review on Yelp that mentionwatch may not read: look there"
    ]
    assert not mentions(read(world, later([*first, *second])))


def test_shown_reviews_are_looked_at_again(world: World) -> None:
    waiting = (OpenItem(external_id="b" * 22, thread_id="b" * 22, published=QUERY.now),)
    pages = read(world, replace(QUERY, open=(*waiting, replace(waiting[0], external_id="old"))))
    assert pages[0].checked == ("b" * 22,)


def test_business_without_reviews(world: World) -> None:
    world.page.update(reviews=[], total=0)
    assert not mentions(read(world))


def test_calls_of_a_day_are_limited(world: World) -> None:
    tokens = Tokens(None)
    channel = channel_of(world.server.url, daily_calls=2)
    for _ in range(2):
        collect(channel, tokens=tokens)
    with pytest.raises(BudgetSpent, match="daily_calls"):
        collect(channel, tokens=tokens)
    with pytest.raises(BudgetSpent):
        account_of(channel, tokens=tokens)
    assert len(world.server.requests) == 2


def test_account_is_the_business(world: World) -> None:
    world.business["is_closed"] = True
    account = account_of(channel_of(world.server.url))
    assert account.id == "x" * 22
    assert account.summary == "Acme Coffee on Yelp: 121 reviews"
    assert account.warnings == ("Yelp shows this business as closed for good",)


@pytest.mark.parametrize(
    ("status", "name", "kind", "hint"),
    [
        (404, "business", NotFound, "check business"),
        (403, "unavailable", PermissionMissing, "check business"),
        (301, "moved", RequestRefused, 'set business = "acme-coffee-portland-2"'),
        (400, "validation", RequestRefused, "locale"),
        (400, "no_token", CredentialsRefused, "api_key"),
        (401, "token", CredentialsRefused, "trial ends"),
        (401, "unauthorized", CredentialsRefused, "trial ends"),
        (429, "second", RateLimited, "later"),
        (429, "day", RateLimited, "later"),
        (500, "internal", ServerFailed, "later"),
        (503, "timeout", ServerFailed, "later"),
        (504, "timeout", ServerFailed, "later"),
        (404, "plan", NotFound, ""),
    ],
)
def test_refusal_says_what_to_do(
    world: World, status: int, name: str, kind: type[ChannelError], hint: str
) -> None:
    world.server.reply("GET", "*", status, body=ERRORS[name])
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind)
    assert hint in caught.value.hint


def test_second_without_a_quota_is_waited_for(world: World, waits: list[float]) -> None:
    world.server.reply("GET", "*", 429, body=ERRORS["second"], times=1)
    assert [one for page in collect(channel_of(world.server.url)) for one in page.items]
    assert waits and all(0 < one <= 5 for one in waits)


def test_spent_quota_is_not_asked_again(world: World) -> None:
    midnight = datetime.now(UTC) + timedelta(hours=6)  # by the clock of the server
    headers = {"RateLimit-ResetTime": midnight.isoformat(), "RateLimit-Remaining": "0"}
    world.server.reply("GET", "*", 429, body=ERRORS["day"], headers=headers)
    with pytest.raises(RateLimited) as caught:
        collect(channel_of(world.server.url))
    assert caught.value.retry_after is not None and caught.value.retry_after > 3600
    assert len(world.server.requests) == 1


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", business="https://yelp/biz/x", locale="en", daily_calls=-1)
    found = [key for key, _ in wrong.problems()]
    assert found == ["business", "locale", "daily_calls", "base_url"]
