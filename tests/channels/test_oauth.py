from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import _oauth
from mentionwatch.channels._oauth import Access, Grant
from mentionwatch.client import Client
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    CredentialsRefused,
    RequestRefused,
    ServerFailed,
    UnexpectedPayload,
)
from tests.server import Reply, Request, Server

NOW = 1_800_000_000.0


class Platform:
    """Hands out tokens; every refresh token is good for one use."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.good = {"first"}
        self.issued = 0
        self.rotates = True
        self.more: dict[str, Any] = {}
        self.forms: list[dict[str, str]] = []
        self.accepted = ""
        server.on("POST", "/token", self.token)
        server.on("GET", "/me", self.me)

    def token(self, request: Request) -> Reply:
        form = dict(request.form)
        self.forms.append(form)
        if form.get("refresh_token") not in self.good:
            return Reply(status=400, body={"error": "invalid_grant"})
        self.issued += 1
        self.accepted = f"access-{self.issued}"
        answer = {"access_token": self.accepted, "expires_in": 3600, **self.more}
        if self.rotates:
            self.good = {f"refresh-{self.issued}"}
            answer["refresh_token"] = f"refresh-{self.issued}"
        return Reply(body=answer)

    def me(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.accepted}":
            return Reply(status=401, body={"message": "no"})
        return Reply(body={"name": "acme"})


@pytest.fixture
def platform(http_server: Server, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setattr(_oauth, "time", lambda: NOW)
    return Platform(http_server)


def grant(server: Server, refresh: str = "first") -> Grant:
    form = {
        "grant_type": "refresh_token",
        "client_id": "shop",
        "client_secret": Secret("s3cret-value"),
        "refresh_token": Secret(refresh),
    }
    return Grant(url=f"{server.url}/token", form=form, way_out="run: mentionwatch login shop")


def ask(server: Server, tokens: Tokens, refresh: str = "first", what: str = "me") -> Any:
    async def work() -> Any:
        async with Client(channel="shop", deadline=5.0, tokens=tokens) as client:
            access = Access(client=client, grant=grant(server, refresh))
            if what == "warnings":
                return await access.warnings(datetime.fromtimestamp(NOW, UTC))
            return await access.get_json(f"{server.url}/{what}")

    return asyncio.run(work())


def test_token_is_asked_for_once_and_kept(platform: Platform, tmp_path: Path) -> None:
    for _ in range(2):
        assert ask(platform.server, Tokens(tmp_path / "c.json")) == {"name": "acme"}
    assert len(platform.forms) == 1
    kept = json.loads((tmp_path / "c.json").read_text())["shop"]
    assert (kept["access_token"], kept["refresh_token"]) == ("access-1", "refresh-1")
    assert "s3cret-value" not in (tmp_path / "c.json").read_text()


def test_token_near_its_end_is_renewed_with_the_newest_refresh_token(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = Tokens(None)
    ask(platform.server, tokens)
    monkeypatch.setattr(_oauth, "time", lambda: NOW + 3500)
    ask(platform.server, tokens)
    assert [form["refresh_token"] for form in platform.forms] == ["first", "refresh-1"]


def test_refused_token_is_renewed_once(platform: Platform) -> None:
    tokens = Tokens(None)
    ask(platform.server, tokens)
    platform.accepted = "something else"
    assert ask(platform.server, tokens) == {"name": "acme"}
    assert platform.issued == 2


def test_token_that_another_run_renewed_is_used(platform: Platform) -> None:
    tokens = Tokens(None)
    ask(platform.server, tokens)

    async def work() -> Any:
        async with Client(channel="shop", deadline=5.0, tokens=tokens) as client:
            access = Access(client=client, grant=grant(platform.server))
            await access.token()
            kept = tokens.get("shop")
            platform.accepted = "access-of-another-run"
            tokens.put("shop", {**kept, "access_token": platform.accepted})
            return await access.get_json(f"{platform.server.url}/me")

    assert asyncio.run(work()) == {"name": "acme"}
    assert platform.issued == 1


def test_new_login_of_the_owner_takes_the_place_of_kept_tokens(platform: Platform) -> None:
    tokens = Tokens(None)
    ask(platform.server, tokens)
    platform.good = {"second"}
    platform.accepted = "nothing"
    assert ask(platform.server, tokens, "second") == {"name": "acme"}
    assert platform.forms[-1]["refresh_token"] == "second"


def test_lost_rotation_falls_back_to_the_configured_token(platform: Platform) -> None:
    tokens = Tokens(None)
    ask(platform.server, tokens)
    platform.good, platform.accepted = {"first"}, "nothing"
    assert ask(platform.server, tokens) == {"name": "acme"}


def test_refused_refresh_token_says_what_to_do(platform: Platform) -> None:
    platform.good = set()
    with pytest.raises(CredentialsRefused) as caught:
        ask(platform.server, Tokens(None))
    assert caught.value.hint == "run: mentionwatch login shop"
    assert len(platform.forms) == 1


def test_other_notes_of_the_channel_stay(platform: Platform) -> None:
    tokens = Tokens(None)
    tokens.put("shop", {"user_id": "42"})
    ask(platform.server, tokens)
    assert tokens.get("shop")["user_id"] == "42"


def test_token_that_is_refused_at_once_ends_in_one_error(platform: Platform) -> None:
    platform.server.reply("GET", "/me", 401, body={"message": "no"})
    with pytest.raises(CredentialsRefused) as caught:
        ask(platform.server, Tokens(None))
    assert caught.value.hint == "run: mentionwatch login shop"
    assert platform.issued == 2


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (200, {"error": "invalid_grant"}, CredentialsRefused),
        (400, {"error": "invalid_client"}, CredentialsRefused),
        (401, {"message": "Unauthorized", "error": 401}, CredentialsRefused),
        (400, "what?", RequestRefused),
        (500, {}, ServerFailed),
        (200, {"token": "x"}, UnexpectedPayload),
        (200, [], UnexpectedPayload),
    ],
)
def test_each_refusal_of_the_token_endpoint(
    http_server: Server, status: int, body: Any, wanted: type[Exception]
) -> None:
    http_server.reply("POST", "/token", status, body=body)
    with pytest.raises(wanted):
        ask(http_server, Tokens(None))


def test_end_of_the_login_is_foreseen(platform: Platform) -> None:
    platform.more = {"refresh_token_expires_in": int(timedelta(days=6).total_seconds())}
    (warning,) = ask(platform.server, Tokens(None), what="warnings")
    assert "2027-01-21" in warning and "mentionwatch login" in warning


def test_end_far_away_is_no_warning(platform: Platform) -> None:
    platform.more = {"refresh_token_expires_in": int(timedelta(days=60).total_seconds())}
    assert ask(platform.server, Tokens(None), what="warnings") == ()
