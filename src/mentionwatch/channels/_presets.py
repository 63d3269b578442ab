"""How the exports of well-known tools are laid out; each is a map, see `_mapping`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One export: ``how`` it is had, and how it is read."""

    title: str = ""
    how: str = ""
    map: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    format: str = ""
    items: str = ""
    tz: str = ""
    date_format: str = ""
    kind: str = ""
    private: bool = False


PRESETS: dict[str, Preset] = {}
