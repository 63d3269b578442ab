from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, Query
from mentionwatch.channels.helpdesk import Helpdesk
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
from mentionwatch.model.items import Deletion, Item, Mention, Page, Reply, StreamState
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

SCHEMA: dict[str, Any] = recorded("helpdesk", "schema.json")
CHATWOOT = "/api/v1/accounts/1/conversations"
NAMES = {
    "list": "GET /api/v1/accounts/:account/conversations",
    "messages": "GET /api/v1/accounts/:account/conversations/:conversation/messages",
}


class World:
    """Both help desks; ``size`` conversations, and messages, on a page at most."""

    def __init__(self, server: Server, *, size: int = 1) -> None:
        self.server = server
        self.size = size
        self.chatwoot: list[dict[str, Any]] = recorded("helpdesk", "chatwoot.json")
        self.intercom: list[dict[str, Any]] = recorded("helpdesk", "intercom.json")
        self.strict = Strict(
            server,
            "helpdesk",
            {
                NAMES["list"]: self.known("api-access-token", "desk-token", self.listing),
                NAMES["messages"]: self.known("api-access-token", "desk-token", self.messages),
                "GET /me": self.known("authorization", "Bearer desk-token", self.me),
                "GET /conversations/:conversation": self.known(
                    "authorization", "Bearer desk-token", self.one
                ),
            },
        )

        # What is asked stands in a body of JSON, which `search` checks itself.
        search = self.known("authorization", "Bearer desk-token", self.search)
        server.on("POST", "/conversations/search", search)

    def known(self, header: str, value: str, answer: Callable[..., Answer]) -> Any:
        def check(request: Request, *parts: str) -> Answer:
            if request.headers.get(header) != value:
                return Answer(status=401, body={"errors": ["You need to sign in"]})
            return answer(request, *parts)

        return check

    def listing(self, request: Request, account: str) -> Answer:
        assert request.headers["accept-encoding"] == "gzip"
        every = sorted(self.chatwoot, key=lambda one: -one["at"])
        start = (int(request.params["page"]) - 1) * self.size
        found = [listed(one) for one in every[start : start + self.size]]
        return Answer(body={"data": {"meta": {"all_count": len(every)}, "payload": found}})

    def messages(self, request: Request, account: str, conversation: str) -> Answer:
        for one in self.chatwoot:
            if str(one["conv"]) == conversation:
                below = int(request.params.get("before", "1000000"))
                found = [message for message in one["messages"] if message["id"] < below]
                return Answer(body={"meta": {}, "payload": found[-3:]})
        return Answer(status=404, body={"error": "Resource could not be found"})

    def me(self, request: Request) -> Answer:
        app = {"type": "app", "id_code": "abc123", "name": "Acme Coffee"}
        return Answer(body={"type": "admin", "id": "9", "name": "Ana", "app": app})

    def search(self, request: Request) -> Answer:
        asked = request.json()
        assert set(asked) == {"query", "pagination"}
        assert set(asked["query"]) == {"field", "operator", "value"}
        assert 1 <= asked["pagination"]["per_page"] <= 150
        least = asked["query"]["value"]
        found = [one for one in self.intercom if one["updated_at"] > least]
        after = asked["pagination"].get("starting_after", "p0")[1:]
        if not after.isdecimal():
            return Answer(status=400, body={"type": "error.list", "errors": []})
        start = int(after)
        page = [{k: v for k, v in one.items() if k != "conversation_parts"} for one in found]
        pages: dict[str, Any] = {"type": "pages", "page": 1, "per_page": self.size}
        if start + self.size < len(found):
            pages["next"] = {"per_page": self.size, "starting_after": f"p{start + self.size}"}
        body = {"type": "conversation.list", "conversations": page[start : start + self.size],
                "pages": pages, "total_count": len(found)}  # fmt: skip
        return Answer(body=body)

    def one(self, request: Request, conversation: str) -> Answer:
        assert request.headers["intercom-version"] == "2.11"
        for one in self.intercom:
            if one["id"] == conversation:
                return Answer(body=one)
        errors = [{"code": "not_found", "message": "Resource Not Found"}]
        return Answer(status=404, body={"type": "error.list", "errors": errors})


def listed(one: dict[str, Any]) -> dict[str, Any]:
    """Return a conversation as Chatwoot lists it: with its latest message only."""
    customer = next(m["sender"] for m in one["messages"] if m["message_type"] == 0)
    sender = {"id": 5, "name": "", "email": None, "phone_number": None, **(customer or {})}
    spoken = [m for m in one["messages"] if m["message_type"] != 2]
    return {
        "id": one["conv"], "uuid": f"0000-{one['conv']}", "inbox_id": 2, "status": "open",
        "created_at": one["messages"][0]["created_at"], "timestamp": one["at"],
        "last_activity_at": one["at"], "waiting_since": 0, "first_reply_created_at": 0,
        "unread_count": 0, "agent_last_seen_at": 0, "labels": [], "priority": None,
        "custom_attributes": {}, "meta": {"sender": sender, "channel": "Channel::WebWidget"},
        "messages": one["messages"][-1:], "last_non_activity_message": spoken[-1],
    }  # fmt: skip


