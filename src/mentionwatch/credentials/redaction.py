"""
No secret leaves this process in a text: one function for log lines, errors and reports.

Two nets, one behind the other: the exact values of all secrets that this process has resolved,
in every coding in which they travel, and the shapes that credentials usually have.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

MASK = "***"

# A shorter value would mask ordinary words ("admin"), and is no secret worth the name.
SHORTEST = 6

_NAMED = (
    r"(?:access|refresh|id|auth|bearer|csrf)_?token|token|(?:client|app|consumer)_?secret|secret"
    r"|api_?key|access_?key|private_?token|passw(?:or)?d|passphrase|signature|sig"
    r"|access_?jwt|refresh_?jwt|assertion"
)
_HEADERS = (
    r"(?:proxy-)?authorization|(?:set-)?cookie2?|x-[a-z-]{0,20}(?:key|token|secret|signature)"
    r"|private-token|api-key|apikey"
)

# Every repetition is bounded or ends at a character that it excludes: linear on hostile text.
_SHAPES = (
    # user:password@ in an address
    (r"\b([a-z][a-z0-9+.-]{0,20}://)[^\s/?#\"'<>]{1,400}@", rf"\1{MASK}@"),
    # addresses that are secrets themselves
    (
        r"(hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)[^\s\"'<>)]+",
        rf"\1{MASK}",
    ),
    (r"(discord(?:app)?\.com/api/(?:v\d+/)?webhooks/)[^\s\"'<>)]+", rf"\1{MASK}"),
    (r"((?:\.logic\.azure\.com|\.webhook\.office\.com)[:/])[^\s\"'<>)]+", rf"\1{MASK}"),
    (r"\bbot\d{5,}:[\w-]{10,}", f"bot{MASK}"),
    # headers, also as the repr of a dict or of a list of pairs, also of bytes
    (rf"\b({_HEADERS})(\s{{0,5}}[:=]\s{{0,5}})[^\s\"'][^\r\n]*", rf"\1\2{MASK}"),
    (
        rf"([\"'](?:{_HEADERS})[\"']\s{{0,5}}[:,]\s{{0,5}}(?-i:b?)[\"'])[^\"'\r\n]*",
        rf"\1{MASK}",
    ),
    # JSON, and the repr of a dict
    (rf"([\"'](?:{_NAMED})[\"']\s{{0,5}}:\s{{0,5}}[\"'])[^\"'\r\n]*", rf"\1{MASK}"),
    # query and form parameters; the short names are words too, so only where they are one
    (rf"\b((?:{_NAMED})=)[^&\s\"'<>;,)]+", rf"\1{MASK}"),
    (r"((?:[?&;]|\A)(?:key|code|feed)=)[^&\s\"'<>;,)]+", rf"\1{MASK}"),
    (r"\b((?:key|code|feed)=)[^&\s\"'<>;,)]+(?=&)", rf"\1{MASK}"),
    # tokens that are known by their looks
    (r"\b(bearer\s+)(?=[^\s\"']{0,400}[\d_.+/=])[^\s\"',;]{8,}", rf"\1{MASK}"),
    (r"\b(?:sk|pk|rk|pat|glpat)-[\w-]{10,}", MASK),
    (r"\bxox[a-z]-[\w-]{6,}", MASK),
    (r"\b(?:gh[pousr]|github_pat)_\w{10,}", MASK),
    (r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*", MASK),
)

_one_at_a_time = threading.Lock()
_values: set[str] = set()
_exact: re.Pattern[str] | None = None


def remember(value: str) -> None:
    """
    Mask *value*, and the codings in which it travels, from now on; short ones are left out.

    Of an address the keys in its query are masked on their own, too: a service may repeat them.
    """
    global _exact
    for key in _keys_in(value):
        remember(key)
    if len(value) < SHORTEST:
        return
    # Of two at the same time, the slower one would put a pattern without the other's in its place.
    with _one_at_a_time:
        if value in _values:
            return
        _values.update(form for form in _codings(value) if len(form) >= SHORTEST)
        longest_first = sorted(_values, key=len, reverse=True)
        _exact = re.compile("|".join(re.escape(form) for form in longest_first))


def _keys_in(value: str) -> list[str]:
    from urllib.parse import parse_qsl

    address, _, query = value.partition("?")
    if "://" not in address or not query:
        return []
    secret = re.compile(rf"{_NAMED}|key|code|feed", re.IGNORECASE)
    return [found for name, found in parse_qsl(query) if secret.fullmatch(name)]


def redact(text: str) -> str:
    """Return *text* with every known secret, and all that looks like one, as ``***``."""
    if _exact is not None:
        text = _exact.sub(MASK, text)
    for shape, replacement in _shapes():
        text = shape.sub(replacement, text)
    return text


@cache
def _shapes() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(shape, re.IGNORECASE), by) for shape, by in _SHAPES)


def forget() -> None:
    """Forget the values; for tests."""
    global _exact
    with _one_at_a_time:
        _values.clear()
        _exact = None


def redacting_formatter(*args: Any, **kwargs: Any) -> logging.Formatter:
    """
    Return a ``logging.Formatter`` whose lines and tracebacks are redacted; takes its arguments.

    Made here and not at module level, because `logging` is loaded only by commands that log.
    """
    import logging

    class RedactingFormatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    return RedactingFormatter(*args, **kwargs)


def _codings(value: str) -> set[str]:
    import base64
    import json
    from urllib.parse import quote, quote_plus

    data = value.encode("utf-8", "surrogatepass")
    forms = {value, value.strip(), repr(value)[1:-1]}
    forms |= {quote(data), quote(data, safe=""), quote_plus(data)}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {quote(data, safe="").replace("%2F", "/").lower()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms.add(encode(data).decode("ascii"))
        forms.update(_inside(encode, data, offset) for offset in (0, 1, 2))
    return {form for form in forms if form}


def _inside(encode: Any, data: bytes, offset: int) -> str:
    """Return the letters that *data* leaves in a longer base64 text ("user:" before it)."""
    text: str = encode(b"\0" * offset + data).decode("ascii")
    first = (offset * 8 + 5) // 6
    last = (offset + len(data)) * 8 // 6
    core = text[first:last]
    return core if len(core) >= SHORTEST else ""
