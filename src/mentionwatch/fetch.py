"""
Runs channels side by side; hands each page to a ``save`` that it is given.

A channel's failure is a value, its `Outcome`, kept with what it delivered before; the others go
on. Only what is not a channel's own (the database cannot be written) ends the whole run.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import Account, BlockingChannel, Query
from mentionwatch.errors import (
    BudgetSpent,
    ChannelError,
    MentionwatchError,
    RateLimited,
    TimedOut,
)

if TYPE_CHECKING:
    import asyncio

    from mentionwatch.credentials import Tokens
    from mentionwatch.model.items import Page

DEADLINE_SECONDS = 120.0
# What cuts a run short without anything being wrong: the rest comes with the next run.
CUT_SHORT = (BudgetSpent, RateLimited, TimedOut)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One channel to be read. ``deadline`` in seconds."""

    name: str
    channel: Any
    deadline: float = DEADLINE_SECONDS


@dataclass(kw_only=True)
class Outcome:
    """
    How one channel's run ended.

    ``error`` None: everything was read. ``pages`` that were saved before an error stay saved.
    """

    name: str
    error: ChannelError | None = None
    pages: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        if self.error is None:
            return "ok"
        return "partial" if self.pages and isinstance(self.error, CUT_SHORT) else "failed"


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """
    Whoever wants the pages. All three are called in one thread, never two at once.

    ``begin``: who we are there -> what to ask. ``save``: stores a page before the next is asked
    for. ``end``: keeps the outcome, as soon as it is known.
    """

    begin: Callable[[str, Account], Query]
    save: Callable[[str, Page], None]
    end: Callable[[Outcome], None]


async def fetch(jobs: Sequence[Job], consumer: Consumer, tokens: Tokens | None) -> list[Outcome]:
    """
    Read all channels at the same time.

    Raises:
        MentionwatchError: What the consumer raises; the other channels are ended.
        CancelledError: The run was interrupted; what was saved stays.
    """
    import asyncio

    tasks = [asyncio.create_task(_run(job, consumer, tokens)) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(job: Job, consumer: Consumer, tokens: Tokens | None) -> Outcome:
    import asyncio

    outcome = Outcome(name=job.name)
    read = _read_blocking if isinstance(job.channel, BlockingChannel) else _read
    try:
        async with asyncio.timeout(job.deadline):
            await read(job, consumer, tokens, outcome)
    except ChannelError as error:
        outcome.error = error
    except TimeoutError:
        outcome.error = TimedOut(
            f"{job.name} did not finish within {job.deadline:.0f} seconds",
            hint="the rest comes with the next run; `timeout` in its section allows more",
        )
    except MentionwatchError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in one channel must not blind the others
        outcome.error = _bug(job.name, error)
    consumer.end(outcome)
    return outcome


def _bug(name: str, error: Exception) -> ChannelError:
    import logging

    logging.getLogger(__name__).debug("the channel %s raised", name, exc_info=error)
    found = ChannelError(
        f"{name} failed in a way that nobody foresaw ({type(error).__name__})",
        hint="please report it; `mentionwatch -vv sync` shows where",
    )
    found.__cause__ = error
    return found


async def _read(job: Job, consumer: Consumer, tokens: Tokens | None, outcome: Outcome) -> None:
    from mentionwatch.client import Client

    options: dict[str, Any] = getattr(job.channel, "client_options", dict)()
    client = Client(channel=job.name, deadline=job.deadline, tokens=tokens, **options)
    async with client:
        account = await job.channel.account(client)
        outcome.warnings.extend(account.warnings)
        query = consumer.begin(job.name, account)
        pages: AsyncIterator[Page] = job.channel.pages(query, client)
        async with aclosing(pages) as stream:  # type: ignore[type-var]
            async for page in stream:
                _keep(job, consumer, page, outcome)


def _keep(job: Job, consumer: Consumer, page: Page, outcome: Outcome) -> None:
    consumer.save(job.name, page)
    outcome.pages += 1
    outcome.warnings.extend(page.warnings)


async def _read_blocking(job: Job, consumer: Consumer, _: Tokens | None, outcome: Outcome) -> None:
    """Read in a daemon thread; pages are saved in ours. A run that is ended aborts the session."""
    import asyncio

    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    session = job.channel.connect(job.deadline)

    def work() -> None:
        try:
            _session(session, job, consumer, outcome, loop)
        except BaseException as error:  # noqa: BLE001 - it crosses a thread, and is raised there
            _finish(loop, ended, error)
        else:
            _finish(loop, ended, None)
        finally:
            session.close()

    threading.Thread(target=work, name=f"channel {job.name}", daemon=True).start()
    try:
        await ended
    except asyncio.CancelledError:
        session.abort()
        raise


def _session(
    session: Any, job: Job, consumer: Consumer, outcome: Outcome, loop: asyncio.AbstractEventLoop
) -> None:
    account = session.account()
    outcome.warnings.extend(account.warnings)
    query = _in_loop(loop, lambda: consumer.begin(job.name, account))
    for page in session.pages(query):
        _in_loop(loop, partial(_keep, job, consumer, page, outcome))


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> Any:
    """Run a call in the thread of the loop and wait for its result."""
    import asyncio

    async def run() -> Any:
        return call()

    return asyncio.run_coroutine_threadsafe(run(), loop).result()


def _finish(
    loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None], error: BaseException | None
) -> None:
    def tell() -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    if not loop.is_closed():  # an aborted thread may outlive the run
        loop.call_soon_threadsafe(tell)
