"""Commands for first steps and upkeep: init, doctor, channels, config, db, status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import ExitCode, UsageError
from mentionwatch.model.text import visible

Force = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing: take what was said, and the defaults.")
]
channels_app = typer.Typer(
    invoke_without_command=True,
    help="List the channel types with what each can do, and how the configured ones stand.",
)
config_app = typer.Typer(no_args_is_help=True, help="Look at the configuration.")
db_app = typer.Typer(no_args_is_help=True, help="Look after the database.")


# --- init -----------------------------------------------------------------------------------------


def init(
    brand: Annotated[
        str | None, typer.Option("--brand", metavar="NAME", help="The name of the business.")
    ] = None,
    term: Annotated[
        list[str] | None,
        typer.Option("--term", help="What people call it: a phrase, @handle or #hashtag."),
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="A channel type to begin with.")
    ] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="ZONE")] = None,
    open_hours: Annotated[
        str | None, typer.Option("--hours", metavar="09:00-17:00", help="Monday to Friday.")
    ] = None,
    yes: Force = False,
    config: shared.ConfigOption = None,
) -> int:
    """Write a first configuration: a few questions, or --yes."""
    from mentionwatch.config.finding import default_path
    from mentionwatch.config.starting import write_new

    path = config or shared.CURRENT.config or default_path()
    answers = _answers(brand, term or [], channel or [], timezone, open_hours, ask=not yes)
    text = _checked(answers)
    write_new(path, text)
    shared.emit(
        f"Wrote {visible(str(path))}.\n"
        "Next: fill in the channels there, then\n"
        "  mentionwatch doctor    tests every credential\n"
        "  mentionwatch check     fetches, and shows who waits"
    )
    return 0


def _answers(
    brand: str | None,
    terms: list[str],
    types: list[str],
    timezone: str | None,
    hours: str | None,
    *,
    ask: bool,
) -> Any:
    from mentionwatch.config.hours import local_timezone
    from mentionwatch.config.starting import Answers, ChannelAnswer

    ask = ask and sys.stdin.isatty()
    zone = timezone or local_timezone(os.environ)
    if ask:
        brand = brand or typer.prompt("What is the business called?")
        said = typer.prompt("What else do people call it? (commas between)", default="")
        terms = terms or [word.strip() for word in said.split(",") if word.strip()]
        zone = timezone or typer.prompt("In which time zone do you answer?", default=zone)
        hours = hours or typer.prompt(
            "When are you open, Monday to Friday? (empty: always)", default="09:00-17:00"
        )
        if not types:
            said = typer.prompt(f"Which channels? ({', '.join(_types())})", default="email")
            types = said.replace(",", " ").split()
    if not brand:
        raise UsageError("what is the business called?", hint='--brand "Acme Coffee"')
    return Answers(
        brand=brand,
        terms=tuple(dict.fromkeys([brand, *terms])),
        timezone=zone,
        hours={"mon-fri": (hours,)} if hours else {},
        channels=tuple(ChannelAnswer(type=_known(type_)) for type_ in types),
    )


def _types() -> list[str]:
    from mentionwatch.channels import BUILTIN

    return sorted(BUILTIN)


def _known(type_: str) -> str:
    from mentionwatch.channels import available

    if type_ not in available():
        raise UsageError(
            f"there is no channel type {type_}", hint=f"one of {', '.join(sorted(available()))}"
        )
    return type_


def _checked(answers: Any) -> str:
    """Return the text of the configuration; a wrong answer is a problem now, not later."""
    import tempfile

    from mentionwatch import config as configuration
    from mentionwatch.config.settings import Found
    from mentionwatch.config.starting import starter

    text = starter(answers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        configuration.load(Found(path=path), os.environ)
    return text


# --- doctor, status, channels ---------------------------------------------------------------------


def doctor(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]...", help="Only these channels.")
    ] = None,
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Test the set-up: files, clock, disk, and every credential with one cheap request."""
    from mentionwatch.app.doctor import examine, refusal
    from mentionwatch.errors import ConfigError, LockHeld, StoreError
    from mentionwatch.output.findings import findings_json, findings_plain

    now = shared.now()
    try:
        with shared.open_or_empty(config, db) as setting:
            known = [channel.name for channel in setting.config.channels]
            for name in only or []:
                if name not in known:
                    hint = f"one of {', '.join(known)}"
                    raise UsageError(f"there is no channel {name}", hint=hint)
            findings = examine(setting, now, only=only or (), tokens=shared.tokens_for(setting))
    except (ConfigError, StoreError, LockHeld) as error:
        if not as_json:
            raise
        shared.emit(findings_json(refusal(error), now))
        return error.exit_code
    shared.emit(findings_json(findings, now) if as_json else findings_plain(findings))
    broken = any(finding.level == "problem" for finding in findings)
    return ExitCode.INCOMPLETE if broken else ExitCode.OK


