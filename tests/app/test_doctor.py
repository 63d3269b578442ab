"""`doctor`: everything that it looks at, found well and found broken."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from mentionwatch.app import doctor
from mentionwatch.errors import ExitCode
from mentionwatch.model.finding import CHECKS
from mentionwatch.model.text import one_line
from tests.delivery.conftest import digest_to
from tests.delivery.mailbox import Mailbox
from tests.server import Server
from tests.shop import ROOT, Result, Shop, when

pytestmark = pytest.mark.slow

SCHEMA = json.loads((ROOT / "docs" / "doctor.schema.json").read_text("utf-8"))
AT = "11:00"
GIB = 2**30
AUTH_IN_CLEAR = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.folder.chmod(0o700)
    shop.records("facebook", {"id": "p1", "author_id": "dana", "text": "Where?", "at": "08:00"})
    shop.run("sync", at="10:00")
    return shop


@pytest.fixture
def service(http_server: Server, shop: Shop) -> Iterator[Server]:
    """A channel over HTTP whose service knows us."""
    shop.more = (
        f'[channels.forum]\ntype = "hackernews"\nbase_url = "{http_server.url}"\n'
        'usernames = ["acme"]\n'
    )
    http_server.reply("GET", "/users/acme", body={"username": "acme"})
    return http_server


def examine(shop: Shop, *words: str, at: str = AT) -> Result:
    """Run it in both forms; the JSON keeps its schema, and says all that the text says."""
    result = shop.run("doctor", "--json", *words, at=at)
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    levels = [one["level"] for one in result.json["findings"]]
    assert result.json["summary"] == {
        "in_order": set(levels) <= {"ok"},
        "problems": levels.count("problem"),
        "warnings": levels.count("warning"),
    }
    plain = shop.run("doctor", *words, at=at)
    assert plain.code == result.code
    if plain.out:
        for one in result.json["findings"]:
            assert one["level"] == "ok" or one_line(one["message"]) in plain.out
    return result


def found(result: Result, check: str, channel: str | None = None) -> list[dict[str, Any]]:
    return [
        one
        for one in result.json["findings"]
        if one["check"] == check and one["channel"] == channel
    ]


def the(result: Result, check: str, channel: str | None = None) -> dict[str, Any]:
    """Return the one finding of a check that is not in order, or else the only one."""
    some = found(result, check, channel)
    (one,) = [one for one in some if one["level"] != "ok"] or some
    return one


def test_the_schema_describes_every_key_and_check() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    finding = SCHEMA["$defs"]["finding"]["properties"]
    assert tuple(finding["check"]["enum"]) == CHECKS
    for check in CHECKS:
        assert f"{check}: " in finding["check"]["description"]
    for part in (SCHEMA, SCHEMA["$defs"]["finding"], SCHEMA["properties"]["summary"]):
        assert set(part["required"]) == set(part["properties"])


def test_a_shop_that_is_well(shop: Shop) -> None:
    result = examine(shop)
    assert result.code == ExitCode.OK
    assert result.json["summary"]["in_order"]
    assert result.json["generated_at"] == "2026-11-17T11:00:00Z"
    assert [(one["check"], one["channel"]) for one in result.json["findings"]] == [
        ("configuration", None),
        ("permissions", None),
        ("disk", None),
        ("clock", None),
        ("database", None),
        ("account", "facebook"),
        ("last_sync", "facebook"),
    ]


# --- configuration --------------------------------------------------------------------------------


def test_no_channel_is_a_problem(tmp_path: Path) -> None:
    result = examine(Shop(tmp_path))
    assert result.code == ExitCode.INCOMPLETE
    assert "no channel is configured" in the(result, "configuration")["message"]


def test_secrets_that_others_can_read_are_a_warning(service: Server, shop: Shop) -> None:
    shop.more += '[channels.toot]\ntype = "mastodon"\nenabled = false\naccess_token = "abcdefgh"\n'
    shop.more += f'base_url = "{service.url}"\n'
    write = shop.write_config
    shop.write_config = lambda: (write(), shop.config.chmod(0o644))  # type: ignore[assignment]
    warning = the(examine(shop), "configuration")
    assert warning["level"] == "warning"
    assert str(shop.config) in warning["message"]


def test_every_fault_of_a_configuration_is_a_finding(shop: Shop) -> None:
    shop.more = '[queue]\nmerge_windo = "1h"\n[team]\nnames = 5\n'
    result = examine(shop)
    assert result.code == ExitCode.CONFIG
    first, second = found(result, "configuration")
    assert "merge_windo" in first["message"]
    assert f"{shop.config}:" in first["message"]
    assert first["hint"]
    assert "names" in second["message"]


# --- permissions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("shop.db", "warning"),
        ("shop.v3.backup", "warning"),
        ("shop-20261101-100000.backup.db", "warning"),
        ("shop-20261101-100000.before-restore.db", "warning"),
        ("credentials.json", "problem"),
    ],
)
def test_files_that_others_can_read(shop: Shop, name: str, level: str) -> None:
    path = shop.folder / name
    if not path.exists():
        path.write_text("{}")
    path.chmod(0o640)
    findings = found(examine(shop), "permissions")
    (finding,) = (one for one in findings if one["message"].startswith(f"{path} "))
    assert finding["level"] == level
    assert finding["message"] == f"{path} can be read by other users of this machine"
    assert finding["hint"] == f"chmod 600 {path}"


def test_a_folder_that_others_can_write_to(shop: Shop) -> None:
    shop.folder.chmod(0o777)
    (finding,) = (one for one in found(examine(shop), "permissions") if one["level"] != "ok")
    assert "can put files into" in finding["message"]
    assert finding["hint"] == f"chmod 700 {shop.folder}"


def test_a_database_that_cannot_be_written(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access  # root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: path != shop.db and access(path, mode))
    finding = the(examine(shop), "permissions")
    assert finding["level"] == "problem"
    assert finding["message"].startswith(f"{shop.db} cannot be written")


# --- disk, clock, database ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "level", "words"),
    [
        (5 * GIB, "ok", "5 GiB free"),
        (199 * 2**20, "problem", "only 199 MiB are free"),
    ],
)
def test_room_on_the_disk(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, free: int, level: str, words: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    finding = the(examine(shop), "disk")
    assert finding["level"] == level
    assert words in finding["message"]
    assert bool(finding["hint"]) == (level != "ok")


def test_no_room_for_a_copy_of_the_database(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shop.db.stat().st_size * 3 // 2
    monkeypatch.setattr(doctor, "LEAST_FREE", 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    finding = the(examine(shop), "disk")
    assert finding["level"] == "warning"
    assert "copy of the database" in finding["hint"]


def test_a_clock_from_before_this_program(shop: Shop) -> None:
    finding = found(examine(shop, at="1970-01-01 00:10"), "clock")[0]
    assert finding["level"] == "problem"
    assert finding["at"] == "1970-01-01T00:10:00Z"
    assert "clock" in finding["hint"]


def test_a_run_that_is_dated_ahead(shop: Shop) -> None:
    finding = the(examine(shop, at="09:50"), "clock")
    assert finding["level"] == "problem"
    assert finding["at"] == "2026-11-17T10:00:00Z"


@pytest.mark.parametrize(
    ("date", "more", "wrong"),
    [
        ("11:03", "", False),
        ("11:06", "", True),
        ("10:54", "", True),
        ("2027-01-01 00:00", "", True),
        ("10:00", "Age: 3600\r\n", False),
        ("no date", "", False),
    ],
)
def test_a_clock_that_differs_from_that_of_a_service(
    service: Server, shop: Shop, date: str, more: str, wrong: bool
) -> None:
    said = format_datetime(when(date), usegmt=False) if ":" in date else date
    body = b'{"username": "acme"}'
    head = f"HTTP/1.1 200 OK\r\nDate: {said}\r\n{more}Content-Type: application/json\r\n"
    raw = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
    service.clear()
    service.reply("GET", "/users/acme", raw=raw)
    findings = found(examine(shop), "clock")
    assert [one["level"] for one in findings] == ["ok", "problem"][: 1 + wrong]
    if wrong:
        assert f"the services say it is {when(date):%Y-%m-%d %H:%M} UTC" in findings[1]["message"]


def test_a_database_with_damage_in_it(shop: Shop) -> None:
    with shop.sql() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        place = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'reply_at'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(shop.db.read_bytes())
    data[(place - 1) * size : place * size] = b"\xff" * size
    shop.db.write_bytes(data)
    result = examine(shop)
    assert result.code == ExitCode.INCOMPLETE
    finding = the(result, "database")
    assert finding["level"] == "problem"
    assert "damaged" in finding["message"]
    assert "db restore" in finding["hint"]


def test_what_is_no_database_is_a_finding(shop: Shop) -> None:
    shop.db.write_bytes(b"nothing of ours" * 100)
    result = examine(shop)
    assert result.code == ExitCode.IO
    assert "is not a database" in the(result, "database")["message"]


# --- channels -------------------------------------------------------------------------------------


def test_an_account_that_answers(service: Server, shop: Shop) -> None:
    assert the(examine(shop), "account", "forum")["message"].endswith("replies by acme")
    assert len(service.asked("/users/acme")) == 2  # one for each form


def test_an_account_that_is_refused(service: Server, shop: Shop) -> None:
    service.clear()
    service.reply("GET", "/users/acme", status=401)
    result = examine(shop)
    assert result.code == ExitCode.INCOMPLETE
    finding = the(result, "account", "forum")
    assert finding["level"] == "problem"
    assert finding["hint"]


def test_what_a_channel_warns_of(service: Server, shop: Shop) -> None:
    service.clear()
    service.reply("GET", "/users/acme", status=404)
    result = examine(shop)
    assert result.code == ExitCode.OK
    assert [one["level"] for one in found(result, "account", "forum")] == ["ok", "warning"]


def test_when_a_log_in_ends(service: Server, shop: Shop) -> None:
    keep(shop, {"forum": {"login_ends": int(when("2027-01-20 10:00").timestamp())}})
    finding = the(examine(shop), "expiry", "forum")
    assert finding["level"] == "ok"
    assert finding["at"] == "2027-01-20T10:00:00Z"
    assert finding["message"] == "the log-in ends on 2027-01-20"


def test_a_log_in_that_has_ended(service: Server, shop: Shop) -> None:
    keep(shop, {"forum": {"expires_at": int(when("2026-11-01 10:00").timestamp())}})
    assert found(examine(shop), "expiry", "forum") == []  # it answers: that was another token's
    service.clear()
    service.reply("GET", "/users/acme", status=401)
    finding = the(examine(shop), "expiry", "forum")
    assert finding["level"] == "warning"
    assert finding["message"] == "the log-in ended on 2026-11-01"
    assert finding["hint"] == "mentionwatch login forum"


def keep(shop: Shop, tokens: dict[str, Any]) -> None:
    path = shop.folder / "credentials.json"
    path.write_text(json.dumps(tokens))
    path.chmod(0o600)


def test_when_a_channel_was_last_read(shop: Shop) -> None:
    finding = the(examine(shop), "last_sync", "facebook")
    assert finding["level"] == "ok"
    assert finding["at"] == "2026-11-17T10:00:00Z"
    assert finding["message"] == "last read to the end 2026-11-17 10:00 UTC; 1 mention stored"


def test_a_channel_that_was_not_read_for_long(shop: Shop) -> None:
    finding = the(examine(shop, at="fri 11:00"), "last_sync", "facebook")
    assert finding["level"] == "warning"
    assert finding["at"] == "2026-11-17T10:00:00Z"
    assert finding["hint"] == "mentionwatch sync"


def test_a_channel_that_was_never_read_is_no_fault(service: Server, shop: Shop) -> None:
    finding = the(examine(shop), "last_sync", "forum")
    assert (finding["level"], finding["at"]) == ("ok", None)
    assert "not read yet" in finding["message"]


def test_a_channel_that_is_switched_off_is_said_and_not_asked(service: Server, shop: Shop) -> None:
    shop.more += "enabled = false\n"
    result = examine(shop)
    assert the(result, "last_sync", "forum")["message"] == "switched off in the configuration"
    assert found(result, "account", "forum") == []
    assert not service.asked("/users/acme")


def test_a_channel_that_fails_says_since_when(shop: Shop) -> None:
    (shop.folder / "facebook.ndjson").unlink()
    shop.run("sync", at="10:30")
    result = examine(shop)
    account, last = the(result, "account", "facebook"), the(result, "last_sync", "facebook")
    assert account["level"] == "problem"
    assert last["level"] == "warning"
    assert last["message"] == (
        "last read to the end 2026-11-17 10:00 UTC; fails since 2026-11-17 10:30 UTC, "
        "for the same reason"
    )


def test_a_channel_that_failed_and_is_well_again(service: Server, shop: Shop) -> None:
    service.clear()
    service.reply("GET", "/*", status=401)
    shop.run("sync", at="10:30")
    service.clear()
    service.reply("GET", "/users/acme", body={"username": "acme"})
    last = the(examine(shop), "last_sync", "forum")
    assert last["level"] == "warning"
    assert "never read to the end; fails since 2026-11-17 10:30 UTC: " in last["message"]
    assert "doctor" not in last["hint"]


def test_only_one_channel_is_looked_at(service: Server, shop: Shop) -> None:
    findings = examine(shop, "forum").json["findings"]
    assert {one["channel"] for one in findings} == {"forum"}
    assert {one["check"] for one in findings} == {"account", "last_sync"}


# --- what goes out --------------------------------------------------------------------------------


@AUTH_IN_CLEAR
def test_the_mail_server_lets_us_in_and_gets_no_mail(shop: Shop) -> None:
    with Mailbox(login=("care", "sesame-street")) as mailbox:
        shop.more = digest_to(mailbox.port, smtp='username = "care"\npassword = "sesame-street"')
        finding = the(examine(shop), "delivery")
        assert finding["level"] == "ok"
        assert finding["what"] == "digest"
        assert finding["message"] == f"the mail server 127.0.0.1:{mailbox.port} lets care in"
        assert mailbox.mails == []


@AUTH_IN_CLEAR
def test_the_mail_server_refuses_us(shop: Shop) -> None:
    with Mailbox(login=("care", "sesame-street")) as mailbox:
        shop.more = digest_to(mailbox.port, smtp='username = "care"\npassword = "wrong-street"')
        result = examine(shop)
    assert result.code == ExitCode.INCOMPLETE
    finding = the(result, "delivery")
    assert "does not accept the user name or the password" in finding["message"]
    assert "[digest.smtp]" in finding["hint"]
    assert "wrong-street" not in result.out


def test_the_program_that_sends_mail_is_missing(shop: Shop) -> None:
    shop.more = '[digest]\nto = ["a@acme.example"]\nsendmail = ["/nowhere/sendmail", "-t"]\n'
    finding = the(examine(shop), "delivery")
    assert (finding["level"], finding["what"]) == ("problem", "digest")
    assert "/nowhere/sendmail" in finding["message"]


OUTGOING = """
[digest]
ping = "env:PING_ADDRESS"
[[notify]]
name = "phone"
to = "slack"
url = "env:SLACK_HOOK"
when = ["new:urgent"]
[handoff.desk]
preset = "webhook"
url = "https://desk.example/in"
auth = { type = "bearer", token = "env:DESK_TOKEN" }
"""


def test_what_alerts_and_hand_offs_need_is_looked_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.more = OUTGOING
    monkeypatch.setenv("PING_ADDRESS", "https://ping.example/u-u-i-d")
    monkeypatch.setenv("SLACK_HOOK", "https://hooks.example/secret-hook")
    result = examine(shop)
    findings = {one["what"]: one["level"] for one in found(result, "delivery")}
    assert findings == {"digest": "ok", "notify phone": "ok", "handoff desk": "problem"}
    assert "DESK_TOKEN" in the(result, "delivery")["message"]
    for secret in ("u-u-i-d", "secret-hook"):
        assert secret not in result.out
