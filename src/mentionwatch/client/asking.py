"""One request as it goes out: address, query, headers and body, with the secrets put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from mentionwatch.client.problems import not_an_address
from mentionwatch.client.response import Response, host_of, same_origin
from mentionwatch.credentials import Secret, remember
from mentionwatch.errors import RequestRefused, SecretUnavailable

# A header value: text, a secret, or several of them joined: ("Bearer ", token).
HeaderValue = str | Secret | Sequence[str | Secret]

# All that goes along to another origin; what a channel put beside them may be a credential.
_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """``headers`` have lower-case names; ``sources`` says where the secrets come from."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    sources: str = ""
    foreign: bool = False

    def moved(self, answer: Response) -> Asking:
        """
        Return the request that a redirect asks for; credentials stay with their origin.

        Raises:
            RequestRefused: It leads to plain http, or would carry a body to another origin.
            Unreachable: It leads nowhere.
        """
        target = _absolute(answer.headers["location"], self.url)
        host = host_of(target)
        if self.url.startswith("https:") and target.startswith("http:"):
            raise RequestRefused(
                f"{answer.host} sends us on to {host} without encryption, which is not followed",
                "set base_url to an https:// address",
                answer.status,
            )
        plain = answer.status == 303 or (answer.status in (301, 302) and self.method == "POST")
        onward = replace(self, url=target)
        if plain and self.method != "HEAD":
            onward = replace(onward, method="GET", body=None, headers=_without_body(self.headers))
        if same_origin(self.url, target):
            return onward
        if onward.body is not None:
            raise RequestRefused(
                f"{answer.host} wants our request repeated at {host}, which is not done",
                "set base_url to the address at which the service really is",
                answer.status,
            )
        kept = {name: value for name, value in onward.headers.items() if name in _HARMLESS}
        return replace(onward, headers=kept, sources="", foreign=True)


def build(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None,
    headers: Mapping[str, HeaderValue],
    json: Any,
    data: Mapping[str, Any] | None,
    content: bytes | str | None,
    auth: tuple[str | Secret, str | Secret] | None,
) -> Asking:
    """
    Put a request together; blocks while secrets are looked up.

    Raises:
        SecretUnavailable: One cannot be had, or holds a character that no header can carry.
        Unreachable: The address is none.
    """
    used: dict[str, None] = {}

    def reveal(value: Any) -> Any:
        return _reveal(value, lambda secret: used.setdefault(secret.source))

    url, user = _without_user(_absolute(url, ""))
    sent = {name.lower(): _header(name, reveal(value)) for name, value in headers.items()}
    body, kind = _body(reveal(json), reveal(data), content)
    if kind:
        sent.setdefault("content-type", kind)
    if auth or user:
        sent["authorization"] = _basic(*reveal(auth or user))
    return Asking(
        method=method.upper(),
        url=_with_params(url, reveal(params or {})),
        headers=sent,
        body=body,
        sources=" and ".join(used),
    )


def secrets_in(*values: Any) -> list[Secret]:
    """Return the secrets anywhere in nested values, without looking them up."""
    found: list[Secret] = []
    waiting: list[Any] = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Secret):
            found.append(value)
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return found


def _reveal(value: Any, seen: Callable[[Secret], object]) -> Any:
    """Return *value* with each secret in it replaced by what it stands for."""
    if isinstance(value, Secret):
        seen(value)
        return value.reveal()
    if isinstance(value, Mapping):
        return {name: _reveal(child, seen) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return [_reveal(child, seen) for child in value]
    return value


def _header(name: str, value: Any) -> str:
    joined = value if isinstance(value, str) else "".join(str(part) for part in value)
    if _UNSENDABLE.search(joined):
        raise SecretUnavailable(
            f"the value for the header {name} has a character that cannot be sent",
            "copy the credential again; a letter with an accent or a line break slipped in",
        )
    return joined.strip()


def _basic(user: str, password: str) -> str:
    import base64

    coded = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    remember(password)
    remember(coded)
    return f"Basic {coded}"


def _body(json: Any, data: Any, content: bytes | str | None) -> tuple[bytes | None, str]:
    if json is not None:
        from json import dumps

        return dumps(json, allow_nan=False).encode(), "application/json"
    if data is not None:
        return _query(data).encode("ascii"), "application/x-www-form-urlencoded"
    return (content.encode() if isinstance(content, str) else content), ""


def _without_body(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-type"}


def _absolute(url: str, base: str) -> str:
    try:
        target = urljoin(base, url.strip()) if base else url.strip()
        parts = urlsplit(target)
        _ = parts.port  # raises where it is none
    except ValueError:
        raise not_an_address(url) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise not_an_address(target)
    return target.partition("#")[0]


def _without_user(url: str) -> tuple[str, tuple[str, str] | None]:
    """Split "user:password@" off, so that it is in no message and follows no redirect."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=host)), (unquote(name), unquote(password))


def _with_params(url: str, params: Mapping[str, Any]) -> str:
    """Merge into the query of the URL: a name that is given replaces the one that is there."""
    if not params:
        return url
    parts = urlsplit(url)
    kept = [
        pair
        for pair in parts.query.split("&")
        if pair and unquote(pair.partition("=")[0].replace("+", " ")) not in params
    ]
    added = _query(params)
    return urlunsplit(parts._replace(query="&".join([*kept, added] if added else kept)))


def _query(params: Mapping[str, Any]) -> str:
    """Encode pairs; lists repeat the name, None is left out, booleans are written as in JSON."""
    return "&".join(
        f"{quote(name, safe='[]')}={quote(_written(value), safe='')}"
        for name, values in params.items()
        for value in (values if isinstance(values, list | tuple) else [values])
        if value is not None
    )


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).encode("utf-8", "replace").decode()
