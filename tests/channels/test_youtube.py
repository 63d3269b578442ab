from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._youtube_api import day_of
from mentionwatch.channels._youtube_items import Us, thread_items, words
from mentionwatch.channels.youtube import YouTube, searches
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
from mentionwatch.model.items import Deletion, Item, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    ids,
    items,
    resumed,
    states,
)
from tests.channels.youtube_world import FACTS, KEY, US, World, reply, thread
from tests.server import Request, Server

THREADS = {thread(letter) for letter in "abcdef"}
REPLIES = {reply("a", n) for n in range(1, 6)} | {reply("e", 1), reply("e", 2)}
OWN_VIDEOS = {"vidACME0001", "vidACME0002"}
VIDEOS = {"vidOTHER001", "vidOTHER002"}  # the store keeps those that name the brand
EVERYTHING = THREADS | REPLIES | OWN_VIDEOS | VIDEOS
LOGIN = {
    "client_id": Secret("client-id-1"),
    "client_secret": Secret("client-secret-1"),
    "refresh_token": Secret("refresh-token-1"),
}


def channel_of(server: Server, **keys: Any) -> YouTube:
    usual: dict[str, Any] = {} if "handle" in keys else {"channel_id": US}
    token_url = f"{server.url}/token"
    return YouTube(
        base_url=server.url, token_url=token_url, api_key=Secret(KEY), **{**usual, **keys}
    )


class TestContract(ChannelContract):
    expected: ClassVar = EVERYTHING
    small = False

    def settings(self, base_url: str) -> YouTube:
        return YouTube(base_url=base_url, api_key=Secret(KEY), channel_id=US)

    def routes(self, server: Server) -> None:
        world = World(server, check=not self.small, size=100 if self.small else 2)
        if self.small:
            world.threads, world.videos = [world.find("e")], world.videos[:2]

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        # Nothing can be asked for from a time on: the walk just ends earlier.
        pages = [len([r for r in run if "order" in r.params]) for run in (first, second)]
        return pages[1] < pages[0]

    async def _damage(self, server: Server, *, every: bool) -> list[str]:
        self.small = True
        return await super()._damage(server, every=every)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **keys: Any) -> list[Page]:
    tokens = keys.pop("tokens", None)
    pages = collect(channel_of(world.server, **keys), query, tokens=tokens)
    check_pages(pages)
    assert not world.faults
    return pages


def partly(channel: YouTube, query: Query = QUERY) -> tuple[list[Page], ChannelError]:
    """Return the pages of a run that ends in an error, and the error."""
    found: list[Page] = []

    async def work() -> None:
        async with Client(channel="shop", deadline=10.0, tries=1) as client:
            async for page in channel.pages(query, client):
                found.append(page)

    with pytest.raises(ChannelError) as caught:
        asyncio.run(work())
    return found, caught.value


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages)}


@pytest.fixture
def found(world: World) -> dict[str, Item]:
    return by_id(read(world))


def waiting(*external_ids: str) -> tuple[OpenItem, ...]:
    at = QUERY.now - timedelta(days=3)
    return tuple(
        OpenItem(external_id=one, thread_id="vidACME0001", published=at) for one in external_ids
    )


# --- the description -----------------------------------------------------------------------------


def test_facts_say_where_they_are_from() -> None:
    assert FACTS["source"].startswith("PyPI google-api-python-client")


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        "part=snippet&colour=red",
        "part=snippet&maxResults=101",
        "part=snippet&order=newest",
        "order=time",
        "part=snippet&id=a&videoId=b&textFormat=plainText",
    ],
)
def test_world_refuses_what_is_not_described(world: World, query: str) -> None:
    import httpx

    url = f"{world.server.url}/commentThreads?{query}"
    httpx.get(url, headers={"X-Goog-Api-Key": KEY}, trust_env=False)
    assert world.faults


@pytest.mark.slow
def test_world_checks_its_answers(world: World) -> None:
    world.find("b")["snippet"]["colour"] = "red"
    collect(channel_of(world.server), QUERY)
    assert any("colour" in fault for fault in world.faults)


# --- what the items say --------------------------------------------------------------------------