def channel_of(base_url: str, service: Any = "chatwoot", **changes: Any) -> Helpdesk:
    account = "1" if service == "chatwoot" else ""
    channel = Helpdesk(
        service=service, token=Secret("desk-token"), account_id=account, base_url=base_url
    )
    return replace(channel, **changes)


class TestChatwootContract(ChannelContract):
    expected = (
        *(f"101:{number}" for number in (1, 2, 4, 6)), "102:11",
        *(f"103:{number}" for number in (21, 22, 23, 24, 25)),
    )  # fmt: skip

    def settings(self, base_url: str) -> Helpdesk:
        return channel_of(base_url)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """There is no filter by time: only what changed is read."""
        return len(second) < len(first)


class TestIntercomContract(ChannelContract):
    expected = (
        *(f"201:{number}" for number in ("source", 1, 3, 5)), "202:source",
        *(f"203:{number}" for number in ("source", 11, 12)),
    )  # fmt: skip

    def settings(self, base_url: str) -> Helpdesk:
        return channel_of(base_url, "intercom")

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        asked = next(one.json() for one in second if one.path == "/conversations/search")
        return bool(asked["query"]["value"] == (QUERY.now - timedelta(days=1)).timestamp())


@pytest.fixture
def world(http_server: Server) -> World:
    return World(http_server)


def read(
    world: World, service: Any = "chatwoot", query: Query = QUERY, **changes: Any
) -> list[Page]:
    pages = collect(channel_of(world.server.url, service, **changes), query)
    check_pages(pages)
    assert not world.strict.faults
    return pages


def by_id(pages: list[Page]) -> dict[str, Item]:
    return {one.external_id: one for one in items(pages)}


def mention(pages: list[Page], external_id: str) -> Mention:
    found = by_id(pages)[external_id]
    assert isinstance(found, Mention)
    return found


def reply(pages: list[Page], external_id: str) -> Reply:
    found = by_id(pages)[external_id]
    assert isinstance(found, Reply)
    return found


def test_fixtures_have_the_documented_shape() -> None:
    for one in recorded("helpdesk", "chatwoot.json"):
        check_shape(one["messages"], "[ChatwootMessage]", SCHEMA["shapes"])
        check_shape(listed(one), "ChatwootConversation", SCHEMA["shapes"])
    check_shape(recorded("helpdesk", "intercom.json"), "[Conversation]", SCHEMA["shapes"])


def test_undocumented_parameters_are_refused() -> None:
    assert misfit([("status", "closed")], SCHEMA["requests"][NAMES["list"]])
    assert misfit([("since", "1")], SCHEMA["requests"][NAMES["list"]])


# --- Chatwoot --------------------------------------------------------------------------------


def test_chat_is_private_and_waits(world: World) -> None:
    pages = read(world)
    first, again, photo = (mention(pages, one) for one in ("101:1", "101:6", "102:11"))
    assert (first.text, first.author.name, first.author.id) == (
        "Is it in stock?", "Ida", "ida@customer.example",
    )  # fmt: skip
    assert first.private and first.addressed and first.thread_id == again.thread_id == "101"
    assert first.url == f"{world.server.url}/app/accounts/1/conversations/101"
    assert first.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert again.text == "And in blue?"
    assert (photo.text, photo.media, photo.author.id) == ("", 1, "+15550199002")


@pytest.mark.slow
def test_only_what_people_wrote_to_the_customer_answers(world: World) -> None:
    pages = read(world)
    assert not reply(pages, "101:4").automatic and reply(pages, "101:4").thread_id == "101"
    assert reply(pages, "101:2").automatic and reply(pages, "103:22").automatic
    assert "101:3" not in by_id(pages) and "101:5" not in by_id(pages)
    gone = [one for one in items(pages) if isinstance(one, Deletion)]
    assert {one.external_id for one in gone} == {"103:23", "103:24"}


@pytest.mark.slow
def test_one_inbox_alone(world: World) -> None:
    read(world, inbox=7)
    assert world.server.requests[0].params["inbox_id"] == "7"


def test_empty_account(world: World) -> None:
    world.chatwoot, world.intercom = [], []
    assert not items(read(world)) and not items(read(world, "intercom"))


# --- Intercom --------------------------------------------------------------------------------


