"""What the channels of reviews share, and a review's way through the whole program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query, _allowance
from mentionwatch.channels._reviews import Review, Revisits, items_of, review_of, stars
from mentionwatch.client import Client
from mentionwatch.credentials import Tokens
from mentionwatch.errors import BudgetSpent, NotFound
from mentionwatch.model.items import Author, Deletion, Mention, Page, Reply, StreamState
from tests.channels import (
    keys,
    test_app_store,
    test_google_business,
    test_google_play,
    test_tripadvisor,
    test_trustpilot,
    test_yelp,
)
from tests.channels.contract import QUERY, run
from tests.clock import NOW
from tests.server import Server
from tests.shop import Shop

HOUR = timedelta(hours=1)


def review(
    *, changed: float | None = None, answered: float | None = None, answer_id: str = ""
) -> Review:
    """Return a review of 48 hours ago; times are hours ago."""
    mention = Mention(
        external_id="r1",
        text="x",
        author=Author(),
        published=NOW - 48 * HOUR,
        edited=None if changed is None else NOW - changed * HOUR,
    )
    if answered is None:
        return Review(mention=mention)
    at = NOW - answered * HOUR
    return Review(mention=mention, answer=Reply(external_id=answer_id, text="sorry", published=at))


def names(found: Review, *known: str) -> list[str]:
    return [one.external_id for one in items_of(found, known)]


# --- one review and its answer ---------------------------------------------------------------


def test_review_without_an_answer_is_a_thread_of_its_own() -> None:
    (mention,) = items_of(review(), ())
    assert isinstance(mention, Mention)
    assert mention.thread_id == "r1" and mention.addressed and not mention.parent_id


def test_author_without_an_id_is_the_same_in_his_whole_thread() -> None:
    (first, _), (again, _) = (
        items_of(review(answered=40), ()),
        items_of(review(answered=40, changed=20), ()),
    )
    assert isinstance(first, Mention) and isinstance(again, Mention)
    assert first.author.id == again.author.id == "r1"


def test_answer_is_named_by_its_time() -> None:
    assert names(review(answered=40)) == ["r1", "r1/reply@2026-11-19T15:02:00.000Z"]


def test_answer_with_an_id_of_its_own_keeps_it() -> None:
    assert names(review(answered=40, answer_id="77")) == ["r1", "r1/reply:77"]


def test_edited_answer_is_the_same_one() -> None:
    first = names(review(answered=40))[1]
    assert names(review(answered=10), first) == ["r1", first]


def test_answer_after_a_change_is_another_one() -> None:
    first = names(review(answered=40))[1]
    changed = names(review(answered=40, changed=20), first)
    assert changed == ["r1@2026-11-20T11:02:00.000Z", first]
    again = names(review(answered=10, changed=20), first)
    assert again == ["r1", "r1/reply@2026-11-20T21:02:00.000Z"]


def test_change_in_the_moment_of_the_answer_is_none() -> None:
    assert names(review(answered=40, changed=40 - 1 / 120))[0] == "r1"


def test_removed_answers_are_deleted() -> None:
    known = ("r1/reply@2026-11-19T15:02:00.000Z", "r11/reply@2026-11-19T15:02:00.000Z")
    assert items_of(review(), known)[1:] == (Deletion(external_id=known[0]),)


def test_review_of_an_answer() -> None:
    assert review_of("a/b/r1/reply@2026") == "a/b/r1"
    assert review_of("r1") == ""


@pytest.mark.parametrize("value", [0, 6, 0.5, True, "4", None])
def test_stars_are_one_to_five(value: object) -> None:
    assert stars(value) is None
    assert stars(3) == 3.0 and stars(4.5) == 4.5


# --- looking again ---------------------------------------------------------------------------


class Shelf:
    """Reviews that can be asked for, and which were."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.asked: list[str] = []

    async def look(self, name: str) -> Review | None:
        self.asked.append(name)
        if name in self.broken:
            raise NotFound("not here", "look elsewhere")
        found = Mention(external_id=name, text="x", author=Author(), published=NOW - HOUR)
        return Review(mention=found)


def query(*waiting: str, state: StreamState | None = None, **changes: Any) -> Query:
    opened = tuple(OpenItem(external_id=one, thread_id=one, published=NOW) for one in waiting)
    streams = {"revisit": state} if state else {}
    return Query(terms=(), since=QUERY.since, now=NOW, open=opened, streams=streams, **changes)


