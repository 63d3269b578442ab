from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels._oauth1 import authorization
from mentionwatch.channels._x_items import own_name, time_of, words
from mentionwatch.channels.x import Prices, X, searches
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
    UnexpectedPayload,
)
from mentionwatch.model.items import Deletion, Item, Mention, OwnPost, Page, Reply, StreamState
from tests.channels.contract import QUERY as COMMON
from tests.channels.contract import (
    ChannelContract,
    account_of,
    check_pages,
    collect,
    ids,
    items,
    resumed,
    states,
)
from tests.channels.x_world import BEARER, FACTS, KEYS, POSTS, World, external
from tests.server import Request, Server

OWN = "aeghns"
NAMING = "bcdfijol"
FOUND = "kqu"
EVERYTHING = {external(key) for key in OWN + NAMING + FOUND}


def waiting(*keys: str) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(
            external_id=external(key),
            thread_id=external(key),
            published=datetime(2026, 11, 19, 10, tzinfo=UTC),
            author_id=POSTS[key]["author_id"],
        )
        for key in keys
    )


# Without anything that is open there is nothing to look at again.
QUERY = replace(COMMON, own_accounts=(*COMMON.own_accounts, "@acmecare"))


def channel_of(server: Server, *, bearer: bool = False, **keys: Any) -> X:
    credentials: dict[str, Any] = {name: Secret(value) for name, value in KEYS.items()}
    if bearer:
        credentials = {"bearer_token": Secret(BEARER)}
    return X(base_url=server.url, username="acmecoffee", **credentials, **keys)


class TestContract(ChannelContract):
    expected: ClassVar = EVERYTHING
    query = QUERY
    small = False

    def settings(self, base_url: str) -> X:
        return X(base_url=base_url, username="acmecoffee", bearer_token=Secret(BEARER))

    def routes(self, server: Server) -> None:
        world = World(server, check=not self.small, size=100 if self.small else 5)
        if self.small:
            world.posts = {key: world.posts[key] for key in "aberik"}

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


def by_key(pages: list[Page]) -> dict[str, Item]:
    keys = {external(key): key for key in POSTS}
    return {keys[one.external_id]: one for one in items(pages) if one.external_id in keys}


@pytest.fixture
def found(world: World) -> dict[str, Item]:
    return by_key(read(world, replace(QUERY, open=waiting("k")), rechecks_per_day=0))


def spent(pages: list[Page]) -> float:
    return float(states(pages)["budget"].extra["usd"])


# --- signing -------------------------------------------------------------------------------------


def test_signature_of_the_example_in_rfc_5849() -> None:
    header = authorization(
        "GET",
        "http://photos.example.net/photos",
        [("file", "vacation.jpg"), ("size", "original")],
        key=("dpf43f3p2l4k3l03", "kd94hf93k423kf44"),
        token=("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"),
        nonce="chapoH",
        timestamp=137131202,
    )
    assert 'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"' in header


@pytest.mark.slow
def test_each_try_is_signed_anew(world: World) -> None:
    world.fail("/2/users/42/tweets", "Unavailable", times=1)
    assert ids(read(world)) == EVERYTHING
    tries = [one.headers["authorization"] for one in world.asked("/42/tweets")]
    assert len(set(tries)) == len(tries) >= 2


@pytest.mark.parametrize("bearer", [True, False])
def test_both_credentials_read_the_same(world: World, *, bearer: bool) -> None:
    assert ids(read(world, bearer=bearer)) == EVERYTHING


def test_wrong_secret_is_refused(world: World) -> None:
    channel = replace(channel_of(world.server), access_token_secret=Secret("another-secret"))
    with pytest.raises(CredentialsRefused) as caught:
        collect(channel, QUERY)
    assert "console.x.com" in caught.value.hint


# --- the two vocabularies ------------------------------------------------------------------------


@pytest.mark.slow
def test_both_vocabularies_give_the_same_items(http_server: Server, world: World) -> None:
    old = by_key(read(world))
    world.speaks = "new"
    new = by_key(read(world))
    assert set(old) == set(new)
    for key, one in old.items():
        if isinstance(one, Mention):
            assert replace(one, raw=None) == replace(new[key], raw=None)  # type: ignore[type-var]


