"""Commands that bring in what no channel fetches: import, add."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import ExitCode, UsageError


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON or NDJSON; - for a pipe.")],
    channel: Annotated[
        str, typer.Option("--channel", help="The name under which it is kept.")
    ] = "import",
    type_: Annotated[
        str, typer.Option("--type", help="The platform it comes from, for example yelp.")
    ] = "",
    preset: Annotated[str, typer.Option("--preset", help="The layout of a known export.")] = "",
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help='For example text="Comment".'),
    ] = None,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", help="csv, tsv, json or ndjson, if not told by content."),
    ] = "",
    tz: Annotated[str, typer.Option("--tz", help="Zone of times that name none.")] = "",
    date_format: Annotated[
        str, typer.Option("--date-format", help="As in %d/%m/%Y; never guessed.")
    ] = "",
    found: Annotated[
        bool, typer.Option("--not-addressed", help="They talk about us, not to us.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read it, keep nothing.")] = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Bring in mentions from a file. Doing it twice changes nothing."""
    from mentionwatch.app.bring_in import Import, import_records

    wanted = Import(
        source=_source(file),
        name="standard input" if file == "-" else file,
        channel=channel,
        type=type_,
        preset=preset,
        mapping=_mapping(map_ or []),
        reading=_given(format=format_, tz=tz, date_format=date_format),
        addressed=not found,
        dry_run=dry_run,
    )
    with shared.open_setting(config, db, create=True) as setting:
        result = import_records(setting, shared.now, wanted)
    for warning in result.warnings:
        shared.say(f"! {warning}")
    for line, why in result.refused:
        shared.say(f"! line {line}: {why}")
    more = result.refused_count - len(result.refused)
    if more > 0:
        shared.say(f"! and {more} more lines that could not be read")
    shared.emit(_told(result, dry_run))
    return ExitCode.INCOMPLETE if result.refused_count else ExitCode.OK


def _source(file: str) -> Any:
    if file != "-":
        return Path(file).expanduser()
    if sys.stdin.isatty():
        raise UsageError(
            "nothing is piped in", hint="some-program | mentionwatch import --channel NAME -"
        )
    return sys.stdin.buffer


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (equals and name.strip() and column.strip()):
            raise UsageError(f"--map {pair}", hint='write FIELD=COLUMN, as in text="Comment"')
        mapping[name.strip()] = column.strip()
    return mapping


def _given(**options: str) -> dict[str, str]:
    return {name: value for name, value in options.items() if value}


def _told(result: Any, dry_run: bool) -> str:
    saved = result.saved
    if dry_run:
        return (
            f"{result.records} records can be read, {saved.mentions} of them mentions; "
            f"{result.refused_count} refused. Nothing was kept."
        )
    return (
        f"{result.records} records: {saved.mentions} new mentions, {saved.replies} replies, "
        f"{saved.own_posts} own posts, {saved.updated} changed, {result.refused_count} refused."
    )


def add(
    words: Annotated[list[str], typer.Argument(metavar="TEXT...", help="What the customer said.")],
    author: Annotated[str, typer.Option("--author", "-a", help="Who.")] = "",
    contact: Annotated[
        str, typer.Option("--contact", help="Telephone or address, to answer to.")
    ] = "",
    kind: Annotated[str, typer.Option("--kind", help="visit, call, letter …")] = "visit",
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When, if not now: 09:40, 2h.")
    ] = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Note the customer at the counter or on the telephone."""
    from mentionwatch.app.bring_in import AtTheDesk
    from mentionwatch.app.bring_in import add as keep
    from mentionwatch.app.when import passed

    now = shared.now()
    with shared.open_setting(config, db, create=True) as setting:
        moment = None if at is None else passed(at, now, setting)
        said = AtTheDesk(text=" ".join(words), author=author, contact=contact, kind=kind, at=moment)
        number = keep(setting, now, said)
    shared.emit(f"Added {number}.")
    return 0
