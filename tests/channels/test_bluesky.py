from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._bluesky_items import Us, item, words
from mentionwatch.channels._bluesky_session import service_of
from mentionwatch.channels.bluesky import Bluesky
from mentionwatch.client import Client
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServerFailed,
)
from mentionwatch.model.items import Deletion, Item, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.bluesky_world import (
    DID,
    ERRORS,
    HANDLE,
    LEXICONS,
    PASSWORD,
    World,
    check,
    uri,
)
from tests.channels.contract import (
    QUERY as COMMON,
)
from tests.channels.contract import (
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
    run,
)
from tests.server import Request, Server

pytestmark = pytest.mark.slow

QUERY = replace(COMMON, own_accounts=(*COMMON.own_accounts, "@acmecare.example"))
POSTS = "abcdegfijokqlhnr"
MESSAGES = {
    "chat:3mconvoaaaaa2/3mmsgaaaaaaa2",
    "chat:3mconvoaaaaa2/3mmsgaaaaaab2",
    "chat:3mconvoaaaaa2/3mmsgaaaaaac2",
    "chat:3mconvobbbbb2/3mmsgbbbbbbb2",
    "chat:3mconvobbbbb2/3mmsgbbbbbbc2",
}


def channel_of(server: Server, **keys: Any) -> Bluesky:
    return Bluesky(
        base_url=server.url,
        identifier=f"@{HANDLE}",
        app_password=Secret(PASSWORD),
        **{"direct_messages": True, **keys},
    )


class TestContract(ChannelContract):
    expected: ClassVar = {*map(uri, POSTS), *MESSAGES}
    query = QUERY
    small = False

    def settings(self, base_url: str) -> Bluesky:
        keys = {"search_terms": ("Acme Coffee",)} if self.small else {}
        return Bluesky(
            base_url=base_url,
            identifier=HANDLE,
            app_password=Secret(PASSWORD),
            direct_messages=True,
            **keys,
        )

    def routes(self, server: Server) -> None:
        world = World(server, check=not self.small, size=100 if self.small else 3)
        if self.small:
            world.posts = {key: world.posts[key] for key in "abefik"}
            world.notes = [one for one in world.notes if one["post"] in "bfi"]
            world.convos = world.convos[:1]

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        # Cursors are times: searches begin later, and the walks end earlier.
        since = [r.params["since"] for r in second if "since" in r.params]
        return len(second) < len(first) and min(since) > QUERY.since.isoformat()

    async def _damage(self, server: Server, *, every: bool) -> list[str]:
        self.small = True  # one of each kind: these are thousands of runs
        self.query = replace(QUERY, domains=())
        return await super()._damage(server, every=every)


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, *, tokens: Tokens | None = None, **keys: Any) -> Any:
    pages = collect(channel_of(world.server, **keys), query, tokens=tokens)
    check_pages(pages)
    assert not world.faults
    return pages


def by_key(pages: list[Page]) -> dict[str, Item]:
    """The items by the letters of the recorded posts."""
    return {item.external_id[-1]: item for item in items(pages) if item.external_id[0] == "a"}


@pytest.fixture
def found(world: World) -> dict[str, Item]:
    return by_key(read(world))


def waiting(*addresses: str) -> tuple[OpenItem, ...]:
    at = QUERY.now - timedelta(days=3)
    return tuple(OpenItem(external_id=one, thread_id=one, published=at) for one in addresses)


# --- the fixtures and the lexicons ---------------------------------------------------------------


def test_recorded_posts_fit_the_lexicon() -> None:
    for post in recorded("bluesky", "posts.json").values():
        assert list(check(post, "@app.bsky.feed.defs#postView", "post")) == []


def test_lexicon_check_finds_faults() -> None:
    post = recorded("bluesky", "posts.json")["b"]
    kind = "@app.bsky.feed.defs#postView"
    assert list(check({**post, "colour": "red"}, kind, "post"))
    assert list(check({**post, "indexedAt": "yesterday"}, kind, "post"))
    assert list(check({**post, "record": {**post["record"], "text": 5}}, kind, "post"))
    assert list(check({k: v for k, v in post.items() if k != "cid"}, kind, "post"))