def test_the_vocabulary_that_works_is_remembered(world: World) -> None:
    world.speaks = "new"
    first = read(world)
    assert states(first)["budget"].extra["dialect"] == "new"
    world.server.requests.clear()
    read(world, resumed(QUERY, first))
    assert not [one for one in world.server.requests if "tweet.fields" in one.params]


@pytest.mark.slow
def test_vocabulary_outlives_the_month(world: World) -> None:
    world.speaks = "new"
    first = read(world)
    later = replace(resumed(QUERY, first), now=QUERY.now + timedelta(days=20))
    world.server.requests.clear()
    second = read(world, later)
    assert not [one for one in world.server.requests if "tweet.fields" in one.params]
    assert "usd" not in states([*first, *second])["budget"].extra or spent(second) == 0


@pytest.mark.slow
def test_a_third_vocabulary_is_an_error_and_bought_twice_at_most(world: World) -> None:
    world.speaks = "another"
    with pytest.raises(UnexpectedPayload, match="names of its fields"):
        collect(channel_of(world.server, search=False), QUERY)
    assert len(world.asked("/42/tweets")) == 2


def test_facts_say_where_they_are_from() -> None:
    assert FACTS["source"].startswith("openapi.json of github.com/xdevplatform/docs")


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        "max_results=4",
        "max_results=10&colour=red",
        "max_results=10&tweet.fields=colour",
        "max_results=10&tweet.fields=id&post.fields=id",
        "max_results=10&since_id=x",
    ],
)
def test_world_refuses_what_is_not_published(world: World, query: str) -> None:
    import httpx

    url = f"{world.server.url}/2/users/42/mentions?{query}"
    headers = {"Authorization": f"Bearer {BEARER}"}
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 400
    assert world.faults


# --- what the items say --------------------------------------------------------------------------


def test_mention_has_all_its_facts(found: dict[str, Item]) -> None:
    mention = found["i"]
    assert isinstance(mention, Mention)
    assert mention.text == (
        "@acmecoffee the lid of my cup leaks and I have told you so three times now, here is the "
        "whole sad story in pictures https://pictures.example/a?b=1&c=2"
    )
    assert mention.addressed and mention.kind == "post"
    assert (mention.media, mention.language) == (1, "en")
    assert mention.published == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert mention.url == f"https://x.com/tom_example/status/{external('i')}"
    author = mention.author
    assert (author.id, author.handle, author.name) == ("90004", "@tom_example", "Tom")
    assert author.followers == 5120
    counts = mention.engagement
    assert (counts.likes, counts.shares, counts.replies, counts.views) == (5, 3, 1, 310)


def test_three_commenters_share_the_thread_of_the_post(found: dict[str, Item]) -> None:
    comments = [one for one in map(found.get, "bcd") if isinstance(one, Mention)]
    assert {one.thread_id for one in comments} == {external("a")}
    assert {one.parent_id for one in comments} == {external("a")}
    assert len({one.author.id for one in comments}) == 3


@pytest.mark.slow
def test_nested_comment_belongs_to_the_conversation(found: dict[str, Item]) -> None:
    nested = found["f"]
    assert isinstance(nested, Mention)
    assert (nested.thread_id, nested.parent_id, nested.kind) == (
        external("a"),
        external("e"),
        "comment",
    )


@pytest.mark.slow
def test_our_reply_is_attached_to_its_mention(found: dict[str, Item]) -> None:
    reply, more = found["e"], found["g"]
    assert isinstance(reply, Reply) and isinstance(more, Reply)
    assert (reply.parent_id, reply.to, reply.certainty) == (external("b"), ("90001",), "sure")
    assert (more.parent_id, more.to) == (external("e"), ())
    assert reply.published == datetime(2026, 11, 18, 11, tzinfo=UTC)
    assert reply.text == "@lena_example yes, all of it"
    assert reply.url == f"https://x.com/acmecoffee/status/{external('e')}"


def test_reply_to_a_deleted_post_names_whom_it_answers(found: dict[str, Item]) -> None:
    reply = found["s"]
    assert isinstance(reply, Reply)
    assert (reply.parent_id, reply.to) == ("", ("90003",))


