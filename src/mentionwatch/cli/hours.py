"""The commands hours and rescore."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mentionwatch.cli import shared


def hours(
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Say when we are open, and the sentences for a profile and for after hours."""
    from mentionwatch.app.opening import opening

    with shared.open_or_empty(config, db) as setting:
        found = opening(setting, shared.now())
    if as_json:
        shared.emit(
            json.dumps(
                {
                    "schema": "mentionwatch.hours/1",
                    "open": found.is_open,
                    "next_change_at": found.change_text,
                    "profile": found.profile,
                    "after_hours": found.after_hours,
                    "upcoming_closures": list(found.closures),
                },
                indent=2,
            )
        )
        return 0
    shared.emit(
        "\n".join(
            [
                found.now,
                *(f"Coming: {closure}" for closure in found.closures),
                "",
                "For your profile:",
                f"  {found.profile}",
                "",
                "For after hours:",
                f"  {found.after_hours}",
            ]
        )
    )
    return 0


def rescore(
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help="Everything, also what is closed; the hours of now hold for all times.",
        ),
    ] = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Score again, with the rules, hours and targets of now: what is open."""
    from mentionwatch.app.rescore import rescore as again

    with shared.open_setting(config, db) as setting:
        count = again(setting, shared.now(), history=history)
    shared.emit(f"Assessed {count} author{'' if count == 1 else 's'} anew.")
    return 0
