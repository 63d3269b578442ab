from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels.google_play import SCOPE, GooglePlay
from mentionwatch.credentials import Tokens
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    SecretUnavailable,
    ServerFailed,
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

pytestmark = pytest.mark.slow

ERRORS: dict[str, Any] = recorded("google_play", "errors.json")
MAIL = "reader@acme.iam.example"
REVIEWS = "/androidpublisher/v3/applications/:package/reviews"


class World:
    """Google's side; ``size`` reviews on a page at most."""

    def __init__(self, server: Server, *, size: int = 2) -> None:
        self.server = server
        self.size = size
        self.reviews: list[dict[str, Any]] = recorded("google_play", "reviews.json")
        self.accepted = "ya29.play"
        self.strict = Strict(
            server,
            "google_play",
            {
                "POST /token": self.token,
                f"GET {REVIEWS}": self.listing,
                f"GET {REVIEWS}/:review": self.one,
            },
        )

    def token(self, request: Request) -> Answer:
        header, claims = keys.claims_of(dict(request.form)["assertion"], keys.rsa_key())
        assert header == {"alg": "RS256", "kid": "key-1", "typ": "JWT"}
        assert (claims["iss"], claims["scope"]) == (MAIL, SCOPE)
        assert claims["aud"] == f"{self.server.url}/token"
        assert claims["exp"] - claims["iat"] <= 3600
        return Answer(body={"access_token": self.accepted, "expires_in": 3599})

    def refusal(self, request: Request, package: str) -> Answer | None:
        if request.headers.get("authorization") != f"Bearer {self.accepted}":
            return Answer(status=401, body=ERRORS["unauthenticated"])
        if package != "com.acme.coffee":
            return Answer(status=404, body=ERRORS["missing"])
        return None

    def listing(self, request: Request, package: str) -> Answer:
        if refusal := self.refusal(request, package):
            return refusal
        token = request.params.get("token", "at-0")
        if not token.startswith("at-"):
            return Answer(status=400, body=ERRORS["invalid"])
        start = int(token.removeprefix("at-"))
        size = min(self.size, int(request.params["maxResults"]))
        every = sorted(self.reviews, key=changed, reverse=True)
        shown = every[start : start + size]
        if not every:
            return Answer(body={})
        body: dict[str, Any] = {"reviews": shown, "pageInfo": {"resultPerPage": len(shown)}}
        if start + size < len(every):
            body["tokenPagination"] = {"nextPageToken": f"at-{start + size}"}
        return Answer(body=body)

    def one(self, request: Request, package: str, review_id: str) -> Answer:
        if refusal := self.refusal(request, package):
            return refusal
        for one in self.reviews:
            if one["reviewId"] == review_id:
                return Answer(body=one)
        return Answer(status=404, body=ERRORS["missing"])

    def review(self, number: int) -> dict[str, Any]:
        return next(one for one in self.reviews if one["reviewId"] == f"gp:AOq-{number}")


def changed(review: dict[str, Any]) -> int:
    return int(review["comments"][0]["userComment"]["lastModified"]["seconds"])


def account_file() -> Path:
    account = {"client_email": MAIL, "private_key_id": "key-1", "type": "service_account"}
    account["private_key"] = keys.pem(keys.rsa_key())
    return keys.key_file("play.json", json.dumps(account))


def channel_of(base_url: str, **changes: Any) -> GooglePlay:
    channel = GooglePlay(
        package_name="com.acme.coffee",
        service_account_file=account_file(),
        base_url=base_url,
        token_url=f"{base_url}/token",
    )
    return replace(channel, **changes)


class TestContract(ChannelContract):
    expected = (
        "gp:AOq-1",
        "gp:AOq-2",
        "gp:AOq-2/reply@2026-11-19T12:00:00.500Z",
        "gp:AOq-3",
        "gp:AOq-4@2026-11-17T09:00:00.000Z",
        "gp:AOq-4/reply@2026-11-16T09:00:00.500Z",
        "gp:AOq-5",
        "gp:AOq-6",
        "gp:AOq-6/reply@2026-11-15T10:00:00.500Z",
    )

    def settings(self, base_url: str) -> GooglePlay:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def first_answers(self, server: Server) -> None:
        server.reply("POST", "/token", body={"access_token": "ya29.play", "expires_in": 3599})

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """There is no filter by time: the walk ends where the stored one began."""
        return len(second) < len(first)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **changes: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: Sequence[Page]) -> dict[str, Item]:
    return {
        one.external_id.removeprefix("gp:AOq-"): one
        for one in items(pages)
        if not isinstance(one, Deletion)
    }


def later(pages: Sequence[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), **{"now": QUERY.now + timedelta(hours=1), **changes})


def waiting(number: int) -> tuple[OpenItem, ...]:
    name = f"gp:AOq-{number}"
    return (OpenItem(external_id=name, thread_id=name, published=QUERY.now - timedelta(days=3)),)


def answered(text: str, at: datetime) -> dict[str, Any]:
    seconds = str(int(at.timestamp()))
    return {"developerComment": {"text": text, "lastModified": {"seconds": seconds, "nanos": 0}}}


def test_fixtures_have_the_documented_shape() -> None:
    page = {"reviews": recorded("google_play", "reviews.json")}
    check_shape(page, "Page", recorded("google_play", "schema.json")["shapes"])


@pytest.mark.slow
def test_review_has_all_its_facts(world: World) -> None:
    review = by_id(read(world))["3"]
    assert isinstance(review, Mention)
    assert (review.text, review.rating, review.language) == ("Crash on start", 1.0, "en")
    assert review.engagement.likes == 31
    assert review.published == datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert review.addressed and review.kind == "review"
    assert review.url == (
        "https://play.google.com/store/apps/details?id=com.acme.coffee&reviewId=gp%3AAOq-3"
    )


