"""`[replies.NAME]`: the owner's own texts; what shows a conversation wants them, too."""

from __future__ import annotations

from typing import NamedTuple

from mentionwatch.config.reading import Table, choice, shown, text
from mentionwatch.model.score import INTENTS


class SavedReply(NamedTuple):
    """A text of the owner's own; ``when``: the intents that it fits, empty for all."""

    name: str
    text: str
    when: tuple[str, ...] = ()


def read_replies(root: Table) -> tuple[SavedReply, ...]:
    found: dict[str, SavedReply] = {}
    for name, table in root.tables("replies"):
        if name in found:
            (table / "name").problem(f"{shown(name)} is the name of another one already")
        words = table.need("text", text, "", 'for example: text = "Hello {name}, …"')
        found[name] = SavedReply(name=name, text=words, when=table.each("when", choice(*INTENTS)))
        table.finish()
    return tuple(found.values())
