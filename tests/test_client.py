"""The HTTP client against a real server: what is sent, what comes back, and what goes wrong."""

from __future__ import annotations

import asyncio
import base64
import gzip
import logging
import re
import subprocess
import sys
import time
import traceback
import tracemalloc
import zlib
from email.utils import formatdate
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mentionwatch.client import Client, Response, request_once
from mentionwatch.credentials import Secret, sources
from mentionwatch.errors import (
    AnswerRefused,
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    SecretUnavailable,
    ServerFailed,
    SourceUnreadable,
    TimedOut,
    TooLarge,
    UnexpectedPayload,
    Unreachable,
)
from tests.server import Reply, Server

TOKEN = "sesame-0p3n-äh".encode().hex()


def ask(
    url: str, method: str = "GET", *, client: dict[str, Any] | None = None, **how: Any
) -> Response:
    async def work() -> Response:
        async with Client(**{"channel": "shop", "deadline": 10.0, **(client or {})}) as open_client:
            return await open_client.request(method, url, **how)

    return asyncio.run(work())


def fails(url: str, wanted: type[ChannelError], method: str = "GET", **how: Any) -> Any:
    with pytest.raises(wanted) as caught:
        ask(url, method, **how)
    assert caught.value.hint, "every error has a way out"
    return caught.value


class TestSending:
    def test_params_join_the_query_of_the_url(self, http_server: Server) -> None:
        http_server.reply("GET", "/search")
        ask(
            f"{http_server.url}/search?lang=en&q=old#part",
            params={"q": "flat white & more", "types[]": ["a", "b"], "no": None, "yes": True},
        )
        assert http_server.requests[0].query == [
            ("lang", "en"),
            ("q", "flat white & more"),
            ("types[]", "a"),
            ("types[]", "b"),
            ("yes", "true"),
        ]

    def test_empty_params_leave_the_query_alone(self, http_server: Server) -> None:
        http_server.reply("GET", "/a")
        ask(f"{http_server.url}/a?x=%7E1&y", params={})
        assert http_server.requests[0].query == [("x", "~1"), ("y", "")]

    def test_secrets_are_revealed_wherever_they_stand(self, http_server: Server) -> None:
        http_server.reply("POST", "/t")
        secret = Secret(TOKEN)
        ask(
            f"{http_server.url}/t",
            "POST",
            params={"key": secret},
            headers={"Authorization": ("Bearer ", secret), "X-Api-Key": secret},
            json={"deep": [{"token": secret}]},
        )
        seen = http_server.requests[0]
        assert seen.params == {"key": TOKEN}
        assert seen.headers["authorization"] == f"Bearer {TOKEN}"
        assert seen.headers["x-api-key"] == TOKEN
        assert seen.json() == {"deep": [{"token": TOKEN}]}

    @pytest.mark.slow
    def test_form_is_encoded(self, http_server: Server) -> None:
        http_server.reply("POST", "/t")
        ask(f"{http_server.url}/t", "POST", data={"a": "ü&=", "b": [1, 2], "c": Secret(TOKEN)})
        seen = http_server.requests[0]
        assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
        assert seen.form == [("a", "ü&="), ("b", "1"), ("b", "2"), ("c", TOKEN)]

    def test_basic_auth_takes_secrets(self, http_server: Server) -> None:
        http_server.reply("GET", "/")
        ask(f"{http_server.url}/", auth=("ann", Secret("pass wörd")))
        coded = http_server.requests[0].headers["authorization"].removeprefix("Basic ")
        assert base64.b64decode(coded).decode() == "ann:pass wörd"

    def test_user_in_the_address_becomes_basic_auth(self, http_server: Server) -> None:
        http_server.reply("GET", "/")
        answer = ask(http_server.url.replace("://", "://ann:p%40ss@") + "/")
        coded = http_server.requests[0].headers["authorization"].removeprefix("Basic ")
        assert base64.b64decode(coded) == b"ann:p@ss"
        assert "ann" not in answer.url

    def test_user_agent_names_the_program(self, http_server: Server) -> None:
        http_server.reply("GET", "/")
        ask(f"{http_server.url}/")
        ask(f"{http_server.url}/", client={"user_agent": "python:acme:1 (by /u/acme)"})
        agents = [request.headers["user-agent"] for request in http_server.requests]
        assert agents[0].startswith("mentionwatch/")
        assert agents[1] == "python:acme:1 (by /u/acme)"

    def test_json_methods_ask_for_json(self, http_server: Server) -> None:
        http_server.reply("*", "/j", body={"a": [1]})

        async def work() -> list[Any]:
            async with Client() as client:
                one = await client.get_json(f"{http_server.url}/j", params={"x": "1"})
                return [one, await client.post_json(f"{http_server.url}/j", json={"q": 1})]

        assert asyncio.run(work()) == [{"a": [1]}, {"a": [1]}]
        assert {request.headers["accept"] for request in http_server.requests} == {
            "application/json"
        }

    @pytest.mark.parametrize("token", ["geheim\n", "ge\nheim", "tokén", "a\x00b", "😀"])
    def test_token_that_no_header_carries_is_named(self, http_server: Server, token: str) -> None:
        url = f"{http_server.url}/"
        error = fails(url, SecretUnavailable, headers={"Authorization": ("Bearer ", Secret(token))})
        assert "authorization" in str(error).lower()
        assert token.strip() not in str(error)
        assert not http_server.requests

    def test_secret_that_cannot_be_had_fails_before_sending(self, http_server: Server) -> None:
        secret = Secret("env:SHOP_TOKEN_MISSING", "channels.shop.token")
        error = fails(f"{http_server.url}/", SecretUnavailable, headers={"X-Api-Key": secret})
        assert "channels.shop.token" in str(error) and "SHOP_TOKEN_MISSING" in str(error)
        assert not http_server.requests

    @pytest.mark.slow
    def test_slow_secret_does_not_stop_other_channels(
        self, http_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sources, "COMMAND_SECONDS", 10.0)
        http_server.reply("GET", "/")
        unlocked = tmp_path / "unlocked"
        code = (
            "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(.01)\nprint(1)"
        )
        slow = Secret({"cmd": [sys.executable, "-c", code, str(unlocked)]})

        async def work() -> None:
            async with Client() as first, Client() as second:
                waiting = asyncio.create_task(
                    first.get(f"{http_server.url}/", headers={"X-Api-Key": slow})
                )
                await asyncio.sleep(0)
                await second.get(f"{http_server.url}/")
                assert not waiting.done()
                unlocked.touch()
                await waiting

        asyncio.run(work())


