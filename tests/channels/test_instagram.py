from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query, _graph
from mentionwatch.channels.instagram import Instagram
from mentionwatch.credentials import Secret, Tokens
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
    resumed,
)
from tests.channels.graph_world import ERRORS as BODIES
from tests.channels.graph_world import usage_header
from tests.channels.instagram_world import ACCOUNT, TOKEN, World
from tests.server import Request, Server

MEDIA = {f"1790000000000100{number}" for number in (1, 2, 3)}
COMMENTS = {f"1795000000000200{number}" for number in range(1, 8)}
COMMENTS |= {"17950000000002101", "17950000000002102"}
MESSAGES = {"aWdfZAG1faXRlbToxOk1", "aWdfZAG1faXRlbToxOk2"}
FIRST, REEL = "17900000000001001", "17900000000001003"
TAG = "17990000000005001"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_graph, "PAUSE", 0.0)


def channel_of(server: Server, **keys: Any) -> Instagram:
    given = {"access_token": Secret(TOKEN), "read_inbox": True, **keys}
    return Instagram(base_url=server.url, **given)


class TestContract(ChannelContract):
    expected: ClassVar = MEDIA | COMMENTS | MESSAGES
    small = False

    def settings(self, base_url: str) -> Instagram:
        return Instagram(base_url=base_url, access_token=Secret(TOKEN), read_inbox=True)

    def routes(self, server: Server) -> None:
        world = World(server, check=not self.small, size=100 if self.small else 2)
        world.too_young = True  # contract runs keep no tokens, so each would renew anew

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        # Counts are what is kept: comments under unchanged media are not asked for again.
        return not [one for one in second if one.path.endswith("/comments")]

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
    pages = collect(channel_of(world.server, **keys), query, tokens=tokens or kept_token(world))
    check_pages(pages)
    assert not world.faults
    return pages


def kept_token(world: World) -> Tokens:
    """A store in which a token of the world's stands, good for long."""
    import hashlib

    origin = hashlib.sha256(f"{world.server.url} {TOKEN}".encode()).hexdigest()[:16]
    tokens = Tokens(None)
    end = int((QUERY.now + timedelta(days=400)).timestamp())
    tokens.put("shop", {"access_token": world.token, "origin": origin, "expires_at": end})
    return tokens


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {item.external_id: item for item in items(pages)}


def warnings_of(pages: list[Page]) -> list[str]:
    return [warning for page in pages for warning in page.warnings]


def waiting(*pairs: tuple[str, str]) -> tuple[OpenItem, ...]:
    at = QUERY.now - timedelta(days=1)
    return tuple(OpenItem(external_id=one, thread_id=thread, published=at) for one, thread in pairs)


def comment(number: int) -> str:
    return f"1795000000000{number}"


def mention_of(found: dict[str, Item], known: str) -> Mention:
    one = found[known]
    assert isinstance(one, Mention)
    return one


def reply_of(found: dict[str, Item], known: str) -> Reply:
    one = found[known]
    assert isinstance(one, Reply)
    return one


# --- what is read --------------------------------------------------------------------------------


def test_commenters_share_a_thread(world: World) -> None:
    found = by_id(read(world))
    top = [mention_of(found, comment(number)) for number in (2001, 2004, 2006)]
    assert {one.thread_id for one in top} == {one.parent_id for one in top} == {FIRST}
    assert [one.author.handle for one in top] == ["lena.example", "mia.invented", "kim.madeup"]
    assert top[0].author.url == "https://www.instagram.com/lena.example/"
    assert all(one.addressed for one in top)
    assert top[0].url == "https://www.instagram.com/p/AcmeA1001/"


def test_replies_below_answer_whom_they_name(world: World) -> None:
    found = by_id(read(world))
    assert reply_of(found, comment(2002)).parent_id == comment(2001)
    assert reply_of(found, comment(2005)).parent_id == comment(2003)
    assert mention_of(found, comment(2003)).parent_id == comment(2001)


def test_top_comment_of_ours_answers_whom_it_names(world: World) -> None:
    reply = reply_of(by_id(read(world)), comment(2102))
    assert (reply.parent_id, reply.to) == (REEL, ("kim.madeup",))


@pytest.mark.slow
def test_comment_that_nobody_answered_has_no_reply(world: World) -> None:
    found = by_id(read(world))
    answered = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert comment(2001) in answered
    assert not {comment(2004), comment(2006)} & answered


