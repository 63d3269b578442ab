"""Who is told what: once per conversation, level and target; quiet hours; races and crashes."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.errors import ExitCode
from mentionwatch.store import deliveries
from tests.server import Server
from tests.shop import Shop

pytestmark = pytest.mark.slow


def target(server: Server, *when: str, more: str = "", path: str = "/hook") -> str:
    events = ", ".join(f'"{event}"' for event in when)
    return f'[[notify]]\nto = "webhook"\nurl = "{server.url}{path}"\nwhen = [{events}]\n{more}\n'


@pytest.fixture
def hook(http_server: Server) -> Server:
    http_server.reply("POST", "/hook", 200)
    return http_server


def told(server: Server, path: str = "/hook") -> list[list[tuple[Any, str]]]:
    """Return what each message told: ids (or channels) and events."""
    return [
        [(item.get("id", item.get("channel")), item["event"]) for item in request.json()["items"]]
        for request in server.asked(path)
    ]


NOTIFY = ("check", "--notify", "--json")


def test_a_conversation_is_told_once_for_each_kind(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low", "overdue:low")
    for at in ("08:10", "08:20", "11:00", "11:10"):
        assert shop.run(*NOTIFY, at=at).code == ExitCode.OK
    assert told(hook) == [[(1, "mention.new")], [(1, "mention.overdue")]]


def test_what_is_new_and_late_at_once_is_one_line(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low", "overdue:low", "due-soon:low")
    shop.run(*NOTIFY, at="11:00")
    shop.run(*NOTIFY, at="11:10")
    assert told(hook) == [[(1, "mention.overdue")]]


def test_a_lower_priority_is_not_told(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:urgent")
    shop.run(*NOTIFY, at="08:10")
    assert hook.requests == []


def test_a_higher_level_is_told_anew(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:high")
    shop.run(*NOTIFY, at="08:10")
    shop.records(
        "facebook",
        {"id": "p3", "author_id": "dana", "at": "08:30",
         "text": "I called twice and e-mailed. My son is allergic and had to go to hospital after "
                 "eating your cake! Lawyer next!"},
    )  # fmt: skip
    assert shop.run(*NOTIFY, at="08:40").rows[0]["priority"] == "urgent"
    shop.run(*NOTIFY, at="08:50")
    assert told(hook) == [[(1, "mention.new")], [(1, "mention.new")]]


def test_who_was_answered_and_writes_again_is_told_anew(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low")
    shop.run(*NOTIFY, at="08:10")
    shop.records(
        "facebook",
        {"id": "p1", "author_id": "dana", "text": "Where is my order?", "at": "08:00",
         "replied": True, "answered": "08:15"},
    )  # fmt: skip
    shop.run(*NOTIFY, at="08:20")
    shop.records(
        "facebook",
        {"id": "p2", "author_id": "dana", "text": "It still is not here. Where is it?",
         "thread_id": "p1", "at": "09:00"},
    )  # fmt: skip
    shop.run(*NOTIFY, at="09:10")
    shop.run(*NOTIFY, at="09:20")
    assert [len(items) for items in told(hook)] == [1, 1]


def test_a_further_message_of_somebody_who_waits_is_no_news(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low")
    shop.run(*NOTIFY, at="08:10")
    shop.records(
        "facebook", {"id": "p2", "author_id": "dana", "text": "Anybody there?", "at": "08:15"}
    )
    shop.run(*NOTIFY, at="08:20")
    assert [len(items) for items in told(hook)] == [1]


def test_each_target_is_told_for_itself(shop: Shop, hook: Server) -> None:
    hook.reply("POST", "/late", 200)
    shop.more = target(hook, "new:low") + target(hook, "overdue:low", path="/late")
    shop.run(*NOTIFY, at="08:10")
    shop.run(*NOTIFY, at="11:00")
    assert (len(told(hook)), len(told(hook, "/late"))) == (1, 1)


def test_many_are_one_message_that_counts_the_rest(shop: Shop, hook: Server) -> None:
    for number in range(20):
        shop.records(
            "facebook",
            {"id": f"x{number}", "author_id": f"x{number}", "text": "Where is my order?",
             "at": "08:00"},
        )  # fmt: skip
    shop.more = target(hook, "new:low", more="items = 10")
    shop.run(*NOTIFY, at="08:10")
    shop.run(*NOTIFY, at="08:20")
    (request,) = hook.requests
    assert (len(request.json()["items"]), request.json()["more"]) == (10, 11)
    assert request.json()["title"] == "Acme Coffee: 21 new (high)"


def test_a_broken_channel_is_told_once_until_it_breaks_anew(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "channel:failed")
    shop.channel("yelp")
    shop.run(*NOTIFY, at="08:10")
    shop.run(*NOTIFY, at="08:20")
    assert told(hook) == [[("yelp", "channel.failed")]]
    shop.records("yelp", {"id": "1", "text": "Fine.", "author_id": "b", "at": "08:00"})
    shop.run(*NOTIFY, at="08:30")
    (shop.folder / "yelp.ndjson").unlink()
    shop.run(*NOTIFY, at="08:40")
    shop.run(*NOTIFY, at="08:50")
    assert told(hook) == [[("yelp", "channel.failed")]] * 2


def test_a_stale_channel_is_told(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "channel:stale")
    shop.run("sync", at="08:10")
    for at in ("09:00", "thu 09:00", "thu 09:10"):
        shop.run("notify", at=at)
    assert told(hook) == [[("facebook", "channel.stale")]]


# --- quiet hours ------------------------------------------------------------------------------


def test_quiet_hours_end_in_one_summary(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low", "overdue:low", more='quiet = "22:00-07:00"')
    shop.run(*NOTIFY, at="21:00")
    for number, at in enumerate(("22:30", "23:30", "wed 03:00")):
        shop.records(
            "facebook",
            {"id": f"n{number}", "author_id": f"n{number}", "text": "Where is my order?",
             "at": at},
        )  # fmt: skip
        result = shop.run(*NOTIFY, at=at)
        assert "held until its quiet hours end" in result.err
    assert shop.run(*NOTIFY, at="wed 06:59").code == ExitCode.OK
    assert len(hook.requests) == 1
    shop.run(*NOTIFY, at="wed 07:00")
    shop.run(*NOTIFY, at="wed 07:10")
    assert len(hook.requests) == 2
    night = hook.requests[1].json()
    assert night["title"] == "Acme Coffee: since 22:00, while it was quiet: 3 overdue (high)"
    assert len(night["items"]) == 3


def test_what_was_settled_in_the_night_is_not_told(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low", more='quiet = "22:00-07:00"')
    shop.run(*NOTIFY, at="21:00")
    shop.records("facebook", {"id": "n", "author_id": "n", "text": "Where?!", "at": "22:30"})
    shop.run(*NOTIFY, at="23:00")
    shop.run("done", "2", at="23:10")
    shop.run(*NOTIFY, at="wed 07:10")
    assert len(hook.requests) == 1


def test_quiet_hours_are_those_of_the_owner(shop: Shop, hook: Server) -> None:
    shop.hours = '[hours]\ntimezone = "America/New_York"'
    shop.more = target(hook, "new:low", more='quiet = "22:00-07:00"')
    shop.run(*NOTIFY, at="11:59")  # 06:59 there
    assert hook.requests == []
    shop.run(*NOTIFY, at="12:00")
    assert len(hook.requests) == 1


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500])
def test_a_target_that_fails_does_not_stop_the_others(
    shop: Shop, http_server: Server, status: int
) -> None:
    http_server.reply("POST", "/broken/secretpath", status, body="no")
    http_server.reply("POST", "/hook", 200)
    shop.more = target(http_server, "new:low", path="/broken/secretpath") + target(
        http_server, "new:low"
    )
    result = shop.run(*NOTIFY, at="08:10")
    assert result.code == ExitCode.UNAVAILABLE
    assert "the alert to webhook was not sent: " in result.err
    assert "secretpath" not in result.err
    assert len(told(http_server)) == 1
    http_server.reply("POST", "/broken/secretpath", 200)
    assert shop.run(*NOTIFY, at="08:20").code == ExitCode.OK
    assert len(told(http_server)) == 1
    assert told(http_server, "/broken/secretpath") == [[(1, "mention.new")]] * 2


def test_too_many_requests_are_tried_again(shop: Shop, http_server: Server, waits) -> None:
    http_server.reply("POST", "/hook", 429, headers={"Retry-After": "2"}, times=2)
    http_server.reply("POST", "/hook", 204)
    shop.more = target(http_server, "new:low")
    assert shop.run(*NOTIFY, at="08:10").code == ExitCode.OK
    assert len(http_server.requests) == 3
    assert len({request.headers["idempotency-key"] for request in http_server.requests}) == 1


def _notify(folder: str, more: str, at: str) -> None:
    shop = Shop(Path(folder), more=more)
    shop.write_config = lambda: None  # type: ignore[method-assign]
    os._exit(int(shop.run("notify", at=at).code))


def test_two_alerts_racing_send_one(shop: Shop, hook: Server) -> None:
    shop.more = target(hook, "new:low")
    shop.run("sync", at="08:10")
    context = multiprocessing.get_context("fork")
    running = [
        context.Process(target=_notify, args=(str(shop.folder), shop.more, "08:11"))
        for _ in range(4)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(30)
    assert [process.exitcode for process in running] == [0] * 4
    assert len(hook.requests) == 1


def test_a_crash_between_sending_and_recording_repeats(
    shop: Shop, hook: Server, monkeypatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    shop.more = target(hook, "new:low")
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "confirm_alerts", die)
        with pytest.raises(Killed):
            shop.run(*NOTIFY, at="08:10")
    shop.run(*NOTIFY, at="08:20")
    shop.run(*NOTIFY, at="08:30")
    assert len(hook.requests) == 2
    assert len({request.json()["id"] for request in hook.requests}) == 1


# --- what is told -----------------------------------------------------------------------------


def test_a_webhook_is_signed(shop: Shop, hook: Server) -> None:
    shop.more = target(
        hook, "new:low", more='secret = "literal:shared"\nheaders = { X-Shop = "literal:acme" }'
    )
    shop.run(*NOTIFY, at="08:10")
    (request,) = hook.requests
    signed = request.headers["x-timestamp"].encode() + b"." + request.body
    expected = hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
    assert request.headers["x-signature"] == f"sha256={expected}"
    assert request.headers["x-shop"] == "acme"
    assert request.headers["content-type"] == "application/json"


def test_private_words_stay_out_unless_asked_for(tmp_path: Path, hook: Server) -> None:
    shop = Shop(tmp_path, more=target(hook, "new:low"))
    shop.records(
        "inbox",
        {"id": "1", "author_id": "a", "author": "Ana", "private": True, "title": "Invoice 77",
         "text": "My secret allergy, please help?", "at": "08:00"},
    )  # fmt: skip
    shop.run(*NOTIFY, at="08:10")
    body = hook.requests[0].body.decode()
    assert "Ana" in body
    assert "secret allergy" not in body
    assert "Invoice 77" not in body
    shop.more = target(hook, "overdue:low", more="private_text = true")
    shop.run(*NOTIFY, at="15:00")
    assert "secret allergy" in hook.requests[1].body.decode()


def test_a_public_topic_gets_no_word_of_a_customer(shop: Shop, hook: Server) -> None:
    hook.reply("POST", "/", 200, body={"id": "x"})
    shop.more = f'[[notify]]\nto = "ntfy"\nurl = "{hook.url}/acme-topic"\nwhen = ["new:low"]\n'
    shop.run(*NOTIFY, at="08:10")
    (request,) = hook.asked("/")
    document = request.json()
    assert document["topic"] == "acme-topic"
    assert document["message"] == "number 1: in 50 min, high, facebook"
    assert "click" not in document
    for word in ("Dana", "order", "social.example"):
        assert word not in request.body.decode()


def test_the_test_message_goes_to_all_or_one_and_counts_for_nothing(
    shop: Shop, hook: Server
) -> None:
    hook.reply("POST", "/other", 200)
    shop.more = target(hook, "new:low") + target(
        hook, "new:low", path="/other", more='name = "mine"'
    )
    assert shop.run("notify", "test", at="08:10").code == ExitCode.OK
    assert shop.run("notify", "test", "mine", at="08:10").code == ExitCode.OK
    assert (len(hook.asked("/hook")), len(hook.asked("/other"))) == (1, 2)
    assert shop.run("notify", "test", "nobody", at="08:10").code == ExitCode.USAGE
    shop.run(*NOTIFY, at="08:20")
    assert told(hook)[-1] == [(1, "mention.new")]


def test_without_a_target_notify_says_so(shop: Shop) -> None:
    assert shop.run("notify", at="08:10").code == ExitCode.USAGE
    assert shop.run("notify", "test", at="08:10").code == ExitCode.USAGE


def test_apprise_is_asked_for_when_it_is_missing(shop: Shop, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "apprise", None)
    shop.more = (
        '[[notify]]\nto = "apprise"\nurls = ["json://127.0.0.1/secretpart"]\nwhen = ["new:low"]\n'
    )
    result = shop.run(*NOTIFY, at="08:10")
    assert result.code == ExitCode.UNAVAILABLE
    assert 'pip install "mentionwatch[apprise]"' in result.err
    assert "secretpart" not in result.err


# Some of its plug-ins import what newer Pythons will not have.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_delivers(shop: Shop, http_server: Server) -> None:
    pytest.importorskip("apprise")
    http_server.reply("POST", "/", 200)
    shop.more = (
        f'[[notify]]\nto = "apprise"\nurls = ["json://{http_server.host}/"]\nwhen = ["new:low"]\n'
    )
    assert shop.run(*NOTIFY, at="08:10").code == ExitCode.OK
    assert "Where is my order?" in http_server.requests[0].json()["message"]


@pytest.fixture
def storm(shop: Shop) -> Shop:
    """Two messages on each Monday before, and twelve angry ones on this Tuesday."""
    for week in (1, 2, 3):
        shop.records(
            "facebook",
            *(
                {"id": f"w{week}-{n}", "author_id": f"w{week}-{n}", "text": "Nice place.",
                 "at": f"2026-11-{17 - 7 * week:02d} 0{n}:00" if week < 3 else
                 f"2026-10-27 0{n}:00"}
                for n in (1, 2)
            ),
        )  # fmt: skip
    shop.records(
        "facebook",
        *(
            {"id": f"s{n}", "author_id": f"s{n}", "at": f"06:{n:02d}",
             "text": f"The machine is broken again, terrible. {n}"}
            for n in range(12)
        ),
    )  # fmt: skip
    return shop


def test_a_spike_is_told_once_a_day(storm: Shop, hook: Server) -> None:
    storm.more = target(hook, "spike")
    for at in ("08:10", "08:20", "11:00"):
        assert storm.run(*NOTIFY, at=at).code == ExitCode.OK
    (request,) = hook.requests
    assert "something unusual" in request.json()["title"]
    assert {item["event"] for item in request.json()["items"]} == {"spike"}
    assert "UNUSUAL" in storm.run("digest", at="08:30").out


def test_the_words_of_a_spike_are_not_told_where_some_are_private(
    storm: Shop, hook: Server
) -> None:
    storm.more = target(hook, "spike")
    storm.run("sync", at="07:00")
    assert "words: " in storm.run("digest", at="07:00").out
    storm.records("facebook", {"id": "dm", "author_id": "dm", "private": True, "at": "06:30",
                               "text": "The machine is broken, my PIN is 4711."})  # fmt: skip
    storm.run(*NOTIFY, at="08:10")
    assert "words: " not in storm.run("digest", at="08:10").out
    assert [item["words"] for item in hook.requests[0].json()["items"]] in ([[]], [[], []])