@pytest.mark.parametrize(
    "query",
    ["limit=101", "colour=red", "priority=perhaps", "limit=1&limit=2", "reasons=mention&limit=x"],
)
def test_world_refuses_what_is_not_in_the_lexicon(world: World, query: str) -> None:
    import httpx

    url = f"{world.server.url}/xrpc/app.bsky.notification.listNotifications?{query}"
    headers = {"Authorization": "Bearer access-0001"}
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 400
    assert world.faults


def test_lexicons_say_where_they_are_from() -> None:
    assert LEXICONS["source"].startswith("npm @atproto/api")


# --- what the items say --------------------------------------------------------------------------


def test_mention_has_all_its_facts(found: dict[str, Item]) -> None:
    mention = found["i"]
    assert isinstance(mention, Mention)
    assert mention.text == (
        "☕️ @acmecoffee.example the lid leaks: https://pictures.example/a/very/long/address.html"
    )
    assert mention.addressed and mention.kind == "post"
    assert (mention.media, mention.language) == (1, "en")
    assert mention.published == datetime(2026, 11, 19, 8, 0, 0, 500_000, tzinfo=UTC)
    assert mention.url == f"https://bsky.app/profile/{mention.author.id}/post/3mcoffee2222i"
    author = mention.author
    assert (author.handle, author.name, author.followers) == ("@tom.example", "Tom 🐈", 5120)


def test_future_date_is_not_believed(found: dict[str, Item]) -> None:
    mention = found["r"]
    assert isinstance(mention, Mention)
    assert mention.published == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


def test_invalid_handle_is_left_out(found: dict[str, Item]) -> None:
    mention = found["d"]
    assert isinstance(mention, Mention)
    assert (mention.author.handle, mention.author.name) == ("", "Mia")


def test_engagement_counts_quotes_as_shares(found: dict[str, Item]) -> None:
    mention = found["b"]
    assert isinstance(mention, Mention)
    engagement = mention.engagement
    assert (engagement.likes, engagement.shares, engagement.replies) == (2, 2, 1)


def test_three_commenters_share_the_thread_of_the_post(found: dict[str, Item]) -> None:
    comments = [found[key] for key in "bcd"]
    assert {c.thread_id for c in comments if isinstance(c, Mention)} == {uri("a")}
    assert len({c.author.id for c in comments if isinstance(c, Mention)}) == 3


def test_nested_comment_belongs_to_the_root(found: dict[str, Item]) -> None:
    nested = found["f"]
    assert isinstance(nested, Mention)
    assert (nested.thread_id, nested.parent_id, nested.kind) == (uri("a"), uri("e"), "comment")


def test_our_reply_is_attached_to_its_mention(found: dict[str, Item]) -> None:
    reply, more = found["e"], found["g"]
    assert isinstance(reply, Reply) and isinstance(more, Reply)
    lena = uri("b").split("/")[2]
    assert (reply.parent_id, reply.certainty, reply.to) == (uri("b"), "sure", (lena,))
    assert (more.parent_id, more.to) == (uri("e"), (lena,))
    assert reply.published == datetime(2026, 11, 18, 11, tzinfo=UTC)


def test_unanswered_conversation_has_no_reply(found: dict[str, Item]) -> None:
    answered = {item.parent_id for item in found.values() if isinstance(item, Reply)}
    assert not {uri("i"), uri("r"), uri("d")} & answered


def test_own_posts_and_own_threads_are_no_replies(found: dict[str, Item]) -> None:
    assert isinstance(found["a"], OwnPost)
    assert isinstance(found["h"], OwnPost)


def test_quoting_a_customer_is_a_likely_reply(found: dict[str, Item]) -> None:
    quote = found["n"]
    assert isinstance(quote, Reply)
    assert (quote.parent_id, quote.certainty) == (uri("k"), "likely")


def test_quote_of_our_post_addresses_us(found: dict[str, Item]) -> None:
    assert isinstance(found["j"], Mention)
    assert found["j"].addressed


def test_feed_tells_whom_a_continued_answer_is_for() -> None:
    post, us = recorded("bluesky", "posts.json")["g"], Us(did=DID)
    lena = uri("b").split("/")[2]
    reply = item(post, us, grandparent=lena)
    assert isinstance(reply, Reply) and reply.to == (lena,)
    assert isinstance(item(post, us), OwnPost)  # nobody else is known in that thread