def test_unanswered_mention_has_no_reply(found: dict[str, Item]) -> None:
    answered = {one.parent_id for one in found.values() if isinstance(one, Reply)}
    assert not {external("i"), external("j"), external("o")} & answered


def test_own_posts_and_own_threads_are_no_replies(found: dict[str, Item]) -> None:
    assert isinstance(found["a"], OwnPost) and isinstance(found["h"], OwnPost)
    assert found["a"].text == "Our oat milk is back & better!"


@pytest.mark.slow
def test_quoting_one_that_waits_is_a_likely_reply(found: dict[str, Item], world: World) -> None:
    quote = found["n"]
    assert isinstance(quote, Reply)
    assert (quote.parent_id, quote.certainty) == (external("k"), "likely")
    assert isinstance(by_key(read(world))["n"], OwnPost)  # nobody waits there


def test_other_own_account_is_recognised(found: dict[str, Item]) -> None:
    reply = found["l"]
    assert isinstance(reply, Reply)
    assert (reply.parent_id, reply.to) == (external("c"), ("90002",))
    assert reply.url.startswith("https://x.com/acmecare/")


def test_reposts_are_no_rows(found: dict[str, Item]) -> None:
    assert not {"r", "p"} & set(found)


def test_edited_post_keeps_its_first_id(found: dict[str, Item]) -> None:
    mention = found["j"]
    assert isinstance(mention, Mention)
    assert mention.external_id != POSTS["j"]["id"]
    assert mention.published == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert mention.edited == datetime(2026, 11, 19, 9, 10, tzinfo=UTC)
    assert mention.language == ""


def test_search_hits_are_not_addressed(world: World) -> None:
    pages = [page for page in read(world) if page.searched]
    hits = by_key(pages)
    assert set(hits) == set(FOUND)
    assert not any(one.addressed for one in hits.values() if isinstance(one, Mention))
    assert hits["q"].links == ("https://acmecoffee.example/menu",)  # type: ignore[union-attr]


def test_author_who_does_not_come_along(world: World) -> None:
    world.hidden = {"90004"}
    mention = by_key(read(world))["i"]
    assert isinstance(mention, Mention)
    assert mention.author.id == "90004" and mention.author.handle == ""
    assert mention.url == f"https://x.com/i/web/status/{external('i')}"


def test_partial_errors_beside_an_answer_are_no_failure(world: World) -> None:
    def change(request: Request, reply: Any) -> Any:
        partial = {"title": "Forbidden", "type": "https://a/resource-not-found", "value": "9"}
        return replace(reply, body={**reply.body, "errors": [partial]})

    world.server.change = change
    assert ids(read(world)) == EVERYTHING


def test_empty_account_yields_nothing(world: World) -> None:
    world.posts.clear()
    world.events.clear()
    assert not items(read(world, direct_messages=True))


def test_short_links_and_entities_are_resolved_once() -> None:
    post = {
        "text": "a &amp;lt; b https://t.co/x",
        "entities": {"urls": [{"url": "https://t.co/x", "expanded_url": "javascript:alert(1)"}]},
    }
    assert words(post) == "a &lt; b https://t.co/x"


def test_time_in_an_id() -> None:
    assert time_of(POSTS["o"]["id"]) == datetime(2026, 11, 20, 9, 12, 43, tzinfo=UTC)
    assert time_of("20") is None and time_of("x") is None


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("@Acme_Care", "acme_care"),
        ("https://twitter.com/AcmeCare/", "acmecare"),
        ("https://x.com/acmecare", "acmecare"),
        ("@acmecare@mastodon.example", ""),
        ("care@acme.example", ""),
        ("42", ""),
    ],
)
def test_own_names(written: str, wanted: str) -> None:
    assert own_name(written) == wanted


# --- what is asked -------------------------------------------------------------------------------


def test_terms_and_domains_become_one_search() -> None:
    terms = ("Acme Coffee", "acmecoffee", "#acmecoffee", "@acmecoffee", "/acme.*/", "Café Acme")
    assert searches(terms, ("acmecoffee.example",), "acmecoffee") == [
        '("Acme Coffee" OR acmecoffee OR #acmecoffee OR "Café Acme" OR url:"acmecoffee.example")'
        " -from:acmecoffee -@acmecoffee -is:retweet"
    ]


