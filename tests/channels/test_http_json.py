from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import Query
from mentionwatch.channels._http_settings import Filling, Paging, Times, presets
from mentionwatch.channels.http_json import HttpJson
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import RateLimited, RequestRefused, UnexpectedPayload
from mentionwatch.model.items import Item, Mention, Page, Reply, StreamState
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
from tests.server import Reply as Answer
from tests.server import Request, Server

MAP = {
    "id": "id",
    "url": "join('', ['/r/', to_string(id)])",
    "author": "user.name",
    "author_id": "to_string(user.id)",
    "title": "headline",
    "text": "body || comment",
    "created_at": "created",
    "rating": "stars",
    "replied_at": "reply.created",
    "is_own": "author.type == 'staff'",
    "thread_id": "to_string(conversation_id)",
}


class World:
    """A booking tool; ``size`` reviews on a page, further pages as the style has it."""

    def __init__(self, server: Server, style: str = "cursor", *, size: int = 2) -> None:
        self.server = server
        self.style = style
        self.size = size
        self.reviews: list[dict[str, Any]] = recorded("http_json", "reviews.json")
        server.on("*", "/v2/reviews", self.answer)

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Bearer token-acme":
            return Answer(status=401, body={"error": "who are you?"})
        asked = {**request.params, **(request.json() if request.body else {})}
        cursor = str(asked.get("cursor") or "c0")[1:]
        if not cursor.isdecimal():
            return Answer(status=400, body={"error": "no such cursor"})
        start = {
            "cursor": lambda: int(cursor),
            "page": lambda: (int(asked.get("page", 1)) - 1) * self.size,
            "offset": lambda: int(asked.get("offset", 0)),
        }.get(self.style, lambda: int(asked.get("from", 0)))()
        end = start + self.size
        more = end < len(self.reviews)
        onward = f"/v2/reviews?from={end}"
        meta = {"next_cursor": f"c{end}" if more else None, "next": onward if more else None}
        headers = {"Link": f'<{onward}>; rel="next"'} if more else {}
        found = self.reviews[start:end]
        return Answer(body={"data": {"reviews": found}, "meta": meta}, headers=headers)


PAGING = {
    "cursor": Paging(style="cursor", cursor="meta.next_cursor", param="cursor"),
    "next_url": Paging(style="next_url", cursor="meta.next"),
    "link_header": Paging(style="link_header"),
    "page": Paging(style="page", param="page"),
    "offset": Paging(style="offset", param="offset", limit=2),
}


def channel_of(base_url: str, **changes: Any) -> HttpJson:
    usual: dict[str, Any] = {
        "url": f"{base_url}/v2/reviews?fields=all",
        "params": {"updated_since": "{since:iso}", "limit": 2},
        "headers": {"Authorization": "Bearer {secret:token}"},
        "token": Secret("token-acme"),
        "items": "data.reviews",
        "map": MAP,
        "page": PAGING["cursor"],
        "rating_map": {"FIVE": 5},
    }
    return HttpJson(**{**usual, **changes})


EXPECTED = ("1", "2", "3", "4", "5", "6", "1#replied")


class TestContract(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> HttpJson:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        return second[0].params["updated_since"] == "2026-11-21T06:52:00Z"


class TestPostContract(TestContract):
    """The same with a body, as GraphQL has it."""

    def settings(self, base_url: str) -> HttpJson:
        body = {"query": "{{ reviews }}", "updated_since": "{since:iso}", "cursor": None}
        return channel_of(base_url, params={}, body=body)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        assert second[0].json()["query"] == "{ reviews }"
        return bool(second[0].json()["updated_since"] == "2026-11-21T06:52:00Z")


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(world: World, query: Query = QUERY, **changes: Any) -> list[Page]:
    pages = collect(channel_of(world.server.url, **changes), query)
    check_pages(pages)
    return pages


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages)}


def mention(pages: list[Page], external_id: str) -> Mention:
    found = by_id(pages)[external_id]
    assert isinstance(found, Mention)
    return found


def told(pages: list[Page]) -> str:
    return "\n".join(one for page in pages for one in page.warnings)


# --- the map ---------------------------------------------------------------------------------


