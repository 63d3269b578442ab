from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import Query
from mentionwatch.channels.telegram import PAGES, Telegram
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServerFailed,
    UnexpectedPayload,
)
from mentionwatch.model.items import Item, Mention, OwnPost, Page, Reply
from tests.channels.contract import (
    QUERY,
    ChannelContract,
    account_of,
    check_pages,
    collect,
    items,
    recorded,
    resumed,
    states,
)
from tests.channels.strict import Strict, check_shape, misfit
from tests.server import Reply as Answer
from tests.server import Request, Server

TOKEN = "123456:ABC-acme"
SCHEMA: dict[str, Any] = recorded("telegram", "schema.json")
NEWS, TALK, CLUB, SMALL, IDA = (
    "-1001000000001", "-1001000000002", "-1001234567890", "-400", "5500000055",
)  # fmt: skip


class World:
    """Telegram's side: a higher offset deletes what lies below it, when ``forgets``."""

    def __init__(self, server: Server, *, size: int = 7, forgets: bool = True) -> None:
        self.server = server
        self.size = size
        self.forgets = forgets
        self.updates: list[dict[str, Any]] = recorded("telegram", "updates.json")
        self.me: dict[str, Any] = recorded("telegram", "me.json")
        answers = {
            "GET /bot:token/getUpdates": self.get_updates,
            "GET /bot:token/getMe": lambda request, token: self.checked(token, self.me),
        }
        self.strict = Strict(server, "telegram", answers)

    def checked(self, token: str, body: Any) -> Answer:
        if token != TOKEN:
            refusal = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            return Answer(status=401, body=refusal)
        return Answer(body=body)

    def get_updates(self, request: Request, token: str) -> Answer:
        allowed = json.loads(request.params["allowed_updates"])
        offset = int(request.params.get("offset", "0"))
        left = [one for one in self.updates if one["update_id"] >= offset]
        if self.forgets:
            self.updates = left
        known = [one for one in left if set(one) & {*allowed, "poll"}]
        return self.checked(token, {"ok": True, "result": known[: self.size]})


def channel_of(base_url: str, **changes: Any) -> Telegram:
    channel = Telegram(
        bot_token=Secret(TOKEN),
        own_user_ids=(int(NEWS),),
        own_usernames=("@Ana_Acme",),
        base_url=base_url,
    )
    return replace(channel, **changes)


EXPECTED = (
    f"{NEWS}:3",
    *(f"{TALK}:{number}" for number in range(10, 16)),
    *(f"{IDA}:{number}" for number in (2, 3, 4)),
    *(f"{CLUB}:{number}" for number in (41, 42, 43)),
    *(f"{SMALL}:{number}" for number in (90, 91)),
)


class TestContract(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> Telegram:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server, forgets=False)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **changes: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages)}


def mention(pages: list[Page], external_id: str) -> Mention:
    found = by_id(pages)[external_id]
    assert isinstance(found, Mention)
    return found


def test_fixtures_have_the_documented_shape() -> None:
    page = {"ok": True, "result": recorded("telegram", "updates.json")}
    check_shape(page, "Answer", SCHEMA["shapes"])
    check_shape(recorded("telegram", "me.json")["result"], "User", SCHEMA["shapes"])


def test_undocumented_parameters_are_refused() -> None:
    table = SCHEMA["requests"]["GET /bot:token/getUpdates"]
    assert misfit([("limit", "101")], table)
    assert misfit([("allowed", "[]")], table)


# --- what it is to us ------------------------------------------------------------------------


def test_message_to_the_bot_is_private(world: World) -> None:
    pages = read(world)
    asked = mention(pages, f"{IDA}:2")
    assert asked.private and asked.addressed
    assert (asked.text, asked.kind, asked.url) == ("Where is my order 118?", "message", "")
    assert (asked.author.id, asked.author.name, asked.author.handle) == (IDA, "Ida M", "@ida_m")
    assert asked.published == datetime(2026, 11, 20, 8, 18, 30, tzinfo=UTC)
    photo, place = mention(pages, f"{IDA}:3"), mention(pages, f"{IDA}:4")
    assert (photo.text, photo.media) == ("", 1)
    assert place.text == "[location]"


