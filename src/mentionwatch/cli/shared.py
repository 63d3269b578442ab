"""What the commands share: options, the clock, opening, rendering and printing."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from mentionwatch.errors import ExitCode, StoreError, UsageError

if TYPE_CHECKING:
    from mentionwatch.app.setting import Setting
    from mentionwatch.credentials import Tokens
    from mentionwatch.model.conversation import ConversationReport
    from mentionwatch.model.report import QueueReport
    from mentionwatch.store.database import Store

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="The configuration to use."),
]
DbOption = Annotated[Path | None, typer.Option("--db", metavar="FILE", help="The database to use.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="table, plain, json, ndjson, csv, markdown or html. "
        "[default: table on a terminal, else plain]",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file, all of it or nothing."),
]
TemplateOption = Annotated[
    Path | None,
    typer.Option("--template", metavar="FILE", help="Fill this Jinja2 template instead."),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", "-n", min=0, help="Show at most this many rows.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what is wrong.")]

FORMATS = ("table", "plain", "json", "ndjson", "csv", "markdown", "html")
NARROWEST, WIDEST = 30, 120


def now() -> datetime:
    """Return the time. The only clock of the program."""
    return datetime.now(UTC)


class Invocation(NamedTuple):
    """What was said before the name of the command; what is said behind it goes first."""

    config: Path | None = None
    db: Path | None = None
    verbose: int = 0


CURRENT = Invocation()


def load_config(config: Path | None) -> Any:
    """Return the configuration. Raises ConfigError."""
    from mentionwatch import config as configuration

    found = configuration.find(config or CURRENT.config, os.environ, Path.cwd())
    return configuration.load(found, os.environ), found


def open_setting(
    config: Path | None, db: Path | None, *, create: bool = False, read_only: bool = False
) -> Setting:
    """
    Return configuration and database, open.

    Args:
        create: Make the database when there is none; else that is an error with a way out.

    Raises:
        ConfigError, StoreError.
    """
    from mentionwatch.app.setting import Setting
    from mentionwatch.config import database_path
    from mentionwatch.store.database import Store

    loaded, found = load_config(config)
    path = database_path(db or CURRENT.db, found, os.environ)
    return Setting(config=loaded, store=Store(path, create=create, read_only=read_only))


def open_or_empty(config: Path | None, db: Path | None) -> Setting:
    """Open for reading; where nothing was synced yet, an empty database says so in its channels."""
    return open_setting(config, db, create=True)


def open_quickly(config: Path | None, db: Path | None) -> Setting:
    """
    Open for reading what waits, as fast as can be.

    A configuration that was loaded without problems before, and is the same to the byte, is not
    checked again: what it would take to check it is what only fetching and sending need.
    """
    from mentionwatch import config as configuration
    from mentionwatch.app.setting import Setting
    from mentionwatch.config.loading import fingerprint
    from mentionwatch.store import meta
    from mentionwatch.store.database import Store

    found = configuration.find(config or CURRENT.config, os.environ, Path.cwd())
    path = configuration.database_path(db or CURRENT.db, found, os.environ)
    if not path.exists():
        return open_or_empty(config, db)
    mark = fingerprint(found)
    store = Store(path, create=False)
    try:
        checked = bool(mark) and meta.get(store.connection, "checked_config") == mark
        loaded = configuration.load(found, os.environ, checked=checked)
    except BaseException as error:
        try:
            store.explain(error)
        finally:
            store.close()
        raise
    if mark and not checked and not any(channel.problem for channel in loaded.channels):
        _remember(store, mark)
    return Setting(config=loaded, store=store)


def _remember(store: Store, mark: str) -> None:
    """Note it for the next start, unless another writes just now: who only reads never waits."""
    from contextlib import suppress

    from mentionwatch.store import meta
    from mentionwatch.store.database import BUSY_TIMEOUT_MS

    store.connection.execute("PRAGMA busy_timeout = 0")
    with suppress(StoreError), store.transaction() as connection:
        meta.put(connection, "checked_config", mark)
    store.connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def tokens_for(setting: Setting) -> Tokens:
    """Return the store of renewed tokens; it lies beside the database."""
    from mentionwatch.credentials import Tokens

    return Tokens(setting.store.path.parent / "credentials.json")


def chosen_format(name: str | None, as_json: bool, output: Path | None) -> str:
    """Return the format; by default what suits the place where it goes."""
    if as_json:
        if name not in (None, "json"):
            raise UsageError(f"--json and --format {name} contradict each other")
        return "json"
    if name is None:
        return "table" if output is None and sys.stdout.isatty() else "plain"
    if name not in FORMATS:
        raise UsageError(
            f"--format {name}: there is no such format", hint=f"one of {', '.join(FORMATS)}"
        )
    return name


def width() -> int:
    import shutil

    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def colour() -> bool:
    """Return whether colour is wanted (https://no-color.org, and TERM)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def render_queue(report: QueueReport, format_: str) -> str:
    """Return the queue in one of the formats."""
    if format_ == "table":
        from mentionwatch.output.table import queue_table

        return queue_table(report, width=width(), colour=colour())
    if format_ == "plain":
        from mentionwatch.output.plain import queue_plain

        return queue_plain(report)
    if format_ in ("html", "markdown"):
        from mentionwatch.output import page

        return page.queue_html(report) if format_ == "html" else page.queue_markdown(report)
    from mentionwatch.output import records

    render = {
        "json": records.queue_json,
        "ndjson": records.queue_ndjson,
        "csv": records.queue_csv,
    }[format_]
    return render(report)


def filled(report: QueueReport, template: Path) -> str:
    """Return what the owner's template makes of the queue."""
    from mentionwatch.output.page import render_template

    try:
        source = template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"{template}: {reason}", hint="docs/output.md shows one") from error
    return render_template(source, report, name=str(template))


