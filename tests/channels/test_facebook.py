from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, _graph, _graph_run
from mentionwatch.channels._facebook_items import read_post, read_rating
from mentionwatch.channels.facebook import Facebook
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    AnswerRefused,
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
    replies,
    resumed,
)
from tests.channels.facebook_world import PAGE, TOKEN, World
from tests.channels.graph_world import usage_header
from tests.server import Request, Server

POSTS = {f"{PAGE}_55500{number}" for number in range(1, 7)} | {"880011_990001"}
COMMENTS = {f"555001_77700{number}" for number in range(1, 8)} | {
    "555003_777101",
    "555005_777201",
    "555005_777202",
}
MESSAGES = {f"m_Acme{number}" for number in range(1, 6)}
REVIEWS = {"review:10150030749305", "review::2018-07-07T04:35:18+0000"}
LENA = {"id": "24680130001", "name": "Lena Example"}
KIM = {"id": "24680130004", "name": "Kim Madeup"}
US = {"id": PAGE, "name": "Acme Coffee"}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_graph, "PAUSE", 0.0)


def channel_of(server: Server, **keys: Any) -> Facebook:
    given = {"page_id": PAGE, "page_access_token": Secret(TOKEN), "read_inbox": True, **keys}
    return Facebook(base_url=server.url, **given)


class TestContract(ChannelContract):
    expected: ClassVar = POSTS | COMMENTS | MESSAGES
    small = False

    def settings(self, base_url: str) -> Facebook:
        return Facebook(
            base_url=base_url, page_id=PAGE, page_access_token=Secret(TOKEN), read_inbox=True
        )

    def routes(self, server: Server) -> None:
        World(server, check=not self.small, size=100 if self.small else 3)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        # Counts are what is kept: comments under unchanged posts are not asked for again.
        return not [one for one in second if one.path.endswith("/comments")]

    @pytest.mark.slow
    def test_damaged_answers_are_survived_or_reported(self, http_server: Server) -> None:
        self.small = True
        super().test_damaged_answers_are_survived_or_reported(http_server)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Any = QUERY, **keys: Any) -> list[Page]:
    pages = collect(channel_of(world.server, **keys), query)
    check_pages(pages)
    assert not world.faults
    return pages


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {item.external_id: item for item in items(pages)}


def warnings_of(pages: list[Page]) -> list[str]:
    return [warning for page in pages for warning in page.warnings]


def waiting(*pairs: tuple[str, str]) -> tuple[OpenItem, ...]:
    at = QUERY.now - timedelta(days=1)
    return tuple(OpenItem(external_id=one, thread_id=thread, published=at) for one, thread in pairs)


def reply_of(found: dict[str, Item], identifier: str) -> Reply:
    reply = found[identifier]
    assert isinstance(reply, Reply)
    return reply


def mention_of(found: dict[str, Item], identifier: str) -> Mention:
    mention = found[identifier]
    assert isinstance(mention, Mention)
    return mention


# --- what is read --------------------------------------------------------------------------------


@pytest.mark.slow
def test_three_commenters_share_a_thread(world: World) -> None:
    found = by_id(read(world))
    top = [mention_of(found, f"555001_77700{number}") for number in (1, 4, 6)]
    assert {one.thread_id for one in top} == {one.parent_id for one in top} == {f"{PAGE}_555001"}
    assert len({one.author.id for one in top}) == 3
    assert all(one.addressed and one.kind == "comment" for one in top)


def test_comment_says_who_when_and_where(world: World) -> None:
    one = mention_of(by_id(read(world)), "555001_777001")
    assert one.author.name == "Lena Example"
    assert one.published == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert one.url.endswith("/posts/555001/?comment_id=777001")
    assert (one.engagement.likes, one.engagement.replies) == (1, 3)


def test_reply_below_answers_whom_it_names(world: World) -> None:
    found = by_id(read(world))
    assert reply_of(found, "555001_777002").parent_id == "555001_777001"
    second = reply_of(found, "555001_777005")
    assert (second.parent_id, second.certainty) == ("555001_777003", "sure")
    assert mention_of(found, "555001_777003").parent_id == "555001_777001"


