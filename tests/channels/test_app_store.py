from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query, _jwt, app_store
from mentionwatch.channels.app_store import AppStore
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    SecretUnavailable,
    ServerFailed,
    UnexpectedPayload,
)
from mentionwatch.model.items import Deletion, Item, Mention, Page, Reply, StreamState
from tests.channels import keys
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
from tests.channels.strict import Strict, check_shape
from tests.server import Reply as Answer
from tests.server import Request, Server

APP = "1592550875"
ERRORS: dict[str, Any] = recorded("app_store", "errors.json")
SCHEMA: dict[str, Any] = recorded("app_store", "schema.json")
FEED = "/:country/rss/customerreviews/"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between requests; and hundreds of tokens are not kept for redaction."""
    monkeypatch.setattr(app_store, "PACE", 0.0)
    monkeypatch.setattr(_jwt, "remember", lambda token: None)


class World:
    """Apple's side; ``size`` reviews on a page at most. ``dead``: addresses without entries."""

    def __init__(self, server: Server, *, size: int = 2) -> None:
        self.server = server
        self.size = size
        self.feed: dict[str, Any] = recorded("app_store", "feed.json")
        connect = recorded("app_store", "connect.json")
        self.reviews: list[dict[str, Any]] = connect["reviews"]
        self.responses: list[dict[str, Any]] = connect["responses"]
        self.dead: set[str] = set()
        self.tokens: set[str] = set()
        self.strict = Strict(
            server,
            "app_store",
            {
                f"GET {FEED}page=:page/id=:app/sortBy=mostRecent/json": self.first_form,
                f"GET {FEED}id=:app/sortBy=mostRecent/page=:page/json": self.second_form,
                f"GET {FEED}id=:app/page=:page/sortby=mostrecent/json": self.third_form,
                "GET /v1/apps/:app": self.signed(self.app),
                "GET /v1/apps/:app/customerReviews": self.signed(self.listing),
                "GET /v1/customerReviews/:review": self.signed(self.one),
            },
        )

    # --- the public feed --------------------------------------------------------------------

    def first_form(self, request: Request, country: str, page: str, app: str) -> Answer:
        return self.entries("first", country, int(page))

    def second_form(self, request: Request, country: str, app: str, page: str) -> Answer:
        return self.entries("second", country, int(page))

    def third_form(self, request: Request, country: str, app: str, page: str) -> Answer:
        return self.entries("third", country, int(page))

    def entries(self, form: str, country: str, page: int) -> Answer:
        assert 1 <= page <= 10
        every = [] if form in self.dead else self.feed.get(country, [])
        shown: Any = every[(page - 1) * self.size : page * self.size]
        if shown and page == 1 and country == "us":
            shown = [self.feed["app"], *shown]
        feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}}
        if shown:
            feed["entry"] = shown[0] if len(shown) == 1 else shown
        return Answer(body={"feed": feed})

    # --- App Store Connect ------------------------------------------------------------------

    def signed(self, answer: Any) -> Any:
        def check(request: Request, *parts: str) -> Answer:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not token:
                return Answer(status=401, body=ERRORS["401"])
            if token not in self.tokens:
                self.tokens.add(token)
                header, claims = keys.claims_of(token, keys.ec_key())
                assert header == {"alg": "ES256", "kid": "KEY123", "typ": "JWT"}
                assert (claims["iss"], claims["aud"]) == ("issuer-1", "appstoreconnect-v1")
                assert 0 < claims["exp"] - claims["iat"] <= 1200
            found: Answer = answer(request, *parts)
            return found

        return check

    def app(self, request: Request, app: str) -> Answer:
        told = {"name": "Acme Coffee"}
        return Answer(body={"data": {"type": "apps", "id": app, "attributes": told}})

    def listing(self, request: Request, app: str) -> Answer:
        every = sorted(self.reviews, key=lambda one: _created(one), reverse=True)
        start = int(request.params.get("cursor", "0"))
        shown = every[start : start + self.size]
        base = f"{self.server.url}/v1/apps/{app}/customerReviews"
        links = {"self": base}
        if start + self.size < len(every):
            rest = "sort=-createdDate&limit=200&include=response"
            links["next"] = f"{base}?cursor={start + self.size}&{rest}"
        meta = {"paging": {"total": len(every), "limit": 200}}
        return Answer(
            body={"data": shown, "included": self.included(shown), "links": links, "meta": meta}
        )

    def one(self, request: Request, review_id: str) -> Answer:
        for one in self.reviews:
            if one["id"] == review_id:
                return Answer(body={"data": one, "included": self.included([one]), "links": {}})
        return Answer(status=404, body=ERRORS["404"])

    def included(self, shown: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = {_response(one).get("data", {}).get("id") for one in shown}
        return [one for one in self.responses if one["id"] in wanted]

    def review(self, number: int) -> dict[str, Any]:
        return next(one for one in self.reviews if one["id"] == f"00000{number}-asc")


def _created(review: dict[str, Any]) -> str:
    return str(review["attributes"]["createdDate"])


def _response(review: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = review["relationships"]["response"]
    return found


def feed_of(base_url: str, **changes: Any) -> AppStore:
    channel = AppStore(app_id=APP, countries=("us", "gb"), base_url=base_url, feed_url=base_url)
    return replace(channel, **changes)


def connect_of(base_url: str, **changes: Any) -> AppStore:
    keyed = {
        "issuer_id": Secret("issuer-1"),
        "key_id": Secret("KEY123"),
        "private_key_path": keys.key_file("AuthKey.p8", keys.pem(keys.ec_key())),
    }
    return feed_of(base_url, **{**keyed, **changes})


class _Contract(ChannelContract):
    expected = tuple(f"1450000{number:04d}" for number in range(1, 7))

    def settings(self, base_url: str) -> AppStore:
        return feed_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """There is no filter by time: the walk ends where the stored one began."""
        return len(second) < len(first)


class TestFeedContract(_Contract):
    # Nobody has rights to the public feed: Apple shows it, or not today.
    refusals: ClassVar = {403: RateLimited}


class TestConnectContract(_Contract):
    expected = (
        "000001-asc",
        "000002-asc",
        "000002-asc/reply:resp-2",
        "000003-asc",
        "000004-asc@2026-11-16T12:24:23.000Z",
        "000004-asc/reply:resp-4",
        "000005-asc",
        "000005-asc/reply:resp-5",
    )

    def settings(self, base_url: str) -> AppStore:
        return connect_of(base_url)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, *, feed: bool = False, **changes: Any) -> list[Page]:
    make = feed_of if feed else connect_of
    pages = collect(make(world.server.url, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: Sequence[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages) if not isinstance(one, Deletion)}


def later(pages: Sequence[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), **{"now": QUERY.now + timedelta(hours=4), **changes})


def waiting(*numbers: int) -> tuple[OpenItem, ...]:
    names = [f"00000{number}-asc" for number in numbers]
    at = QUERY.now - timedelta(days=3)
    return tuple(OpenItem(external_id=name, thread_id=name, published=at) for name in names)


def warnings_of(pages: Sequence[Page]) -> list[str]:
    return [warning for page in pages for warning in page.warnings]


# --- the fixtures themselves -----------------------------------------------------------------


def test_fixtures_have_the_documented_shape() -> None:
    shapes = SCHEMA["shapes"]
    connect = recorded("app_store", "connect.json")
    page = {"data": connect["reviews"], "included": connect["responses"], "links": {}}
    check_shape(page, "Page", shapes)
    feed = recorded("app_store", "feed.json")
    for entry in [*feed["us"], *feed["gb"]]:
        check_shape(entry, "Entry", shapes)


# --- the public feed -------------------------------------------------------------------------


@pytest.mark.slow
def test_feed_review_has_all_its_facts(world: World) -> None:
    review = by_id(read(world, feed=True))["14500000001"]
    assert isinstance(review, Mention)
    assert (review.title, review.text, review.rating) == ("Crashes", "It closes on start", 2.0)
    assert review.published == datetime(2026, 11, 19, 12, 24, 23, tzinfo=UTC)
    assert (review.author.name, review.author.id) == ("Sam", "id1")
    assert review.url == f"https://apps.apple.com/us/app/id{APP}?see-all=reviews"
    assert review.engagement.likes == 2 and review.addressed


def test_single_entry_stands_alone(world: World) -> None:
    assert "14500000006" in by_id(read(world, feed=True))


@pytest.mark.slow
def test_dead_address_gives_way_to_the_next(world: World) -> None:
    world.dead = {"first", "second"}
    assert len(by_id(read(world, feed=True))) == 6


def test_empty_feed_is_never_no_reviews(world: World) -> None:
    world.dead = {"first", "second", "third"}
    pages = read(world, feed=True)
    assert not items(pages)
    assert [one for one in warnings_of(pages) if "the feed of us is empty" in one]


@pytest.mark.slow
def test_feed_that_was_not_empty_before_fails(world: World) -> None:
    first = read(world, feed=True)
    world.dead = {"first", "second", "third"}
    with pytest.raises(UnexpectedPayload, match="the feed of us is empty"):
        collect(feed_of(world.server.url), later(first))


@pytest.mark.slow
def test_feed_is_left_alone_for_hours(world: World) -> None:
    first = read(world, feed=True)
    world.server.requests.clear()
    read(world, later(first, now=QUERY.now + timedelta(hours=1)), feed=True)
    assert not world.server.requests
    read(world, later(first), feed=True)
    assert world.server.requests


@pytest.mark.slow
def test_entry_without_a_time_is_kept(world: World) -> None:
    del world.feed["us"][0]["updated"]
    review = by_id(read(world, feed=True))["14500000001"]
    assert isinstance(review, Mention) and review.published is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, RateLimited), (429, RateLimited), (500, ServerFailed), (502, ServerFailed),
     (503, ServerFailed)],
)  # fmt: skip
def test_feed_that_is_refused_is_no_empty_one(
    world: World, status: int, kind: type[ChannelError]
) -> None:
    page = "<!DOCTYPE html><html><body>Access Denied</body></html>"
    world.server.reply("GET", "/us/*", status, body=page)
    with pytest.raises(ChannelError) as caught:
        collect(feed_of(world.server.url))
    assert type(caught.value) is kind
    assert caught.value.hint and "credentials" not in caught.value.hint


