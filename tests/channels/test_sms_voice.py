from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import Query
from mentionwatch.channels._phone_numbers import is_machine, is_withheld, plain, same
from mentionwatch.channels.sms_voice import SmsVoice
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    NotFound,
    RateLimited,
    RequestRefused,
    ServerFailed,
    UnexpectedPayload,
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

SID = "AC" + "0" * 31 + "1"
OWN = "+18005550100"
ANA, BEN, CARLA = "+15550199001", "+15550199002", "+15550199003"
BASE = f"/2010-04-01/Accounts/{SID}"
SCHEMA: dict[str, Any] = recorded("sms_voice", "schema.json")
LISTS = ("Messages", "Calls", "Recordings", "Transcriptions")
CREDENTIALS = "Basic " + base64.b64encode(f"{SID}:token-acme".encode()).decode()


class World:
    """Twilio's side: newest first, ``size`` things on a page, further pages by their token."""

    def __init__(self, server: Server, *, size: int = 3) -> None:
        self.server = server
        self.size = size
        self.things = {name: recorded("sms_voice", f"{name.lower()}.json") for name in LISTS}
        answers = {
            f"GET /2010-04-01/Accounts/:sid/{name}.json": self.listing(name) for name in LISTS
        }
        self.strict = Strict(server, "sms_voice", answers)

    def listing(self, name: str) -> Any:
        def answer(request: Request, sid: str) -> Answer:
            if request.headers.get("authorization") != CREDENTIALS or sid != SID:
                body = {"code": 20003, "message": "Authenticate", "more_info": "", "status": 401}
                return Answer(status=401, body=body)
            return Answer(body=self.page(name, request))

        return answer

    def page(self, name: str, request: Request) -> dict[str, Any]:
        least = next((v for k, v in request.query if k.endswith(">")), "")
        day = datetime.fromisoformat(least).replace(hour=0, minute=0) if least else None
        every = sorted(self.things[name], key=made, reverse=True)
        every = [one for one in every if day is None or made(one) >= day]
        start = int(request.params.get("PageToken", "PA0")[2:])
        more = start + self.size < len(every)
        query = "&".join(
            f"{k.replace('>', '%3E')}={v}" for k, v in request.query if "Page" not in k
        )
        address = f"{BASE}/{name}.json?{query}&PageSize=1000&Page=1&PageToken=PA{start + self.size}"
        return {
            name.lower(): every[start : start + self.size],
            "next_page_uri": address if more else None,
            "page": start // self.size,
            "page_size": self.size,
            "uri": request.path,
        }

    def thing(self, name: str, number: int) -> dict[str, Any]:
        ending = f"{number:032x}"
        return next(one for one in self.things[name] if one["sid"].endswith(ending))


def made(thing: Mapping[str, Any]) -> datetime:
    return datetime.strptime(thing["date_created"], "%a, %d %b %Y %H:%M:%S %z")


def sms(number: int) -> str:
    return f"SM{number:032x}"


def call(number: int) -> str:
    return f"CA{number:032x}"


def channel_of(base_url: str, **changes: Any) -> SmsVoice:
    channel = SmsVoice(
        account_sid=SID,
        auth_token=Secret("token-acme"),
        numbers=(OWN,),
        base_url=f"{base_url}/2010-04-01",
    )
    return replace(channel, **changes)


EXPECTED = (
    *(sms(number) for number in range(1, 9)),
    *(call(number) for number in (1, 2, 4, 5, 7)),
    f"{call(3)}/answered",
)


class TestContract(ChannelContract):
    expected = EXPECTED

    def settings(self, base_url: str) -> SmsVoice:
        return channel_of(base_url, transcriptions=True)

    def routes(self, server: Server) -> None:
        World(server)

    def asks_with_cursor(
        self, first: list[Request], second: list[Request], kept: dict[str, StreamState]
    ) -> bool:
        """The filter begins a day before the cursor."""
        day = datetime(2026, 11, 20, 6, 50, tzinfo=UTC)
        return any(
            name == "DateSent>" and datetime.fromisoformat(value) == day
            for request in second
            for name, value in request.query
        )


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


def test_fixtures_have_the_documented_shape() -> None:
    for name in LISTS:
        page = {name.lower(): recorded("sms_voice", f"{name.lower()}.json")}
        check_shape(page, "Page", SCHEMA["shapes"])


def test_misspelt_filters_are_refused() -> None:
    table = SCHEMA["requests"]["GET /2010-04-01/Accounts/:sid/Messages.json"]
    assert misfit([("DateSend>", "2026-11-20T00:00:00Z")], table)
    assert misfit([("PageSize", "1001")], table)


# --- texts -----------------------------------------------------------------------------------


