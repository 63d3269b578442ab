"""From a file to a Config: bytes, TOML, tables, and every problem that is found on the way."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import adler32, crc32

from mentionwatch import __version__
from mentionwatch.config.hours import read_hours
from mentionwatch.config.people import read_brand, read_team
from mentionwatch.config.reading import Place, Report, Table
from mentionwatch.config.settings import Config, Found
from mentionwatch.config.targets import read_queue, read_targets
from mentionwatch.errors import ConfigError, Problem

if TYPE_CHECKING:
    from mentionwatch.config.lines import Key

LARGEST = 1024 * 1024
DEEPEST = 30
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OUTGOING = ("digest", "notify", "handoff", "watch")
_AT_LINE = r" \(at (?:line (\d+), column \d+|end of document)\)$"
_CLOSE = "a list ends with ], an inline table with }"
_HINTS = (
    ("Invalid value", 'texts stand in quotes: name = "Acme"; true, false and numbers do not'),
    ("Unescaped '\\'", "in \"…\" a backslash is special: write '…' around a Windows path"),
    ("Invalid hex value", "in \"…\" a backslash is special: write '…' around a Windows path"),
    ("overwrite", "a key or a table may stand only once"),
    ("twice", "a key or a table may stand only once"),
    ("Expected newline", 'one key on each line; texts stand in quotes: name = "Acme"'),
    ("Unterminated string", "a text in quotes ends on the line on which it begins"),
    ("Illegal character", "a text in quotes ends on the line on which it begins"),
    ("Unclosed array", _CLOSE),
    ("Expected '='", 'a line looks like this: name = "Acme"'),
)


def fingerprint(found: Found) -> str:
    """Return what tells this file, as it is now, from any other; "" where it cannot be read."""
    try:
        data = found.path.read_bytes()
        status = found.path.stat()
    except OSError:
        return ""
    about = f"{__version__} {status.st_mode} {found} {len(data)}".encode()
    # Told apart are versions of one owner's own file; OpenSSL would cost as much as all the rest.
    return f"{crc32(about):08x}{crc32(data):08x}{adler32(data):08x}"


def load(found: Found, environ: Mapping[str, str], *, checked: bool = False) -> Config:
    """
    Return what the file says.

    Nothing is looked up outside of it: secrets stay unresolved, no host is asked.

    Args:
        checked: This very file (see `fingerprint`) was loaded without problems before. Then what
            only fetching and sending need is left out: no channel's class is loaded.

    Raises:
        ConfigError: Carries all problems, each with file, line and key.
    """
    text, status = _read(found.path)
    path = str(found.path)
    if _foreign(found, status):
        raise _one(
            path, 0, "lies in the current folder but belongs to another user", "name it: --config"
        )
    values = read_toml(text, path)
    folder = found.path.absolute().parent
    report = Report(path, folder, LazyLines(text), _no_programs(found, status))
    config = _config(Table(Place(report), values), found, environ, status, checked=checked)
    if report.problems:
        raise ConfigError(sorted(report.problems, key=lambda problem: problem.line))
    return config


def _config(
    root: Table,
    found: Found,
    environ: Mapping[str, str],
    status: os.stat_result,
    *,
    checked: bool,
) -> Config:
    report = root.place.report
    config = {
        "brand": read_brand(root),
        "hours": read_hours(root.table("hours"), environ),
        "targets": read_targets(root.table("targets")),
        "queue": read_queue(root.table("queue")),
        "team": read_team(root.table("team"), environ),
        **_used(root, checked=checked),
    }
    root.finish("section")
    return Config(
        path=found.path,
        plain_secrets=bool(report.plain_secrets),
        warnings=(*report.warnings, *_open_secrets(report, status)),
        **config,
    )


def _used(root: Table, *, checked: bool) -> dict[str, Any]:
    """Read the sections whose readers are only imported where the file has them."""
    root.know(("channels", "rules", "replies", *_OUTGOING))
    found: dict[str, Any] = {}
    if "channels" in root:
        from mentionwatch.config.channel_tables import read_channels

        found["channels"] = read_channels(root.table("channels"), checked=checked)
    if "rules" in root:
        from mentionwatch.config.rules import read_rules

        found["rules"] = read_rules(root.table("rules"))
    if "replies" in root:
        from mentionwatch.config.replies import read_replies

        found["saved_replies"] = read_replies(root)
    if any(name in root for name in _OUTGOING) and not checked:
        from mentionwatch.config import delivery

        found["digest"] = delivery.read_digest(root.table("digest"))
        found["notify"] = delivery.read_notify(root)
        found["handoffs"] = delivery.read_handoffs(root)
        found["watch"] = delivery.read_watch(root.table("watch")) if "watch" in root else None
    return found


class LazyLines(Mapping["Key", int]):
    """The lines of a text's keys, looked for when the first problem needs one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[Key, int] | None = None

    def _lines(self) -> dict[Key, int]:
        if self._found is None:
            from mentionwatch.config.lines import key_lines

            self._found = key_lines(self._text)
        return self._found

    def __getitem__(self, key: Key) -> int:
        return self._lines()[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._lines())

    def __len__(self) -> int:
        return len(self._lines())


