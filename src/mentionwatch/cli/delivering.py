"""Commands that send: digest, notify, handoff, watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import ExitCode, LockHeld, MentionwatchError, UsageError
from mentionwatch.model.report import INCOMPLETE

if TYPE_CHECKING:
    from mentionwatch.app.deliver import Sent
    from mentionwatch.app.setting import Setting
    from mentionwatch.app.sync import SyncReport
    from mentionwatch.model.digest import DigestReport

DIGEST_FORMATS = ("text", "html", "eml", "json")
BEHIND = "another run is fetching just now; this is what was stored before it"


def digest(
    sync: Annotated[bool, typer.Option("--sync", help="Fetch what is new first.")] = False,
    send: Annotated[
        bool, typer.Option("--send", help="Send it by mail, once in each period.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Send it also to those who have it already.")
    ] = False,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help="text, html, eml or json."),
    ] = "text",
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
    quiet: shared.QuietOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Print the mail of the period, or send it: who waits, what is broken, the week's figures."""
    from mentionwatch.app.digest import read_digest
    from mentionwatch.app.read_queue import bring_up_to_date

    chosen = _digest_format("json" if as_json else format_)
    if again and not send:
        raise UsageError("--again goes with --send", hint="mentionwatch digest --send --again")
    with shared.open_setting(config, db, create=True) as setting:
        if send:
            from mentionwatch.app import deliver

            deliver.settings(setting)  # what is missing is said before minutes of fetching
        synced, notices = _fetch(setting, quiet) if sync else (None, ())
        now = shared.now()
        left = bring_up_to_date(setting, now)
        report = read_digest(setting, now, unassessed=left, notices=notices)
        failed = send and _send(setting, report, again, quiet)
        if not send or output is not None:
            shared.emit(_rendered(setting, report, chosen), output)
    return ExitCode.UNAVAILABLE if failed else _code(report, synced)


def _digest_format(name: str) -> str:
    if name not in DIGEST_FORMATS:
        raise UsageError(
            f"--format {name}: there is no such format", hint=f"one of {', '.join(DIGEST_FORMATS)}"
        )
    return name


def _fetch(setting: Setting, quiet: bool) -> tuple[SyncReport | None, tuple[str, ...]]:
    """Fetch; while another run does so, the mail must go out all the same, and say it."""
    from mentionwatch.cli.syncing import fetch_all

    try:
        return fetch_all(setting, [], quiet=quiet), ()
    except LockHeld:
        return None, (BEHIND,)


def _code(report: DigestReport, synced: SyncReport | None) -> int:
    if synced is not None and synced.exit_code is not ExitCode.OK:
        return synced.exit_code
    broken = any(state.status in INCOMPLETE for state in report.queue.channels)
    return ExitCode.INCOMPLETE if broken or report.queue.summary.unassessed else ExitCode.OK


def _rendered(setting: Setting, report: DigestReport, format_: str) -> str:
    from mentionwatch.output import digest as rendering

    settings = setting.config.digest
    private = bool(settings and settings.private_text)
    if format_ == "eml":
        from mentionwatch.app import deliver

        recipient = settings.to[0] if settings and settings.to else "owner@localhost"
        return deliver.compose(setting, report, recipient).decode("ascii").replace("\r\n", "\n")
    if format_ == "html":
        beginning = settings.subject if settings else ""
        return rendering.digest_html(report, private_text=private, beginning=beginning)
    if format_ == "json":
        return rendering.digest_json(report, private_text=private)
    return rendering.digest_text(report, private_text=private)


def _send(setting: Setting, report: DigestReport, again: bool, quiet: bool) -> bool:
    """Send, tell what happened, and return whether some mail was not taken."""
    from mentionwatch.app import deliver

    done = deliver.send_digest(setting, shared.now(), report, again=again)
    _tell(done, setting, quiet)
    return bool(done.failed)


def _tell(done: Sent, setting: Setting, quiet: bool) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(setting.config.hours.timezone)
    for recipient in done.repeated:
        shared.say(f"an earlier run died while sending to {recipient}; that mail may come twice")
    if not quiet:
        for recipient in done.sent:
            shared.say(f"digest sent to {recipient}")
        for recipient, at in done.already:
            shared.say(
                f"{recipient} has the digest of this period ({done.key.partition(':')[2]}) since "
                f"{at.astimezone(zone):%H:%M}; --again sends another"
            )
        if done.empty:
            shared.say("nothing is waiting, and send_empty = false: no mail was sent")
    for warning in done.warnings:
        shared.say(f"! {warning}")
    for recipient, error in done.failed:
        complain(f"the digest for {recipient} was not sent", error)


def complain(what: str, error: MentionwatchError) -> None:
    """Say what failed and the way out; never a secret."""
    from mentionwatch.credentials import redact

    shared.say(f"mentionwatch: {what}: {redact(error.message)}")
    if error.hint:
        shared.say(f"  hint: {redact(error.hint)}")