@pytest.mark.slow
def test_comment_has_all_its_facts(found: dict[str, Item]) -> None:
    comment = found[thread("a")]
    assert isinstance(comment, Mention)
    assert comment.text == "Where can I buy this? I ♥ it"
    assert comment.addressed and comment.kind == "comment" and not comment.private
    assert comment.published == datetime(2026, 11, 16, 9, 12, 43, tzinfo=UTC)
    assert comment.url == f"https://www.youtube.com/watch?v=vidACME0001&lc={thread('a')}"
    assert (comment.thread_id, comment.parent_id) == ("vidACME0001", "vidACME0001")
    assert (comment.engagement.likes, comment.engagement.replies) == (3, 5)
    author = comment.author
    assert (author.handle, author.followers) == ("@lena-example", 312)
    assert author.id.startswith("UC") and author.url.endswith("/@lena-example")


def test_three_commenters_share_the_video(found: dict[str, Item]) -> None:
    comments = [found[thread("a")], found[thread("b")], found[thread("c")]]
    assert {one.thread_id for one in comments} == {"vidACME0001"}  # type: ignore[union-attr]
    assert len({one.author.id for one in comments}) == 3  # type: ignore[union-attr]


def test_reply_of_a_customer_is_nested(found: dict[str, Item]) -> None:
    nested = found[reply("a", 3)]
    assert isinstance(nested, Mention)
    assert (nested.thread_id, nested.parent_id) == ("vidACME0001", thread("a"))
    assert nested.addressed and nested.author.handle == "@omar-example"


@pytest.mark.slow
def test_our_reply_answers_the_top_comment(found: dict[str, Item]) -> None:
    ours = found[reply("a", 1)]
    assert isinstance(ours, Reply)
    assert (ours.parent_id, ours.certainty) == (thread("a"), "sure")
    assert ours.published == datetime(2026, 11, 16, 9, 40, tzinfo=UTC)
    assert ours.text == "Link is in the description!"


@pytest.mark.slow
def test_our_reply_that_names_somebody_answers_him(found: dict[str, Item]) -> None:
    ours = found[reply("a", 4)]
    assert isinstance(ours, Reply) and ours.parent_id == reply("a", 3)


@pytest.mark.slow
def test_below_our_own_comment_the_sole_customer_is_answered(found: dict[str, Item]) -> None:
    top, ours = found[thread("e")], found[reply("e", 2)]
    assert isinstance(top, OwnPost)
    assert isinstance(ours, Reply)
    assert (ours.parent_id, ours.certainty) == (reply("e", 1), "sure")


@pytest.mark.slow
def test_below_our_own_comment_two_customers_make_it_likely(world: World) -> None:
    world.add_reply("e", "And to Sweden?", "@omar-example", "2026-11-19T12:00:00Z")
    ours = world.add_reply("e", "Yes", "@acmecoffee", "2026-11-19T13:00:00Z")
    found = by_id(read(world))[ours]
    assert isinstance(found, Reply)
    assert (found.parent_id, found.certainty) == (reply("e", 3), "likely")


def test_unanswered_comment_has_no_reply(found: dict[str, Item]) -> None:
    parents = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert thread("b") not in parents and reply("a", 5) not in parents


@pytest.mark.slow
def test_edited_comment(found: dict[str, Item]) -> None:
    comment = found[thread("c")]
    assert isinstance(comment, Mention)
    assert comment.edited == datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert found[thread("b")].edited is None  # type: ignore[union-attr]


@pytest.mark.slow
def test_author_whose_account_is_gone(found: dict[str, Item]) -> None:
    comment = found[thread("d")]
    assert isinstance(comment, Mention)
    assert (comment.author.id, comment.author.url) == ("", "")


def test_comment_on_the_channel_itself(found: dict[str, Item]) -> None:
    comment = found[thread("f")]
    assert isinstance(comment, Mention)
    assert (comment.thread_id, comment.parent_id) == (f"page:{US}", "")
    assert comment.url == f"https://www.youtube.com/channel/{US}/community?lc={thread('f')}"


def test_own_videos_are_own_posts(found: dict[str, Item]) -> None:
    video = found["vidACME0001"]
    assert isinstance(video, OwnPost)
    assert video.text == "Our new cup\n\nBuy it at https://acmecoffee.example/cup"
    assert video.thread_id == "vidACME0001"


@pytest.mark.slow
def test_video_of_somebody_else(found: dict[str, Item], world: World) -> None:
    video = found["vidOTHER001"]
    assert isinstance(video, Mention)
    assert video.title == "Acme Coffee & its cup, tested"
    assert video.text == "An honest look at Acme Coffee."
    assert (video.kind, video.addressed, video.language) == ("video", False, "en")
    assert (video.engagement.views, video.engagement.likes, video.engagement.replies) == (
        1200,
        31,
        4,
    )
    assert (video.author.name, video.author.followers) == ("Tom tests", 5120)


