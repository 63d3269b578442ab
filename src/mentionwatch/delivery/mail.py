"""
One mail: put together (RFC 5322, RFC 3834) and given to a mail server or a local program.

The certificate of the server is always verified, and a password is never sent in clear: where a
server offers no STARTTLS, nothing is sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentionwatch.credentials import redact
from mentionwatch.errors import DeliveryError, SecretUnavailable
from mentionwatch.model.text import one_line, visible

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

    from mentionwatch.config.outgoing import Smtp

LIST_ID = "<digest.mentionwatch.localhost>"  # by this our own e-mail channel knows our mails
ROUNDS = 4  # times the time-out of one step: for all steps of one mail
SENDMAIL_SECONDS = 60
_LATER = "nothing is lost: it is sent with the next run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """
    One mail to one person.

    ``sender`` may have a name: "Acme <care@acme.example>". ``unsubscribe``: an address for the
    header List-Unsubscribe, or "".
    """

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    unsubscribe: str = ""


def new_message_id(sender: str) -> str:
    """Return a Message-ID that does not tell the name of this machine."""
    from email.utils import make_msgid

    return make_msgid(domain=domain_of(sender))


def domain_of(sender: str) -> str:
    from email.utils import parseaddr

    return parseaddr(sender)[1].rpartition("@")[2] or "mentionwatch.localhost"


def compose(mail: Mail) -> EmailMessage:
    """Return the mail as multipart/alternative, plain text first; no header can be injected."""
    from email import policy
    from email.message import EmailMessage
    from email.utils import format_datetime

    message = EmailMessage(policy=policy.SMTP)
    headers = {
        "From": mail.sender,
        "To": mail.recipient,
        "Subject": mail.subject,
        "Date": format_datetime(mail.date),
        "Message-ID": mail.message_id,
        "List-Id": LIST_ID,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if mail.unsubscribe:
        headers["List-Unsubscribe"] = f"<mailto:{mail.unsubscribe}?subject=stop%20the%20digest>"
    for name, value in headers.items():
        message[name] = one_line(value)
    message.set_content(visible(mail.text))
    message.add_alternative(visible(mail.html), subtype="html")
    return message


def send(message: EmailMessage, smtp: Smtp | None, sendmail: Sequence[str] = ()) -> None:
    """
    Give a mail to the server, or to the program where there is no server.

    Returns when the other side has taken the responsibility.

    Raises:
        DeliveryError: It was not taken, or it is not known whether it was.
    """
    if smtp is None:
        _by_program(message, sendmail)
        return
    try:
        # Known before the connection is opened: a password manager may have to be unlocked.
        login = _login(smtp)
    except SecretUnavailable as error:
        raise DeliveryError(error.message, hint=error.hint) from error
    talk = _Talk(smtp, login)
    _bounded(lambda: talk.deliver(message), smtp.timeout * ROUNDS, talk)


def greet(smtp: Smtp, seconds: float) -> None:
    """
    Log in at the mail server and leave again, within so many seconds; nothing is sent.

    Raises:
        DeliveryError: It would take no mail from us.
    """
    try:
        login = _login(smtp)
    except SecretUnavailable as error:
        raise DeliveryError(error.message, hint=error.hint) from error
    talk = _Talk(smtp, login)
    _bounded(talk.greet, seconds, talk)


def _login(smtp: Smtp) -> Callable[[smtplib.SMTP], Any] | None:
    if smtp.oauth2_token is not None:
        token = smtp.oauth2_token.reveal()
        answer = f"user={smtp.username}\x01auth=Bearer {token}\x01\x01"
        return lambda server: server.auth(
            # On a challenge the server tells an error and waits for an empty line.
            "XOAUTH2",
            lambda challenge=None: answer if challenge is None else "",
        )
    if smtp.password is not None:
        password = smtp.password.reveal()
        return lambda server: _by_password(server, smtp.username, password)
    return None


def _by_password(server: smtplib.SMTP, user: str, password: str) -> None:
    """Log in by one mechanism; smtplib would try them all, and get a wrong password locked out."""
    import smtplib

    offered = server.esmtp_features.get("auth", "").upper().split()
    known: dict[str, Any] = {
        "PLAIN": server.auth_plain,
        "LOGIN": server.auth_login,
        "CRAM-MD5": server.auth_cram_md5,
    }
    mechanism = next((name for name in known if name in offered), None)
    if mechanism is None:
        raise smtplib.SMTPNotSupportedError("no mechanism that we know")
    server.user, server.password = user, password
    server.auth(mechanism, known[mechanism])


class _Talk:
    """One talk with a mail server; ``step`` says in words how far it got."""

    def __init__(self, smtp: Smtp, login: Callable[[smtplib.SMTP], Any] | None) -> None:
        self.smtp = smtp
        self.login = login
        self.where = f"{smtp.host}:{smtp.port}"
        self.step = "connecting"

    def deliver(self, message: EmailMessage) -> None:
        with self._connected() as server:
            self._log_in(server)
            self.step = "handing over the mail"
            server.send_message(message)
            self._leave(server)

    def greet(self) -> None:
        with self._connected() as server:
            server.ehlo_or_helo_if_needed()
            self._log_in(server)
            self._leave(server)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        import smtplib

        try:
            server = self._connect()
            try:
                yield server
            finally:
                server.close()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _explained(error, self) from error

    def _connect(self) -> smtplib.SMTP:
        import smtplib

        smtp = self.smtp
        # Without a name smtplib would look up, and tell, the name of this machine.
        options: dict[str, Any] = {"timeout": smtp.timeout, "local_hostname": "localhost"}
        if smtp.tls == "ssl":
            context = _context(smtp)
            return smtplib.SMTP_SSL(smtp.host, smtp.port, context=context, **options)
        server = smtplib.SMTP(smtp.host, smtp.port, **options)
        if smtp.tls == "starttls":
            self.step = "switching to TLS"
            try:
                server.ehlo()
                server.starttls(context=_context(smtp))
            except BaseException:
                server.close()
                raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self.login is not None:
            self.step = "logging in"
            server.ehlo_or_helo_if_needed()
            self.login(server)

    def _leave(self, server: smtplib.SMTP) -> None:
        self.step = "saying goodbye"
        with suppress(Exception):  # it has taken the mail; how it says goodbye does not matter
            server.quit()


def _context(smtp: Smtp) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    if smtp.ca_file is not None:
        try:
            context.load_verify_locations(cafile=smtp.ca_file)
        except OSError as error:
            raise DeliveryError(
                f"{smtp.ca_file}: cannot be read as a certificate file",
                hint="check ca_file in [digest.smtp]",
            ) from error
    return context


def _bounded(work: Callable[[], None], seconds: float, talk: _Talk) -> None:
    """Run in a daemon thread: a server that drips one byte at a time must not hold us for ever."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise DeliveryError(
            f"the mail server {talk.where} is too slow (stopped after {seconds:.0f} s, while "
            f"{talk.step})",
            hint=_LATER,
        )
    if failed:
        raise failed[0]


