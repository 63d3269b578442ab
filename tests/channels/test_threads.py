from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query, _graph, _threads_run
from mentionwatch.channels.threads import Threads
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    AnswerRefused,
    BudgetSpent,
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
)
from tests.channels.threads_world import TOKEN, World
from tests.server import Request, Server


def post(number: int) -> str:
    return f"1800000000000{number}"


OWN = {post(number) for number in (1001, 1002, 1003, 1005)}
UNDER = {post(number) for number in (2001, 2002, 2003, 2004, 2005, 2006, 2007, 2101)}
MENTIONS = {post(3002), post(3003)}
ROOT = post(1001)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_graph, "PAUSE", 0.0)


def channel_of(server: Server, **keys: Any) -> Threads:
    return Threads(base_url=server.url, **{"access_token": Secret(TOKEN), **keys})


class TestContract(ChannelContract):
    expected: ClassVar = OWN | UNDER | MENTIONS | {post(2201)}
    small = False

    def settings(self, base_url: str) -> Threads:
        return Threads(base_url=base_url, access_token=Secret(TOKEN), mentions=True)

    def routes(self, server: Server) -> None:
        world = World(server, check=not self.small, size=100 if self.small else 2)
        world.failing["refresh_access_token"] = "100"  # contract runs keep no tokens

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        # Cursors are times: lists begin later, and conversations end earlier.
        since = [
            int(one.params["since"]) for one in second if one.path.endswith(("replies", "mentions"))
        ]
        return len(second) < len(first) and min(since) > QUERY.since.timestamp()

    @pytest.mark.slow
    def test_damaged_answers_are_survived_or_reported(self, http_server: Server) -> None:
        self.small = True
        super().test_damaged_answers_are_survived_or_reported(http_server)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(
    world: World, query: Query = QUERY, *, tokens: Tokens | None = None, **keys: Any
) -> list[Page]:
    """Read with the token that the world takes at this time."""
    keys = {"access_token": Secret(world.token), **keys} if tokens is None else keys
    pages = collect(channel_of(world.server, **keys), query, tokens=tokens)
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


def mention_of(found: dict[str, Item], known: str) -> Mention:
    one = found[known]
    assert isinstance(one, Mention)
    return one


def reply_of(found: dict[str, Item], known: str) -> Reply:
    one = found[known]
    assert isinstance(one, Reply)
    return one


# --- what is read --------------------------------------------------------------------------------


@pytest.mark.slow
def test_three_commenters_share_a_thread(world: World) -> None:
    found = by_id(read(world))
    top = [mention_of(found, post(number)) for number in (2001, 2004, 2006)]
    assert {one.thread_id for one in top} == {one.parent_id for one in top} == {ROOT}
    assert {one.author.id for one in top} == {"lena.example", "mia.invented", "kim.madeup"}
    assert all(one.addressed for one in top)
    assert top[0].published == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert top[0].url == "https://www.threads.com/@lena.example/post/DAcme2001"


@pytest.mark.slow
def test_nested_replies_keep_their_parents(world: World) -> None:
    found = by_id(read(world))
    assert reply_of(found, post(2002)).parent_id == post(2001)
    assert mention_of(found, post(2003)).parent_id == post(2002)
    assert reply_of(found, post(2005)).parent_id == post(2003)


@pytest.mark.slow
def test_post_without_an_answer_of_ours(world: World) -> None:
    found = by_id(read(world))
    assert mention_of(found, post(2101)).thread_id == post(1005)
    assert not [r for r in found.values() if isinstance(r, Reply) and r.thread_id == post(1005)]


@pytest.mark.slow
def test_picture_without_words_is_kept(world: World) -> None:
    picture = mention_of(by_id(read(world)), post(2006))
    assert (picture.text, picture.media) == ("", 1)


@pytest.mark.slow
def test_hidden_answer_is_passed_over(world: World) -> None:
    assert mention_of(by_id(read(world)), post(2007)).skipped == "hidden"


@pytest.mark.slow
def test_own_posts_reposts_and_quotes(world: World) -> None:
    found = by_id(read(world))
    assert {known for known, one in found.items() if isinstance(one, OwnPost)} == OWN - {post(1003)}
    quote = reply_of(found, post(1003))
    assert (quote.parent_id, quote.certainty) == (post(3001), "likely")
    assert post(1004) not in found


