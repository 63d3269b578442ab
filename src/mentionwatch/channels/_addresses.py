"""
Web addresses: one writing for one page, what a redirect hides, and what may be shown of them.

Tracking parameters: those that newsletters, advertisers and search engines add to any link.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

from mentionwatch.channels._values import web

_TRACKING = frozenset(
    {
        *("fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "yclid"),
        *("mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "srsltid", "igshid"),
    }
)
_TRACKING_PREFIXES = ("utm_", "mtm_")
_SENSITIVE = re.compile(
    r"(?:.*[_-])?(?:auth|token|key|api_?key|secret|pass|passw(?:or)?d|sig|signature|hash|feed|user)",
    re.IGNORECASE,
)
_GOOGLE = re.compile(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}")
_DEFAULT_PORTS = (":80", ":443")


def canonical(url: str, hosts: Collection[str] = ()) -> str:
    """
    Return one writing for all addresses of a page: "news.example/story?id=7".

    Scheme, "www.", trailing slash, tracking parameters and fragments go; a fragment with a digit
    ("#comment-34") or of a page that is made of fragments ("#!/a", "#/a") stays. What is no web
    address comes back as it is.

    Args:
        hosts: ``ref=`` is dropped only where it names one of these: elsewhere it may tell pages
            apart.
    """
    if not web(url):
        return url.strip()
    parts = urlsplit(url)
    host = bare_host(url)
    query = "&".join(pair for pair in _pairs(parts.query) if not _tracks(pair, {*hosts, host}))
    fragment = parts.fragment if _is_place(parts.fragment) else ""
    return (
        host
        + parts.path.rstrip("/")
        + (f"?{query}" if query else "")
        + (f"#{fragment}" if fragment else "")
    )


def bare_host(url: str) -> str:
    """Return the host in small letters, without "www." and a usual port; "" where there is none."""
    if not web(url):
        return ""
    host = urlsplit(url).netloc.rpartition("@")[2].lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host.removeprefix("www.")


def is_on(url: str, domains: Collection[str]) -> bool:
    """Whether an address is on one of these domains, or below one."""
    host = bare_host(url).partition(":")[0]
    names = {domain.lower().strip().strip(".").removeprefix("www.") for domain in domains} - {""}
    return any(host == name or host.endswith(f".{name}") for name in names)


def unwrapped(url: str) -> str:
    """
    Return the page behind a redirect of Google's; other addresses as they are.

    The target is decoded once and by hand: ``parse_qs`` would turn its "+" into blanks.
    """
    if not web(url):
        return ""
    parts = urlsplit(url)
    if parts.path != "/url" or not _GOOGLE.fullmatch((parts.hostname or "").lower()):
        return url
    for pair in _pairs(parts.query):
        name, _, value = pair.partition("=")
        if name in ("url", "q"):
            return web(unquote(value))
    return ""


def without_secrets(url: str) -> tuple[str, tuple[str, ...]]:
    """
    Return an address without what may be a credential in it, and what was taken out.

    Taken out are "user:password@" and the values of parameters such as ``token``, ``key``, and
    ``feed`` and ``user`` of personal feeds.
    """
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    taken = [unquote(user.partition(":")[2] or user)] if user else []
    kept = []
    for pair in _pairs(parts.query):
        name, _, value = pair.partition("=")
        if _SENSITIVE.fullmatch(unquote(name)):
            taken.append(unquote(value))
        else:
            kept.append(pair)
    shown = urlunsplit(parts._replace(netloc=host, query="&".join(kept), fragment=""))
    return shown, tuple(value for value in taken if value)


def _pairs(query: str) -> Iterator[str]:
    return (pair for pair in query.split("&") if pair)


def _tracks(pair: str, hosts: Collection[str]) -> bool:
    name, _, value = pair.partition("=")
    name = name.lower()
    if name == "ref":
        return unquote(value).lower().removeprefix("www.") in hosts
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _is_place(fragment: str) -> bool:
    if fragment.startswith(":~:"):  # words that a browser highlights
        return False
    return fragment.startswith(("!", "/")) or any(letter.isdigit() for letter in fragment)
