from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._discord_items import earlier, snowflake
from mentionwatch.channels.discord import Discord
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
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
    items,
    recorded,
    resumed,
)
from tests.channels.strict import Strict, check_shape, misfit
from tests.server import Reply as Answer
from tests.server import Request, Server

SCHEMA: dict[str, Any] = recorded("discord", "schema.json")
MESSAGES: list[dict[str, Any]] = recorded("discord", "messages.json")
GUILD, GENERAL, SUPPORT, ANA = "500", "22", "33", "2001"
V = "/api/v10"
SEARCH = f"{V}/guilds/{GUILD}/messages/search"


class World:
    """One server; ``size`` messages on a page at most."""

    def __init__(self, server: Server, *, size: int = 2) -> None:
        self.server = server
        self.size = size
        self.messages: list[dict[str, Any]] = recorded("discord", "messages.json")
        self.threads: list[dict[str, Any]] = recorded("discord", "threads.json")
        self.application: dict[str, Any] = recorded("discord", "application.json")
        self.not_ready = 0
        answers = {
            f"GET {V}/applications/@me": lambda request: Answer(body=self.application),
            f"GET {V}/guilds/:guild/messages/search": self.search,
            f"GET {V}/channels/:channel/messages": self.listing,
            f"GET {V}/channels/:channel/messages/:message": self.one,
            f"GET {V}/guilds/:guild/channels": lambda request, guild: Answer(
                body=recorded("discord", "channels.json")
            ),
            f"GET {V}/guilds/:guild/threads/active": lambda request, guild: Answer(
                body={"threads": self.threads, "members": [], "has_more": False}
            ),
        }
        self.strict = Strict(
            server, "discord", {name: self.known(answer) for name, answer in answers.items()}
        )

    def known(self, answer: Any) -> Any:
        def check(request: Request, *parts: str) -> Answer:
            assert request.headers["user-agent"].startswith("DiscordBot (https://")
            if request.headers.get("authorization") != "Bot token-acme":
                return Answer(status=401, body={"message": "401: Unauthorized", "code": 0})
            found: Answer = answer(request, *parts)
            return found

        return check

    def search(self, request: Request, guild: str) -> Answer:
        if self.not_ready:
            self.not_ready -= 1
            body = {"message": "Index not yet available. Try again later", "code": 110000,
                    "documents_indexed": 0, "retry_after": 0}  # fmt: skip
            return Answer(status=202, body=body)
        found = [one for one in self.messages if self._fits(one, request)]
        found.sort(key=lambda one: int(one["id"]))
        shown = [[{**one, "hit": True}] for one in found[: self.size]]
        for group in shown:
            for gone in ("reactions", "referenced_message"):
                group[0].pop(gone, None)
        body = {"messages": shown, "total_results": len(found), "threads": self.threads,
                "doing_deep_historical_index": False}  # fmt: skip
        return Answer(body=body)

    def _fits(self, one: dict[str, Any], request: Request) -> bool:
        asked = request.params
        above = next(
            (m for m in self.messages
             if m["id"] == one.get("message_reference", {}).get("message_id")), {},
        )  # fmt: skip
        many = {name: [v for k, v in request.query if k == name] for name in asked}
        checks = {
            "min_id": lambda v: int(one["id"]) > int(v[0]),
            "content": lambda v: v[0].lower() in one["content"].lower(),
            "author_id": lambda v: one["author"]["id"] in v,
            "mentions": lambda v: any(m["id"] in v for m in one["mentions"]),
            "replied_to_user_id": lambda v: above.get("author", {}).get("id") in v,
            "channel_id": lambda v: one["channel_id"] in v,
            "author_type": lambda v: not one["author"].get("bot"),
        }
        return all(check(many[name]) for name, check in checks.items() if name in many)

    def listing(self, request: Request, channel: str) -> Answer:
        after = int(request.params["after"])
        found = [m for m in self.messages if m["channel_id"] == channel and int(m["id"]) > after]
        found.sort(key=lambda one: int(one["id"]))
        return Answer(body=found[: int(request.params["limit"])][::-1])

    def one(self, request: Request, channel: str, number: str) -> Answer:
        for message in self.messages:
            if (message["channel_id"], message["id"]) == (channel, number):
                return Answer(body=message)
        return Answer(status=404, body={"message": "Unknown Message", "code": 10008})


