"""Start-up of the commands that scripts call, against an empty Typer command. CPU seconds."""

from __future__ import annotations

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
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        program = Path(sysconfig.get_path("scripts")) / "mentionwatch"
        shop = Path(folder) / "shop"
        cpu_of([str(program), "demo", "--keep", str(shop), "--json"])
        config = str(shop / "mentionwatch.toml")
        for name, arguments in (
            ("queue --json", ["queue", "--json", "--config", config]),
            ("show --json", ["show", "1", "--json", "--config", config]),
            ("--help", ["--help"]),
            ("--version", ["--version"]),
        ):
            ratio(
                name,
                lambda arguments=arguments: cpu_of([str(program), *arguments]),
                lambda: cpu_of(python(str(empty))),
                reach="reach 1.5 x, aim 1.2 x",
            )


if __name__ == "__main__":
    main()