def test_other_own_account_is_recognised(found: dict[str, Item]) -> None:
    reply = found["l"]
    assert isinstance(reply, Reply)
    assert (reply.author.handle, reply.parent_id) == ("@acmecare.example", uri("c"))


def test_repost_is_no_row(world: World) -> None:
    pages = [page for page in read(world) if page.stream == "own"]
    assert {item.external_id for item in items(pages)} == {uri(key) for key in "aeghn"}


def test_search_covers_terms_tags_and_domains(world: World) -> None:
    pages = read(world)
    assert {page.stream for page in pages if page.searched} == {
        "search:Acme Coffee",
        "search:acmecoffee",
        "tag:acmecoffee",
        "domain:acmecoffee.example",
    }
    found = by_key(pages)
    for key in "koq":
        hit = found[key]
        assert isinstance(hit, Mention) and not hit.addressed
    assert found["q"].text.endswith("\nhttps://acmecoffee.example/menu")  # type: ignore[union-attr]
    assert {r.params["sort"] for r in world.asked("app.bsky.feed.searchPosts")} == {"latest"}


def test_followers_are_asked_for_in_batches_once(world: World) -> None:
    read(world)
    asked = [v for r in world.asked("app.bsky.actor.getProfiles") for _, v in r.query]
    assert len(asked) == len(set(asked)) == 3


def test_empty_account_yields_nothing(world: World) -> None:
    world.posts.clear()
    world.notes.clear()
    world.convos.clear()
    assert not items(read(world))


# --- texts ---------------------------------------------------------------------------------------


def _facet(start: int, end: int, link: str) -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": link}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def test_facets_count_bytes() -> None:
    facets = [_facet(9, 13, "https://a.example/x"), _facet(99, 120, "https://b.example")]
    said = words({"text": "ä☕→ here 🐈", "facets": facets})
    assert said == "ä☕→ here (https://a.example/x) 🐈"
    text = "ü menu…"
    assert words({"text": text, "facets": [_facet(3, 10, "https://menu.example/today")]}) == (
        "ü https://menu.example/today"
    )


def test_words_of_a_link_stay_beside_its_address() -> None:
    facets = [_facet(4, 8, "https://a.example/x")]
    assert words({"text": "see here", "facets": facets}) == "see here (https://a.example/x)"


def test_overlapping_facets_are_survived() -> None:
    facets = [_facet(0, 6, "https://a.example"), _facet(4, 8, "https://b.example")]
    assert "https://" in words({"text": "see here", "facets": facets})


# --- direct messages -----------------------------------------------------------------------------


def test_direct_messages_are_private_conversations(world: World) -> None:
    pages = read(world)
    found = {item.external_id: item for item in items(pages)}
    first = found["chat:3mconvoaaaaa2/3mmsgaaaaaaa2"]
    answer = found["chat:3mconvoaaaaa2/3mmsgaaaaaab2"]
    assert isinstance(first, Mention) and first.private and first.addressed
    assert first.thread_id == "chat:3mconvoaaaaa2"
    assert isinstance(answer, Reply) and answer.private
    assert (answer.certainty, answer.to) == ("sure", (first.author.id,))
    gone = found["chat:3mconvobbbbb2/3mmsgbbbbbbc2"]
    assert isinstance(gone, Deletion)


def test_direct_messages_are_off_unless_asked_for(world: World) -> None:
    pages = read(world, direct_messages=False)
    assert not any(page.stream == "chat" for page in pages)
    assert not any(mention.private for mention in mentions(pages))


@pytest.mark.slow
def test_only_moved_conversations_are_read_again(world: World) -> None:
    query = resumed(QUERY, read(world))
    new = {**world.convos[0]["messages"][-1], "id": "3mmsgaaaaaad2"}
    world.convos[0]["messages"].append({**new, "sentAt": "2026-11-20T20:00:00.000Z"})
    pages = [page for page in read(world, query) if page.stream == "chat"]
    assert "chat:3mconvoaaaaa2/3mmsgaaaaaad2" in ids(pages)
    world.server.requests.clear()
    read(world, resumed(query, pages))
    asked = world.asked("chat.bsky.convo.getMessages")
    assert {request.params["convoId"] for request in asked} == {world.convos[0]["id"]}