def revisited(shelf: Shelf, asked: Query, **changes: Any) -> list[Page]:
    async def gather() -> list[Page]:
        async with Client() as client:
            revisits = Revisits(query=asked, client=client, look=shelf.look, **changes)
            return [page async for page in revisits.pages()]

    found: list[Page] = run(gather())
    return found


def test_those_behind_the_budget_come_next_time() -> None:
    waiting = [f"r{number}" for number in range(30)]
    first, second = Shelf(), Shelf()
    pages = revisited(first, query(*waiting), requests=15)
    assert first.asked == waiting[:15]
    assert pages[-1].warnings == ("15 of 30 reviews were not looked at again; later runs do",)
    revisited(second, query(*waiting, state=pages[-1].state), requests=15)
    assert second.asked == [*waiting[:10], *waiting[15:20]]


def test_what_the_listing_showed_is_not_asked_again() -> None:
    shelf = Shelf()
    pages = revisited(shelf, query("r1", "r2"), seen={"r1"})
    assert shelf.asked == ["r2"]
    assert {one for page in pages for one in page.checked} == {"r1", "r2"}


def test_one_broken_review_does_not_hide_the_others() -> None:
    shelf = Shelf("r1")
    with pytest.raises(NotFound):
        revisited(shelf, query("r1", "r2", "r3"))
    assert shelf.asked == ["r1", "r2", "r3"]


def test_many_broken_reviews_end_the_round() -> None:
    waiting = [f"r{number}" for number in range(30)]
    shelf = Shelf(*waiting)
    with pytest.raises(NotFound):
        revisited(shelf, query(*waiting))
    assert len(shelf.asked) == 4


def test_rounds_are_spread_where_requests_count() -> None:
    shelf = Shelf()
    (*_, last) = revisited(shelf, query("r1"), every=HOUR)
    revisited(shelf, query("r1", state=last.state), every=HOUR)
    assert shelf.asked == ["r1"]


# --- counting calls --------------------------------------------------------------------------


def spend(tokens: Tokens, limit: int) -> None:
    async def once() -> None:
        async with Client(channel="shop", tokens=tokens) as client:
            await _allowance.spend(client, limit, "day", "daily_calls")

    run(once())


def test_allowance_outlives_a_run_and_begins_anew(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_allowance.time, "time", lambda: 1_800_000_000.0)
    tokens = Tokens(tmp_path / "credentials.json")
    tokens.put("shop", {"access_token": "kept-beside"})
    spend(tokens, 2)
    spend(Tokens(tmp_path / "credentials.json"), 2)
    with pytest.raises(BudgetSpent):
        spend(tokens, 2)
    assert tokens.get("shop")["access_token"] == "kept-beside"
    monkeypatch.setattr(_allowance.time, "time", lambda: 1_800_086_400.0)
    spend(tokens, 2)


def test_no_limit_counts_nothing() -> None:
    tokens = Tokens(None)
    spend(tokens, 0)
    assert tokens.get("shop") == {}


# --- through the whole program ---------------------------------------------------------------


GOOGLE = """
[queue]
first_run = "30d"

[channels.google_business]
client_id = "id.apps"
client_secret = "GOCSPX-secret"
refresh_token = "1//refresh-acme"
base_url = "{0}"
accounts_url = "{0}"
locations_url = "{0}"
token_url = "{0}/token"
"""


def waiting(rows: Sequence[dict[str, Any]]) -> set[str]:
    return {row["text"][:12] for row in rows}