@pytest.mark.slow
def test_author_is_the_same_with_and_without_a_number(world: World) -> None:
    found = by_id(read(world))
    ids_of_kim = {mention_of(found, comment(number)).author.id for number in (2006, 2101)}
    assert ids_of_kim == {"kim.madeup"}


def test_hidden_comment_is_passed_over(world: World) -> None:
    assert mention_of(by_id(read(world)), comment(2007)).skipped == "hidden"


def test_own_media_are_own_and_old_ones_left_out(world: World) -> None:
    found = by_id(read(world))
    assert {known for known, one in found.items() if isinstance(one, OwnPost)} == MEDIA


def test_replies_on_further_pages_are_read(world: World) -> None:
    world.size_inside = 1
    found = by_id(read(world))
    assert {comment(number) for number in (2002, 2003, 2005)} <= set(found)
    assert reply_of(found, comment(2005)).parent_id == comment(2003)
    assert len(world.asked(f"/{comment(2001)}/replies")) == 1


@pytest.mark.slow
def test_messages_are_private(world: World) -> None:
    found = by_id(read(world))
    asked = mention_of(found, "aWdfZAG1faXRlbToxOk1")
    assert asked.private and asked.author.handle == "lena.example"
    assert reply_of(found, "aWdfZAG1faXRlbToxOk2").thread_id == asked.thread_id
    assert world.asked("/conversations")[0].params["platform"] == "instagram"


def test_conversations_with_times_in_seconds(world: World) -> None:
    world.check = False
    world.inbox[0]["updated_time"] = "1795190400"
    assert ids(read(world)) >= MESSAGES


def test_own_accounts_reply_too(world: World) -> None:
    query = replace(QUERY, own_accounts=("https://www.instagram.com/Tom.Sample/",))
    assert isinstance(by_id(read(world, query))[comment(2003)], Reply)


def test_empty_account(world: World) -> None:
    world.media, world.inbox = [], []
    pages = read(world)
    assert not items(pages)
    assert any("shows no conversations" in one for one in warnings_of(pages))


def test_empty_list_that_means_a_missing_permission(world: World) -> None:
    world.withheld = True
    found = warnings_of(read(world))
    assert sum("instagram_business_manage_comments" in one for one in found) == 1


# --- photo tags ----------------------------------------------------------------------------------


def test_tags_by_the_road_of_facebook(world: World) -> None:
    world.has_tags = True
    pages = read(world, login="facebook", account_id=ACCOUNT, page_id="100200300")
    tag = mention_of(by_id(pages), TAG)
    assert (tag.kind, tag.media, tag.author.handle) == ("tag", 1, "mia.invented")
    assert not world.asked("/me")


@pytest.mark.slow
def test_road_of_instagram_has_no_tags_and_asks_rarely(world: World) -> None:
    pages = read(world)
    assert len(world.asked("/tags")) == 1 and not warnings_of(pages)
    query = resumed(QUERY, pages)
    read(world, query)
    assert len(world.asked("/tags")) == 1
    read(world, replace(query, now=QUERY.now + timedelta(days=31)))
    assert len(world.asked("/tags")) == 2


def test_missing_tags_by_the_road_of_facebook_are_an_error(world: World) -> None:
    with pytest.raises(RequestRefused):
        read(world, login="facebook", account_id=ACCOUNT, read_inbox=False)


# --- run after run -------------------------------------------------------------------------------


@pytest.mark.slow
def test_only_changed_media_are_read_again(world: World) -> None:
    query = resumed(QUERY, read(world))
    top = world.comments[FIRST][3]
    new = {
        **top["replies"]["data"][1],
        "id": comment(2201),
        "timestamp": "2026-11-21T06:00:00+0000",
    }
    top["replies"]["data"].append(new)
    world.media[0]["comments_count"] += 1
    world.server.requests.clear()
    found = by_id(read(world, query))
    assert mention_of(found, comment(2201)).parent_id == comment(2001)
    assert {r.path for r in world.asked("/comments")} == {f"/v26.0/{FIRST}/comments"}


