"""
Asking a Lemmy instance: /api/v3 up to 0.19, /api/v4 from 1.0 on; logging in; its errors.

The newer servers answer a part of /api/v3 as well, but not what is said to us.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import reading
from mentionwatch.channels._lemmy_items import languages
from mentionwatch.channels._rest import resting
from mentionwatch.channels._values import needed, table, text
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.client.asking import HeaderValue
    from mentionwatch.credentials import Secret

_NOT_IN = ("not_logged_in", "incorrect_login", "token_not_found", "not_a_valid_jwt")
_REFUSED = ("incorrect_totp_token", "missing_totp_token", "registration_application_is_pending")
_MISSING = ("couldnt_find", "not_found", "unknown")
LIMIT = 50  # the most that either generation gives


@dataclass(kw_only=True, slots=True)
class Api:
    """
    One instance during one run.

    ``newer``: it speaks /api/v4. ``me``: who is logged in there, {} for a visitor.
    """

    client: Client
    base_url: str
    username: str = ""
    password: Secret | None = None
    jwt: Secret | None = None
    newer: bool = False
    version: str = ""
    codes: Mapping[int, str] = field(default_factory=dict)
    me: dict[str, Any] = field(default_factory=dict)

    @property
    def logs_in(self) -> bool:
        return bool(self.jwt or (self.username and self.password))

    async def open(self) -> None:
        """Learn the version, the languages, and who we are."""
        await self._introduce()
        if self.logs_in and not self.me and not self.jwt:
            await self._forget()  # a site treats an old log-in like a visitor
            await self._introduce()
        if self.logs_in and not self.me:
            raise _refused("the Lemmy instance does not know the log-in any more", 0, "jwt")

    async def _introduce(self) -> None:
        try:
            site = await self.get("/api/v4/site" if self.newer else "/api/v3/site")
        except NotFound:
            if self.newer:
                raise
            self.newer = True
            site = await self.get("/api/v4/site")
        with reading("what the Lemmy instance says about itself"):
            self.version = needed(site["version"])
            self.codes = languages(site.get("all_languages"))
            me = table(site.get("my_user"))
        first = self.version.partition(".")[0]
        self.newer = self.newer or (first.isdecimal() and int(first) >= 1)
        if self.newer and self.logs_in:
            me = table(await self.get("/api/v4/account"))
        self.me = table(table(me.get("local_user_view")).get("person"))

    async def listing(
        self, older: str, newer: str, params: Mapping[str, Any], resume: str
    ) -> tuple[dict[str, Any], str]:
        """Return a page of a listing, and where the next one begins; "" at the end."""
        if self.newer:
            asked = {**params, "limit": LIMIT, "page_cursor": resume or None}
            payload = await self.get(f"/api/v4{newer}", asked)
            return payload, text(table(payload).get("next_page"))
        number = int(resume) if resume.isdecimal() else 1
        asked = {**params, "limit": LIMIT, "page": number}
        payload = await self.get(f"/api/v3{older}", asked)
        return payload, str(number + 1)

    async def one(self, local: str) -> Any:
        """Ask for one post ("p22") or comment ("c345")."""
        name = "post" if local.startswith("p") else "comment"
        version = "v4" if self.newer else "v3"
        return await self.get(f"/api/{version}/{name}", {"id": local[1:]})

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """
        Ask; a kept log-in that is no longer good is renewed once.

        Raises:
            ChannelError: By the name that Lemmy gives its error: most come as HTTP 400.
        """
        try:
            return await self._asked(path, params)
        except CredentialsRefused:
            if self.jwt or not self.logs_in:
                raise
            await self._forget()
        return await self._asked(path, params)

    async def _asked(self, path: str, params: Mapping[str, Any] | None) -> Any:
        headers: dict[str, HeaderValue] = {"Accept": "application/json"}
        if self.logs_in:
            headers["Authorization"] = ("Bearer ", await self._token())
        async with resting(self.client, "the Lemmy instance", timedelta(minutes=5)):
            try:
                return await self.client.get_json(
                    self.base_url + path, params=params, headers=headers
                )
            except (RequestRefused, NotFound, CredentialsRefused) as error:
                raise _meant(error) from error

    # --- logging in ---------------------------------------------------------------------------

    async def _token(self) -> str | Secret:
        if self.jwt:
            return self.jwt
        kept = self.client.tokens.get(self.client.channel)
        if text(kept.get("jwt")) and kept.get("for") == self._mark():
            return str(kept["jwt"])
        return await self._log_in()

    async def _log_in(self) -> str:
        path = "/api/v4/account/auth/login" if self.newer else "/api/v3/user/login"
        form = {"username_or_email": self.username, "password": self.password}
        # In this order: leaving the instance alone takes the lock of the tokens as well.
        pause = resting(self.client, "the Lemmy instance", timedelta(minutes=5))
        async with pause, self.client.renewing() as kept:
            if text(kept.get("jwt")) and kept.get("for") == self._mark():
                return str(kept["jwt"])  # another run was faster
            try:
                answer = await self.client.post_json(self.base_url + path, json=form)
            except (RequestRefused, NotFound, CredentialsRefused) as error:
                raise _meant(error) from error
            with reading("the answer to the log-in"):
                jwt = needed(answer["jwt"])
            now = {**kept, "jwt": jwt, "for": self._mark()}
            self.client.tokens.put(self.client.channel, now)
        return jwt

    async def _forget(self) -> None:
        if self.jwt:
            return
        async with self.client.renewing() as kept:
            left = {name: value for name, value in kept.items() if name not in ("jwt", "for")}
            self.client.tokens.put(self.client.channel, left)

    def _mark(self) -> str:
        return f"{self.username} {self.base_url}"


def _meant(error: AnswerRefused) -> AnswerRefused:
    name = _said(error.body)
    if name == "rate_limit_error":
        return RateLimited(
            "the Lemmy instance says that there were too many requests",
            "run less often, or ask a larger instance",
            None,
            error.status,
            error.body,
        )
    if name in _NOT_IN or name in _REFUSED or isinstance(error, CredentialsRefused):
        return _refused(
            f"the Lemmy instance refuses the log-in ({name or 401})", error.status, name
        )
    if name.startswith(_MISSING[0]) or name in _MISSING:
        return NotFound(
            f"the Lemmy instance does not have what was asked for ({name})",
            "it may have been deleted; check the names in the configuration",
            error.status,
            error.body,
        )
    return error


def _refused(message: str, status: int, name: str) -> CredentialsRefused:
    hint = "check username and password, then run: mentionwatch login CHANNEL"
    if name == "jwt":
        hint = "log in again with your browser and copy the cookie jwt, or set a password"
    if "totp" in name:
        hint = "the account has two-factor log-in: set jwt instead of the password"
    return CredentialsRefused(message, hint, status)


def _said(body: str) -> str:
    try:
        return text(table(json.loads(body)).get("error"))
    except (ValueError, RecursionError):
        return ""