def _explained(error: Exception, talk: _Talk) -> DeliveryError:
    import smtplib

    server = f"the mail server {talk.where}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError(
            f"{server} does not accept the user name or the password{_said(error)}",
            hint="check [digest.smtp]; many providers want an app password for programs",
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (0, b""))
        who = one_line(", ".join(error.recipients))
        said = _quoted(code, words)
        hint = "check `to` in [digest]" if code >= 500 else _LATER
        return DeliveryError(f"{server} does not take mail for {who}{said}", hint=hint)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return DeliveryError(
            f"{server} does not let this account send as {one_line(error.sender)}{_said(error)}",
            hint="set `from` in [digest] to an address of the account",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _not_offered(server, talk)
    if isinstance(error, smtplib.SMTPResponseException):
        hint = _LATER if error.smtp_code < 500 else "ask whoever runs the mail server"
        return DeliveryError(f"{server} refused while {talk.step}{_said(error)}", hint=hint)
    return _line_broken(error, server, talk)


def _not_offered(server: str, talk: _Talk) -> DeliveryError:
    if talk.step == "switching to TLS":
        return DeliveryError(
            f"{server} offers no STARTTLS; nothing was sent in clear",
            hint='set port = 465 and tls = "ssl" in [digest.smtp], or ask the provider',
        )
    if talk.step == "logging in":
        return DeliveryError(
            f"{server} offers no way to log in",
            hint="check port and tls in [digest.smtp]; a local server needs no username",
        )
    return DeliveryError(f"{server} cannot take an address with such letters", hint="use ASCII")


def _line_broken(error: Exception, server: str, talk: _Talk) -> DeliveryError:
    import smtplib
    import socket
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError(
            f"the certificate of {server} cannot be trusted ({error.verify_message})",
            hint="for a server of your own set ca_file in [digest.smtp]; else do not go on",
        )
    if isinstance(error, ssl.SSLError):
        return DeliveryError(
            f"no secure connection to {server} (TLS failed while {talk.step})",
            hint='port 465 goes with tls = "ssl", port 587 with tls = "starttls"',
        )
    if isinstance(error, socket.gaierror):
        return DeliveryError(
            f"there is no mail server {talk.where}, or its name cannot be looked up now",
            hint="check host in [digest.smtp] and the connection to the internet",
        )
    if isinstance(error, TimeoutError):
        return DeliveryError(f"{server} did not answer in time while {talk.step}", hint=_LATER)
    if isinstance(error, ConnectionRefusedError):
        return DeliveryError(
            f"{server} refused the connection", hint="check host and port in [digest.smtp]"
        )
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return DeliveryError(f"{server} broke the connection off while {talk.step}", hint=_LATER)
    what = one_line(redact(str(error)), 200) or type(error).__name__
    return DeliveryError(f"{server}: {what} (while {talk.step})", hint=_LATER)


def _said(error: smtplib.SMTPResponseException) -> str:
    return _quoted(error.smtp_code, error.smtp_error)


def _quoted(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f": {code} {one_line(redact(text), 200)}".rstrip()


def _by_program(message: EmailMessage, program: Sequence[str]) -> None:
    import subprocess
    from email import policy

    name = program[0]
    try:
        ended = subprocess.run(
            list(program),
            input=message.as_bytes(policy=policy.default),  # such programs want bare line feeds
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SENDMAIL_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise DeliveryError(
            f"{name}: there is no such program", hint="check sendmail in [digest]"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise DeliveryError(
            f"{name} did not end within {SENDMAIL_SECONDS} s", hint=_LATER
        ) from error
    except OSError as error:
        raise DeliveryError(
            f"{name}: {error.strerror}", hint="check sendmail in [digest]"
        ) from error
    if ended.returncode:
        words = one_line(redact(ended.stderr.decode("utf-8", "replace")), 200)
        raise DeliveryError(
            f"{name} ended with {ended.returncode}" + (f": {words}" if words else ""), hint=_LATER
        )
