"""Commands that send: digest, notify, handoff, watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import (
    DeliveryError,
    ExitCode,
    LockHeld,
    MentionwatchError,
    TimedOut,
    Unreachable,
    UsageError,
)
from mentionwatch.model.report import INCOMPLETE

if TYPE_CHECKING:
    from mentionwatch.app.alerts import Alerted
    from mentionwatch.app.deliver import Sent
    from mentionwatch.app.handoff import HandedOver
    from mentionwatch.app.setting import Setting
    from mentionwatch.app.sync import SyncReport
    from mentionwatch.app.watch import Round
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
    if failed:
        return ExitCode.UNAVAILABLE
    return _code(report, synced) if sync or send else ExitCode.OK  # like `queue`: only reading


def notify(
    what: Annotated[
        str | None, typer.Argument(metavar="[test]", help="test: send a sample instead.")
    ] = None,
    name: Annotated[
        str, typer.Argument(metavar="[TARGET]", help="With test: only to this one.")
    ] = "",
    quiet: shared.QuietOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """
    Send the alerts and hand-offs that are due, or test where alerts go.

    Each conversation is told once to each target and level; nothing is fetched.
    """
    from mentionwatch.app.read_queue import bring_up_to_date

    if what not in (None, "test"):
        raise UsageError(f"notify {what}: there is no such thing", hint="notify, or notify test")
    with shared.open_setting(config, db, create=True) as setting:
        if what == "test":
            from mentionwatch.app.alerts import test_alert

            done = test_alert(setting, shared.now(), name)
            return ExitCode.UNAVAILABLE if _tell_alerts(done, quiet) else ExitCode.OK
        if not setting.config.notify and not _has_rules(setting):
            raise UsageError(
                "no [[notify]] is configured, and no [handoff.NAME] has `when`",
                hint="docs/alerts.md shows one for each service",
            )
        bring_up_to_date(setting, shared.now())
        return ExitCode.UNAVAILABLE if alert(setting, quiet) else ExitCode.OK


def _has_rules(setting: Setting) -> bool:
    return any(target.when for target in setting.config.handoffs)


def alert(setting: Setting, quiet: bool) -> bool:
    """Send what is due, tell what happened, and return whether something was not taken."""
    failed = False
    if setting.config.notify:
        from mentionwatch.app.alerts import send_alerts

        failed = _tell_alerts(send_alerts(setting, shared.now()), quiet)
    if _has_rules(setting):
        from mentionwatch.app.handoff import hand_over_by_rule

        failed |= _tell_handoffs(hand_over_by_rule(setting, shared.now()), quiet)
    return failed


def _tell_alerts(done: Alerted, quiet: bool) -> bool:
    if not quiet:
        for name, count in done.sent.items():
            shared.say(f"{name}: told of {count}")
        for name, count in done.held.items():
            shared.say(f"{name}: {count} held until its quiet hours end")
    for name, error in done.failed:
        complain(name, error)
    return bool(done.failed)


def handoff(
    which: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="As in the queue's first column.")
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help="Which [handoff.NAME] takes them.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also those that it has: as a new ticket.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be sent.")
    ] = False,
    quiet: shared.QuietOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """
    Give conversations to another system: a help desk, a CRM, a webhook.

    The whole thread and what the author wrote before go along. A second time sends nothing. The
    reply clock goes on: the customer still waits.
    """
    from mentionwatch.app import handoff as handing

    with shared.open_setting(config, db) as setting:
        name = to or _only_target(setting)
        ids = shared.numbers(which)
        now = shared.now()
        if dry_run:
            shared.emit("\n".join(handing.preview(setting, now, one, name) for one in ids))
            return ExitCode.OK
        done = handing.hand_over(setting, now, ids, name, again=again, actor=shared.me(setting))
    return ExitCode.UNAVAILABLE if _tell_handoffs(done, quiet) else ExitCode.OK


def _only_target(setting: Setting) -> str:
    known = [target.name for target in setting.config.handoffs]
    if len(known) == 1:
        return known[0]
    hint = f"one of {', '.join(known)}" if known else "docs/handoff.md shows how to configure one"
    raise UsageError("--to NAME says who takes them", hint=hint)


def _tell_handoffs(done: HandedOver, quiet: bool) -> bool:
    words = {
        "sent": "handed {id} to {to}",
        "already": "{to} has {id} already; nothing was sent",
        "found": "{to} has {id} already, from an earlier try; nothing was sent",
    }
    for given in done.given:
        if not quiet:
            said = words[given.how].format(id=given.id, to=given.to)
            shared.say(f"{said}: {given.url or given.remote_id}".rstrip(": "))
    for number, name, error in done.failed:
        complain(f"{number} to {name}", error)
    return bool(done.failed)


def watch(
    every: Annotated[
        str | None,
        typer.Option("--every", metavar="10m", help="How often; usual: [watch] every, or 10m."),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=1, help="End after so many rounds.")
    ] = None,
    quiet: shared.QuietOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """
    Fetch, alert, hand off and send the digest, again and again, until stopped.

    Ctrl-C and SIGTERM end it at once; everything fetched so far is kept.
    """
    import time

    from mentionwatch.app.watch import watch as keep_watching

    loaded, _ = shared.load_config(config)
    from mentionwatch.config.outgoing import Watch

    settings = loaded.watch or Watch()
    interval = _interval(every) if every else settings.every
    watching = Watching(config=config, db=db, quiet=quiet)
    keep_watching(watching.round, interval, shared.now, time.sleep, rounds=rounds)
    return watching.code


def _interval(text: str) -> timedelta:
    from mentionwatch.model.times import duration

    try:
        found = duration(text)
    except ValueError:
        found = None
    if found is None or not timedelta(minutes=1) <= found <= timedelta(days=1):
        raise UsageError(f"--every {text}", hint='a length from "1m" to "1d", such as 10m')
    return found


@dataclass(kw_only=True)
class Watching:
    """
    The rounds of `watch`. The configuration is read anew in each, so a change needs no restart.

    ``code``: the exit code of the last round. What fails in a round is said, and ends only it.
    """

    config: Path | None
    db: Path | None
    quiet: bool
    code: int = ExitCode.OK

    def round(self) -> Round:
        from mentionwatch.app.watch import Round

        try:
            with shared.open_setting(self.config, self.db, create=True) as setting:
                return self._round(setting)
        except MentionwatchError as error:
            complain("this round", error)
            self.code = error.exit_code
            return Round()

    def _round(self, setting: Setting) -> Round:
        from mentionwatch.app.read_queue import bring_up_to_date
        from mentionwatch.app.watch import Round

        synced, notices = _fetch(setting, quiet=True)
        left = bring_up_to_date(setting, shared.now())
        failed = alert(setting, self.quiet)
        failed |= self._digest(setting, left, notices)
        self.code = ExitCode.UNAVAILABLE if failed else synced.exit_code if synced else ExitCode.OK
        offline = synced is not None and is_offline(synced)
        if not failed and not offline:
            self._ping(setting)
        return Round(offline=offline)

    def _digest(self, setting: Setting, left: int, notices: tuple[str, ...]) -> bool:
        """Send the digest of the period where `watch` is to do so and nobody has it yet."""
        from zoneinfo import ZoneInfo

        settings, now = setting.config.watch, shared.now()
        if settings is None or settings.digest_at is None:
            return False
        local = now.astimezone(ZoneInfo(setting.config.hours.timezone))
        if local.hour * 60 + local.minute < settings.digest_at:
            return False
        from mentionwatch.app import deliver
        from mentionwatch.app.digest import read_digest

        report = read_digest(setting, now, unassessed=left, notices=notices)
        if deliver.is_out(setting, report):
            return False
        return _send(setting, report, False, self.quiet)

    def _ping(self, setting: Setting) -> None:
        settings = setting.config.watch
        if settings is None or settings.ping is None:
            return
        from mentionwatch.delivery.ping import ping

        try:
            ping(settings.ping)
        except DeliveryError as error:
            complain("ping", error)


def is_offline(synced: SyncReport) -> bool:
    """Return whether no channel at all could be reached, and each for want of a connection."""
    errors = [outcome.error for outcome in synced.outcomes]
    return bool(errors) and all(isinstance(error, Unreachable | TimedOut) for error in errors)


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
