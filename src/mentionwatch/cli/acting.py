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
    typer.Argument(
        metavar="[ID|QUERY]...",
        help="Ids (41 44-46), a query (channel:yelp older:4h), or ids on standard input.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say to which conversations it would be done.")
]


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


def assign(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the team; me, or nobody.")],
    ids: Ids = None,
    dry_run: DryRun = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Give conversations to somebody."""
    with shared.open_setting(config, db) as setting:
        from mentionwatch.app.people import member

        data = {"assignee": member(setting, name)}
        return _act_on(setting, "assign", ids, data, dry_run)


def note(
    number: Annotated[int, typer.Argument(metavar="ID")],
    words: Annotated[list[str], typer.Argument(metavar="TEXT...")],
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Write a note for yourself and the team; the customer never sees it."""
    return _act("note", [str(number)], {"text": " ".join(words)}, False, config, db)


def label(
    number: Annotated[int, typer.Argument(metavar="ID")],
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="LABEL...",
            help="vip, or no-vip to take it off; priority=high, sentiment=negative or "
            "intent=question to correct the score.",
        ),
    ],
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Label a conversation, or correct how it was scored."""
    from mentionwatch.app.people import labels

    with shared.open_setting(config, db) as setting:
        code = _act_on(setting, "label", [str(number)], labels(words), False)
        from mentionwatch.app.explain import disagreement

        for sentence in disagreement(setting, shared.now(), number):
            shared.say(sentence)
    return code


def link(
    number: Annotated[int, typer.Argument(metavar="ID")],
    other: Annotated[int, typer.Argument(metavar="OTHER")],
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Join two conversations of the same person into one."""
    if number == other:
        raise UsageError("a conversation cannot be linked to itself", hint="name two ids")
    return _act("link", [str(number)], {"with": other}, False, config, db)


def unlink(
    ids: Ids = None,
    dry_run: DryRun = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Take apart what was joined: by link, or because it came within the merge window."""
    return _act("unlink", ids, {}, dry_run, config, db)


def undo(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many actions.")] = 1,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Take back what was done last."""
    from mentionwatch.app.act import undo as take_back

    with shared.open_setting(config, db) as setting:
        for acted in take_back(setting, shared.now(), count=count, actor=shared.me(setting)):
            shared.say(f"undone: {acted.kind} {', '.join(map(str, acted.ids))}")
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
    from mentionwatch.app.read_conversation import find

    now = shared.now()
    moment: datetime | None = None
    if at is not None:
        from mentionwatch.app.when import passed

        moment = passed(at, now, setting)
    numbers = _numbers(setting, ids, now)
    if dry_run:
        found = [find(setting, number) for number in numbers]
        shared.say(f"would be {kind}: {', '.join(map(str, dict.fromkeys(found)))}")
        return 0
    action = Action(kind=kind, data=data, at=moment, actor=shared.me(setting))
    acted = act(setting, now, numbers, action)
    shared.say(f"{kind}: {', '.join(map(str, acted.ids))}   (mentionwatch undo takes it back)")
    return 0


def _numbers(setting: Any, words: list[str] | None, now: datetime) -> list[int]:
    """Return ids, or those of everything that a query matches."""
    said = list(words or [])
    if said and said != ["-"] and not all(_looks_like_an_id(word) for word in said):
        from mentionwatch.app.selection import matching_ids, select

        found = matching_ids(setting, now, select(" ".join(said), setting, now))
        if not found:
            raise UsageError(
                f"nothing matches {' '.join(said)!r}",
                hint="see what would: mentionwatch queue " + " ".join(said),
            )
        return found
    return shared.numbers(words)


def _looks_like_an_id(word: str) -> bool:
    return word.lstrip("#").replace("-", "").rstrip(",").isdigit()