def test_subscribers_that_are_hidden_are_not_zero(found: dict[str, Item]) -> None:
    comment = found[thread("c")]
    assert isinstance(comment, Mention) and comment.author.followers is None


def test_text_that_comes_as_html_only() -> None:
    snippet = {"textDisplay": "It&#39;s <b>late</b><br>again"}
    assert words({"snippet": snippet}) == "It's late\nagain"


def test_empty_account_yields_nothing(world: World) -> None:
    world.threads, world.videos = [], []
    assert not items(read(world))


def test_thread_of_strange_shape_raises_a_value_error() -> None:
    with pytest.raises(ValueError):
        list(thread_items({}, (), Us(channels=(US,)), {}))


# --- what is asked -------------------------------------------------------------------------------


@pytest.mark.slow
def test_missing_replies_are_asked_for_once(world: World) -> None:
    first = read(world)
    assert {one.params["parentId"] for one in world.asked("comments")} == {thread("a")}
    world.server.requests.clear()
    read(world, resumed(QUERY, first))
    assert not world.asked("comments")


def test_replies_that_are_counted_and_never_shown_end_no_run(world: World) -> None:
    world.uncounted = 7
    first = read(world)
    world.server.requests.clear()
    read(world, resumed(QUERY, first))
    assert not world.asked("comments")


@pytest.mark.slow
def test_new_reply_in_an_old_thread_is_found(world: World) -> None:
    first = read(world)
    new = world.add_reply("b", "It did for me too", "@mia-example", "2026-11-21T06:00:00Z")
    ours = world.add_reply("b", "So sorry, both of you", "@acmecoffee", "2026-11-21T06:30:00Z")
    found = by_id(read(world, resumed(QUERY, first)))
    assert isinstance(found[new], Mention)
    assert isinstance(found[ours], Reply) and found[ours].parent_id == thread("b")  # type: ignore[union-attr]


@pytest.mark.slow
def test_answer_is_not_attached_anew_where_only_a_part_is_shown(world: World) -> None:
    first = read(world)
    world.along = 2  # the newest two: ours to omar, without omar's
    pages = read(world, replace(resumed(QUERY, first), open=waiting(thread("a"))))
    assert reply("a", 4) not in ids(pages)


@pytest.mark.slow
def test_thread_with_somebody_who_waits_is_looked_at_however_old(world: World) -> None:
    first = read(world)
    world.add_reply("a", "Fixed!", "@acmecoffee", "2026-12-20T10:00:00Z")
    later = replace(
        resumed(QUERY, first),
        now=QUERY.now + timedelta(days=30),
        since=QUERY.now + timedelta(days=28),
        open=waiting(reply("a", 5)),
    )
    found = by_id(read(world, later))
    assert isinstance(found[reply("a", 6)], Reply)


@pytest.mark.slow
def test_deleted_comment_reply_and_answer_are_noticed(world: World) -> None:
    first = read(world)
    for gone in (thread("b"), reply("a", 5), reply("a", 1)):
        world.remove(gone)
    query = replace(
        resumed(QUERY, first),
        open=waiting(thread("b"), reply("a", 5), thread("c")),
        known_own_ids=(reply("a", 1), reply("a", 4)),
    )
    pages = read(world, query)
    gone = {one.external_id for one in items(pages) if isinstance(one, Deletion)}
    assert gone == {thread("b"), reply("a", 5), reply("a", 1)}
    checked = {one for page in pages for one in page.checked}
    assert checked == {thread("b"), reply("a", 5), thread("c")}


@pytest.mark.slow
def test_edit_of_one_that_waits_is_seen(world: World) -> None:
    first = read(world)
    snippet = world.find("b")["snippet"]["topLevelComment"]["snippet"]
    snippet |= {"textOriginal": "Solved, thanks", "updatedAt": "2026-11-21T06:00:00Z"}
    pages = read(world, replace(resumed(QUERY, first), open=waiting(thread("b"))))
    assert by_id(pages)[thread("b")].text == "Solved, thanks"  # type: ignore[union-attr]


@pytest.mark.slow
def test_three_pages_with_a_run_killed_in_the_second(world: World) -> None:
    whole = read(world)
    comments = [page for page in whole if page.stream == "comments" and page.items]
    assert len(comments) >= 3
    before = whole[: whole.index(comments[1]) + 1]
    world.generation = 2  # tokens of the killed run are worth nothing
    after = read(world, resumed(QUERY, before))
    assert ids(before) | ids(after) == EVERYTHING
    assert states([*before, *after])["comments"].cursor == states(whole)["comments"].cursor