def test_long_searches_are_split_below_the_limit() -> None:
    found = searches([f"acme product number {n}" for n in range(60)], (), "acmecoffee")
    assert len(found) > 2 and all(len(one) <= 512 for one in found)
    assert all(f'"acme product number {n}"' in " ".join(found) for n in range(60))


def test_own_queries_take_the_place_of_the_terms(world: World) -> None:
    read(world, queries=("acmecoffee lang:en",))
    assert {one.params["query"] for one in world.asked("/recent")} == {"acmecoffee lang:en"}


def test_second_run_buys_only_what_is_new(world: World) -> None:
    first = read(world, user_id="42")
    before = world.billed.copy()
    read(world, resumed(QUERY, first), user_id="42")
    assert world.billed == before


def test_first_look_at_our_posts_goes_back_to_the_oldest_that_waits(world: World) -> None:
    old = replace(waiting("b")[0], published=QUERY.now - timedelta(days=90))
    read(world, replace(QUERY, open=(old,)), rechecks_per_day=0)
    assert world.asked("/42/tweets")[0].params["start_time"] == "2026-08-23T07:02:00Z"


def test_search_older_than_the_window_begins_at_its_end_and_says_so(world: World) -> None:
    first = read(world)
    later = replace(resumed(QUERY, first), now=QUERY.now + timedelta(days=10))
    world.server.requests.clear()
    pages = read(world, later)
    (asked,) = world.asked("/recent")
    assert "since_id" not in asked.params and asked.params["start_time"] == "2026-11-24T07:12:00Z"
    assert any("last 7 days" in warning for page in pages for warning in page.warnings)


@pytest.mark.slow
def test_refused_since_id_falls_back_to_a_time(world: World) -> None:
    first = read(world)
    world.fail("/2/tweets/search/recent", "OldSinceId", times=1)
    read(world, resumed(QUERY, first))
    assert "start_time" in world.asked("/recent")[-1].params


def test_page_without_posts_goes_on_with_its_token(world: World) -> None:
    empty = {"meta": {"result_count": 0, "next_token": "9" * 19}}
    world.server.reply("GET", "/2/users/42/mentions", body=empty, times=1)
    assert set(NAMING) <= set(by_key(read(world)))


@pytest.mark.slow
def test_three_pages_with_a_run_killed_in_the_second(world: World) -> None:
    world.size = 2
    whole = read(world)
    before: list[Page] = []
    for page in whole:
        before.append(page)
        if sum(one.stream == "mentions" for one in before) == 2:
            break
    world.billed.clear()
    after = read(world, resumed(QUERY, before))
    assert ids(before) | ids(after) == ids(whole)
    again = {external(key) for key in "olj"} & set(world.billed)
    assert not again, "posts of the pages that were stored are bought again"


# --- money ---------------------------------------------------------------------------------------


def test_what_was_bought_is_counted(world: World) -> None:
    own, naming, found_ = 7, 9, 3  # reposts are paid for too
    pages = read(world)
    authors = {post["author_id"] for key, post in POSTS.items() if key in NAMING + "p" + FOUND}
    wanted = (own + naming) * 0.001 + found_ * 0.005 + len(authors) * 0.010
    assert spent(pages) == pytest.approx(wanted)


def test_posts_and_people_that_come_along_are_paid_for(world: World) -> None:
    world.speaks = "new"
    streams = {"budget": StreamState(extra={"period": "2026-11", "dialect": "new"})}
    pages = read(world, replace(QUERY, streams=streams), user_id="42")
    users = len([one for one in world.billed if one in world.users])
    posts = sum(n for one, n in world.billed.items() if one not in world.users)
    along = posts - 19
    assert along > 0
    wanted = 16 * 0.001 + (3 + along) * 0.005 + users * 0.01
    assert spent(pages) == pytest.approx(wanted)


@pytest.mark.slow
def test_bearer_token_pays_the_full_price(world: World) -> None:
    cheap, dear = spent(read(world)), spent(read(world, bearer=True))
    assert dear - cheap == pytest.approx(16 * 0.004)


