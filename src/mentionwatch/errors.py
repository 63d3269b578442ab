"""
Every error raised on purpose, and the exit codes.

    MentionwatchError
      ConfigError                  all problems of a configuration at once
      UsageError                   wrong arguments, an id that does not exist
      ChannelError                 one channel's failure; a value of its outcome
        Unreachable                no connection, no such host, TLS refused
        TimedOut                   no answer in time
        SecretUnavailable          the credential could not be had at all
        AnswerRefused              an answer that is an error; carries status and body
          RateLimited              too many requests; retry_after says when
          CredentialsRefused       the service says that we are nobody
          PermissionMissing        it knows us, and does not let us
          NotFound                 what was asked for does not exist there
          RequestRefused           any other answer of 4xx, or a redirect that is not followed
          ServerFailed             5xx, also after retries
        UnexpectedPayload          an answer of another shape
        TooLarge                   an answer over the limit
        SourceUnreadable           a file or program of the owner's that cannot be read
        BudgetSpent                a limit of the owner's own was reached; the rest comes later
      StoreError                   the database cannot be read or written
      ExportError                  an output file cannot be written
      LockHeld                     another run is writing
      DeliveryError                a mail or alert was not taken
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple


class ExitCode(enum.IntEnum):
    """The contract of a run; every code stands in the README."""

    OK = 0
    OVERDUE = 1
    USAGE = 2
    INCOMPLETE = 3
    UNAVAILABLE = 69
    BUG = 70
    IO = 74
    LOCKED = 75
    CONFIG = 78
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


class MentionwatchError(Exception):
    """
    A failure that has a name and a way out.

    Args:
        message: Names the thing, then what happened.
        hint: What to do about it; "" where nothing helps.
    """

    exit_code = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Problem(NamedTuple):
    """One thing that is wrong in a configuration file. ``line`` counts from 1; 0 = whole file."""

    path: str
    line: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        key = f"{self.key}: " if self.key else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}: {key}{self.message}{hint}"


class ConfigError(MentionwatchError):
    """The configuration is wrong; carries all problems at once."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: Sequence[Problem], hint: str = "") -> None:
        super().__init__("\n".join(str(problem) for problem in problems), hint)
        self.problems = tuple(problems)


class UsageError(MentionwatchError):
    exit_code = ExitCode.USAGE


class ChannelError(MentionwatchError):
    """One channel's failure; never ends a run."""

    exit_code = ExitCode.INCOMPLETE


class Unreachable(ChannelError):
    pass


class TimedOut(ChannelError):
    pass


class AnswerRefused(ChannelError):
    """
    An answer that is an error.

    ``status`` is the HTTP status, 0 where it did not come from one; ``body`` the start of its
    text as it was received (never printed), because some services name the real cause there.
    """

    def __init__(self, message: str, hint: str = "", status: int = 0, body: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.body = body


class RateLimited(AnswerRefused):
    """``retry_after`` in seconds, None where the service does not say."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        retry_after: float | None = None,
        status: int = 0,
        body: str = "",
    ) -> None:
        super().__init__(message, hint, status, body)
        self.retry_after = retry_after


class CredentialsRefused(AnswerRefused):
    exit_code = ExitCode.CONFIG


class PermissionMissing(AnswerRefused):
    exit_code = ExitCode.CONFIG


class SecretUnavailable(ChannelError):
    exit_code = ExitCode.CONFIG


class NotFound(AnswerRefused):
    pass


class RequestRefused(AnswerRefused):
    pass


class ServerFailed(AnswerRefused):
    pass


class UnexpectedPayload(ChannelError):
    pass


class TooLarge(ChannelError):
    pass


class SourceUnreadable(ChannelError):
    pass


class BudgetSpent(ChannelError):
    pass


class StoreError(MentionwatchError):
    exit_code = ExitCode.IO


class ExportError(MentionwatchError):
    exit_code = ExitCode.IO


class LockHeld(MentionwatchError):
    exit_code = ExitCode.LOCKED


class DeliveryError(MentionwatchError):
    exit_code = ExitCode.UNAVAILABLE
