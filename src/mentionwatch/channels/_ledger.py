"""
What a channel has used up of a limit that holds for longer than one run: money, quota, requests.

It is kept as the state of a stream of its own, and begins anew with each period.
"""

from __future__ import annotations

from collections.abc import Mapping

from mentionwatch.channels import Query
from mentionwatch.model.items import Page, StreamState

STREAM = "budget"


class Ledger:
    """
    Counters of the current period; those of another one are forgotten.

    Args:
        query: Holds what was kept.
        period: Names the current one: "2026-11", "2026-11-21".
        lasting: Names of notes that outlive the period.
    """

    def __init__(self, query: Query, period: str, lasting: tuple[str, ...] = ()) -> None:
        kept = query.state(STREAM).extra
        same = kept.get("period") == period
        self._values = {name: value for name, value in kept.items() if same or name in lasting} | {
            "period": period
        }
        self._stored = dict(kept)

    def used(self, name: str) -> float:
        """Return how much was used in this period; what cannot be read counts as nothing."""
        try:
            return max(0.0, float(self._values.get(name, "0")))
        except ValueError:
            return 0.0

    def use(self, name: str, amount: float) -> None:
        self._values[name] = f"{self.used(name) + amount:.6f}".rstrip("0").rstrip(".")

    def note(self, name: str) -> str:
        return self._values.get(name, "")

    def put(self, name: str, value: str) -> None:
        self._values[name] = value

    def page(self, *warnings: str) -> tuple[Page, ...]:
        """Return the page that keeps the counters, where they have changed since the last one."""
        if self._values == self._stored and not warnings:
            return ()
        self._stored = dict(self._values)
        extra: Mapping[str, str] = dict(self._values)
        return (Page(stream=STREAM, state=StreamState(extra=extra), warnings=warnings),)
