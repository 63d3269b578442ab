"""Configurations as text, and what loading them gives."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BUILTIN
from mentionwatch.config import Config, Found, load
from mentionwatch.errors import ConfigError, Problem

BRAND = '[brand]\nname = "Acme Coffee"\n'

Load = Callable[..., Config]
Problems = Callable[..., list[Problem]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration that only we can read; returns its path."""

    def written(text: str | bytes, mode: int = 0o600) -> Path:
        path = tmp_path / "acme.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    return written


@pytest.fixture
def loaded(write: Callable[..., Path]) -> Load:
    """Load a text, below a [brand] unless it has one."""

    def load_text(
        text: str, *, mode: int = 0o600, from_cwd: bool = False, **environ: str
    ) -> Config:
        whole = text if "[brand]" in text else BRAND + text
        return load(Found(path=write(whole, mode), from_cwd=from_cwd), {"TZ": "UTC", **environ})

    return load_text


@pytest.fixture
def problems(loaded: Load) -> Problems:
    """Return the problems of a text that must have some."""

    def found(text: str, **more: Any) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            loaded(text, **more)
        return list(caught.value.problems)

    return found


@pytest.fixture
def the_problem(problems: Problems) -> Callable[..., Problem]:
    """Return the only problem of a text."""

    def found(text: str, **more: Any) -> Problem:
        (one,) = problems(text, **more)
        return one

    return found


@pytest.fixture
def channel_type(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make a class known as a channel type."""

    def known(name: str, cls: type[Any]) -> None:
        module = types.ModuleType(f"channel_of_{name}")
        module.Channel = cls  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(BUILTIN, name, f"{module.__name__}:Channel")

    return known
