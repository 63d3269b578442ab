"""What a configuration says about digest, alerts and hand-offs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mentionwatch.config.settings import Span

if TYPE_CHECKING:
    from mentionwatch.credentials import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Smtp:
    """A mail server. ``tls``: "ssl" (from the first byte), "starttls", "none" (this host only)."""

    host: str
    port: int
    tls: str
    username: str = ""
    password: Secret | None = None
    oauth2_token: Secret | None = None
    ca_file: Path | None = None
    timeout: float = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """
    The mail of each period.

    Exactly one of ``smtp`` and ``sendmail`` (program and arguments) is set where ``to`` is.
    ``period``: "day", "week" or "hour". ``unsubscribe``: an address for List-Unsubscribe, or "".
    ``ping``: an address that is called when the mail of a period is out.
    """

    to: tuple[str, ...] = ()
    sender: str = ""
    subject: str = ""
    smtp: Smtp | None = None
    sendmail: tuple[str, ...] = ()
    period: str = "day"
    items: int = 50
    private_text: bool = False
    send_empty: bool = True
    unsubscribe: str = ""
    ping: Secret | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """
    What `mentionwatch watch` does beside fetching and alerts.

    ``digest_at``: minutes from midnight, local time, from which the digest of a period is sent;
    None: `watch` sends none. ``ping``: an address that is called after each good round.
    """

    every: timedelta = timedelta(minutes=10)
    digest_at: int | None = None
    ping: Secret | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """
    What sets off an alert or a hand-off.

    ``kind``: "new", "overdue", "due-soon" with a least priority in ``level``; "channel" with
    "failed" or "stale"; "spike" with "".
    """

    kind: str
    level: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.level}" if self.level else self.kind


@dataclass(frozen=True, kw_only=True, slots=True)
class NotifyTarget:
    """
    One ``[[notify]]``.

    ``name`` is unique. ``quiet``: minutes from midnight, the end may lie past 1440; None without
    quiet hours. ``public_text``, ``private_text``: whether the words of public posts and of
    private messages may stand in the alert. ``urls`` are those of apprise, else empty.
    ``token`` (or ``username`` and ``password``) log in at ntfy; ``secret`` signs a webhook.
    """

    name: str
    to: str
    when: tuple[Event, ...]
    url: Secret | None = None
    urls: tuple[Secret, ...] = ()
    topic: Secret | None = None
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    secret: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    quiet: Span | None = None
    public_text: bool = True
    private_text: bool = False
    items: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Auth:
    """
    How a hand-off logs in.

    ``type``: "none", "bearer" (``token``), "basic" (``username``, ``password``), "header"
    (``name``, ``token``), "hmac" (``secret``), "oauth2_client_credentials" (``token_url``,
    ``client_id``, ``client_secret``, ``scope``).
    """

    type: str = "none"
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    name: str = ""
    secret: Secret | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    scope: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handoff:
    """
    Another system that takes conversations over.

    ``body``: a tree whose texts hold places such as {mention.text}; None for that of the preset.
    ``options`` fill {options.NAME}. ``result_id``, ``result_url``: JMESPath into the answer.
    ``when``: events that hand off without being asked.
    """

    name: str
    preset: str = ""
    url: Secret | None = None
    method: str = "POST"
    auth: Auth = Auth()
    headers: Mapping[str, Secret] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    result_id: str = ""
    result_url: str = ""
    when: tuple[Event, ...] = ()
    private_text: bool = False