def name_of(number: int) -> str:
    """Return the external id of the n-th recorded message."""
    return f"{MESSAGES[number]['channel_id']}:{MESSAGES[number]['id']}"


def channel_of(base_url: str, **changes: Any) -> Discord:
    channel = Discord(
        bot_token=Secret("token-acme"),
        guild_ids=(GUILD,),
        own_channel_ids=(SUPPORT,),
        own_user_ids=(ANA,),
        base_url=f"{base_url}/api/v10",
    )
    return replace(channel, **changes)


EXPECTED = tuple(name_of(number) for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12))


class TestContract(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> Discord:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """Searches begin a little before the cursor, lists exactly there."""
        cursor = kept[f"term:Acme Coffee:{GUILD}"].cursor
        wanted = ("min_id", earlier(cursor, timedelta(minutes=10)))
        after = ("after", kept[f"channel:{SUPPORT}"].cursor)
        asked = [pair for request in second for pair in request.query]
        return wanted in asked and after in asked


class TestWithoutSearch(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> Discord:
        return channel_of(base_url, search=False)

    def routes(self, server: Server) -> None:
        World(server)


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


def mention(pages: list[Page], number: int) -> Mention:
    found = by_id(pages)[name_of(number)]
    assert isinstance(found, Mention)
    return found


def reply(pages: list[Page], number: int) -> Reply:
    found = by_id(pages)[name_of(number)]
    assert isinstance(found, Reply)
    return found


def test_fixtures_have_the_documented_shape() -> None:
    check_shape(MESSAGES, "[Message]", SCHEMA["shapes"])
    check_shape(recorded("discord", "channels.json"), "[Channel]", SCHEMA["shapes"])
    check_shape(recorded("discord", "threads.json"), "[Thread]", SCHEMA["shapes"])
    check_shape(recorded("discord", "application.json"), "Application", SCHEMA["shapes"])


def test_undocumented_parameters_are_refused() -> None:
    table = SCHEMA["requests"][f"GET {V}/guilds/:guild/messages/search"]
    assert misfit([("limit", "26")], table)
    assert misfit([("min_id", "x")], table)
    assert misfit([("query", "acme")], table)


# --- what it is to us ------------------------------------------------------------------------


def test_search_finds_who_does_not_tag_us(world: World) -> None:
    pages = read(world)
    found = mention(pages, 0)
    assert (found.text, found.author.name, found.author.handle) == (
        "is Acme Coffee down?", "Ida", "ida",
    )  # fmt: skip
    assert not found.addressed and not found.private
    number = MESSAGES[0]["id"]
    assert found.url == f"https://discord.com/channels/{GUILD}/{GENERAL}/{number}"
    assert found.published == datetime(2026, 11, 20, 8, 0, 0, 123000, tzinfo=UTC)
    page = next(page for page in pages if name_of(0) in by_id([page]))
    assert page.searched


@pytest.mark.slow
def test_our_reply_and_his_answer_are_one_thread(world: World) -> None:
    pages = read(world)
    ours, again = reply(pages, 1), mention(pages, 2)
    assert ours.parent_id == name_of(0)
    assert ours.thread_id == mention(pages, 0).thread_id == MESSAGES[0]["id"]
    assert again.addressed and again.parent_id == name_of(1)


def test_tag_is_addressed_and_shown_by_name(world: World) -> None:
    tagged = mention(read(world), 3)
    assert tagged.addressed
    assert tagged.text == "@Ana any table for four? :coffee:"


@pytest.mark.slow
def test_words_to_a_person_by_name_answer_him(world: World) -> None:
    answer = reply(read(world), 12)
    assert (answer.to, answer.parent_id, answer.thread_id) == (("1002",), "", "")


def test_words_to_nobody_are_a_post(world: World) -> None:
    assert isinstance(by_id(read(world))[name_of(5)], OwnPost)


@pytest.mark.slow
def test_in_a_channel_of_ours_all_is_to_us_but_talk_among_customers(world: World) -> None:
    pages = read(world)
    broken, too, which = (mention(pages, number) for number in (6, 7, 8))
    assert broken.addressed and too.addressed and broken.media == 1
    assert not which.addressed
    assert name_of(9) not in by_id(pages)


@pytest.mark.slow
def test_thread_belongs_to_the_message_that_began_it(world: World) -> None:
    pages = read(world)
    ours, more = reply(pages, 10), mention(pages, 11)
    assert ours.thread_id == more.thread_id == mention(pages, 6).thread_id == MESSAGES[6]["id"]
    assert more.addressed


def test_reactions_are_counted_in_lists(world: World) -> None:
    assert mention(read(world, search=False), 4).engagement.likes == 3


# --- later runs ------------------------------------------------------------------------------


def waiting(*numbers: int) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(
            external_id=name_of(number),
            thread_id=MESSAGES[number]["id"],
            published=QUERY.now - timedelta(days=1),
            url=f"https://discord.com/channels/{GUILD}/{MESSAGES[number]['channel_id']}/1",
        )
        for number in numbers
    )


def later(pages: list[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), now=QUERY.now + timedelta(days=2), **changes)


@pytest.mark.slow
def test_edit_deletion_and_our_deleted_reply_are_seen(world: World) -> None:
    first = read(world)
    world.messages[0]["content"] = "is Acme Coffee open?"
    world.messages[0]["edited_timestamp"] = "2026-11-21T09:00:00.000000+00:00"
    gone = [world.messages[6], world.messages[1]]
    world.messages = [one for one in world.messages if one not in gone]
    query = later(first, open=waiting(0, 6), known_own_ids=(name_of(1), name_of(12)))
    second = read(world, query)
    edited = mention(second, 0)
    assert edited.text == "is Acme Coffee open?" and edited.edited and not edited.addressed
    deleted = {one.external_id for one in items(second) if isinstance(one, Deletion)}
    assert deleted == {name_of(6), name_of(1)}
    assert {one for page in second for one in page.checked} == {name_of(0), name_of(6)}


@pytest.mark.slow
def test_message_in_our_channel_stays_addressed(world: World) -> None:
    first = read(world)
    second = read(world, later(first, open=waiting(7)))
    assert mention(second, 7).addressed


@pytest.mark.slow
def test_many_that_wait_are_looked_at_in_turn(world: World) -> None:
    first = read(world)
    query = later(first, open=tuple(
        replace(waiting(0)[0], external_id=f"{GENERAL}:{number}") for number in range(1, 46)
    ))  # fmt: skip
    second = read(world, query)
    third = read(world, resumed(query, second))
    checked = {one for page in (*second, *third) for one in page.checked}
    assert checked == {one.external_id for one in query.open}


@pytest.mark.slow
def test_closed_channel_does_not_keep_others_away(world: World) -> None:
    first = read(world)
    path = f"{V}/channels/{GENERAL}/messages/{MESSAGES[0]['id']}"
    world.server.reply("GET", path, 403, body={"message": "Missing Access", "code": 50001})
    second = read(world, later(first, open=waiting(0, 7)))
    assert {one for page in second for one in page.checked} == {name_of(7)}
    assert "403" in next(one for page in second for one in page.warnings)


@pytest.mark.slow
def test_message_that_the_search_knows_late_is_found(world: World) -> None:
    late = dict(world.messages[0], id=str(int(MESSAGES[4]["id"]) - 1), content="Acme Coffee late")
    first = read(world)
    world.messages.append(late)
    assert f"{GENERAL}:{late['id']}" in by_id(read(world, later(first)))


@pytest.mark.slow
def test_quiet_threads_are_not_asked_again(world: World) -> None:
    first = read(world)
    world.server.requests.clear()
    read(world, later(first))
    assert not world.server.asked(f"{V}/channels/{MESSAGES[6]['id']}/messages")


@pytest.mark.slow
def test_search_that_is_not_ready_is_waited_for(world: World, waits: list[float]) -> None:
    world.not_ready = 2
    assert set(by_id(read(world))) == set(EXPECTED)
    world.not_ready = 1000
    pages = read(world)
    assert ["still building" in one for page in pages for one in page.warnings] == [True]


def test_only_the_named_channels_are_searched(world: World) -> None:
    pages = read(world, channel_ids=("99",), own_channel_ids=())
    assert not items(pages)


@pytest.mark.slow
def test_regular_expressions_are_not_searched_for(world: World) -> None:
    read(world, replace(QUERY, terms=("/acme.*/", "@acmecoffee")))
    asked = {one.params.get("content") for one in world.server.asked(SEARCH)}
    assert asked == {None, "acmecoffee"}


def test_empty_server(world: World) -> None:
    world.messages, world.threads = [], []
    assert not items(read(world))


# --- who we are, and refusals ----------------------------------------------------------------


def test_account_says_when_texts_cannot_be_seen(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert (account.id, account.names, account.warnings) == ("3001", ("3001", ANA), ())
    world.application["flags"] = 0
    assert "Message Content Intent" in account_of(channel_of(world.server.url)).warnings[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "kind", "hint"),
    [
        (400, {"message": "Invalid Form Body", "code": 50035}, RequestRefused, "doctor"),
        (401, {"message": "401: Unauthorized", "code": 0}, CredentialsRefused, "Reset Token"),
        (403, {"message": "Missing Access", "code": 50001}, PermissionMissing, "invite the bot"),
        (403, {"message": "Missing Permissions", "code": 50013}, PermissionMissing,
         "Read Message History"),
        (404, {"message": "Unknown Guild", "code": 10004}, NotFound, "guild_ids"),
        (404, {"message": "Unknown Channel", "code": 10003}, NotFound, "channels"),
        (429, {"message": "rate limited", "retry_after": 64.57, "global": False}, RateLimited,
         "later"),
        (500, {"message": "500: Internal Server Error", "code": 0}, ServerFailed, "later"),
    ],
)  # fmt: skip
def test_refusals(
    world: World, status: int, body: Any, kind: type[ChannelError], hint: str
) -> None:
    world.server.reply("GET", SEARCH, status, body=body)
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind) and hint in caught.value.hint
    if status == 401:
        assert len(world.server.asked(SEARCH)) == 1, "many refusals lead to a ban"


@pytest.mark.slow
def test_refused_server_does_not_keep_the_other_away(world: World) -> None:
    path = f"{V}/guilds/600/messages/search"
    world.server.reply("GET", path, 403, body={"message": "Missing Access", "code": 50001})
    channel = channel_of(world.server.url, guild_ids=("600", GUILD))
    found: list[Page] = []
    with pytest.raises(PermissionMissing):
        collect_into(found, channel)
    assert name_of(0) in by_id(found)


def collect_into(found: list[Page], channel: Any) -> None:
    import asyncio

    from mentionwatch.client import Client

    async def work() -> None:
        async with Client(channel="shop", deadline=10.0) as client:
            async for page in channel.pages(QUERY, client):
                found.append(page)

    asyncio.run(work())


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", guild_ids=(), own_user_ids=("ana",))
    assert [key for key, _ in wrong.problems()] == ["guild_ids", "own_user_ids", "base_url"]


def test_ids_are_times() -> None:
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert snowflake(at) == MESSAGES[0]["id"]
    assert earlier(snowflake(at), timedelta(hours=1)) == snowflake(at - timedelta(hours=1))
