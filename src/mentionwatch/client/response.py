"""What a service answered: strict JSON, text, links to further pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

from mentionwatch.credentials import redact
from mentionwatch.errors import UnexpectedPayload
from mentionwatch.model.text import one_line

# Nested deeper than this is an attack: the deepest answer that we know has eleven levels.
DEEPEST = 100

_TEXT_CODING = re.compile(
    r"utf-?(?:8|16|32)(?:[_-]?(?:le|be|sig))?|(?:us-)?ascii|latin-?\d+|iso-?8859-?\d+|(?:windows|cp)-?\d+"
    r"|shift[_-]?jis|euc[_-](?:jp|kr)|gb2312|gbk|gb18030|big5|koi8-[ru]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """
    One answer, read completely and decompressed.

    ``headers`` have lower-case names; repeated ones are joined with ", ". ``url`` is the last one
    after redirects, ``history`` the (status, URL) of each redirect before it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    history: tuple[tuple[int, str], ...] = ()

    @property
    def host(self) -> str:
        return host_of(self.url)

    def json(self) -> Any:
        """
        Return the body as JSON; lone surrogates are replaced, so that it can be stored.

        Raises:
            UnexpectedPayload: It is a web page, broken, nested too deeply, or holds NaN.
        """
        text = self.text()
        try:
            found = _parse(text)
        except (ValueError, RecursionError) as error:
            raise self._not_json(text, error) from None
        if _nested_too_deeply(found):
            raise self._not_json(text, "nested too deeply")
        return found if _can_be_stored(found, text) else _clean(found)

    def text(self) -> str:
        """Return the body as text; what cannot be decoded becomes U+FFFD."""
        if self.body.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.body.decode("utf-16", "replace")
        named = re.search(r"charset=[\"']?([\w.-]+)", self.headers.get("content-type", ""), re.I)
        coding = named[1].lower() if named else "utf-8"
        # Only codings of text: Python also knows some that take for ever, or run an escape syntax.
        if coding in ("utf-8", "utf8") or not _TEXT_CODING.fullmatch(coding):
            coding = "utf-8-sig"
        try:
            return self.body.decode(coding, "replace")
        except LookupError:
            return self.body.decode("utf-8-sig", "replace")

    def links(self) -> dict[str, str]:
        """Return the Link header by relation ("next", "prev"), with absolute addresses."""
        return next_link(self.headers, base=self.url)

    def _not_json(self, text: str, why: object) -> UnexpectedPayload:
        if looks_like_html(text):
            return UnexpectedPayload(
                f"{self.host} answered with a web page instead of JSON: {excerpt(text)!r}",
                hint="check the address in the configuration; a login page or a proxy may stand "
                "in between",
            )
        if not text.strip():
            return UnexpectedPayload(
                f"{self.host} answered with nothing where JSON was expected",
                hint="try again later",
            )
        return UnexpectedPayload(
            f"{self.host} answered with something that is not JSON ({redact(str(why))[:80]}): "
            f"{excerpt(text)!r}",
            hint="check the address in the configuration, or try again later",
        )


def host_of(url: str) -> str:
    """Return "host" or "host:port" of an address, safe to show; "?" where there is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "?"
    if not host:
        return "?"
    host = one_line(f"[{host}]" if ":" in host else host)
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def same_origin(a: str, b: str) -> bool:
    """Whether two addresses have the same scheme, host and port; false where one has none."""
    try:
        first, second = urlsplit(a), urlsplit(b)
        origins = [
            (p.scheme, p.hostname, p.port or _DEFAULT_PORTS.get(p.scheme)) for p in (first, second)
        ]
    except ValueError:
        return False
    return bool(first.hostname) and origins[0] == origins[1]


def onward(url: str, base: str) -> str:
    """
    Return the address of a further page, made absolute; *base* is the page that named it.

    Raises:
        UnexpectedPayload: It leads to another origin, where our credentials have no business.
    """
    try:
        target = urljoin(base, url)
    except ValueError:
        target = ""
    if not same_origin(target, base):
        raise UnexpectedPayload(
            f"{host_of(base)} says that its next page is on another server, {host_of(target)}",
            hint="set base_url to the server's public address",
        )
    return target


def next_link(headers: Mapping[str, str] | str, base: str = "") -> dict[str, str]:
    """
    Return the targets of a Link header (RFC 8288) by relation: {"next": url, "prev": url}.

    The first of several with the same relation wins; what cannot be read is left out.

    Args:
        headers: With lower-case names, or the header itself.
        base: Relative targets are resolved against it.
    """
    value = headers if isinstance(headers, str) else headers.get("link", "")
    found: dict[str, str] = {}
    for target, parameters in _link_values(value):
        for relation in parameters.get("rel", "").lower().split():
            try:
                found.setdefault(relation, urljoin(base, target))
            except ValueError:
                continue
    return found


_TARGET = re.compile(r"\s*<([^<>]*)>")
_PARAMETER = re.compile(
    r"\s*;\s*([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?"
)


def _link_values(value: str) -> list[tuple[str, dict[str, str]]]:
    """Take a Link header apart; commas and semicolons inside <> and "" separate nothing."""
    found: list[tuple[str, dict[str, str]]] = []
    place = 0
    while target := _TARGET.match(value, place):
        place = target.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(value, place):
            place = parameter.end()
            name, quoted, bare = parameter.groups()
            written = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare or ""
            parameters.setdefault(name.lower(), written)
        found.append((target[1].strip(), parameters))
        comma = value.find(",", place)
        if comma < 0:
            break
        place = comma + 1
    return found


def looks_like_html(text: str) -> bool:
    return bool(
        re.match(
            r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b",
            text[:2000],
            re.I | re.S,
        )
    )


def excerpt(text: str, length: int = 120) -> str:
    """Return the start of a foreign text on one line, safe to print and without secrets."""
    return one_line(redact(text[: length * 10]), length)


def _parse(text: str) -> Any:
    import json

    return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value


def _nested_too_deeply(root: Any) -> bool:
    """Look level by level: recursion would end where the attack wants it to."""
    level = [root] if isinstance(root, dict | list) else []
    for _ in range(DEEPEST):
        if not level:
            return False
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def _can_be_stored(found: Any, text: str) -> bool:
    """Whether there is no lone surrogate; only an escape can bring one in."""
    import json

    if "\\ud" not in text and "\\uD" not in text:
        return True
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    if isinstance(value, list):
        return [_clean(child) for child in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(child) for name, child in value.items()}
    return value
