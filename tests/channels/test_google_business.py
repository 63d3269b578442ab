from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._google_business_items import original
from mentionwatch.channels.google_business import GoogleBusiness
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
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

ERRORS: dict[str, Any] = recorded("google_business", "errors.json")
SCHEMA: dict[str, Any] = recorded("google_business", "schema.json")


class World:
    """Google's side; ``size`` reviews on a page at most."""

    def __init__(self, server: Server, *, size: int = 3) -> None:
        self.server = server
        self.size = size
        self.reviews: dict[str, list[dict[str, Any]]] = recorded("google_business", "reviews.json")
        self.accounts: dict[str, Any] = recorded("google_business", "accounts.json")
        self.locations: dict[str, Any] = recorded("google_business", "locations.json")
        self.accepted = "ya29.one"
        place = "/v4/accounts/:account/locations/:location/reviews"
        self.strict = Strict(
            server,
            "google_business",
            {
                "POST /token": self.token,
                "GET /v1/accounts": self.signed(lambda _: Answer(body=self.accounts)),
                "GET /v1/accounts/:account/locations": self.signed(self.places),
                f"GET {place}": self.signed(self.listing),
                f"GET {place}/:review": self.signed(self.one),
            },
        )

    def token(self, request: Request) -> Answer:
        if dict(request.form)["refresh_token"] != "1//refresh-acme":
            return Answer(status=400, body=ERRORS["grant"])
        life = {"expires_in": 3599, "scope": "https://www.googleapis.com/auth/business.manage"}
        return Answer(body={"access_token": self.accepted, "token_type": "Bearer", **life})

    def signed(self, answer: Any) -> Any:
        def check(request: Request, *parts: str) -> Answer:
            if request.headers.get("authorization") != f"Bearer {self.accepted}":
                return Answer(status=401, body=ERRORS["unauthenticated"])
            found: Answer = answer(request, *parts)
            return found

        return check

    def places(self, request: Request, account: str) -> Answer:
        assert set(request.params["readMask"].split(",")) <= set(SCHEMA["readMask"])
        return Answer(body={"locations": self.locations.get(account, [])})

    def listing(self, request: Request, account: str, location: str) -> Answer:
        every = sorted(
            self.reviews.get(location, []), key=lambda one: one["updateTime"], reverse=True
        )
        token = request.params.get("pageToken", "at-0")
        if not token.startswith("at-"):
            return Answer(status=400, body=ERRORS["invalid"])
        start = int(token.removeprefix("at-"))
        shown = every[start : start + self.size]
        if not every:
            return Answer(body={})
        more = (
            {"nextPageToken": f"at-{start + self.size}"} if start + self.size < len(every) else {}
        )
        return Answer(
            body={
                "reviews": shown,
                "averageRating": 2.5,
                "totalReviewCount": len(every),
                **more,
            }
        )

    def one(self, request: Request, account: str, location: str, review: str) -> Answer:
        for one in self.reviews[location]:
            if one["reviewId"] == review:
                return Answer(body=one)
        return Answer(status=404, body=ERRORS["missing"])

    def review(self, review_id: str) -> dict[str, Any]:
        return next(
            one for every in self.reviews.values() for one in every if one["reviewId"] == review_id
        )


def channel_of(base_url: str, **keys: Any) -> GoogleBusiness:
    return GoogleBusiness(
        client_id=Secret("id.apps"),
        client_secret=Secret("GOCSPX-secret"),
        refresh_token=Secret("1//refresh-acme"),
        base_url=base_url,
        accounts_url=base_url,
        locations_url=base_url,
        token_url=f"{base_url}/token",
        **keys,
    )


EXPECTED = {
    "locations/202/reviews/R1",
    "locations/202/reviews/R2",
    "locations/202/reviews/R2/reply@2026-11-19T11:30:00.120Z",
    "locations/202/reviews/R3",
    "locations/202/reviews/R4@2026-11-17T16:20:00.000Z",
    "locations/202/reviews/R4/reply@2026-11-11T09:00:00.000Z",
    "locations/202/reviews/R5",
    "locations/202/reviews/R5/reply@2026-11-15T10:00:00.000Z",
    "locations/202/reviews/R6",
    "locations/202/reviews/R7",
    "locations/202/reviews/R7/reply@2026-09-02T10:00:00.000Z",
    "locations/303/reviews/S1",
}


