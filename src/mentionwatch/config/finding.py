"""Where the configuration and the database are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mentionwatch.config.settings import Config, Found
from mentionwatch.errors import ConfigError, Problem

VARIABLE = "MENTIONWATCH_CONFIG"
NAME = "config.toml"  # of the file in the platform's folder
DATABASE_VARIABLE = "MENTIONWATCH_DB"
HERE = "mentionwatch.toml"


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Found:
    """
    Return the configuration file: the one of --config, of $MENTIONWATCH_CONFIG,
    ./mentionwatch.toml, or config.toml in the platform's folder.

    Raises:
        ConfigError: A file that was named does not exist, or none was found.
    """
    named = explicit or _from_environment(environ)
    if named is not None:
        path = cwd / _expanded(named)
        if not path.exists():
            asked = "--config" if explicit else f"${VARIABLE}"
            raise _missing(path, f"no such file (named by {asked})")
        return Found(path=path)
    if (cwd / HERE).is_file():
        return Found(path=cwd / HERE, from_cwd=True)
    if default_path().is_file():
        return Found(path=default_path())
    raise _missing(default_path(), f"no such file, and no {HERE} in this folder")


def _from_environment(environ: Mapping[str, str]) -> Path | None:
    named = environ.get(VARIABLE, "").strip()
    return Path(named) if named else None


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # "~somebody" who does not exist
        return path


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _missing(path: Path, message: str) -> ConfigError:
    problem = Problem(path=str(path), line=0, key="", message=message)
    way_out = "write a first configuration with `mentionwatch init`, or look at sample data with "
    return ConfigError([problem], hint=f"{way_out}`mentionwatch demo`")


def default_path() -> Path:
    """Return the place of the configuration in the platform's folder."""
    from platformdirs import user_config_path

    return user_config_path("mentionwatch", appauthor=False) / NAME


def database_path(
    explicit: Path | None, config: Config | Found, environ: Mapping[str, str]
) -> Path:
    """
    Return the database: that of --db, of $MENTIONWATCH_DB, or that of the configuration.

    The platform's configuration has its database in the platform's data folder. Any other one has
    it beside itself (acme.toml -> acme.db), so that two businesses never share one.
    """
    named = explicit or Path(environ.get(DATABASE_VARIABLE, "").strip())
    if named.parts:
        return Path.cwd() / _expanded(named)
    path = config.path
    if path.name != NAME or not _same(path, default_path()):
        return path.with_suffix(".db")
    from platformdirs import user_data_path

    return user_data_path("mentionwatch", appauthor=False) / "mentions.db"
