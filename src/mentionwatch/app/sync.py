"""Read every channel, keep what is new, assess what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mentionwatch.app.setting import Setting, assessor, matcher_of, notice_changes
from mentionwatch.app.states import sees_own_replies
from mentionwatch.app.upkeep import retain
from mentionwatch.channels import NO_JOINING, Account, OpenItem, Query
from mentionwatch.errors import ChannelError, CredentialsRefused, ExitCode, SecretUnavailable
from mentionwatch.fetch import DEADLINE_SECONDS, Consumer, Job, Outcome
from mentionwatch.model.items import Item, Mention, OwnPost, Page, Reply
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.store import channels as channel_store
from mentionwatch.store import items, queue
from mentionwatch.store.items import Saved
from mentionwatch.store.rows import Source

if TYPE_CHECKING:
    from mentionwatch.config.settings import ChannelSettings
    from mentionwatch.credentials import Tokens

LOOK_BACK = timedelta(days=30)  # of a first run
OVERLAP = timedelta(days=2)  # remote indexes lag
OPEN_ITEMS = 500  # revisited in one run, oldest due first
REPLIES_WATCHED = timedelta(days=14)  # for how long a reply's deletion is noticed

Clock = Callable[[], datetime]


def _say_nothing(*_: object) -> None:
    return None


@dataclass(kw_only=True)
class Progress:
    """What a sync tells while it runs; the default says nothing."""

    page: Callable[[str, Saved], None] = _say_nothing
    ended: Callable[[Outcome, Saved], None] = _say_nothing


@dataclass(kw_only=True)
class SyncReport:
    """
    What a sync did. ``saved`` by channel; ``assessed`` counts authors whose facts changed.
    """

    outcomes: list[Outcome]
    saved: dict[str, Saved]
    assessed: int
    notices: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Return the code of the run (design, "Contract of a run")."""
        failed = [outcome for outcome in self.outcomes if outcome.status == "failed"]
        errors = [outcome.error for outcome in failed]
        if failed and len(failed) == len(self.outcomes):
            refused = (CredentialsRefused, SecretUnavailable)
            if all(isinstance(error, refused) for error in errors):
                return ExitCode.CONFIG
            return ExitCode.UNAVAILABLE
        if any(outcome.status != "ok" for outcome in self.outcomes):
            return ExitCode.INCOMPLETE
        return ExitCode.OK


def sync(
    setting: Setting,
    clock: Clock,
    *,
    only: Sequence[str] = (),
    tokens: Tokens | None = None,
    progress: Progress | None = None,
) -> SyncReport:
    """
    Fetch, store and assess.

    Args:
        only: Names of channels; empty for all that are switched on.

    Raises:
        LockHeld: Another run is writing.
        StoreError: The database cannot be written.
    """
    import asyncio

    with setting.store.lock():
        notices = notice_changes(setting, clock())
        run = _Run(setting, clock, progress or Progress())
        jobs, outcomes = run.jobs(only)
        if jobs:
            from mentionwatch.fetch import fetch

            outcomes += asyncio.run(fetch(jobs, run.consumer, tokens))
        from mentionwatch.app.assess import assess_dirty

        assessed = assess_dirty(setting.store, assessor(setting))
        if retain(setting, clock()):
            assess_dirty(setting.store, assessor(setting))
    return SyncReport(
        outcomes=outcomes, saved=run.saved, assessed=assessed, notices=notices + run.notices
    )


