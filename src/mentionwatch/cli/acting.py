"""Commands that say what we did: done, ignore, snooze, reopen, undo, assign, note, label, link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import UsageError

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Ids (41 44-46), or on standard input."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say to which conversations it would be done.")
]


def register(app: typer.Typer) -> None:
    for name, command in (
        ("done", done),
        ("ignore", ignore),
        ("snooze", snooze),
        ("reopen", reopen),
        ("undo", undo),
    ):
        app.command(name)(command)


def done(
    ids: Ids = None,
    replied: Annotated[
        bool, typer.Option("--replied", help="It was answered elsewhere: counts as our reply.")
    ] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When it was answered: 09:40.")
    ] = None,
    dry_run: DryRun = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Close conversations."""
    if at is not None and not replied:
        raise UsageError("--at says when a reply was given", hint="use it with --replied")
    data = {"replied": True} if replied else {}
    return _act("done", ids, data, dry_run, config, db, at=at)


def ignore(
    ids: Ids = None,
    cause: Annotated[
        str, typer.Option("--cause", help="spam, not-us, no-reply-needed or own.")
    ] = "no-reply-needed",
    dry_run: DryRun = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Take conversations out of the queue for good."""
    from mentionwatch.app.act import CAUSES

    if cause not in CAUSES:
        raise UsageError(f"--cause {cause}", hint=f"one of {', '.join(CAUSES)}")
    return _act("ignore", ids, {"cause": cause}, dry_run, config, db)


def snooze(
    ids: Ids = None,
    until: Annotated[
        str,
        typer.Option(
            "--until", "-u", metavar="WHEN", help="1h, tonight, tomorrow, monday, 2026-12-01 09:00."
        ),
    ] = "tomorrow",
    regardless: Annotated[
        bool, typer.Option("--regardless", help="Sleep on even if the customer writes again.")
    ] = False,
    dry_run: DryRun = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Put conversations away until a time."""
    with shared.open_setting(config, db) as setting:
        from mentionwatch.app.when import until as when

        moment = when(until, shared.now(), setting)
        data = {"until": moment.isoformat(), "regardless": regardless}
        return _act_on(setting, "snooze", ids, data, dry_run)


def reopen(
    ids: Ids = None,
    dry_run: DryRun = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Put conversations back into the queue."""
    return _act("reopen", ids, {}, dry_run, config, db)


def undo(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many actions.")] = 1,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Take back what was done last."""
    from mentionwatch.app.act import undo as take_back

    with shared.open_setting(config, db) as setting:
        for acted in take_back(setting, shared.now(), count=count, actor=shared.me(setting)):
            shared.say(f"undone: {acted.kind} {acted.ids[0]}")
    return 0


def _act(
    kind: str,
    ids: list[str] | None,
    data: Mapping[str, Any],
    dry_run: bool,
    config: Any,
    db: Any,
    at: str | None = None,
) -> int:
    with shared.open_setting(config, db) as setting:
        return _act_on(setting, kind, ids, data, dry_run, at=at)


def _act_on(
    setting: Any,
    kind: str,
    ids: list[str] | None,
    data: Mapping[str, Any],
    dry_run: bool,
    *,
    at: str | None = None,
) -> int:
    from mentionwatch.app.act import Action, act
    from mentionwatch.app.read_queue import find

    now = shared.now()
    moment: datetime | None = None
    if at is not None:
        from mentionwatch.app.when import passed

        moment = passed(at, now, setting)
    numbers = shared.numbers(ids)
    if dry_run:
        found = [find(setting, number) for number in numbers]
        shared.say(f"would be {kind}: {', '.join(map(str, dict.fromkeys(found)))}")
        return 0
    action = Action(kind=kind, data=data, at=moment, actor=shared.me(setting))
    acted = act(setting, now, numbers, action)
    shared.say(f"{kind}: {', '.join(map(str, acted.ids))}   (mentionwatch undo takes it back)")
    return 0
