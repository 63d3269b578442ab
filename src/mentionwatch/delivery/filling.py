"""
Puts values into the places of a tree: "{mention.text}" in a text becomes the customer's words.

Only the texts of a tree are filled in, and the tree is written as JSON afterwards, so no quote or
brace in a customer's words can become a part of the document. What is put in is not looked at
again: a customer who writes "{options.token}" gets just that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from mentionwatch.errors import DeliveryError
from mentionwatch.model.text import one_line

_PLACE = re.compile(r"\{([a-z]+(?:\.[A-Za-z0-9_]+)?)\}")
_ROOTS = ("mention", "options", "result", "auth", "origin", "url")


class Places:
    """
    The values that places stand for, by root: {"mention": {"text": "…"}, "origin": "…"}.

    Raises:
        DeliveryError: From every method: a place has no value; names it and those near.
    """

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = values
        self._where = where

    def tree(self, value: Any) -> Any:
        """Return a tree with its texts filled in; a text that is one place keeps its kind."""
        if isinstance(value, str):
            whole = _PLACE.fullmatch(value)
            if whole and whole[1].partition(".")[0] in _ROOTS:
                return self._value(whole[1])
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.tree(inside) for key, inside in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(inside) for inside in value]
        return value

    def text(self, template: str) -> str:
        return self._filled(template, str)

    def url(self, template: str) -> str:
        """Fill in an address; a value can add nothing to it but letters of one part."""
        return self._filled(template, _in_url, kept=("options", "origin", "url", "auth"))

    def header(self, template: str) -> str:
        """Fill in a header; what no header can carry is left out."""
        return self._filled(template, lambda value: re.sub("[^ -~]", "", one_line(str(value))))

    def _filled(
        self, template: str, write: Callable[[Any], str], kept: tuple[str, ...] = ()
    ) -> str:
        def fill(match: re.Match[str]) -> str:
            root = match[1].partition(".")[0]
            if root not in _ROOTS:  # a brace of the owner's own
                return match[0]
            value = self._value(match[1])
            return str(value) if root in kept else write("" if value is None else value)

        return _PLACE.sub(fill, template)

    def _value(self, name: str) -> Any:
        root, dot, key = name.partition(".")
        found = self._values.get(root)
        if dot and isinstance(found, Mapping) and key in found:
            return found[key]
        if not dot and found is not None and not isinstance(found, Mapping):
            return found
        known = ", ".join(sorted(found)) if isinstance(found, Mapping) else "nothing here"
        hint = f"{root} has: {known}"
        if root == "options":
            hint = f'add it to options of [handoff.{self._where}]: {{ {key} = "…" }}'
        raise DeliveryError(f"{self._where}: there is no value for {{{name}}}", hint=hint)


def _in_url(value: Any) -> str:
    return quote(str(value), safe="")