def test_fields_are_where_the_map_says(world: World) -> None:
    pages = read(world)
    first = mention(pages, "1")
    assert first.text == "Booking 1 went wrong & nobody answers."
    assert (first.title, first.author.name, first.author.id) == ("Visit 1", "Ida", "51")
    assert first.url == f"{world.server.url}/r/1"
    assert first.published == datetime(2026, 11, 20, 8, 1, tzinfo=UTC)
    assert (first.rating, first.thread_id, first.addressed) == (2.0, "1", True)
    assert mention(pages, "5").text == "Only a comment"


def test_markup_becomes_words_and_words_stars(world: World) -> None:
    second = mention(read(world), "2")
    assert second.text == "It was cold.\n\nTwice."
    assert second.rating == 5.0


def test_our_answers(world: World) -> None:
    found = by_id(read(world))
    told_of, own = found["1#replied"], found["3"]
    assert isinstance(told_of, Reply) and isinstance(own, Reply)
    assert told_of.parent_id == "1"
    assert told_of.published == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert own.thread_id == "1" and own.text == "Sorry, Ida."


def test_answer_without_a_time_is_an_answer(world: World) -> None:
    mapping = {**MAP, "replied_at": "reply != `null`"}
    found = by_id(read(world, map=mapping))
    assert "1#replied" in found and "2#replied" not in found


@pytest.mark.slow
def test_time_that_cannot_be_read_is_said_once(world: World) -> None:
    pages = read(world)
    assert mention(pages, "4").published is None
    assert told(pages).count("map.created_at") == 1


def test_time_in_a_form_of_its_own(world: World) -> None:
    for one in world.reviews:
        one["created"] = "20.11.2026 09:00"
    time = Times(format="%d.%m.%Y %H:%M", tz="Europe/Berlin")
    pages = read(world, time=time, map={**MAP, "replied_at": "missing"})
    assert mention(pages, "1").published == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_thing_without_an_id_is_left_out(world: World) -> None:
    world.reviews[1]["id"] = None
    world.reviews[5]["id"] = True
    pages = read(world)
    assert set(by_id(pages)) == set(EXPECTED) - {"2", "6"}
    assert "1 things were left out (id: missing)" in told(pages)


def test_function_on_the_wrong_type_is_counted(world: World) -> None:
    mapping = {**MAP, "lang": "contains(headline, 'x') && 'en' || starts_with(comment, 'x')"}
    assert "could not be worked out for" in told(read(world, map=mapping))


def test_credentials_in_answers_are_not_kept(world: World) -> None:
    raw = mention(read(world), "1").raw
    assert raw is not None and raw["user"] == {"name": "Ida", "id": 51}
    assert "tok-secret-1" not in repr(raw)


# --- paging ----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", list(PAGING))
def test_every_style_of_paging_reads_all(http_server: Server, style: str) -> None:
    world = World(http_server, style)
    pages = read(world, page=PAGING[style])
    assert set(by_id(pages)) == set(EXPECTED)
    assert len(http_server.requests) <= 4
    assert all(one.params.get("fields") == "all" for one in http_server.requests[:1])


@pytest.mark.parametrize("style", list(PAGING))
def test_pages_beyond_the_budget_come_with_the_next_run(http_server: Server, style: str) -> None:
    world = World(http_server, style)
    paging = replace(PAGING[style], max_pages=1)
    first = read(world, page=paging)
    assert "the next one goes on" in told(first)
    second = read(world, resumed(QUERY, first), page=paging)
    third = read(world, resumed(resumed(QUERY, first), second), page=paging)
    assert set(by_id([*first, *second, *third])) == set(EXPECTED)


def test_service_that_ignores_the_page_is_left(world: World) -> None:
    pages = read(world, page=Paging(style="page", param="seite"))
    assert len(pages) == 2 and "same page again" in told(pages)


def test_newest_first_stops_at_what_is_old(world: World) -> None:
    first = read(world)
    world.server.requests.clear()
    later = replace(resumed(QUERY, first), now=QUERY.now + timedelta(hours=1))
    read(world, later, page=replace(PAGING["cursor"], newest_first=True))
    assert len(world.server.requests) == 1


