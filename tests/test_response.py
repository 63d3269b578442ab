"""What an answer says: JSON, text, Link headers, how long to wait."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionwatch.client import Response, host_of, next_link, onward, same_origin
from mentionwatch.client.waiting import backoff, wanted_wait
from mentionwatch.errors import UnexpectedPayload


def answer(body: bytes | str, content_type: str = "application/json") -> Response:
    data = body.encode() if isinstance(body, str) else body
    return Response(
        status=200,
        headers={"content-type": content_type},
        body=data,
        url="https://shop.example/api?token=hidden",
    )


class TestJson:
    @pytest.mark.parametrize(
        ("body", "value"),
        [
            ('{"a": [1, 2.5, null, true, "ü"]}', {"a": [1, 2.5, None, True, "ü"]}),
            (b'\xef\xbb\xbf{"bom": 1}', {"bom": 1}),
            ('{"a": 1}'.encode("utf-16"), {"a": 1}),
            ('{"n": 123456789012345678901234567890}', {"n": 123456789012345678901234567890}),
            ('{"a": 1, "a": 2}', {"a": 2}),
            (r'{"cut \ud83d": ["\udc00 x", {"k": "\uD800"}]}', {"cut �": ["� x", {"k": "�"}]}),
            (r'"\ud83e\udd80"', "\U0001f980"),
            (b'"caf\xe9"', "caf�"),
            ("[" * 90 + "]" * 90, None),
        ],
    )
    def test_is_read(self, body: bytes | str, value: Any) -> None:
        found = answer(body).json()
        assert value is None or found == value
        json.dumps(found, ensure_ascii=False).encode("utf-8")

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "  ",
            "{",
            "[1,]",
            "NaN",
            '{"a": -Infinity}',
            "1e999",
            "9" * 5000,
            "[" * 200 + "]" * 200,
            "[" * 100_000,
            '{"a":' * 5000 + "1" + "}" * 5000,
            "callback({})",
            b"\xff\xfe\x00",
        ],
    )
    def test_of_another_shape_is_reported(self, body: bytes | str) -> None:
        with pytest.raises(UnexpectedPayload) as caught:
            answer(body).json()
        assert "shop.example" in str(caught.value) and caught.value.hint
        assert "hidden" not in str(caught.value) and len(str(caught.value)) < 300

    def test_web_page_is_called_so(self) -> None:
        with pytest.raises(UnexpectedPayload, match="web page instead of JSON: '<!DOCTYPE"):
            answer("\n <!DOCTYPE html><title>Sign in</title>").json()

    def test_secret_in_a_broken_body_is_masked(self) -> None:
        with pytest.raises(UnexpectedPayload) as caught:
            answer('{"access_token": "abc-def-ghi",').json()
        assert "abc-def-ghi" not in str(caught.value)

    @pytest.mark.slow
    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=60))
    def test_any_bytes_end_well(self, body: bytes) -> None:
        with suppress(UnexpectedPayload):
            answer(body).json()

    @pytest.mark.slow
    def test_wide_answer_is_quick(self) -> None:
        body = json.dumps([{"a": [1], "b": {"c": "x"}}] * 50_000)
        began = time.process_time()
        answer(body).json()
        assert time.process_time() - began < 10


class TestText:
    @pytest.mark.parametrize(
        ("body", "content_type", "text"),
        [
            ("ü".encode(), "text/plain", "ü"),
            ("ü".encode("latin-1"), "text/plain; charset=ISO-8859-1", "ü"),
            ("“ü”".encode("cp1252"), 'text/plain; charset="windows-1252"', "“ü”"),
            ("こんにちは".encode("shift_jis"), "text/html;charset=Shift_JIS", "こんにちは"),
            ("ü".encode(), "text/plain; charset=no-such", "ü"),
            ("ü".encode(), "text/plain; charset=utf-99", "ü"),
            (b"abc", "text/plain; charset=hex", "abc"),
            (b"\\u0041", "text/plain; charset=unicode_escape", "\\u0041"),
            (b"+AGE-", "text/plain; charset=utf-7", "+AGE-"),
            (b"a\xffb", "text/plain; charset=utf-8", "a�b"),
        ],
    )
    def test_is_decoded(self, body: bytes, content_type: str, text: str) -> None:
        assert answer(body, content_type).text() == text


class TestLinks:
    @pytest.mark.parametrize(
        ("header", "found"),
        [
            (
                '<https://a.example/?max_id=1>; rel="next", <https://a.example/?min=2>; rel="prev"',
                {"next": "https://a.example/?max_id=1", "prev": "https://a.example/?min=2"},
            ),
            ("<https://a.example/?a=1,2;3>; rel=next", {"next": "https://a.example/?a=1,2;3"}),
            ('</p2>; title="a, <b>; \\"c"; rel="last next"', {"last": "/p2", "next": "/p2"}),
            ('<a>; rel="next", <b>; rel="next"', {"next": "a"}),
            ("<a>;REL = NEXT", {"next": "a"}),
            ("<a>", {}),
            ("", {}),
            ("rubbish; rel=next", {}),
            ('<a>; rel="next', {}),
            ("<a>; rel=next; ; ,,, <b>; rel=prev", {"next": "a"}),
        ],
    )
    def test_are_found(self, header: str, found: dict[str, str]) -> None:
        assert next_link({"link": header}) == found
        assert next_link(header) == found

    def test_are_made_absolute(self) -> None:
        one = Response(
            status=200,
            headers={"link": "</b?p=2>; rel=next"},
            body=b"",
            url="https://a.example/a/c",
        )
        assert one.links() == {"next": "https://a.example/b?p=2"}

    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(st.text(alphabet='<>;,="\\ relnxt/:[', max_size=60))
    def test_any_header_ends_well(self, header: str) -> None:
        assert all(isinstance(url, str) for url in next_link(header, "https://a.example/").values())

    @pytest.mark.parametrize(
        "header", ["<" * 50_000, "<a>;" * 20_000, '<a>;x="' * 9_000, '<a>;x="' + "\\" * 50_000]
    )
    def test_long_headers_take_linear_time(self, header: str) -> None:
        began = time.process_time()
        next_link(header)
        assert time.process_time() - began < 5


class TestOrigins:
    @pytest.mark.parametrize(
        ("a", "b", "same"),
        [
            ("https://a.example/x", "https://A.example:443/y?z", True),
            ("http://a.example", "http://a.example:80", True),
            ("https://a.example", "http://a.example", False),
            ("https://a.example", "https://b.a.example", False),
            ("https://a.example", "https://a.example:444", False),
            ("https://a.example", "https://a.example@b.example", False),
            ("http://[::1]:80", "http://[::1]", True),
            ("", "", False),
            ("/x", "/x", False),
            ("http://[", "http://[", False),
        ],
    )
    def test_are_compared(self, a: str, b: str, same: bool) -> None:
        assert same_origin(a, b) is same

    def test_further_page_stays_with_its_server(self) -> None:
        base = "https://a.example/api/list"
        assert onward("?page=2", base) == "https://a.example/api/list?page=2"
        assert onward("https://a.example/2", base) == "https://a.example/2"
        for elsewhere in ("https://b.example/2", "http://a.example/2", "//c.example", "http://["):
            with pytest.raises(UnexpectedPayload):
                onward(elsewhere, base)

    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://a.example/x?y", "a.example"),
            ("https://u:p@a.example:8443/", "a.example:8443"),
            ("http://[::1]:8080/", "[::1]:8080"),
            ("http://[", "?"),
            ("nothing", "?"),
        ],
    )
    def test_host_is_shown_without_the_rest(self, url: str, host: str) -> None:
        assert host_of(url) == host


NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC).timestamp()


class TestWaits:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "30"}, 30),
            ({"retry-after": "1.5"}, 1.5),
            ({"retry-after": formatdate(NOW + 60, usegmt=True)}, 60),
            ({"retry-after": formatdate(NOW - 60, usegmt=True)}, 0),
            ({"x-ratelimit-reset": "2026-11-21T07:05:00.000Z"}, 300),
            ({"x-ratelimit-reset": str(int(NOW + 90))}, 90),
            ({"x-ratelimit-reset": str(int((NOW + 90) * 1000))}, 90),
            ({"x-rate-limit-reset": str(int(NOW + 90))}, 90),
            ({"x-ratelimit-reset": "412"}, 412),
            ({"x-ratelimit-reset-after": "1.25", "x-ratelimit-reset": str(NOW + 9)}, 1.25),
            ({"retry-after": "soon", "ratelimit-reset": "5"}, 5),
            ({"retry-after": "-5"}, None),
            ({"retry-after": "nan"}, None),
            ({"retry-after": "inf"}, None),
            ({"retry-after": "9" * 400}, None),
            ({"retry-after": "99999999"}, 366 * 86400),
            ({"retry-after": "Fri, 31 Foo 2026 99:99:99 GMT"}, None),
            # The reset is told by the service's clock, which goes an hour before ours.
            (
                {
                    "x-ratelimit-reset": str(int(NOW + 3600 + 20)),
                    "date": formatdate(NOW + 3600, usegmt=True),
                },
                20,
            ),
        ],
    )
    def test_are_understood(self, headers: dict[str, str], seconds: float | None) -> None:
        assert wanted_wait(headers, NOW) == seconds

    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=40))
    def test_any_header_ends_well(self, value: str) -> None:
        wait = wanted_wait({"retry-after": value, "x-ratelimit-reset": value}, NOW)
        assert wait is None or 0 <= wait <= 366 * 86400

    def test_grow_and_spread(self) -> None:
        assert {round(backoff(1), 6) for _ in range(9)} != {0.5}
        for failures, least, most in ((1, 0.5, 0.75), (2, 1, 1.5), (5, 8, 12), (2000, 8, 12)):
            assert least <= backoff(failures) <= most