def test_reply_to_a_visitor_answers_the_post(world: World) -> None:
    found = by_id(read(world))
    assert reply_of(found, "555003_777101").parent_id == f"{PAGE}_555003"
    assert isinstance(found[f"{PAGE}_555002"], Mention)
    assert not [r for r in replies(read(world)) if r.thread_id == f"{PAGE}_555002"]


def test_comment_of_ours_at_the_top_answers_whom_it_names(world: World) -> None:
    reply = reply_of(by_id(read(world)), "555005_777202")
    assert (reply.parent_id, reply.to) == (f"{PAGE}_555005", ("24680130004",))


@pytest.mark.slow
def test_comment_that_nobody_answered_has_no_reply(world: World) -> None:
    found = by_id(read(world))
    answered = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert "555001_777001" in answered
    assert "555001_777006" not in answered


def test_own_posts_are_own(world: World) -> None:
    found = by_id(read(world))
    own = {known for known, one in found.items() if isinstance(one, OwnPost)}
    assert own == {f"{PAGE}_555001", f"{PAGE}_555004", f"{PAGE}_555005"}


def test_photo_of_a_visitor_is_kept(world: World) -> None:
    photo = mention_of(by_id(read(world)), f"{PAGE}_555006")
    assert photo.media == 1 and photo.addressed


def test_sticker_counts_as_media(world: World) -> None:
    sticker = mention_of(by_id(read(world)), "555005_777201")
    assert (sticker.text, sticker.media) == ("", 1)


def test_hidden_comment_is_passed_over(world: World) -> None:
    assert mention_of(by_id(read(world)), "555001_777007").skipped == "hidden"


@pytest.mark.slow
def test_tagged_post_without_an_author(world: World) -> None:
    tagged = mention_of(by_id(read(world)), "880011_990001")
    assert (tagged.author.id, tagged.author.name) == ("", "Facebook user")
    assert tagged.published == datetime(2026, 11, 18, 15, tzinfo=UTC)


def test_messages_are_private(world: World) -> None:
    found = by_id(read(world))
    asked, told = mention_of(found, "m_Acme3"), reply_of(found, "m_Acme2")
    assert asked.private and told.private
    assert asked.thread_id == told.thread_id == "t_3001"
    assert asked.url == f"https://www.facebook.com/{PAGE}/inbox/3001/"
    assert mention_of(found, "m_Acme1").media == 1


def test_inbox_is_left_alone_unless_wanted(world: World) -> None:
    assert not MESSAGES & ids(read(world, read_inbox=False))
    assert not world.asked("/conversations")


@pytest.mark.slow
def test_recommendations_by_an_old_version(world: World) -> None:
    old = World(world.server)
    old.version = "v21.0"
    old.server.on("GET", "/v21.0/*", _ratings(old))
    world.server.on("GET", "/v26.0/*", world._answer)
    found = by_id(read(world, read_ratings=True))
    assert mention_of(found, "review:10150030749305").rating == 1
    assert mention_of(found, "review::2018-07-07T04:35:18+0000").rating == 4
    assert not old.faults


def _ratings(world: World) -> Any:
    from tests.server import Reply as Answer

    def answer(request: Request) -> Answer:
        return Answer(body=world.edge("ratings", world.ratings, request))

    return answer


def test_recommendations_that_ended_are_said(world: World) -> None:
    pages = read(world, read_ratings=True, ratings_api_version="v26.0")
    assert any("no longer offers reviews" in one for one in warnings_of(pages))


def test_damaged_rating_is_no_rating() -> None:
    thing = {"created_time": "2026-11-14T12:00:00+0000", "rating": 9}
    assert read_rating(thing).rating is None


@pytest.mark.slow
def test_id_is_taken_from_the_link_where_it_is_left_out(world: World) -> None:
    before = ids(read(world))
    world.server.change = _without_ids
    assert ids(read(world)) == before


def _without_ids(request: Request, reply: Any) -> Any:
    if not request.path.endswith("/comments"):
        return reply
    data = [{k: v for k, v in one.items() if k != "id"} for one in reply.body["data"]]
    return replace(reply, body={**reply.body, "data": data})


