"""
What is kept of a feed between two runs: validators, when to ask again, what went wrong.

Conditional requests: RFC 9110, section 13. Kept with the feed's items in one transaction, because
validators without the items would lose those for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta

from mentionwatch import errors
from mentionwatch.channels._values import moment
from mentionwatch.errors import AnswerRefused, ChannelError, TimedOut, Unreachable
from mentionwatch.model.items import StreamState
from mentionwatch.model.times import iso

LONGEST_REST = timedelta(hours=24)
FIRST_REST = timedelta(minutes=10)  # after an error; doubled each time
MOVED_DAYS = 3
LOST_AFTER = timedelta(days=14)  # a feed that is not found for so long will not come back
_REPEATED_IDS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """
    The state of one feed; all text, as the store keeps it.

    ``etag``, ``last_modified``: verbatim. ``place``: digest of the address that they came from.
    ``digest``: of the last body. ``asked_for``: digest of what was looked for in it. ``floor``:
    entries from before it are passed over. ``next``: not to be asked before. ``error``, ``kind``:
    the last failure, repeated while the feed rests. ``repeated``: ids that several entries share.
    """

    etag: str = ""
    last_modified: str = ""
    place: str = ""
    digest: str = ""
    asked_for: str = ""
    floor: str = ""
    next: str = ""
    fails: str = ""
    failing_since: str = ""
    error: str = ""
    hint: str = ""
    kind: str = ""
    gone: str = ""
    moved_to: str = ""
    moved_on: str = ""
    moved_days: str = ""
    repeated: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: StreamState) -> Memory:
        known = {one.name for one in fields(cls)} - {"repeated"}
        kept = {name: value for name, value in state.extra.items() if name in known}
        return cls(**kept, repeated=_table(state.extra.get("repeated", "")))

    def state(self) -> StreamState:
        extra = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name != "repeated"
        }
        if self.repeated:
            extra["repeated"] = json.dumps(dict(list(self.repeated.items())[-_REPEATED_IDS:]))
        return StreamState(extra={name: value for name, value in extra.items() if value})

    # --- asking -----------------------------------------------------------------------------------

    def rests(self, now: datetime) -> bool:
        """Whether the feed is not to be asked yet. A clock that jumped back holds up nothing."""
        until = moment(self.next)
        return until is not None and now < until <= now + LONGEST_REST

    def validators(self, url: str, wanted: str) -> dict[str, str]:
        """
        Return the headers of a conditional request.

        None for another address than the one they came from, and none when something else is
        looked for than in the last body: its entries must be read again then.
        """
        if self.place != digest(url) or self.asked_for != wanted:
            return {}
        sent = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in sent.items() if value}

    # --- what came of it --------------------------------------------------------------------------

    def answered(self, headers: Mapping[str, str], url: str) -> Memory:
        """Return the memory after a 200: both validators are replaced, also by nothing."""
        lasting = headers.get("expires", "").strip() != "0"
        return replace(
            self.well(),
            etag=headers.get("etag", "") if lasting else "",
            last_modified=headers.get("last-modified", "") if lasting else "",
            place=digest(url),
        )

    def unchanged(self, headers: Mapping[str, str]) -> Memory:
        """Return the memory after a 304, which may carry newer validators."""
        return replace(
            self.well(),
            etag=headers.get("etag") or self.etag,
            last_modified=headers.get("last-modified") or self.last_modified,
        )

    def resting(self, now: datetime, *rests: timedelta) -> Memory:
        """Return the memory with the longest of these rests, up to a day."""
        return replace(self, next=iso(now + min(max(rests), LONGEST_REST), milliseconds=True))

    def well(self) -> Memory:
        return replace(self, fails="", failing_since="", error="", hint="", kind="")

    def failed(self, error: ChannelError, now: datetime, spread: float) -> Memory:
        """
        Return the memory after a failure.

        What the server said makes the feed rest, longer each time; a connection that failed does
        not: the owner's own may be back in a minute.

        Args:
            spread: 0..1, so that many feeds do not come back at once.
        """
        fails = _number(self.fails) + 1
        rest = min(FIRST_REST * 2 ** min(fails - 1, 12) * (1 + spread / 4), LONGEST_REST)
        offline = isinstance(error, TimedOut | Unreachable)
        return replace(
            self,
            fails=str(fails),
            failing_since=self.failing_since or iso(now),
            error=error.message,
            hint=error.hint,
            kind=f"{type(error).__name__}:{getattr(error, 'status', '')}",
            next="" if offline else iso(now + rest),
        )

    def last_error(self) -> ChannelError | None:
        """Return the failure that is still true, because the feed was not asked again."""
        if not self.error:
            return None
        name, _, status = self.kind.partition(":")
        kind = getattr(errors, name, None)
        if not (isinstance(kind, type) and issubclass(kind, ChannelError)):
            kind = ChannelError
        again = moment(self.next)
        wait = f"; it is asked again after {again:%H:%M} UTC" if again else ""
        found = kind(self.error + wait, self.hint)
        if isinstance(found, AnswerRefused):
            found.status = _number(status)
        return found

    def lost(self, now: datetime) -> bool:
        """Whether it has been failing for so long that it will not come back by itself."""
        since = moment(self.failing_since)
        return since is not None and now - since >= LOST_AFTER

    def redirected(self, history: Sequence[tuple[int, str]], now: datetime) -> Memory:
        """
        Return the memory after the redirects on the way: (status, where to) of each.

        Only a way of nothing but 301 and 308 is a move; it is told after three days in a row.
        """
        if not history or any(status not in (301, 308) for status, _ in history):
            return replace(self, moved_to="", moved_on="", moved_days="")
        target, today = history[-1][1], f"{now:%Y-%m-%d}"
        if target != self.moved_to:
            return replace(self, moved_to=target, moved_on=today, moved_days="1")
        if today == self.moved_on:
            return self
        return replace(self, moved_on=today, moved_days=str(_number(self.moved_days) + 1))

    @property
    def has_moved(self) -> bool:
        return _number(self.moved_days) >= MOVED_DAYS


def digest(value: str | bytes) -> str:
    """Return a short digest: it tells things apart and gives nothing away."""
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    return hashlib.sha256(data).hexdigest()[:32]


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return for how long an answer says that it holds; not above nothing where it is stale."""
    from email.utils import parsedate_to_datetime

    for part in headers.get("cache-control", "").lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.strip('"').isdecimal():
            return timedelta(seconds=min(int(value.strip('"')[:9]), 10**8))
    try:
        expires = parsedate_to_datetime(headers.get("expires", "")[:100])
        return expires.replace(tzinfo=expires.tzinfo or UTC) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta()


def _number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < 10 else 0


def _table(value: str) -> dict[str, str]:
    try:
        found = json.loads(value) if value else {}
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
