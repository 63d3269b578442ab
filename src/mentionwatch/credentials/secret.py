"""A credential as the configuration writes it; looked up late, shown never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from mentionwatch.credentials import sources
from mentionwatch.credentials.redaction import MASK
from mentionwatch.errors import SecretUnavailable

KINDS = ("env", "cmd", "file", "keyring", "literal")


class Secret:
    """
    A credential as the configuration writes it.

    ``repr`` and ``str`` never show it; `reveal` looks it up. An empty one is false: ``if token``.

    Args:
        raw: The string of the configuration, or its table ``{"cmd": [...]}``.
        key: Its place, for messages: "channels.shop.token".
    """

    __slots__ = ("_raw", "key")

    def __init__(self, raw: str | Mapping[str, Any] = "", key: str = "") -> None:
        self._raw = raw
        self.key = key

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._where() == other._where()

    def __hash__(self) -> int:
        return hash(self._where())

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")

    def reveal(self) -> str:
        """
        Return the value; the first call may run a program or wait for another look-up.

        Raises:
            SecretUnavailable: It cannot be had; the message names the key and the source.
        """
        try:
            return sources.look_up(self._where())
        except sources.Failed as failed:
            name = f"the secret {self.key}" if self.key else "a secret"
            raise SecretUnavailable(f"{name} cannot be had: {failed.reason}", failed.hint) from None

    @property
    def ready(self) -> bool:
        """Whether `reveal` answers at once."""
        return sources.known(self._where())

    @property
    def is_plain(self) -> bool:
        """Whether the value itself stands in the configuration."""
        return bool(self) and self._where()[0] == "plain"

    @property
    def uses_command(self) -> bool:
        """Whether a program would be run: refused in a configuration that others can write."""
        return self._where()[0] == "cmd"

    @property
    def source(self) -> str:
        """Where it comes from, in words that may be shown: "environment variable SHOP_TOKEN"."""
        kind, *rest = self._where()
        match kind:
            case "env":
                return f"environment variable {rest[0]}"
            case "cmd":
                return f"cmd '{sources.program(rest)}'"
            case "file":
                return f"file {rest[0]}"
            case "keyring":
                return f"keyring entry {'/'.join(rest)}"
            case "wrong":
                return "a key that is written wrongly"
        return "the configuration file"

    @property
    def problem(self) -> str:
        """What is wrong with the way it is written, without looking it up; "" when nothing is."""
        kind, *rest = self._where()
        return rest[0] if kind == "wrong" else ""

    def _where(self) -> tuple[str, ...]:
        """Return kind and details: what is looked up once, however many keys say it."""
        if not isinstance(self._raw, str):
            return _table(self._raw)
        kind, colon, rest = self._raw.partition(":")
        if not colon or kind not in KINDS:
            return ("plain", self._raw)
        return _indirection(kind, rest)


def _table(raw: Mapping[str, Any]) -> tuple[str, ...]:
    match raw:
        case {"cmd": [str(), *_] as argv, **others} if not others:
            if argv[0] and all(isinstance(part, str) for part in argv):
                return ("cmd", *argv)
        case {"cmd": str() as line, **others} if not others:
            return _indirection("cmd", line)
    return ("wrong", 'the table must be { cmd = ["program", "argument"] }')


def _indirection(kind: str, rest: str) -> tuple[str, ...]:
    import shlex

    if kind == "literal":
        return ("plain", rest)
    rest = rest.strip()
    if not rest:
        return ("wrong", f"nothing stands behind '{kind}:'")
    if kind == "cmd":
        try:
            return ("cmd", *shlex.split(rest))
        except ValueError as error:
            return ("wrong", f"the command cannot be taken apart ({str(error).lower()})")
    if kind == "keyring":
        service, slash, user = rest.rpartition("/")
        if not slash or not service or not user:
            return ("wrong", "'keyring:' needs service/user")
        return ("keyring", service, user)
    return (kind, rest)


# The default of a secret key that may be left out.
NO_SECRET = Secret()
