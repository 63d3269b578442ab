"""
A program of the owner's, in any language, that prints one JSON object per line.

The protocol is in docs/records.md. Only the configuration names programs; there is no shell.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._exec_output import MAX_RECORDS, STREAM, Heard, Output
from mentionwatch.channels._records import RecordDefaults
from mentionwatch.channels._times import zone
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    ChannelError,
    SourceUnreadable,
    TimedOut,
    Unreachable,
)
from mentionwatch.model.items import Page, StreamState

if TYPE_CHECKING:
    from mentionwatch.channels._process import Program

PROTOCOL = 1
EX_TEMPFAIL = 75
_KINDS = {"direct": "message", "reviews": "review", "social": "post", "forums": "post"}
# What a program needs to work at all; whatever else we hold is not its business.
_INHERITED = frozenset(
    (
        "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP",
        "TMP", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR", "USERPROFILE", "APPDATA",
        "LOCALAPPDATA", "PROGRAMDATA", "VIRTUAL_ENV",
    )
)  # fmt: skip
_INHERITED_BEGINNINGS = ("LC_", "XDG_")


class _Declared:
    """What the type can do; on a configured channel, what its owner says it can."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        general = Capabilities(
            finds_untagged=True,
            sees_own_replies=False,
            sees_edits=True,
            private=True,
            history="as far as the program reaches",
            limits=("sees your replies only where the program prints them",),
        )
        if channel is None:
            return general
        return dataclasses.replace(
            general, sees_own_replies=channel.sees_own_replies, limits=(), private=channel.private
        )