@pytest.mark.slow
def test_password_without_direct_messages_is_reported_and_costs_no_login(
    world: World, tokens: Tokens
) -> None:
    read(world, tokens=tokens)
    world.chat_allowed = False
    pages: list[Page] = []
    with pytest.raises(PermissionMissing) as caught:
        _collect_into(pages, world, tokens)
    assert "direct_messages = false" in caught.value.hint
    assert {uri("r"), uri("k")} <= ids(pages)
    assert len(world.asked("com.atproto.server.createSession")) == 1


def _collect_into(pages: list[Page], world: World, tokens: Tokens | None = None) -> None:
    async def work() -> None:
        async with Client(channel="shop", deadline=10, tokens=tokens) as client:
            async for page in channel_of(world.server).pages(QUERY, client):
                pages.append(page)

    run(work())


# --- reading on ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_second_run_reads_only_the_overlap(world: World) -> None:
    query = resumed(QUERY, read(world))
    world.add("s", "i", at="2026-11-20T20:00:00.000Z")
    world.notify("s")
    pages = [page for page in read(world, query) if page.stream == "notifications"]
    assert by_key(pages).keys() == {"s", "r", "l"}  # one page of three
    assert len(pages) == 1


@pytest.mark.slow
def test_killed_walk_also_finds_what_came_meanwhile(world: World) -> None:
    channel = channel_of(world.server, direct_messages=False)
    before = collect(channel, QUERY, stop_after=3)
    last = before[-1]
    assert last.stream == "notifications" and last.state and last.state.walking
    world.add("s", "i", at="2026-11-20T20:00:00.000Z")
    world.notify("s")
    after = read(world, resumed(QUERY, before))
    assert {uri(key) for key in POSTS} <= ids(before) | ids(after)
    assert "s" in by_key(after)


def test_short_and_empty_pages_are_read_on(world: World) -> None:
    world.notes += [{"post": "r", "reason": "like"}] * 7  # filtered after the page was read
    assert {uri(key) for key in "bcdfijlr"} <= ids(read(world))


@pytest.mark.slow
def test_search_cursor_is_not_kept_for_another_run(world: World) -> None:
    channel = channel_of(world.server, search_terms=("is",), direct_messages=False)
    whole = [p for p in collect(channel, QUERY) if p.stream == "search:is"]
    assert len(whole) >= 2
    stop = 1 + len([p for p in collect(channel, QUERY) if not p.searched])
    before = collect(channel, QUERY, stop_after=stop)
    assert before[-1].stream == "search:is"
    world.generation += 1  # the server has forgotten its cursors
    after = read(world, resumed(QUERY, before), search_terms=("is",))
    assert ids(whole) <= ids(before) | ids(after)


@pytest.mark.slow
def test_search_that_is_too_long_leaves_a_gap_that_closes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionwatch.channels._bluesky_run.SEARCH_PAGES", 2)
    for number, key in enumerate("stuvwxyz"):
        world.add(key, "k", at=f"2026-11-17T1{number}:00:00.000Z")
    first = read(world, search_terms=("Acme Coffee",))
    search = [page for page in first if page.stream == "search:Acme Coffee"]
    assert search[-1].state and search[-1].state.walking
    assert "more than one run may read" in search[-1].warnings[-1]
    second = read(world, resumed(QUERY, first), search_terms=("Acme Coffee",))
    assert set("stuvwxyzk") <= by_key([*first, *second]).keys()
    assert not [p for p in second if p.stream == search[-1].stream][-1].state.walking


def test_walk_position_that_the_server_forgot_begins_again(world: World) -> None:
    state = StreamState(top="2026-11-20T07:30:00.000Z", resume="place-999x")
    pages = read(world, replace(QUERY, streams={"notifications": state}))
    assert {uri(key) for key in "bcdfijlr"} <= ids(pages)


