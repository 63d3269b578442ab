"""Hand-offs to systems on this computer that answer as the real ones do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from mentionwatch.delivery import handoff as desks
from mentionwatch.errors import ExitCode
from mentionwatch.store import deliveries
from tests.delivery.samples import HOSTILE
from tests.server import Reply, Request, Server
from tests.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_tokens() -> None:
    desks.forget_tokens()


def desk(url: str, more: str = "", name: str = "desk") -> str:
    return f'[handoff.{name}]\nurl = "{url}"\n{more}\n'


@pytest.fixture
def hook(http_server: Server) -> Server:
    http_server.reply("POST", "/hook", body={"id": 77, "url": "https://desk.example/t/77"})
    return http_server


def give(shop: Shop, *more: str, at: str = "08:10") -> Any:
    return shop.run("handoff", "1", *more, at=at)


@pytest.fixture
def synced(shop: Shop) -> Shop:
    shop.run("sync", at="08:05")
    return shop


def test_the_whole_story_goes_along(shop: Shop, hook: Server) -> None:
    shop.more = desk(f"{hook.url}/hook")
    shop.records(
        "facebook",
        {"id": "old", "author_id": "dana", "author": "Dana Reyes", "at": "2026-10-01 08:00",
         "text": "The grinder came broken.", "replied": True, "answered": "2026-10-01 09:00"},
        {"id": "p2", "author_id": "dana", "author": "Dana Reyes", "text": "Still no reply??",
         "thread_id": "p1", "at": "08:30"},
    )  # fmt: skip
    shop.run("sync", at="08:40")
    row = shop.run("queue", "--json", at="08:40").rows[0]
    result = shop.run("handoff", str(row["id"]), "--to", "desk", at="08:45")
    assert result.code == ExitCode.OK
    (request,) = hook.requests
    sent = request.json()
    assert (sent["event"], sent["version"]) == ("mention.handoff", 1)
    assert [entry["text"] for entry in sent["thread"] if entry["from"] == "customer"] == [
        "Where is my order?",
        "Still no reply??",
    ]
    assert [one["text"] for one in sent["earlier"]] == ["The grinder came broken."]
    for words in ("Where is my order?", "Still no reply??", "The grinder came broken."):
        assert words in sent["transcript"]
    assert sent["title"].startswith("Dana Reyes on facebook: ")
    assert request.headers["idempotency-key"] == sent["uid"]


def test_the_link_stays_and_the_clock_goes_on(synced: Shop, hook: Server) -> None:
    synced.more = desk(f"{hook.url}/hook")
    before = synced.run("queue", "--json", at="08:10").row(1)
    result = give(synced, "--to", "desk")
    assert "handed 1 to desk: https://desk.example/t/77" in result.err
    with synced.sql() as connection:
        (event,) = connection.execute("SELECT kind, data FROM event").fetchall()
    assert event["kind"] == "handoff"
    assert json.loads(event["data"]) == {
        "to": "desk", "url": "https://desk.example/t/77", "id": "77",
    }  # fmt: skip
    after = synced.run("queue", "--json", at="11:00").row(1)
    assert (after["state"], after["overdue"]) == ("open", True)
    assert after["due_at"] == before["due_at"]
    assert "handed to desk" in after["hints"]
    assert "https://desk.example/t/77" in synced.run("show", "1", at="11:00").out


def test_a_second_time_sends_nothing_unless_it_is_wanted(synced: Shop, hook: Server) -> None:
    synced.more = desk(f"{hook.url}/hook")
    give(synced)
    again = give(synced)
    assert (again.code, len(hook.requests)) == (ExitCode.OK, 1)
    assert "desk has 1 already; nothing was sent: https://desk.example/t/77" in again.err
    give(synced, "--again")
    keys = [request.headers["idempotency-key"] for request in hook.requests]
    assert len(set(keys)) == 2
    with synced.sql() as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone()[0] == 2


def test_a_hook_is_signed(synced: Shop, hook: Server) -> None:
    synced.more = desk(
        f"{hook.url}/hook", 'auth = { type = "hmac", secret = "literal:shared-secret" }'
    )
    give(synced)
    (request,) = hook.requests
    signed = request.headers["x-timestamp"].encode() + b"." + request.body
    expected = hmac.new(b"shared-secret", signed, hashlib.sha256).hexdigest()
    assert request.headers["x-signature"] == f"sha256={expected}"


def test_hostile_words_stay_inside_their_text(shop: Shop, hook: Server) -> None:
    for name, text in HOSTILE.items():
        shop.records(
            "yelp", {"id": name, "author_id": name, "text": f"Help? {text}", "at": "08:00"}
        )
    shop.more = desk(
        f"{hook.url}/hook",
        'headers = { X-Title = "{mention.title}" }\noptions = { token = "sesame" }\n'
        'body = { text = "say \\"{mention.text}\\"", n = "{mention.id}", own = "{x} { }" }',
    )
    shop.run("sync", at="08:05")
    ids = [str(row["id"]) for row in shop.run("queue", "--json", "--all", at="08:05").rows]
    assert shop.run("handoff", *ids, at="08:10").code == ExitCode.OK
    assert len(hook.requests) == len(ids)
    for request in hook.requests:
        sent = request.json()
        assert set(sent) == {"text", "n", "own"}
        assert isinstance(sent["n"], int)
        assert sent["own"] == "{x} { }"
        assert "sesame" not in request.body.decode()
        assert request.headers["x-title"].isascii()
    texts = " ".join(request.json()["text"] for request in hook.requests)
    assert "{options.token} {mention.uid}" in texts


def test_private_words_stay_out_unless_asked_for(shop: Shop, hook: Server) -> None:
    shop.records("inbox", {"id": "1", "author_id": "ana", "author": "Ana", "private": True,
                           "text": "My secret allergy, please help?", "at": "08:00"})  # fmt: skip
    shop.run("sync", at="08:05")
    rows = shop.run("queue", "--json", at="08:05").rows
    number = next(str(row["id"]) for row in rows if row["private"])
    shop.more = desk(f"{hook.url}/hook")
    shop.run("handoff", number, at="08:10")
    assert "secret allergy" not in hook.requests[0].body.decode()
    shop.more = desk(f"{hook.url}/hook", "private_text = true")
    shop.run("handoff", number, "--again", at="08:10")
    assert "secret allergy" in hook.requests[1].body.decode()


def test_a_dry_run_sends_nothing(synced: Shop, hook: Server) -> None:
    synced.more = desk(f"{hook.url}/hook")
    result = give(synced, "--dry-run")
    assert result.json["text"] == "Where is my order?"
    assert hook.requests == []


def test_a_place_without_a_value_is_named(synced: Shop, hook: Server) -> None:
    synced.more = desk(f"{hook.url}/hook", 'body = { a = "{mention.colour}" }')
    result = give(synced)
    assert result.code == ExitCode.UNAVAILABLE
    assert "there is no value for {mention.colour}" in result.err
    assert hook.requests == []


def test_unknown_targets_and_ids_are_named(synced: Shop, hook: Server) -> None:
    assert give(synced).code == ExitCode.USAGE
    synced.more = desk(f"{hook.url}/hook")
    assert give(synced, "--to", "nobody").code == ExitCode.USAGE
    assert synced.run("handoff", "1", "99", at="08:10").code == ExitCode.USAGE
    assert hook.requests == []


# --- by rule ----------------------------------------------------------------------------------


def test_a_rule_hands_over_by_itself_and_once(shop: Shop, hook: Server) -> None:
    shop.more = desk(f"{hook.url}/hook", 'when = ["overdue:high"]')
    for at in ("08:10", "11:00", "11:10"):
        assert shop.run("check", "--notify", "--json", at=at).code == ExitCode.OK
    assert [request.json()["overdue"] for request in hook.requests] == [True]


def test_what_a_desk_refuses_is_said_each_time_and_asked_now_and_then(
    shop: Shop, http_server: Server
) -> None:
    http_server.reply("POST", "/hook", 422, body={"error": "RecordInvalid"})
    shop.more = desk(f"{http_server.url}/hook", 'when = ["new:low"]')
    for at in ("08:10", "08:20", "08:30"):
        result = shop.run("check", "--notify", "--json", at=at)
        assert result.code == ExitCode.UNAVAILABLE
        assert "RecordInvalid" in result.err
    assert len(http_server.requests) == 1
    http_server.reply("POST", "/hook", body={})
    assert shop.run("check", "--notify", "--json", at="09:15").code == ExitCode.OK
    assert len(http_server.requests) == 2


# --- crashes, and answers that never come -----------------------------------------------------


class Killed(BaseException):
    pass


def _die(*_: object) -> None:
    raise Killed


def crash(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand over, and die between sending and recording."""
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "confirm_handoff", _die)
        with pytest.raises(Killed):
            give(shop)


