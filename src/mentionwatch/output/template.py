"""The files under templates/: each is read, and compiled, once a process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def part(name: str) -> str:
    """Return the content of a file: a template, a style, a script."""
    from importlib.resources import files

    return files("mentionwatch.output").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def html_template(name: str) -> Template:
    """Return a template that escapes what it is given and refuses names that it does not know."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(part(name))


def policy_hash(content: str) -> str:
    """Return what a content security policy calls an inline style or script."""
    from base64 import b64encode
    from hashlib import sha256

    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