def test_next_page_elsewhere_is_not_asked(http_server: Server) -> None:
    body = {
        "data": {"reviews": [{"id": 1, "body": "x"}]},
        "meta": {"next": "https://evil.example/"},
    }
    http_server.reply("GET", "/v2/reviews", body=body)
    with pytest.raises(UnexpectedPayload):
        collect(channel_of(http_server.url, page=PAGING["next_url"]))


def test_lookback_reads_a_window_again(world: World) -> None:
    first = read(world, lookback=timedelta(days=7))
    world.server.requests.clear()
    read(world, resumed(QUERY, first), lookback=timedelta(days=7))
    asked = world.server.requests[0].params["updated_since"]
    assert asked == "2026-11-14T07:02:00Z"


def test_each_term_is_asked_for(http_server: Server) -> None:
    http_server.reply("GET", "/s", body=[{"id": "1", "text": "Acme Coffee"}])
    channel = HttpJson(url=f"{http_server.url}/s", params={"q": '"{term}"'}, addressed=False)
    pages = collect(channel, replace(QUERY, terms=("Acme Coffee", "#acmecoffee", "/ac.e/")))
    assert [one.params["q"] for one in http_server.requests] == ['"Acme Coffee"', '"acmecoffee"']
    assert {page.stream for page in pages} == {"term:Acme Coffee", "term:acmecoffee"}
    assert all(page.searched for page in pages)


# --- refusals --------------------------------------------------------------------------------


def test_error_inside_a_good_answer(world: World) -> None:
    world.server.reply("GET", "/v2/reviews", body={"errors": [{"message": "no such field"}]})
    with pytest.raises(UnexpectedPayload) as caught:
        collect(channel_of(world.server.url, error="errors[0].message"))
    assert "no such field" in caught.value.message


def test_answer_without_the_list_says_what_came(world: World) -> None:
    world.server.reply("GET", "/v2/reviews", body={"results": [], "total": 3})
    with pytest.raises(UnexpectedPayload) as caught:
        collect(channel_of(world.server.url))
    assert "results, total" in caught.value.message


def test_bad_bytes_are_reported(world: World) -> None:
    world.server.reply("GET", "/v2/reviews", body=b'{"data": {"reviews": [\xff\xfe')
    with pytest.raises(UnexpectedPayload):
        collect(channel_of(world.server.url))


def test_service_that_asks_for_rest_is_left_alone(world: World) -> None:
    tokens = Tokens(None)
    world.server.reply("GET", "/v2/reviews", 429, headers={"Retry-After": "900"})
    for _ in range(2):
        with pytest.raises(RateLimited):
            collect(channel_of(world.server.url), tokens=tokens)
    assert len(world.server.requests) == 1


def test_redirect_is_not_followed_unless_wanted(http_server: Server) -> None:
    http_server.reply("GET", "/v2/reviews", 302, headers={"Location": "/moved"})
    http_server.reply("GET", "/moved", body={"data": {"reviews": []}})
    with pytest.raises(RequestRefused):
        collect(channel_of(http_server.url))
    assert not items(collect(channel_of(http_server.url, redirects=True)))


def test_account_shows_what_came(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert account.summary.startswith("an object with data, meta; 2 things; the first is 1 of 2026")
    assert len(world.server.requests) == 1


# --- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"url": "ftp://x"}, "url", "web address"),
        ({"url": "http://api.example.com/x"}, "url", "unencrypted"),
        ({"url": "https://x.example/{secret:token}"}, "url", "does not belong"),
        ({"params": {"a": "{secret:other}"}}, "params", "secrets.other"),
        ({"params": {"a": "x {secret:token}"}}, "params", "alone"),
        ({"params": {"a": "{since}"}}, "params", "{since:iso}"),
        ({"params": {"a": "{value:shop}"}}, "params", 'shop = "…"'),
        ({"body": {"q": "{id}"}}, "body", "{{ and }}"),
        ({"map": {"id": "$.data.items["}}, "map", "JMESPath"),
        ({"map": {"idd": "x"}}, "map", "did you mean"),
        ({"items": "data.["}, "", "JMESPath"),
        ({"page": Paging(style="cursor")}, "page.cursor", "expression"),
        ({"page": Paging(style="page")}, "page.param", "parameter"),
        ({"page": Paging(max_pages=0)}, "page.max_pages", "1 or more"),
        ({"time": Times(tz="Mars/Base")}, "time", "Mars"),
        ({"preset": "bookings"}, "preset", "github"),
    ],
)
def test_mistakes_in_the_settings(changes: dict[str, Any], key: str, words: str) -> None:
    problems = list(channel_of("https://api.example.com", **changes).problems())
    assert any(key == place and words in said for place, said in problems), problems