def test_people_of_ours_with_their_own_profiles(world: World) -> None:
    query = replace(QUERY, own_accounts=("https://www.facebook.com/24680130004",))
    assert isinstance(by_id(read(world, query))["555001_777006"], Reply)


def test_empty_page(world: World) -> None:
    world.posts, world.tagged, world.inbox = [], [], []
    pages = read(world)
    assert not items(pages)
    assert any("Advanced Access" in one for one in warnings_of(pages))


# --- run after run -------------------------------------------------------------------------------


def test_pages_are_followed_without_the_token_in_the_address(world: World) -> None:
    read(world)
    assert len(world.asked("/feed")) == 2
    assert len(world.asked("_555001/comments")) == 3
    assert not [r for r in world.server.requests if "access_token" in r.params]


@pytest.mark.slow
def test_only_changed_posts_are_read_again(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.add(555005, 777203, LENA, "20T18:00")
    world.server.requests.clear()
    found = by_id(read(world, query))
    assert isinstance(found["555005_777203"], Mention)
    assert len(world.asked("/comments")) == 1


@pytest.mark.slow
def test_every_post_is_read_once_a_day(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.server.requests.clear()
    read(world, replace(query, now=QUERY.now + timedelta(days=2)))
    assert {r.path.split("/")[2] for r in world.asked("/comments")} == {
        f"{PAGE}_555001", f"{PAGE}_555003", f"{PAGE}_555005",
    }  # fmt: skip


@pytest.mark.slow
def test_run_killed_in_the_second_page_of_comments(world: World) -> None:
    whole = read(world)
    number = next(n for n, page in enumerate(whole) if "555001_777004" in ids([page]))
    killed = collect(channel_of(world.server), QUERY, stop_after=number + 1)
    assert "555001_777007" not in ids(killed)
    assert "555001_777007" in ids(read(world, resumed(QUERY, killed)))


@pytest.mark.slow
def test_old_posts_are_forgotten(world: World) -> None:
    query = resumed(QUERY, read(world))
    later = read(world, replace(query, now=QUERY.now + timedelta(days=28)))
    kept = [p.state for p in later if p.stream == "comments" and p.state is not None][-1]
    assert f"{PAGE}_555005" not in kept.extra


def test_more_comments_than_a_run_may_read_begin_with_the_newest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionwatch.channels._facebook_run.COMMENT_PAGES", 2)
    monkeypatch.setattr("mentionwatch.channels._facebook_run.COMMENTS", 3)
    pages = read(world)
    assert {"555001_777007", "555001_777006"} <= ids(pages)
    assert "555001_777001" not in ids(pages)
    assert any("more comments than one run may read" in one for one in warnings_of(pages))


# --- what waits ----------------------------------------------------------------------------------

THREAD = f"{PAGE}_555001"


@pytest.mark.slow
def test_revisit_sees_an_edit(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("555001_777006", THREAD)))
    world.comment(555001, 777006)["message"] = "solved, thanks"
    pages = read(world, query)
    assert mention_of(by_id(pages), "555001_777006").text == "solved, thanks"
    assert "555001_777006" in [one for page in pages for one in page.checked]


@pytest.mark.slow
def test_revisit_sees_a_deletion(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("555001_777006", THREAD)))
    world.delete("555001_777006")
    assert isinstance(by_id(read(world, query))["555001_777006"], Deletion)


def test_comment_that_is_only_withheld_is_not_gone(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("555001_777006", THREAD)))
    world.withheld = True
    pages = read(world, query)
    assert not [one for one in items(pages) if isinstance(one, Deletion)]
    assert any("pages_read_user_content" in one for one in warnings_of(pages))


@pytest.mark.slow
def test_comment_is_not_gone_where_a_part_is_withheld(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("555001_777006", THREAD)))
    world.secret = {"555001_777006"}
    assert not [one for one in items(read(world, query)) if isinstance(one, Deletion)]


@pytest.mark.slow
def test_post_of_ours_that_is_gone_takes_its_comments_along(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("555001_777006", THREAD)))
    world.delete(THREAD)
    assert isinstance(by_id(read(world, query))["555001_777006"], Deletion)


