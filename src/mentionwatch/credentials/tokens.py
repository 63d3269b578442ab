"""
Tokens that a platform renews: ``credentials.json``, for our eyes only.

A refresh token is often good for one use. So whoever renews holds the channel's lock, reads the
file again under it, and writes before the new token is used; a run that is killed in between
leaves either the old file or the new one, never half of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mentionwatch.credentials.redaction import remember
from mentionwatch.errors import SecretUnavailable

LOCK_SECONDS = 30.0
_SECRET_NAMES = ("token", "secret", "password", "jwt", "key", "session", "assertion", "code")


class Tokens:
    """
    What channels keep from run to run, a small JSON object for each channel name.

    Args:
        path: The file; None keeps all in memory (tests, one single run).
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._memory: dict[str, dict[str, Any]] = {}

    def get(self, channel: str) -> dict[str, Any]:
        """
        Return what is kept for a channel; {} where there is nothing.

        Raises:
            SecretUnavailable: The file cannot be read, or others can read it.
        """
        kept = dict(self._read().get(channel, {}))
        for name, value in kept.items():
            if isinstance(value, str) and any(word in name.lower() for word in _SECRET_NAMES):
                remember(value)
        return kept

    def put(self, channel: str, values: Mapping[str, Any]) -> None:
        """Keep *values* (JSON values) for a channel, in place of what was kept before."""
        with self._locked("write"):
            self._write({**self._read(), channel: dict(values)})
        self.get(channel)

    def remove(self, channel: str) -> None:
        with self._locked("write"):
            everything = self._read()
            if everything.pop(channel, None) is not None:
                self._write(everything)

    @contextmanager
    def renewing(self, channel: str) -> Iterator[dict[str, Any]]:
        """
        Hold the channel's lock and hand out what is kept now, read again under it.

        Compare it with the token that was refused: when it differs, another run has renewed it
        already. Within coroutines use ``client.renewing()``, which does not stop the others.

        Raises:
            SecretUnavailable: Another run holds the lock for too long.
        """
        with self._locked(f"channel {channel}"):
            yield self.get(channel)

    def try_renewing(self, channel: str) -> Any:
        """Return a lock to be closed (``.close()``), or None where somebody else holds it."""
        return self._try_lock(f"channel {channel}")

    def _read(self) -> dict[str, dict[str, Any]]:
        import json

        if self._path is None:
            return dict(self._memory)
        try:
            with self._path.open("rb") as stream:
                self._refuse_others(stream.fileno())
                found = json.loads(stream.read())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unavailable(f"cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError):
            raise self._unavailable("is damaged") from None
        if not isinstance(found, dict) or not all(isinstance(v, dict) for v in found.values()):
            raise self._unavailable("is damaged")
        return found

    def _refuse_others(self, descriptor: int) -> None:
        if os.name != "posix":
            return
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise self._unavailable("belongs to somebody else")
        if status.st_mode & 0o077:
            raise SecretUnavailable(
                f"the tokens in {self._path} may be read by others (mode "
                f"{status.st_mode & 0o777:04o})",
                hint=f"run: chmod 600 {self._path}",
            )

    def _unavailable(self, what: str) -> SecretUnavailable:
        return SecretUnavailable(
            f"the file of the renewed tokens, {self._path}, {what}",
            hint="move it away and log in again: mentionwatch login CHANNEL",
        )

    def _write(self, everything: dict[str, dict[str, Any]]) -> None:
        """Replace the file: the old one or the new one is there, whatever happens."""
        import json

        if self._path is None:
            self._memory = everything
            return
        data = json.dumps(everything, indent=2, sort_keys=True).encode()
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as stream:  # noqa: PTH123 - created with its mode
                stream.write(data)
                stream.flush()
                os.fsync(descriptor)
            new.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise self._unavailable(f"cannot be written ({error.strerror})") from None

    @contextmanager
    def _locked(self, purpose: str) -> Iterator[None]:
        import time

        until = time.monotonic() + LOCK_SECONDS
        while (lock := self._try_lock(purpose)) is None:
            if time.monotonic() > until:
                raise SecretUnavailable(
                    f"another run has been renewing tokens in {self._path} for too long",
                    hint="end the other mentionwatch, then try again",
                )
            time.sleep(0.02)
        try:
            yield
        finally:
            lock.close()

    def _try_lock(self, purpose: str) -> Any:
        """Return an open file whose closing ends the lock, or None when it is held."""
        from io import BytesIO
        from urllib.parse import quote

        if self._path is None:
            return BytesIO()
        suffix = "" if purpose == "write" else "." + quote(purpose.partition(" ")[2], safe="")
        path = self._path.with_name(f"{self._path.name}{suffix}.lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unavailable(f"cannot be locked ({error.strerror})") from None
        stream = open(descriptor, "r+b", buffering=0)  # noqa: PTH123, SIM115 - closed by the caller
        if _lock_now(descriptor):
            return stream
        stream.close()
        return None


def _lock_now(descriptor: int) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last through a power cut, where the system can."""
    from contextlib import suppress

    if os.name != "posix":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
