"""What leaves the machine: [digest], [[notify]], [handoff.NAME], and when: [watch]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mentionwatch.config.hours import span
from mentionwatch.config.outgoing import (
    Auth,
    Digest,
    Event,
    Handoff,
    NotifyTarget,
    Smtp,
    Watch,
)
from mentionwatch.config.periods import duration, seconds
from mentionwatch.config.reading import (
    Table,
    Wrong,
    choice,
    flag,
    local_path,
    shown,
    suggestion,
    text,
    whole,
)
from mentionwatch.config.sealed import needed, optional, programs_allowed, secret, secrets
from mentionwatch.credentials import Secret
from mentionwatch.model.score import PRIORITIES

_ADDRESS = r"[^@\s<>,;]+@[^@\s<>,;]+"
_NAMED_ADDRESS = r"[^<>\r\n]*<[^@\s<>,;]+@[^@\s<>,;]+>"
_PORTS = {"ssl": 465, "starttls": 587, "none": 25}
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=1)
_LOCAL = ("localhost", "127.0.0.1", "::1")
SERVICES = ("slack", "discord", "teams", "ntfy", "webhook", "apprise")
PRESETS = ("zendesk", "freshdesk", "hubspot", "salesforce", "chatwoot", "webhook")
_EVENTS = (
    *(f"{kind}:{level}" for kind in ("new", "overdue", "due-soon") for level in PRIORITIES),
    "channel:failed",
    "channel:stale",
    "spike",
)
# Keys that only one service understands; the others would ignore them silently.
_ONLY = {
    "urls": ("apprise",),
    "topic": ("ntfy",),
    "token": ("ntfy",),
    "username": ("ntfy",),
    "password": ("ntfy",),
    "secret": ("webhook",),
    "headers": ("webhook",),
}
# What each way to log in needs, and what it may be given besides.
_AUTH: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), ()),
    "bearer": (("token",), ()),
    "basic": (("username", "password"), ()),
    "header": (("name", "token"), ()),
    "hmac": (("secret",), ()),
    "oauth2_client_credentials": (("token_url", "client_id", "client_secret"), ("scope",)),
}
_AUTH_SECRETS = ("token", "password", "secret", "client_secret")


def read_digest(table: Table | None) -> Digest | None:
    if table is None:
        return None
    smtp = table.table("smtp")
    digest = Digest(
        to=table.each("to", _address),
        sender=table.get("from", _sender, ""),
        subject=table.get("subject", _one_line, ""),
        smtp=_smtp(smtp) if smtp else None,
        sendmail=_program(table, "sendmail"),
        period=table.get("period", choice("hour", "day", "week"), "day"),
        items=table.get("items", whole(1, 500), 50),
        private_text=table.get("private_text", flag, default=False),
        send_empty=table.get("send_empty", flag, default=True),
        unsubscribe=table.get("unsubscribe", _address, ""),
        ping=optional(table, "ping", plain=False),
    )
    if "to" in table and ("smtp" in table) == ("sendmail" in table):
        table.place.problem(
            "needs either smtp or sendmail to send mail, and not both",
            'smtp = { host = "…", username = "…", password = "…" }',
        )
    table.finish()
    return digest


def _smtp(table: Table) -> Smtp:
    tls = table.get("tls", choice("ssl", "starttls", "none"), "ssl")
    port = table.get("port", whole(1, 65535), _PORTS[tls])
    if port == 587 and "tls" not in table:
        tls = "starttls"
    smtp = Smtp(
        host=table.need("host", text, "", 'for example: host = "smtp.example.com"'),
        port=port,
        tls=tls,
        username=table.get("username", text, ""),
        password=optional(table, "password"),
        oauth2_token=optional(table, "oauth2_token"),
        ca_file=table.get("ca_file", local_path(table.place.report.folder), None),
        timeout=table.get("timeout", seconds(1, 600), 30.0),
    )
    _check_login(table, smtp)
    table.finish()
    return smtp


def _check_login(table: Table, smtp: Smtp) -> None:
    logs_in = "password" in table or "oauth2_token" in table
    if logs_in and "username" not in table:
        (table / "username").problem("is missing, but there is a password")
    if "username" in table and not logs_in:
        (table / "password").problem("is missing, but there is a username")
    if "password" in table and "oauth2_token" in table:
        (table / "oauth2_token").problem("stands beside password: give one of them")
    if smtp.tls == "none" and smtp.host and smtp.host not in _LOCAL:
        (table / "tls").problem('"none" is only for a server on this machine (localhost)')


def _program(table: Table, name: str) -> tuple[str, ...]:
    found = table.each(name, text)
    if name in table:
        programs_allowed(table / name, name)
        if table.values[name] == []:
            (table / name).problem('must name a program: ["/usr/sbin/sendmail", "-t", "-i"]')
    return found


def read_watch(table: Table | None) -> Watch:
    if table is None:
        return Watch()
    watch = Watch(
        every=table.get("every", _interval, Watch().every),
        digest_at=table.get("digest_at", _time_of_day, None),
        ping=optional(table, "ping", plain=False),
    )
    table.finish()
    return watch


def _interval(value: Any) -> timedelta:
    found = duration(value)
    if not _SHORTEST <= found <= _LONGEST:
        raise Wrong(f'must be from "1m" to "1d", not {shown(value)}')
    return found


def _time_of_day(value: Any) -> int:
    found = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])", value if type(value) is str else "")
    if found is None:
        raise Wrong(f'must be a time of day in quotes such as "07:00", not {shown(value)}')
    return int(found[1]) * 60 + int(found[2])


def read_notify(root: Table) -> tuple[NotifyTarget, ...]:
    found: dict[str, NotifyTarget] = {}
    for table in root.list_of_tables("notify"):
        target = _notify(table, found)
        found[target.name] = target
    return tuple(found.values())


def _notify(table: Table, others: Mapping[str, NotifyTarget]) -> NotifyTarget:
    to = table.need("to", choice(*SERVICES), "webhook", f"one of {', '.join(SERVICES)}")
    for name, services in _ONLY.items():
        if name in table and to not in services:
            (table / name).problem(f'is only for to = "{services[0]}"')
    if to == "apprise" and "url" in table:
        (table / "url").problem('is not for to = "apprise": write urls = ["…"]')
    events = _events(table, "when")
    if "when" not in table:
        table.miss("when", 'for example: when = ["new:urgent"]')
    target = NotifyTarget(
        name=_unique(table, to, others),
        to=to,
        when=events,
        url=optional(table, "url") if to == "apprise" else needed(table, "url"),
        urls=_urls(table, required=to == "apprise"),
        topic=optional(table, "topic"),
        token=optional(table, "token"),
        username=table.get("username", text, ""),
        password=optional(table, "password"),
        secret=optional(table, "secret"),
        headers=_headers(table),
        quiet=table.get("quiet", span, None),
        public_text=table.get("public_text", flag, default=to != "ntfy"),
        private_text=table.get("private_text", flag, default=False),
        items=table.get("items", whole(1, 50), 10),
    )
    table.finish()
    return target


def _unique(table: Table, usual: str, others: Mapping[str, Any]) -> str:
    """Return the name of a target; that of its service, numbered, where it has none of its own."""
    name = table.get("name", _name, "")
    if name and name in others:
        (table / "name").problem(f"{shown(name)} is the name of another one already")
    number, free = 1, usual
    while not name and free in others:
        number += 1
        free = f"{usual}-{number}"
    return name or free


def _urls(table: Table, *, required: bool) -> tuple[Secret, ...]:
    table.know(["urls"])
    value, place = table.values.get("urls", []), table / "urls"
    if not isinstance(value, list) or (required and not value):
        place.problem('must be a list of addresses that apprise knows: ["env:NAME"]')
        return ()
    made = (secret(one, place / index) for index, one in enumerate(value))
    return tuple(one for one in made if one is not None)


def _headers(table: Table) -> dict[str, Secret]:
    table.know(["headers"])
    return secrets(table.values["headers"], table / "headers") if "headers" in table else {}


def _events(table: Table, name: str) -> tuple[Event, ...]:
    def event(value: Any) -> Event:
        word = text(value)
        if word not in _EVENTS:
            raise Wrong(f"is not an event: {shown(word)}", suggestion(word, _EVENTS))
        kind, _, level = word.partition(":")
        return Event(kind=kind, level=level)

    return table.each(name, event)


def read_handoffs(root: Table) -> tuple[Handoff, ...]:
    found: dict[str, Handoff] = {}
    for name, table in root.tables("handoff"):
        if name in found:
            (table / "name").problem(f"{shown(name)} is the name of another one already")
        found[name] = _handoff(name, table)
    return tuple(found.values())


def _handoff(name: str, table: Table) -> Handoff:
    preset = table.get("preset", choice(*PRESETS), "")
    auth = table.table("auth")
    if "url" not in table and preset in ("", "webhook"):
        table.miss("url", 'for example: url = "https://desk.example/tickets"')
    body = table.table("body")
    found = Handoff(
        name=name,
        preset=preset,
        url=optional(table, "url", plain=False),
        method=table.get("method", choice("POST", "PUT", "PATCH"), "POST"),
        auth=_auth(auth) if auth else Auth(),
        headers=_headers(table),
        options=_options(table.table("options")),
        body=body.values if body else None,
        result_id=table.get("result_id", _jmespath, ""),
        result_url=table.get("result_url", _jmespath, ""),
        when=_events(table, "when"),
        private_text=table.get("private_text", flag, default=False),
    )
    table.finish()
    return found


def _auth(table: Table) -> Auth:
    kind = table.need("type", choice(*_AUTH), "", f"one of {', '.join(_AUTH)}")
    if kind not in _AUTH:
        return Auth()
    needs, may = _AUTH[kind]
    values: dict[str, Any] = {}
    for key in (*needs, *may):
        if key in _AUTH_SECRETS:
            values[key] = needed(table, key) if key in needs else optional(table, key)
        else:
            read = table.need if key in needs else table.get
            values[key] = read(key, text, "")
    table.finish()
    return Auth(type=kind, **values)


def _options(table: Table | None) -> dict[str, str]:
    """Return texts and numbers as texts; they fill places such as {options.subdomain}."""
    found = {}
    for name, value in table.values.items() if table else ():
        assert table is not None
        plain = isinstance(value, int) and not isinstance(value, bool)
        found[name] = str(value) if plain else (table / name).check(value, text, "")
    return found


def _address(value: Any) -> str:
    found = text(value).strip()
    if not re.fullmatch(_ADDRESS, found):
        raise Wrong(f'must be a mail address such as "owner@example.com", not {shown(found)}')
    return found


def _sender(value: Any) -> str:
    found = text(value).strip()
    if re.fullmatch(_NAMED_ADDRESS, found):
        return found
    return _address(found)


def _one_line(value: Any) -> str:
    found = text(value)
    if "\n" in found or "\r" in found:
        raise Wrong("must stand on one line")
    return found


def _name(value: Any) -> str:
    found = _one_line(value).strip()
    if len(found) > 60:
        raise Wrong("must not be longer than 60 characters")
    return found


def _jmespath(value: Any) -> str:
    from jmespath import compile as compiled
    from jmespath.exceptions import JMESPathError

    found = text(value)
    try:
        compiled(found)
    except (JMESPathError, RecursionError):
        raise Wrong(f"is not a JMESPath expression: {shown(found)}") from None
    return found
