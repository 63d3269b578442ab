"""
Long-lived tokens: renewed in time and kept safely; what a token says of itself.

https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
https://developers.facebook.com/docs/threads/get-started/long-lived-tokens

A token lives for 60 days and can be renewed when it is a day old. The old one stays good until
its own end, so a run that is killed between asking and keeping loses nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import needed, table, text, texts
from mentionwatch.errors import (
    AnswerRefused,
    RateLimited,
    SecretUnavailable,
    ServerFailed,
    UnexpectedPayload,
)

if TYPE_CHECKING:
    from mentionwatch.channels._graph import Graph
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

RENEW = timedelta(days=20)  # before the end
WARN = timedelta(days=14)
ASK_AGAIN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """
    A token as it is to be used. ``expires`` and ``asked`` (for a new one) where that is known.

    ``origin`` tells from which token of the owner's it descends.
    """

    token: str
    origin: str
    expires: datetime | None = None
    asked: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether to ask for a new one: its end is near or unknown, and not asked for lately."""
        if self.asked is not None and timedelta() <= now - self.asked < ASK_AGAIN:
            return False
        return self.expires is None or self.expires - now < RENEW

    def warnings(self, now: datetime) -> tuple[str, ...]:
        """Say days before that it ends."""
        return ending(self.expires, now) if self.expires is not None else ()


def ending(end: datetime, now: datetime, what: str = "the token") -> tuple[str, ...]:
    if end <= now:
        return (f"{what} ended on {end:%Y-%m-%d}; make a new one",)
    if end - now < WARN:
        days = (end - now).days
        return (f"{what} ends on {end:%Y-%m-%d}, in {days} days, and could not be renewed",)
    return ()


async def held(client: Client, secret: Secret, base_url: str) -> Held:
    """
    Return the token to use: the renewed one, unless the owner has set a new one since.

    Raises:
        SecretUnavailable: It cannot be had.
    """
    return _held(client.tokens.get(client.channel), await revealed(secret), base_url)


def _held(kept: Mapping[str, Any], configured: str, base_url: str) -> Held:
    origin = hashlib.sha256(f"{base_url} {configured}".encode()).hexdigest()[:16]
    if kept.get("origin") != origin:
        return Held(token=configured, origin=origin)
    return Held(
        token=text(kept.get("access_token")) or configured,
        origin=origin,
        expires=_instant(kept.get("expires_at")),
        asked=_instant(kept.get("asked_at")),
    )


async def renewed(graph: Graph, secret: Secret, path: str, grant: str, now: datetime) -> Held:
    """
    Return the token to use in this run, a new one where the old one's end is near or unknown.

    A refusal (the token is younger than a day, say) leaves the old one in use.

    Args:
        path: Of the request, behind the host: "/refresh_access_token".
        grant: "ig_refresh_token" or "th_refresh_token".
    """
    client = graph.client
    here = await held(client, secret, graph.base_url)
    if not here.due(now):
        return here
    configured = await revealed(secret)
    async with client.renewing() as kept:
        here = _held(kept, configured, graph.base_url)
        if not here.due(now):  # another run was faster
            return here
        graph.token = here.token
        asked = {"grant_type": grant, "access_token": here.token}
        with suppress(ServerFailed):  # not their day; the next run asks again
            here = await _asked(graph, path, asked, here, now)
            client.tokens.put(client.channel, _kept(here))
    return here


async def _asked(
    graph: Graph, path: str, params: Mapping[str, Any], here: Held, now: datetime
) -> Held:
    try:
        payload = await graph.get(path, params)
        with reading("the new token"):
            token, seconds = needed(payload["access_token"]), float(payload["expires_in"])
            expires = now + timedelta(seconds=max(0.0, seconds))
    except (RateLimited, ServerFailed):
        raise
    except (AnswerRefused, UnexpectedPayload):
        # The old one is good until its end, of which `ending` warns; asked again in a day.
        return Held(token=here.token, origin=here.origin, expires=here.expires, asked=now)
    return Held(token=token, origin=here.origin, expires=expires, asked=now)


def _kept(here: Held) -> dict[str, Any]:
    return {
        "access_token": here.token,
        "origin": here.origin,
        "expires_at": None if here.expires is None else int(here.expires.timestamp()),
        "asked_at": None if here.asked is None else int(here.asked.timestamp()),
    }


def _instant(value: object) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**10:
        return None
    return datetime.fromtimestamp(value, UTC)


async def inspected(graph: Graph, token: str | Secret, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """
    Ask what a token says of itself; return warnings: it ends soon, or a permission is missing.

    https://developers.facebook.com/docs/graph-api/reference/debug_token - no answer, no warnings.
    """
    try:
        payload = await graph.get("/debug_token", {"input_token": token})
    except (AnswerRefused, UnexpectedPayload):
        return ()
    said = table(payload.get("data"))
    found: list[str] = []
    now = wall_clock()
    for key, what in (
        ("expires_at", "the token"),
        ("data_access_expires_at", "the permission to read data"),
    ):
        end = _instant(said.get(key))
        if end is not None:
            found += ending(end, now, what)
    granted = texts(said.get("scopes"))
    missing = [scope for scope in scopes if granted and scope not in granted]
    if missing:
        found.append(
            f"the token lacks the permission {' and '.join(missing)}; without it lists are empty "
            "or refused"
        )
    return tuple(found)


def wall_clock() -> datetime:
    """Return now; who we are is asked without a query, which else carries the clock."""
    return datetime.fromtimestamp(time.time(), UTC)


async def revealed(secret: Secret) -> str:
    """Return a secret; a look-up that takes long stops nobody else."""
    import asyncio
    import threading

    if not secret.ready:

        def look_up() -> None:
            with suppress(SecretUnavailable):  # kept as well, and raised below
                secret.reveal()

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        while thread.is_alive():
            await asyncio.sleep(0.01)
    return secret.reveal()