def read_toml(text: str, path: str) -> dict[str, Any]:
    """
    Return the values of a TOML text.

    Raises:
        ConfigError: It is not TOML; the problem has the line.
    """
    try:
        from tomli import loads
    except ImportError:
        from tomllib import loads

    try:
        values: dict[str, Any] = loads(text)
    except RecursionError:
        raise _one(path, 0, "is nested too deeply") from None
    except (ValueError, OverflowError) as error:
        raise _invalid(path, text, str(error)) from None
    if _too_deep(values):
        raise _one(path, 0, f"is nested more than {DEEPEST} levels deep")
    return values


def _invalid(path: str, text: str, message: str) -> ConfigError:
    place = re.search(_AT_LINE, message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1 if place else 0
    what = message[: place.start()] if place else message.partition(":")[0]
    hint = next((hint for part, hint in _HINTS if part in what), "")
    if line > len(text.rstrip().splitlines()):
        hint = _CLOSE
    return _one(path, line, f"is not valid TOML: {what[:1].lower()}{what[1:]}", hint)


def _one(path: str, line: int, message: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem(path=path, line=line, key="", message=message, hint=hint)])


def _too_deep(values: dict[str, Any]) -> bool:
    level: list[Any] = [values]
    for _ in range(DEEPEST):
        inside: list[Any] = []
        for one in level:
            inside += one.values() if isinstance(one, dict) else one
        level = [one for one in inside if isinstance(one, dict | list)]
    return bool(level)


def _read(path: Path) -> tuple[str, os.stat_result]:
    """Return the text of a file, without a byte order mark, and its status."""
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            data = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise _one(str(path), 0, f"cannot be read ({reason})") from None
    if len(data) > LARGEST:
        raise _one(str(path), 0, f"is larger than {LARGEST // 1024} KiB; is it the right file?")
    return _decoded(data, str(path)), status


def _decoded(data: bytes, path: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise _one(path, 0, "is not UTF-8 text, it looks like UTF-16", _SAVE_AS)
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise _one(
            path, line, f"is not UTF-8 text (byte 0x{byte:02X}); it looks like Latin-1", _SAVE_AS
        ) from None


_SAVE_AS = 'open it in your editor and save it with the encoding "UTF-8"'


def _no_programs(found: Found, status: os.stat_result) -> tuple[str, str] | None:
    """Return why a file may not run programs, and what helps; None where it may."""
    if found.from_cwd:
        return (
            "the file was found in the current folder, and a copied folder must not run programs",
            f"look through the file, then name it: --config {found.path.name}",
        )
    if os.name == "posix" and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        return f"others can write the file (mode {mode:04o})", f"run: chmod 600 {found.path}"
    return None


def _foreign(found: Found, status: os.stat_result) -> bool:
    """Whether somebody else put the file into the current folder, say into /tmp."""
    return found.from_cwd and os.name == "posix" and status.st_uid not in (os.geteuid(), 0)


def _open_secrets(report: Report, status: os.stat_result) -> list[str]:
    """Return a warning where secrets stand in a file that others can read."""
    mode = stat.S_IMODE(status.st_mode)
    if os.name != "posix" or not report.plain_secrets or not mode & 0o077:
        return []
    keys = ", ".join(report.plain_secrets)
    return [f"{report.path} holds secrets ({keys}) and others can read it: chmod 600 {report.path}"]