def render_conversation(report: ConversationReport, format_: str) -> str:
    """Return one conversation in one of the formats."""
    if format_ == "table":
        from mentionwatch.output.table import conversation_table

        return conversation_table(report, width=width(), colour=colour())
    if format_ == "plain":
        from mentionwatch.output.plain import conversation_plain

        return conversation_plain(report)
    if format_ == "json":
        from mentionwatch.output.records import conversation_json

        return conversation_json(report)
    raise UsageError(f"--format {format_} is not for one conversation", hint="plain or json")


def emit(text: str, output: Path | None = None) -> None:
    """Print a result, or write it to a file, all of it or nothing."""
    if output is not None:
        from mentionwatch.output.write import write_atomically

        write_atomically(output, text if text.endswith("\n") else text + "\n")
        return
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and (sys.stdout.encoding or "").lower() != "utf-8":
        reconfigure(errors="replace")  # a terminal that cannot show a letter shows a "?"
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Typer would end the program with 1, which means that something is overdue.
        raise typer.Exit(ExitCode.CLOSED_PIPE) from None


def say(text: str) -> None:
    """Tell the owner something that is not the result; on standard error."""
    from mentionwatch.model.text import visible

    print(visible(text), file=sys.stderr)


def numbers(arguments: list[str] | None) -> list[int]:
    """
    Return conversation ids from arguments, ranges ("41-44") or standard input ("-", or a pipe).

    Raises:
        UsageError: Something is no id, or there is none.
    """
    words = list(arguments or [])
    if words == ["-"] or (not words and not sys.stdin.isatty()):
        words = sys.stdin.read().split()
    found: list[int] = []
    for word in words:
        found += _range(word.strip(","))
    if not found:
        raise UsageError(
            "no conversation was named",
            hint="give ids as they stand in the first column of the queue: 41 44-46",
        )
    return list(dict.fromkeys(found))


def _range(word: str) -> list[int]:
    first, dash, last = word.removeprefix("#").partition("-")
    try:
        start = int(first)
        end = int(last) if dash else start
    except ValueError:
        raise UsageError(
            f"{word!r} is not the id of a conversation", hint="ids are numbers: 41 or 44-46"
        ) from None
    if not 0 < start <= end or end - start > 10_000:
        raise UsageError(f"{word!r} is not a range of ids", hint="write the lower one first: 44-46")
    return list(range(start, end + 1))


def me(setting: Setting) -> str:
    """Return who acts: MENTIONWATCH_ME, ``[team] me``, or nobody in particular."""
    return str(setting.config.team.me)


def configure_logging(verbose: int) -> None:
    """Log to standard error, redacted. Quiet by default; the HTTP library writes whole URLs."""
    if not verbose:
        return
    import logging

    from mentionwatch.credentials import redacting_formatter

    handler = logging.StreamHandler()
    handler.setFormatter(redacting_formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(
        level=logging.DEBUG if verbose > 1 else logging.INFO, handlers=[handler], force=True
    )
    for noisy in ("httpx", "httpcore", "httpx2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
