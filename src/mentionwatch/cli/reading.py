"""Commands that read: queue, show."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mentionwatch.cli import shared


def register(app: typer.Typer) -> None:
    app.command("queue")(queue)
    app.command("show")(show)


def queue(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHICH]...",
            help="Only these: channel:facebook priority:urgent older:4h words of the text.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Closed, snoozed and ignored ones, too.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Also what was there before the first run.")
    ] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only mine, and nobody's.")] = False,
    limit: shared.LimitOption = None,
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Show who waits, who first and why. Reads only what is stored."""
    from mentionwatch.app.read_queue import bring_up_to_date, read_queue

    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_or_empty(config, db) as setting:
        wanted = _wanted(setting, words or [], now, everything, history, mine, limit)
        left = bring_up_to_date(setting, now)
        report = read_queue(setting, now, wanted, unassessed=left)
    shared.emit(shared.render_queue(report, chosen), output)
    return 0


def _wanted(
    setting: Any,
    words: list[str],
    now: Any,
    everything: bool,
    history: bool,
    mine: bool,
    limit: int | None,
) -> Any:
    from mentionwatch.app.read_queue import Wanted

    where, values, selection = "1", {}, ""
    if words or mine:
        from mentionwatch.app.selection import select

        chosen = select(" ".join(words), setting, now, mine=shared.me(setting) if mine else None)
        where, values, selection = chosen.where, chosen.values, chosen.text
        everything = everything or chosen.any_state
    return Wanted(
        limit=limit,
        everything=everything,
        history=history,
        where=where,
        values=values,
        selection=selection,
    )


def show(
    number: Annotated[int, typer.Argument(metavar="ID", help="As in the queue's first column.")],
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Show one conversation: thread, our replies, reasons, clock, earlier ones."""
    from mentionwatch.app.read_queue import bring_up_to_date, read_conversation

    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_or_empty(config, db) as setting:
        bring_up_to_date(setting, now)
        report = read_conversation(setting, now, number)
    shared.emit(shared.render_conversation(report, chosen), output)
    return 0