class TestContract(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> GoogleBusiness:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """There is no filter by time: the walk ends where the stored one began."""
        return len(second) < len(first)

    def first_answers(self, server: Server) -> None:
        token = {"access_token": "ya29.one", "expires_in": 3599}
        server.reply("POST", "/token", body=token)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **keys: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **keys), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: Sequence[Page]) -> dict[str, Item]:
    return {
        one.external_id.removeprefix("locations/202/reviews/"): one
        for one in items(pages)
        if not isinstance(one, Deletion)
    }


def gone(pages: Sequence[Page]) -> set[str]:
    return {one.external_id for one in items(pages) if isinstance(one, Deletion)}


def waiting(*names: str) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(
            external_id=f"locations/202/reviews/{name}",
            thread_id=f"locations/202/reviews/{name.partition('@')[0]}",
            published=QUERY.now - timedelta(days=20),
        )
        for name in names
    )


def later(pages: Sequence[Page], **changes: Any) -> Query:
    query = resumed(QUERY, pages)
    return replace(query, now=QUERY.now + timedelta(hours=1), **changes)


def error_of(world: World, status: int, name: str, path: str = "/v4*") -> ChannelError:
    world.server.reply("*", path, status, body=ERRORS[name])
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    return caught.value


# --- the fixtures themselves -----------------------------------------------------------------


def test_fixtures_have_the_documented_shape() -> None:
    shapes = SCHEMA["shapes"]
    for every in recorded("google_business", "reviews.json").values():
        check_shape({"reviews": every}, "Reviews", shapes)
    check_shape(recorded("google_business", "accounts.json"), "Accounts", shapes)
    for every in recorded("google_business", "locations.json").values():
        check_shape({"locations": every}, "Locations", shapes)


def test_undocumented_parameters_are_refused() -> None:
    table = SCHEMA["requests"]["GET /v4/accounts/:account/locations/:location/reviews"]
    assert misfit([("orderBy", "updateTime")], table)
    assert misfit([("pageSize", "51")], table)
    assert misfit([("since", "2026")], table)
    assert misfit([], SCHEMA["requests"]["GET /v1/accounts/:account/locations"])


# --- reviews and our answers -----------------------------------------------------------------


@pytest.mark.slow
def test_review_has_all_its_facts(world: World) -> None:
    review = by_id(read(world))["R1"]
    assert isinstance(review, Mention)
    assert review.text == "Service lent"
    assert (review.rating, review.rating_max) == (2.0, 5.0)
    assert (review.author.name, review.author.id) == ("Nora P", review.external_id)
    assert review.published == datetime(2026, 11, 20, 10, 47, 32, 807_000, tzinfo=UTC)
    assert review.addressed and review.kind == "review" and not review.private
    assert review.url == "https://business.google.example/reply/R1"
    assert review.thread_id == review.external_id


def test_answered_review_has_our_reply(world: World) -> None:
    found = by_id(read(world))
    reply = found["R2/reply@2026-11-19T11:30:00.120Z"]
    assert isinstance(reply, Reply)
    assert reply.thread_id == "locations/202/reviews/R2"
    assert not reply.parent_id and reply.certainty == "sure"
    assert reply.published == datetime(2026, 11, 19, 11, 30, 0, 120_000, tzinfo=UTC)
    assert reply.text.startswith("Sorry Ben")


def test_stars_without_words_by_somebody_anonymous(world: World) -> None:
    review = by_id(read(world))["R3"]
    assert isinstance(review, Mention)
    assert (review.text, review.rating, review.author.name) == ("", 4.0, "Anonymous")


def test_photo_counts_and_the_place_is_the_link(world: World) -> None:
    review = by_id(read(world))["locations/303/reviews/S1"]
    assert isinstance(review, Mention)
    assert (review.media, review.url) == (1, "https://maps.google.example/?cid=303")


@pytest.mark.slow
def test_change_after_our_answer_is_written_again(world: World) -> None:
    found = by_id(read(world))
    again = found["R4@2026-11-17T16:20:00.000Z"]
    assert isinstance(again, Mention)
    assert again.published == datetime(2026, 11, 17, 16, 20, tzinfo=UTC)
    assert again.thread_id == again.parent_id == "locations/202/reviews/R4"
    assert "R4" not in found


