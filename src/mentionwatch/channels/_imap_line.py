"""
The line under a mailbox session: one socket, bounded in time and size, ended from any thread.

``imaplib`` gives the protocol; what it lacks is here: verified certificates, a deadline over the
whole session, an upper limit for what a server announces, and errors that name the way out.
"""

from __future__ import annotations

import imaplib
import math
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from mentionwatch.errors import (
    ChannelError,
    ServerFailed,
    TimedOut,
    UnexpectedPayload,
    Unreachable,
)
from mentionwatch.model.text import one_line

OPERATION_SECONDS = 30.0
"""The longest that a server may be silent."""

LARGEST_LITERAL = 4 * 1024 * 1024
"""Bytes that a server may announce in one piece; more than any command here asks for."""


class Dropped(Unreachable):
    """The server ended the line in the middle of a session; worth one more try."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where the mailbox is. ``tls``: "ssl", "starttls" or "none"."""

    host: str
    port: int
    tls: str = "ssl"
    ca_file: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext:
        """
        Return TLS settings that verify the certificate; imaplib by itself does not.

        Raises:
            Unreachable: The ``ca_file`` cannot be read.
        """
        try:
            context = ssl.create_default_context()
            if self.ca_file:
                context.load_verify_locations(os.path.expanduser(self.ca_file))  # noqa: PTH111
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(
                f"the certificates in {self.ca_file} cannot be read: {error}",
                "ca_file is a file of certificates in PEM form",
            ) from error
        return context


class Line:
    """
    A connection that ends at its deadline, or when any thread says so.

    Args:
        seconds: How long all work on it may take; infinite is allowed.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._alarm: threading.Timer | None = None
        self.ended = False
        self.received = 0

    def left(self) -> float:
        return self._end - time.monotonic()

    def dial(self, host: str, port: int) -> socket.socket:
        """Return a connected socket; each address of the host is tried in turn."""
        problem: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            connecting = socket.socket(family, kind, protocol)
            try:
                self._watch(connecting)
                connecting.settimeout(max(0.01, min(OPERATION_SECONDS, self.left())))
                connecting.connect(address)
            except OSError as error:
                connecting.close()
                problem = error
                continue
            return connecting
        raise problem or OSError("the host has no address")

    def _watch(self, connecting: socket.socket) -> None:
        """
        Keep a second handle on the connection.

        TLS takes the first one over, in the middle of a call; the second is ours alone, so shutting
        it down from another thread wakes whoever waits, in any phase.
        """
        with self._lock:
            if self.ended or self.left() <= 0:
                raise TimeoutError("no time is left")
            if self._handle is not None:
                self._handle.close()
            self._handle = connecting.dup()
            if self._alarm is None and not math.isinf(self._end):
                self._alarm = threading.Timer(self.left(), self.abort)
                self._alarm.daemon = True
                self._alarm.start()

    def abort(self) -> None:
        """End the connection now; whoever waits on it gets an error. Safe from any thread."""
        with self._lock:
            self.ended = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Release the handle and the alarm."""
        with self._lock:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
            if self._handle is not None:
                self._handle.close()
                self._handle = None


