"""What does not come through a configured channel: imported files, and the customer at the desk."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from mentionwatch.app.assess import assess_dirty
from mentionwatch.app.setting import Setting, assessor, notice_changes
from mentionwatch.app.sync import names_of, ours
from mentionwatch.config.channel_tables import is_channel_name
from mentionwatch.errors import ChannelError, UsageError
from mentionwatch.model.families import FAMILY_OF, NO_JOINING
from mentionwatch.model.items import Author, Item, Mention, Page
from mentionwatch.model.times import to_ms
from mentionwatch.store import channels as channel_store
from mentionwatch.store import conversations, items
from mentionwatch.store.items import Saved
from mentionwatch.store.rows import Source

BATCH = 500
REFUSALS_KEPT = 20
Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Import:
    """
    What to import, and how it is laid out (docs/records.md).

    ``channel``: the name under which it is kept. ``reading`` are options of `read_records`.
    """

    source: Path | BinaryIO
    name: str
    channel: str
    type: str = ""
    preset: str = ""
    mapping: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    addressed: bool = True
    dry_run: bool = False


@dataclass(kw_only=True)
class Imported:
    """What came of it. ``refused``: (line, why) of the first ones; ``refused_count`` of all."""

    saved: Saved = field(default_factory=Saved)
    records: int = 0
    refused_count: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, line: int, why: str) -> None:
        self.refused_count += 1
        if len(self.refused) < REFUSALS_KEPT:
            self.refused.append((line, why))


def import_records(setting: Setting, clock: Clock, wanted: Import) -> Imported:
    """
    Store the records of a file; what cannot be read is reported by line, the rest is kept.

    Raises:
        SourceUnreadable: The file as a whole cannot be read.
        UsageError: There is no such preset.
        LockHeld, StoreError.
    """
    result = Imported()
    batches = _batches(wanted, result)
    if wanted.dry_run:
        for batch in batches:
            result.saved += Saved(mentions=sum(isinstance(item, Mention) for item in batch))
        return result
    source = _source(setting, wanted)
    own = names_of(_own_accounts(setting, wanted.channel))
    with setting.store.lock():
        notice_changes(setting, clock())
        _connect(setting, clock(), source)
        for batch in batches:
            page = Page(stream="import", items=tuple(ours(item, own) for item in batch))
            with setting.store.transaction() as connection:
                result.saved += items.save_page(connection, source, page, clock())
        assess_dirty(setting.store, assessor(setting))
    return result


def _source(setting: Setting, wanted: Import) -> Source:
    """Return where the records belong: a configured channel keeps its type and what it permits."""
    if not is_channel_name(wanted.channel):
        raise UsageError(
            f"--channel {wanted.channel!r} cannot be a channel's name",
            hint="up to 60 letters, digits, blanks or -_.+, and not `manual`",
        )
    known = setting.config.channel(wanted.channel)
    type_ = known.type if known else wanted.type or "file"
    return Source(
        channel=wanted.channel,
        type=type_,
        people=not {type_, wanted.type} & NO_JOINING,
        keep_raw=bool(known and known.keep_raw),
    )


def _own_accounts(setting: Setting, name: str) -> list[str]:
    """Return who we are there: by the configuration, and as the channel itself has told."""
    configured = setting.config.channel(name)
    record = channel_store.all_channels(setting.store.connection).get(name)
    return [
        *setting.config.brand.own_accounts,
        *(configured.own_accounts if configured else ()),
        *(record.own_names if record else ()),
    ]


def _connect(setting: Setting, now: datetime, source: Source) -> None:
    """Make the channel known; what a sync has learned of it stays."""
    if source.channel in channel_store.all_channels(setting.store.connection):
        return
    known = setting.config.channel(source.channel)
    family = known.family if known else FAMILY_OF.get(source.type, "direct")
    with setting.store.transaction() as connection:
        channel_store.connect(connection, source.channel, source.type, family, to_ms(now))


def _batches(wanted: Import, result: Imported) -> Iterator[list[Item]]:
    """Yield items a few hundred at a time: memory does not grow with the file."""
    from mentionwatch.channels._presets import PRESETS, Preset
    from mentionwatch.channels._records import RecordDefaults, items_of
    from mentionwatch.channels._tables import read_records

    if wanted.preset and wanted.preset not in PRESETS:
        raise UsageError(
            f"there is no preset {wanted.preset}", hint=f"one of {', '.join(sorted(PRESETS))}"
        )
    preset = PRESETS[wanted.preset] if wanted.preset else Preset()
    defaults = RecordDefaults(
        addressed=wanted.addressed,
        private=preset.private,
        kind=preset.kind or "message",
        channel_type=wanted.type,
    )
    options = {
        "format": preset.format,
        "items": preset.items,
        "tz": preset.tz,
        "date_format": preset.date_format,
        **wanted.reading,
    }
    batch: list[Item] = []
    for one in read_records(
        wanted.source,
        mapping={**preset.map, **wanted.mapping},
        name=wanted.name,
        strict=bool(wanted.preset),
        **options,
    ):
        if one.warning:
            result.warnings.append(one.warning)
        if one.problem:
            result.refuse(one.line, one.problem)
        if one.record is None:
            continue
        result.records += 1
        try:
            batch.extend(items_of(one.record, defaults))
        except ChannelError as error:
            result.refuse(one.line, error.message)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(frozen=True, kw_only=True)
class AtTheDesk:
    """A customer who came, called or stopped us in the street. ``at`` None: now."""

    text: str
    author: str = ""
    contact: str = ""
    kind: str = "visit"
    at: datetime | None = None


def add(setting: Setting, now: datetime, said: AtTheDesk) -> int:
    """Keep what a customer said, and return the id of the conversation."""
    if not said.text.strip():
        raise UsageError("nothing was said", hint='mentionwatch add "wants the invoice again"')
    external_id = str(uuid.uuid4())
    mention = Mention(
        external_id=external_id,
        text=said.text,
        author=Author(id=said.contact.strip(), name=said.author.strip()),
        published=said.at or now,
        addressed=True,
        private=True,
        kind=said.kind,
    )
    notice_changes(setting, now)
    with setting.store.transaction() as connection:
        channel_store.connect(connection, "manual", "manual", "direct", to_ms(now))
        page = Page(stream="manual", items=(mention,))
        items.save_page(connection, Source(channel="manual", type="manual"), page, now)
    assess_dirty(setting.store, assessor(setting))
    number = items.mention_id(setting.store.connection, "manual", external_id)
    return conversations.resolve_id(setting.store.connection, number) or number
