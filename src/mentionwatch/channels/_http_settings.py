"""Settings of the http_json channel: placeholders in them, and presets that fill them in."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal

from mentionwatch.credentials import Secret
from mentionwatch.model.times import iso

Style = Literal["none", "cursor", "next_url", "link_header", "page", "offset"]

UNVERIFIED: tuple[str, ...] = (
    "the endpoints and fields of all presets (`github`, `wordpress`, `zendesk`, `chatwoot`, "
    "`intercom`, `discourse`, `hackernews`, `stackexchange`, `mastodon`, `app_store`) were taken "
    "from descriptions and never asked; otherwise mentionwatch doctor shows what came, and `map` "
    "corrects it",
    "`last_non_activity_message` and `waiting_since` tell whether a customer waits; otherwise an "
    "answered conversation stays, or a waiting one leaves",
)

_PLACE = re.compile(r"\{\{|\}\}|\{([a-z_]+)(?::([A-Za-z0-9_.-]+))?\}")
_TIMES = ("iso", "unix", "unix_ms", "date")


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """``format``: "auto", "iso", "rfc2822", "unix", "unix_ms" or a strptime pattern."""

    format: str = "auto"
    tz: str = "UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """
    How further pages are asked for.

    ``cursor``: expression for the next cursor or address. ``more``: expression that is true while
    there is a next page. ``limit``: things on a full page. ``newest_first``: stop at what is older
    than is asked for.
    """

    style: Style = "none"
    cursor: str = ""
    param: str = ""
    more: str = ""
    start: int = 1
    limit: int = 0
    max_pages: int = 20
    newest_first: bool = False


@cache
def presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the presets by name."""
    import tomllib
    from importlib.resources import files

    written = files("mentionwatch.channels").joinpath("http_presets.toml").read_text("utf-8")
    return tomllib.loads(written)


def completion(channel: Any) -> dict[str, Any]:
    """Return what a channel's preset says wherever its owner has said nothing."""
    preset = presets().get(channel.preset, {})
    return {
        one.name: _merged(getattr(channel, one.name), preset[one.name], one)
        for one in dataclasses.fields(channel)
        if one.name in preset
    }


def _merged(own: Any, given: Any, key: dataclasses.Field[Any]) -> Any:
    usual = key.default if key.default is not dataclasses.MISSING else None
    if isinstance(own, Times | Paging):
        filled = {
            one.name: given[one.name]
            for one in dataclasses.fields(own)
            if one.name in given and getattr(own, one.name) == one.default
        }
        return dataclasses.replace(own, **filled)
    if isinstance(own, Mapping):
        return {**given, **own}
    return given if own in (usual, None, "") else own


@dataclass(frozen=True, kw_only=True)
class Filling:
    """What the placeholders stand for in one request."""

    since: datetime
    term: str = ""
    base_url: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def text(self, written: str) -> str:
        """Return a text filled in; secrets cannot stand in it."""
        return _PLACE.sub(self._one, written)

    def address(self, written: str) -> str:
        """Return an address filled in; what is put in cannot change its parts."""
        from urllib.parse import quote

        inside = dataclasses.replace(
            self,
            term=quote(self.term, safe=""),
            values={name: quote(one, safe="/:.") for name, one in self.values.items()},
        )
        return inside.text(written)

    def header(self, written: str) -> str | tuple[str | Secret, ...]:
        """Return a header as text, or as parts of which some are secrets."""
        parts: list[str | Secret] = []
        last = 0
        for found in _PLACE.finditer(written):
            if found[1] in ("secret", "env"):
                parts += [self.text(written[last : found.start()]), self._secret(found)]
                last = found.end()
        rest = self.text(written[last:])
        return (*parts, rest) if parts else rest

    def tree(self, value: Any) -> Any:
        """Return a tree with its texts filled in; a text that is one secret becomes the secret."""
        if isinstance(value, Mapping):
            return {name: self.tree(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(one) for one in value]
        if not isinstance(value, str):
            return value
        found = _PLACE.fullmatch(value)
        if found and found[1] in ("secret", "env"):
            return self._secret(found)
        return self.text(value)

    def _secret(self, found: re.Match[str]) -> Secret:
        name = found[2] or ""
        return Secret(f"env:{name}") if found[1] == "env" else self.secrets[name]

    def _one(self, found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        match found[1]:
            case "since":
                return self._since(found[2])
            case "term":
                return self.term
            case "base_url":
                return self.base_url
            case "value":
                return self.values.get(found[2] or "", "")
        return found[0]

    def _since(self, form: str | None) -> str:
        seconds = self.since.timestamp()
        forms = {"unix": str(int(seconds)), "unix_ms": str(int(seconds * 1000))}
        if form == "date":
            return f"{self.since:%Y-%m-%d}"
        return forms.get(form or "iso", iso(self.since))


def placeholders(value: Any) -> Iterator[tuple[str, str, bool]]:
    """Yield (kind, name, whether it is all of its text) of each placeholder in a tree."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from placeholders(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from placeholders(one)
    elif isinstance(value, str):
        for found in _PLACE.finditer(value):
            if found[1]:
                yield found[1], found[2] or "", found[0] == value


def wrong_placeholders(
    value: Any, values: Mapping[str, str], secrets: Mapping[str, Secret], *, header: bool = False
) -> Iterator[str]:
    """Yield what is wrong with the placeholders in a setting."""
    for kind, name, alone in placeholders(value):
        shown = f"{{{kind}:{name}}}" if name else f"{{{kind}}}"
        if kind == "since" and name not in _TIMES:
            yield f"{shown}: write one of " + ", ".join(f"{{since:{one}}}" for one in _TIMES)
        elif kind == "value" and not values.get(name):
            yield f'{shown}: give it: values = {{ {name} = "…" }}'
        elif kind == "secret" and not secrets.get(name):
            yield f'{shown}: give it: {"token" if name == "token" else f"secrets.{name}"} = "env:…"'
        elif kind in ("secret", "env") and not (alone or header):
            yield f"{shown} must stand alone in its text; in a header it may have text around it"
        elif kind not in ("since", "value", "secret", "env", "term", "base_url"):
            yield f"{shown} is no placeholder; for braces in the text write {{{{ and }}}}"
