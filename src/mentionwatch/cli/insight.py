"""The commands report and review."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import UsageError

if TYPE_CHECKING:
    from mentionwatch.app.insight import Period
    from mentionwatch.app.setting import Setting
    from mentionwatch.model.insight import Card, PeriodReport, ReviewReport

SinceOption = Annotated[
    str,
    typer.Option(
        "--since", metavar="WHEN", help="How far back: 24h, 7d, 30d, 12w, or a day: 2026-11-01."
    ),
]
WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[WHICH]...",
        help="Only these: channel:facebook intent:lead assignee:ana words of the text.",
    ),
]
PrivateOption = Annotated[
    bool,
    typer.Option(
        "--private-text/--no-private-text",
        help="Whether what private messages say may be read there; leave it out of pages that "
        "are shared.",
    ),
]


def report(
    words: WordsArgument = None,
    since: SinceOption = "30d",
    by: Annotated[
        str | None,
        typer.Option("--by", help="channel, weekday, hour, author, assignee, intent or priority."),
    ] = None,
    private_text: PrivateOption = True,
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Say how a period went: answered or not, how fast, compared with the one before."""
    from mentionwatch.app.insight import read_report
    from mentionwatch.app.read_queue import bring_up_to_date
    from mentionwatch.model.insight import DIMENSIONS

    if by is not None and by not in DIMENSIONS:
        raise UsageError(
            f"--by {by}: there is no such grouping", hint=f"one of {', '.join(DIMENSIONS)}"
        )
    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_or_empty(config, db) as setting:
        period = _period(setting, words, since, by or "")
        left = bring_up_to_date(setting, now)
        found = read_report(setting, now, period, unassessed=left)
    shared.emit(_rendered_report(found, chosen, private_text), output)
    return 0


def review(
    words: WordsArgument = None,
    since: SinceOption = "30d",
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", min=1, max=500, help="Show so many, and on a terminal ask for your verdict."
        ),
    ] = None,
    private_text: PrivateOption = True,
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Judge our own replies of a period: a scorecard with its reasons."""
    from mentionwatch.app.read_queue import bring_up_to_date
    from mentionwatch.app.review import read_review
    from mentionwatch.app.review import sample as drawn

    chosen = shared.chosen_format(format_, as_json, output)
    now = shared.now()
    with shared.open_or_empty(config, db) as setting:
        period = _period(setting, words, since, "")
        left = bring_up_to_date(setting, now)
        found = read_review(setting, now, period, unassessed=left)
        if sample is not None:
            from dataclasses import replace

            found = replace(found, cards=drawn(found, sample))
            if chosen == "table" and sys.stdin.isatty():
                return _walk(setting, found)
    shared.emit(_rendered_review(found, chosen, private_text), output)
    return 0


def _period(setting: Setting, words: list[str] | None, since: str, by: str) -> Period:
    from mentionwatch.app.insight import Period
    from mentionwatch.app.selection import select

    length = _length(since, setting.config.hours.timezone)
    if length < timedelta(hours=1):
        raise UsageError(f"--since {since} is too short", hint="at least 1h")
    chosen = select(" ".join(words), setting, shared.now()) if words else None
    return Period(length=length, by=by, chosen=chosen)


def _length(since: str, timezone: str) -> timedelta:
    """Return how far back a length or a local day lies."""
    from mentionwatch.model.times import duration

    try:
        day = date.fromisoformat(since)
    except ValueError:
        try:
            return duration(since)
        except ValueError as error:
            hint = "for example --since 7d or --since 2026-11-01"
            raise UsageError(f"--since: {error}", hint=hint) from None
    from zoneinfo import ZoneInfo

    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))
    return shared.now() - begins.astimezone(UTC)


def _rendered_report(found: PeriodReport, format_: str, private_text: bool) -> str:
    if format_ in ("json", "ndjson", "csv"):
        from mentionwatch.output import report_records as records

        if format_ == "csv":
            return records.report_csv(found)
        render = records.report_json if format_ == "json" else records.report_ndjson
        return render(found, private_text=private_text)
    if format_ == "html":
        from mentionwatch.output.report_page import report_html

        return report_html(found, private_text=private_text)
    from mentionwatch.output import report as drawing

    if format_ == "table":
        return drawing.report_table(
            found, width=shared.width(), colour=shared.colour(), private_text=private_text
        )
    if format_ == "markdown":
        return drawing.report_markdown(found, private_text=private_text)
    return drawing.report_plain(found, private_text=private_text)


def _rendered_review(found: ReviewReport, format_: str, private_text: bool) -> str:
    if format_ in ("json", "ndjson", "csv"):
        from mentionwatch.output import report_records as records

        render: Any = {
            "json": records.review_json,
            "ndjson": records.review_ndjson,
            "csv": records.review_csv,
        }[format_]
        return str(render(found, private_text=private_text))
    if format_ == "html":
        from mentionwatch.output.report_page import review_html

        return review_html(found, private_text=private_text)
    from mentionwatch.output import review as drawing

    if format_ == "table":
        return drawing.review_table(
            found, width=shared.width(), colour=shared.colour(), private_text=private_text
        )
    if format_ == "markdown":
        return drawing.review_markdown(found, private_text=private_text)
    return drawing.review_plain(found, private_text=private_text)


# --- the owner's own verdict ----------------------------------------------------------------------

_KEYS = "1 bad  2  3  4  5 good   s skip   q quit"
CLEAR = "\x1b[2J\x1b[H"


def _walk(setting: Setting, found: ReviewReport) -> int:
    """Show one conversation after the other and keep the owner's verdict on each at once."""
    from mentionwatch.cli import keys

    judged = 0
    with keys.raw():
        for place, card in enumerate(found.cards, start=1):
            _draw(card, f"{place} of {len(found.cards)}")
            given = _ask()
            if given is None:
                break
            if given:
                from mentionwatch.app.review import judge

                judge(setting, shared.now(), card, given, shared.me(setting))
                judged += 1
    word = "verdict" if judged == 1 else "verdicts"
    shared.emit(f"\n{judged} {word} kept. mentionwatch review shows them beside the rules'.")
    return 0


def _draw(card: Card, head: str) -> None:
    from mentionwatch.output.review import card_table

    body = card_table(card, width=shared.width(), colour=shared.colour())
    sys.stdout.write(f"{CLEAR}{head}\n\n{body}\nHow good is this answer?  {_KEYS}\n")
    sys.stdout.flush()


def _ask() -> int | None:
    """Return 1 to 5, 0 to skip, None to stop."""
    from mentionwatch.cli import keys

    while True:
        try:
            key = keys.read()
        except (EOFError, KeyboardInterrupt):
            return None
        if key in ("1", "2", "3", "4", "5"):
            return int(key)
        if key in ("s", "right", "enter"):
            return 0
        if key in ("q", "escape"):
            return None
