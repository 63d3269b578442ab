"""
Tries each credential: one cheap request for a channel, a log-in for mail, a look-up for the rest.

Alerts and hand-offs have no request that nobody would see; for them `mentionwatch notify test` is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import BlockingChannel
from mentionwatch.errors import ChannelError, DeliveryError, SecretUnavailable
from mentionwatch.model.finding import Finding

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.config.outgoing import Digest
    from mentionwatch.config.settings import ChannelSettings, Config
    from mentionwatch.credentials import Secret, Tokens

DEADLINE_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the channels said. ``skews``: by how many seconds each one's clock is before ours."""

    findings: tuple[Finding, ...] = ()
    skews: tuple[float, ...] = ()


def channel_findings(
    config: Config, only: Sequence[str], tokens: Tokens | None, now: datetime
) -> Asked:
    """Ask each channel who we are there, all at the same time."""
    import asyncio

    wanted = [
        channel
        for channel in config.channels
        if (channel.name in only if only else channel.enabled)
    ]

    async def ask_all() -> list[Asked]:
        return list(await asyncio.gather(*(_ask(channel, tokens, now) for channel in wanted)))

    answers = asyncio.run(ask_all())
    return Asked(
        findings=tuple(finding for answer in answers for finding in answer.findings),
        skews=tuple(skew for answer in answers for skew in answer.skews),
    )


async def _ask(channel: ChannelSettings, tokens: Tokens | None, now: datetime) -> Asked:
    import asyncio

    name = channel.name
    if channel.channel is None:
        return Asked(findings=(_refused(name, channel.problem, "install what serves it"),))
    skews: list[float] = []
    warnings: tuple[str, ...] = ()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            if isinstance(channel.channel, BlockingChannel):
                account = await _ask_blocking(channel)
            else:
                account = await _ask_http(channel, tokens, skews)
    except ChannelError as error:
        first = _refused(name, error.message, error.hint)
    except TimeoutError:
        first = _refused(
            name,
            f"no answer within {DEADLINE_SECONDS:.0f} seconds",
            "is the address right, and the network up?",
        )
    else:
        first = _about(name, "account", "ok", account.summary or "answers")
        warnings = account.warnings
    told = [_about(name, "account", "warning", text) for text in warnings]
    ending = _ending(name, tokens, now, answers=first.level == "ok")
    return Asked(findings=(first, *told, *ending), skews=tuple(skews))


async def _ask_http(channel: ChannelSettings, tokens: Tokens | None, skews: list[float]) -> Any:
    from mentionwatch.client import Client

    options: dict[str, Any] = getattr(channel.channel, "client_options", dict)()
    async with Client(
        channel=channel.name, deadline=DEADLINE_SECONDS, tokens=tokens, tries=1, **options
    ) as client:
        try:
            return await channel.channel.account(client)
        finally:
            skews += _skew(client)


def _skew(client: Client) -> list[float]:
    """Return by how much the clock of the service is before ours, where it said so."""
    from email.utils import parsedate_to_datetime

    if client.dated is None:
        return []
    said, ours = client.dated
    try:
        return [parsedate_to_datetime(said).timestamp() - ours]
    except (ValueError, TypeError, OverflowError):
        return []  # no date says nothing about our clock


async def _ask_blocking(channel: ChannelSettings) -> Any:
    import asyncio

    session = channel.channel.connect(DEADLINE_SECONDS)
    task = asyncio.create_task(asyncio.to_thread(session.account))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        session.abort()
        raise
    finally:
        session.close()