def test_server_that_always_names_a_false_position_is_left(world: World) -> None:
    def lying(request: Request, reply: Any) -> Any:
        if "cursor" not in (reply.body if isinstance(reply.body, dict) else {}):
            return reply
        return replace(reply, body={**reply.body, "cursor": "nowhere"})

    world.server.change = lying
    with pytest.raises(RequestRefused):
        read(world, direct_messages=False, search_terms=("nothing",), domains=("none.example",))
    assert len(world.asked("app.bsky.notification.listNotifications")) <= 4


def test_damaged_post_does_not_hide_the_others(world: World) -> None:
    at = world.posts["i"]["record"]["createdAt"]
    world.posts["i"]["record"] = {"$type": "app.example.poem", "createdAt": at}
    pages = read(world)
    assert "i" not in by_key(pages)
    assert {"b", "r"} <= by_key(pages).keys()
    assert any("could not be read" in warning for page in pages for warning in page.warnings)


# --- conversations that wait ---------------------------------------------------------------------


def revisited(world: World, query: Query) -> list[Page]:
    return [page for page in read(world, query) if page.stream == "revisit"]


@pytest.mark.slow
def test_revisit_sees_an_edit(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(uri("i")))
    world.posts["i"]["cid"] = world.posts["b"]["cid"]
    world.posts["i"]["record"] = {**world.posts["i"]["record"], "text": "solved", "facets": []}
    pages = revisited(world, query)
    edited = by_key(pages)["i"]
    assert isinstance(edited, Mention) and edited.text == "solved"
    assert {one for page in pages for one in page.checked} == {uri("i")}


@pytest.mark.slow
def test_revisit_sees_a_deletion(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(uri("i"), uri("r")))
    del world.posts["i"]
    found = by_key(revisited(world, query))
    assert isinstance(found["i"], Deletion)
    assert isinstance(found["r"], Mention)


@pytest.mark.slow
def test_hidden_post_is_not_taken_for_deleted(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(uri("i")))
    world.hidden.add(uri("i"))
    pages = revisited(world, query)
    assert not items(pages)
    assert not [one for page in pages for one in page.checked]


@pytest.mark.slow
def test_revisit_finds_the_answer_of_another_own_account(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), open=waiting(uri("b")))
    world.add("s", "l", at="2026-11-20T09:00:00.000Z", answers="b", text="done", facets=[])
    world.posts["b"]["replyCount"] = 2
    reply = by_key(revisited(world, query))["s"]
    assert isinstance(reply, Reply)
    assert reply.parent_id == uri("b")


@pytest.mark.slow
def test_waiting_posts_are_read_25_at_a_time(world: World) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123"
    added = [world.add(key, "i", at="2026-11-19T08:00:00.000Z") for key in letters]
    query = replace(resumed(QUERY, read(world)), open=waiting(*added))
    world.server.requests.clear()
    pages = revisited(world, query)
    assert {one for page in pages for one in page.checked} == set(added)
    sizes = [len(r.query) for r in world.asked("app.bsky.feed.getPosts")]
    assert sorted(sizes)[-2:] == [5, 25]
    assert not world.asked("app.bsky.feed.getPostThread")  # nobody has answered them


@pytest.mark.slow
def test_budget_of_threads_is_said_and_takes_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentionwatch.channels._bluesky_run.REVISIT_THREADS", 2)
    monkeypatch.setattr("mentionwatch.channels._bluesky_run.ALWAYS", 1)
    added = [world.add(key, "b", at="2026-11-18T10:15:30.120Z") for key in "stuvw"]
    query = replace(resumed(QUERY, read(world)), open=waiting(*added))
    looked = []
    for _ in range(3):
        world.server.requests.clear()
        pages = revisited(world, query)
        asked = [r.params["uri"][-1] for r in world.asked("app.bsky.feed.getPostThread")]
        looked.append("".join(asked))
        assert pages[-1].warnings[0].startswith("3 of 5 waiting threads were not read")
        query = resumed(query, pages)
    assert looked == ["st", "su", "sv"]


@pytest.mark.slow
def test_our_deleted_reply_is_noticed(world: World) -> None:
    query = replace(resumed(QUERY, read(world)), known_own_ids=(uri("e"), uri("g")))
    assert not items(revisited(world, query))
    del world.posts["e"]
    assert items(revisited(world, query)) == [Deletion(external_id=uri("e"))]


