"""Which edits of stored messages say more than the messages did."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mentionwatch.core.edits import Form, says_more
from mentionwatch.core.facts import EditFact
from mentionwatch.model.score import TextScore
from mentionwatch.model.times import from_ms
from mentionwatch.store import conversations
from mentionwatch.store.rows import ARTICLE

Score = Callable[[Mapping[str, Any]], TextScore]


def edit_facts(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], score: Score
) -> list[EditFact]:
    """
    Return the edits by which messages of people came to say more, each with its time.

    Articles are left out: publishers change theirs all day.

    Args:
        rows: Mentions.
        score: Scores the text of such a row.
    """
    mentions = {row["id"]: row for row in rows if not row["contact"].startswith(ARTICLE)}
    earlier: dict[int, list[sqlite3.Row]] = {}
    for edit in conversations.edits_of(connection, list(mentions)):
        earlier.setdefault(edit["item_id"], []).append(edit)
    return [
        fact
        for number, edits in earlier.items()
        for fact in _edits_of(dict(mentions[number]), edits, score)
    ]


def _edits_of(
    mention: dict[str, Any], edits: Sequence[sqlite3.Row], score: Score
) -> Iterator[EditFact]:
    forms = [
        _form({**mention, "title": edit["title"], "text": edit["text"]}, score) for edit in edits
    ]
    stars = mention["rating"]
    rating = None if stars is None else stars / (mention["rating_max"] or 5)
    forms.append(replace(_form(mention, score), rating=rating))
    for place, edit in enumerate(edits, start=1):
        if says_more(forms[:place], forms[place]):
            at = edit["at"] if place < len(edits) else _told_time(mention, edit["at"])
            yield EditFact(mention_id=mention["id"], at=from_ms(at), received=from_ms(edit["at"]))


def _told_time(mention: Mapping[str, Any], seen: int) -> int:
    """Return when it was changed, by the platform, or else when we saw it."""
    said: int | None = mention["edited"]
    return said if said is not None and mention["at"] <= said <= seen else seen


def _form(row: Mapping[str, Any], score: Score) -> Form:
    return Form(text=f"{row['title']}\n{row['text']}", score=score(row))
