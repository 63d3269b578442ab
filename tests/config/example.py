"""The sections of config.example.toml, each switched on."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")
HEADER = re.compile(r"^\[+([^\]]+)\]+")


def sections() -> list[str]:
    """Return each section with its # taken away; tables inside of a section belong to it."""
    found: list[list[str]] = []
    path = "-"
    for line in re.findall(r"^#?(?=[\w\[]).*$", TEXT, re.MULTILINE):
        switched_on = line.removeprefix("#")
        header = HEADER.match(switched_on)
        if header and not header[1].startswith(f"{path}."):
            found.append([])
            path = header[1]
        found[-1].append(switched_on)
    return ["\n".join(lines) for lines in found]