def test_intercom_conversation(world: World) -> None:
    pages = read(world, "intercom")
    first, lead, again = (mention(pages, one) for one in ("201:source", "202:source", "203:12"))
    assert (first.text, first.author.handle) == ("Is it in stock?", "ida@customer.example")
    assert first.url == "https://app.intercom.com/a/inbox/abc123/inbox/conversation/201"
    assert (lead.title, lead.text, lead.author.id) == ("A photo", "", "6")
    assert again.text == "Not at all."
    assert not reply(pages, "201:3").automatic and reply(pages, "201:1").automatic
    assert reply(pages, "203:source").automatic, "a campaign is no answer"
    assert isinstance(by_id(pages)["203:11"], Deletion)
    assert "201:2" not in by_id(pages)


# --- later runs ------------------------------------------------------------------------------


def later(pages: list[Page], **changes: Any) -> Query:
    return replace(resumed(QUERY, pages), now=QUERY.now + timedelta(hours=2), **changes)


def waiting(*names: str) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(external_id=name, thread_id=name.partition(":")[0], published=QUERY.since)
        for name in names
    )


@pytest.mark.slow
def test_our_late_answer_is_seen(world: World) -> None:
    first = read(world)
    answer = dict(world.chatwoot[2]["messages"][-1], id=40, content="Here", created_at=1795250000)
    world.chatwoot[1]["messages"].append(answer)
    world.chatwoot[1]["at"] = 1795250000
    assert reply(read(world, query=later(first)), "102:40").text == "Here"
    second = read(world, query=later(first, open=waiting("102:11")))
    assert "102:11" in {one for page in second for one in page.checked}


@pytest.mark.parametrize(
    ("service", "ours", "asked"),
    [("chatwoot", "103:25", "102:11"), ("intercom", "201:3", "202:source")],
)
def test_deletions_that_change_no_list_are_seen(
    world: World, service: str, ours: str, asked: str
) -> None:
    first = read(world, service)
    world.chatwoot[2]["messages"][-1]["content_attributes"] = {"deleted": True}
    world.intercom[0]["conversation_parts"]["conversation_parts"][2]["redacted"] = True
    del world.chatwoot[1], world.intercom[1]
    query = later(first, open=waiting(asked), known_own_ids=(ours,))
    # Much later, so that no list brings the conversations back by itself.
    second = read(world, service, replace(query, now=QUERY.now + timedelta(days=9)))
    gone = {one.external_id for one in items(second) if isinstance(one, Deletion)}
    assert {ours, asked} <= gone


@pytest.mark.slow
def test_many_that_wait_are_looked_at_in_turn(world: World) -> None:
    first = read(world)
    query = later(first, open=waiting(*(f"{number}:1" for number in range(500, 545))))
    second = read(world, query=query)
    third = read(world, query=resumed(query, second))
    checked = {one for page in (*second, *third) for one in page.checked}
    assert checked == {one.external_id for one in query.open}


# --- who we are, and refusals ----------------------------------------------------------------


def test_account(world: World) -> None:
    assert account_of(channel_of(world.server.url)).id == "chatwoot:1"
    account = account_of(channel_of(world.server.url, "intercom"))
    assert (account.id, account.summary) == (
        "intercom:abc123", "conversations of Acme Coffee can be read",
    )  # fmt: skip
    assert len(world.server.requests) == 2


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, CredentialsRefused, "Access Token"),
        (403, PermissionMissing, "right to read"),
        (404, NotFound, "account_id"),
        (429, RateLimited, "later"),
        (503, ServerFailed, "later"),
    ],
)
def test_refusals(world: World, status: int, kind: type[ChannelError], hint: str) -> None:
    world.server.reply("GET", CHATWOOT, status, body={"error": "no"})
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind) and hint in caught.value.hint


@pytest.mark.parametrize(
    ("status", "code", "kind", "hint"),
    [
        (400, "parameter_invalid", RequestRefused, "doctor"),
        (401, "unauthorized", CredentialsRefused, "Developer Hub"),
        (403, "api_plan_restricted", PermissionMissing, "right to read"),
        (404, "not_found", NotFound, ""),
        (429, "rate_limit_exceeded", RateLimited, "later"),
        (503, "service_unavailable", ServerFailed, "later"),
    ],
)
def test_refusals_of_intercom(
    world: World, status: int, code: str, kind: type[ChannelError], hint: str
) -> None:
    errors = [{"code": code, "message": "no"}]
    body = {"type": "error.list", "request_id": "x", "errors": errors}
    world.server.reply("POST", "/conversations/search", status, body=body)
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url, "intercom"))
    assert isinstance(caught.value, kind) and hint in caught.value.hint


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp://x", account_id="acme")
    assert [key for key, _ in wrong.problems()] == ["account_id", "base_url"]
    other = channel_of("", "intercom", inbox=3)
    assert [key for key, _ in other.problems()] == ["inbox"]
    assert other.address == "https://api.intercom.io"