class _Run:
    """One sync: turns what the channels yield into what the store keeps."""

    def __init__(self, setting: Setting, clock: Clock, progress: Progress) -> None:
        self.setting = setting
        self.clock = clock
        self.progress = progress
        self.matcher = matcher_of(setting.config)
        self.saved: dict[str, Saved] = {}
        self.own: dict[str, frozenset[str]] = {}
        self.notices: list[str] = []
        self.consumer = Consumer(begin=self.begin, save=self.save, end=self.end)

    def jobs(self, only: Sequence[str]) -> tuple[list[Job], list[Outcome]]:
        """Return the channels to run, and the outcomes of those that cannot even begin."""
        jobs, outcomes = [], []
        for channel in self.setting.config.channels:
            if (only and channel.name not in only) or (not channel.enabled and not only):
                continue
            with self.setting.store.transaction() as connection:
                stamp = to_ms(self.clock())
                channel_store.connect(
                    connection,
                    channel.name,
                    channel.type,
                    channel.family,
                    stamp,
                    sees_own_replies=sees_own_replies(channel),
                )
            if channel.channel is None:
                error = ChannelError(channel.problem, hint="install the package that serves it")
                outcome = Outcome(name=channel.name, error=error)
                self.end(outcome)
                outcomes.append(outcome)
            else:
                deadline = channel.timeout or DEADLINE_SECONDS
                jobs.append(Job(name=channel.name, channel=channel.channel, deadline=deadline))
        return jobs, outcomes

    # --- what fetch calls ---------------------------------------------------------------------

    def begin(self, name: str, account: Account) -> Query:
        with self.setting.store.transaction() as connection:
            changed = channel_store.set_account(connection, name, account.id, account.names)
        if changed:
            self.notices.append(f"{name}: another account than before; it is read from the start")
        self.own[name] = names_of([*self._own_accounts(name), *account.names])
        return self._query(name, tuple(sorted(self.own[name])))

    def _own_accounts(self, name: str) -> list[str]:
        channel = self._channel(name)
        return [*self.setting.config.brand.own_accounts, *channel.own_accounts]

    def _query(self, name: str, own: tuple[str, ...]) -> Query:
        connection = self.setting.store.connection
        record = channel_store.all_channels(connection)[name]
        now = self.clock()
        since = now - LOOK_BACK
        read = from_ms(record.last_success_at) if record.last_success_at is not None else None
        if read is not None and read <= now:  # else the clock was wrong: nobody knows when it was
            since = read - OVERLAP  # however long ago: what came in between, nobody has read
        brand = self.setting.config.brand
        watched = to_ms(now - REPLIES_WATCHED)
        return Query(
            terms=brand.terms,
            since=since,
            now=now,
            own_accounts=own,
            domains=brand.domains,
            streams=channel_store.states(connection, name),
            open=tuple(
                OpenItem(
                    external_id=row["external_id"],
                    thread_id=row["thread"],
                    published=from_ms(row["at"]),
                    author_id=row["author_id"],
                    url=row["url"],
                )
                for row in queue.open_items(connection, name, OPEN_ITEMS)
            ),
            channel=name,
            known_own_ids=tuple(queue.reply_ids_since(connection, name, watched, OPEN_ITEMS)),
        )

    def save(self, name: str, page: Page) -> None:
        channel = self._channel(name)
        source = Source(
            channel=name,
            type=channel.type,
            people=channel.type not in NO_JOINING,
            keep_raw=channel.keep_raw,
        )
        kept = tuple(
            ours(item, self.own[name])
            for item in page.items
            if not page.searched or self._wanted(item, name)
        )
        with self.setting.store.transaction() as connection:
            saved = items.save_page(connection, source, replace(page, items=kept), self.clock())
        self.saved[name] = self.saved.get(name, Saved()) + saved
        self.progress.page(name, self.saved[name])

    def _wanted(self, item: Item, name: str) -> bool:
        """A server's own search is never trusted: what it found is matched again."""
        if not isinstance(item, Mention) or item.addressed or item.repost:
            return True
        if _is_ours(item, self.own[name]):
            return True
        return bool(self.matcher.matches(f"{item.title}\n{item.text}", item.links))

    def end(self, outcome: Outcome) -> None:
        from mentionwatch.credentials import redact

        error = outcome.error
        outcome.warnings = [redact(warning) for warning in dict.fromkeys(outcome.warnings)]
        result = channel_store.RunResult(
            status=outcome.status,
            problem=redact(error.message) if error else None,
            hint=redact(error.hint) if error else None,
            credentials=isinstance(error, CredentialsRefused | SecretUnavailable),
            warnings=tuple(outcome.warnings),
        )
        with self.setting.store.transaction() as connection:
            channel_store.save_result(connection, outcome.name, result, to_ms(self.clock()))
        self.progress.ended(outcome, self.saved.get(outcome.name, Saved()))

    def _channel(self, name: str) -> ChannelSettings:
        found = self.setting.config.channel(name)
        if found is None:  # the configuration is frozen, and the jobs came from it
            raise KeyError(name)
        return found


# --- whose is it? -----------------------------------------------------------------------------


def names_of(accounts: Sequence[str]) -> frozenset[str]:
    """Return accounts in the one form in which they are compared."""
    return frozenset(name.casefold().lstrip("@").rstrip("/") for name in accounts if name)


def _is_ours(item: Mention, own: frozenset[str]) -> bool:
    """Recognise our accounts by id, handle or URL, never by display name."""
    author = item.author
    return bool(names_of([author.id, author.handle, author.url]) & own)


def ours(item: Item, own: frozenset[str]) -> Item:
    """Return a mention that one of our own accounts wrote as what it is: a reply or a post."""
    if not isinstance(item, Mention) or item.skipped or not _is_ours(item, own):
        return item
    common: dict[str, Any] = {
        "external_id": item.external_id,
        "text": item.text,
        "published": item.published,
        "edited": item.edited,
        "url": item.url,
        "thread_id": item.thread_id,
        "channel_type": item.channel_type,
        "raw": item.raw,
    }
    if item.parent_id or item.thread_id not in ("", item.external_id):
        return Reply(
            **common,
            delivered=item.delivered,
            author=item.author,
            parent_id=item.parent_id,
            automatic=item.automatic,
            private=item.private,
        )
    return OwnPost(**common)
