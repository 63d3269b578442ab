"""Every command by name; the files beside this one hold them by group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mentionwatch.cli import shared


def application() -> typer.Typer:
    """Return the command line, fresh."""
    from mentionwatch.cli import (
        acting,
        bringing,
        demonstrating,
        hours,
        reading,
        rules,
        setup,
        syncing,
        triage,
    )

    app = typer.Typer(
        name="mentionwatch",
        help="Who is waiting for an answer from your business, on every channel, and who first.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before)
    for group in (demonstrating, syncing, reading, triage, acting, bringing, hours, rules, setup):
        group.register(app)
    return app


def _before(
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more; twice for everything.")
    ] = 0,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> None:
    shared.CURRENT = shared.Invocation(config=_path(config), db=_path(db), verbose=verbose)
    shared.configure_logging(verbose)
    if version:
        from mentionwatch import __version__

        print(f"mentionwatch {__version__}")
        raise typer.Exit


def _path(value: Path | None) -> Path | None:
    return value