# --- the session ---------------------------------------------------------------------------------


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "credentials.json")


def logins(world: World) -> int:
    return len(world.asked("com.atproto.server.createSession"))


def refreshes(world: World) -> int:
    return len(world.asked("com.atproto.server.refreshSession"))


@pytest.mark.slow
def test_second_run_needs_no_login(world: World, tokens: Tokens, tmp_path: Path) -> None:
    read(world, tokens=tokens)
    read(world, tokens=Tokens(tmp_path / "credentials.json"))
    assert (logins(world), refreshes(world)) == (1, 0)
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600
    assert PASSWORD not in (tmp_path / "credentials.json").read_text()


@pytest.mark.slow
def test_expired_token_is_refreshed_and_both_are_kept(world: World, tokens: Tokens) -> None:
    read(world, tokens=tokens)
    world.expired.add("access-0001")
    read(world, tokens=tokens)
    assert (logins(world), refreshes(world)) == (1, 1)
    kept = tokens.get("shop")
    assert (kept["accessJwt"], kept["refreshJwt"]) == ("access-0002", "refresh-0002")


@pytest.mark.slow
def test_new_pair_survives_a_run_that_is_killed(world: World, tokens: Tokens) -> None:
    read(world, tokens=tokens)
    world.expired.add("access-0001")
    world.fail("app.bsky.feed.getAuthorFeed", "ExpiredToken", times=1)
    world.fail("app.bsky.feed.getAuthorFeed", "UpstreamFailure", times=3)
    with pytest.raises(ServerFailed):
        read(world, tokens=tokens)
    assert tokens.get("shop")["refreshJwt"] == "refresh-0002"