@pytest.mark.slow
def test_nothing_is_gone_where_nothing_is_shown(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("555001_777006", THREAD)))
    world.posts = []
    pages = read(world, query)
    assert not items([page for page in pages if page.stream == "revisit"])
    assert not [one for page in pages for one in page.checked]


def test_visitor_post_is_looked_at_again(world: World) -> None:
    known = f"{PAGE}_555002"
    old = replace(QUERY, now=QUERY.now + timedelta(days=60))
    query = replace(old, open=waiting((known, known)))
    world.posts[1]["message"] = "edited"
    world.add(555002, 777301, US, "21T06:00")
    found = by_id(read(world, query))
    assert mention_of(found, known).text == "edited"
    assert reply_of(found, "555002_777301").parent_id == known


def test_tagged_post_elsewhere_stays_open(world: World) -> None:
    query = replace(QUERY, open=waiting(("880011_990001", "880011_990001")))
    pages = read(world, query)
    assert not [one for one in items(pages) if isinstance(one, Deletion)]


@pytest.mark.slow
def test_our_deleted_reply_is_noticed(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), known_own_ids=("555001_777002",))
    assert not [one for one in items(read(world, query)) if isinstance(one, Deletion)]
    world.delete("555001_777002")
    assert by_id(read(world, query))["555001_777002"] == Deletion(external_id="555001_777002")


@pytest.mark.slow
def test_message_that_was_taken_back(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(("m_Acme3", "t_3001")))
    del world.inbox[0]["messages"]["data"][0]
    assert isinstance(by_id(read(world, query))["m_Acme3"], Deletion)


@pytest.mark.slow
def test_budget_of_revisits_is_said_and_takes_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_graph_run, "REVISIT_REQUESTS", 4)
    monkeypatch.setattr(_graph_run, "ALWAYS", 1)
    query = resumed(QUERY, read(world))
    pairs = [(f"{PAGE}_{n}", f"{PAGE}_{n}") for n in (700001, 700002, 700003, 700004)]
    for known, _ in pairs:
        world.posts.append(
            {**world.posts[1], "id": known, "created_time": "2020-01-01T00:00:00+0000"}
        )
    query = replace(query, open=waiting(*pairs))
    looked = []
    for _ in range(3):
        pages = read(world, query)
        assert any("waiting threads were not looked at again" in one for one in warnings_of(pages))
        looked.append([one[-1] for page in pages for one in page.checked])
        query = resumed(query, pages)
    assert looked == [["1", "2"], ["1", "3"], ["1", "4"]]


# --- who we are, limits, errors ------------------------------------------------------------------


def test_account(world: World) -> None:
    account = account_of(channel_of(world.server))
    assert account.id == PAGE
    assert account.summary == "reads the Page Acme Coffee"
    assert "pages_messaging and pages_manage_metadata" in " ".join(account.warnings)
    assert not account_of(channel_of(world.server, read_inbox=False)).warnings


def test_token_of_a_person_is_named(world: World) -> None:
    world.me = {"id": "24680130009", "name": "Olga Owner"}
    with pytest.raises(CredentialsRefused, match=r"Olga Owner.*not to the Page") as caught:
        account_of(channel_of(world.server))
    assert "me/accounts" in caught.value.hint


def test_token_that_ends_is_foretold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentionwatch.channels.facebook.wall_clock", lambda: QUERY.now)
    monkeypatch.setattr("mentionwatch.channels._graph_token.wall_clock", lambda: QUERY.now)
    end = QUERY.now + timedelta(days=5)
    world.granted["data"]["data_access_expires_at"] = int(end.timestamp())
    account = account_of(channel_of(world.server, read_inbox=False))
    assert "permission to read data ends on 2026-11-26, in 5 days" in account.warnings[0]


def test_token_that_says_nothing_of_itself(world: World) -> None:
    world.failing["debug_token"] = "100"
    assert account_of(channel_of(world.server)).warnings == ()


@pytest.mark.slow
def test_proof_goes_along_where_the_app_has_a_secret(world: World) -> None:
    read(world, app_secret=Secret("app-secret-1"))
    proofs = {r.params.get("appsecret_proof") for r in world.server.requests}
    assert len(proofs) == 1 and len(proofs.pop() or "") == 64


