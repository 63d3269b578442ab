"""
OAuth 2.0 access tokens: asked for, kept, and renewed before they end (RFC 6749).

An access token lives an hour or a day, and a refresh token is often good for one use. So both stay
in ``client.tokens`` from run to run, whoever renews holds the channel's lock, and new tokens are
kept before they are used: a run that is killed in between loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import time
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import count, needed, table, text
from mentionwatch.credentials import Secret
from mentionwatch.errors import AnswerRefused, CredentialsRefused, RequestRefused

if TYPE_CHECKING:
    from mentionwatch.client import Client, Response

EARLY = 120  # seconds before its end at which an access token is no longer used
USUAL_LIFE = 3600  # where the answer names none
WARN_BEFORE = timedelta(days=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """
    How an access token is asked for.

    ``form``: what is sent to ``url``, ``grant_type`` included. With the grant "refresh_token" the
    newest one that the platform gave takes the place of the one in ``form``. ``auth``: user and
    password of the request itself. ``way_out``: what the owner does where it is refused.
    ``made``: what is made anew for each request, such as a signed assertion; ``identity`` then
    tells the credentials behind it from others.
    """

    url: str
    form: Mapping[str, str | Secret]
    auth: tuple[str | Secret, str | Secret] | None = None
    way_out: str = "run: mentionwatch login CHANNEL"
    made: Callable[[], Mapping[str, str]] = dict
    identity: str = ""


@dataclass(kw_only=True, slots=True)
class Access:
    """The access of one run. ``headers``: sent with every request beside the token."""

    client: Client
    grant: Grant
    headers: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "Bearer"
    _kept: dict[str, Any] | None = None
    _mark: str = ""

    async def get(self, url: str, **options: Any) -> Response:
        """Ask with GET; a token that is refused is renewed once. Options: `Client.request`."""
        token = await self.token()
        try:
            return await self._ask(url, token, options)
        except CredentialsRefused:
            await self._renew(token)
        try:
            return await self._ask(url, await self.token(), options)
        except CredentialsRefused as error:
            raise self._refused(error) from error

    async def get_json(self, url: str, **options: Any) -> Any:
        return (await self.get(url, **options)).json()

    async def token(self) -> str:
        """Return an access token that is good for a while; asks for one where none is kept."""
        if self._kept is None:
            self._kept = await self._usable(self.client.tokens.get(self.client.channel))
        if self._kept is None or self._kept["ends"] - EARLY <= time():
            await self._renew("")
        assert self._kept is not None
        return str(self._kept["access_token"])

    async def scopes(self) -> frozenset[str]:
        """Return what the token permits, as far as the platform said; empty where it did not."""
        await self.token()
        assert self._kept is not None
        return frozenset(text(self._kept.get("scope")).replace(",", " ").split())

    async def warnings(self, now: datetime) -> tuple[str, ...]:
        """Return a sentence for the owner where the whole log-in ends within days."""
        await self.token()
        assert self._kept is not None
        ends = self._kept.get("login_ends")
        if not isinstance(ends, int | float):
            return ()
        end = datetime.fromtimestamp(ends, UTC)
        if end - now > WARN_BEFORE:
            return ()
        return (f"the log-in ends on {end:%Y-%m-%d}; before that, {self.grant.way_out}",)

    # --- renewing -------------------------------------------------------------------------------

    async def _ask(self, url: str, token: str, options: Mapping[str, Any]) -> Response:
        headers = {
            "Accept": "application/json",
            **self.headers,
            **(options.get("headers") or {}),
            "Authorization": f"{self.scheme} {token}",
        }
        return await self.client.get(url, **{**options, "headers": headers})

    async def _renew(self, refused: str) -> None:
        """Get a new token, unless another run already did; keep it before it is used."""
        async with self.client.renewing() as found:
            kept = await self._usable(found)
            fresh = kept is not None and kept["ends"] - EARLY > time()
            if kept is not None and fresh and kept["access_token"] != refused:
                self._kept = kept
                return
            answer = await self._granted(text((kept or {}).get("refresh_token")))
            self._kept = {**_without_tokens(found), **self._read(answer, kept or {})}
            self.client.tokens.put(self.client.channel, self._kept)

    async def _granted(self, kept: str) -> Any:
        """Ask for a token: with the newest refresh token, or else with the owner's own."""
        form = {**self.grant.form, **self.grant.made()}
        if kept and "refresh_token" in form:
            try:
                return await self._post({**form, "refresh_token": kept})
            except CredentialsRefused:
                if await reveal(form["refresh_token"]) == kept:
                    raise
        return await self._post(form)

    async def _post(self, form: Mapping[str, str | Secret]) -> Any:
        try:
            answer = await self.client.post_json(
                self.grant.url, data=form, auth=self.grant.auth, headers=dict(self.headers)
            )
        except (CredentialsRefused, RequestRefused) as error:
            if isinstance(error, CredentialsRefused) or said(error.body):
                raise self._refused(error) from error
            raise
        if name := text(table(answer).get("error")):  # some say so with HTTP 200
            raise CredentialsRefused(
                f"the platform refuses to renew the access ({name[:60]})", self.grant.way_out
            )
        return answer

    def _refused(self, error: AnswerRefused) -> CredentialsRefused:
        return CredentialsRefused(error.message, self.grant.way_out, error.status, error.body)

    def _read(self, answer: Any, before: Mapping[str, Any]) -> dict[str, Any]:
        with reading("the answer with the access token"):
            now = int(time())
            lasts = count(_number(answer.get("expires_in")))
            found: dict[str, Any] = {
                "access_token": needed(answer["access_token"]),
                "ends": now + (USUAL_LIFE if lasts is None else lasts),
                "refresh_token": text(answer.get("refresh_token"))
                or text(before.get("refresh_token")),
                "scope": text(answer.get("scope")) or text(before.get("scope")),
                "for": self._mark,
            }
            whole = count(answer.get("refresh_token_expires_in"))
            ends = before.get("login_ends") if whole is None else now + whole
        return found if ends is None else {**found, "login_ends": ends}

    async def _usable(self, kept: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return tokens that came from these very credentials, else None."""
        if not self._mark:
            parts = [part for pair in self.grant.form.items() for part in pair]
            parts += [self.grant.identity] if self.grant.identity else []
            self._mark = await _digest([self.grant.url, *parts, *(self.grant.auth or ())])
        complete = text(kept.get("access_token")) and isinstance(kept.get("ends"), int | float)
        return dict(kept) if complete and kept.get("for") == self._mark else None


def _number(value: object) -> object:
    """Some write a number as a text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def said(body: str) -> str:
    """Return what a token endpoint calls its error ("invalid_grant", a number), else ""."""
    try:
        named = table(json.loads(body)).get("error")
    except (ValueError, RecursionError):
        return ""
    return str(named) if isinstance(named, str | int) else ""


_OURS = ("access_token", "ends", "refresh_token", "scope", "for", "login_ends")


def _without_tokens(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a channel keeps beside the tokens."""
    return {name: value for name, value in kept.items() if name not in _OURS}


async def _digest(parts: Sequence[str | Secret]) -> str:
    """Return what tells these credentials from others, and says nothing about them."""
    from hashlib import sha256

    written = [await reveal(part) for part in parts]
    return sha256(json.dumps(written).encode()).hexdigest()[:32]


async def reveal(value: str | Secret) -> str:
    """Look a secret up without holding up the other channels."""
    if isinstance(value, str):
        return value
    if value.ready:
        return value.reveal()
    import asyncio

    return await asyncio.to_thread(value.reveal)