def test_change_before_our_answer_is_an_edit(world: World) -> None:
    review = by_id(read(world))["R5"]
    assert isinstance(review, Mention)
    assert review.published == datetime(2026, 11, 12, 7, tzinfo=UTC)
    assert review.edited == datetime(2026, 11, 14, 7, tzinfo=UTC)


def test_rejected_answer_is_none(world: World) -> None:
    pages = read(world)
    assert "R6" in by_id(pages)
    assert not [name for name in by_id(pages) if name.startswith("R6/reply")]
    assert "Google rejected your answer to Sam V: HARASSMENT" in [
        warning for page in pages for warning in page.warnings
    ]


def test_second_answer_after_a_change_is_an_answer_of_its_own(world: World) -> None:
    first = read(world)
    known = ("locations/202/reviews/R4/reply@2026-11-11T09:00:00.000Z",)
    world.review("R4")["reviewReply"]["updateTime"] = "2026-11-21T07:30:00Z"
    found = by_id(read(world, later(first, known_own_ids=known)))
    assert "R4/reply@2026-11-21T07:30:00.000Z" in found


@pytest.mark.slow
def test_our_edited_answer_keeps_its_first_time(world: World) -> None:
    known = ("locations/202/reviews/R2/reply@2026-11-19T11:30:00.120Z",)
    world.review("R2")["reviewReply"] = {
        "comment": "Better words", "updateTime": "2026-11-20T11:00:00Z",
    }  # fmt: skip
    found = by_id(read(world, replace(QUERY, known_own_ids=known)))
    replies = [name for name in found if name.startswith("R2/reply")]
    assert replies == ["R2/reply@2026-11-19T11:30:00.120Z"]


@pytest.mark.slow
def test_two_reviewers_without_a_name_are_two(world: World) -> None:
    from mentionwatch.store.rows import contact_of, person_keys

    world.review("S1")["reviewer"]["displayName"] = "A Google User"

    found = by_id(read(world))
    mentions = [one for one in found.values() if isinstance(one, Mention)]
    assert len({contact_of("google", one) for one in mentions}) == len(mentions)
    unnamed = [one for one in mentions if one.author.name == "Anonymous"]
    assert len(unnamed) == 2 and not [key for one in unnamed for key in person_keys(one)]


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("Plain words", "Plain words"),
        ("(Translated by Google) Slow\n\n(Original)\nLent", "Lent"),
        ("Lent\n\n(Translated by Google)\nSlow", "Lent"),
        ("(Original)\nLent\n\n(Translated by Google)\nSlow", "Lent"),
        ("(Translated by Google) Slow", "Slow"),
        ("", ""),
    ],
)
def test_original_words_are_kept(comment: str, wanted: str) -> None:
    assert original(comment) == wanted


# --- later runs ------------------------------------------------------------------------------


def test_late_answer_to_an_old_review_is_seen(world: World) -> None:
    first = read(world)
    world.review("R6")["reviewReply"] = {
        "comment": "We were ill that day, sorry.", "updateTime": "2026-11-21T07:10:00Z",
        "reviewReplyState": "PENDING",
    }  # fmt: skip
    second = read(world, later(first, open=waiting("R6")))
    assert "R6/reply@2026-11-21T07:10:00.000Z" in by_id(second)
    assert "locations/202/reviews/R6" in {one for page in second for one in page.checked}


@pytest.mark.slow
def test_deleted_review_and_deleted_answer_are_marked(world: World) -> None:
    first = read(world)
    known = ("locations/202/reviews/R5/reply@2026-11-15T10:00:00.000Z",)
    world.reviews["202"].remove(world.review("R6"))
    del world.review("R5")["reviewReply"]
    second = read(world, later(first, open=waiting("R6"), known_own_ids=known))
    assert gone(second) == {"locations/202/reviews/R6", *known}


@pytest.mark.slow
def test_review_of_an_unread_location_is_not_deleted(world: World) -> None:
    first = read(world)
    path = "/v4/accounts/101/locations/202/reviews"
    world.server.reply("GET", f"{path}*", 404, body=ERRORS["missing"])
    found: list[Page] = []
    with pytest.raises(NotFound):
        found += collect(channel_of(world.server.url), later(first, open=waiting("R1")))
    assert len(world.server.asked(f"{path}/R1")) == 0


