"""When a log-in ends, as far as what a channel keeps from run to run says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Seconds since 1970. Ends of access tokens that renew themselves are nobody's business.
_KEYS = ("login_ends", "expires_at")  # kept by _oauth.py, by _graph_token.py


def log_in_ends(kept: Mapping[str, Any]) -> datetime | None:
    """Return when the owner has to log in anew; None where that is not known, or never."""
    for key in _KEYS:
        value = kept.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**10:
            return datetime.fromtimestamp(value, UTC)
    return None
