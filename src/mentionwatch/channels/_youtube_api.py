"""
Asking the YouTube Data API: its quota of a day, and its errors, which say their reason in the body.

Quota: https://developers.google.com/youtube/v3/determine_quota_cost. Each request costs, refused
ones too; search has a bucket of its own. The day begins at midnight in California.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import reading
from mentionwatch.channels._ledger import Ledger
from mentionwatch.channels._values import rows, table, text
from mentionwatch.errors import (
    AnswerRefused,
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
)

if TYPE_CHECKING:
    from mentionwatch.channels._oauth import Access
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

CONSOLE = "https://console.cloud.google.com/apis"
_SPENT = ("quotaExceeded", "dailyLimitExceeded")
_TOO_FAST = ("rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED")
_WRONG_KEY = ("keyInvalid", "API_KEY_INVALID", "keyExpired", "API_KEY_EXPIRED")
_NOT_ENABLED = ("accessNotConfigured", "SERVICE_DISABLED")
_GONE = (
    "videoNotFound", "channelNotFound", "commentNotFound", "commentThreadNotFound",
)  # fmt: skip


def day_of(now: datetime) -> str:
    """Return the day of the quota."""
    from zoneinfo import ZoneInfo

    return f"{now.astimezone(ZoneInfo('America/Los_Angeles')):%Y-%m-%d}"


@dataclass(kw_only=True, slots=True)
class Api:
    """``ledger`` None: outside of a run nothing is counted."""

    client: Client
    base_url: str
    key: Secret
    ledger: Ledger | None = None
    units: int = 10_000
    searches: int = 100

    async def get(self, path: str, wanted: Mapping[str, Any], access: Access | None = None) -> Any:
        """
        Ask and return the JSON.

        Args:
            path: "/commentThreads".
            wanted: The parameters.
            access: Of the owner's log-in, where a key is not enough.

        Raises:
            BudgetSpent: The quota of the day is used up.
            ChannelError: Others, by the reason in the body.
        """
        self._count(path)
        url = f"{self.base_url}{path}"
        try:
            if access is not None:
                return (await access.get(url, params=wanted)).json()
            headers = {"X-Goog-Api-Key": self.key}
            return await self.client.get_json(url, params=wanted, headers=headers)
        except AnswerRefused as error:
            raise explained(error) from error

    def _count(self, path: str) -> None:
        if self.ledger is None:
            return
        name, most = ("searches", self.searches) if path == "/search" else ("units", self.units)
        if self.ledger.used(name) + 1 > most:
            raise BudgetSpent(
                f"today's {most} {'searches' if name == 'searches' else 'requests'} at YouTube are "
                "used up",
                f"it goes on after midnight in California; {name}_per_day allows more",
            )
        self.ledger.use(name, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """One page of a list. ``token`` names the next one."""

    things: tuple[dict[str, Any], ...]
    token: str = ""


def parse_listing(payload: Any) -> Listing:
    """Return the things on a page. Raises UnexpectedPayload."""
    with reading("the answer of YouTube"):
        kind = payload["kind"]
        things = payload.get("items", [])
        if not isinstance(kind, str) or not kind.startswith("youtube#"):
            raise ValueError("it is of no kind that YouTube has")
        if not isinstance(things, list):
            raise TypeError("a list was expected")
        return Listing(things=tuple(rows(things)), token=text(payload.get("nextPageToken")))


def reasons(body: str) -> frozenset[str]:
    """Return every reason that a refusal names."""
    try:
        error = table(table(json.loads(body)).get("error"))
    except (ValueError, RecursionError):
        return frozenset()
    named = {text(one.get("reason")) for one in rows(error.get("errors"))}
    named |= {text(one.get("reason")) for one in rows(error.get("details"))}
    message = text(error.get("message"))
    if "API key not valid" in message:
        named.add("API_KEY_INVALID")
    return frozenset({*named, text(error.get("status"))} - {""})


def explained(error: AnswerRefused) -> ChannelError:
    """Return the error that the reason in the body stands for, with what helps against it."""
    named = reasons(error.body)
    message, more = error.message, {"status": error.status, "body": error.body}
    if named & set(_SPENT):
        return BudgetSpent(
            "today's quota of the YouTube API is used up",
            "it begins anew at midnight in California; run less often, or ask Google for more",
        )
    if named & set(_WRONG_KEY):
        hint = f"make a new API key at {CONSOLE}/credentials"
        return CredentialsRefused(message, hint, error.status, error.body)
    if named & set(_NOT_ENABLED):
        hint = f"enable the YouTube Data API v3 in the key's project: {CONSOLE}/library"
        return PermissionMissing(message, hint, error.status, error.body)
    if named & set(_TOO_FAST) and not isinstance(error, RateLimited):
        return RateLimited(message, "run less often, or try again later", **more)  # type: ignore[arg-type]
    if named & set(_GONE):
        return NotFound(message, "check channel_id or handle", error.status, error.body)
    blocked = any(one.startswith("API_KEY_") or one == "ipRefererBlocked" for one in named)
    if isinstance(error, PermissionMissing) and blocked:
        hint = f"the key's restrictions leave out this machine or this API: {CONSOLE}/credentials"
        return PermissionMissing(message, hint, error.status, error.body)
    if isinstance(error, PermissionMissing):
        hint = "this needs the log-in of the channel's owner, or the comments are not public"
        return PermissionMissing(message, hint, error.status, error.body)
    return error
