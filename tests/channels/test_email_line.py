"""The mailbox channel against servers that hang, drop, lie or refuse; each is a socket of ours."""

from __future__ import annotations

import base64
import re
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from mentionwatch.channels import OpenItem, _imap_line
from mentionwatch.channels.email import Email
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    ServerFailed,
    TimedOut,
    UnexpectedPayload,
    Unreachable,
)
from mentionwatch.model.items import Mention, StreamState
from tests.channels.imap_script import (
    DROP,
    HANG,
    HONEST,
    MAIL,
    NOW,
    QUERY,
    Scripted,
    read,
    scripted,
    settings,
)


def test_a_small_server_without_extensions_is_enough() -> None:
    with scripted() as server:
        found = read(server)
    assert [item.text for item in found if isinstance(item, Mention)] == ["Hello?"]
    assert not [line for line in server.heard if re.match("SELECT|STORE|UID STORE|CLOSE", line)]
    assert all("BODY.PEEK" in line for line in server.heard if "FETCH" in line)


def test_the_last_mail_which_every_search_names_is_not_read_again() -> None:
    state = StreamState(cursor="1", extra={"uidvalidity": "7"})
    query = replace(QUERY, streams={"folder:INBOX": state, "folder:Sent Items": state})
    with scripted() as server:
        assert read(server, query) == []
    assert "UID SEARCH 1:1 UID 2:*" in server.heard
    assert not [line for line in server.heard if "FETCH" in line]


# --- servers that hang ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "phase", ["GREETING", "LOGIN", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH"]
)
def test_a_hanging_server_ends_within_a_second_of_abort(phase: str) -> None:
    with scripted(**{phase: HANG}) as server:
        session = settings(server).connect(30)
        threading.Timer(0.3, session.abort).start()
        began = time.monotonic()
        with pytest.raises(TimedOut):
            list(session.pages(QUERY))
        session.close()
        assert time.monotonic() - began < 1.3


def test_abort_before_the_first_call_is_kept() -> None:
    with scripted() as server:
        session = settings(server).connect(30)
        session.abort()
        with pytest.raises(TimedOut):
            session.account()
        session.close()
    assert server.connections == 0


@pytest.mark.slow
def test_a_server_that_never_answers_tls_ends_too() -> None:
    with scripted(GREETING=HANG) as server:
        session = settings(server, tls="ssl").connect(30)
        threading.Timer(0.3, session.abort).start()
        began = time.monotonic()
        with pytest.raises(TimedOut):
            session.account()
        session.close()
        assert time.monotonic() - began < 1.3


@pytest.mark.slow
def test_the_deadline_holds_over_a_slow_drip() -> None:
    def drip(server: Scripted) -> bytes:
        time.sleep(0.1)
        return b"* SEARCH\r\nTAG OK done\r\n"

    many = (
        b"* 9000000 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK done\r\n"  # 180 searches of 0.1 s
    )
    with scripted(EXAMINE=many, UID_SEARCH=drip) as server:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            read(server, seconds=0.7)
        assert time.monotonic() - began < 1.7


@pytest.mark.slow
def test_silence_for_too_long_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_imap_line, "OPERATION_SECONDS", 0.3)
    with scripted(LIST=HANG) as server, pytest.raises(TimedOut, match="did not answer"):
        read(server)


# --- servers that drop the line ------------------------------------------------------------------


def test_a_dropped_line_is_dialled_once_more_and_the_run_goes_on() -> None:
    answers = iter([DROP])

    def once(server: Scripted) -> bytes:
        return next(answers, HONEST["UID FETCH"])

    with scripted(UID_FETCH=once) as server:
        assert [item.text for item in read(server) if isinstance(item, Mention)] == ["Hello?"]
    assert server.connections == 2


def test_a_line_that_always_drops_ends_after_the_second_try() -> None:
    with scripted(UID_FETCH=DROP) as server:
        with pytest.raises(Unreachable, match="ended the connection"):
            read(server)
        assert server.connections == 2


def test_nobody_listening_is_said() -> None:
    with scripted() as server:
        pass
    with pytest.raises(
        Unreachable, match=r"127\.0\.0\.1:\d+ cannot be reached \(Connection refused"
    ):
        read(server)


def test_an_unknown_host_is_said() -> None:
    with scripted() as server, pytest.raises(Unreachable, match=r"no mail server nowhere\.invalid"):
        read(server, host="nowhere.invalid", tls="ssl")


# --- servers that refuse -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] Invalid credentials\r\n", CredentialsRefused),
        (b"TAG NO [ALERT] Application-specific password required\r\n", CredentialsRefused),
        (b"TAG NO [UNAVAILABLE] Temporary failure\r\n", ServerFailed),
        (b"* BYE Too many simultaneous connections\r\nTAG NO no\r\n", ServerFailed),
        (DROP, Unreachable),
        (b"TAG BAD what is s3cret\r\n", CredentialsRefused),
    ],
)
def test_a_refused_login_is_named_and_tried_once(answer: bytes, error: type[ChannelError]) -> None:
    with scripted(LOGIN=answer) as server, pytest.raises(error) as caught:
        read(server)
    assert len([line for line in server.heard if line.startswith("LOGIN")]) == 1
    assert "s3cret" not in caught.value.message
    if b"ALERT" in answer:
        assert "Application-specific password required" in caught.value.message


def test_gmail_is_answered_with_the_way_to_an_app_password() -> None:
    refusal = b"TAG NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n"
    with scripted(LOGIN=refusal) as server, pytest.raises(CredentialsRefused) as caught:
        read(server, username="acme@gmail.com")
    assert "app password" in caught.value.hint and "apppasswords" in caught.value.hint