def test_good_settings_have_no_problem() -> None:
    assert not list(channel_of("https://api.example.com").problems())
    assert not list(channel_of("http://api.example.com", allow_http=True).problems())


def test_dollar_at_the_start_is_forgiven() -> None:
    channel = channel_of("https://api.example.com", items="$.data.reviews")
    assert not list(channel.problems())


def test_capabilities_follow_the_map() -> None:
    assert channel_of("https://x.example").capabilities.sees_own_replies
    without = channel_of("https://x.example", map={"id": "id", "text": "t"})
    assert not without.capabilities.sees_own_replies


def test_secrets_in_headers_and_parameters_are_never_text() -> None:
    filling = Filling(since=QUERY.now, secrets={"token": Secret("s3cret")})
    header = filling.header("Bearer {secret:token}!")
    assert header == ("Bearer ", Secret("s3cret"), "!")
    assert "s3cret" not in repr(header)
    assert filling.tree({"key": "{secret:token}"}) == {"key": Secret("s3cret")}
    assert filling.tree({"key": "{env:HOME_KEY}"}) == {"key": Secret("env:HOME_KEY")}


def test_times_in_every_form() -> None:
    filling = Filling(since=datetime(2026, 11, 20, 8, tzinfo=UTC))
    said = filling.text("{since:iso} {since:unix} {since:unix_ms} {since:date} {{x}}")
    assert said == "2026-11-20T08:00:00Z 1795161600 1795161600000 2026-11-20 {x}"


def test_what_is_put_into_an_address_stays_in_its_place() -> None:
    filling = Filling(since=QUERY.now, term="a/b?c&d", values={"shop": "x y#"})
    assert filling.address("https://h/{value:shop}/{term}") == "https://h/x%20y%23/a%2Fb%3Fc%26d"


# --- presets ---------------------------------------------------------------------------------

RECORDED: dict[str, Any] = recorded("http_json", "presets.json")
VALUES = {
    "site": "blog.acme.example", "subdomain": "acme", "host": "chat.acme.example", "account": "1",
    "app": "123", "country": "gb",
}  # fmt: skip


def preset(name: str, **changes: Any) -> HttpJson:
    return HttpJson(preset=name, values=VALUES, token=Secret("token-acme"), **changes)


def test_every_preset_has_a_recorded_answer() -> None:
    assert set(presets()) == set(RECORDED)


@pytest.mark.parametrize("name", list(RECORDED))
def test_preset_is_complete_and_reads_its_answer(name: str, http_server: Server) -> None:
    channel = preset(name)
    assert not list(channel.problems())
    assert presets()[name]["how"]
    written = json.dumps(presets()[name])
    assert all(f"{{value:{one}}}" in written for one in presets()[name]["needs"])
    http_server.reply("GET", "/list", body=RECORDED[name]["answer"])
    local = replace(channel, preset="", url=f"{http_server.url}/list", page=Paging())
    pages = collect(local, replace(QUERY, terms=("Acme Coffee",)))
    check_pages(pages)
    assert not told(pages)
    (found,) = [one for one in items(pages) if isinstance(one, Mention)]
    expected = RECORDED[name]["expected"]
    assert (found.external_id, found.text, found.author.name) == tuple(expected.values())
    assert found.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert channel.capabilities.private == presets()[name].get("private", False)


def test_what_the_owner_says_wins_over_the_preset() -> None:
    channel = preset(
        "github", kind="issue", map={"title": "upper(title)"}, page=Paging(max_pages=3)
    )
    assert channel.kind == "issue"
    assert channel.map["title"] == "upper(title)" and channel.map["text"] == "body || ''"
    assert (channel.page.style, channel.page.max_pages) == ("link_header", 3)


def test_value_that_a_preset_needs_is_asked_for() -> None:
    problems = dict(HttpJson(preset="wordpress").problems())
    assert 'values = { site = "…" }' in problems["url"]
