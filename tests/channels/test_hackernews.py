"""Hacker News, against the documented behaviour of its search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem
from mentionwatch.channels._hackernews_items import Us, identity, item_of_hit, items_of_tree, parse
from mentionwatch.channels.hackernews import HackerNews
from mentionwatch.errors import (
    ChannelError,
    RateLimited,
    RequestRefused,
    UnexpectedPayload,
)
from mentionwatch.model.items import Deletion, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    collect,
    ids,
    items,
    mentions,
    recorded,
    replies,
    resumed,
    states,
)
from tests.channels.hackernews_world import World
from tests.clock import NOW
from tests.server import Request, Server

US = Us(names=frozenset({"acmecare"}))
SECOND = int(NOW.timestamp())


def channel_at(server: Server, **settings: Any) -> HackerNews:
    return HackerNews(base_url=server.url, **{"usernames": ("acmecare",), **settings})


@pytest.fixture
def world(http_server: Server) -> World:
    found = World(recorded("hackernews", "hits.json"))
    found.serve(http_server)
    return found


def by_id(pages: Iterable[Page]) -> dict[str, Any]:
    return {item.external_id: item for item in items(pages)}


class TestContract(ChannelContract):
    expected: ClassVar[set[str]] = {
        *("46000210", "46000211", "46000123", "46000050", "46000060"),
        *("46000030", "46000031", "45990001", "45980001"),
    }
    refusals: ClassVar[dict[int, type[ChannelError]]] = {403: RateLimited}
    # One comment waits, so that trees are read, and damaged, too.
    query = replace(
        QUERY,
        open=(
            OpenItem(
                external_id="46000123", thread_id="46000090", published=NOW - timedelta(days=1)
            ),
        ),
    )

    def settings(self, base_url: str) -> Any:
        return HackerNews(base_url=base_url, usernames=("acmecare",))

    def routes(self, server: Server) -> None:
        World(recorded("hackernews", "hits.json")).serve(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        cursor = int(kept["term:acme coffee"].cursor)
        asked = [one.params["numericFilters"] for one in second if "query" in one.params]
        return f"created_at_i>={cursor - 3600}" in asked


# --- what is found -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_comment_is_read_in_full(world: World, http_server: Server) -> None:
    comment = by_id(collect(channel_at(http_server)))["46000123"]
    assert comment.text == (
        "We switched to Acme Coffee & it's fine.\n\n"
        "Support is slow though: https://forum.example/a-very-long-address"
    )
    assert comment.author.handle == "velofan"
    assert comment.author.url == "https://news.ycombinator.com/user?id=velofan"
    assert comment.url == "https://news.ycombinator.com/item?id=46000123"
    assert comment.published == datetime(2026, 11, 20, 7, 30, 11, tzinfo=UTC)
    assert (comment.thread_id, comment.parent_id) == ("46000090", "46000100")
    assert (comment.kind, comment.addressed) == ("comment", False)


def test_a_story_has_its_title_link_and_counts(world: World, http_server: Server) -> None:
    story = by_id(collect(channel_at(http_server)))["46000050"]
    assert story.title == "How Acme Coffee roasts without a fan"
    assert story.links == ("https://www.acmecoffee.example/roaster",)
    assert (story.engagement.likes, story.engagement.replies) == (120, 2)
    assert (story.kind, story.thread_id, story.parent_id) == ("post", "46000050", "")


@pytest.mark.slow
def test_a_comment_under_a_story_about_our_page_is_found(world: World, http_server: Server) -> None:
    pages = collect(channel_at(http_server))
    (page,) = [p for p in pages if any(i.external_id == "46000060" for i in p.items)]
    comment = by_id([page])["46000060"]
    assert "https://www.acmecoffee.example/roaster" in comment.links
    assert page.searched, "it counts because of the link, and that is looked at again"


@pytest.mark.slow
def test_what_is_said_to_us_is_addressed(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server)))
    assert found["46000211"].addressed, "an answer to our comment"
    assert found["46000031"].addressed, "a comment under our story"
    assert not found["46000060"].addressed


@pytest.mark.slow
def test_our_words_are_replies_and_posts(world: World, http_server: Server) -> None:
    found = by_id(collect(channel_at(http_server)))
    reply, post = found["46000210"], found["46000030"]
    assert isinstance(reply, Reply)
    assert (reply.parent_id, reply.thread_id, reply.certainty) == ("46000123", "46000090", "sure")
    assert isinstance(post, OwnPost)
    assert (
        post.text
        == "Ask HN: What should a small roaster publish?\n\nWe are Acme Coffee.\n\nTell us."
    )


def test_without_user_names_we_are_nobody(world: World, http_server: Server) -> None:
    found = collect(channel_at(http_server, usernames=()))
    assert not replies(found)
    assert "46000030" in {one.external_id for one in mentions(found)}


@pytest.mark.slow
def test_the_search_is_exact(world: World, http_server: Server) -> None:
    collect(channel_at(http_server))
    asked = [one.params for one in http_server.requests]
    assert all(one["typoTolerance"] == "false" for one in asked)
    assert {one["query"] for one in asked if "query" in one} == {
        '"Acme Coffee"', '"acmecoffee"', '"acmecoffee.example"',
    }  # fmt: skip
    urls = [one for one in asked if "restrictSearchableAttributes" in one]
    assert {(one["query"], one["tags"]) for one in urls} == {('"acmecoffee.example"', "story")}
    assert {one["tags"] for one in asked if one.get("query") == '"Acme Coffee"'} == {
        "(story,comment)"
    }


def test_the_owner_chooses_what_is_searched(world: World, http_server: Server) -> None:
    channel = channel_at(
        http_server, search_terms=("oat",), domains=("map.example",), include=("comment",)
    )
    found = collect(channel)
    asked = [one.params for one in http_server.requests if "query" in one.params]
    assert {one["query"] for one in asked} == {'"oat"', '"map.example"'}
    assert "45980001" in ids(found)


def test_regular_expressions_are_not_searched(world: World, http_server: Server) -> None:
    query = replace(QUERY, terms=("/acme\\s+coffee/",), domains=())
    pages = collect(channel_at(http_server, usernames=()), query)
    assert not http_server.requests
    assert "regular expressions" in pages[0].warnings[0]


def test_a_deleted_hit_is_a_deletion() -> None:
    hit = {"objectID": "7", "created_at_i": SECOND, "author": None, "comment_text": None}
    assert item_of_hit(hit, US) == Deletion(external_id="7")


@pytest.mark.parametrize("value", ["", "x", -1, 0, True, None, 7.0, "٣", "9" * 40, [], "1/../2"])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="id"):
        identity(value)


def test_one_damaged_hit_does_not_hide_the_others() -> None:
    good = recorded("hackernews", "hits.json")[0]
    found = parse({"hits": [good, {**good, "objectID": None}, 7], "nbHits": 3})
    assert [hit["objectID"] for hit in found.hits] == [good["objectID"]]
    assert "2 of 3" in found.warnings[0]


@pytest.mark.parametrize("payload", [None, [], {}, {"hits": 1, "nbHits": 1}, {"hits": []}])
def test_another_shape_is_reported(payload: object) -> None:
    with pytest.raises(UnexpectedPayload):
        parse(payload)


def test_texts_hold_no_markup() -> None:
    hit = {
        "objectID": "7", "created_at_i": SECOND, "author": "x<b>", "parent_id": 1, "story_id": 1,
        "comment_text": "<script>alert(1)</script>Acme <a href='javascript:x'>Coffee</a>",
        "story_url": "javascript:alert(1)", "_tags": ["comment"],
    }  # fmt: skip
    found = item_of_hit(hit, US)
    assert isinstance(found, Mention)
    assert found.text == "Acme Coffee"
    assert found.links == ()
    assert found.author.url == ""


# --- walks ---------------------------------------------------------------------------------------


def many(count: int, gap: int = 60) -> World:
    """Comments that name the brand, one a minute, the newest an hour ago."""
    world = World([], page=100)
    for number in range(count):
        at = SECOND - 3600 - number * gap
        world.add(2_000_000 - number, "somebody", at, "Acme Coffee", parent_id=1, story_id=1)
    return world


def only_terms(server: Server) -> HackerNews:
    return HackerNews(base_url=server.url, search_terms=("Acme Coffee",))


NARROW = replace(QUERY, domains=())


@pytest.mark.slow
def test_more_than_a_thousand_hits_are_all_read(http_server: Server) -> None:
    many(1500).serve(http_server)
    pages = collect(only_terms(http_server), NARROW)
    assert len(ids(pages)) == 1500
    assert not states(pages)["term:acme coffee"].walking


@pytest.mark.slow
def test_a_walk_cut_short_is_closed_by_the_next_run(http_server: Server) -> None:
    many(5000, gap=300).serve(http_server)
    first = collect(only_terms(http_server), NARROW)
    state = states(first)["term:acme coffee"]
    assert state.walking
    assert any("more than one run may read" in w for page in first for w in page.warnings)
    later = replace(resumed(NARROW, first), since=NOW - timedelta(days=2))
    second = collect(only_terms(http_server), later)
    assert len(ids(first) | ids(second)) == 5000, "the first look back holds for the whole walk"
    assert states(second)["term:acme coffee"].cursor == str(SECOND - 3600)


@pytest.mark.slow
def test_hits_of_one_second_do_not_hold_the_walk_up(http_server: Server) -> None:
    many(250, gap=0).serve(http_server)
    pages = collect(only_terms(http_server), NARROW)
    assert not states(pages)["term:acme coffee"].walking
    assert len(http_server.requests) < 10


@pytest.mark.slow
def test_three_pages_survive_a_kill_in_the_second(http_server: Server) -> None:
    many(250).serve(http_server)
    channel = only_terms(http_server)
    before = collect(channel, NARROW, stop_after=2)
    http_server.requests.clear()
    after = collect(channel, resumed(NARROW, before))
    assert len(ids(before) | ids(after)) == 250
    assert "created_at_i<=" in http_server.requests[0].params["numericFilters"], "it goes on"


def test_late_arrivals_are_found_for_an_hour(http_server: Server) -> None:
    world = many(3)
    world.serve(http_server)
    channel = only_terms(http_server)
    first = collect(channel, NARROW)
    world.add(9, "late", SECOND - 3600 - 3500, "Acme Coffee", parent_id=1, story_id=1)
    world.add(8, "too_late", SECOND - 3600 - 3700, "Acme Coffee", parent_id=1, story_id=1)
    assert "9" in ids(collect(channel, resumed(NARROW, first)))
    assert "8" not in ids(collect(channel, resumed(NARROW, first)))


def test_a_time_in_the_future_does_not_blind_us(http_server: Server) -> None:
    world = many(1)
    world.add(9, "x", SECOND + 90 * 86400, "Acme Coffee", parent_id=1, story_id=1)
    world.serve(http_server)
    assert states(collect(only_terms(http_server), NARROW))["term:acme coffee"].cursor == str(
        SECOND
    )


@pytest.mark.slow
def test_new_answers_in_a_known_thread_are_read_from_where_we_were(
    world: World, http_server: Server
) -> None:
    channel = channel_at(http_server)
    first = collect(channel)
    world.add(46000900, "quietone", SECOND - 60, "And tea?", parent_id=46000031, story_id=46000030)
    http_server.requests.clear()
    second = collect(channel, resumed(QUERY, first))
    assert by_id(second)["46000900"].addressed
    asked = [r.params["numericFilters"] for r in http_server.asked("/search_by_date")
             if r.params["tags"] == "comment,story_46000030"]  # fmt: skip
    assert asked == [f"created_at_i>={1794999600 - 3600}"]


@pytest.mark.slow
def test_threads_beyond_the_budget_take_turns(http_server: Server) -> None:
    world = World([], page=100)
    for number in range(1, 31):
        world.add(number, "acmecare", SECOND - 1000 - number, f"Story {number}")
        world.add(
            number + 100, "x", SECOND - 500, f"Hm {number}", parent_id=number, story_id=number
        )
    world.serve(http_server)
    channel = channel_at(http_server, search_terms=("nothing like it",))
    first = collect(channel, NARROW)
    assert any("10 threads about us were not read" in w for p in first for w in p.warnings)
    second = collect(channel, resumed(NARROW, first))
    assert {str(number + 100) for number in range(1, 31)} <= ids(first) | ids(second)


@pytest.mark.slow
def test_old_threads_are_forgotten(world: World, http_server: Server) -> None:
    channel = channel_at(http_server)
    first = collect(channel)
    assert set(states(first)["threads"].extra) == {"46000090", "46000050", "46000030"}
    world.add(46009000, "acmecare", SECOND + 19 * 86400, "News of Acme Coffee")
    later = replace(resumed(QUERY, first), now=NOW + timedelta(days=20))
    assert set(states(collect(channel, later))["threads"].extra) == {"46009000"}


# --- what waits ----------------------------------------------------------------------------------


def waiting(*numbers: int, thread: str = "46000090") -> Any:
    opened = tuple(
        OpenItem(external_id=str(number), thread_id=thread, published=NOW) for number in numbers
    )
    return replace(QUERY, open=opened, since=NOW - timedelta(days=2))


def revisited(pages: Iterable[Page]) -> list[Page]:
    return [page for page in pages if page.stream == "revisit"]


@pytest.mark.slow
def test_an_edit_is_seen_however_old(world: World, http_server: Server) -> None:
    world.hits[2]["comment_text"] = "Acme Coffee is fine. Edit: solved."
    old = world.hits[2]
    old["created_at_i"] = 1_700_000_000
    (page,) = revisited(collect(channel_at(http_server), waiting(46000123)))
    assert page.checked == ("46000123",)
    assert by_id([page])["46000123"].text == "Acme Coffee is fine. Edit: solved."


def test_our_answer_and_the_answer_to_it_are_seen(world: World, http_server: Server) -> None:
    (page,) = revisited(collect(channel_at(http_server), waiting(46000123)))
    found = by_id([page])
    assert isinstance(found["46000210"], Reply)
    assert found["46000210"].thread_id == "46000090"
    assert found["46000211"].addressed
    assert set(found) == {"46000123", "46000210", "46000211"}


def test_an_old_item_keeps_its_thread() -> None:
    tree = {
        "id": 5, "author": "x", "created_at_i": SECOND, "text": "Acme", "parent_id": 4,
        "children": [{"id": 6, "author": "acmecare", "created_at_i": SECOND, "text": "Hello"}],
    }  # fmt: skip
    found = items_of_tree(tree, US, ["5"], "3")
    assert [(one.external_id, one.thread_id) for one in found if isinstance(one, Reply)] == [
        ("6", "3")
    ]


@pytest.mark.parametrize("how", ["author", "gone"])
def test_a_deleted_mention_is_marked(how: str, world: World, http_server: Server) -> None:
    if how == "gone":
        world.hits = [hit for hit in world.hits if hit["objectID"] != "46000123"]
    else:
        world.hits[2].update(author=None, comment_text=None)
    (page,) = revisited(collect(channel_at(http_server), waiting(46000123)))
    assert Deletion(external_id="46000123") in page.items
    assert page.checked == ("46000123",)


@pytest.mark.slow
def test_our_deleted_answer_is_noticed(world: World, http_server: Server) -> None:
    query = replace(QUERY, known_own_ids=("46000210", "46000030"))
    assert not any(isinstance(i, Deletion) for i in items(collect(channel_at(http_server), query)))
    world.hits = [hit for hit in world.hits if hit["objectID"] != "46000210"]
    pages = collect(channel_at(http_server), query)
    assert Deletion(external_id="46000210") in items(pages)


@pytest.mark.slow
def test_revisits_keep_to_their_budget_and_take_turns(http_server: Server) -> None:
    world = World([], page=100)
    for number in range(1, 101):
        world.add(number, "x", SECOND - 10 * 86400, "Acme", parent_id=1000, story_id=1000)
    world.serve(http_server)
    query = waiting(*range(1, 101), thread="1000")
    first = collect(only_terms(http_server), query)
    second = collect(only_terms(http_server), resumed(query, first))
    checked = [one for page in revisited([*first, *second]) for one in page.checked]
    assert len(revisited(first)[:-1]) == 60
    assert set(checked) == {str(number) for number in range(1, 101)}
    assert checked.count("1") == 2, "the oldest due are looked at each time"
    assert any("40 waiting items" in w for page in first for w in page.warnings)


@pytest.mark.slow
def test_a_damaged_thread_does_not_hide_the_others(world: World, http_server: Server) -> None:
    http_server.reply("GET", "/items/46000123", body={"id": "nonsense"})
    with pytest.raises(UnexpectedPayload):
        collect(channel_at(http_server), waiting(46000123, 46000060))
    assert http_server.asked("/items/46000060")


def test_a_deep_thread_is_walked(http_server: Server) -> None:
    tree: dict[str, Any] = {"id": 1, "author": "acmecare", "created_at_i": SECOND, "text": "end"}
    for number in range(2, 40):
        above = {"id": number, "author": "x", "created_at_i": SECOND, "text": "Acme"}
        tree = {**above, "children": [tree]}
    found = items_of_tree(tree, US, [])
    assert "1" in {one.external_id for one in found}


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 429])
def test_a_refusal_is_followed_by_an_hour_of_rest(
    status: int, world: World, http_server: Server
) -> None:
    http_server.reply("GET", "/search_by_date", status, body={"error": "no"})
    channel = channel_at(http_server)
    kept: list[Page] = []
    assert isinstance(_failing(channel, QUERY, kept), RateLimited)
    http_server.requests.clear()
    soon = replace(resumed(QUERY, kept), now=NOW + timedelta(minutes=50))
    assert isinstance(_failing(channel, soon, []), RateLimited)
    assert not http_server.requests
    _failing(channel, replace(soon, now=NOW + timedelta(minutes=61)), [])
    assert http_server.requests


def _failing(channel: HackerNews, query: Any, kept: list[Page]) -> ChannelError:
    class Noting:
        async def pages(self, query: Any, client: Any) -> Any:
            async for page in channel.pages(query, client):
                kept.append(page)
                yield page

    with pytest.raises(ChannelError) as caught:
        collect(Noting(), query)
    return caught.value


@pytest.mark.slow
def test_a_question_that_is_refused_says_why(world: World, http_server: Server) -> None:
    message = "invalid numeric attribute(points), attribute not specified"
    http_server.reply(
        "GET", "/search_by_date", 400, body={"code": 400, "message": message},
        query={"query": '"acmecoffee"'},
    )  # fmt: skip
    with pytest.raises(RequestRefused, match="invalid numeric attribute"):
        collect(channel_at(http_server))
    asked = {one.params.get("query") for one in http_server.requests}
    assert '"acmecoffee.example"' in asked, "the other questions are asked all the same"


def test_the_account_is_looked_up(world: World, http_server: Server) -> None:
    account = account_of(channel_at(http_server, usernames=("acmecare", "nobody")))
    assert "https://news.ycombinator.com/user?id=acmecare" in account.names
    assert "nobody" in account.warnings[0]
    assert len(account.warnings) == 1


def test_without_user_names_our_replies_are_not_seen() -> None:
    assert HackerNews(usernames=("acmecare",)).capabilities.sees_own_replies
    assert not HackerNews().capabilities.sees_own_replies
    assert HackerNews.capabilities.finds_untagged


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"base_url": "hn.example"}, "base_url"),
        ({"include": ()}, "include"),
        ({"usernames": ("a/b",)}, "usernames"),
        ({"usernames": ("a,story",)}, "usernames"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], key: str) -> None:
    assert [name for name, _ in HackerNews(**settings).problems()] == [key]
    assert not list(HackerNews().problems())