@pytest.mark.slow
def test_own_reply_elsewhere(world: World) -> None:
    reply = reply_of(by_id(read(world)), post(2201))
    assert (reply.parent_id, reply.thread_id) == (post(3002), post(3002))


@pytest.mark.slow
def test_mentions_only_where_wanted(world: World) -> None:
    assert not MENTIONS & ids(read(world))
    found = by_id(read(world, mentions=True))
    assert mention_of(found, post(3003)).addressed
    assert mention_of(found, post(3002)).thread_id == post(3002)


@pytest.mark.slow
def test_empty_mentions_say_what_that_means(world: World) -> None:
    world.mentions = []
    assert any("testers of your app" in one for one in warnings_of(read(world, mentions=True)))


@pytest.mark.slow
def test_search_is_matched_again(world: World) -> None:
    pages = read(world, keyword_search=True, keywords=("Acme Coffee", "#acme", "/acme+/"))
    searched = [page for page in pages if page.searched]
    assert {page.stream for page in searched} == {"search:acme coffee", "search:#acme"}
    assert not mention_of(by_id(searched), post(3010)).addressed
    modes = {(r.params["q"], r.params["search_mode"]) for r in world.asked("/keyword_search")}
    assert modes == {("Acme Coffee", "KEYWORD"), ("acme", "TAG")}


@pytest.mark.slow
def test_empty_search_says_what_that_means(world: World) -> None:
    world.found = []
    pages = read(world, keyword_search=True)
    assert sum("threads_keyword_search" in one for one in warnings_of(pages)) == 1


def test_empty_account(world: World) -> None:
    world.posts, world.replies, world.conversations = [], [], {}
    assert not items(read(world))


@pytest.mark.slow
def test_field_that_an_edge_does_not_have_is_left_out(world: World) -> None:
    world.unknown_fields["conversation"] = "reply_audience"
    assert ids(read(world)) >= UNDER
    asked = [r.params["fields"] for r in world.asked("/conversation")]
    assert ["reply_audience" in one for one in asked[:2]] == [True, False]
    assert not any("reply_audience" in one for one in asked[1:])


# --- run after run -------------------------------------------------------------------------------


@pytest.mark.slow
def test_conversation_is_read_to_what_is_known_and_a_page_more(http_server: Server) -> None:
    world = World(http_server, size=2)
    query = resumed(QUERY, read(world))
    new = world.add(ROOT, 3, 2301, "21T06:00")
    world.server.requests.clear()
    assert new in ids(read(world, query))
    assert len(world.asked(f"/{ROOT}/conversation")) == 2


@pytest.mark.slow
def test_run_killed_in_the_second_page(http_server: Server) -> None:
    world = World(http_server, size=2)
    whole = read(world)
    number = next(n for n, page in enumerate(whole) if post(2005) in ids([page]))
    killed = collect(
        channel_of(http_server, access_token=Secret(world.token)), QUERY, stop_after=number + 1
    )
    assert post(2001) not in ids(killed)
    assert post(2001) in ids(read(world, resumed(QUERY, killed)))


@pytest.mark.slow
def test_more_posts_than_one_run_reads_come_in_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_threads_run, "CONVERSATIONS", 2)
    monkeypatch.setattr(_threads_run, "ALWAYS", 1)
    for number in (1101, 1102, 1103):
        known = post(number)
        world.posts.append({**world.posts[4], "id": known})
        world.conversations[known] = []
    query, looked = QUERY, []
    for _ in range(4):
        world.server.requests.clear()
        pages = read(world, query)
        looked.append([r.path.split("/")[2][-4:] for r in world.asked("/conversation")][-1])
        assert any("come in turn" in one for one in warnings_of(pages))
        query = resumed(query, pages)
    assert looked == ["1005", "1101", "1102", "1103"]


@pytest.mark.slow
def test_searches_of_a_day_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads_run, "QUERIES", 5)
    keys = {"keyword_search": True, "keywords": ("Acme Coffee", "coffee")}
    query = resumed(QUERY, read(world, **keys))
    with pytest.raises(BudgetSpent, match="searches"):
        read(world, query, **keys)
    later = replace(query, now=QUERY.now + timedelta(hours=25))
    assert read(world, later, **keys)