def test_text_is_private_and_in_the_thread_of_both_numbers(world: World) -> None:
    found = by_id(read(world))
    first, second = found[sms(1)], found[sms(2)]
    assert isinstance(first, Mention) and isinstance(second, Mention)
    assert (first.text, first.kind) == ("My order never came.", "sms")
    assert first.private and first.addressed
    assert first.author.id == ANA
    assert first.thread_id == second.thread_id == f"{OWN}/{ANA}"
    assert first.published == datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.slow
def test_our_text_is_a_reply_and_the_responder_is_automatic(world: World) -> None:
    found = by_id(read(world))
    answer, responder = found[sms(4)], found[sms(3)]
    assert isinstance(answer, Reply) and isinstance(responder, Reply)
    assert answer.thread_id == f"{OWN}/{ANA}" and answer.to == (ANA,)
    assert (answer.certainty, answer.automatic) == ("sure", False)
    assert responder.automatic
    counted = by_id(read(world, count_auto_replies=True))[sms(3)]
    assert isinstance(counted, Reply) and not counted.automatic


def test_text_that_did_not_arrive_is_no_reply(world: World) -> None:
    assert isinstance(by_id(read(world))[sms(8)], Deletion)


def test_the_same_words_to_many_are_only_perhaps_an_answer(world: World) -> None:
    world.size = 1000
    model = world.thing("Messages", 4)
    for number, other in enumerate((ANA, BEN, CARLA), start=20):
        world.things["Messages"].append(dict(model, sid=sms(number), to=other, body="Sale!"))
    found = by_id(read(world))
    assert [found[sms(n)].certainty for n in (4, 20, 21, 22)] == [  # type: ignore[union-attr]
        "sure", "likely", "likely", "likely",
    ]  # fmt: skip


def test_picture_opt_out_and_short_code(world: World) -> None:
    found = by_id(read(world))
    picture, stop, code = (found[sms(number)] for number in (5, 6, 7))
    assert isinstance(picture, Mention) and isinstance(stop, Mention) and isinstance(code, Mention)
    assert (picture.text, picture.media) == ("[picture message]", 1)
    assert stop.skipped == "opt-out keyword"
    assert code.skipped == "short code"
    allowed = by_id(read(world, allow_senders=("72345",)))[sms(7)]
    assert isinstance(allowed, Mention) and not allowed.skipped


@pytest.mark.slow
def test_redacted_text_keeps_our_copy(world: World) -> None:
    first = read(world)
    world.thing("Messages", 1)["body"] = ""
    world.thing("Messages", 5).update(body="", num_media="0")
    again = resumed(QUERY, first)
    assert sms(1) not in by_id(read(world, again))
    assert sms(1) in by_id(read(world, again, honour_redaction=True))
    # A text that comes without words for the first time is still somebody who waits.
    assert isinstance(by_id(read(world))[sms(1)], Mention)


def test_only_the_watched_number_is_read(world: World) -> None:
    world.thing("Messages", 1)["to"] = "+18005550999"
    assert sms(1) not in by_id(read(world))
    assert sms(1) in by_id(read(world, numbers=()))


# --- calls -----------------------------------------------------------------------------------


def test_missed_call_waits_and_a_call_back_answers(world: World) -> None:
    found = by_id(read(world))
    missed, back = found[call(1)], found[call(2)]
    assert isinstance(missed, Mention) and isinstance(back, Reply)
    assert (missed.kind, missed.text) == ("call", "[missed call]")
    assert missed.thread_id == back.thread_id == f"{OWN}/{ANA}"
    assert back.to == (ANA,) and back.text == "[called back, 1:35]"


def test_short_call_back_is_none(world: World) -> None:
    assert call(6) not in by_id(read(world))
    assert call(6) in by_id(read(world, answered_seconds=5))


def test_call_back_to_a_machine_is_perhaps_an_answer(world: World) -> None:
    world.thing("Calls", 2)["answered_by"] = "machine_start"
    back = by_id(read(world))[call(2)]
    assert isinstance(back, Reply) and back.certainty == "likely"


@pytest.mark.slow
def test_call_put_through_is_answered_also_across_pages(world: World) -> None:
    for size in (1, 3, 50):
        world.size = size
        found = by_id(read(world))
        taken = found[f"{call(3)}/answered"]
        assert isinstance(taken, Reply) and taken.to == (BEN,)
        assert call(3) not in found


@pytest.mark.slow
def test_call_that_only_a_machine_took_waits(world: World) -> None:
    world.things["Calls"].remove(world.thing("Calls", 4))
    waits = by_id(read(world))[call(3)]
    assert isinstance(waits, Mention) and waits.text == "[call, 3:00, taken by the machine]"
    assert f"{call(3)}/answered" in by_id(read(world, machine_answers=False))


@pytest.mark.slow
def test_voicemail_without_and_with_transcript(world: World) -> None:
    plain_one = by_id(read(world))[call(5)]
    assert isinstance(plain_one, Mention)
    assert (plain_one.kind, plain_one.text) == ("voicemail", "[voicemail, 0:31, no transcript]")
    assert plain_one.author.name == "CARLA M"
    written = by_id(read(world, transcriptions=True))[call(5)]
    assert isinstance(written, Mention) and "jeans tore" in written.text


