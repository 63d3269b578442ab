"""A sync of 20 channels, the slowest taking some seconds, against the slowest alone. Wall time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.fetch import Consumer, Job, fetch
from mentionwatch.model.items import Page

SLOWEST = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0


@dataclass(frozen=True, kw_only=True)
class Slow:
    """A channel that takes its time, as a network does, and yields pages meanwhile."""

    seconds: float
    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(finds_untagged=False, sees_own_replies=True)

    async def account(self, client: Any) -> Account:
        await asyncio.sleep(self.seconds / 10)
        return Account(id="bench")

    async def pages(self, query: Query, client: Any) -> AsyncIterator[Page]:
        for _ in range(9):
            await asyncio.sleep(self.seconds / 10)
            yield Page(stream="bench")


def run(jobs: list[Job]) -> float:
    def begin(name: str, account: Account) -> Query:
        from datetime import UTC, datetime

        now = datetime(2026, 11, 17, tzinfo=UTC)
        return Query(terms=("acme",), since=now, now=now)

    consumer = Consumer(begin=begin, save=lambda name, page: None, end=lambda outcome: None)
    start = time.perf_counter()
    outcomes = asyncio.run(fetch(jobs, consumer, None))
    assert all(outcome.error is None for outcome in outcomes)
    return time.perf_counter() - start


def main() -> None:
    slow = Job(name="slowest", channel=Slow(seconds=SLOWEST))
    others = [
        Job(name=f"c{n}", channel=Slow(seconds=SLOWEST * (0.1 + 0.04 * n))) for n in range(19)
    ]
    alone = run([slow])
    together = run([slow, *others])
    print(
        f"{'sync of 20 channels against the slowest alone':<46} {together / alone:6.2f} x   "
        f"({together:.2f} s / {alone:.2f} s; reach 1.2 x)"
    )


if __name__ == "__main__":
    main()
