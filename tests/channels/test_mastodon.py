from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels.mastodon import Mastodon
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
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
    mentions,
    recorded,
    replies,
    resumed,
)
from tests.channels.mastodon_world import ACCOUNT_KEYS, ERRORS, STATUS_KEYS, TOKEN, World
from tests.server import Request, Server

pytestmark = pytest.mark.slow

EVERYTHING = range(115001, 115018)


def channel_of(server: Server, **keys: Any) -> Mastodon:
    return Mastodon(base_url=server.url, access_token=Secret(TOKEN), **keys)


class TestContract(ChannelContract):
    small = False

    def settings(self, base_url: str) -> Mastodon:
        host = base_url.removeprefix("http://")
        self.expected = {f"{host}:{number}" for number in EVERYTHING}
        return Mastodon(base_url=base_url, access_token=Secret(TOKEN))

    def routes(self, server: Server) -> None:
        world = World(server)
        if self.small:
            world.shrink()

    async def _damage(self, server: Server, *, every: bool) -> list[str]:
        self.small = True  # one of each kind: these are thousands of runs
        self.query = replace(QUERY, terms=("acmecoffee",), domains=())
        return await super()._damage(server, every=every)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


@pytest.fixture
def found(world: World) -> dict[str, Item]:
    """The items of a first run by their numbers."""
    return by_number(read(world))


def read(world: World, query: Query = QUERY, **keys: Any) -> list[Page]:
    pages = collect(channel_of(world.server, **keys), query)
    check_pages(pages)
    assert not world.faults
    return pages


def by_number(pages: list[Page]) -> dict[str, Item]:
    """Later readings win, as in the store."""
    return {item.external_id.rpartition(":")[2]: item for item in items(pages)}


def waiting(world: World, *numbers: int, thread: int | None = None) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(
            external_id=f"{world.server.host}:{number}",
            thread_id=f"{world.server.host}:{thread or number}",
            published=QUERY.now - timedelta(days=3),
        )
        for number in numbers
    )


# --- the fixtures themselves -----------------------------------------------------------------


def test_recorded_statuses_have_the_documented_keys() -> None:
    for status in recorded("mastodon", "statuses.json"):
        assert set(status) >= STATUS_KEYS
        assert set(status["account"]) >= ACCOUNT_KEYS


@pytest.mark.slow
def test_world_refuses_what_is_not_in_the_tables(world: World) -> None:
    import httpx

    headers = {"Authorization": f"Bearer {TOKEN}"}
    for query in ("colour=red", "limit=81", "min_id=abc", "types[]=mentions", "limit=1&limit=2"):
        url = f"{world.server.url}/api/v1/notifications?{query}"
        assert httpx.get(url, headers=headers, trust_env=False).status_code == 400
    assert len(world.faults) == 5


# --- what the items say ----------------------------------------------------------------------


def test_mention_has_all_its_facts(found: dict[str, Item], world: World) -> None:
    mention = found["115008"]
    assert isinstance(mention, Mention)
    assert mention.external_id == f"{world.server.host}:115008"
    assert mention.thread_id == mention.external_id
    assert mention.text == (
        "broken cup\n\n@brand look at https://pictures.example/a/very/long/address/of/a/cup.html\n"
        "the lid leaks & burns <ouch>"
    )
    assert mention.published == datetime(2026, 11, 19, 8, 0, 0, 500_000, tzinfo=UTC)
    assert (mention.media, mention.language, mention.kind) == (1, "en", "post")
    assert mention.addressed and not mention.private
    assert mention.url == "https://social.example/@tom/1150089"
    author = mention.author
    assert (author.handle, author.name, author.followers) == ("@tom@social.example", "Tom 🐈", 5120)
    assert author.id == f"{world.server.host}:1130002"


def test_engagement_counts_quotes_as_shares(found: dict[str, Item]) -> None:
    mention = found["115002"]
    assert isinstance(mention, Mention)
    engagement = mention.engagement
    assert (engagement.likes, engagement.shares, engagement.replies) == (2, 2, 2)


def test_three_commenters_share_the_thread_of_the_post(
    found: dict[str, Item], world: World
) -> None:
    comments = [found[number] for number in ("115002", "115003", "115004")]
    assert {c.thread_id for c in comments if isinstance(c, Mention)} == world.external(115001)
    assert len({c.author.id for c in comments if isinstance(c, Mention)}) == 3


