"""Taking in a credential: into a file that only its owner can read, not the configuration."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mentionwatch.credentials import Secret
from mentionwatch.errors import ExportError


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Where a secret lies. ``line``: what the configuration must say; "" where it does already."""

    path: Path
    line: str


def secret_keys(cls: type[Any]) -> tuple[str, ...]:
    """Return the keys of a channel that are secrets; those that its author asks for first."""
    asked: tuple[str, ...] = getattr(sys.modules[cls.__module__], "LOGIN", ())
    if asked:
        return asked
    # As they are written: a module may import the type for the type checker only.
    written: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        written |= vars(base).get("__annotations__", {})
    return tuple(name for name, hint in written.items() if "Secret" in str(hint))


def keep_secret(folder: Path, channel: Any, key: str, value: str) -> Kept:
    """
    Write a secret into a file (0600) beside the configuration.

    Raises:
        ExportError: It cannot be written.
    """
    path = folder / "secrets" / f"{channel.name}-{key}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        fresh = path.with_name(path.name + ".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(value + "\n")
        fresh.replace(path)
    except OSError as error:
        raise ExportError(
            f"{path}: {error.strerror or error}", hint="check the folder of the configuration"
        ) from error
    line = f'{key} = "file:{path}"'
    current = getattr(channel.channel, key, None)
    said = current.source if isinstance(current, Secret) and current else ""
    return Kept(path=path, line="" if str(path) in said else line)