def test_comments_under_our_post_are_to_us(world: World) -> None:
    pages = read(world)
    for number in (11, 12, 13, 15):
        comment = mention(pages, f"{TALK}:{number}")
        assert comment.addressed and comment.thread_id == TALK
    assert mention(pages, f"{TALK}:15").parent_id == f"{TALK}:14"
    assert isinstance(by_id(pages)[f"{NEWS}:3"], OwnPost)
    assert isinstance(by_id(pages)[f"{TALK}:10"], OwnPost)
    assert mention(pages, f"{TALK}:11").url == "https://t.me/acmetalk/11"


def test_answer_of_our_people_is_a_reply(world: World) -> None:
    found = by_id(read(world))
    answer, hello = found[f"{TALK}:14"], found[f"{CLUB}:43"]
    assert isinstance(answer, Reply) and isinstance(hello, Reply)
    assert (answer.parent_id, answer.certainty) == (f"{TALK}:11", "sure")
    assert (hello.parent_id, hello.certainty) == ("", "likely")


def test_bot_that_is_tagged_is_addressed_behind_an_emoji(world: World) -> None:
    pages = read(world)
    assert mention(pages, f"{CLUB}:41").addressed
    assert not mention(pages, f"{CLUB}:42").addressed
    assert mention(pages, f"{CLUB}:41").url == "https://t.me/c/1234567890/41"
    searched = [page for page in pages if f"{CLUB}:42" in by_id([page])]
    assert searched[0].searched


def test_in_a_group_of_ours_all_is_to_us(world: World) -> None:
    pages = read(world, own_chats=(int(CLUB),))
    assert mention(pages, f"{CLUB}:42").addressed


def test_edit_is_seen(world: World) -> None:
    edited = mention(read(world), f"{SMALL}:91")
    assert edited.edited == datetime(2026, 11, 20, 8, 41, 40, tzinfo=UTC)
    assert edited.url == ""


def test_other_groups_are_left_out_and_private_chats_never(world: World) -> None:
    assert {one.external_id for one in items(read(world, chats=(int(SMALL),)))} == {
        f"{SMALL}:90", f"{SMALL}:91", f"{IDA}:2", f"{IDA}:3", f"{IDA}:4",
    }  # fmt: skip


@pytest.mark.slow
def test_group_that_moved_is_still_listened_to(world: World) -> None:
    tom = {"id": 56, "is_bot": False, "first_name": "Tom"}
    moved = {"id": -400, "type": "group", "title": "Neighbours"}
    new = {"id": -1009, "type": "supergroup", "title": "Neighbours"}
    date = 1795170000
    move = {"message_id": 92, "from": tom, "date": date, "chat": moved, "migrate_to_chat_id": -1009}
    first_word = {"message_id": 1, "from": tom, "date": date, "chat": new, "text": "Acme Coffee?"}
    world.updates.append({"update_id": 870030, "message": move})
    first = read(world, chats=(-400,))
    world.updates.append({"update_id": 870031, "message": first_word})
    second = read(world, resumed(QUERY, first), chats=(-400,))
    assert mention(second, "-1009:1").thread_id == SMALL
    assert any("has become -1009" in one for page in first for one in page.warnings)


# --- nothing is lost -------------------------------------------------------------------------


def test_updates_are_deleted_there_only_after_they_are_stored(world: World) -> None:
    before = collect(channel_of(world.server.url), stop_after=2)
    after = collect(channel_of(world.server.url), resumed(QUERY, before))
    assert set(by_id(before)) | set(by_id(after)) == set(EXPECTED)
    assert not world.updates


