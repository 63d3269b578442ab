"""Commands for first steps and upkeep: init, doctor, channels, config, db, status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import ExitCode, UsageError

Force = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing: take what was said, and the defaults.")
]
config_app = typer.Typer(no_args_is_help=True, help="Look at the configuration.")
db_app = typer.Typer(no_args_is_help=True, help="Look after the database.")


def register(app: typer.Typer) -> None:
    app.command("init")(init)
    app.command("doctor")(doctor)
    app.command("status")(status)
    app.command("channels")(channels)
    app.add_typer(config_app, name="config")
    app.add_typer(db_app, name="db")


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
        f"Wrote {path}.\n"
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
    from mentionwatch.app.doctor import examine
    from mentionwatch.output.findings import findings_json, findings_plain

    with shared.open_or_empty(config, db) as setting:
        known = [channel.name for channel in setting.config.channels]
        for name in only or []:
            if name not in known:
                raise UsageError(f"there is no channel {name}", hint=f"one of {', '.join(known)}")
        findings = examine(
            setting, shared.now(), only=only or (), tokens=shared.tokens_for(setting)
        )
    shared.emit(findings_json(findings) if as_json else findings_plain(findings))
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


def channels(
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """List the channel types with what each can do, and how the configured ones stand."""
    from mentionwatch.app.states import channel_states
    from mentionwatch.errors import ConfigError
    from mentionwatch.output import plain, records

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
    shared.emit(f"Wrote {target}.")
    return 0