# --- what waits ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_revisit_sees_edits_and_deletions(world: World) -> None:
    open_items = waiting((post(2004), ROOT), (post(2006), ROOT))
    query = replace(resumed(QUERY, read(world)), open=open_items)
    world.under(ROOT)[3]["text"] = "solved, thanks"
    world.delete(post(2006))
    pages = read(world, query)
    found = by_id(pages)
    assert mention_of(found, post(2004)).text == "solved, thanks"
    assert mention_of(found, post(2004)).thread_id == ROOT
    assert isinstance(found[post(2006)], Deletion)
    assert {one for page in pages for one in page.checked} == {post(2004), post(2006)}


@pytest.mark.slow
def test_answer_under_an_old_post_is_found(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting((post(2004), ROOT)))
    reply = world.add(ROOT, 2, 2401, "21T06:00", replied_to={"id": post(2004)})
    late = replace(query, now=QUERY.now + timedelta(days=60))
    assert reply in ids(read(world, late))


@pytest.mark.slow
def test_nothing_is_gone_where_nothing_is_shown(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting((post(2006), ROOT)))
    world.posts, world.conversations = [], {}
    pages = read(world, query)
    assert not [one for one in items(pages) if isinstance(one, Deletion)]
    assert not [one for page in pages for one in page.checked]


@pytest.mark.slow
def test_our_deleted_reply_is_noticed(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), known_own_ids=(post(2002),))
    assert not [one for one in items(read(world, query)) if isinstance(one, Deletion)]
    world.delete(post(2002))
    assert by_id(read(world, query))[post(2002)] == Deletion(external_id=post(2002))


# --- who we are, errors --------------------------------------------------------------------------


def test_account_names_missing_permissions(world: World) -> None:
    account = account_of(channel_of(world.server, mentions=True))
    assert account.id == "26000000000001"
    assert account.summary == "reads @acmecoffee"
    assert "threads_manage_mentions" in " ".join(account.warnings)
    assert not account_of(channel_of(world.server)).warnings


@pytest.mark.slow
def test_end_of_the_token_is_foretold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("threads", "_graph_token"):
        monkeypatch.setattr(f"mentionwatch.channels.{place}.wall_clock", lambda: QUERY.now)
    world.granted["data"]["expires_at"] = int((QUERY.now + timedelta(days=3)).timestamp())
    assert "ends on 2026-11-24" in account_of(channel_of(world.server)).warnings[0]


@pytest.mark.slow
def test_token_is_renewed_and_kept(world: World) -> None:
    tokens = Tokens(None)
    read(world, tokens=tokens)
    assert tokens.get("shop")["access_token"] == "THAArenewed1"
    read(world, tokens=tokens)
    assert world.renewals == 1


ERRORS = [
    ("1", ServerFailed, "later"),
    ("2", ServerFailed, "later"),
    ("4", RateLimited, "less often"),
    ("17", RateLimited, "less often"),
    ("32", RateLimited, "less often"),
    ("613", RateLimited, "less often"),
    ("190/463", CredentialsRefused, "channels setup threads"),
    ("10", PermissionMissing, "permission"),
    ("200", PermissionMissing, "permission"),
    ("th", NotFound, "deleted"),
    ("100", RequestRefused, "newer"),
]


@pytest.mark.parametrize(("name", "error", "hint"), ERRORS)
def test_error_bodies(world: World, name: str, error: type[AnswerRefused], hint: str) -> None:
    world.failing["threads"] = name
    with pytest.raises(AnswerRefused) as caught:
        read(world)
    assert type(caught.value) is error
    assert hint in caught.value.hint
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"base_url": "graph"}, "base_url"),
        ({"keywords": ("acme",)}, "keywords"),
        ({"posts_lookback_days": 0}, "posts_lookback_days"),
    ],
)
def test_settings_are_checked(keys: dict[str, Any], wrong: str) -> None:
    given = {"access_token": Secret(TOKEN), **keys}
    assert [key for key, _ in Threads(**given).problems()] == [wrong]