@pytest.mark.slow
def test_one_more_and_one_less_is_seen_within_a_day(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.comments[FIRST][1]["id"] = comment(2999)
    assert comment(2999) not in ids(read(world, query))
    assert comment(2999) in ids(read(world, replace(query, now=QUERY.now + timedelta(days=1))))


@pytest.mark.slow
def test_run_killed_in_the_second_page_of_comments(http_server: Server) -> None:
    world = World(http_server, size=1)
    whole = read(world)
    number = next(n for n, page in enumerate(whole) if comment(2006) in ids([page]))
    killed = collect(
        channel_of(world.server), QUERY, stop_after=number + 1, tokens=kept_token(world)
    )
    assert comment(2001) not in ids(killed)
    assert comment(2001) in ids(read(world, resumed(QUERY, killed)))


# --- what waits ----------------------------------------------------------------------------------


def test_revisit_sees_edits_and_deletions(world: World) -> None:
    open_items = waiting((comment(2006), FIRST), (comment(2004), FIRST))
    query = replace(resumed(QUERY, read(world)), open=open_items)
    world.comments[FIRST][1]["text"] = "solved, thanks"
    world.delete(comment(2004))
    found = by_id(read(world, query))
    assert mention_of(found, comment(2006)).text == "solved, thanks"
    assert isinstance(found[comment(2004)], Deletion)


def test_withheld_comments_are_not_gone(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting((comment(2006), FIRST)))
    world.withheld = True
    for listed in world.comments.values():
        listed.clear()
    assert not [one for one in items(read(world, query)) if isinstance(one, Deletion)]


@pytest.mark.slow
def test_medium_that_is_gone_takes_its_comments_along(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting((comment(2006), FIRST)))
    world.delete(FIRST)
    assert isinstance(by_id(read(world, query))[comment(2006)], Deletion)


@pytest.mark.slow
def test_nothing_is_gone_where_nothing_is_shown(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting((comment(2006), FIRST)))
    world.media = []
    pages = read(world, query)
    assert not [one for one in items(pages) if isinstance(one, Deletion)]
    assert not [one for page in pages for one in page.checked]


@pytest.mark.slow
def test_our_deleted_reply_is_noticed(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), known_own_ids=(comment(2002),))
    assert not [one for one in items(read(world, query)) if isinstance(one, Deletion)]
    world.delete(comment(2002))
    assert by_id(read(world, query))[comment(2002)] == Deletion(external_id=comment(2002))


def test_waiting_conversation_is_read_again(world: World) -> None:
    known, thread = "aWdfZAG1faXRlbToxOk1", "aWdfZAG06MTpA"
    query = replace(resumed(QUERY, read(world)), open=waiting((known, thread)))
    del world.inbox[0]["messages"]["data"][1]
    assert isinstance(by_id(read(world, query))[known], Deletion)


# --- the token -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_new_token_is_renewed_kept_and_used(world: World, tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    read(world, tokens=Tokens(path))
    assert world.renewals == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = Tokens(path).get("shop")
    assert kept["access_token"] == "IGAArenewed1"
    assert kept["expires_at"] == int((QUERY.now + timedelta(days=60)).timestamp())
    read(world, tokens=Tokens(path))
    assert world.renewals == 1


@pytest.mark.slow
def test_token_is_renewed_before_its_end(world: World) -> None:
    tokens = Tokens(None)
    read(world, tokens=tokens)
    read(world, replace(QUERY, now=QUERY.now + timedelta(days=39)), tokens=tokens)
    assert world.renewals == 1
    read(world, replace(QUERY, now=QUERY.now + timedelta(days=41)), tokens=tokens)
    assert world.renewals == 2


@pytest.mark.slow
def test_token_that_is_too_young_is_used_and_tried_again_the_next_day(world: World) -> None:
    world.too_young = True
    tokens = Tokens(None)
    for _ in range(2):
        assert ids(collect(channel_of(world.server), QUERY, tokens=tokens)) >= COMMENTS
    assert len(world.asked("/refresh_access_token")) == 1
    world.too_young = False
    read_later = replace(QUERY, now=QUERY.now + timedelta(days=1))
    collect(channel_of(world.server), read_later, tokens=tokens)
    assert world.renewals == 1