ERRORS = [
    ("1", ServerFailed, "later"),
    ("2", ServerFailed, "later"),
    ("1 in 200", ServerFailed, "later"),
    ("transient", ServerFailed, "later"),
    ("4", RateLimited, "less often"),
    ("17", RateLimited, "less often"),
    ("32", RateLimited, "less often"),
    ("613", RateLimited, "less often"),
    ("80001", RateLimited, "less often"),
    ("341", RateLimited, "less often"),
    ("190/458", CredentialsRefused, "channels setup facebook"),
    ("190/459", CredentialsRefused, "channels setup facebook"),
    ("190/460", CredentialsRefused, "channels setup facebook"),
    ("190/463", CredentialsRefused, "channels setup facebook"),
    ("190/464", CredentialsRefused, "channels setup facebook"),
    ("190/467", CredentialsRefused, "channels setup facebook"),
    ("190/492", CredentialsRefused, "channels setup facebook"),
    ("190 in 200", CredentialsRefused, "channels setup facebook"),
    ("102", CredentialsRefused, "channels setup facebook"),
    ("10", PermissionMissing, "pages_read_user_content"),
    ("3", PermissionMissing, "pages_read_user_content"),
    ("200", PermissionMissing, "pages_messaging"),
    ("283", PermissionMissing, "pages_read_engagement"),
    ("299", PermissionMissing, "pages_read_user_content"),
    ("24", NotFound, "deleted"),
    ("100", RequestRefused, "newer"),
    ("100/33", NotFound, "deleted"),
    ("100 permission", PermissionMissing, "pages_read_engagement"),
    ("12", RequestRefused, "no longer offered"),
    ("368", RequestRefused, "blocked"),
    ("506", RequestRefused, "newer"),
    ("1705", CredentialsRefused, "channels setup facebook"),
    ("2500", RequestRefused, "newer"),
]


@pytest.mark.parametrize(("name", "error", "hint"), ERRORS)
def test_error_bodies(world: World, name: str, error: type[AnswerRefused], hint: str) -> None:
    world.failing["feed"] = name
    with pytest.raises(AnswerRefused) as caught:
        read(world)
    assert type(caught.value) is error
    assert hint in caught.value.hint
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [("190/460", "password was changed"), ("190/492", "lost the role"), ("190/463", "expired")],
)
def test_dead_token_says_why(world: World, name: str, words: str) -> None:
    world.failing["me"] = name
    with pytest.raises(CredentialsRefused, match=words):
        account_of(channel_of(world.server))


@pytest.mark.slow
def test_refused_inbox_leaves_the_rest(world: World) -> None:
    world.failing["conversations"] = "200"
    found: list[Page] = []
    with pytest.raises(PermissionMissing, match="200"):
        _into(found, world)
    assert ids(found) >= POSTS | COMMENTS
    assert found[-1].stream != "inbox"


def _into(found: list[Page], world: World) -> None:
    from mentionwatch.client import Client
    from tests.channels.contract import run

    async def work() -> None:
        async with Client(channel="shop", deadline=10) as client:
            async for page in channel_of(world.server).pages(QUERY, client):
                found.append(page)

    run(work())


def test_too_much_data_is_asked_for_in_smaller_pages(world: World) -> None:
    status, body = _error("1")
    world.server.reply("GET", f"/v26.0/{PAGE}/feed", status, body=body, times=1)
    assert ids(read(world)) >= POSTS
    assert [r.params["limit"] for r in world.asked("/feed")][:2] == ["25", "12"]


def test_web_page_of_a_moment_is_tried_again(world: World) -> None:
    page = "<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>"
    world.server.reply("GET", f"/v26.0/{PAGE}/feed", 500, body=page, times=1)
    assert ids(read(world)) >= POSTS


def _error(name: str) -> Any:
    from tests.channels.graph_world import ERRORS as BODIES

    return BODIES[name]


