from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels.tripadvisor import Tripadvisor
from mentionwatch.client import Client
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
from mentionwatch.model.items import Deletion, Item, Mention, Page, Reply
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    items,
    recorded,
    resumed,
    run,
)
from tests.channels.strict import Strict, check_shape, misfit
from tests.server import Reply as Answer
from tests.server import Request, Server

ERRORS: dict[str, Any] = recorded("tripadvisor", "errors.json")
SCHEMA: dict[str, Any] = recorded("tripadvisor", "schema.json")


class World:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.page: dict[str, Any] = recorded("tripadvisor", "reviews.json")
        answers = {"GET /api/v1/location/:location/reviews": self.reviews}
        self.strict = Strict(server, "tripadvisor", answers)

    def reviews(self, request: Request, location: str) -> Answer:
        if request.params["key"] != "TA-key-acme":
            return Answer(status=403, body=ERRORS["403"])
        if location != "1234567":
            return Answer(status=404, body=ERRORS["404"])
        return Answer(body={**self.page, "data": self.page["data"][:5]})

    def add(self, number: int) -> None:
        new = {**self.page["data"][0], "id": number, "published_date": "2026-11-21T06:00:00Z"}
        self.page["data"].insert(0, new)


def channel_of(base_url: str, **changes: Any) -> Tripadvisor:
    channel = Tripadvisor(
        api_key=Secret("TA-key-acme"), location_id="1234567", base_url=f"{base_url}/api/v1"
    )
    return replace(channel, **changes)


class TestContract(ChannelContract):
    expected = (
        "990000001",
        "990000002",
        "990000002/reply:990005002",
        "990000003",
        "990000004",
        "990000005",
        "990000005/reply:990005005",
    )
    has_cursor = False

    def settings(self, base_url: str) -> Tripadvisor:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **changes: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: Sequence[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages)}


def later(pages: Sequence[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), **{"now": QUERY.now + timedelta(hours=1), **changes})


def test_fixtures_have_the_documented_shape() -> None:
    check_shape(recorded("tripadvisor", "reviews.json"), "Page", SCHEMA["shapes"])


def test_undocumented_parameters_are_refused() -> None:
    table = SCHEMA["requests"]["GET /api/v1/location/:location/reviews"]
    assert misfit([("key", "k"), ("since", "2026")], table)
    assert misfit([("language", "en")], table)


def test_review_has_stars_time_and_link(world: World) -> None:
    review = by_id(read(world))["990000001"]
    assert isinstance(review, Mention)
    assert (review.rating, review.kind, review.addressed) == (2.0, "review", True)
    assert review.published == datetime(2026, 11, 19, 18, 20, tzinfo=UTC)
    assert review.url.startswith("https://www.tripadvisor.com/ShowUserReviews-")
    assert review.thread_id == "990000001"


def test_nothing_that_people_wrote_is_handed_on(world: World) -> None:
    written = repr(read(world))
    for words in ("Heating", "Cold room", "guest_1", "Oslo", "we are sorry", "Response from"):
        assert words not in written


def test_answer_is_our_reply(world: World) -> None:
    reply = by_id(read(world))["990000002/reply:990005002"]
    assert isinstance(reply, Reply)
    assert (reply.thread_id, reply.text) == ("990000002", "")
    assert reply.published == datetime(2026, 11, 19, 7, tzinfo=UTC)


def test_late_answer_is_seen_while_the_review_is_shown(world: World) -> None:
    first = read(world)
    answer = dict(world.page["data"][1]["owner_response"], id=990006003)
    world.page["data"][2]["owner_response"] = answer
    name = "990000003"
    waiting = (OpenItem(external_id=name, thread_id=name, published=QUERY.now),)
    second = read(world, later(first, open=waiting))
    assert "990000003/reply:990006003" in by_id(second)
    assert second[0].checked == (name,)


def test_deleted_answer_is_marked(world: World) -> None:
    first = read(world)
    del world.page["data"][1]["owner_response"]
    known = ("990000002/reply:990005002",)
    assert Deletion(external_id=known[0]) in items(read(world, later(first, known_own_ids=known)))


def test_more_reviews_than_are_shown_make_a_row(world: World) -> None:
    first = read(world)
    for number in range(990000010, 990000014):
        world.add(number)
    assert not [name for name in by_id(read(world, later(first))) if name.startswith("unread:")]
    world.add(990000014)
    found = by_id(read(world, later(first)))
    row = found["unread:1234567#990000014"]
    assert isinstance(row, Mention)
    assert row.text.startswith("some new reviews on Tripadvisor")


def test_place_without_reviews(world: World) -> None:
    world.page["data"] = []
    assert not items(read(world))


def test_a_run_with_its_account_costs_one_call(world: World) -> None:
    channel = channel_of(world.server.url)

    async def whole_run() -> list[Page]:
        async with Client(channel="shop", deadline=10.0) as client:
            await channel.account(client)
            return [page async for page in channel.pages(QUERY, client)]

    assert len(items(run(whole_run()))) == len(TestContract.expected)
    assert len(world.server.requests) == 1


def test_calls_of_a_month_are_limited(world: World) -> None:
    tokens = Tokens(None)
    channel = channel_of(world.server.url, monthly_calls=1)
    collect(channel, tokens=tokens)
    with pytest.raises(BudgetSpent, match="monthly_calls"):
        account_of(channel, tokens=tokens)
    assert len(world.server.requests) == 1


def test_account_is_the_place(world: World) -> None:
    assert account_of(channel_of(world.server.url)).id == "tripadvisor:1234567"


@pytest.mark.parametrize(
    ("name", "kind", "hint"),
    [
        ("400", RequestRefused, "doctor"),
        ("401", CredentialsRefused, "public address"),
        ("403", PermissionMissing, "public address"),
        ("403 envelope", PermissionMissing, "public address"),
        ("404", NotFound, "location_id"),
        ("429", RateLimited, "later"),
        ("500", ServerFailed, "later"),
    ],
)
def test_refusal_says_what_to_do(
    world: World, name: str, kind: type[ChannelError], hint: str
) -> None:
    world.server.reply("GET", "*", int(name[:3]), body=ERRORS[name])
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind)
    assert hint in caught.value.hint
    assert "TA-key-acme" not in repr(caught.value)


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", location_id="d12", language="e-n", monthly_calls=-1)
    found = [key for key, _ in wrong.problems()]
    assert found == ["location_id", "language", "monthly_calls", "base_url"]
