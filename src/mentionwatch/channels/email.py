"""
A mailbox over IMAP: support mail, contact forms, voicemail notices, and our answers to them.

Reads and never changes anything: no mail is marked as read, moved or answered, and of a large mail
only the beginning is fetched. RFC 3501; the session is in ``_mail_session``, the mails are
understood in ``_mail``, ``_mail_text``, ``_mail_forms`` and ``_mail_items``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from mentionwatch.channels import Capabilities
from mentionwatch.channels._mail_forms import FormRule

if TYPE_CHECKING:
    from mentionwatch.channels import Session
    from mentionwatch.credentials import Secret


UNVERIFIED: tuple[str, ...] = (
    "which programs set the flag `Answered` is general knowledge: it counts as an answer without a "
    "time; otherwise a mail that was answered elsewhere waits until it is marked",
    "the mails of the built-in forms (`contact-form-7`, `wordpress`, `shopify`, `squarespace`, "
    "`google-voice`, `ringcentral` and others) look as their makers' templates do; otherwise the "
    "mail waits with its sender's name, or a rule of your own in `forms` reads it",
    "the address with `rfc822msgid` opens a mail in Gmail; otherwise the link leads to Gmail's "
    "inbox",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Email:
    """
    The keys of ``[channels.email]``.

    ``password`` (an app password with many providers) or ``oauth2_token`` (an access token, e.g.
    of a command that renews it). ``tls``: "ssl", "starttls", or "none" for a server on this
    machine. ``ca_file``: certificates to trust beside the system's. ``folders``: those that are
    watched. ``sent_folder``: where our answers lie; "" finds it. ``own_addresses``: ours beside
    the user name and the brand's ``own_accounts``. ``allow``: senders who are never filtered,
    patterns such as "*@shop.example" included. ``forms``: contact forms and voicemail notices,
    see FormRule; ``builtin_forms``: recognise the common ones without a rule.
    ``max_message_bytes``: how much of a mail is fetched. ``first_days``: how far back the first
    run reads.
    """

    host: str
    username: str
    password: Secret | None = None
    oauth2_token: Secret | None = None
    port: int = 993
    tls: Literal["ssl", "starttls", "none"] = "ssl"
    ca_file: str = ""
    folders: tuple[str, ...] = ("INBOX",)
    sent_folder: str = ""
    own_addresses: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    forms: tuple[FormRule, ...] = ()
    builtin_forms: bool = True
    max_message_bytes: int = 262_144
    first_days: int = 14

    family: ClassVar[str] = "direct"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        private=True,
        history="two weeks on the first run (first_days)",
        limits=(
            "answers that a help desk sends through a server of its own are not in Sent and cannot "
            "be seen: send a copy to the mailbox, or mark the conversation as done",
            "of a mail over 256 KB only the beginning is read; attachments are counted, never read",
            "Trash and Junk are not read",
        ),
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the settings: key and message."""
        if not self.host.strip():
            yield "host", "must name the mail server"
        if not (self.password or self.oauth2_token):
            yield "password", "is missing (or oauth2_token)"
        elif self.password and self.oauth2_token:
            yield "oauth2_token", "stands beside password; only one of them can be used"
        if self.tls == "none" and not _is_here(self.host):
            yield "tls", 'would send the password in the clear; use "ssl" or "starttls"'
        if not 1 <= self.port <= 65_535:
            yield "port", "must be between 1 and 65535"
        if not self.folders:
            yield "folders", "must name at least one folder"
        if not 4_096 <= self.max_message_bytes <= 4_194_304:
            yield "max_message_bytes", "must be between 4096 and 4194304"
        if not 0 <= self.first_days <= 3_650:
            yield "first_days", "must be between 0 and 3650"

    def connect(self, deadline: float) -> Session:
        """
        Return a session; nothing is dialled before its first call.

        Args:
            deadline: Seconds that all of it may take.
        """
        from mentionwatch.channels._mail_session import MailSession

        return MailSession(self, deadline)


def _is_here(host: str) -> bool:
    """Whether a host is this machine, so that nobody can listen on the way."""
    import ipaddress

    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
