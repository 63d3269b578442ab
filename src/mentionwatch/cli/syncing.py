"""Commands that fetch: check, sync."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import ExitCode, UsageError
from mentionwatch.model.report import INCOMPLETE

if TYPE_CHECKING:
    from mentionwatch.app.setting import Setting
    from mentionwatch.app.sync import SyncReport
    from mentionwatch.cli.progress import SilentDisplay
    from mentionwatch.model.report import QueueReport

FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="overdue|due-soon",
        help="Exit with 1 when somebody's answer is overdue (or due soon).",
    ),
]


def check(
    offline: Annotated[bool, typer.Option("--offline", help="Do not fetch.")] = False,
    quiet: shared.QuietOption = False,
    fail_on: FailOn = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Send the alerts and hand-offs that are due.")
    ] = False,
    limit: shared.LimitOption = None,
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    template: shared.TemplateOption = None,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Fetch what is new, then show the queue. The command to remember."""
    from mentionwatch.app.read_queue import Wanted, bring_up_to_date, read_queue

    if fail_on not in (None, "overdue", "due-soon"):
        raise UsageError(f"--fail-on {fail_on}", hint="overdue or due-soon")
    chosen = shared.chosen_format(format_, as_json, output)
    with shared.open_setting(config, db, create=True) as setting:
        synced = None if offline else fetch_all(setting, [], quiet=quiet)
        now = shared.now()
        left = bring_up_to_date(setting, now)
        failed = notify and _alert(setting, quiet)
        report = read_queue(setting, now, Wanted(limit=limit), unassessed=left)
    if not quiet or report.summary.overdue or not report.summary.complete:
        shown = shared.filled(report, template) if template else shared.render_queue(report, chosen)
        shared.emit(shown, output)
    return ExitCode.UNAVAILABLE if failed else exit_code(report, synced, fail_on)


def _alert(setting: Setting, quiet: bool) -> bool:
    from mentionwatch.cli.delivering import alert

    return alert(setting, quiet)


def exit_code(report: QueueReport, synced: SyncReport | None, fail_on: str | None) -> int:
    """Return the code of a run: what is broken beats what is late."""
    if synced is not None and synced.exit_code is not ExitCode.OK:
        return synced.exit_code
    if any(state.status in INCOMPLETE for state in report.channels):
        return ExitCode.INCOMPLETE
    late = report.summary.overdue
    if fail_on == "due-soon":
        late += report.summary.due_soon
    return ExitCode.OVERDUE if fail_on and late else ExitCode.OK


def sync(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]...", help="Only these channels.")
    ] = None,
    quiet: shared.QuietOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Fetch what is new from every channel."""
    with shared.open_setting(config, db, create=True) as setting:
        report = fetch_all(setting, only or [], quiet=quiet)
    return report.exit_code


def fetch_all(setting: Setting, only: list[str], *, quiet: bool) -> SyncReport:
    """Fetch, telling how it goes on standard error. Empty *only*: every channel."""
    from mentionwatch.app.sync import sync as run_sync

    known = [channel.name for channel in setting.config.channels]
    for name in only:
        if name not in known:
            raise UsageError(f"there is no channel {name}", hint=f"one of {', '.join(known)}")
    with display(quiet, len(only or known)) as telling:
        report = run_sync(
            setting,
            shared.now,
            only=only,
            tokens=shared.tokens_for(setting),
            progress=telling,
        )
    for notice in report.notices:
        shared.say(f"! {notice}")
    return report


def display(quiet: bool, channels: int) -> SilentDisplay:
    from mentionwatch.cli import progress as displays

    if quiet:
        return displays.SilentDisplay()
    return displays.BarDisplay(channels) if sys.stderr.isatty() else displays.LineDisplay()
