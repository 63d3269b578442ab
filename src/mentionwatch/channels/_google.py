"""
What Google's services say when they refuse, in words that help.

Source: https://cloud.google.com/apis/design/errors (the error envelope)
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mentionwatch.channels._values import rows, table, text
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    PermissionMissing,
    RateLimited,
    RequestRefused,
)

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """
    What an error answer holds.

    ``status``: "PERMISSION_DENIED". ``reason``: "SERVICE_DISABLED". ``details``: the metadata of
    the reason, such as ``quota_limit_value``.
    """

    status: str = ""
    message: str = ""
    reason: str = ""
    details: Mapping[str, str]


def said(body: str) -> Said:
    """Return what the body of an error says; empty parts where it is no such envelope."""
    try:
        error = table(table(json.loads(body)).get("error"))
    except (ValueError, RecursionError):
        error = {}
    details: dict[str, str] = {}
    reason = ""
    for one in rows(error.get("details")):
        reason = reason or text(one.get("reason"))
        details.update({k: v for k, v in table(one.get("metadata")).items() if isinstance(v, str)})
    return Said(
        status=text(error.get("status")),
        message=text(error.get("message")),
        reason=reason,
        details=details,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """
    The ways out of one service's refusals.

    ``disabled``: the API is switched off. ``denied``: the account may not. ``no_quota``: the
    project has a quota of nothing; "" where that cannot be. ``wrong``: a request that was refused.
    """

    disabled: str
    denied: str
    no_quota: str = ""
    wrong: str = ""


@asynccontextmanager
async def explained(ways_out: Help) -> AsyncGenerator[None, None]:
    """Raise Google's errors with a way out; one that means a missing permission as that."""
    try:
        yield
    except CredentialsRefused:
        raise
    except PermissionMissing as error:
        raise PermissionMissing(
            error.message, _denied(said(error.body), ways_out), error.status, error.body
        ) from error
    except RateLimited as error:
        found = said(error.body)
        if not ways_out.no_quota or found.details.get("quota_limit_value") != "0":
            raise
        raise PermissionMissing(
            "Google gives this project a quota of 0 calls (HTTP 429)",
            ways_out.no_quota,
            error.status,
            error.body,
        ) from error
    except RequestRefused as error:
        if not ways_out.wrong or not said(error.body).status:
            raise
        raise RequestRefused(error.message, ways_out.wrong, error.status, error.body) from error


def _denied(found: Said, ways_out: Help) -> str:
    if found.reason == "SERVICE_DISABLED" or "it is disabled" in found.message:
        return ways_out.disabled
    if found.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
        return "the log-in lacks a scope: log in again and leave every box ticked"
    return ways_out.denied


def status_of(error: AnswerRefused) -> str:
    """Return the name that Google gives to an error."""
    return said(error.body).status


def author_name(value: object) -> str:
    """
    Return the name of a reviewer; one word where Google shows none.

    "A Google user" would look like one and the same person under every such review.
    """
    name = text(value).strip()
    return "Anonymous" if name.casefold() in ("", "a google user") else name