def test_a_full_server_is_a_passing_failure() -> None:
    greeting = b"* BYE [UNAVAILABLE] Too many connections\r\n"
    refused = pytest.raises(ServerFailed, match="turned the connection away")
    with scripted(GREETING=greeting) as server, refused:
        read(server)


def test_a_password_goes_nowhere_without_the_encryption_asked_for() -> None:
    with scripted() as server, pytest.raises(Unreachable, match="does not offer STARTTLS"):
        read(server, tls="starttls")
    assert "s3cret" not in " ".join(server.heard)


@pytest.mark.parametrize(("user", "secret"), [("a\r\nb", "x"), ("a", "x\r\nA1 LOGOUT")])
def test_a_line_break_in_a_credential_is_no_command(user: str, secret: str) -> None:
    with scripted() as server, pytest.raises(CredentialsRefused, match="line break"):
        read(server, username=user, password=Secret(secret))
    assert not [line for line in server.heard if "LOGIN" in line]


def test_a_user_name_with_a_blank_is_quoted() -> None:
    with scripted() as server:
        read(server, username='acme "care"')
    assert 'LOGIN "acme \\"care\\"" "s3cret"' in server.heard


def test_a_token_is_sent_as_xoauth2_and_a_refusal_is_read_to_its_end() -> None:
    status = b"+ " + base64.b64encode(b'{"status":"401"}') + b"\r\n"
    dialogue = [b"+ \r\n", status, b"TAG NO [AUTHENTICATIONFAILED] expired\r\n"]
    refused = pytest.raises(CredentialsRefused, match="expired")
    with scripted(AUTHENTICATE=dialogue) as server, refused as caught:
        read(server, password=None, oauth2_token=Secret("t0ken"))
    assert "token may have ended" in caught.value.hint
    begin = server.heard.index("AUTHENTICATE XOAUTH2")
    sent, last = server.heard[begin + 1 : begin + 3]
    assert base64.b64decode(sent) == b"user=hello@acmecoffee.example\x01auth=Bearer t0ken\x01\x01"
    assert last == ""


# --- servers that lie ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        {"GREETING": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
        {"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {99999999}\r\n"},
        {"UID SEARCH": b"* SEARCH 1 x 2\r\nTAG OK done\r\n"},
        {"UID SEARCH": b"* SEARCH " + b"1 " * 600_000 + b"\r\nTAG OK done\r\n"},
        {"UID SEARCH": b"TAG NO not today\r\n"},
        {"EXAMINE": b"* many EXISTS\r\n* OK [UIDVALIDITY x] ok\r\nTAG OK done\r\n"},
        {"CAPABILITY": b"* CAPABILITY \xff\xfe\r\nTAG OK done\r\n"},
        {"LIST": b"\xff\xfe garbage\r\nTAG OK done\r\n"},
    ],
    ids=["http", "literal", "words", "line", "no", "numbers", "bytes", "garbage"],
)
def test_an_answer_that_is_no_imap_is_a_named_error(script: dict[str, bytes]) -> None:
    with scripted(**script) as server, pytest.raises((UnexpectedPayload, Unreachable)) as caught:
        read(server)
    assert str(server.port) in caught.value.message


def test_a_mail_that_the_server_cannot_hand_out_does_not_stop_the_others() -> None:
    def fetch(server: Scripted) -> bytes:
        asked = server.heard[-1]
        uids = asked.split()[2]
        if "BODY.PEEK[]" in asked and uids != "1":
            return b"TAG NO broken mail\r\n"
        wanted = [1, 2] if uids == "1:2" else [int(uids)]
        mails = b"".join(
            b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n"
            % (uid, uid, len(MAIL), MAIL.replace(b"<m@", b"<%d@" % uid))
            for uid in wanted
        )
        return mails + b"TAG OK done\r\n"

    search = b"* SEARCH 1 2\r\nTAG OK done\r\n"
    script = {
        "UID FETCH": fetch,
        "UID SEARCH": search,
        "LIST": b'* LIST () "/" INBOX\r\nTAG OK done\r\n',
    }
    with scripted(**script) as server:
        found = read(server)
    texts = [(item.title, item.text) for item in found]
    assert texts == [("Hi", "Hello?"), ("Hi", "unreadable mail: the server does not hand it out")]


def test_an_id_made_for_it_never_becomes_a_command() -> None:
    trick = "x@post.example\r\nA1 UID STORE 1 +FLAGS \\Seen"
    item = OpenItem(external_id=trick, thread_id="", published=NOW)
    odd = OpenItem(external_id='a"b\\c@x.example', thread_id="", published=NOW)
    with scripted() as server:
        read(server, replace(QUERY, open=(item, odd)))
    searches = [line for line in server.heard if "HEADER" in line]
    assert not [line for line in server.heard if "STORE" in line]
    assert any('"a\\"b\\\\c@x.example"' in line for line in searches)


# --- settings ------------------------------------------------------------------------------------

_RIGHT: dict[str, Any] = {"host": "imap.example", "username": "a", "password": Secret("x")}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"tls": "none"}, "tls"),
        ({"password": None}, "password"),
        ({"oauth2_token": Secret("y")}, "oauth2_token"),
        ({"host": " "}, "host"),
        ({"port": 0}, "port"),
        ({"folders": ()}, "folders"),
        ({"max_message_bytes": 1}, "max_message_bytes"),
        ({"first_days": -1}, "first_days"),
    ],
)
def test_wrong_settings_name_their_key(changes: dict[str, Any], key: str) -> None:
    assert [found for found, _ in Email(**{**_RIGHT, **changes}).problems()] == [key]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_without_encryption_only_this_machine_is_spoken_to(host: str) -> None:
    assert not list(Email(**{**_RIGHT, "host": host, "tls": "none"}).problems())