def test_recordings_that_may_not_be_read_are_a_warning(world: World) -> None:
    body = {"code": 70001, "message": "Forbidden", "status": 403}
    world.server.reply("GET", f"{BASE}/Recordings.json", 403, body=body)
    pages = read(world)
    assert call(5) in by_id(pages)
    assert "recordings cannot be read" in next(w for page in pages for w in page.warnings)


@pytest.mark.slow
def test_withheld_number_has_a_thread_of_its_own(world: World) -> None:
    hidden = by_id(read(world))[call(7)]
    assert isinstance(hidden, Mention)
    assert (hidden.author.name, hidden.author.id) == ("withheld number", "")
    assert hidden.thread_id == call(7) and not hidden.skipped


def test_calls_can_be_left_out(world: World) -> None:
    read(world, calls=False)
    assert not world.server.asked(f"{BASE}/Calls.json")


# --- paging ----------------------------------------------------------------------------------


def test_empty_account(world: World) -> None:
    world.things = {name: [] for name in LISTS}
    assert not items(read(world))


@pytest.mark.slow
def test_late_change_within_a_day_is_seen(world: World) -> None:
    world.thing("Messages", 8)["status"] = "delivered"
    first = read(world)
    assert isinstance(by_id(first)[sms(8)], Reply)
    world.thing("Messages", 8)["status"] = "undelivered"
    later = replace(resumed(QUERY, first), now=QUERY.now + timedelta(hours=1))
    assert isinstance(by_id(read(world, later))[sms(8)], Deletion)


def test_address_of_a_page_that_is_gone_begins_again(world: World) -> None:
    first = collect(channel_of(world.server.url), QUERY, stop_after=1)
    body = {"code": 20006, "message": "Invalid page token", "status": 400}
    world.server.reply("GET", f"{BASE}/Messages.json", 400, body=body, times=1,
                       query={"PageToken": "PA3"})  # fmt: skip
    second = collect(channel_of(world.server.url), resumed(QUERY, first))
    assert set(EXPECTED) <= set(by_id(first)) | set(by_id(second))


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/x", "//evil.example/x", "/2010-04-01/Accounts/AC2/Messages.json"],
)
def test_foreign_next_page_is_refused(world: World, address: str) -> None:
    body = {"messages": [], "next_page_uri": address}
    world.server.reply("GET", f"{BASE}/Messages.json", body=body)
    with pytest.raises(UnexpectedPayload):
        collect(channel_of(world.server.url, calls=False))


# --- who we are, and refusals ----------------------------------------------------------------


def test_account(world: World) -> None:
    account = account_of(channel_of(world.server.url))
    assert (account.id, account.names) == (SID, (OWN,))
    assert len(world.server.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind", "hint"),
    [
        (400, 20007, RequestRefused, "doctor"),
        (401, 20003, CredentialsRefused, "auth_token"),
        (404, 20404, NotFound, "account_sid"),
        (429, 20429, RateLimited, "later"),
        (503, 20503, ServerFailed, "later"),
    ],
)
def test_refusals(
    world: World, status: int, code: int, kind: type[ChannelError], hint: str
) -> None:
    body = {"code": code, "message": "no", "more_info": "", "status": status}
    world.server.reply("GET", f"{BASE}/Messages.json", status, body=body)
    with pytest.raises(ChannelError) as caught:
        collect(channel_of(world.server.url))
    assert isinstance(caught.value, kind)
    assert hint in caught.value.hint


def test_settings_are_checked() -> None:
    wrong = channel_of("ftp:", account_sid="a/b", country="1", answered_seconds=-1)
    assert [key for key, _ in wrong.problems()] == [
        "account_sid", "country", "answered_seconds", "base_url",
    ]  # fmt: skip


# --- numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("(800) 555-0100", "+1", OWN),
        ("0044 20 7946 0000", "", "+442079460000"),
        ("020 7946 0000", "+44", "+442079460000"),
        ("WhatsApp:+1 555 0199001", "", f"whatsapp:{ANA}"),
        ("72345", "+1", "72345"),
        ("sip:ana@acme.example", "", "sip:ana@acme.example"),
        ("ACME", "+1", "ACME"),
    ],
)
def test_numbers_have_one_form(written: str, country: str, expected: str) -> None:
    assert plain(written, country) == expected


def test_same_line() -> None:
    assert same("+442079460000", "02079460000")
    assert not same(ANA, BEN)
    assert not same(ANA, f"whatsapp:{ANA}")
    assert not same("72345", "72346")


def test_who_is_nobody() -> None:
    assert is_withheld("Anonymous") and is_withheld("") and not is_withheld(ANA)
    assert is_machine("72345") and is_machine("ACME")
    assert not is_machine(ANA) and not is_machine("5550199001")
