"""
Send the digest of a period: once to each recipient, again after a failure, never silently not.

One run sends at a time (`deliveries.sending`). A mail is recorded before it leaves and confirmed
after it was taken; a run that died in between repeats the mail, under the same Message-ID.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from mentionwatch.app.setting import Setting
from mentionwatch.config.outgoing import Digest
from mentionwatch.delivery import mail, ping
from mentionwatch.errors import ConfigError, DeliveryError, Problem
from mentionwatch.model.digest import DigestReport
from mentionwatch.model.times import from_ms, to_ms
from mentionwatch.output import digest as output
from mentionwatch.output.overview import nothing_waits
from mentionwatch.store import deliveries

if TYPE_CHECKING:
    from email.message import EmailMessage


@dataclass(kw_only=True)
class Sent:
    """
    What became of a digest, by recipient.

    ``already``: with the time at which it was sent. ``repeated``: an earlier run died while
    sending, so these may have it twice. ``empty``: nothing waits and the owner wants no such mail.
    ``warnings``: sentences.
    """

    key: str
    sent: list[str] = field(default_factory=list)
    already: list[tuple[str, datetime]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    failed: list[tuple[str, DeliveryError]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    empty: bool = False


def settings(setting: Setting) -> Digest:
    """
    Return ``[digest]``.

    Raises:
        ConfigError: There is none, or nobody to send it to.
    """
    digest = setting.config.digest
    if digest is None or not digest.to:
        problem = Problem(
            path=str(setting.config.path),
            line=0,
            key="digest.to",
            message="is missing, so nobody gets the digest",
            hint='add [digest] with to = ["you@example.com"] and smtp = { host = "…", … }',
        )
        raise ConfigError([problem])
    return digest


def sender_of(digest: Digest) -> str:
    """Return who the mail is from: the owner's words, the account, else the recipient himself."""
    if digest.sender:
        return digest.sender
    if digest.smtp is not None and "@" in digest.smtp.username:
        return digest.smtp.username
    return digest.to[0]


def compose(setting: Setting, report: DigestReport, recipient: str, message_id: str = "") -> bytes:
    """Return the mail as it would be sent."""
    digest = setting.config.digest or Digest(to=(recipient,))
    return bytes(_message(digest, report, recipient, message_id))


def _message(
    digest: Digest, report: DigestReport, recipient: str, message_id: str = ""
) -> EmailMessage:
    sender = sender_of(digest)
    return mail.compose(
        mail.Mail(
            sender=sender,
            recipient=recipient,
            subject=output.digest_subject(report, digest.subject),
            text=output.digest_text(report, private_text=digest.private_text),
            html=output.digest_html(
                report, private_text=digest.private_text, beginning=digest.subject
            ),
            message_id=message_id or mail.new_message_id(sender),
            date=report.queue.generated_at,
            unsubscribe=digest.unsubscribe,
        )
    )


def is_out(setting: Setting, report: DigestReport) -> bool:
    """Return whether everybody has the digest of this period."""
    digest = settings(setting)
    known = [
        deliveries.digest_of(setting.store.connection, report.key, recipient)
        for recipient in digest.to
    ]
    return all(row is not None and row.sent_at is not None for row in known)


def send_digest(
    setting: Setting, now: datetime, report: DigestReport, *, again: bool = False
) -> Sent:
    """
    Send the digest to everybody who does not have that of this period yet.

    Args:
        again: To everybody, whoever has it.

    Raises:
        ConfigError: There is no ``[digest]`` with recipients.
        LockHeld: Another run goes on sending.
    """
    digest = settings(setting)
    done = Sent(key=report.key)
    if not digest.send_empty and nothing_waits(report.queue) and not again:
        done.empty = True
        _ping(digest, done)
        return done
    with deliveries.sending(setting.store.path):
        for recipient in dict.fromkeys(digest.to):
            _send_one(setting, now, report, recipient, again, done)
    if not done.failed:
        _ping(digest, done)
    return done


def _send_one(
    setting: Setting, now: datetime, report: DigestReport, recipient: str, again: bool, done: Sent
) -> None:
    digest, store = settings(setting), setting.store
    known = deliveries.digest_of(store.connection, report.key, recipient)
    if known is not None and known.sent_at is not None and not again:
        done.already.append((recipient, from_ms(known.sent_at)))
        return
    if known is not None and known.repeats:
        done.repeated.append(recipient)
    with store.transaction() as connection:
        message_id = deliveries.claim_digest(
            connection,
            report.key,
            recipient,
            message_id=mail.new_message_id(sender_of(digest)),
            now=to_ms(report.queue.generated_at),
        )
    try:
        mail.send(_message(digest, report, recipient, message_id), digest.smtp, digest.sendmail)
    except DeliveryError as error:
        with store.transaction() as connection:
            deliveries.fail_digest(connection, report.key, recipient, error.message)
        done.failed.append((recipient, error))
        return
    with store.transaction() as connection:
        deliveries.confirm_digest(connection, report.key, recipient, to_ms(now))
    done.sent.append(recipient)


def _ping(digest: Digest, done: Sent) -> None:
    """Tell the dead-man service that the mail is out; when that fails, the mail still is."""
    if digest.ping is None:
        return
    try:
        ping.ping(digest.ping)
    except DeliveryError as error:
        done.warnings.append(error.message)