class Wire(imaplib.IMAP4):
    """``imaplib`` on such a line, with limits on what it believes."""

    def __init__(self, server: Server, line: Line) -> None:
        self._server = server
        self._line = line
        super().__init__(server.host, server.port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:  # noqa: ARG002
        plain = self._line.dial(self._server.host, self._server.port)
        if self._server.tls != "ssl":
            return plain
        try:
            return self._server.context().wrap_socket(plain, server_hostname=self._server.host)
        except BaseException:
            plain.close()
            raise

    def read(self, size: int) -> bytes:
        if size > LARGEST_LITERAL:
            raise self.error(f"the server announced {size} bytes at once")
        data = super().read(size)
        self._line.received += len(data)
        if len(data) < size:
            raise self.abort("socket error: EOF")
        return data

    def readline(self) -> bytes:
        data = super().readline()
        self._line.received += len(data)
        return data


def connect(server: Server, line: Line) -> Wire:
    """
    Return a greeted connection, encrypted as the settings ask.

    Raises:
        Unreachable, TimedOut, ServerFailed, UnexpectedPayload
    """
    with talking(server, line):
        try:
            wire = Wire(server, line)
        except imaplib.IMAP4.error as error:
            raise _greeting(server, line, error) from error
        try:
            if server.tls == "starttls":
                _encrypt(wire, server)
        except BaseException:
            with suppress(imaplib.IMAP4.error, OSError):
                wire.shutdown()
            raise
        return wire


def _greeting(server: Server, line: Line, error: Exception) -> ChannelError:
    """Return what a refused greeting means; a server that is full says BYE instead of OK."""
    text = words_of(error)
    if line.ended or isinstance(error.__cause__ or error.__context__, TimeoutError):
        return TimedOut(f"{server} did not greet in time")
    if "BYE" in text or busy(text):
        return ServerFailed(f"{server} turned the connection away: {text}")
    return Unreachable(
        f"{server} does not answer like a mail server ({text})",
        'look at host, port and tls: 993 goes with "ssl", 143 with "starttls"',
    )


def _encrypt(wire: Wire, server: Server) -> None:
    if "STARTTLS" not in wire.capabilities:
        raise Unreachable(
            f"{server} does not offer STARTTLS, so the password was not sent",
            'try port = 993 and tls = "ssl"',
        )
    wire.starttls(server.context())


@contextmanager
def talking(server: Server, line: Line) -> Iterator[None]:
    """Turn whatever goes wrong on the line into an error of ours that names the server."""
    try:
        yield
    except ChannelError:
        raise
    except (OSError, imaplib.IMAP4.error, EOFError) as error:
        raise _named(server, line, error) from error
    except (ValueError, LookupError, TypeError, AttributeError, MemoryError) as error:
        # What imaplib makes of an answer that is no IMAP.
        raise UnexpectedPayload(
            f"{server} answered something that is not IMAP ({type(error).__name__})",
            "look at host and port",
        ) from error


def _named(server: Server, line: Line, error: Exception) -> ChannelError:
    if line.ended or line.left() <= 0:
        return TimedOut(f"reading {server} was ended before it was complete")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(
            f"the certificate of {server} is not trusted: {one_line(error.verify_message, 120)}",
            'if the server uses a certificate of your own, name it: ca_file = "/path/ca.pem"',
        )
    if isinstance(error, TimeoutError):
        return TimedOut(f"{server} did not answer within {OPERATION_SECONDS:.0f} s")
    if isinstance(error, socket.gaierror):
        return Unreachable(f"there is no mail server {server.host}", "look at host")
    if isinstance(error, imaplib.IMAP4.abort | ConnectionResetError | BrokenPipeError):
        return Dropped(f"{server} ended the connection ({words_of(error)})")
    if isinstance(error, ssl.SSLError):
        return Unreachable(
            f"{server} does not speak TLS as asked ({words_of(error)})",
            '993 goes with tls = "ssl", 143 with tls = "starttls"',
        )
    if isinstance(error, OSError):
        return Unreachable(f"{server} cannot be reached ({error.strerror or words_of(error)})")
    text = words_of(error)
    if busy(text):
        return ServerFailed(f"{server} cannot serve this mailbox now: {text}")
    return UnexpectedPayload(f"{server} refused a command: {text}")


def busy(text: str) -> bool:
    """Whether a refusal is one that passes by itself."""
    upper = text.upper()
    signs = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "TOO MANY", "TRY AGAIN")
    return any(sign in upper for sign in signs)


def words_of(error: Exception) -> str:
    """Return what the server or the system said, fit for one line of a message."""
    first = error.args[0] if error.args else ""
    if len(error.args) > 1 and isinstance(error, OSError):
        first = error.args[1]
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return one_line(text, 200) or type(error).__name__