def test_old_titles_are_taken_apart(world: World) -> None:
    found = by_id(read(world))
    first, second = found["1"], found["2"]
    assert isinstance(first, Mention) and isinstance(second, Mention)
    assert (first.title, first.text) == ("", "Logs me out daily")
    assert second.title == "Orders twice"
    assert second.text == "It charged me two times for one coffee."


def test_answer_is_our_reply(world: World) -> None:
    reply = by_id(read(world))["2/reply@2026-11-19T12:00:00.500Z"]
    assert isinstance(reply, Reply)
    assert (reply.thread_id, reply.text) == ("gp:AOq-2", "We refund the second one today.")
    assert reply.published == datetime(2026, 11, 19, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.slow
def test_change_after_our_answer_is_written_again(world: World) -> None:
    again = by_id(read(world))["4@2026-11-17T09:00:00.000Z"]
    assert isinstance(again, Mention)
    assert again.thread_id == again.parent_id == "gp:AOq-4"


@pytest.mark.slow
def test_original_words_go_before_their_translation(world: World) -> None:
    comment = world.review(5)["comments"][0]["userComment"]
    comment.update(text="Very slow", originalText="Sehr langsam")
    review = by_id(read(world, translation_language="en"))["5"]
    assert isinstance(review, Mention)
    assert (review.text, review.language) == ("Sehr langsam", "de")


@pytest.mark.slow
def test_late_answer_is_seen(world: World) -> None:
    first = read(world)
    world.review(5)["comments"].append(answered("Faster since today", QUERY.now))
    second = read(world, later(first, open=waiting(5)))
    assert "5/reply@2026-11-21T07:02:00.000Z" in by_id(second)
    assert "gp:AOq-5" in {one for page in second for one in page.checked}


@pytest.mark.slow
def test_deleted_review_and_answer_are_marked(world: World) -> None:
    first = read(world)
    known = ("gp:AOq-6/reply@2026-11-15T10:00:00.500Z",)
    world.reviews.remove(world.review(5))
    world.review(6)["comments"].pop()
    second = read(world, later(first, open=waiting(5), known_own_ids=known))
    gone = {one.external_id for one in items(second) if isinstance(one, Deletion)}
    assert gone == {"gp:AOq-5", *known}


@pytest.mark.slow
def test_revisits_keep_to_the_hourly_limit(world: World) -> None:
    first = read(world)
    second = read(world, later(first, open=waiting(5)))
    soon = replace(resumed(QUERY, [*first, *second]), now=QUERY.now + timedelta(minutes=70))
    world.server.requests.clear()
    read(world, replace(soon, open=waiting(5)))
    assert not [request for request in world.server.requests if "AOq" in request.path]


@pytest.mark.slow
def test_forgotten_page_token_begins_anew(world: World) -> None:
    query = resumed(QUERY, collect(channel_of(world.server.url), QUERY, stop_after=1))
    state = replace(query.streams["reviews"], resume="stale")
    found = by_id(collect(channel_of(world.server.url), replace(query, streams={"reviews": state})))
    assert {"3", "5"} <= set(found)


@pytest.mark.slow
def test_gap_of_more_than_a_week_is_said(world: World) -> None:
    first = read(world)
    pages = read(world, later(first, now=QUERY.now + timedelta(days=9)))
    warnings = [one for page in pages for one in page.warnings]
    assert any("not read since 2026-11-21" in one for one in warnings)
    assert not [one for page in read(world, later(first)) for one in page.warnings]


def test_app_without_reviews(world: World) -> None:
    world.reviews = []
    assert not items(read(world))


@pytest.mark.slow
def test_access_token_is_kept(world: World) -> None:
    tokens = Tokens(None)
    for _ in range(2):
        collect(channel_of(world.server.url), tokens=tokens)
    assert len(world.server.asked("/token")) == 1


@pytest.mark.slow
def test_token_of_another_service_account_is_not_used(world: World) -> None:
    tokens = Tokens(None)
    collect(channel_of(world.server.url), tokens=tokens)
    other = keys.key_file("other.json", account_file().read_text())
    collect(channel_of(world.server.url, service_account_file=other), tokens=tokens)
    assert len(world.server.asked("/token")) == 2


def test_account_is_the_app(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert account.id == "play:com.acme.coffee"
    assert not account.warnings


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "name", "kind", "hint"),
    [
        (401, "unauthenticated", CredentialsRefused, "new key"),
        (403, "denied", PermissionMissing, "invite the service account"),
        (403, "disabled", PermissionMissing, "enable"),
        (404, "missing", NotFound, "names in the configuration"),
        (400, "invalid", RequestRefused, "package_name"),
        (429, "slow", RateLimited, "later"),
        (500, "broken", ServerFailed, "later"),
        (503, "busy", ServerFailed, "later"),
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


@pytest.mark.parametrize(("status", "name"), [(400, "grant"), (401, "client")])
def test_refused_service_account(world: World, status: int, name: str) -> None:
    world.server.reply("POST", "/token", status, body=ERRORS[name])
    with pytest.raises(CredentialsRefused) as caught:
        collect(channel_of(world.server.url))
    assert "new key for the service account" in caught.value.hint


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"client_email": "a"}', "{" * 5000])
def test_file_that_is_no_key(world: World, tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(SecretUnavailable, match="no key of a service account"):
        collect(channel_of(world.server.url, service_account_file=path))


def test_open_key_file_is_warned_about(world: World, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(account_file().read_text())
    path.chmod(0o644)
    account = account_of(channel_of(world.server.url, service_account_file=path))
    assert "chmod 600" in account.warnings[0]


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", package_name="my app/")
    assert [key for key, _ in wrong.problems()] == ["package_name", "base_url", "token_url"]
