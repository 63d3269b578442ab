"""Start-up of the commands that scripts call, against an empty Typer command. CPU seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from _measure import cpu_of, python, ratio

EMPTY = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
@app.command()
def empty(name: str = "") -> None: ...
app()
"""


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever has it installed has it compiled
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        program = Path(sysconfig.get_path("scripts")) / "mentionwatch"
        shop = Path(folder) / "shop"
        cpu_of([str(program), "demo", "--keep", str(shop), "--json"])
        config = str(shop / "mentionwatch.toml")
        rows = json.loads(subprocess.check_output([str(program), "queue", "--json", "-c", config]))
        waiting = str(rows["rows"][0]["id"])
        for name, arguments in (
            ("queue --json", ["queue", "--json", "--config", config]),
            ("show --json", ["show", waiting, "--json", "--config", config]),
            ("--help", ["--help"]),
            ("--version", ["--version"]),
        ):
            ratio(
                name,
                lambda arguments=arguments: cpu_of([str(program), *arguments]),
                lambda: cpu_of(python(str(empty))),
                runs=21,
                reach="reach 1.5 x, aim 1.2 x",
            )


if __name__ == "__main__":
    main()