def test_after_a_crash_a_webhook_gets_the_same_again(
    synced: Shop, hook: Server, monkeypatch
) -> None:
    synced.more = desk(f"{hook.url}/hook")
    crash(synced, monkeypatch)
    assert give(synced).code == ExitCode.OK
    give(synced)
    assert len({request.headers["idempotency-key"] for request in hook.requests}) == 1
    assert len(hook.requests) == 2


def zendesk(server: Server, more: str = "") -> str:
    return (
        '[handoff.desk]\npreset = "zendesk"\n'
        f'url = "{server.url}/api/v2/tickets.json"\n'
        f'auth = {{ type = "bearer", token = "literal:zendesk-token" }}\n{more}\n'
    )


def zendesk_tickets(server: Server) -> list[dict[str, Any]]:
    tickets: list[dict[str, Any]] = []

    def create(request: Request) -> Reply:
        tickets.append({**request.json()["ticket"], "id": 35436 + len(tickets)})
        return Reply(status=201, body={"ticket": tickets[-1]})

    def search(request: Request) -> Reply:
        wanted = request.params["external_id"]
        return Reply(body={"tickets": [one for one in tickets if one["external_id"] == wanted]})

    server.on("POST", "/api/v2/tickets.json", create)
    server.on("GET", "/api/v2/tickets.json", search)
    return tickets