@pytest.mark.slow
def test_threads_of_a_killed_run_are_looked_at_again(world: World) -> None:
    before: list[Page] = []
    for page in read(world):
        before.append(page)
        if page.stream == "comments" and page.state and page.state.cursor:
            break  # the walk has arrived, and nothing was looked at again
    ours = world.add_reply("b", "We do now", "@acmecoffee", "2026-11-21T06:30:00Z")
    assert ours in ids(read(world, resumed(QUERY, before)))


@pytest.mark.slow
def test_page_token_that_is_refused_begins_at_the_top(world: World) -> None:
    world.fail("commentThreads", "invalidPageToken", times=1, pageToken="1-2")
    assert ids(read(world)) == EVERYTHING


def test_processing_failure_is_tried_once_more(world: World) -> None:
    world.fail("commentThreads", "processingFailure", times=1, order="time")
    assert ids(read(world)) == EVERYTHING


@pytest.mark.slow
def test_handle_is_looked_up_once(world: World) -> None:
    tokens = Tokens(None)
    for _ in range(2):
        assert ids(read(world, handle="acmecoffee", tokens=tokens)) == EVERYTHING
    asked = [one for one in world.asked("channels") if "forHandle" in one.params]
    assert [one.params["forHandle"] for one in asked] == ["@acmecoffee"]


@pytest.mark.slow
def test_own_videos_are_looked_up_once(world: World) -> None:
    first = read(world, search=False)
    world.server.requests.clear()
    read(world, resumed(QUERY, first), search=False)
    assert not world.asked("videos")


# --- search --------------------------------------------------------------------------------------


def test_terms_become_one_search() -> None:
    terms = ("Acme Coffee", "acmecoffee", "#acmecoffee", "/acme.*/")
    assert searches(terms, ("acmecoffee.example",)) == [
        '"Acme Coffee"|acmecoffee|"acmecoffee.example"'
    ]
    many = searches([f"acme product number {n}" for n in range(60)], ())
    assert len(many) > 2 and all(len(one) <= 400 for one in many)


@pytest.mark.slow
def test_search_rests_so_that_the_day_suffices(world: World) -> None:
    first = read(world)
    assert len(world.asked("search")) == 1
    soon = replace(resumed(QUERY, first), now=QUERY.now + timedelta(minutes=10))
    second = read(world, soon)
    assert len(world.asked("search")) == 1
    later = replace(resumed(soon, second), now=QUERY.now + timedelta(minutes=20))
    read(world, later)
    asked = world.asked("search")
    assert len(asked) == 2
    assert asked[1].params["publishedAfter"] == "2026-11-20T07:02:00Z"  # a day before the last


@pytest.mark.slow
def test_comments_below_found_videos(world: World) -> None:
    pages = read(world, watch_comments_of_found_videos=True)
    below = [page for page in pages if page.stream == "video:vidOTHER001"]
    found = by_id(below)
    comment, ours = found[thread("x")], found[reply("x", 1)]
    assert isinstance(comment, Mention) and not comment.addressed
    assert isinstance(ours, Reply) and ours.parent_id == thread("x")
    assert all(page.searched for page in below)
    assert not [one for one in world.asked("commentThreads") if "vidOTHER002" in str(one.query)]


@pytest.mark.slow
def test_video_with_comments_disabled_is_no_error(world: World) -> None:
    world.fail("commentThreads", "commentsDisabled", videoId="vidOTHER001")
    assert ids(read(world, watch_comments_of_found_videos=True)) == EVERYTHING


# --- quota ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_request_is_counted(world: World) -> None:
    kept = states(read(world))["budget"].extra
    searched = len(world.asked("search"))
    assert float(kept["searches"]) == searched == 1
    assert float(kept["units"]) == len(world.server.requests) - searched
    assert kept["period"] == "2026-11-20"  # it is still yesterday in California


@pytest.mark.parametrize(
    ("hour", "day"), [(7, "2026-11-20"), (8, "2026-11-21"), (23, "2026-11-21")]
)
def test_day_begins_at_midnight_in_california(hour: int, day: str) -> None:
    assert day_of(datetime(2026, 11, 21, hour, 30, tzinfo=UTC)) == day


