"""Whether, and after how long, a request is sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mentionwatch.client.waiting import backoff
from mentionwatch.errors import ChannelError


class Transient(Exception):
    """An error that may be gone in a moment; *wait* is what the service asks for."""

    def __init__(self, error: ChannelError, wait: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class Patience:
    """Says whether, and after how long, a request is worth another try before the deadline."""

    def __init__(self, remaining: Callable[[], float], tries: int) -> None:
        self._remaining = remaining
        self._failures = 0
        self.tries = tries

    def __call__(self, error: Exception) -> bool | float:
        if not isinstance(error, Transient):
            return False
        self._failures += 1
        wait = backoff(self._failures)
        if error.wait is not None:
            wait = error.wait + wait / 4
        return wait if wait < self._remaining() else False


def attempts(patience: Patience) -> Any:
    """Hand retrying to stamina: the hook gives it the wait, so that it keeps to our deadline."""
    import stamina

    return stamina.retry_context(on=patience, attempts=patience.tries, timeout=None)