def test_zendesk_gets_a_private_note_and_no_requester(synced: Shop, http_server: Server) -> None:
    tickets = zendesk_tickets(http_server)
    synced.more = zendesk(http_server)
    result = give(synced)
    assert f"{http_server.url}/agent/tickets/35436" in result.err
    (ticket,) = tickets
    assert ticket["comment"]["public"] is False
    assert "requester" not in ticket
    assert ticket["priority"] == "high"
    assert "Where is my order?" in ticket["comment"]["body"]
    (request,) = http_server.requests
    assert request.headers["authorization"] == "Bearer zendesk-token"
    assert request.headers["idempotency-key"] == ticket["external_id"]


def test_zendesk_is_asked_for_the_ticket_of_a_crash(
    synced: Shop, http_server: Server, monkeypatch
) -> None:
    tickets = zendesk_tickets(http_server)
    synced.more = zendesk(http_server)
    crash(synced, monkeypatch)
    result = give(synced)
    assert "from an earlier try" in result.err
    assert len(tickets) == 1
    assert "agent/tickets/35436" in synced.run("show", "1", at="08:20").out


def test_zendesk_renews_a_token_that_ended(synced: Shop, http_server: Server) -> None:
    tokens = iter(["t1", "t2"])

    def token(request: Request) -> Reply:
        asked = request.json()
        assert asked == {
            "grant_type": "client_credentials", "client_id": "mw", "client_secret": "s3cret-value",
            "scope": "tickets:write",
        }  # fmt: skip
        return Reply(body={"access_token": next(tokens), "expires_in": 1800})

    def create(request: Request) -> Reply:
        if request.headers["authorization"] != "Bearer t2":
            return Reply(status=401, body={"error": "invalid_token"})
        return Reply(status=201, body={"ticket": {"id": 1}})

    http_server.on("POST", "/oauth/tokens", token)
    http_server.on("POST", "/api/v2/tickets.json", create)
    synced.more = (
        f'[handoff.desk]\npreset = "zendesk"\nurl = "{http_server.url}/api/v2/tickets.json"\n'
        'auth = { type = "oauth2_client_credentials", '
        f'token_url = "{http_server.url}/oauth/tokens", client_id = "mw", '
        'client_secret = "literal:s3cret-value", scope = "tickets:write" }\n'
    )
    result = give(synced)
    assert result.code == ExitCode.OK
    assert "s3cret-value" not in result.err
    assert len(http_server.asked("/api/v2/tickets.json")) == 2


