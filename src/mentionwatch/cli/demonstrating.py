"""The command demo: what it looks like, without any account."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared
from mentionwatch.errors import UsageError


def demo(
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep the sample shop there, to play with."),
    ] = None,
    sample: Annotated[
        Path | None, typer.Option("--sample", metavar="FILE", help="Other records than our own.")
    ] = None,
    limit: shared.LimitOption = None,
    format_: shared.FormatOption = None,
    as_json: shared.JsonOption = False,
    output: shared.OutputOption = None,
) -> int:
    """Show the queue of a sample shop: ten channels, no account needed."""
    chosen = shared.chosen_format(format_, as_json, output)
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="mentionwatch-demo-") as folder:
            report = _play(Path(folder), sample, limit)
    else:
        if keep.exists() and any(keep.iterdir()):
            raise UsageError(f"{keep} is not empty", hint="name a new folder with --keep")
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        report = _play(keep, sample, limit)
    shared.emit(shared.render_queue(report, chosen), output)
    if chosen in ("table", "plain") and output is None:
        _next_steps(keep)
    return 0


def _play(folder: Path, sample: Path | None, limit: int | None) -> Any:
    from mentionwatch import config as configuration
    from mentionwatch import demo as shop
    from mentionwatch.app.read_queue import Wanted, read_queue
    from mentionwatch.app.setting import Setting
    from mentionwatch.config.settings import Found
    from mentionwatch.store.database import Store

    path = shop.write_shop(folder)
    config = configuration.load(Found(path=path), os.environ)
    now = shared.now()
    records = shop.sample() if sample is None else _records(sample)
    with Setting(config=config, store=Store(folder / "mentionwatch.db")) as setting:
        shop.play(setting, now, records)
        return read_queue(setting, now, Wanted(limit=limit))


def _records(path: Path) -> list[dict[str, Any]]:
    import json

    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise UsageError(f"{path}: not NDJSON ({error})", hint="one JSON object a line") from None


def _next_steps(keep: Path | None) -> None:
    if keep is None:
        shared.say(
            "\nThis was a sample shop; nothing was kept, and nobody was asked. Next:\n"
            "  mentionwatch demo --keep FOLDER    the same, to play with\n"
            "  mentionwatch init                  your own"
        )
    else:
        shared.say(f"\nKept in {keep}. Go on with:  cd {keep} && mentionwatch show 1")