@dataclass(frozen=True, kw_only=True)
class Exec:
    """
    The keys of ``[channels.NAME]`` with ``type = "exec"``.

    ``command`` is the program and its arguments; ``~`` is expanded in the program's name, and a
    relative one with a slash is looked for in ``folder``, where it also runs. ``timeout`` in
    seconds. ``env`` adds variables. ``limit`` is how many records the program is asked for.
    """

    command: tuple[str, ...]
    timeout: float = 60.0
    env: Mapping[str, Secret] = field(default_factory=dict)
    folder: Path = Path()
    limit: int = 500
    addressed: bool = True
    private: bool = False
    kind: str = ""
    channel_type: str = ""
    tz: str = ""
    family: Literal["social", "direct", "reviews", "forums"] = "direct"
    sees_own_replies: bool = False

    capabilities = _Declared()
    runs_programs = True

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the settings, each with its key."""
        if not self.command or not self.command[0]:
            yield "command", 'name a program: command = ["~/bin/forum-mentions", "--days", "3"]'
        if any("\0" in word for word in self.command):
            yield "command", "a NUL cannot be in a command"
        if not 1 <= self.limit <= MAX_RECORDS:
            yield "limit", f"must be between 1 and {MAX_RECORDS}"
        try:
            zone(self.tz)
        except ValueError as error:
            yield "tz", str(error)

    @property
    def defaults(self) -> RecordDefaults:
        return RecordDefaults(
            addressed=self.addressed,
            private=self.private,
            kind=self.kind or _KINDS[self.family],
            channel_type=self.channel_type,
            tz=self.tz,
        )

    def program(self) -> str:
        """
        Return the path of the program.

        Raises:
            SourceUnreadable: There is none, or it may not be run.
        """
        name = str(Path(self.command[0]).expanduser()) if self.command[0][0] == "~" else ""
        name = name or self.command[0]
        if os.sep in name or "/" in name:
            name = str(self.folder / name)
        found = shutil.which(name)
        if found is None:
            there = Path(name).is_file()
            what = "may not be run" if there else "there is no such program"
            hint = f"chmod +x {name}" if there else "name its full path in `command`"
            raise SourceUnreadable(f"{self.command[0]}: {what}", hint=hint)
        return str(Path(found).absolute())

    def connect(self, deadline: float) -> ExecSession:
        return ExecSession(self, deadline)


class ExecSession:
    """One run of the program."""

    def __init__(self, settings: Exec, deadline: float) -> None:
        self._settings = settings
        self._seconds = min(settings.timeout, deadline)
        self._program: Program | None = None
        self._aborted = False
        self._name = Path(settings.command[0]).name

    def account(self) -> Account:
        """Say which program it is, without running it."""
        return Account(id=f"exec:{self._settings.command[0]}", summary=self._settings.program())

    def pages(self, query: Query) -> Iterator[Page]:
        """
        Run the program; yield its records as they come, and its last state when it went well.

        Raises:
            TimedOut: It took too long, and was ended with all its children.
            Unreachable: It says that it is worth another try (exit code 75).
            UnexpectedPayload: It prints something else.
            TooLarge: It prints too much.
            SourceUnreadable: It cannot be run, or failed.
        """
        from mentionwatch.channels._process import OutOfTime

        output = Output(self._settings.defaults, self._name)
        heard = Heard(self._name)
        error: ChannelError | None = None
        code = 0
        with _state_file(query.state(STREAM)) as state_file:
            self._program = self._start(query, state_file, heard)
            if self._aborted:  # while it was being started
                self._program.abort()
            try:
                for chunk in self._program.chunks():
                    output.take(chunk)
                    if output.full:
                        yield output.page()
                output.end()
                code = self._program.result()
            except ChannelError as failure:
                error = failure
            except OutOfTime:
                error = self._too_slow()
            finally:
                self._program.stop()
        if self._aborted:
            raise TimedOut(f"{self._name}: stopped before its end")
        error = error or self._failure(code, heard) or output.failure()
        yield output.page(last=error is None)
        if error is not None:
            raise error

    def abort(self) -> None:
        self._aborted = True
        if self._program is not None:
            self._program.abort()

    def close(self) -> None:
        if self._program is not None:
            self._program.stop()

    def _start(self, query: Query, state_file: Path, heard: Heard) -> Program:
        from mentionwatch.channels._process import Program

        settings = self._settings
        argv = [settings.program(), *settings.command[1:]]
        env = self._environment(query, state_file)
        if not settings.folder.is_dir():
            raise SourceUnreadable(f"{settings.folder}: there is no such folder")
        try:
            return Program(
                argv, env, settings.folder, self._request(query), self._seconds, heard.line
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            hint = 'does its first line name an interpreter ("#!/usr/bin/env python3")?'
            raise SourceUnreadable(f"{self._name}: cannot be run: {reason}", hint=hint) from error

    def _request(self, query: Query) -> bytes:
        state = query.state(STREAM).cursor
        asked = {
            "protocol": PROTOCOL,
            "channel": query.channel,
            "state": json.loads(state) if state else None,
            "since": _rfc3339(query),
            "brand": list(query.terms),
            "limit": self._settings.limit,
        }
        return json.dumps(asked).encode() + b"\n"

    def _environment(self, query: Query, state_file: Path) -> dict[str, str]:
        """Return what the program sees of our environment. Raises SecretUnavailable."""
        found = {
            name: value
            for name, value in os.environ.items()
            if name.upper() in _INHERITED or name.upper().startswith(_INHERITED_BEGINNINGS)
        }
        found["MENTIONWATCH_PROTOCOL"] = str(PROTOCOL)
        found["MENTIONWATCH_SINCE"] = _rfc3339(query)
        found["MENTIONWATCH_STATE_FILE"] = str(state_file)
        return {**found, **{name: one.reveal() for name, one in self._settings.env.items()}}

    def _too_slow(self) -> TimedOut:
        return TimedOut(
            f"{self._name} did not end within {self._seconds:g} seconds, and was stopped",
            hint="let it do less, or set a longer `timeout`",
        )

    def _failure(self, code: int, heard: Heard) -> ChannelError | None:
        if code == 0:
            return None
        if code == EX_TEMPFAIL:
            message = f"{self._name} cannot work just now (exit code {code})"
            return Unreachable(message, hint=heard.last or "it is tried again with the next run")
        how = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        hint = f"it says: {heard.last}" if heard.last else "run it by hand to see why"
        return SourceUnreadable(f"{self._name} {how}", hint=hint)


def _rfc3339(query: Query) -> str:
    return query.since.astimezone(UTC).isoformat().replace("+00:00", "Z")


@contextlib.contextmanager
def _state_file(state: StreamState) -> Iterator[Path]:
    """Put the last state into a file that only we can read: a text as it is, else as JSON."""
    value = json.loads(state.cursor) if state.cursor else ""
    text = value if isinstance(value, str) else json.dumps(value)
    handle, name = tempfile.mkstemp(prefix="mentionwatch-state-")  # 0600
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
        yield path
    finally:
        path.unlink(missing_ok=True)