def test_freshdesk_gets_html_that_is_escaped_and_is_searched_after_a_crash(
    shop: Shop, http_server: Server, monkeypatch
) -> None:
    tickets: list[dict[str, Any]] = []

    def create(request: Request) -> Reply:
        tickets.append({**request.json(), "id": 12})
        return Reply(status=201, body=tickets[-1])

    def search(request: Request) -> Reply:
        uid = request.params["query"].removeprefix("\"tag:'").removesuffix("'\"")
        return Reply(body={"results": [one for one in tickets if uid in one["tags"]]})

    http_server.on("POST", "/api/v2/tickets", create)
    http_server.on("GET", "/api/v2/search/tickets", search)
    shop.records("facebook", {"id": "p2", "author_id": "dana", "text": "<b>Hello?</b> & more",
                              "thread_id": "p1", "at": "08:01"})  # fmt: skip
    shop.run("sync", at="08:05")
    shop.more = (
        f'[handoff.desk]\npreset = "freshdesk"\nurl = "{http_server.url}/api/v2/tickets"\n'
        'auth = { type = "basic", username = "apikey-1234", password = "literal:X" }\n'
    )
    crash(shop, monkeypatch)
    assert give(shop).code == ExitCode.OK
    (ticket,) = tickets
    assert "&lt;b&gt;Hello?&lt;/b&gt; &amp; more" in ticket["description"]
    assert (ticket["status"], ticket["source"], ticket["priority"]) == (2, 2, 3)
    assert "email" not in ticket
    assert all(len(tag) <= 32 for tag in ticket["tags"])
    sent = http_server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent) == b"apikey-1234:X"
    assert f"{http_server.url}/a/tickets/12" in shop.run("show", "1", at="08:20").out


def test_hubspot_gets_pipeline_and_stage(synced: Shop, http_server: Server, monkeypatch) -> None:
    path = "/crm/objects/2026-09/tickets"
    http_server.reply("POST", path, 201, body={"id": "512", "properties": {}})
    synced.more = (
        f'[handoff.desk]\npreset = "hubspot"\nurl = "{http_server.url}{path}"\n'
        'auth = { type = "bearer", token = "literal:pat-1234567" }\n'
        'options = { stage = "4", portal = "99" }\n'
    )
    crash(synced, monkeypatch)
    unsure = give(synced)
    # HubSpot cannot be asked for it: the owner looks, rather than a second ticket.
    assert unsure.code == ExitCode.UNAVAILABLE
    assert "is not known" in unsure.err
    assert "--again" in unsure.err
    assert len(http_server.requests) == 1
    assert "https://app.hubspot.com/contacts/99/record/0-5/512" in give(synced, "--again").err
    properties = http_server.requests[1].json()["properties"]
    assert (properties["hs_pipeline"], properties["hs_pipeline_stage"]) == ("0", "4")
    assert properties["hs_ticket_priority"] == "HIGH"