def test_quota_is_kept_over_runs_and_begins_anew(world: World) -> None:
    found, error = partly(channel_of(world.server, units_per_day=5))
    assert isinstance(error, BudgetSpent) and "units_per_day" in error.hint
    assert len(world.server.requests) == 5 and ids(found)
    world.server.requests.clear()
    _, error = partly(channel_of(world.server, units_per_day=5), resumed(QUERY, found))
    assert isinstance(error, BudgetSpent) and not world.server.requests
    tomorrow = replace(resumed(QUERY, found), now=QUERY.now + timedelta(days=1))
    partly(channel_of(world.server, units_per_day=5), tomorrow)
    assert len(world.server.requests) == 5


def test_killed_run_has_counted_what_it_used(world: World) -> None:
    before = collect(channel_of(world.server), QUERY, stop_after=2)
    assert float(states(before)["budget"].extra["units"]) == len(world.server.requests)


# --- held comments -------------------------------------------------------------------------------


@pytest.mark.slow
def test_held_comments_need_the_owner(world: World) -> None:
    assert thread("h") not in ids(read(world))
    pages = read(world, **LOGIN)
    held = by_id(pages)[thread("h")]
    assert isinstance(held, Mention) and held.addressed
    asked = [one for one in world.asked("commentThreads") if "moderationStatus" in one.params]
    assert {one.headers["authorization"] for one in asked} == {"Bearer owner-token"}


@pytest.mark.slow
def test_held_comment_that_is_not_public_is_not_taken_for_deleted(world: World) -> None:
    first = read(world, **LOGIN)
    query = replace(resumed(QUERY, first), open=waiting(thread("h")))
    assert not [one for one in items(read(world, query, **LOGIN)) if isinstance(one, Deletion)]


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted", "hint"),
    [
        ("keyInvalid", CredentialsRefused, "new API key"),
        ("keyInvalidOlder", CredentialsRefused, "new API key"),
        ("authError", CredentialsRefused, ""),
        ("unauthenticated", CredentialsRefused, ""),
        ("serviceDisabled", PermissionMissing, "enable the YouTube Data API"),
        ("userRateLimitExceeded", RateLimited, ""),
        ("insufficientPermissions", PermissionMissing, "log-in of the channel's owner"),
        ("videoNotFound", NotFound, ""),
        ("commentNotFound", NotFound, ""),
        ("commentThreadNotFound", NotFound, ""),
        ("internalError", ServerFailed, ""),
        ("accessNotConfigured", PermissionMissing, "enable the YouTube Data API"),
        ("quotaExceeded", BudgetSpent, "midnight in California"),
        ("dailyLimitExceeded", BudgetSpent, "midnight in California"),
        ("rateLimitExceeded", RateLimited, ""),
        ("resourceExhausted", RateLimited, ""),
        ("forbidden", PermissionMissing, "log-in of the channel's owner"),
        ("ipRefererBlocked", PermissionMissing, "restrictions"),
        ("keyBlocked", PermissionMissing, "restrictions"),
        ("channelNotFound", NotFound, "channel_id"),
        ("processingFailure", RequestRefused, ""),
        ("unavailableByName", PermissionMissing, ""),
        ("backendError", ServerFailed, ""),
    ],
)
def test_each_error_is_told(world: World, name: str, wanted: type[ChannelError], hint: str) -> None:
    world.fail("commentThreads", name)
    _, error = partly(channel_of(world.server))
    assert type(error) is wanted and hint in error.hint


@pytest.mark.slow
def test_key_stands_in_no_address_and_no_message(world: World) -> None:
    read(world)
    assert not [one for one in world.server.requests if KEY in str(one.query)]
    world.fail("commentThreads", "keyInvalid")
    _, error = partly(channel_of(world.server))
    assert KEY not in f"{error.message} {error.hint}"


def test_account_names_the_channel(world: World) -> None:
    account = account_of(channel_of(world.server, handle="@acmecoffee"))
    assert account.id == US and {"@acmecoffee", US} <= set(account.names)
    assert len(world.server.requests) == 1


def test_unknown_handle_is_told(world: World) -> None:
    with pytest.raises(NotFound, match="@nobody"):
        account_of(channel_of(world.server, handle="nobody"))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"channel_id": ""}, "handle"),
        ({"handle": "@acmecoffee"}, "handle"),
        ({"channel_id": "acmecoffee"}, "channel_id"),
        ({"base_url": "youtube"}, "base_url"),
        ({"client_id": Secret("x")}, "refresh_token"),
        ({"searches_per_day": 0}, ""),
        ({"reply_check_days": -1}, "reply_check_days"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], key: str) -> None:
    right = YouTube(api_key=Secret(KEY), channel_id=US)
    assert not list(right.problems())
    assert key in [found for found, _ in replace(right, **changes).problems()]
