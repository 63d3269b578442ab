from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query, _reddit_feeds
from mentionwatch.channels._reddit_items import own_name, thread_of
from mentionwatch.channels.reddit import Reddit, searches
from mentionwatch.client import Client
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    ServerFailed,
    UnexpectedPayload,
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
from tests.channels.reddit_world import (
    CLIENT,
    FEED_TOKEN,
    NAME,
    PASSWORD,
    SHAPES,
    THINGS,
    World,
    in_inbox,
)
from tests.channels.strict import check_shape
from tests.server import Request, Server

ADDRESSED = {"t1_b01", "t1_c01", "t1_d01", "t1_f01", "t1_m01", "t4_n01"}
OURS = {"t3_a01", "t1_e01", "t1_h01", "t4_o01"}
SEARCHED = {"t3_g01", "t3_i01", "t3_j01"}
# All comments of r/coffee come; the store keeps those that name the brand.
IN_COFFEE = {"t1_k01", "t1_l01"}
BY_API = ADDRESSED | OURS | SEARCHED | IN_COFFEE
BY_FEEDS = BY_API - {"t3_a01", "t4_o01"}


def api(server: Server, **keys: Any) -> Reddit:
    usual: dict[str, Any] = {"password": Secret(PASSWORD), "subreddits": ("coffee",)}
    return Reddit(
        mode="oauth",
        base_url=server.url,
        api_url=server.url,
        username=NAME,
        client_id=Secret(CLIENT[0]),
        client_secret=Secret(CLIENT[1]),
        **{**usual, **keys},
    )