@pytest.mark.slow
def test_walk_goes_on_from_a_token_that_was_forgotten(world: World) -> None:
    first = collect(channel_of(world.server.url), QUERY, stop_after=2)
    query = resumed(QUERY, first)
    stream = "reviews:locations/202"
    state = query.streams[stream]
    assert state.resume == "at-3"
    forgotten = replace(query, streams={**query.streams, stream: replace(state, resume="stale")})
    assert "R6" in by_id(collect(channel_of(world.server.url), forgotten))


@pytest.mark.slow
def test_locations_are_asked_for_once_a_week(world: World) -> None:
    first = read(world)
    world.server.requests.clear()
    read(world, later(first))
    assert not world.server.asked("/v1/accounts/101/locations")
    read(world, replace(later(first), now=QUERY.now + timedelta(days=8)))
    assert world.server.asked("/v1/accounts/101/locations")


def test_configured_locations_are_not_looked_for(world: World) -> None:
    read(world, account_name="accounts/101", locations=("locations/303",))
    assert not world.server.asked("/v1/accounts")


def test_empty_account_says_so(world: World) -> None:
    world.locations = {}
    pages = read(world)
    assert not items(pages)
    assert "no verified location" in pages[0].warnings[0]


def test_location_without_reviews(world: World) -> None:
    world.reviews = {}
    assert not items(read(world))


@pytest.mark.slow
def test_access_token_is_asked_for_once(world: World) -> None:
    from mentionwatch.credentials import Tokens

    tokens = Tokens(None)
    for _ in range(2):
        collect(channel_of(world.server.url), tokens=tokens)
    assert len(world.server.asked("/token")) == 1


@pytest.mark.slow
def test_old_access_token_is_renewed(world: World) -> None:
    from mentionwatch.credentials import Tokens

    tokens = Tokens(None)
    collect(channel_of(world.server.url), tokens=tokens)
    world.accepted = "ya29.two"
    assert items(collect(channel_of(world.server.url), tokens=tokens))
    assert len(world.server.asked("/token")) == 2


# --- who we are, and refusals ----------------------------------------------------------------


def test_account_names_the_business(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert account.id == "accounts/101"
    assert account.summary == "logged in to Google; businesses: Acme Coffee and 1 more"


def test_account_without_a_business(world: World) -> None:
    world.accounts = {}
    with pytest.raises(PermissionMissing):
        account_of(channel_of(world.server.url))


@pytest.mark.parametrize(
    ("status", "name", "kind", "hint"),
    [
        (403, "disabled", PermissionMissing, "while Google has not approved"),
        (403, "scope", PermissionMissing, "lacks a scope"),
        (403, "denied", PermissionMissing, "owns or manages the location"),
        (404, "missing", NotFound, ""),
        (400, "invalid", RequestRefused, "must be verified"),
        (400, "unverified", RequestRefused, "must be verified"),
        (429, "unapproved", PermissionMissing, "apply for Basic API Access"),
        (429, "slow", RateLimited, "later"),
        (500, "broken", ServerFailed, "later"),
        (503, "busy", ServerFailed, "later"),
        (401, "unauthenticated", CredentialsRefused, "refresh token"),
    ],
)
def test_refusal_says_what_to_do(
    world: World, status: int, name: str, kind: type[ChannelError], hint: str
) -> None:
    error = error_of(world, status, name)
    assert isinstance(error, kind), repr(error)
    assert hint in error.hint


@pytest.mark.parametrize(("status", "name"), [(400, "grant"), (401, "client")])
def test_refused_login_says_what_to_do(world: World, status: int, name: str) -> None:
    error = error_of(world, status, name, "/token")
    assert isinstance(error, CredentialsRefused)
    assert "after 7 days" in error.hint


def test_one_refused_location_does_not_hide_the_other(world: World) -> None:
    path = "/v4/accounts/101/locations/202/reviews"
    world.server.reply("GET", path, 403, body=ERRORS["denied"])
    found: list[Page] = []

    async def gather() -> None:
        from mentionwatch.client import Client

        async with Client(channel="shop", deadline=10.0) as client:
            async for page in channel_of(world.server.url).pages(QUERY, client):
                found.append(page)

    from tests.channels.contract import run

    with pytest.raises(PermissionMissing):
        run(gather())
    assert "locations/303/reviews/S1" in by_id(found)


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", account_name="101", locations=("202",))
    keys = [key for key, _ in wrong.problems()]
    assert keys[:2] == ["account_name", "locations"]
    assert "base_url" in keys