def test_usage_near_the_limit_stops_and_is_kept(world: World) -> None:
    found: list[Page] = []
    world.headers = usage_header(96, minutes=30)
    with pytest.raises(RateLimited) as caught:
        _into(found, world)
    assert caught.value.retry_after == 30 * 60
    assert len(world.server.requests) == 1
    query = resumed(QUERY, found)
    world.server.requests.clear()
    with pytest.raises(RateLimited, match="nothing was asked"):
        collect(channel_of(world.server), query)
    assert not world.server.requests
    world.headers = {}
    later = replace(query, now=QUERY.now + timedelta(minutes=31))
    assert ids(read(world, later)) >= COMMENTS


def test_usage_of_the_app_counts_too(world: World) -> None:
    world.headers = {"X-App-Usage": '{"call_count":99,"total_time":1,"total_cputime":1}'}
    with pytest.raises(RateLimited):
        read(world)


def test_strange_usage_is_no_usage(world: World) -> None:
    world.headers = {
        "X-App-Usage": "[1",
        "X-Business-Use-Case-Usage": '{"1":[null,{"call_count":"x"}]}',
    }
    assert ids(read(world)) >= COMMENTS


def test_names_that_are_withheld_are_said(world: World) -> None:
    del world.comment(555001, 777004)["from"]
    pages = read(world)
    assert mention_of(by_id(pages), "555001_777004").author.id == ""
    assert sum("withholds who wrote" in one for one in warnings_of(pages)) == 1


@pytest.mark.parametrize(
    ("version", "day", "words"),
    [
        ("v21.0", "2026-12-01", "ends on 2027-01-21"),
        ("v21.0", "2027-02-01", "has ended"),
        ("v20.0", "2026-12-01", "has ended"),
        ("v25.0", "2026-12-01", ""),
        ("v26.0", "2030-01-01", ""),
        ("v27.0", "2030-01-01", ""),
    ],
)
def test_end_of_a_version_is_foretold(version: str, day: str, words: str) -> None:
    found = _graph.version_warnings(version, datetime.fromisoformat(f"{day}T00:00:00+00:00"))
    assert bool(found) is bool(words)
    assert words in " ".join(found)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"page_id": "AcmeCoffee"}, "page_id"),
        ({"base_url": "graph"}, "base_url"),
        ({"api_version": "26"}, "api_version"),
        ({"posts_lookback_days": 0}, "posts_lookback_days"),
    ],
)
def test_settings_are_checked(keys: dict[str, Any], wrong: str) -> None:
    given = {"page_id": PAGE, "page_access_token": Secret(TOKEN), **keys}
    assert [key for key, _ in Facebook(**given).problems()] == [wrong]


def test_post_with_strange_values_is_read() -> None:
    from mentionwatch.channels._facebook_items import Us

    thing = {"id": "1_2", "from": "x", "shares": 3, "comments": {"summary": {"total_count": "9"}}}
    post = read_post(thing, Us(page_id=PAGE))
    assert isinstance(post.item, Mention) and post.total is None


# --- whom a reply answers ------------------------------------------------------------------------


def said(number: int, author: str, *tagged: str) -> _graph_run.Said:
    ours = author == "us"
    return _graph_run.Said(id=str(number), author=author, ours=ours, tagged=frozenset(tagged))


@pytest.mark.parametrize(
    ("before", "reply", "expected"),
    [
        ("a", (), ("0", True)),
        ("aa", (), ("1", True)),
        ("ab", (), ("0", True)),
        ("ab", ("b",), ("1", True)),
        ("a,b", (), ("2", True)),
        ("a,bc", (), ("3", False)),
        ("a,ba", (), ("3", True)),
        ("ab,", (), ("1", False)),
        ("a", ("z",), ("0", False)),
        (",", (), ("0", True)),
        ("", (), ("", True)),
    ],
)
def test_whom_a_reply_answers(
    before: str, reply: tuple[str, ...], expected: tuple[str, bool]
) -> None:
    above = [said(n, "us" if who == "," else who) for n, who in enumerate(before)]
    assert _graph_run.answered(said(9, "us", *reply), above) == expected


def test_withheld_authors_are_not_the_same() -> None:
    above = [said(0, ""), said(1, "")]
    assert _graph_run.answered(said(9, "us"), above) == ("0", True)