@pytest.mark.slow
def test_run_killed_after_the_renewal_has_kept_it(world: World, tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    collect(channel_of(world.server), QUERY, stop_after=1, tokens=Tokens(path))
    assert ids(read(world, tokens=Tokens(path))) >= COMMENTS
    assert world.renewals == 1


@pytest.mark.slow
def test_token_that_the_owner_sets_anew_wins(world: World) -> None:
    tokens = Tokens(None)
    read(world, tokens=tokens)
    world.token = "IGAAsetanew12345"
    channel = channel_of(world.server, access_token=Secret(world.token))
    assert ids(collect(channel, QUERY, tokens=tokens)) >= COMMENTS


@pytest.mark.slow
def test_failing_renewal_does_not_stop_the_run(world: World) -> None:
    world.failing["refresh_access_token"] = "1"
    tokens = Tokens(None)
    assert ids(read(world, tokens=tokens)) >= COMMENTS
    assert not tokens.get("shop")  # the next run asks again


def test_end_of_the_token_is_foretold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = kept_token(world)
    end = int((QUERY.now + timedelta(days=9)).timestamp())
    tokens.put("shop", {**tokens.get("shop"), "expires_at": end})
    monkeypatch.setattr("mentionwatch.channels.instagram.wall_clock", lambda: QUERY.now)
    account = account_of(channel_of(world.server), tokens=tokens)
    assert "the token ends on 2026-11-30, in 9 days" in account.warnings[0]


# --- who we are, errors --------------------------------------------------------------------------


def test_account_has_the_number_that_works_elsewhere(world: World) -> None:
    account = account_of(channel_of(world.server))
    assert account.id == ACCOUNT
    assert {"acmecoffee", "@acmecoffee"} <= set(account.names)
    assert account.summary == "reads @acmecoffee"


def test_account_by_the_road_of_facebook_names_missing_permissions(world: World) -> None:
    channel = channel_of(world.server, login="facebook", account_id=ACCOUNT, page_id="100200300")
    assert "instagram_manage_comments" in " ".join(account_of(channel).warnings)


ERRORS = [
    ("1", ServerFailed, "later"),
    ("2", ServerFailed, "later"),
    ("4", RateLimited, "less often"),
    ("17", RateLimited, "less often"),
    ("32", RateLimited, "less often"),
    ("80002", RateLimited, "less often"),
    ("190/460", CredentialsRefused, "channels setup instagram"),
    ("190/463", CredentialsRefused, "channels setup instagram"),
    ("10", PermissionMissing, "permission"),
    ("3", PermissionMissing, "instagram_business_manage_comments"),
    ("200", PermissionMissing, "permission"),
    ("24", NotFound, "deleted"),
    ("nonexisting", RequestRefused, "newer"),
    ("100/33", NotFound, "deleted"),
    ("2500", RequestRefused, "newer"),
]


@pytest.mark.parametrize(("name", "error", "hint"), ERRORS)
def test_error_bodies(world: World, name: str, error: type[AnswerRefused], hint: str) -> None:
    world.failing["media"] = name
    with pytest.raises(AnswerRefused) as caught:
        read(world)
    assert type(caught.value) is error
    assert hint in caught.value.hint
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("name", ["100/33", "24"])
def test_medium_that_goes_while_we_read_is_passed_over(world: World, name: str) -> None:
    world.server.reply("GET", f"/v26.0/{REEL}/comments", 400, body=BODIES[name][1])
    assert comment(2001) in ids(read(world))


@pytest.mark.parametrize("name", ["2500", "nonexisting", "10"])
def test_tags_that_are_not_offered_leave_the_rest(world: World, name: str) -> None:
    world.failing["tags"] = name
    pages = read(world)
    assert comment(2001) in ids(pages) and not warnings_of(pages)


def test_usage_of_a_quiet_account_is_respected(world: World) -> None:
    world.headers = usage_header(97, minutes=12, kind="instagram")
    with pytest.raises(RateLimited) as caught:
        read(world)
    assert caught.value.retry_after == 12 * 60


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"login": "facebook", "read_inbox": False}, "account_id"),
        ({"account_id": "acme"}, "account_id"),
        ({"login": "facebook", "account_id": ACCOUNT}, "page_id"),
        ({"base_url": "graph"}, "base_url"),
        ({"api_version": "new"}, "api_version"),
        ({"media_lookback_days": 0}, "media_lookback_days"),
    ],
)
def test_settings_are_checked(keys: dict[str, Any], wrong: str) -> None:
    given = {"access_token": Secret(TOKEN), "read_inbox": True, **keys}
    assert [key for key, _ in Instagram(**given).problems()] == [wrong]