@pytest.mark.slow
def test_numbers_that_begin_anew_after_silence_are_read(world: World) -> None:
    first = read(world)
    old = recorded("telegram", "updates.json")[9]
    old["message"]["message_id"] = 5
    world.updates = [{**old, "update_id": 12}]
    later = replace(resumed(QUERY, first), now=QUERY.now + timedelta(days=8))
    assert set(by_id(read(world, later))) == {f"{IDA}:5"}
    assert not world.updates


@pytest.mark.slow
def test_too_long_a_pause_is_said(world: World) -> None:
    first = read(world)
    soon = replace(resumed(QUERY, first), now=QUERY.now + timedelta(hours=20))
    assert not [one for page in read(world, soon) for one in page.warnings]
    late = replace(resumed(QUERY, first), now=QUERY.now + timedelta(hours=30))
    assert "24 hours" in next(one for page in read(world, late) for one in page.warnings)


@pytest.mark.slow
def test_flood_ends_with_a_warning_and_goes_on(world: World) -> None:
    model = recorded("telegram", "updates.json")[9]
    world.size = 1
    world.updates = [
        {"update_id": n, "message": {**model["message"], "message_id": n}}
        for n in range(1, PAGES + 3)
    ]
    first = read(world)
    assert len(items(first)) == PAGES
    assert "the next one goes on" in first[-1].warnings[-1]
    second = read(world, resumed(QUERY, first))
    assert len(items([*first, *second])) == PAGES + 2


def test_nobody_wrote(world: World) -> None:
    world.updates = []
    pages = read(world)
    assert not items(pages) and states(pages)["updates"].cursor == ""


# --- who we are, and refusals ----------------------------------------------------------------


def test_account(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert account.id == "123456"
    assert {"acme_bot", "ana_acme", NEWS} <= set(account.names)
    assert not account.warnings and len(world.server.requests) == 1
    world.me["result"]["can_read_all_group_messages"] = False
    assert "/setprivacy" in account_of(channel_of(world.server.url)).warnings[0]


@pytest.mark.parametrize(
    ("code", "said", "kind", "hint"),
    [
        (400, "Bad Request: chat not found", RequestRefused, "doctor"),
        (401, "Unauthorized", CredentialsRefused, "BotFather"),
        (403, "Forbidden: bot was kicked from the group chat", PermissionMissing, "add it again"),
        (404, "Not Found", CredentialsRefused, "BotFather"),
        (409, "Conflict: terminated by other getUpdates request", RequestRefused, "another"),
        (409, "Conflict: can't use getUpdates method while webhook is active", RequestRefused,
         "deleteWebhook"),
        (502, "Bad Gateway", ServerFailed, "later"),
    ],
)  # fmt: skip
def test_refusals(world: World, code: int, said: str, kind: type[ChannelError], hint: str) -> None:
    body = {"ok": False, "error_code": code, "description": said}
    world.server.reply("GET", f"/bot{TOKEN}/getUpdates", code, body=body)
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind) and hint in caught.value.hint
    assert TOKEN not in f"{caught.value.message}{caught.value.hint}"


def test_wait_that_stands_in_the_body_is_kept(world: World) -> None:
    body = {
        "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 900",
        "parameters": {"retry_after": 900},
    }  # fmt: skip
    world.server.reply("GET", f"/bot{TOKEN}/getUpdates", 429, body=body)
    with pytest.raises(RateLimited) as caught:
        collect(channel_of(world.server.url))
    assert caught.value.retry_after == 900


def test_answer_that_is_not_ok(world: World) -> None:
    world.server.reply("GET", f"/bot{TOKEN}/getMe", body={"ok": False, "description": "Nope"})
    with pytest.raises(UnexpectedPayload) as caught:
        account_of(channel_of(world.server.url))
    assert "Nope" in caught.value.message


def test_settings_are_checked() -> None:
    assert [key for key, _ in channel_of("ftp://x").problems()] == ["base_url"]