def status(
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Say how each channel stands, when it was read, and what is stored."""
    from mentionwatch.app.read_queue import bring_up_to_date, read_queue
    from mentionwatch.model.report import INCOMPLETE
    from mentionwatch.output import overview, plain, records

    now = shared.now()
    with shared.open_or_empty(config, db) as setting:
        left = bring_up_to_date(setting, now)
        report = read_queue(setting, now, unassessed=left)
        path = setting.store.path
    if as_json:
        shared.emit(records.channels_json([], report.channels))
    else:
        local = overview.local_time(report)
        shared.emit(
            "\n".join(
                [
                    plain.channels_plain([], report.channels).rstrip(),
                    "",
                    overview.summary_sentence(report, local),
                    overview.completeness(report),
                    f"Configuration: {setting.config.path}",
                    f"Database: {path} ({path.stat().st_size // 1024} KiB)",
                ]
            ).replace("\n\n\n", "\n\n")
        )
    broken = any(state.status in INCOMPLETE for state in report.channels)
    return ExitCode.INCOMPLETE if broken else ExitCode.OK


@channels_app.callback()
def channels(
    context: typer.Context,
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """List the channel types with what each can do, and how the configured ones stand."""
    from mentionwatch.app.states import channel_states
    from mentionwatch.errors import ConfigError
    from mentionwatch.output import plain, records

    if context.invoked_subcommand is not None:
        return 0
    types = [(name, cls.family, cls.capabilities) for name, cls in sorted(_classes().items())]
    try:
        with shared.open_or_empty(config, db) as setting:
            states = channel_states(setting, shared.now())
    except ConfigError:
        states = ()  # the list of types helps most before there is a configuration
        if config is not None:
            raise
    shared.emit(
        records.channels_json(types, states) if as_json else plain.channels_plain(types, states)
    )
    return 0


@channels_app.command("setup")
def channels_setup(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="For example mastodon.")],
) -> int:
    """Print the steps to the credential that a channel needs."""
    import sys as system

    from mentionwatch.output.channels import unverified

    cls = _class_of(type_)
    module = system.modules[cls.__module__]
    steps = getattr(module, "SETUP", "") or (module.__doc__ or "").strip()
    notes = "\n".join(unverified(cls))
    if notes:
        steps = f"{steps.strip()}\n{notes}"
    shared.emit(f"{steps.strip()}\n\nIts keys: config.example.toml, [channels.{type_}].")
    return 0


@channels_app.command("rename")
def channels_rename(
    old: Annotated[str, typer.Argument(metavar="OLD")],
    new: Annotated[str, typer.Argument(metavar="NEW")],
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Give a channel another name; its conversations keep their ids. Rename it in the file, too."""
    from mentionwatch.app.upkeep import rename_channel

    with shared.open_setting(config, db) as setting:
        rename_channel(setting, old, new)
        path = setting.config.path
    shared.emit(f"Renamed. Now write [channels.{new}] instead of [channels.{old}] in {path}.")
    return 0


def _class_of(type_: str) -> Any:
    from mentionwatch.channels import load

    _known(type_)
    return load(type_)


def login(
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="As it is called in the file.")],
    config: shared.ConfigOption = None,
) -> int:
    """Take in a channel's credentials without showing them, and keep them in files of yours."""
    from mentionwatch.app.login import keep_secret, secret_keys

    loaded, _ = shared.load_config(config)
    channel = loaded.channel(name)
    if channel is None or channel.channel is None:
        known = ", ".join(one.name for one in loaded.channels)
        raise UsageError(f"there is no channel {name}", hint=f"one of {known}")
    lines = []
    for key in secret_keys(type(channel.channel)):
        value = _secret(f"{name}, {key}")
        if value:
            kept = keep_secret(loaded.path.parent, channel, key, value)
            if kept.line:
                lines.append(kept.line)
            shared.say(f"kept in {kept.path}")
    if lines:
        shared.emit(f"Write into [channels.{name}] of {loaded.path}:")
        shared.emit("\n".join(f"  {line}" for line in lines))
    shared.say(f"Try it: mentionwatch doctor {name}")
    return 0