def test_nested_comment_belongs_to_the_root(found: dict[str, Item], world: World) -> None:
    nested = found["115006"]
    assert isinstance(nested, Mention)
    assert {nested.thread_id} == world.external(115001)
    assert {nested.parent_id} == world.external(115005)
    assert nested.kind == "comment"


def test_root_is_asked_for_when_only_the_parent_is_known(world: World) -> None:
    pages = read(world, replace(QUERY, since=QUERY.now - timedelta(days=2, hours=21)))
    assert not {page.stream for page in pages if page.stream == "revisit"}
    assert any(request.path.endswith("/115006/context") for request in world.server.requests)
    late = by_number(pages)["115006"]
    assert isinstance(late, Mention)
    assert {late.thread_id} == world.external(115001)


def test_our_reply_is_attached_to_its_mention(found: dict[str, Item], world: World) -> None:
    reply = found["115005"]
    assert isinstance(reply, Reply)
    assert {reply.parent_id} == world.external(115002)
    assert reply.certainty == "sure"
    assert reply.text == "@lena sorry about that. It left our roastery this morning."
    assert f"{world.server.host}:1130001" in reply.to
    assert reply.published == datetime(2026, 11, 18, 11, tzinfo=UTC)


def test_our_continued_answer_is_a_reply_to_the_customer(
    found: dict[str, Item], world: World
) -> None:
    more = found["115007"]
    assert isinstance(more, Reply)
    assert set(more.to) == {f"{world.server.host}:1130001"}


def test_unanswered_conversation_has_no_reply(found: dict[str, Item], world: World) -> None:
    answered = {item.parent_id for item in found.values() if isinstance(item, Reply)}
    assert not world.external(115008, 115016) & answered


def test_own_thread_is_no_reply(found: dict[str, Item]) -> None:
    assert isinstance(found["115001"], OwnPost)
    assert isinstance(found["115014"], OwnPost)


def test_direct_message_is_private(found: dict[str, Item]) -> None:
    message, answer = found["115009"], found["115015"]
    assert isinstance(message, Mention) and message.private and message.addressed
    assert message.kind == "message"
    assert isinstance(answer, Reply) and answer.private and answer.certainty == "sure"


def test_quote_addresses_us_without_its_compatibility_line(found: dict[str, Item]) -> None:
    quoted = found["115010"]
    assert isinstance(quoted, Mention)
    assert quoted.addressed
    assert quoted.text == "Worth the queue?"


def test_other_own_account_is_recognised(found: dict[str, Item]) -> None:
    assert isinstance(found["115013"], Reply)
    assert found["115013"].author.handle == "@acmecare@mastodon.example"


def test_display_name_makes_nobody_ours(world: World) -> None:
    fake = {
        **world.account,
        "id": "666",
        "acct": "acme@evil.example",
        "url": "https://evil.example",
    }
    status = world.add("115020", "115016", account=fake)
    world.notify("48230", status)
    assert isinstance(by_number(read(world))["115020"], Mention)


def test_search_and_tags_are_matched_again(world: World) -> None:
    pages = read(world)
    searched = {page.stream for page in pages if page.searched}
    assert searched == {
        "tag:acmecoffee",
        'search:"Acme Coffee"',
        "search:acmecoffee",
        'search:"acmecoffee.example"',
    }
    hit = by_number(pages)["115012"]
    assert isinstance(hit, Mention)
    assert not hit.addressed and hit.author.is_bot


def test_search_can_be_switched_off(world: World) -> None:
    pages = read(world, search=False)
    assert not any(page.stream.startswith("search:") for page in pages)
    assert not world.server.asked("/api/v2/search")


def test_direct_words_to_somebody_are_a_likely_reply(world: World) -> None:
    named = recorded("mastodon", "statuses.json")[4]["mentions"]
    world.add("115021", "115001", visibility="direct", mentions=named)
    reply = by_number(read(world))["115021"]
    assert isinstance(reply, Reply)
    assert (reply.certainty, reply.parent_id, reply.thread_id) == ("likely", "", "")


def test_boost_is_no_row(world: World) -> None:
    world.add("115022", "115012", reblog=world.statuses["115001"], tags=[{"name": "acmecoffee"}])
    assert "115022" not in by_number(read(world))


def test_empty_account_yields_nothing(world: World) -> None:
    world.statuses.clear()
    world.notifications.clear()
    assert not items(read(world))
    assert not ids(read(world))


# --- reading on --------------------------------------------------------------------------------


