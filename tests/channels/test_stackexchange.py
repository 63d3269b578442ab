"""Stack Exchange, against the documented behaviour of its API."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import time_machine

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._stackexchange_items import Site, read_comment, read_post
from mentionwatch.channels.stackexchange import StackExchange
from mentionwatch.client import Client
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    ServerFailed,
)
from mentionwatch.model.items import Deletion, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    ids,
    items,
    mentions,
    recorded,
    resumed,
    states,
)
from tests.channels.stackexchange_world import World
from tests.channels.strict import check_shape
from tests.clock import NOW
from tests.server import Request, Server

SCHEMA: dict[str, Any] = recorded("stackexchange", "schema.json")
ERRORS: dict[str, Any] = recorded("stackexchange", "errors.json")
HERE = "stackoverflow:"
US = Site(name="stackoverflow", users=frozenset({500}), ours={f"{HERE}79000003"})


def channel_at(server: Server, **settings: Any) -> StackExchange:
    usual: dict[str, Any] = {"own_user_ids": {"stackoverflow": (500,)}, "tags": ("acme-sdk",)}
    return StackExchange(base_url=server.url, **{**usual, **settings})


@pytest.fixture
def world(http_server: Server) -> Iterable[World]:
    found = World(http_server)
    yield found
    assert not found.strict.faults


def by_id(pages: Iterable[Page]) -> dict[str, Any]:
    return {item.external_id.removeprefix(HERE): item for item in items(pages)}


def waiting(*numbers: str, thread: str = "79000002", own: tuple[str, ...] = ()) -> Query:
    opened = tuple(
        OpenItem(external_id=HERE + one, thread_id=HERE + thread, published=NOW) for one in numbers
    )
    return replace(QUERY, open=opened, known_own_ids=tuple(HERE + one for one in own))


class TestContract(ChannelContract):
    expected: ClassVar[set[str]] = {
        HERE + one
        for one in (
            *("79000001", "79000002", "79000003", "79000004", "79000011", "79000012", "79000013"),
            *("c140000001", "c140000002", "c140000003"),
        )
    }
    query = waiting("79000012", "c140000003", own=("79000011",))

    def settings(self, base_url: str) -> Any:
        return StackExchange(
            base_url=base_url, own_user_ids={"stackoverflow": (500,)}, tags=("acme-sdk",)
        )

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        cursor = int(kept["stackoverflow:term:acme coffee"].cursor)
        asked = [one.params.get("fromdate") for one in second if "q" in one.params]
        return str(cursor - 3600) in asked


def test_the_recordings_have_the_documented_shape(world: World) -> None:
    for shape, things in (
        ("Question", world.questions), ("Answer", world.answers), ("Comment", world.comments),
        ("User", world.users), ("Post", world.posts()), ("Hit", world.hits({"q": "acme coffee"})),
    ):  # fmt: skip
        check_shape(things, f"[{shape}]", SCHEMA["shapes"])


# --- what is found -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_question_is_read_in_full(world: World, http_server: Server) -> None:
    question = by_id(collect(channel_at(http_server)))["79000001"]
    assert question.title == "Acme Coffee SDK can't connect & returns 500"
    assert question.text == "Since today the Acme Coffee SDK answers 500.\n\nbrew()"
    assert question.author.id == "stackoverflow:11"
    assert question.author.name == "Lena & Co"
    assert question.url == "https://stackoverflow.com/q/79000001"
    assert question.published == datetime.fromtimestamp(1795150000, UTC)
    assert (question.thread_id, question.parent_id) == (f"{HERE}79000001", "")
    assert (question.kind, question.addressed) == ("question", False)
    assert (question.engagement.likes, question.engagement.replies) == (2, 1)


@pytest.mark.slow
def test_an_answer_by_somebody_else_stands_under_its_question(
    world: World, http_server: Server
) -> None:
    answer = by_id(collect(channel_at(http_server)))["79000012"]
    assert isinstance(answer, Mention)
    assert (answer.thread_id, answer.parent_id) == (f"{HERE}79000002", f"{HERE}79000002")
    assert answer.url == "https://stackoverflow.com/a/79000012"
    assert not answer.addressed


@pytest.mark.slow
def test_a_link_to_us_is_found(world: World, http_server: Server) -> None:
    pages = collect(channel_at(http_server, tags=()))
    question = by_id(pages)["79000002"]
    assert question.links == ("https://acmecoffee.example/api",)
    assert question.author.id == "", "the account is gone"
    assert question.edited is not None
    assert {p.searched for p in pages if question in p.items} == {True}


@pytest.mark.slow
def test_questions_with_our_tag_need_no_name(world: World, http_server: Server) -> None:
    pages = [p for p in collect(channel_at(http_server)) if p.stream.endswith("tag:acme-sdk")]
    assert {f"{HERE}79000001", f"{HERE}79000004"} == ids(pages)
    assert not any(page.searched for page in pages)


def test_our_words_are_replies_and_posts(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server)))
    answer, comment, post = found["79000011"], found["c140000002"], found["79000003"]
    assert isinstance(answer, Reply)
    assert (answer.thread_id, answer.parent_id) == (f"{HERE}79000001", f"{HERE}79000001")
    assert answer.text == "Sorry! It is mended; please update to 2.1."
    assert isinstance(comment, Reply)
    assert (comment.thread_id, comment.parent_id) == (f"{HERE}79000002", f"{HERE}79000012")
    assert isinstance(post, OwnPost)
    assert post.text.startswith("How do you version a public roast profile?\n\nWe maintain")


@pytest.mark.slow
def test_what_is_said_to_us_is_addressed(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server)))
    under_answer, named, answer = found["c140000001"], found["c140000003"], found["79000013"]
    assert under_answer.addressed, "under our answer"
    assert under_answer.text == "2.1 still fails for me 😢"
    assert (under_answer.thread_id, under_answer.parent_id) == (
        f"{HERE}79000001",
        f"{HERE}79000011",
    )
    assert named.addressed, "names us"
    assert named.url == "https://stackoverflow.com/a/79000012#comment140000003_79000012"
    assert answer.addressed, "an answer to our question"


def test_our_comment_to_somebody_else_does_not_answer_the_post() -> None:
    comment = recorded("stackexchange", "site.json")["comments"][1]
    comment["reply_to_user"] = {"user_id": 15, "display_name": "Ida"}
    found = read_comment(comment, US, {}, {79000012: 12})
    assert isinstance(found, Reply)
    assert (found.parent_id, found.to) == ("", ("stackoverflow:15",))
    found = read_comment(comment, US, {}, {79000012: 15})
    assert (found.parent_id, found.to) == (f"{HERE}79000012", ("stackoverflow:15",))


@pytest.mark.slow
def test_three_commenters_are_three_authors(world: World, http_server: Server) -> None:
    first = world.comments[0]
    for number in (2, 3):
        owner = {"user_id": 20 + number, "display_name": f"Person {number}"}
        world.comments.append({**first, "comment_id": 150000000 + number, "owner": owner})
    found = [
        one
        for one in by_id(collect(channel_at(http_server))).values()
        if isinstance(one, Mention) and one.parent_id == f"{HERE}79000011"
    ]
    assert len({one.author.id for one in found}) == 3


@pytest.mark.slow
def test_an_answer_to_a_question_of_ours_is_found_weeks_later(
    world: World, http_server: Server
) -> None:
    first = collect(channel_at(http_server))
    late = {**world.answers[2], "answer_id": 79000099, "creation_date": int(NOW.timestamp())}
    world.answers.append(late)
    later = replace(resumed(QUERY, first), now=NOW)
    assert by_id(collect(channel_at(http_server), later))["79000099"].addressed


def test_nothing_at_all(world: World, http_server: Server) -> None:
    world.questions, world.answers, world.comments = [], [], []
    pages = collect(channel_at(http_server))
    check_pages(pages)
    assert not items(pages)


def test_regular_expressions_are_not_searched(world: World, http_server: Server) -> None:
    query = replace(QUERY, terms=("/acme\\s+coffee/",), domains=())
    pages = collect(channel_at(http_server, own_user_ids={}, tags=()), query)
    assert not http_server.requests
    assert "regular expressions" in pages[0].warnings[0]


def test_markup_and_hostile_names_are_plain() -> None:
    question = {
        **recorded("stackexchange", "site.json")["questions"][0],
        "body": "<script>alert(1)</script><a href='javascript:x'>Acme</a>",
        "owner": {"user_id": 9, "display_name": "&lt;b&gt;", "link": "javascript:alert(1)"},
    }
    found = read_post(question, US)
    assert isinstance(found, Mention)
    assert found.text == "Acme"
    assert found.author.name == "<b>"
    assert found.author.url == "https://stackoverflow.com/users/9"


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("stackoverflow", "stackoverflow.com"),
        ("es.stackoverflow", "es.stackoverflow.com"),
        ("coffee", "coffee.stackexchange.com"),
        ("mathoverflow.net", "mathoverflow.net"),
    ],
)
def test_sites_have_their_hosts(name: str, host: str) -> None:
    assert Site(name=name).host == host


# --- what waits ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_edits_and_deletions_are_seen_however_old(world: World, http_server: Server) -> None:
    for one in world.questions:
        one["creation_date"] = 1_700_000_000
    world.questions[0]["body"] = "<p>Acme Coffee: solved.</p>"
    query = waiting("79000001", "79000009", "c7", thread="79000001")
    pages = collect(channel_at(http_server, tags=()), query)
    looked = [p for p in pages if p.stream.endswith("revisit") and p.checked]
    assert looked[0].checked == (f"{HERE}79000001", f"{HERE}79000009", f"{HERE}c7")
    assert by_id(looked)["79000001"].text == "Acme Coffee: solved."
    gone = {one.external_id for one in items(looked) if isinstance(one, Deletion)}
    assert gone == {f"{HERE}79000009", f"{HERE}c7"}


@pytest.mark.slow
def test_our_old_answer_to_what_waits_is_found(world: World, http_server: Server) -> None:
    world.answers[0]["creation_date"] = world.comments[1]["creation_date"] = 1_700_000_000
    query = waiting("79000001", thread="79000001")
    found = by_id(collect(channel_at(http_server), query))
    assert isinstance(found["79000011"], Reply)
    found = by_id(collect(channel_at(http_server), waiting("79000012")))
    assert isinstance(found["c140000002"], Reply)


@pytest.mark.slow
def test_our_deleted_answer_is_noticed(world: World, http_server: Server) -> None:
    query = waiting(own=("79000011", "c140000002"))
    assert not any(isinstance(i, Deletion) for i in items(collect(channel_at(http_server), query)))
    del world.answers[0], world.comments[1]
    found = items(collect(channel_at(http_server), query))
    assert Deletion(external_id=f"{HERE}79000011") in found
    assert Deletion(external_id=f"{HERE}c140000002") in found


@pytest.mark.slow
def test_more_than_a_hundred_waiting_take_turns(world: World, http_server: Server) -> None:
    query = waiting(*(f"c{number}" for number in range(1, 141)))
    first = collect(channel_at(http_server), query)
    second = collect(channel_at(http_server), resumed(query, first))
    checked = [one for page in [*first, *second] for one in page.checked]
    assert set(checked) == {f"{HERE}c{number}" for number in range(1, 141)}
    assert any("40 waiting items" in w for page in first for w in page.warnings)


@pytest.mark.slow
def test_ids_of_other_sites_are_not_asked_for(world: World, http_server: Server) -> None:
    opened = (OpenItem(external_id="superuser:1", thread_id="superuser:1", published=NOW),)
    pages = collect(channel_at(http_server), replace(QUERY, open=opened))
    assert not any(page.checked for page in pages)


# --- limits and errors ---------------------------------------------------------------------------


@pytest.mark.slow
def test_a_walk_is_cut_after_25_pages_and_goes_on(world: World, http_server: Server) -> None:
    model = world.comments[2]
    world.comments = [
        {**model, "comment_id": number, "creation_date": 1_795_000_000 + 7200 * number // 60}
        for number in range(1, 61)
    ]
    world.page = 2
    first = collect(channel_at(http_server, tags=()))
    assert any("more than one run may read" in w for page in first for w in page.warnings)
    second = collect(channel_at(http_server, tags=()), resumed(QUERY, first))
    third = collect(channel_at(http_server, tags=()), resumed(resumed(QUERY, first), second))
    found = {one.external_id for one in mentions([*first, *second, *third]) if one.kind != "answer"}
    assert {f"{HERE}c{number}" for number in range(1, 61)} <= found


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("throttle", RateLimited, "7200 seconds"),
        ("backoff", RateLimited, "backoff"),
        ("site", RequestRefused, "No site found"),
        ("key", CredentialsRefused, "known application"),
        ("key_required", CredentialsRefused, "required"),
        ("token", CredentialsRefused, "required"),
        ("page", RequestRefused, "page above 25"),
        ("busy", ServerFailed, "simulated"),
    ],
)
def test_errors_say_what_to_do(
    name: str, error: type[ChannelError], words: str, http_server: Server
) -> None:
    http_server.reply("*", "*", 400, body=ERRORS[name])
    with pytest.raises(error, match=words) as caught:
        collect(channel_at(http_server, key=Secret("k((")))
    assert caught.value.hint
    if name == "site":
        assert "docs/sites" in caught.value.hint


def test_a_throttled_api_is_left_alone_until_it_allows_it(
    world: World, http_server: Server
) -> None:
    http_server.reply("GET", "/users/500/answers", 400, body=ERRORS["throttle"])
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False) as clock:
        with pytest.raises(RateLimited):
            collect(channel_at(http_server), tokens=tokens)
        http_server.requests.clear()
        clock.shift(7100)
        with pytest.raises(RateLimited, match="left alone until 2026-11-21 09:02"):
            account_of(channel_at(http_server), tokens=tokens)
        assert not http_server.requests
        clock.shift(200)
        account_of(channel_at(http_server), tokens=tokens)
        assert http_server.requests


def test_backoff_is_obeyed(world: World, http_server: Server) -> None:
    world.extra = {"backoff": 10}
    waits: list[float] = []

    class Patient(Client):
        async def pause(self, seconds: float) -> None:
            waits.append(seconds)

    client = Patient(channel="shop", deadline=30)
    collect(channel_at(http_server, own_user_ids={}, tags=()), client=client)
    # Two terms and a link are searched, with two pages and posts each: all but the first wait.
    assert waits
    assert all(9 < one <= 10 for one in waits)


@pytest.mark.slow
def test_the_quota_lasts_for_a_day(world: World, http_server: Server) -> None:
    tokens = Tokens(None)
    with time_machine.travel(NOW, tick=False) as clock:
        collect(channel_at(http_server), tokens=tokens)
        spent = len(http_server.requests) + 1
        http_server.requests.clear()
        clock.shift(spent * 86400 / 300 - 5)
        assert collect(channel_at(http_server), tokens=tokens) == []
        assert "not asked again" in account_of(channel_at(http_server), tokens=tokens).summary
        assert not http_server.requests
        other = replace(QUERY, terms=("Acme Roasters",))
        assert collect(channel_at(http_server), other, tokens=tokens), "a new term need not wait"
        http_server.requests.clear()
        clock.shift(3 * 3600)
        assert collect(channel_at(http_server), tokens=tokens)


@pytest.mark.slow
def test_a_quota_that_ends_is_told(world: World, http_server: Server) -> None:
    world.extra = {"quota_remaining": 12}
    pages = collect(channel_at(http_server))
    assert any("only 12 of 300 requests" in w for page in pages for w in page.warnings)


@pytest.mark.slow
def test_one_wrong_site_does_not_hide_the_others(world: World, http_server: Server) -> None:
    http_server.reply(
        "GET", "/search/excerpts", 400, body=ERRORS["site"], query={"site": "stackoverfow"}
    )
    found: list[Page] = []
    channel = channel_at(
        http_server, sites=("stackoverfow", "stackoverflow"), own_user_ids={}, tags=()
    )

    class Noting:
        async def pages(self, query: Any, client: Any) -> Any:
            async for page in channel.pages(query, client):
                found.append(page)
                yield page

    with pytest.raises(RequestRefused):
        collect(Noting())
    assert f"{HERE}79000001" in ids(found)


def test_the_account_names_users_that_do_not_exist(world: World, http_server: Server) -> None:
    account = account_of(channel_at(http_server, own_user_ids={"stackoverflow": (500, 501)}))
    assert account.names == ("stackoverflow:500", "stackoverflow:501")
    assert account.warnings == ("stackoverflow has no user 501",)
    assert "287 of 300" in account.summary
    account = account_of(channel_at(http_server, own_user_ids={}))
    assert account.names == ()
    assert http_server.asked("/info")


def test_a_damaged_post_does_not_hide_the_others(world: World, http_server: Server) -> None:
    world.questions.append({**copy.deepcopy(world.questions[0]), "question_id": None})
    pages = collect(channel_at(http_server))
    assert "79000001" in by_id(pages)
    assert any("could not be read" in w for page in pages for w in page.warnings)


def test_the_key_goes_with_every_request(world: World, http_server: Server) -> None:
    channel = channel_at(http_server, key=Secret("k(("))
    collect(channel)
    assert {one.params.get("key") for one in http_server.requests} == {"k(("}
    assert "k((" not in repr(channel)


def test_without_user_ids_our_replies_are_not_seen() -> None:
    assert not StackExchange().capabilities.sees_own_replies
    assert StackExchange(own_user_ids={"stackoverflow": (1,)}).capabilities.sees_own_replies


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"base_url": "api.example"}, "base_url"),
        ({"sites": ()}, "sites"),
        ({"sites": ("Stack Overflow",)}, "sites"),
        ({"tags": ("a;b",)}, "tags"),
        ({"own_user_ids": {"superuser": (1,)}}, "own_user_ids"),
        ({"own_user_ids": {"stackoverflow": (0,)}}, "own_user_ids"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], key: str) -> None:
    assert [name for name, _ in StackExchange(**settings).problems()] == [key]
    assert not list(StackExchange().problems())


@pytest.mark.slow
def test_states_are_per_site(world: World, http_server: Server) -> None:
    kept = states(collect(channel_at(http_server)))
    assert all(name.startswith("stackoverflow:") for name in kept)