@pytest.mark.slow
def test_google_review_waits_until_it_is_answered(
    http_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    world = test_google_business.World(http_server)
    shop = Shop(tmp_path, more=GOOGLE.format(http_server.url))
    rows = shop.queue("2026-11-21 08:00")
    texts = waiting(rows)
    assert {"Service lent", "No answer to", "Closed at no"} <= texts
    assert not {"They sold me", "Lovely staff", "Was fine, th"} & texts
    (unhappy,) = [row for row in rows if row["text"] == "Service lent"]
    assert (unhappy["rating"], unhappy["kind"]) == (2.0, "review")
    # An answer to the changed review, and one to a review that no list moves to the top.
    world.review("R4")["reviewReply"]["updateTime"] = "2026-11-21T08:30:00Z"
    world.review("R6")["reviewReply"] = {
        "comment": "Sorry, we were ill that day.", "updateTime": "2026-11-21T08:31:00Z",
    }  # fmt: skip
    left = waiting(shop.queue("2026-11-21 09:00"))
    assert texts - left == {"No answer to", "Closed at no"}
    # We take an answer back: its customer waits again.
    del world.review("R2")["reviewReply"]
    assert "They sold me" in waiting(shop.queue("2026-11-21 10:00"))


@pytest.mark.slow
def test_yelp_review_waits_until_it_is_marked_done(
    http_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    test_yelp.World(http_server)
    section = '[channels.yelp]\napi_key = "yelp-key-acme"\nbusiness = "acme-coffee-portland"\n'
    shop = Shop(tmp_path, more=f'{section}base_url = "{http_server.url}/v3"\n')
    first = shop.run("check", "--json", at="2026-11-20 08:00")
    (row,) = [row for row in first.rows if row["text"].startswith("Waited two")]
    shop.run("done", str(row["id"]), at="2026-11-20 08:05")
    left = shop.queue("2026-11-20 09:00")
    assert row["id"] not in [one["id"] for one in left]
    assert not [one for one in shop.queue("2026-11-23 09:00") if one["text"][:6] == "Waited"]


def answer_on_trustpilot(world: Any) -> None:
    at = "2026-11-21T08:30:00.000Z"
    answer = {"text": "Dear Tom, it was found.", "createdAt": at, "updatedAt": None}
    world.review(1)["companyReply"] = answer


def answer_on_google_play(world: Any) -> None:
    at = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    world.review(1)["comments"].append(test_google_play.answered("Fixed in 3.2", at))


def answer_in_the_app_store(world: Any) -> None:
    pointer = {"type": "customerReviewResponses", "id": "resp-1"}
    world.review(1)["relationships"]["response"]["data"] = pointer
    told = {"responseBody": "Fixed in 1.9", "lastModifiedDate": "2026-11-21T08:30:00Z"}
    world.responses.append({**pointer, "attributes": told})


def answer_on_tripadvisor(world: Any) -> None:
    first, second = world.page["data"][:2]
    at = "2026-11-21T08:30:00Z"
    first["owner_response"] = dict(second["owner_response"], id=5, published_date=at)


WAYS = {
    "trustpilot": (
        test_trustpilot,
        answer_on_trustpilot,
        'api_key = "key-acme"\ndomain = "acme.example"\nbase_url = "{0}/v1"',
    ),
    "google_play": (
        test_google_play,
        answer_on_google_play,
        'package_name = "com.acme.coffee"\nservice_account_file = "{1}"\n'
        'base_url = "{0}"\ntoken_url = "{0}/token"',
    ),
    "app_store": (
        test_app_store,
        answer_in_the_app_store,
        'app_id = "1592550875"\nissuer_id = "issuer-1"\nkey_id = "KEY123"\n'
        'private_key_path = "{2}"\nbase_url = "{0}"',
    ),
    "tripadvisor": (
        test_tripadvisor,
        answer_on_tripadvisor,
        'api_key = "TA-key-acme"\nlocation_id = "1234567"\nbase_url = "{0}/api/v1"',
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", WAYS)
def test_review_waits_until_it_is_answered(
    kind: str, http_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    module, answer, section = WAYS[kind]
    world = module.World(http_server)
    key = keys.key_file("AuthKey.p8", keys.pem(keys.ec_key()))
    section = section.format(http_server.url, test_google_play.account_file(), key)
    head = f'[queue]\nfirst_run = "30d"\n\n[channels.{kind}]\n'
    shop = Shop(tmp_path, more=f"{head}{section}\n")
    first = shop.queue("2026-11-21 08:00")
    newest = max(first, key=lambda row: str(row["published_at"]))
    assert newest["rating"] <= 2 and newest["type"] == kind
    answer(world)
    left = {row["id"] for row in shop.queue("2026-11-21 12:00")}
    assert {row["id"] for row in first} - left == {newest["id"]}


@pytest.mark.slow
def test_tripadvisor_rows_have_no_words(
    http_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    test_tripadvisor.World(http_server)
    section = WAYS["tripadvisor"][2].format(http_server.url)
    shop = Shop(tmp_path, more=f"[channels.tripadvisor]\n{section}\n")
    rows = shop.queue("2026-11-20 08:00")
    assert [row["text"] for row in rows] == [""] * len(rows)
    with shop.sql() as connection:
        written = " ".join(connection.iterdump())
    assert "Heating" not in written and "guest_1" not in written
