"""What is said when a feed cannot be read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from mentionwatch.channels._feed_memory import Memory
from mentionwatch.channels._values import moment
from mentionwatch.errors import NotFound, PermissionMissing, RequestRefused
from mentionwatch.model.times import in_words

if TYPE_CHECKING:
    from mentionwatch.client import Response

_MAX_REDIRECTS = 5


def target(answer: Response, hops: int) -> str:
    from mentionwatch.client import host_of

    if hops >= _MAX_REDIRECTS:
        raise RequestRefused(
            f"{answer.host} sends us round in a circle of redirects",
            "open the address in a browser, and configure where it ends",
            answer.status,
        )
    try:
        url = urljoin(answer.url, answer.headers.get("location", ""))
    except ValueError:
        url = ""
    if answer.url.startswith("https:") and url.startswith("http:"):
        raise RequestRefused(
            f"{answer.host} sends us on to {host_of(url)}, but without encryption",
            "look for an https:// address of the feed",
            answer.status,
        )
    if not url or url == answer.url:
        raise RequestRefused(
            f"{answer.host} sends us on (HTTP {answer.status}) and does not say where to",
            "open the address in a browser, and configure where it ends",
            answer.status,
        )
    return url


def forbidden(answer: Response) -> PermissionMissing:
    if "challenge" in answer.headers.get("cf-mitigated", ""):
        said = "blocks us with a check against robots (HTTP 403)"
        hint = "ask whoever runs the site to let feed readers in"
    else:
        said = "does not let us read it (HTTP 403)"
        hint = "open it in a browser; if it shows there, set a user_agent of your own"
    return PermissionMissing(f"{answer.host} {said}", hint, 403, "")


def not_found(error: NotFound, memory: Memory, now: datetime) -> NotFound:
    if memory.lost(now):
        since = moment(memory.failing_since) or now
        how_long = in_words((now - since).total_seconds())
        message = f"feed not found for {how_long} (HTTP {error.status})"
        return NotFound(message, "check its address, or take it out", error.status, error.body)
    message = f"not found at the moment (HTTP {error.status})"
    return NotFound(message, "such answers often pass; it is asked again", error.status, error.body)