def _secret(question: str) -> str:
    """Read a secret without showing it; never from the command line, where others can see it."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    import getpass

    return getpass.getpass(f"{question} (empty to leave it): ").strip()


def forget(
    author: Annotated[str, typer.Argument(metavar="AUTHOR", help="Handle, address or full name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much it is.")] = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Remove everything of an author for good. It cannot be undone."""
    from mentionwatch.app.upkeep import forget as remove

    with shared.open_setting(config, db) as setting:
        count = remove(setting, shared.now(), author, dry_run=True)["mentions"]
        if dry_run:
            verb = "mention of {} is" if count == 1 else "mentions of {} are"
            shared.emit(f"{count} {verb.format(author)} stored.")
            return 0
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError("forget asks before it removes", hint="--yes, if you are sure")
            typer.confirm(f"Remove {count} mentions of {author} and all about them?", abort=True)
        removed = remove(setting, shared.now(), author)
    one = {"mentions": "mention", "replies": "reply", "actions": "action"}
    parts = ", ".join(
        f"{number} {one[what] if number == 1 else what}" for what, number in removed.items()
    )
    shared.emit(f"Removed: {parts}.")
    shared.say("Backups and exports that you made before still hold them; remove those as well.")
    return 0


def _classes() -> dict[str, Any]:
    from mentionwatch.channels import available, load

    found = {}
    for name in available():
        try:
            found[name] = load(name)
        except (ImportError, AttributeError) as error:
            shared.say(f"! {name}: its package does not load ({error})")
    return found


# --- config ---------------------------------------------------------------------------------------


@config_app.command("check")
def config_check(config: shared.ConfigOption = None) -> int:
    """Say what is wrong with the configuration, all of it at once."""
    loaded, _ = shared.load_config(config)
    for warning in loaded.warnings:
        shared.say(f"! {warning}")
    shared.emit(f"{loaded.path}: no problems; {len(loaded.channels)} channels.")
    return 0


@config_app.command("path")
def config_path(config: shared.ConfigOption = None) -> int:
    """Print the path of the configuration."""
    from mentionwatch import config as configuration

    found = configuration.find(config or shared.CURRENT.config, os.environ, Path.cwd())
    shared.emit(str(found.path))
    return 0


@config_app.command("show")
def config_show(config: shared.ConfigOption = None) -> int:
    """Print the configuration as it is understood, defaults included; secrets are not shown."""
    from mentionwatch.config.showing import masked

    loaded, _ = shared.load_config(config)
    shared.emit(masked(loaded))
    return 0


# --- db -------------------------------------------------------------------------------------------


@db_app.command("path")
def db_path(config: shared.ConfigOption = None, db: shared.DbOption = None) -> int:
    """Print the path of the database."""
    from mentionwatch import config as configuration

    given = db or shared.CURRENT.db
    if given is None:
        found = configuration.find(config or shared.CURRENT.config, os.environ, Path.cwd())
        given = configuration.database_path(None, found, os.environ)
    shared.emit(str(given))
    return 0


@db_app.command("backup")
def db_backup(
    target: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A new file; dated if not named.")
    ] = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Copy the database to a new file, safely also while a sync is at work."""
    from mentionwatch.store.database import backup

    with shared.open_setting(config, db) as setting:
        path = setting.store.path
        target = target or path.with_name(f"{path.stem}-{shared.now():%Y%m%d-%H%M%S}.backup.db")
        backup(setting.store.connection, target)
    shared.emit(f"Wrote {visible(str(target))}.")
    return 0


@db_app.command("check")
def db_check(config: shared.ConfigOption = None, db: shared.DbOption = None) -> int:
    """Look for damage, all through."""
    from mentionwatch.store.upkeep import check

    with shared.open_setting(config, db) as setting:
        path = setting.store.path
        problems = check(setting.store.connection)
    for problem in problems:
        shared.say(f"✗ {problem}")
    count = f"{len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}"
    shared.emit(f"{visible(str(path))}: {count}.")
    return ExitCode.IO if problems else ExitCode.OK


@db_app.command("restore")
def db_restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Put a backup in the place of the database; what was there is kept beside it."""
    from mentionwatch import config as configuration
    from mentionwatch.app.upkeep import restore

    given = db or shared.CURRENT.db
    if given is None:
        found = configuration.find(config or shared.CURRENT.config, os.environ, Path.cwd())
        given = configuration.database_path(None, found, os.environ)
    before = restore(given, source, shared.now())
    shared.emit(f"{visible(str(given))} is the backup now.")
    if before is not None:
        shared.emit(f"What was there before: {visible(str(before))}")
    return 0


@db_app.command("export")
def db_export(
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Write everything that is stored as NDJSON, a row a line."""
    import json

    from mentionwatch.store.upkeep import export

    with shared.open_setting(config, db) as setting:
        lines = (json.dumps(row) + "\n" for row in export(setting.store.connection))
        if output is not None:
            from mentionwatch.output.write import write_atomically

            write_atomically(output, "".join(lines))
        else:
            sys.stdout.writelines(lines)
    return 0