@pytest.mark.slow
def test_two_runs_at_once_refresh_once(world: World, tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    read(world, tokens=Tokens(path))
    world.expired.add("access-0001")

    async def one() -> Any:
        async with Client(channel="shop", deadline=10, tokens=Tokens(path)) as client:
            return await channel_of(world.server).account(client)

    async def both() -> Any:
        return await asyncio.gather(one(), one())

    first, second = run(both())
    assert first.id == second.id == DID
    assert (logins(world), refreshes(world)) == (1, 1)


@pytest.mark.slow
def test_dead_refresh_token_leads_to_one_login(world: World, tokens: Tokens) -> None:
    read(world, tokens=tokens)
    world.expired.add("access-0001")
    world.dead.add("refresh-0001")
    read(world, tokens=tokens)
    assert (logins(world), refreshes(world)) == (2, 1)


@pytest.mark.slow
def test_invalid_token_leads_to_a_login_without_refresh(world: World, tokens: Tokens) -> None:
    read(world, tokens=tokens)
    world.fail("app.bsky.feed.getAuthorFeed", "InvalidToken", times=1)
    read(world, tokens=tokens)
    assert (logins(world), refreshes(world)) == (2, 0)


def test_login_happens_at_most_once_in_a_run(world: World) -> None:
    world.fail("app.bsky.feed.getAuthorFeed", "InvalidToken")
    with pytest.raises(CredentialsRefused):
        read(world)
    assert logins(world) == 1


@pytest.mark.slow
def test_failed_refresh_of_the_server_costs_no_login(world: World, tokens: Tokens) -> None:
    read(world, tokens=tokens)
    world.expired.add("access-0001")
    world.fail("com.atproto.server.refreshSession", "UpstreamFailure")
    with pytest.raises(ServerFailed):
        read(world, tokens=tokens)
    assert logins(world) == 1


@pytest.mark.slow
def test_tokens_of_another_account_are_not_used(world: World, tokens: Tokens) -> None:
    read(world, tokens=tokens)
    tokens.put("shop", {**tokens.get("shop"), "identifier": "old.example"})
    read(world, tokens=tokens)
    assert logins(world) == 2


def test_only_the_entryway_names_another_server() -> None:
    answer = recorded("bluesky", "session.json")
    assert service_of("https://bsky.social", answer) == "https://pds.acmecoffee.example"
    assert service_of("https://proxy.example", answer) == "https://proxy.example"
    answer["didDoc"]["service"][0]["serviceEndpoint"] = "http://plain.example"
    assert service_of("https://bsky.social", answer) == "https://bsky.social"


def test_account_names_us(world: World) -> None:
    account = account_of(channel_of(world.server))
    assert (account.id, account.summary) == (DID, f"logged in as @{HANDLE}")
    assert {DID, HANDLE, f"@{HANDLE}"} <= set(account.names)
    assert account.warnings == ()


def test_closed_account_is_a_warning(world: World) -> None:
    world.session |= {"active": False, "status": "deactivated"}
    warnings = account_of(channel_of(world.server)).warnings
    assert warnings == ("the account is deactivated; log in at bsky.app",)


# --- what is refused -----------------------------------------------------------------------------

LOGIN_ERRORS = [
    ("AuthenticationRequired", CredentialsRefused, "app password"),
    ("AuthFactorTokenRequired", CredentialsRefused, "account's own password"),
    ("AccountTakedown", CredentialsRefused, "bsky.app"),
    ("AccountDeactivated", CredentialsRefused, "bsky.app"),
    ("RateLimitExceeded", RateLimited, "later"),
    ("UpstreamFailure", ServerFailed, "later"),
]


@pytest.mark.parametrize(("name", "error", "hint"), LOGIN_ERRORS)
def test_error_bodies_of_the_login(
    world: World, name: str, error: type[AnswerRefused], hint: str
) -> None:
    world.fail("com.atproto.server.createSession", name)
    with pytest.raises(error) as caught:
        read(world)
    assert hint in caught.value.hint
    assert PASSWORD not in str(caught.value)
    assert logins(world) == 1, "a login is not tried again"


READ_ERRORS = [
    ("InvalidToken", CredentialsRefused),
    ("ExpiredToken", CredentialsRefused),
    ("InvalidRequest", RequestRefused),
    ("BadQueryString", RequestRefused),
    ("AuthMissing", CredentialsRefused),
    ("AccountTakedown", CredentialsRefused),
    ("AccountDeactivated", CredentialsRefused),
    ("Forbidden", PermissionMissing),
    ("RateLimitExceeded", RateLimited),
    ("UpstreamFailure", ServerFailed),
    ("NotEnoughResources", ServerFailed),
    ("UpstreamTimeout", ServerFailed),
]


@pytest.mark.parametrize(("name", "error"), READ_ERRORS)
def test_error_bodies_of_notifications(world: World, name: str, error: type[AnswerRefused]) -> None:
    world.fail("app.bsky.notification.listNotifications", name)
    with pytest.raises(error) as caught:
        read(world)
    assert caught.value.hint


def test_every_recorded_error_is_tried() -> None:
    tried = {name for name, *_ in (*LOGIN_ERRORS, *READ_ERRORS)}
    assert set(ERRORS) == tried | {"NotFound", "BadMethod", "BadCursor"}


def test_rate_limit_says_when_to_come_back(world: World) -> None:
    headers = {"ratelimit-reset": "86400", "RateLimit-Policy": "100;w=86400"}
    world.fail("com.atproto.server.createSession", "RateLimitExceeded", **headers)
    with pytest.raises(RateLimited) as caught:
        read(world)
    assert caught.value.retry_after == 86400


def test_refused_search_leaves_the_rest_and_is_reported(world: World) -> None:
    body = "<html><body>403 Forbidden</body></html>"
    world.server.reply("GET", "/xrpc/app.bsky.feed.searchPosts", 403, body=body)
    pages: list[Page] = []
    with pytest.raises(PermissionMissing) as caught:
        _collect_into(pages, world)
    assert "base_url" in caught.value.hint
    assert uri("r") in ids(pages)


def test_settings_are_checked() -> None:
    channel = Bluesky(base_url="bsky.social", identifier=" @ ", app_password=Secret("x"))
    assert [key for key, _ in channel.problems()] == ["base_url", "identifier"]


def test_patterns_and_our_own_handle_are_not_searched(world: World) -> None:
    pages = read(world, replace(QUERY, terms=("/acme[a-z]+/", f"@{HANDLE}"), domains=()))
    assert not [page for page in pages if page.searched]
    assert replies(pages)