def test_salesforce_changes_the_case_that_is_there(synced: Shop, http_server: Server) -> None:
    http_server.reply(
        "POST", "/services/oauth2/token",
        body={"access_token": "t1", "instance_url": http_server.url},
    )  # fmt: skip
    http_server.reply(
        "PATCH", "/services/data/v67.0/sobjects/Case/Mw__c/*", 201,
        body={"id": "500x", "success": True, "errors": []},
    )  # fmt: skip
    synced.more = (
        '[handoff.desk]\npreset = "salesforce"\noptions = { external_id_field = "Mw__c" }\n'
        'auth = { type = "oauth2_client_credentials", '
        f'token_url = "{http_server.url}/services/oauth2/token", client_id = "mw", '
        'client_secret = "literal:s3cret-value" }\n'
    )
    assert f"{http_server.url}/lightning/r/Case/500x/view" in give(synced).err
    token, case = http_server.requests
    assert dict(token.form)["grant_type"] == "client_credentials"
    assert case.json()["Subject"].startswith("Dana Reyes on facebook")
    assert case.path.rpartition("/")[2].startswith("mw-")


def test_chatwoot_continues_where_a_crash_left_it(synced: Shop, http_server: Server) -> None:
    base = "/public/api/v1/inboxes/inb1"
    contacts: dict[str, Any] = {}
    conversations: list[dict[str, Any]] = []
    messages: list[Any] = []

    def contact(request: Request) -> Reply:
        sent = request.json()
        contacts.setdefault(sent["source_id"], sent)
        return Reply(body={"source_id": sent["source_id"], "id": 3})

    def posted(request: Request) -> Reply:
        if not request.path.endswith("/messages"):
            conversations.append({"id": 8, "messages": []})
            return Reply(body=conversations[-1])
        if len(http_server.requests) < 5:  # the first try ends here
            return Reply(status=403)
        messages.append(request.json()["content"])
        return Reply(body={"id": 1})

    http_server.on("POST", f"{base}/contacts", contact)
    http_server.on("GET", f"{base}/contacts/*", lambda request: Reply(body=conversations))
    http_server.on("POST", f"{base}/contacts/*", posted)
    synced.more = (
        '[handoff.desk]\npreset = "chatwoot"\n'
        f'options = {{ base_url = "{http_server.url}", inbox = "inb1", account = "2" }}\n'
    )
    assert give(synced).code == ExitCode.UNAVAILABLE
    result = give(synced)
    assert f"{http_server.url}/app/accounts/2/conversations/8" in result.err
    assert (len(contacts), len(conversations), len(messages)) == (1, 1, 1)
    assert "Where is my order?" in messages[0]


def test_a_desk_that_never_answers_leaves_it_open_whether_it_arrived(
    synced: Shop, http_server: Server, monkeypatch
) -> None:
    monkeypatch.setattr(desks, "SECONDS", 0.5)
    http_server.reply("POST", "/crm", delay=20)
    synced.more = (
        f'[handoff.desk]\npreset = "hubspot"\nurl = "{http_server.url}/crm"\n'
        'auth = { type = "bearer", token = "literal:pat-1234567" }\n'
    )
    assert "did not answer in time" in give(synced).err
    assert "is not known" in give(synced).err
    assert len(http_server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_may_be_tried_again(synced: Shop, http_server: Server, status: int) -> None:
    http_server.reply("POST", "/crm", status, body={"message": "no"}, times=1)
    http_server.reply("POST", "/crm", 201, body={"id": "1"})
    synced.more = desk(f"{http_server.url}/crm", 'preset = "hubspot"')
    assert give(synced).code == ExitCode.UNAVAILABLE
    assert give(synced).code == ExitCode.OK