def test_cursors_are_those_of_their_own_lists(world: World) -> None:
    states = {page.stream: page.state for page in read(world) if page.state}
    assert states["notifications"].cursor == "48212"
    assert states["own"].cursor == "115015"


def test_second_run_reads_only_what_is_new(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.notify("48240", world.add("115030", "115016", created_at="2026-11-20T20:00:00.000Z"))
    world.server.requests.clear()
    pages = read(world, query)
    news = [item for page in pages if page.stream == "notifications" for item in page.items]
    assert {item.external_id for item in news} == world.external(115030)
    asked = world.server.asked("/api/v1/notifications")
    assert asked[0].params["min_id"] == "48212"
    assert all(request.params["include_filtered"] == "true" for request in asked)


@pytest.mark.slow
def test_more_than_a_page_of_news_leaves_no_hole(world: World) -> None:
    query = resumed(QUERY, read(world))
    for number in range(8):
        at = f"2026-11-20T20:0{number}:00.000Z"
        world.notify(f"4825{number}", world.add(f"11504{number}", "115016", created_at=at))
    pages = [page for page in read(world, query) if page.stream == "notifications"]
    assert ids(pages) == world.external(*range(115040, 115048))
    assert [page.state.cursor for page in pages if page.state] == ["48252", "48255", "48257"]


@pytest.mark.slow
def test_killed_walk_also_finds_what_came_meanwhile(world: World) -> None:
    channel = channel_of(world.server)
    before = collect(channel, QUERY, stop_after=5)
    assert before[-1].stream == "notifications" and before[-1].state
    assert before[-1].state.walking
    world.notify("48240", world.add("115030", "115016", created_at="2026-11-20T20:00:00.000Z"))
    after = read(world, resumed(QUERY, before))
    assert ids(before) | ids(after) == world.external(*EVERYTHING, 115030)


def test_what_is_not_settled_is_read_again(world: World) -> None:
    fresh = "2026-11-21T07:01:30.000Z"
    world.notify("48240", world.add("115030", "115016", created_at=fresh))
    states = {page.stream: page.state for page in read(world) if page.state}
    assert states["notifications"].cursor == "48212"


def test_server_that_ignores_types_is_filtered_here(world: World) -> None:
    answer = world.server.answer

    def ignoring(request: Request) -> Any:
        query = [pair for pair in request.query if pair[0] != "types[]"]
        return answer(replace(request, query=query))

    world.server.answer = ignoring  # type: ignore[method-assign]
    world.notify("48230", world.add("115050", "115008", mentions=[]), "status")
    assert ids(read(world)) == world.external(*EVERYTHING)


def test_server_that_refuses_unknown_types_is_asked_for_mentions(world: World) -> None:
    world.server.reply(
        "GET", "/api/v1/notifications", 422, body=ERRORS["422"], query={"types[]": "quote"}
    )
    assert world.external(115002, 115016) <= ids(read(world))


@pytest.mark.slow
def test_server_that_ignores_min_id_shows_the_cursor_again(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.notify("48240", world.add("115030", "115016", created_at="2026-11-20T20:00:00.000Z"))
    answer = world.server.answer

    def ignoring(request: Request) -> Any:
        return answer(replace(request, query=[p for p in request.query if p[0] != "min_id"]))

    world.server.answer = ignoring  # type: ignore[method-assign]
    pages = [page for page in read(world, query) if page.stream == "notifications"]
    assert ids(pages) == world.external(115030)


def test_link_to_another_server_is_not_followed(world: World, http_server: Server) -> None:
    link = '<https://evil.example/api/v1/notifications?max_id=1>; rel="next"'
    http_server.reply("GET", "/api/v1/notifications", body=[], headers={"Link": link})
    with pytest.raises(UnexpectedPayload, match=r"evil\.example"):
        collect(channel_of(http_server), QUERY)


@pytest.mark.slow
def test_link_onward_to_another_server_is_not_followed(world: World, http_server: Server) -> None:
    query = resumed(QUERY, read(world))
    status = world.add("115030", "115016", created_at="2026-11-20T20:00:00.000Z")
    world.notify("48240", status)
    link = '<https://evil.example/api/v1/notifications?min_id=48240>; rel="prev"'
    page = [{**world.notifications[-1], "status": status}]
    http_server.reply("GET", "/api/v1/notifications", body=page, headers={"Link": link})
    with pytest.raises(UnexpectedPayload, match=r"evil\.example"):
        collect(channel_of(http_server), query)


@pytest.mark.slow
def test_late_posts_are_found_in_a_tag(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.size = 1
    world.add("115000", "115011", created_at="2026-11-20T11:00:00.000Z")
    world.add("114999", "115011", created_at="2026-11-20T12:00:00.000Z")
    world.delete("115011")
    assert {"114999", "115000"} <= by_number(read(world, query)).keys()


def test_damaged_post_does_not_hide_the_others(world: World) -> None:
    world.statuses["115008"]["content"] = None
    pages = read(world)
    assert "115008" not in by_number(pages)
    assert {"115002", "115016"} <= set(by_number(pages))
    assert any("could not be read" in warning for page in pages for warning in page.warnings)


# --- conversations that wait -------------------------------------------------------------------


def revisited(world: World, query: Query) -> list[Page]:
    return [page for page in read(world, query) if page.stream == "revisit"]


@pytest.mark.slow
def test_revisit_sees_an_edit(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(world, 115008))
    changed = {"content": "<p>solved, thanks</p>", "edited_at": "2026-11-20T09:00:00.000Z"}
    world.statuses["115008"].update(changed)
    pages = revisited(world, query)
    edited = by_number(pages)["115008"]
    assert isinstance(edited, Mention)
    assert edited.text == "broken cup\n\nsolved, thanks"
    assert edited.edited == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert {one for page in pages for one in page.checked} == world.external(115008)


@pytest.mark.slow
def test_revisit_sees_a_deletion(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(world, 115008, 115016))
    world.delete("115008")
    assert isinstance(by_number(revisited(world, query))["115008"], Deletion)


@pytest.mark.slow
def test_gone_answers_like_deleted(world: World) -> None:
    path = "/api/v1/statuses/115008"
    world.server.reply("GET", path, 410, body=ERRORS["410"])
    query = replace(resumed(QUERY, read(world)), open=waiting(world, 115008))
    assert isinstance(by_number(revisited(world, query))["115008"], Deletion)


@pytest.mark.slow
def test_revisit_finds_the_answer_of_another_own_account(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(world, 115002, thread=115001))
    world.add("115031", "115013", in_reply_to_id="115002", mentions=[])
    found = by_number(revisited(world, query))["115031"]
    assert isinstance(found, Reply)
    assert {found.parent_id} == world.external(115002)


@pytest.mark.slow
def test_revisit_asks_once_for_a_thread(world: World) -> None:
    open_items = waiting(world, 115002, 115003, 115004, thread=115001)
    query = replace(resumed(QUERY, read(world)), open=open_items)
    world.server.requests.clear()
    revisited(world, query)
    contexts = [r.path for r in world.server.requests if r.path.endswith("/context")]
    assert contexts == ["/api/v1/statuses/115001/context"]


@pytest.mark.slow
def test_thread_whose_root_is_gone_is_still_checked(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(world, 115002, thread=115001))
    world.delete("115001")
    found = by_number(revisited(world, query))
    assert isinstance(found["115002"], Mention)
    assert isinstance(found["115005"], Reply)


@pytest.mark.slow
def test_mention_that_was_kept_from_us_is_found_in_the_thread(world: World) -> None:
    world.notifications = [one for one in world.notifications if one["id"] != "48205"]
    query = replace(resumed(QUERY, read(world)), open=waiting(world, 115002, thread=115001))
    assert isinstance(by_number(revisited(world, query))["115006"], Mention)


@pytest.mark.slow
def test_our_deleted_reply_is_noticed(world: World) -> None:
    known = tuple(world.external(115005))
    query = replace(resumed(QUERY, read(world)), known_own_ids=known)
    assert not revisited(world, query)
    world.delete("115005")
    assert by_number(revisited(world, query))["115005"] == Deletion(external_id=known[0])


@pytest.mark.slow
def test_budget_of_revisits_is_said_and_takes_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionwatch.channels._mastodon_run.REVISIT_REQUESTS", 4)
    monkeypatch.setattr("mentionwatch.channels._mastodon_run.ALWAYS", 1)
    numbers = [int(world.add(f"1151{n:02}", "115016")["id"]) for n in range(6)]
    query = replace(resumed(QUERY, read(world)), open=waiting(world, *numbers))
    first = revisited(world, query)
    assert first[-2].warnings == (
        "4 of 6 waiting threads were not looked at again; the next run begins with them",
    )
    looked = [[one for page in first for one in page.checked]]
    for _ in range(3):
        query = resumed(query, first)
        first = revisited(world, query)
        looked.append([one for page in first for one in page.checked])
    order = [[int(one.rpartition(":")[2]) - 115100 for one in run] for run in looked]
    assert order == [[0, 1], [0, 2], [0, 3], [0, 4]]


@pytest.mark.slow
def test_items_of_another_server_are_not_looked_for(world: World) -> None:
    foreign = OpenItem(external_id="old.example:5", thread_id="old.example:5", published=QUERY.now)
    assert not revisited(world, replace(resumed(QUERY, read(world)), open=(foreign,)))


# --- a server that is not of our making --------------------------------------------------------


@pytest.fixture
def mock_server() -> Iterator[Any]:
    """The PyPI package mastodon_mock: a stateful server; extra ``test``."""
    pytest.importorskip("mastodon_mock")
    with MockServer() as server:
        yield server


@pytest.mark.slow
def test_mock_mentions_once_reply_and_deletion(mock_server: MockServer) -> None:
    server = mock_server
    late = server.post("lena", "@brand my order is late")
    server.post("tom", "@brand it leaks", visibility="direct")
    server.post("tom", "nothing to do with you")
    named = server.post("mia", "I would not go to acmecoffee again #acmecoffee")
    first = server.read(QUERY)
    assert server.numbers(mentions(first)) >= {late, named}
    assert sum(mention.private for mention in mentions(first)) == 1
    assert not replies(first)

    second = server.read(resumed(QUERY, first))
    assert ids(second) <= ids(first)

    answer = server.post("brand", "@lena on its way", in_reply_to_id=late)
    third = server.read(resumed(QUERY, first))
    (reply,) = {reply.external_id: reply for reply in replies(third)}.values()
    assert server.numbers([reply]) == {answer}
    assert reply.parent_id == server.external(late)
    assert reply.thread_id == server.external(late)

    open_items = (OpenItem(external_id=server.external(late), thread_id="", published=QUERY.now),)
    server.delete("lena", late)
    server.delete("brand", answer)
    waits = replace(
        resumed(QUERY, third), open=open_items, known_own_ids=(server.external(answer),)
    )
    gone = {item.external_id for item in items(server.read(waits)) if isinstance(item, Deletion)}
    assert gone == {server.external(late), server.external(answer)}


@pytest.mark.slow
def test_mock_pages_and_a_killed_run(mock_server: MockServer) -> None:
    posted = {mock_server.post("lena", f"@brand number {number}") for number in range(90)}
    channel = mock_server.channel(search=False)
    before = collect(channel, QUERY, stop_after=2)
    after = mock_server.read(resumed(QUERY, before), search=False)
    assert len([page for page in (*before, *after) if page.stream == "notifications"]) >= 3
    assert mock_server.numbers([*mentions(before), *mentions(after)]) == posted


@pytest.mark.slow
def test_mock_refuses_a_false_token(mock_server: MockServer) -> None:
    with pytest.raises(CredentialsRefused):
        account_of(Mastodon(base_url=mock_server.url, access_token=Secret("wrong-token")))
    assert account_of(mock_server.channel()).summary.startswith("logged in as @brand@127.0.0.1:")


class MockServer:
    """mastodon_mock behind a real port, with a brand and three customers."""

    def __enter__(self) -> Self:
        import threading
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of its libraries are not ours
            import uvicorn
            from mastodon_mock.app import create_app
            from mastodon_mock.config import MastodonMockConfig, SeedAccount, SeedConfig

            names = ("brand", "lena", "tom", "mia")
            seed = SeedConfig(
                accounts=[SeedAccount(username=n, access_token=f"token-{n}") for n in names]
            )
            app = create_app(MastodonMockConfig(seed=seed))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.host}"
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()

    def channel(self, **keys: Any) -> Mastodon:
        return Mastodon(base_url=self.url, access_token=Secret("token-brand"), **keys)

    def read(self, query: Query, **keys: Any) -> list[Page]:
        # Its statuses are of today, whatever today is.
        now = datetime.now(UTC) + timedelta(hours=1)
        pages = collect(
            self.channel(**keys), replace(query, now=now, since=now - timedelta(days=3))
        )
        check_pages(pages)
        return pages

    def external(self, local_id: str) -> str:
        return f"{self.host}:{local_id}"

    def numbers(self, found: Sequence[Item]) -> set[str]:
        return {one.external_id.rpartition(":")[2] for one in found}

    def post(self, who: str, status: str, **more: str) -> str:
        answer = self._ask("POST", "/api/v1/statuses", who, {"status": status, **more})
        return str(answer["id"])

    def delete(self, who: str, local_id: str) -> None:
        self._ask("DELETE", f"/api/v1/statuses/{local_id}", who)

    def _ask(self, method: str, path: str, who: str, data: Any = None) -> Any:
        from mentionwatch.client import request_once

        headers = {"Authorization": f"Bearer token-{who}"}
        return request_once(method, self.url + path, headers=headers, data=data).json()


# --- who we are, and what is refused -----------------------------------------------------------


def test_account_names_us_and_warns(world: World) -> None:
    account = account_of(channel_of(world.server))
    assert account.id == f"{world.server.host}:55"
    assert f"@brand@{world.server.host}" in account.names
    assert "https://mastodon.example/@brand" in account.names
    assert account.summary == f"logged in as @brand@{world.server.host}"
    dropped, filtered = account.warnings
    assert "accounts that moderators limited are dropped" in dropped
    assert "new accounts are filtered" in filtered


def test_account_warns_of_closed_feeds_and_of_the_bot_mark(world: World) -> None:
    world.account["bot"] = True
    feeds = {"hashtag_feeds": {"local": "public", "remote": "disabled"}}
    world.instance = {"configuration": {"timelines_access": feeds}}
    warnings = account_of(channel_of(world.server, hashtags=("coffee",))).warnings
    assert "the server has switched off its hashtag feeds (remote)" in warnings
    assert any("marked as automated" in one for one in warnings)


@pytest.mark.slow
def test_replies_of_an_automated_account_are_automatic(world: World) -> None:
    world.statuses["115005"]["account"] = {**world.account, "bot": True}
    reply = by_number(read(world))["115005"]
    assert isinstance(reply, Reply) and reply.automatic


def test_old_server_without_a_policy_is_fine(world: World) -> None:
    world.server.reply("GET", "/api/v2/notifications/policy", 404, body=ERRORS["404"])
    assert account_of(channel_of(world.server)).warnings == ()


REFUSALS = [
    (401, CredentialsRefused, "make a new token"),
    (403, PermissionMissing, "read:notifications"),
    (404, NotFound, "address"),
    (410, NotFound, "address"),
    (422, RequestRefused, "doctor"),
    (429, RateLimited, "later"),
    (500, ServerFailed, "later"),
    (503, ServerFailed, "later"),
]


@pytest.mark.parametrize(("status", "error", "hint"), REFUSALS)
def test_error_bodies_of_notifications(
    world: World, status: int, error: type[Exception], hint: str
) -> None:
    body = ERRORS.get(str(status), "<html><body>Bad gateway</body></html>")
    world.server.reply("GET", "/api/v1/notifications", status, body=body)
    with pytest.raises(error) as caught:
        read(world)
    assert hint in caught.value.hint  # type: ignore[attr-defined]
    assert TOKEN not in str(caught.value)


def test_refused_search_leaves_the_rest_and_is_reported(world: World) -> None:
    world.server.reply("GET", "/api/v2/search", 403, body=ERRORS["403"])
    pages: list[Page] = []
    with pytest.raises(PermissionMissing) as caught:
        _collect_into(pages, world)
    assert "read:search" in caught.value.hint
    assert world.external(115016) <= ids(pages)
    assert any(page.stream == "tag:acmecoffee" for page in pages)


def _collect_into(pages: list[Page], world: World) -> None:
    from mentionwatch.client import Client
    from tests.channels.contract import run

    async def work() -> None:
        async with Client(channel="shop", deadline=10) as client:
            async for page in channel_of(world.server).pages(QUERY, client):
                pages.append(page)

    run(work())


def test_server_without_search_is_a_warning(world: World) -> None:
    world.server.reply("GET", "/api/v2/search", 404, body=ERRORS["404"])
    warnings = {warning for page in read(world) for warning in page.warnings}
    assert warnings == {"the server offers no search: set search = false"}


def test_base_url_must_be_an_address() -> None:
    channel = Mastodon(base_url="mastodon.example", access_token=Secret("x"))
    assert [key for key, _ in channel.problems()] == ["base_url"]


def test_state_is_kept_for_streams_of_their_own(world: World) -> None:
    pages = read(world, hashtags=("#Oat", "acmecoffee"))
    assert {"tag:oat", "tag:acmecoffee"} <= {page.stream for page in pages}
    assert all(isinstance(page.state, StreamState | None) for page in pages)
    assert not mentions([page for page in pages if page.stream == "own"])
    assert not replies([page for page in pages if page.stream == "tag:oat"])
