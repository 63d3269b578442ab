"""The commands rules list, rules test and rules eval."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import ExitCode, UsageError

rules_app = typer.Typer(no_args_is_help=True, help="Look at the rules, test and measure them.")


def _ruleset(config: Path | None) -> Any:
    """Return the owner's rules; without a configuration the built-in ones."""
    from mentionwatch.app.setting import ruleset
    from mentionwatch.core.scoring import RuleSet
    from mentionwatch.errors import ConfigError

    try:
        return ruleset(shared.load_config(config)[0])
    except ConfigError:
        if config is not None:
            raise
        return RuleSet.build()


@rules_app.command("list")
def list_(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[PART]...", help="Only ids with this in them.")
    ] = None,
    as_json: shared.JsonOption = False,
    config: shared.ConfigOption = None,
) -> int:
    """List the rules: id, points, and why they fire."""
    from mentionwatch.output.rules import rules_json, rules_plain

    rules = [
        rule
        for rule in _ruleset(config).rules()
        if not words or any(word in rule.id for word in words)
    ]
    if not rules:
        raise UsageError(f"no rule has {' or '.join(words or [])} in its id")
    shared.emit(rules_json(rules) if as_json else rules_plain(rules))
    return 0


@rules_app.command("test")
def test(config: shared.ConfigOption = None) -> int:
    """Try every rule on its own examples, your own rules included."""
    from mentionwatch.app.rules import failures

    ruleset = _ruleset(config)
    found = failures(ruleset)
    for sentence in found:
        shared.say(f"✗ {sentence}")
    count = len(ruleset.rules())
    shared.emit(f"{count} rules tried, {len(found)} examples went wrong.")
    return ExitCode.OVERDUE if found else ExitCode.OK


@rules_app.command("eval")
def eval_(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="NDJSON with id and text; - for a pipe.")
    ] = "-",
    config: shared.ConfigOption = None,
) -> int:
    """
    Score NDJSON lines {"id", "text"}: sentiment, urgency, intent and the reasons.

    Fifty lines are read, then answered, at a time.
    """
    from mentionwatch.core.scoring.evaluate import evaluate

    rules = _ruleset(config)
    try:
        if file == "-":
            sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
            _write(evaluate(sys.stdin, rules))
        else:
            with Path(file).open(encoding="utf-8") as stream:
                _write(evaluate(stream, rules))
    except ValueError as error:
        raise UsageError(str(error), hint='each line is {"id": "1", "text": "…"}') from None
    return 0


def _write(lines: Any) -> None:
    for line in lines:
        sys.stdout.write(line)
        sys.stdout.write("\n")
    sys.stdout.flush()