@pytest.mark.slow
def test_money_is_counted_over_runs_and_begins_anew_each_month(world: World) -> None:
    first = read(world)
    new = {**POSTS["o"], "id": str(int(POSTS["u"]["id"]) + 10**12)}
    world.posts["new"] = {**new, "edit_history_tweet_ids": [new["id"]]}
    second = read(world, resumed(QUERY, first))
    assert spent(second) == pytest.approx(spent(first) + 0.011)
    december = replace(resumed(QUERY, first), now=datetime(2026, 12, 1, 1, tzinfo=UTC))
    assert spent(read(world, december)) == pytest.approx(0.011, abs=0.02)


def test_monthly_cap_ends_the_run_and_says_so(world: World) -> None:
    with pytest.raises(BudgetSpent, match=r"monthly cap of \$0\.10") as caught:
        collect(channel_of(world.server, monthly_cap=0.10), QUERY)
    assert "monthly_cap" in caught.value.hint
    assert spent_in(world) <= 0.10


def spent_in(world: World) -> float:
    """The price of all that was sold, as the platform counts it."""
    users = sum(n for one, n in world.billed.items() if one in world.users)
    return users * 0.01 + (sum(world.billed.values()) - users) * 0.001


def test_spent_cap_asks_for_nothing(world: World) -> None:
    state = StreamState(extra={"period": "2026-11", "usd": "9.9999"})
    query = replace(QUERY, streams={"budget": state})
    with pytest.raises(BudgetSpent):
        collect(channel_of(world.server, user_id="42"), query)
    assert not world.server.requests


def test_cap_that_is_nearly_reached_is_a_warning(world: World) -> None:
    first = read(world)
    kept = dict(first[0].state.extra) if first[0].state else {}
    streams = {**states(first), "budget": StreamState(extra={**kept, "usd": "8.5"})}
    pages = read(world, replace(QUERY, streams=streams))
    assert any("$8.50 of the monthly $10.00" in one for page in pages for one in page.warnings)


def test_posts_of_one_run_are_limited_and_the_next_goes_on(world: World) -> None:
    query, found = QUERY, set[str]()
    for _ in range(6):
        pages, ended = partly(world, query)
        found |= ids(pages)
        query = resumed(query, pages)
        if not ended:
            break
    assert found == EVERYTHING
    most = max(n for one, n in world.billed.items() if one not in world.users)
    assert most == 1, "a post was bought twice"


def partly(world: World, query: Query) -> tuple[list[Page], bool]:
    """Return the pages of a run that its limit may end, and whether it did."""
    import asyncio

    from mentionwatch.client import Client

    found: list[Page] = []

    async def work() -> bool:
        async with Client(channel="shop", deadline=10.0) as client:
            channel = channel_of(world.server, max_posts_per_sync=10)
            try:
                async for page in channel.pages(query, client):
                    found.append(page)
            except BudgetSpent:
                return True
            return False

    return found, asyncio.run(work())


@pytest.mark.slow
def test_first_run_tells_what_it_cost(world: World) -> None:
    first = read(world)
    told = [one for page in first for one in page.warnings]
    assert any("first run bought 19 posts" in one for one in told)
    second = read(world, resumed(QUERY, first))
    assert not [one for page in second for one in page.warnings]


def test_account_estimates_the_first_run(world: World) -> None:
    account = account_of(channel_of(world.server))
    (estimate,) = account.warnings
    assert "at most $3.00" in estimate and "$10.00 a month" in estimate
    known = account_of(channel_of(world.server, user_id="42"))
    assert estimate in known.summary and not known.warnings
    assert account.id == "x:42" and "@acmecoffee" in account.names


def test_prices_can_be_corrected(world: World) -> None:
    prices = Prices(post=0.02, owned=0.0, user=0.0)
    assert spent(read(world, prices=prices)) == pytest.approx(3 * 0.02)


@pytest.mark.slow
def test_our_id_is_bought_once(world: World, tmp_path: Path) -> None:
    for _ in range(3):
        tokens = Tokens(tmp_path / "credentials.json")
        account = account_of(channel_of(world.server), tokens=tokens)
        read(world, tokens=tokens)
    assert len(world.asked("/by/username/acmecoffee")) == 1
    assert not account.warnings


