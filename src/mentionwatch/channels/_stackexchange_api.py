"""
Asking the Stack Exchange API: its wrapper, its pauses, its daily quota, its errors.

Throttles: https://api.stackexchange.com/docs/throttle
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.channels._rest import resting
from mentionwatch.channels._stackexchange_items import Wrapper, read_wrapper
from mentionwatch.channels._values import table, text
from mentionwatch.errors import CredentialsRefused, RateLimited, RequestRefused, ServerFailed

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

FEW = 0.05  # of the day's quota: the owner is told
_WAIT = re.compile(r"available in (\d{1,7}) seconds")
_KEYS = ("key_required", "access_token_required", "invalid_access_token", "access_denied")


@dataclass(kw_only=True, slots=True)
class Api:
    """The API during one run. ``spent``: requests so far."""

    client: Client
    base_url: str
    key: Secret | None = None
    quota: int = 300
    remaining: int | None = None
    spent: int = 0
    _pauses: dict[str, float] = field(default_factory=dict)

    async def get(self, site: str, path: str, params: Mapping[str, Any]) -> Wrapper:
        """
        Ask one method of the API.

        Raises:
            ChannelError: The API's own errors, which all come as HTTP 400, by what they mean.
        """
        method = re.sub(r"/[\d;]+", "/{ids}", path)
        async with resting(self.client, "Stack Exchange", timedelta(hours=1)):
            # `backoff` holds for the method; asking earlier is punished.
            wait = self._pauses.pop(method, 0.0) - time.monotonic()
            if wait > 0:
                await self.client.pause(wait)
            self.spent += 1
            try:
                payload = await self.client.get_json(
                    self.base_url + path, params={"site": site, **params, "key": self.key}
                )
            except RequestRefused as error:
                raise _meant(error, site) from error
        found = read_wrapper(payload, "the answer of Stack Exchange")
        self._note(method, found)
        return found

    def _note(self, method: str, found: Wrapper) -> None:
        if found.backoff:
            self._pauses[method] = time.monotonic() + found.backoff
        self.quota = found.quota or self.quota
        self.remaining = self.remaining if found.remaining is None else found.remaining

    def warnings(self) -> tuple[str, ...]:
        if self.remaining is None or self.remaining > self.quota * FEW:
            return ()
        advice = "" if self.key else "; a free key allows 10,000"
        return (
            f"only {self.remaining} of {self.quota} requests to Stack Exchange are left "
            f"today{advice}",
        )


def _meant(error: RequestRefused, site: str) -> Exception:
    name, message = _said(error.body)
    if name == "throttle_violation":
        found = _WAIT.search(message)
        return RateLimited(
            f"Stack Exchange says that there were too many requests: {message[:120]}",
            "a free key (see: mentionwatch channels setup stackexchange) allows more",
            float(found[1]) if found else None,
            error.status,
            error.body,
        )
    if name in ("temporarily_unavailable", "internal_error"):
        return ServerFailed(
            f"Stack Exchange has a problem of its own: {message[:120]}",
            "try again later",
            error.status,
            error.body,
        )
    if name in _KEYS or (name == "bad_parameter" and "key" in message):
        return CredentialsRefused(
            f"Stack Exchange does not accept the key: {message[:120]}",
            "copy it again from your application's page at stackapps.com",
            error.status,
            error.body,
        )
    if name == "bad_parameter" and "site" in message.casefold():
        hint = f'is there a site "{site}"? names: https://api.stackexchange.com/docs/sites'
        return RequestRefused(error.message, hint, error.status, error.body)
    return error


def _said(body: str) -> tuple[str, str]:
    try:
        said = table(json.loads(body))
    except (ValueError, RecursionError):
        return "", ""
    return text(said.get("error_name")), text(said.get("error_message"))