class TestAnswers:
    def test_answer_is_complete_and_decompressed(self, http_server: Server) -> None:
        http_server.reply("GET", "/z", body="äöü" * 1000, gzip=True, headers={"X-Two": "a\nb"})
        answer = ask(f"{http_server.url}/z")
        assert (answer.status, answer.text()) == (200, "äöü" * 1000)
        assert answer.headers["x-two"] == "a, b"
        assert http_server.requests[0].headers["accept-encoding"] == "gzip, deflate"

    @pytest.mark.parametrize("window", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
    def test_deflate_is_read_in_both_forms(self, http_server: Server, window: int) -> None:
        squeeze = zlib.compressobj(wbits=window)
        body = squeeze.compress(b"hello " * 99) + squeeze.flush()
        http_server.reply("GET", "/", body=body, headers={"Content-Encoding": "deflate"})
        assert ask(f"{http_server.url}/").body == b"hello " * 99

    def test_gzip_of_several_members_is_read(self, http_server: Server) -> None:
        body = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0"
        http_server.reply("GET", "/", body=body, headers={"Content-Encoding": "gzip"})
        assert ask(f"{http_server.url}/").body == b"one two"

    @pytest.mark.slow
    def test_gzip_bomb_ends_without_inflating(self, http_server: Server) -> None:
        bomb = gzip.compress(bytes(50 * 2**20))
        assert len(bomb) < 100_000
        http_server.reply("*", "/", body=bomb, headers={"Content-Encoding": "gzip"})
        ask(f"{http_server.url}/", "HEAD")  # all is loaded before memory is counted
        tracemalloc.start()
        try:
            fails(f"{http_server.url}/", TooLarge, client={"max_bytes": 2**20})
            assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        finally:
            tracemalloc.stop()

    @pytest.mark.slow
    def test_large_body_ends_early(self, http_server: Server) -> None:
        http_server.reply("GET", "/", body=b"x" * 300_000)
        error = fails(f"{http_server.url}/", TooLarge, client={"max_bytes": 200_000})
        assert "195.3 KB" in str(error)
        assert len(ask(f"{http_server.url}/", client={"max_bytes": 300_000}).body) == 300_000

    def test_large_body_without_a_length_ends_too(self, http_server: Server) -> None:
        raw = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 300_000
        http_server.reply("GET", "/", raw=raw)
        fails(f"{http_server.url}/", TooLarge, client={"max_bytes": 200_000})

    @pytest.mark.parametrize(
        ("body", "coding"),
        [
            (gzip.compress(b"hello" * 999, mtime=0)[:-9], "gzip"),
            (b"not gzip at all", "gzip"),
            (gzip.compress(b"hello" * 999, mtime=0)[:20] + b"rubbish" * 9, "gzip"),
            (b"hello", "br"),
        ],
        ids=["cut", "plain", "spoilt", "unknown"],  # the bytes hold the time
    )
    def test_damaged_compression_is_reported(
        self, http_server: Server, body: bytes, coding: str
    ) -> None:
        http_server.reply("GET", "/", body=body, headers={"Content-Encoding": coding})
        fails(f"{http_server.url}/", UnexpectedPayload)

    def test_not_modified_is_an_answer_where_asked_for(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 304)
        assert ask(f"{http_server.url}/", ok=(200, 304)).status == 304
        fails(f"{http_server.url}/", RequestRefused)

    def test_body_that_is_cut_off_is_not_an_answer(self, http_server: Server) -> None:
        http_server.reply("GET", "/", body=b"x" * 1000, cut=10)
        fails(f"{http_server.url}/", Unreachable)


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "wanted"),
        [
            (400, RequestRefused),
            (401, CredentialsRefused),
            (402, RequestRefused),
            (403, PermissionMissing),
            (404, NotFound),
            (410, NotFound),
            (418, RequestRefused),
            (429, RateLimited),
            (500, ServerFailed),
            (503, ServerFailed),
        ],
    )
    def test_status_has_its_error(
        self, http_server: Server, status: int, wanted: type[AnswerRefused]
    ) -> None:
        http_server.reply("GET", "/", status, body={"error": "ExpiredToken"}, gzip=True)
        error = fails(f"{http_server.url}/", wanted)
        assert type(error) is wanted
        assert error.status == status
        assert error.body == '{"error": "ExpiredToken"}'
        assert (http_server.host in str(error) and "ExpiredToken" in str(error)) or status == 429

    def test_401_says_where_the_token_comes_from(
        self, http_server: Server, monkeypatch: Any
    ) -> None:
        monkeypatch.setenv("SHOP_TOKEN", TOKEN)
        http_server.reply("GET", "/", 401)
        error = fails(
            f"{http_server.url}/", CredentialsRefused, headers={"X": Secret("env:SHOP_TOKEN")}
        )
        assert "environment variable SHOP_TOKEN" in str(error)
        assert "mentionwatch doctor shop" in error.hint

    def test_web_page_is_not_quoted(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 404, body="<!doctype html><html><body>Oh no</body></html>")
        error = fails(f"{http_server.url}/", NotFound)
        assert str(error).endswith("with a web page")

    def test_foreign_text_in_a_message_is_harmless(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 400, body="bad\x1b[2J\r\n\u202e" + "x" * 5000)
        message = str(fails(f"{http_server.url}/", RequestRefused))
        assert "\x1b" not in message and "\n" not in message and "\u202e" not in message
        assert len(message) < 400

    def test_body_of_an_error_has_a_limit(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 400, body="x" * 500_000)
        assert len(fails(f"{http_server.url}/", RequestRefused).body) <= 64 * 1024

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 503, 302, 200])
    def test_no_message_holds_a_secret(
        self, http_server: Server, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        http_server.on(
            "*",
            "/x",
            lambda request: Reply(
                status=status,
                headers={"Location": f"https://other.example/?access_token={TOKEN}"},
                body=f"you sent {request.headers['authorization']} {request.params} " + "<",
            ),
        )
        url = http_server.url.replace("://", f"://ann:{TOKEN}@") + f"/x?token={TOKEN}"
        with pytest.raises(ChannelError) as caught:
            ask(url, headers={"X-Api-Key": Secret(TOKEN)}, params={"k": Secret(TOKEN)}).json()
        shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint + caplog.text
        coded = base64.b64encode(f"ann:{TOKEN}".encode()).decode()
        assert TOKEN not in shown and coded not in shown
        assert "?token" not in shown


class TestRetries:
    def test_passing_trouble_is_tried_again(self, http_server: Server, waits: list[float]) -> None:
        for status in (502, 503):
            http_server.reply("GET", "/", status, times=1)
        http_server.reply("GET", "/", body=b"ok")
        assert ask(f"{http_server.url}/").body == b"ok"
        assert len(http_server.requests) == 3
        assert 0.5 <= waits[0] <= 0.75 and 1.0 <= waits[1] <= 1.5

    def test_tries_are_counted(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 503)
        fails(f"{http_server.url}/", ServerFailed)
        assert len(http_server.requests) == 3
        fails(f"{http_server.url}/", ServerFailed, client={"tries": 1})
        assert len(http_server.requests) == 4

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
    def test_lasting_trouble_is_not_tried_again(self, http_server: Server, status: int) -> None:
        http_server.reply("GET", "/", status)
        fails(f"{http_server.url}/", ChannelError)
        assert len(http_server.requests) == 1

    def test_post_is_sent_once_unless_allowed(self, http_server: Server) -> None:
        http_server.reply("POST", "/", 503)
        fails(f"{http_server.url}/", ServerFailed, "POST")
        assert len(http_server.requests) == 1
        fails(f"{http_server.url}/", ServerFailed, "POST", retry=True)
        assert len(http_server.requests) == 4
        http_server.reply("GET", "/", 503)
        fails(f"{http_server.url}/", ServerFailed, retry=False)
        assert len(http_server.requests) == 5

    def test_dropped_connection_is_tried_again(self, http_server: Server) -> None:
        http_server.reply("GET", "/", close=True, times=2)
        http_server.reply("GET", "/", body=b"ok")
        assert ask(f"{http_server.url}/").body == b"ok"

    def test_retry_after_is_obeyed(self, http_server: Server, waits: list[float]) -> None:
        http_server.reply("GET", "/", 429, headers={"Retry-After": "7"}, times=1)
        http_server.reply("GET", "/", body=b"ok")
        assert ask(f"{http_server.url}/").body == b"ok"
        assert len(waits) == 1 and 7.0 <= waits[0] <= 7.3

    def test_retry_after_as_a_date_is_obeyed(self, http_server: Server, waits: list[float]) -> None:
        soon = formatdate(time.time() + 5, usegmt=True)
        http_server.reply("GET", "/", 503, headers={"Retry-After": soon}, times=1)
        http_server.reply("GET", "/", body=b"ok")
        assert ask(f"{http_server.url}/").body == b"ok"
        assert len(waits) == 1 and 3.0 <= waits[0] <= 6.3

    def test_wait_beyond_the_deadline_is_said_at_once(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 429, headers={"Retry-After": "900"})
        began = time.monotonic()
        error = fails(f"{http_server.url}/", RateLimited)
        assert error.retry_after == 900 and "15 min" in str(error)
        assert len(http_server.requests) == 1 and time.monotonic() - began < 5

    def test_pause_beyond_the_deadline_is_said_at_once(self) -> None:
        async def work() -> None:
            async with Client(deadline=5.0) as client:
                await client.pause(0.001)
                await client.pause(20)

        with pytest.raises(RateLimited, match="20 s"):
            asyncio.run(work())


class TestLimits:
    @pytest.mark.slow
    def test_silent_host_times_out(self, http_server: Server) -> None:
        http_server.reply("GET", "/", delay=30)
        began = time.monotonic()
        error = fails(f"{http_server.url}/?token={TOKEN}", TimedOut, client={"deadline": 0.3})
        assert http_server.host in str(error) and "token" not in str(error)
        assert 0.25 < time.monotonic() - began < 5
        assert len(http_server.requests) == 1

    @pytest.mark.slow
    def test_slow_drip_ends(self, http_server: Server) -> None:
        http_server.reply("GET", "/", body=b"x" * 10_000, drip=0.02)
        began = time.monotonic()
        fails(f"{http_server.url}/", TimedOut, client={"deadline": 0.4})
        assert time.monotonic() - began < 5

    def test_deadline_is_for_the_whole_run(self, http_server: Server) -> None:
        http_server.reply("GET", "/", body=b"x")
        seconds = iter(range(0, 1000, 4))

        async def work() -> None:
            async with Client(deadline=30.0, clock=lambda: float(next(seconds))) as client:
                while True:
                    await client.get(f"{http_server.url}/")

        with pytest.raises(TimedOut, match="30 seconds of this channel"):
            asyncio.run(work())
        assert 1 < len(http_server.requests) < 8

    def test_budget_ends_the_run(self, http_server: Server) -> None:
        http_server.reply("GET", "/")

        async def work() -> None:
            async with Client(max_requests=2) as client:
                for _ in range(3):
                    await client.get(f"{http_server.url}/")

        with pytest.raises(BudgetSpent):
            asyncio.run(work())
        assert len(http_server.requests) == 2

    def test_pace_is_kept(self, http_server: Server, waits: list[float]) -> None:
        http_server.reply("GET", "/")

        async def work() -> None:
            async with Client(clock=lambda: 100.0) as client:
                client.pace(2.0)
                for _ in range(3):
                    await client.get(f"{http_server.url}/")

        asyncio.run(work())
        assert waits == [2.0, 4.0]

    def test_cancelling_is_not_an_error_of_the_channel(self, http_server: Server) -> None:
        http_server.reply("GET", "/", delay=30)

        async def work() -> None:
            async with Client() as client:
                task = asyncio.create_task(client.get(f"{http_server.url}/"))
                while not http_server.requests:
                    await asyncio.sleep(0.01)
                task.cancel()
                await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(work())


class TestRedirects:
    @pytest.fixture
    def elsewhere(self) -> Any:
        with Server() as server:
            server.reply("*", "/new", body=b"there")
            yield server

    HEADERS: ClassVar[dict[str, Any]] = {
        "Authorization": ("Bearer ", Secret(TOKEN)),
        "X-Api-Key": Secret(TOKEN),
        "Private-Token": TOKEN,
        "Cookie": "session=1",
        "Accept": "text/x",
    }

    def test_are_not_followed_unasked(self, http_server: Server, elsewhere: Server) -> None:
        http_server.reply("GET", "/", 302, headers={"Location": f"{elsewhere.url}/new"})
        error = fails(f"{http_server.url}/", RequestRefused)
        assert elsewhere.host in str(error)
        assert not elsewhere.requests

    @pytest.mark.slow
    def test_same_origin_keeps_credentials(self, http_server: Server) -> None:
        http_server.reply("GET", "/a/", 301, headers={"Location": "../new?x=1"})
        http_server.reply("GET", "/new", body=b"here")
        answer = ask(f"{http_server.url}/a/", headers=self.HEADERS, redirects=True)
        assert answer.body == b"here"
        assert answer.url == f"{http_server.url}/new?x=1"
        assert answer.history == ((301, f"{http_server.url}/a/"),)
        assert http_server.requests[1].headers["x-api-key"] == TOKEN
        assert http_server.requests[1].headers["authorization"] == f"Bearer {TOKEN}"

    def test_other_origin_gets_no_credential(self, http_server: Server, elsewhere: Server) -> None:
        where = {"Location": f"{elsewhere.url}/new", "Set-Cookie": "jar=kept; Path=/"}
        http_server.reply("GET", "/", 302, headers=where)
        answer = ask(f"{http_server.url}/", headers=self.HEADERS, redirects=True)
        assert answer.body == b"there"
        seen = elsewhere.requests[0].headers
        assert set(seen) <= {"host", "connection", "accept", "accept-encoding", "user-agent"}
        assert seen["accept"] == "text/x"

    def test_way_back_carries_none_either(self, http_server: Server, elsewhere: Server) -> None:
        http_server.reply("GET", "/", 302, headers={"Location": f"{elsewhere.url}/back"})
        elsewhere.reply("GET", "/back", 302, headers={"Location": f"{http_server.url}/end"})
        http_server.reply("GET", "/end")
        ask(f"{http_server.url}/", headers=self.HEADERS, redirects=True)
        assert "x-api-key" not in http_server.requests[1].headers

    @pytest.mark.slow
    def test_encryption_is_not_given_up(self, https_server: Server, elsewhere: Server) -> None:
        https_server.reply("GET", "/", 302, headers={"Location": f"{elsewhere.url}/new"})
        error = fails(
            f"{https_server.url}/",
            RequestRefused,
            redirects=True,
            client={"ca_file": https_server.ca_file},
        )
        assert "without encryption" in str(error)
        assert not elsewhere.requests

    def test_circle_ends(self, http_server: Server) -> None:
        http_server.reply("GET", "/", 302, headers={"Location": "/"})
        fails(f"{http_server.url}/", RequestRefused, redirects=True)
        assert len(http_server.requests) == 6

    @pytest.mark.parametrize(("status", "method"), [(303, "GET"), (302, "GET"), (307, "POST")])
    def test_post_becomes_get_as_browsers_do(
        self, http_server: Server, status: int, method: str
    ) -> None:
        http_server.reply("POST", "/", status, headers={"Location": "/new"})
        http_server.reply("*", "/new")
        ask(f"{http_server.url}/", "POST", json={"a": 1}, redirects=True)
        assert http_server.requests[1].method == method
        assert bool(http_server.requests[1].body) == (method == "POST")

    def test_body_goes_to_no_other_origin(self, http_server: Server, elsewhere: Server) -> None:
        http_server.reply("POST", "/", 307, headers={"Location": f"{elsewhere.url}/new"})
        url = f"{http_server.url}/"
        fails(url, RequestRefused, "POST", data={"secret": Secret(TOKEN)}, redirects=True)
        assert not elsewhere.requests

    @pytest.mark.parametrize(
        "target", ["file:///etc/passwd", "http://[bad", "ftp://x/", "mailto:a@b"]
    )
    def test_target_that_is_none_is_reported(self, http_server: Server, target: str) -> None:
        http_server.reply("GET", "/", 302, headers={"Location": target})
        fails(f"{http_server.url}/", Unreachable, redirects=True)


class TestUnreachable:
    def test_closed_port_is_named(self) -> None:
        with Server() as gone:
            url = gone.url
        error = fails(f"{url}/?token={TOKEN}", Unreachable)
        assert "connection refused" in str(error) and url.removeprefix("http://") in str(error)
        assert "token" not in str(error)

    def test_unknown_host_is_named(self) -> None:
        error = fails("http://nowhere.example/a", Unreachable)
        assert "no server nowhere.example" in str(error)

    @pytest.mark.parametrize(
        "url",
        ["", "shop", "ftp://shop.example", "http://", "http://[::1", "http://x:99999/", "//x"],
    )
    def test_address_that_is_none_is_said(self, url: str) -> None:
        assert "address" in str(fails(url, Unreachable))

    @pytest.mark.parametrize(
        "host", ["a" * 300 + ".example", "xn--\x7f", "exa mple", "\ud800.example"]
    )
    def test_strange_host_is_an_error_of_the_channel(self, host: str) -> None:
        fails(f"http://{host}/", ChannelError)

    def test_rubbish_instead_of_http_is_reported(self, http_server: Server) -> None:
        http_server.reply("GET", "/", raw=b"SSH-2.0-OpenSSH_9\r\n")
        fails(f"{http_server.url}/", Unreachable)


class TestTls:
    def test_own_authority_is_trusted_when_named(self, https_server: Server) -> None:
        https_server.reply("GET", "/", body=b"safe")
        answer = ask(f"{https_server.url}/", client={"ca_file": https_server.ca_file})
        assert answer.body == b"safe"

    def test_authority_of_the_environment_is_trusted(
        self, https_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        https_server.reply("GET", "/", body=b"safe")
        monkeypatch.setenv("SSL_CERT_FILE", str(https_server.ca_file))
        assert ask(f"{https_server.url}/").body == b"safe"

    @pytest.mark.slow
    def test_unknown_authority_is_refused(self, https_server: Server) -> None:
        error = fails(f"{https_server.url}/", Unreachable)
        assert "certificate" in str(error) and "ca_file" in error.hint
        assert not https_server.requests

    @pytest.mark.slow
    def test_certificate_of_another_host_is_refused(self) -> None:
        with Server(tls=True, host="other.example") as server:
            url = f"https://127.0.0.1:{server.port}/"
            error = fails(url, Unreachable, client={"ca_file": server.ca_file})
        assert "certificate" in str(error)

    def test_plain_server_behind_https_is_said(self, http_server: Server) -> None:
        error = fails(f"https://{http_server.host}/", Unreachable)
        assert "TLS" in str(error)

    @pytest.mark.slow
    def test_missing_authority_file_is_named(self, tmp_path: Path) -> None:
        missing = tmp_path / "no.pem"
        error = fails("https://127.0.0.1:1/", SourceUnreadable, client={"ca_file": missing})
        assert str(missing) in str(error)


class TestProxies:
    def test_proxy_of_the_environment_is_used(
        self, http_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", http_server.url)
        http_server.reply("GET", "/a", body=b"by proxy")
        assert ask("http://shop.example/a").body == b"by proxy"
        assert http_server.requests[0].headers["host"] == "shop.example"

    def test_no_proxy_is_honoured(
        self, http_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        http_server.reply("GET", "/a", body=b"direct")
        assert ask(f"{http_server.url}/a").body == b"direct"

    def test_proxy_that_refuses_is_said(
        self, http_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", http_server.url)
        http_server.reply("CONNECT", "*", 407)
        error = fails("https://shop.example/a", Unreachable)
        assert "proxy" in str(error)

    @pytest.mark.parametrize("proxy", ["socks5://u:hunter22@127.0.0.1:1", "odd://u:hunter22@x"])
    def test_proxy_that_cannot_be_used_is_said(
        self, proxy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", proxy)
        error = fails("https://shop.example/a", Unreachable)
        assert "proxy" in str(error) and "hunter22" not in str(error)


class TestTokens:
    def test_only_one_task_renews(self, http_server: Server) -> None:
        http_server.on("POST", "/token", lambda request: Reply(body={"access_token": "new-token"}))

        async def use(client: Client) -> str:
            async with client.renewing() as kept:
                if kept.get("access_token"):
                    return str(kept["access_token"])
                answer = await client.post_json(f"{http_server.url}/token")
                client.tokens.put(client.channel, answer)
                return str(answer["access_token"])

        async def work() -> list[str]:
            async with Client(channel="shop") as client:
                return list(await asyncio.gather(*(use(client) for _ in range(3))))

        assert asyncio.run(work()) == ["new-token"] * 3
        assert len(http_server.requests) == 1


@pytest.mark.slow
def test_one_request_outside_of_coroutines(http_server: Server) -> None:
    http_server.reply("POST", "/hook", 204)
    assert request_once("POST", f"{http_server.url}/hook", json={"text": "x"}).status == 204
    http_server.reply("POST", "/hook", delay=30)
    with pytest.raises(TimedOut):
        request_once("POST", f"{http_server.url}/hook", deadline=0.2)


@pytest.mark.slow
def test_requests_side_by_side_share_a_client(http_server: Server) -> None:
    http_server.on("GET", "/*", lambda request: Reply(body=request.path.encode()))

    async def work() -> list[bytes]:
        async with Client() as client:
            answers = await asyncio.gather(
                *(client.get(f"{http_server.url}/{number}") for number in range(20))
            )
            return [answer.body for answer in answers]

    assert asyncio.run(work()) == [f"/{number}".encode() for number in range(20)]


def _loaded_after(statements: str) -> set[str]:
    code = f"import sys\n{statements}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    return set(done.stdout.split())


@pytest.mark.slow
def test_import_loads_nothing_heavy() -> None:
    heavy = {"httpx", "httpx2", "asyncio", "ssl", "logging", "email", "subprocess", "stamina"}
    assert not heavy & _loaded_after("import mentionwatch.client")


@pytest.mark.slow
def test_library_is_loaded_without_its_command_line() -> None:
    # Its command line draws in click, rich and pygments: twice the time.
    loaded = _loaded_after(
        "from mentionwatch.client import library\n"
        "loaded = library.load()\n"
        "print(loaded.AsyncClient)"
    )
    assert {"httpx", "httpx2"} & loaded
    assert not {"click", "rich", "pygments"} & loaded


@pytest.mark.slow
def test_only_the_client_names_the_library() -> None:
    source = Path(__file__).parent.parent / "src" / "mentionwatch"
    importing = {
        path.relative_to(source).parts[0]
        for path in source.rglob("*.py")
        if re.search(r"^\s*(?:import|from)\s+httpx", path.read_text("utf-8"), re.MULTILINE)
    }
    assert importing == {"client"}
