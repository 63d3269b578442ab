"""
A session with a server of the AT Protocol: two tokens, renewed in turn, and few logins.

Methods: https://docs.bsky.app/docs/api/com-atproto-server-create-session

A login is scarce (ten a day have been enforced), a refresh token good for one use. So the tokens
stay in ``client.tokens`` from run to run, and whoever renews them holds the channel's lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import needed, rows, table, text, web
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    PermissionMissing,
    RateLimited,
    ServerFailed,
)

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

# The public entry, which forwards to the account's own server; that one may be asked directly.
ENTRYWAY = "https://bsky.social"
_KEPT = ("accessJwt", "refreshJwt", "did", "handle", "service", "identifier", "base_url")
_CLOSED = ("AccountTakedown", "AccountDeactivated", "AccountSuspended", "AccountNotFound")
_WAY_OUT = "make an app password: Settings > Privacy and security > App passwords"


@dataclass(kw_only=True, slots=True)
class Session:
    """What is known of the session; it is opened with the first request."""

    client: Client
    base_url: str
    identifier: str
    app_password: Secret
    logins: int = 0
    _tokens: dict[str, str] | None = None

    async def open(self) -> dict[str, str]:
        """Return the tokens with ``did``, ``handle``, ``service``; log in where there are none."""
        if self._tokens is None:
            self._tokens = self._usable(self.client.tokens.get(self.client.channel))
        if self._tokens is None:
            await self._renew("", login=True)
        assert self._tokens is not None
        return self._tokens

    async def get(
        self, method: str, params: Mapping[str, Any] | None = None, *, proxy: str = ""
    ) -> Any:
        """
        Ask a query method and return its JSON; an expired token is renewed once.

        Args:
            method: "app.bsky.feed.getPosts".
            params: Lists repeat their name.
            proxy: The service to which the account's server shall hand the request on.
        """
        tokens = await self.open()
        try:
            return await self._ask(tokens, method, params, proxy)
        except AnswerRefused as error:
            name = error_name(error)
            # Of a proxied method, InvalidToken says that app passwords may not use it.
            if not (name == "ExpiredToken" or (name == "InvalidToken" and not proxy)):
                _explain(error, name)
                raise
        await self._renew(tokens["accessJwt"], login=name == "InvalidToken")
        try:
            return await self._ask(await self.open(), method, params, proxy)
        except AnswerRefused as error:
            _explain(error, error_name(error))
            raise

    async def _ask(
        self, tokens: Mapping[str, str], method: str, params: Mapping[str, Any] | None, proxy: str
    ) -> Any:
        headers = {"Authorization": f"Bearer {tokens['accessJwt']}"}
        if proxy:
            headers["atproto-proxy"] = proxy
        url = f"{tokens['service']}/xrpc/{method}"
        return await self.client.get_json(url, params=params, headers=headers)

    async def _renew(self, refused: str, *, login: bool) -> None:
        """Get new tokens, unless another run already did; keep them before they are used."""
        async with self.client.renewing() as found:
            kept = self._usable(found)
            if kept is not None and kept["accessJwt"] != refused:
                self._tokens = kept
                return
            answer = None if kept is None or login else await self._refreshed(kept)
            if answer is None:
                answer = await self._logged_in()
            self._tokens = self._read(answer)
            self.client.tokens.put(self.client.channel, self._tokens)

    async def _refreshed(self, kept: Mapping[str, str]) -> Any:
        """Return a new pair of tokens; None where the old one is no longer good for that."""
        url = f"{kept['service']}/xrpc/com.atproto.server.refreshSession"
        headers = {"Authorization": f"Bearer {kept['refreshJwt']}"}
        try:
            return await self.client.post_json(url, headers=headers)
        except (RateLimited, ServerFailed):
            raise
        except AnswerRefused as error:
            name = error_name(error)
            if name in _CLOSED:
                _explain(error, name)
            return None

    async def _logged_in(self) -> Any:
        if self.logins:
            raise CredentialsRefused(
                "the server does not accept the session that it has just opened",
                "try again later; logins are limited to a few a day",
            )
        self.logins += 1
        url = f"{self.base_url}/xrpc/com.atproto.server.createSession"
        try:
            return await self.client.post_json(
                url, json={"identifier": self.identifier, "password": self.app_password}
            )
        except AnswerRefused as error:
            _explain(error, error_name(error))
            raise

    def _read(self, answer: Any) -> dict[str, str]:
        with reading("the Bluesky session"):
            found = {name: needed(answer[name]) for name in ("accessJwt", "refreshJwt", "did")}
            found["handle"] = text(answer.get("handle"))
            found["service"] = service_of(self.base_url, answer)
        return {**found, "identifier": self.identifier, "base_url": self.base_url}

    def _usable(self, kept: Mapping[str, Any]) -> dict[str, str] | None:
        """Return tokens that belong to this account and server, else None."""
        found = {name: text(kept.get(name)) for name in _KEPT}
        ours = (found["identifier"], found["base_url"]) == (self.identifier, self.base_url)
        complete = all(found[name] for name in _KEPT if name != "handle")
        return found if ours and complete else None


def service_of(base_url: str, answer: Mapping[str, Any]) -> str:
    """
    Return the server to ask after a login.

    The public entry names the account's own server. Any other ``base_url`` is what the owner
    wants to be asked: a server of his own, or a proxy.
    """
    if base_url != ENTRYWAY:
        return base_url
    for one in rows(table(answer.get("didDoc")).get("service")):
        endpoint = web(one.get("serviceEndpoint")).rstrip("/")
        if text(one.get("id")).endswith("#atproto_pds") and endpoint.startswith("https://"):
            return endpoint
    return base_url


def error_name(error: AnswerRefused) -> str:
    """Return the name that an answer gives to its error; "" for a web page."""
    try:
        return text(table(json.loads(error.body)).get("error"))
    except (ValueError, RecursionError):
        return ""


def _explain(error: AnswerRefused, name: str) -> None:
    """Raise the error once more with what helps against it, where that is known."""
    kind: type[AnswerRefused] = CredentialsRefused
    if name in _CLOSED:
        hint = "log in at bsky.app: the account is closed or suspended"
    elif name == "AuthFactorTokenRequired":
        hint = f"this is the account's own password; {_WAY_OUT}"
    elif isinstance(error, CredentialsRefused) or name in ("InvalidToken", "ExpiredToken"):
        hint = f"check the identifier, and {_WAY_OUT}"
    elif isinstance(error, PermissionMissing):
        kind, hint = PermissionMissing, f"set base_url to your account's server, or {ENTRYWAY}"
    else:
        return
    raise kind(error.message, hint, error.status, error.body) from error