def test_known_account_is_tested_at_no_cost(world: World) -> None:
    account_of(channel_of(world.server, user_id="42"))
    assert [one.path for one in world.server.requests] == ["/2/users/42/mentions"]
    assert not world.billed and not world.faults


# --- conversations that wait ---------------------------------------------------------------------


def again(world: World, *keys: str, **keys_of: Any) -> tuple[Query, list[Page]]:
    """Read everything, then once more with some that wait."""
    first = read(world, **keys_of)
    query = replace(resumed(QUERY, first), open=waiting(*keys))
    return query, first


@pytest.mark.slow
def test_deleted_mention_is_noticed(world: World) -> None:
    query, _ = again(world, "o", "i")
    del world.posts["o"]
    pages = read(world, query)
    assert Deletion(external_id=external("o")) in items(pages)
    assert {one for page in pages for one in page.checked} == {external("o"), external("i")}


def test_hidden_mention_is_not_taken_for_deleted(world: World) -> None:
    query, _ = again(world, "o")
    del world.posts["o"]

    def change(request: Request, reply: Any) -> Any:
        if request.path != "/2/tweets":
            return reply
        error = {
            "resource_id": external("o"),
            "title": "Authorization Error",
            "type": "https://api.twitter.com/2/problems/not-authorized-for-resource",
        }
        return replace(reply, body={"errors": [error]})

    world.server.change = change
    assert not items(read(world, query))


def test_spread_of_one_that_waits_is_seen_and_its_author_kept(world: World) -> None:
    query, _ = again(world, "o")
    world.posts["o"]["public_metrics"]["retweet_count"] = 40
    (mention,) = items(read(world, query))
    assert isinstance(mention, Mention)
    assert (mention.engagement.shares, mention.author.id, mention.url) == (40, "90001", "")


@pytest.mark.slow
def test_our_deleted_reply_is_noticed(world: World) -> None:
    first = read(world)
    del world.posts["e"]
    own = (external("e"), external("g"))
    pages = read(world, replace(resumed(QUERY, first), known_own_ids=own))
    assert items(pages) == [Deletion(external_id=external("e"))]


@pytest.mark.slow
def test_nothing_is_looked_at_twice_in_a_day(world: World) -> None:
    query, _ = again(world, "o", "i", "j", rechecks_per_day=2)
    pages = read(world, query, rechecks_per_day=2)
    for _ in range(2):
        query = resumed(query, pages)
        read(world, query, rechecks_per_day=2)
    assert len([one for one in world.server.requests if one.path == "/2/tweets"]) == 1
    tomorrow = replace(query, now=query.now + timedelta(days=1))
    pages = read(world, tomorrow, rechecks_per_day=2)
    assert {one for page in pages for one in page.checked} >= {external("j")}


@pytest.mark.slow
def test_what_was_seen_today_is_not_looked_at_again(world: World) -> None:
    query, _ = again(world, "o", "i")
    pages = read(world, query)
    read(world, resumed(query, pages))
    assert len([one for one in world.server.requests if one.path == "/2/tweets"]) == 1


# --- direct messages -----------------------------------------------------------------------------


def test_direct_messages_are_private_conversations(world: World) -> None:
    pages = read(world, direct_messages=True)
    talk = [one for page in pages if page.stream == "messages" for one in page.items]
    assert len(talk) == 4
    assert all(one.private for one in talk if isinstance(one, Mention | Reply))
    lena = [one for one in talk if getattr(one, "thread_id", "") == "dm:42-90001"]
    assert [type(one) for one in lena] == [Mention, Reply, Mention]
    assert lena[2].text == "Do you & your team cater?"  # type: ignore[union-attr]
    assert lena[2].addressed  # type: ignore[union-attr]
    (picture,) = [one for one in talk if getattr(one, "media", 0)]
    assert picture.author.handle == "@tom_example"  # type: ignore[union-attr]


@pytest.mark.slow
def test_known_messages_are_bought_once_more_at_most(world: World) -> None:
    first = read(world, direct_messages=True)
    world.server.requests.clear()
    read(world, resumed(QUERY, first), direct_messages=True)
    assert [one.params["max_results"] for one in world.asked("/dm_events")] == ["1"]