def test_feed_cannot_see_our_answers() -> None:
    assert AppStore.capabilities.sees_own_replies
    assert not feed_of("http://x").capabilities.sees_own_replies
    assert connect_of("http://x").capabilities.sees_own_replies


# --- App Store Connect -----------------------------------------------------------------------


def test_review_has_all_its_facts(world: World) -> None:
    review = by_id(read(world))["000001-asc"]
    assert isinstance(review, Mention)
    assert (review.title, review.text, review.rating) == ("Crashes", "It closes on start", 1.0)
    assert (review.author.name, review.author.id) == ("reader1", "000001-asc")
    assert review.published == datetime(2026, 11, 19, 12, 24, 23, tzinfo=UTC)


def test_answer_is_our_reply_also_while_it_is_pending(world: World) -> None:
    found = by_id(read(world))
    reply, pending = found["000002-asc/reply:resp-2"], found["000005-asc/reply:resp-5"]
    assert isinstance(reply, Reply) and isinstance(pending, Reply)
    assert (reply.thread_id, reply.text) == ("000002-asc", "Update 1.9 is faster.")
    assert reply.published == datetime(2026, 11, 19, 4, tzinfo=UTC)


def test_late_answer_is_seen(world: World) -> None:
    first = read(world)
    _response(world.review(3))["data"] = {"type": "customerReviewResponses", "id": "resp-3"}
    told = {"responseBody": "Thanks", "lastModifiedDate": "2026-11-21T07:30:00Z"}
    world.responses.append({"type": "customerReviewResponses", "id": "resp-3", "attributes": told})
    second = read(world, later(first, open=waiting(3)))
    assert "000003-asc/reply:resp-3" in by_id(second)
    assert "000003-asc" in {one for page in second for one in page.checked}


