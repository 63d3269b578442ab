"""
Mail servers on this computer: a real one (aiosmtpd) that keeps what it is given, and one that
breaks off wherever a test wants it to.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.server import _tls_context


@dataclass(kw_only=True)
class Received:
    """One mail as it arrived."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, BytesParser(policy=policy.default).parsebytes(self.raw))

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


class Mailbox:
    """
    A mail server.

    Args:
        tls: "none", "ssl" or "starttls".
        login: User and password that it wants.
        refuse: Recipients that it does not take; value: the answer.
        on_mail: Called with each mail before it is confirmed.
    """

    def __init__(
        self,
        *,
        tls: str = "none",
        login: tuple[str, str] | None = None,
        refuse: dict[str, str] | None = None,
        on_mail: Callable[[Received], str | None] | None = None,
    ) -> None:
        self.mails: list[Received] = []
        self.refuse = refuse or {}
        self.on_mail = on_mail
        self.commands: list[str] = []
        self._login = login
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0}
        if tls == "ssl":
            options["ssl_context"] = _tls_context("127.0.0.1")
        if tls == "starttls":
            options |= {"tls_context": _tls_context("127.0.0.1"), "require_starttls": True}
        if login:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": tls == "starttls",
            }
        self._controller = _Controller(self, **options)

    def __enter__(self) -> Mailbox:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        server = self._controller.server
        assert server is not None
        return int(server.sockets[0].getsockname()[1])

    def _authenticate(self, *arguments: Any) -> AuthResult:
        data = arguments[-1]
        assert isinstance(data, LoginPassword)
        good = (data.login.decode(), data.password.decode()) == self._login
        return AuthResult(success=good, handled=False)

    # What aiosmtpd calls.

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = Received(
            sender=envelope.mail_from, recipients=envelope.rcpt_tos, raw=envelope.original_content
        )
        answer = self.on_mail(mail) if self.on_mail else None
        if answer is None:
            self.mails.append(mail)
        return answer or "250 taken"


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # aiosmtpd connects once to itself, to the port it was told: with port 0 that is none.
        host, port = self.server.sockets[0].getsockname()[:2]
        with socket.create_connection((host, port), timeout=5):
            pass


@dataclass
class Breaking:
    """
    A server that talks SMTP by a script and then breaks off.

    ``phase``: greeting, ehlo, auth, mail, rcpt, data, body, goodbye; "silent" answers nothing.
    ``tls`` is offered to nobody.
    """

    phase: str
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Breaking:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            pass
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            line, _ = self._socket.accept()
            if self._stop.is_set():
                line.close()
                return
            self.connections += 1
            with line, line.makefile("rwb") as stream:
                try:
                    self._talk(stream)
                except OSError:
                    continue

    def _talk(self, stream: Any) -> None:
        def say(text: str) -> None:
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        if self.phase == "silent":
            self._stop.wait(30)
            return
        if self.phase == "greeting":
            return
        say("220 here")
        for raw in stream:
            word = raw.split()[0].decode().upper() if raw.split() else ""
            if self.phase == PHASES.get(word):
                return
            if word == "EHLO":
                say("250-here")
                say("250 AUTH PLAIN")
            elif word == "AUTH":
                say("235 welcome")
            elif word == "DATA":
                say("354 go on")
                body = b""
                for line in stream:
                    if line == b".\r\n":
                        break
                    body += line
                if self.phase == "body":
                    return
                self.mails.append(body)
                say("250 taken")
            else:
                say("250 fine")


# Which command breaks the line, by phase.
PHASES = {
    "EHLO": "ehlo",
    "AUTH": "auth",
    "MAIL": "mail",
    "RCPT": "rcpt",
    "DATA": "data",
    "QUIT": "goodbye",
}