@pytest.mark.slow
def test_new_messages_are_read_down_to_the_known_ones(world: World) -> None:
    kept, world.events = world.events, world.events[:1]
    first = read(world, direct_messages=True)
    world.events = kept
    pages = read(world, resumed(QUERY, first), direct_messages=True)
    assert {one.external_id for one in items(pages)} == {f"dm:{one['id']}" for one in kept[1:]}


def test_messages_with_a_place_that_is_gone_begin_at_the_top(world: World) -> None:
    state = StreamState(cursor="1", top=world.events[-1]["id"], resume="place-gone")
    world.server.reply(
        "GET", "/2/dm_events", 400, body={}, query={"pagination_token": "place-gone"}
    )
    query = replace(QUERY, streams={"messages": state})
    pages = read(world, query, direct_messages=True)
    talk = {one["id"] for one in world.events}
    assert {f"dm:{one}" for one in talk} <= ids(pages)
    assert {one for one in talk if world.billed[one] > 1} == {world.events[-1]["id"]}


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted", "hint"),
    [
        ("Unauthorized", CredentialsRefused, "Keys and tokens"),
        ("CreditsDepleted", BudgetSpent, "buy credits"),
        ("CreditsDepletedOlder", BudgetSpent, "buy credits"),
        ("CreditsGone", BudgetSpent, "buy credits"),
        ("ClientForbidden", PermissionMissing, "project with credits"),
        ("SpendCap", BudgetSpent, "raise it"),
        ("NotAuthorized", PermissionMissing, "permissions"),
        ("NotFound", NotFound, ""),
        ("TooMany", RateLimited, ""),
        ("TooManyOlder", RateLimited, ""),
        ("UsageCap", BudgetSpent, "next period"),
        ("Invalid", RequestRefused, ""),
    ],
)
def test_each_error_is_told(world: World, name: str, wanted: type[ChannelError], hint: str) -> None:
    world.fail("/2/users/42/mentions", name, **{"x-rate-limit-reset": "4000000000"})
    with pytest.raises(wanted) as caught:
        collect(channel_of(world.server), QUERY)
    assert type(caught.value) is wanted and hint in caught.value.hint
    assert len(world.asked("/42/mentions")) == 1, "it is asked again in vain"


@pytest.mark.slow
def test_usage_cap_is_not_waited_for(world: World) -> None:
    world.fail("/2/users/42/mentions", "UsageCap", **{"Retry-After": "0"})
    with pytest.raises(BudgetSpent):
        collect(channel_of(world.server), QUERY)
    assert len(world.asked("/42/mentions")) == 1


def test_short_pause_is_waited_for(world: World) -> None:
    world.fail("/2/users/42/mentions", "TooMany", times=1, **{"Retry-After": "0"})
    assert ids(read(world)) == EVERYTHING


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Unavailable", "Broken"])
def test_server_that_stays_down_is_tried_three_times(world: World, name: str) -> None:
    world.fail("/2/users/42/tweets", name)
    with pytest.raises(ServerFailed):
        collect(channel_of(world.server), QUERY)
    assert len(world.asked("/42/tweets")) == 3


def test_refused_search_does_not_hide_the_mentions(world: World) -> None:
    world.fail("/2/tweets/search/recent", "NotAuthorized")
    import asyncio

    from mentionwatch.client import Client

    found: list[Page] = []

    async def work() -> None:
        async with Client(channel="shop", deadline=10.0) as client:
            async for page in channel_of(world.server).pages(QUERY, client):
                found.append(page)

    with pytest.raises(PermissionMissing):
        asyncio.run(work())
    assert set(NAMING) <= set(by_key(found))


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"base_url": "api.x.com"}, "base_url"),
        ({"username": "not a name"}, "username"),
        ({"user_id": "acme"}, "user_id"),
        ({"bearer_token": Secret()}, "bearer_token"),
        ({"api_key": Secret("x")}, ""),
        ({"direct_messages": True}, "direct_messages"),
        ({"max_posts_per_sync": 5}, "max_posts_per_sync"),
        ({"monthly_cap": -1.0}, ""),
        ({"queries": ("x" * 513,)}, "queries"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], key: str) -> None:
    right = X(username="acmecoffee", bearer_token=Secret("b"))
    assert not list(right.problems())
    assert key in [found for found, _ in replace(right, **changes).problems()]