def test_deleted_review_and_answer_are_marked(world: World) -> None:
    first = read(world)
    known = ("000005-asc/reply:resp-5",)
    world.reviews.remove(world.review(3))
    del _response(world.review(5))["data"]
    second = read(world, later(first, open=waiting(3), known_own_ids=known))
    gone = {one.external_id for one in items(second) if isinstance(one, Deletion)}
    assert gone == {"000003-asc", *known}


def test_next_page_on_another_server_is_refused(world: World) -> None:
    elsewhere = {"data": [], "links": {"next": "https://evil.example/v1/x?cursor=1"}}
    world.server.reply("GET", f"/v1/apps/{APP}/customerReviews", body=elsewhere)
    with pytest.raises(UnexpectedPayload, match="on another server"):
        collect(connect_of(world.server.url))


def test_app_without_reviews(world: World) -> None:
    world.reviews = []
    assert not items(read(world))


def test_one_token_serves_a_run(world: World) -> None:
    read(world)
    assert len(world.tokens) == 1


# --- who we are, and refusals ----------------------------------------------------------------


def test_account_tells_the_sources_apart(world: World) -> None:
    assert account_of(feed_of(world.server.url)).id == f"feed:{APP}"
    account = account_of(connect_of(world.server.url))
    assert account.id == f"connect:{APP}"
    assert account.summary == "reviews and answers of Acme Coffee can be read"
    assert not account.warnings


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, CredentialsRefused, "clock of this machine"),
        (403, PermissionMissing, "Customer Support"),
        (404, NotFound, "configuration"),
        (400, RequestRefused, "doctor"),
        (429, RateLimited, "later"),
        (500, ServerFailed, "later"),
    ],
)
def test_refusal_says_what_to_do(
    world: World, status: int, kind: type[ChannelError], hint: str
) -> None:
    world.server.reply("GET", "/v1*", status, body=ERRORS[str(status)])
    with pytest.raises(ChannelError) as caught:
        collect(connect_of(world.server.url))
    assert isinstance(caught.value, kind)
    assert hint in caught.value.hint


def test_missing_key_file(world: World, tmp_path: Any) -> None:
    with pytest.raises(SecretUnavailable, match="cannot be read"):
        collect(connect_of(world.server.url, private_key_path=tmp_path / "none.p8"))


def test_settings_are_checked() -> None:
    wrong = feed_of("ftp://x", app_id="id1", countries=("usa",), key_id=Secret("K"))
    found = [key for key, _ in wrong.problems()]
    assert found == ["app_id", "countries", "private_key_path", "base_url", "feed_url"]
    assert [key for key, _ in feed_of("http://x", countries=()).problems()] == ["countries"]
