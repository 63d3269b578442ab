"""
Commands that read: queue, show, open, search, explain.

No `from __future__ import annotations` here and in `commands`: Typer would compile the texts of all
annotations, twice, at each start.
"""

from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import UsageError


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
    template: shared.TemplateOption = None,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Show who waits, who first and why. Reads only what is stored."""
    from mentionwatch.app.read_queue import bring_up_to_date, read_queue

    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_quickly(config, db) as setting:
        wanted = _wanted(setting, words or [], now, everything, history, mine, limit)
        left = bring_up_to_date(setting, now)
        report = read_queue(setting, now, wanted, unassessed=left)
    shown = shared.filled(report, template) if template else shared.render_queue(report, chosen)
    shared.emit(shown, output)
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

    if not (words or mine):
        return Wanted(limit=limit, everything=everything, history=history)
    from mentionwatch.app.selection import select

    chosen = select(" ".join(words), setting, now, mine=shared.me(setting) if mine else None)
    return Wanted(
        limit=limit,
        everything=everything or chosen.any_state,
        history=history,
        where=chosen.where,
        values=chosen.values,
        selection=chosen.text,
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
    from mentionwatch.app.read_conversation import read_conversation
    from mentionwatch.app.read_queue import bring_up_to_date

    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_quickly(config, db) as setting:
        bring_up_to_date(setting, now)
        report = read_conversation(setting, now, number)
    shared.emit(shared.render_conversation(report, chosen), output)
    return 0


def open_(
    number: Annotated[int, typer.Argument(metavar="ID")],
    print_only: Annotated[bool, typer.Option("--print", help="Only print the address.")] = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Open a conversation where it was written, in the browser."""
    from mentionwatch.app.read_conversation import read_conversation
    from mentionwatch.output.words import safe_url

    with shared.open_setting(config, db) as setting:
        report = read_conversation(setting, shared.now(), number)
    url = safe_url(report.row.url)
    if not url:
        raise UsageError(
            f"conversation {number} has no address that can be opened",
            hint=f"read it with `mentionwatch show {number}`",
        )
    if not print_only:
        import webbrowser

        if webbrowser.open(url):
            shared.say(f"opened {url}")
            return 0
        shared.say("no browser could be started; the address is")
    shared.emit(url)
    return 0


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...")],
    limit: shared.LimitOption = 50,
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Find conversations by what was written, open or closed."""
    from mentionwatch.app.read_queue import bring_up_to_date, search_conversations

    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_quickly(config, db) as setting:
        left = bring_up_to_date(setting, now)
        report = search_conversations(
            setting, now, " ".join(words), limit=limit or 50, unassessed=left
        )
    shared.emit(shared.render_queue(report, chosen), output)
    return 0


def explain(
    number: Annotated[int | None, typer.Argument(metavar="[ID]")] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="A text of your own, instead of a conversation.")
    ] = None,
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Say why a conversation, or a text, scores as it does."""
    from mentionwatch.app import explain as explaining
    from mentionwatch.output import explanation

    if (number is None) == (text is None):
        raise UsageError(
            "explain takes the id of a conversation, or --text", hint="mentionwatch explain 41"
        )
    if text is not None:
        loaded = _config_or_none(config)
        report = explaining.explain_text(loaded, text)
    else:
        with shared.open_setting(config, db) as setting:
            report = explaining.explain_conversation(setting, shared.now(), number or 0)
    shared.emit(explanation.as_json(report) if as_json else explanation.as_plain(report))
    return 0


def _config_or_none(config: Any) -> Any:
    """A text can be explained before there is a configuration; then with the built-in rules."""
    from mentionwatch.errors import ConfigError

    try:
        return shared.load_config(config)[0]
    except ConfigError:
        if config is not None:
            raise
        return None