def feeds(server: Server, **keys: Any) -> Reddit:
    usual: dict[str, Any] = {"feed_token": Secret(FEED_TOKEN), "subreddits": ("coffee",)}
    return Reddit(base_url=server.url, username=f"u/{NAME}", **{**usual, **keys})


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute takes no time."""
    monkeypatch.setattr(_reddit_feeds, "SECONDS", 0.0)


def read(world: World, channel: Reddit, query: Query = QUERY, **client: Any) -> list[Page]:
    pages = collect(channel, query, **client)
    check_pages(pages)
    assert not world.faults
    return pages


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages)}


def waiting(*names: str) -> tuple[OpenItem, ...]:
    found = []
    for name in names:
        data = THINGS[name]["data"]
        at = datetime.fromtimestamp(data["created_utc"], UTC)
        url = f"https://www.reddit.com{data.get('permalink', '')}"
        thread = data.get("link_id", name)
        found.append(OpenItem(external_id=name, thread_id=thread, published=at, url=url))
    return tuple(found)


def partly(channel: Reddit, query: Query = QUERY, **client: Any) -> tuple[list[Page], ChannelError]:
    """Return the pages of a run that ends in an error, and the error."""
    found: list[Page] = []

    async def work() -> None:
        async with Client(channel="shop", **{"deadline": 10.0, **client}) as open_client:
            async for page in channel.pages(query, open_client):
                found.append(page)

    with pytest.raises(ChannelError) as caught:
        asyncio.run(work())
    return found, caught.value


class TestApiContract(ChannelContract):
    expected: ClassVar = BY_API

    def settings(self, base_url: str) -> Reddit:
        return Reddit(
            mode="oauth",
            base_url=base_url,
            api_url=base_url,
            username=NAME,
            client_id=Secret(CLIENT[0]),
            client_secret=Secret(CLIENT[1]),
            password=Secret(PASSWORD),
            subreddits=("coffee",),
        )

    def routes(self, server: Server) -> None:
        World(server)

    def first_answers(self, server: Server) -> None:
        token = {"access_token": "access-1", "expires_in": 86400, "scope": "*"}
        server.reply("POST", "/api/v1/access_token", body=token)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        # Cursors are times: walks end earlier, and searches name a shorter time.
        ages = [one.params["t"] for one in second if "t" in one.params]
        return len(second) < len(first) and ages == ["week"]


class TestFeedContract(ChannelContract):
    expected: ClassVar = BY_FEEDS
    has_cursor = False

    @pytest.fixture(autouse=True)
    def _quick(self, quick: None) -> None:
        """A minute takes no time."""

    def settings(self, base_url: str) -> Reddit:
        return Reddit(
            base_url=base_url,
            username=NAME,
            feed_token=Secret(FEED_TOKEN),
            subreddits=("coffee",),
        )

    def routes(self, server: Server) -> None:
        World(server)


# --- what the items say --------------------------------------------------------------------------


def test_recordings_have_the_fields_of_the_sheet() -> None:
    kinds = {"t1": "Comment", "t3": "Post", "t4": "Message"}
    for name, thing in THINGS.items():
        check_shape(thing["data"], kinds[thing["kind"]], SHAPES, name)
        if "inbox" in thing:
            check_shape(in_inbox(thing)["data"], "InboxComment", SHAPES, f"{name} in the inbox")


@pytest.fixture
def found(world: World) -> dict[str, Item]:
    return by_id(read(world, api(world.server)))


def test_post_has_all_its_facts(found: dict[str, Item]) -> None:
    post = found["t3_g01"]
    assert isinstance(post, Mention)
    assert (post.title, post.text) == ("Anyone used Acme Coffee?", "Their **service** < mine?")
    assert not post.addressed and post.kind == "post" and not post.private
    assert post.published == datetime(2026, 11, 17, 10, tzinfo=UTC)
    assert post.url == "https://www.reddit.com/r/coffee/comments/g01/anyone_used_acme_coffee/"
    assert (post.engagement.likes, post.engagement.replies) == (12, 4)
    author = post.author
    assert (author.id, author.handle, author.followers) == ("rider77", "u/rider77", None)


@pytest.mark.slow
def test_three_commenters_share_the_thread_of_the_post(found: dict[str, Item]) -> None:
    comments = [found[f"t1_{key}01"] for key in "bcd"]
    assert {type(one) for one in comments} == {Mention}
    assert {one.thread_id for one in comments} == {"t3_a01"}  # type: ignore[union-attr]
    assert {one.parent_id for one in comments} == {"t3_a01"}  # type: ignore[union-attr]
    assert comments[0].url == (  # type: ignore[union-attr]
        "https://www.reddit.com/r/coffee/comments/a01/our_oat_milk_is_back/b01/"
    )


@pytest.mark.slow
def test_inbox_addresses_us(world: World) -> None:
    pages = [page for page in read(world, api(world.server)) if page.stream == "inbox"]
    assert ids(pages) == ADDRESSED
    assert all(one.addressed for one in items(pages) if isinstance(one, Mention))


def test_nested_comment_and_our_reply(found: dict[str, Item]) -> None:
    nested, reply = found["t1_f01"], found["t1_e01"]
    assert isinstance(nested, Mention) and isinstance(reply, Reply)
    assert (nested.thread_id, nested.parent_id) == ("t3_a01", "t1_e01")
    assert (reply.thread_id, reply.parent_id) == ("t3_a01", "t1_b01")
    assert reply.published == datetime(2026, 11, 16, 9, tzinfo=UTC)
    assert reply.text == "All of it, since May."


def test_unanswered_post_has_no_reply(found: dict[str, Item]) -> None:
    parents = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert "t3_j01" not in parents and "t3_g01" in parents


@pytest.mark.slow
def test_edited_post_and_low_score(found: dict[str, Item]) -> None:
    post = found["t3_j01"]
    assert isinstance(post, Mention)
    assert post.edited == datetime(2026, 11, 19, 11, tzinfo=UTC)
    assert post.engagement.likes is None


def test_link_post_keeps_its_link(found: dict[str, Item]) -> None:
    post = found["t3_i01"]
    assert isinstance(post, Mention)
    assert post.links == ("https://acmecoffee.example/menu",)
    assert post.media == 1


def test_messages_are_private_conversations(found: dict[str, Item]) -> None:
    message, reply = found["t4_n01"], found["t4_o01"]
    assert isinstance(message, Mention) and isinstance(reply, Reply)
    assert message.private and message.addressed and message.kind == "message"
    assert reply.private and (reply.thread_id, reply.parent_id) == ("t4_n01", "t4_n01")
    assert reply.to == ("lena_k",)


def test_own_post_is_no_mention(found: dict[str, Item]) -> None:
    post = found["t3_a01"]
    assert isinstance(post, OwnPost) and post.text == "Our oat milk is back\n\nAsk us anything."


@pytest.mark.slow
def test_deleted_things_are_deletions(world: World) -> None:
    world.things["t3_g01"]["data"] |= {"author": "[deleted]", "selftext": "[deleted]"}
    world.things["t3_j01"]["data"]["removed_by_category"] = "moderator"
    world.things["t1_k01"]["data"]["body"] = "[removed]"
    found = items(read(world, api(world.server)))
    for name in ("t3_g01", "t3_j01", "t1_k01"):
        assert Deletion(external_id=name) in found


@pytest.mark.slow
def test_feeds_give_the_same_ids_authors_and_threads(
    world: World, found: dict[str, Item], quick: None
) -> None:
    by_feeds = by_id(read(world, feeds(world.server)))
    assert set(by_feeds) == BY_FEEDS
    for name, one in by_feeds.items():
        other = found[name]
        assert type(one) is type(other), name
        if isinstance(one, Mention) and isinstance(other, Mention):
            assert (one.author.id, one.thread_id) == (other.author.id, other.thread_id)
            assert (one.url, one.published) == (other.url, other.published)
            assert (one.addressed, one.title, one.private) == (
                other.addressed,
                other.title,
                other.private,
            )


@pytest.mark.slow
def test_words_of_a_feed_end_where_the_post_does(world: World, quick: None) -> None:
    found = by_id(read(world, feeds(world.server)))
    assert found["t3_g01"].text == "Their **service** < mine?"  # type: ignore[union-attr]
    assert found["t3_i01"].text == ""  # type: ignore[union-attr]
    assert found["t1_b01"].text == "Is it *vegan*, & since when?"  # type: ignore[union-attr]
    assert found["t3_i01"].links == ("https://acmecoffee.example/menu",)  # type: ignore[union-attr]
    reply = found["t1_h01"]
    assert isinstance(reply, Reply) and (reply.thread_id, reply.parent_id) == ("t3_g01", "")


def test_empty_account_yields_nothing(world: World, quick: None) -> None:
    world.things.clear()
    assert not items(read(world, api(world.server)))
    assert not items(read(world, feeds(world.server)))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("u/Acme-Coffee", "acme-coffee"),
        ("/u/acme", "acme"),
        ("https://www.reddit.com/user/Acme/", "acme"),
        ("@acme", ""),
        ("acme", ""),
    ],
)
def test_own_names(written: str, wanted: str) -> None:
    assert own_name(written) == wanted


def test_thread_of_an_address() -> None:
    assert thread_of("https://www.reddit.com/r/a/comments/1x2/t/9z/") == "t3_1x2"
    assert thread_of("https://www.reddit.com/r/a/") == thread_of("http://[") == ""


# --- the API -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_token_is_asked_for_once(world: World) -> None:
    tokens = Tokens(None)
    for _ in range(2):
        read(world, api(world.server), tokens=tokens)
    assert world.issued == 1


@pytest.mark.slow
def test_token_that_ends_meanwhile_is_renewed(world: World) -> None:
    tokens = Tokens(None)
    read(world, api(world.server), tokens=tokens)
    world.dead = {"access-1"}
    assert ids(read(world, api(world.server), tokens=tokens)) == BY_API
    assert world.issued == 2


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"password": Secret("wrong-password")}, CredentialsRefused),
        ({"client_secret": Secret("wrong-secret")}, CredentialsRefused),
        ({"password": Secret(), "refresh_token": Secret("revoked-token")}, CredentialsRefused),
    ],
)
def test_refused_login_says_what_to_do(
    world: World, keys: dict[str, Any], wanted: type[ChannelError]
) -> None:
    with pytest.raises(wanted) as caught:
        account_of(replace(api(world.server), **keys))
    assert "mentionwatch login" in caught.value.hint


@pytest.mark.slow
def test_refresh_token_reads_the_inbox(world: World) -> None:
    keys = {"password": Secret(), "refresh_token": Secret("refresh-of-the-owner")}
    assert ids(read(world, api(world.server, **keys))) == BY_API


def test_without_a_login_there_is_no_inbox_and_it_is_said(world: World) -> None:
    channel = api(world.server, password=Secret())
    assert any("inbox" in one for one in account_of(channel).warnings)
    assert ids(read(world, channel)) == BY_API - ADDRESSED - {"t4_o01"} | {
        f"t1_{key}01" for key in "bcdf"
    }


def test_account_names_missing_permissions(world: World) -> None:
    world.scope = "identity read"
    account = account_of(api(world.server))
    assert account.warnings == ("the log-in lacks the permission privatemessages and history",)
    assert account.id == "reddit:acmecoffee" and f"u/{NAME}" in account.names


@pytest.mark.slow
def test_inbox_stays_unread(world: World) -> None:
    read(world, api(world.server))
    assert {one.params["mark"] for one in world.asked("/message/inbox")} == {"false"}


@pytest.mark.slow
def test_deleted_place_of_a_killed_walk_begins_at_the_top(world: World) -> None:
    first = read(world, api(world.server))
    cut = [page for page in first if page.stream == "inbox"][:1]
    assert cut[0].state is not None and cut[0].state.resume
    del world.things[cut[0].state.resume]
    query = replace(QUERY, streams=states(cut))
    again = [one for page in read(world, api(world.server), query) for one in page.items]
    assert {one.external_id for one in again} >= ADDRESSED & set(world.things)


@pytest.mark.slow
def test_more_comments_than_reddit_shows_is_said(world: World) -> None:
    state = StreamState(cursor="2026-10-01T00:00:00Z")
    query = replace(QUERY, streams={"comments:coffee": state})
    pages = read(world, api(world.server), query)
    assert any("no longer shows" in one for page in pages for one in page.warnings)


def test_private_subreddit_is_left_out_and_named(world: World) -> None:
    world.fail("/r/coffee/comments", "Private")
    pages = read(world, api(world.server))
    assert any("r/coffee cannot be read" in one for page in pages for one in page.warnings)
    assert ids(pages) >= SEARCHED


def test_subreddit_that_does_not_exist_is_left_out_and_named(world: World) -> None:
    place = f"{world.server.url}/subreddits/search?q=coffee"
    world.fail("/r/coffee/comments", "SentOn", Location=place)
    pages = read(world, api(world.server))
    assert any("r/coffee cannot be read" in one for page in pages for one in page.warnings)
    assert ids(pages) >= SEARCHED
    assert not world.asked("/subreddits/search")


def test_used_up_window_ends_the_run_in_time(world: World) -> None:
    world.left = "3.0"
    _, error = partly(api(world.server))
    assert isinstance(error, RateLimited) and error.retry_after == 400


def test_other_own_accounts_are_read(world: World) -> None:
    world.things["t1_c01"]["data"]["author"] = "AcmeCare"
    query = replace(QUERY, own_accounts=("u/AcmeCare",))
    found = by_id(read(world, api(world.server), query))
    assert isinstance(found["t1_c01"], Reply)
    assert world.asked("/user/acmecare/comments")


@pytest.mark.slow
def test_three_pages_with_a_run_killed_in_the_second(world: World) -> None:
    world.size = 2
    whole = read(world, api(world.server))
    inbox = [page for page in whole if page.stream == "inbox"]
    assert len(inbox) >= 3
    before = whole[: whole.index(inbox[1]) + 1]
    world.server.requests.clear()
    after = read(world, api(world.server), resumed(QUERY, before))
    assert ids(before) | ids(after) == BY_API
    first = world.asked("/message/inbox")[0]
    assert inbox[1].state is not None and first.params["after"] == inbox[1].state.resume


@pytest.mark.slow
def test_revisit_sees_edits_deletions_and_our_own(world: World) -> None:
    first = read(world, api(world.server))
    del world.things["t1_c01"]
    world.things["t3_j01"]["data"] |= {"selftext": "Solved!", "score": 99}
    world.things["t1_e01"]["data"] |= {"author": "[deleted]", "body": "[deleted]"}
    query = replace(
        resumed(QUERY, first),
        open=waiting("t3_j01", "t1_c01", "t4_n01"),
        known_own_ids=("t1_e01", "t1_h01"),
        now=QUERY.now + timedelta(days=9),
        since=QUERY.now + timedelta(days=8),
    )
    pages = [page for page in read(world, api(world.server), query) if page.stream == "revisit"]
    found = by_id(pages)
    assert found["t3_j01"].text == "Solved!"  # type: ignore[union-attr]
    assert Deletion(external_id="t1_c01") in found.values()
    assert Deletion(external_id="t1_e01") in found.values()
    assert {one for page in pages for one in page.checked} == {"t3_j01", "t1_c01"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Unauthorized", CredentialsRefused),
        ("Forbidden", PermissionMissing),
        ("Private", PermissionMissing),
        ("Blocked", PermissionMissing),
        ("NotFound", NotFound),
        ("TooMany", RateLimited),
        ("TooManyPage", RateLimited),
        ("Unavailable", ServerFailed),
    ],
)
def test_each_error_of_the_api(world: World, name: str, wanted: type[ChannelError]) -> None:
    world.fail("/message/inbox", name)
    _, error = partly(api(world.server), tries=1)
    assert isinstance(error, wanted)
    if wanted is PermissionMissing:
        assert "privatemessages" in error.hint


# --- the feeds: one request a minute -------------------------------------------------------------


def test_one_request_a_run_where_a_minute_is_too_long(world: World) -> None:
    found, error = partly(feeds(world.server))
    assert isinstance(error, BudgetSpent)
    assert "1 of 4 feeds are read" in error.message and "timeout" in error.hint
    assert [one.path for one in world.server.requests] == ["/message/inbox/.rss"]
    assert ids(found) == ADDRESSED


@pytest.mark.slow
def test_feeds_take_turns_over_several_runs(world: World) -> None:
    query, found = QUERY, set[str]()
    for minutes in range(0, 8, 2):
        query = replace(query, now=QUERY.now + timedelta(minutes=minutes))
        try:
            pages = read(world, feeds(world.server), query)
        except BudgetSpent:
            world.server.requests.pop()
            pages, _ = partly(feeds(world.server), query)
        found |= ids(pages)
        query = resumed(query, pages)
    assert found == BY_FEEDS
    asked = [one.path for one in world.server.requests]
    assert len(asked) == len(set(asked)) == 4


@pytest.mark.slow
def test_feed_that_was_not_read_for_longest_comes_first(world: World) -> None:
    query = QUERY
    for minutes in range(0, 12, 2):
        query = replace(query, now=QUERY.now + timedelta(minutes=minutes))
        channel = feeds(world.server, min_interval=timedelta(minutes=1))
        pages, _ = partly(channel, query)
        query = resumed(query, pages)
    asked = [one.path for one in world.server.requests]
    assert len(set(asked)) == 4 and asked[4:] == asked[:2]


def test_next_run_within_the_minute_asks_nothing(world: World) -> None:
    found, _ = partly(feeds(world.server))
    world.server.requests.clear()
    soon = replace(resumed(QUERY, found), now=QUERY.now + timedelta(seconds=40))
    _, error = partly(feeds(world.server), soon)
    assert isinstance(error, BudgetSpent) and not world.server.requests


def test_the_request_is_kept_before_it_is_made(world: World) -> None:
    pages = collect(feeds(world.server), QUERY, stop_after=1)
    assert states(pages)["budget"].extra["asked"].startswith("2026-11-21T07:02:")
    assert not world.server.requests


@pytest.mark.slow
def test_clock_that_jumped_back_holds_up_nothing(world: World) -> None:
    found, _ = partly(feeds(world.server))
    world.server.requests.clear()
    earlier = replace(resumed(QUERY, found), now=QUERY.now - timedelta(days=3))
    partly(feeds(world.server), earlier)
    assert len(world.server.requests) == 1


def test_feeds_rest_once_all_are_read(world: World, quick: None) -> None:
    first = read(world, feeds(world.server))
    world.server.requests.clear()
    soon = replace(resumed(QUERY, first), now=QUERY.now + timedelta(minutes=20))
    assert not items(read(world, feeds(world.server), soon))
    assert not world.server.requests


def test_pause_that_reddit_asks_for_holds_over_runs(world: World, quick: None) -> None:
    world.fail("/search.rss", "TooManyPage", **{"Retry-After": "600"})
    found, error = partly(feeds(world.server))
    assert isinstance(error, RateLimited)
    assert len(world.asked("/search.rss")) == 1, "it is tried again"
    world.server.requests.clear()
    later = replace(resumed(QUERY, found), now=QUERY.now + timedelta(minutes=8))
    _, error = partly(feeds(world.server), later)
    assert isinstance(error, BudgetSpent) and not world.server.requests


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Forbidden", PermissionMissing),
        ("Blocked", PermissionMissing),
        ("NotFound", NotFound),
        ("TooMany", RateLimited),
        ("TooManyPage", RateLimited),
        ("Unavailable", ServerFailed),
    ],
)
def test_each_error_of_a_feed(
    world: World, quick: None, name: str, wanted: type[ChannelError]
) -> None:
    world.fail("/search.rss", name)
    _, error = partly(feeds(world.server))
    assert isinstance(error, wanted)
    assert len(world.asked("/search.rss")) == 1
    if wanted is PermissionMissing:
        assert "home connection" in error.hint


@pytest.mark.slow
def test_page_in_place_of_a_feed_is_no_empty_feed(world: World, quick: None) -> None:
    page = "<!doctype html><html><body>Log in to Reddit</body></html>"
    world.server.reply("GET", "/search.rss", body=page)
    found, error = partly(feeds(world.server))
    assert isinstance(error, UnexpectedPayload)
    assert ids(found) >= ADDRESSED | {"t1_h01"}, "the other feeds are read all the same"


def test_feed_token_stands_in_no_message(world: World, quick: None) -> None:
    world.fail("/message/inbox/.rss", "Forbidden")
    _, error = partly(feeds(world.server))
    assert FEED_TOKEN not in f"{error.message} {error.hint}"


@pytest.mark.slow
def test_full_feed_may_have_left_some_out(world: World, quick: None) -> None:
    for number in range(100):
        new = f"q{number:02}"
        data = {**THINGS["t3_g01"]["data"], "id": new, "name": f"t3_{new}"}
        data |= {"created_utc": data["created_utc"] + 3600 + number}
        world.things[f"t3_{new}"] = {"kind": "t3", "data": data}
    first = read(world, feeds(world.server))
    for thing in world.things.values():
        thing["data"]["created_utc"] += 10 * 86400
    later = replace(resumed(QUERY, first), now=QUERY.now + timedelta(days=9))
    pages = read(world, feeds(world.server), later)
    assert any("more came than a feed shows" in one for page in pages for one in page.warnings)


@pytest.mark.slow
def test_thread_is_looked_at_where_no_feed_needs_the_request(world: World, quick: None) -> None:
    first = read(world, feeds(world.server))
    query = replace(
        resumed(QUERY, first),
        now=QUERY.now + timedelta(minutes=5),
        open=waiting("t1_d01", "t3_j01"),
        own_accounts=("u/omar77",),
    )
    world.server.requests.clear()
    pages = read(world, feeds(world.server), query)
    path = "/r/coffee/comments/a01/our_oat_milk_is_back/.rss"
    assert [one.path for one in world.server.requests] == [path]
    found = by_id(pages)
    assert isinstance(found["t1_c01"], Reply), "an answer by another account of ours"
    assert {one for page in pages for one in page.checked} == {"t1_d01"}
    world.server.requests.clear()
    read(world, feeds(world.server), resumed(query, pages))
    assert [one.path for one in world.server.requests] == [
        "/r/coffee/comments/j01/acme_coffee_lost_my_order/.rss"
    ]


@pytest.mark.slow
def test_deleted_comment_and_thread_are_noticed(world: World, quick: None) -> None:
    first = read(world, feeds(world.server))
    del world.things["t1_d01"]
    query = replace(
        resumed(QUERY, first), now=QUERY.now + timedelta(minutes=5), open=waiting("t1_d01")
    )
    assert Deletion(external_id="t1_d01") in items(read(world, feeds(world.server), query))
    del world.things["t3_j01"]
    query = replace(query, open=waiting("t3_j01"))
    assert items(read(world, feeds(world.server), query)) == [Deletion(external_id="t3_j01")]


@pytest.mark.slow
@pytest.mark.parametrize("size", [25, 100])
def test_comment_beyond_a_full_feed_is_not_taken_for_deleted(
    world: World, quick: None, size: int
) -> None:
    first = read(world, feeds(world.server))
    del world.things["t1_d01"]
    for number in range(size):
        new = f"q{number:02}"
        data = {**THINGS["t1_c01"]["data"], "id": new, "name": f"t1_{new}"}
        world.things[f"t1_{new}"] = {"kind": "t1", "data": data}
    query = replace(
        resumed(QUERY, first), now=QUERY.now + timedelta(minutes=5), open=waiting("t1_d01")
    )
    found = items(read(world, feeds(world.server), query))
    assert not [one for one in found if isinstance(one, Deletion)]


@pytest.mark.slow
def test_our_deleted_answer_is_noticed_by_the_feeds(world: World, quick: None) -> None:
    first = read(world, feeds(world.server))
    del world.things["t1_h01"]
    later = replace(
        resumed(QUERY, first),
        now=QUERY.now + timedelta(hours=1),
        known_own_ids=("t1_h01", "t1_e01", "t4_o01"),
    )
    gone = items(read(world, feeds(world.server), later))
    assert [one for one in gone if isinstance(one, Deletion)] == [Deletion(external_id="t1_h01")]
    two = replace(later, own_accounts=("u/AcmeCare",))
    assert Deletion(external_id="t1_h01") not in items(read(world, feeds(world.server), two))


def test_account_of_the_feed_road_asks_nothing_and_says_how_slow_it_is(world: World) -> None:
    account = account_of(feeds(world.server))
    assert "about 4 minutes" in account.summary and not world.server.requests
    assert any("username" in one for one in account_of(Reddit()).warnings)


# --- settings ------------------------------------------------------------------------------------


def test_terms_become_few_searches() -> None:
    terms = ("Acme Coffee", "acmecoffee", "#acmecoffee", "@acmecoffee", "/acme.*/")
    assert searches(terms, ("acmecoffee.example",)) == [
        '"Acme Coffee" OR acmecoffee OR url:acmecoffee.example'
    ]
    many = searches([f"acme product number {n}" for n in range(60)], ())
    assert len(many) > 2 and all(len(one) <= 512 for one in many)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"base_url": "reddit.com"}, "base_url"),
        ({"username": "two words"}, "username"),
        ({"subreddits": ("r/not a name",)}, "subreddits"),
        ({"feed_token": Secret("x"), "username": ""}, "username"),
        ({"mode": "oauth"}, "client_id"),
        ({"min_interval": timedelta(seconds=5)}, "min_interval"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], key: str) -> None:
    right = Reddit(username="AcmeCoffee", subreddits=("r/coffee",))
    assert not list(right.problems())
    assert key in [found for found, _ in replace(right, **changes).problems()]


def test_user_agent_is_of_the_prescribed_form(world: World) -> None:
    agent = feeds(world.server).client_options()["user_agent"]
    assert agent.startswith("python:mentionwatch:v") and agent.endswith(f"(by /u/{NAME})")