def _ending(name: str, tokens: Tokens | None, now: datetime, *, answers: bool) -> list[Finding]:
    """
    Say when a log-in ends, or that it has ended.

    What is kept may belong to a token that the owner has replaced since; so where the account
    answers, an end that has passed means nothing, and warning in time is left to the channel.
    """
    from mentionwatch.channels._endings import log_in_ends

    try:
        end = log_in_ends(tokens.get(name)) if tokens is not None else None
    except SecretUnavailable:  # has been said by the channel that needs it
        return []
    if end is None or (end <= now and answers):
        return []
    if end <= now:
        message, hint = f"the log-in ended on {end:%Y-%m-%d}", f"mentionwatch login {name}"
        return [_about(name, "expiry", "warning", message, hint, end)]
    return [_about(name, "expiry", "ok", f"the log-in ends on {end:%Y-%m-%d}", at=end)]


# --- what goes out --------------------------------------------------------------------------------


def delivery_findings(config: Config) -> list[Finding]:
    """Log in at the mail server, and look up what alerts, hand-offs and pings need."""
    digest, watch = config.digest, config.watch
    return [
        *(_mail(digest) if digest is not None and digest.to else ()),
        *_had("digest", "called when a mail is out", digest.ping if digest else None),
        *_had("watch", "called after each good round", watch.ping if watch else None),
        *(
            finding
            for target in config.notify
            for finding in _had(
                f"notify {target.name}", f"try it: mentionwatch notify test {target.name}", target
            )
        ),
        *(
            finding
            for desk in config.handoffs
            for finding in _had(f"handoff {desk.name}", "tried with the first hand-off", desk)
        ),
    ]


def _mail(digest: Digest) -> Iterator[Finding]:
    if digest.smtp is not None:
        from mentionwatch.delivery.mail import greet

        where = f"{digest.smtp.host}:{digest.smtp.port}"
        try:
            greet(digest.smtp, DEADLINE_SECONDS)
        except DeliveryError as error:
            yield _out("digest", "problem", error.message, error.hint)
        else:
            who = f" lets {digest.smtp.username} in" if digest.smtp.username else " answers"
            yield _out("digest", "ok", f"the mail server {where}{who}")
        return
    import shutil

    if shutil.which(digest.sendmail[0]) is None:
        yield _out(
            "digest",
            "problem",
            f"there is no program {digest.sendmail[0]} to send mail with",
            "install it, or set smtp in [digest]",
        )
    else:
        yield _out("digest", "ok", f"mail goes by {digest.sendmail[0]}")


def _had(what: str, note: str, holder: object) -> Iterator[Finding]:
    """Look up all secrets of a part of the configuration; one finding for all of them."""
    secrets = list(_secrets(holder))
    if holder is None:
        return
    try:
        for secret in secrets:
            secret.reveal()
    except SecretUnavailable as error:
        yield _out(what, "problem", error.message, error.hint)
    else:
        had = "nothing secret is needed" if not secrets else "its credentials are there"
        yield _out(what, "ok", f"{had}; {note}")


def _secrets(holder: object) -> Iterator[Secret]:
    from mentionwatch.credentials import Secret

    if isinstance(holder, Secret):
        if holder:
            yield holder
    elif dataclasses.is_dataclass(holder) and not isinstance(holder, type):
        for field in dataclasses.fields(holder):
            yield from _secrets(getattr(holder, field.name))
    elif isinstance(holder, Mapping):
        for value in holder.values():
            yield from _secrets(value)
    elif isinstance(holder, tuple):
        for value in holder:
            yield from _secrets(value)


# --- findings -------------------------------------------------------------------------------------


def _refused(name: str, message: str, hint: str) -> Finding:
    return _about(name, "account", "problem", message, hint)


def _about(
    name: str, check: str, level: str, message: str, hint: str = "", at: datetime | None = None
) -> Finding:
    from mentionwatch.credentials import redact

    return Finding(
        level=level,
        check=check,
        what=name,
        message=redact(message),
        hint=redact(hint),
        channel=name,
        at=at,
    )


def _out(what: str, level: str, message: str, hint: str = "") -> Finding:
    from mentionwatch.credentials import redact

    return Finding(
        level=level, check="delivery", what=what, message=redact(message), hint=redact(hint)
    )
