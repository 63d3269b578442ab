"""The figures of a period: those of the whole and those of its groups from the same reading."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mentionwatch.insight import report as counting
from mentionwatch.model.insight import Bin, Figures, Spread
from mentionwatch.store import insight as counts
from mentionwatch.store.spans import Span, of_contacts

ROADS = ("private_answers", "public_answers", "manual")
WHOLE = None  # the key of all keys together
Sums = Mapping[Any, Mapping[str, int]]


def sums_of(connection: sqlite3.Connection, span: Span, by: str = "") -> dict[Any, dict[str, int]]:
    """Return by key the figures that are the sums of those of the period's parts."""
    written = counts.written(connection, span, by)
    return dict(counts.added(written.items(), counts.due(connection, span, by)))


def total(*parts: Sums) -> dict[str, int]:
    """Return the sums over all keys of several counts."""
    every = ((WHOLE, values) for part in parts for values in part.values())
    return dict(counts.added(every)).get(WHOLE, {})


def counted(
    connection: sqlite3.Connection, span: Span, sums: Sums, by: str = "", keys: Sequence[Any] = ()
) -> tuple[Figures, dict[Any, Figures], tuple[Bin, ...]]:
    """
    Return the figures of the whole, those of each of the keys, and the bars of first replies.

    Args:
        sums: What `sums_of` has for the period and these groups.
    """
    waits = dict(counts.waits(connection, span, by))
    answers = dict(counts.answers(connection, span, by))
    roads = {key: {name: row[name] for name in ROADS} for key, row in answers.items()}
    spreads, bins = _spreads(connection, span, by, keys, answers)
    # An author with conversations in two groups is one author of the whole.
    whole = total(sums, waits, roads) | dict(counts.begun(connection, span))[""]
    begun = counts.begun(connection, span, by) if keys else ()
    values = dict(counts.added(sums.items(), waits.items(), roads.items(), begun))
    figures = {key: _figures(values.get(key, {}), spreads.get(key, {})) for key in keys}
    return _figures(whole, spreads[WHOLE]), figures, bins


def _figures(values: Mapping[str, int], spreads: Mapping[str, Spread]) -> Figures:
    found: dict[str, Any] = {**values, **spreads}
    return Figures(**found)


def figures_of_authors(
    connection: sqlite3.Connection, span: Span, authors: Sequence[str]
) -> dict[Any, Figures]:
    """Return the figures of each of these authors; there may be a million others."""
    bound = {**span.values, "contacts": json.dumps(sorted(authors))}
    # Few rows are wanted, so they are looked up.
    span = replace(span, where=of_contacts(span.where), values=bound, wide=False)
    sums = sums_of(connection, span, "author")
    return counted(connection, span, sums, "author", authors)[1]


def _spreads(
    connection: sqlite3.Connection, span: Span, by: str, keys: Sequence[Any], answers: Sums
) -> tuple[dict[Any, dict[str, Spread]], tuple[Bin, ...]]:
    """Return by key how long its answers took, by the names of the figures; and the bars."""
    shown: Sums = {key: answers[key] for key in keys if key in answers}
    amounts = {
        (kind, key): values.get(kind, 0)
        for key, values in {**shown, WHOLE: total(answers)}.items()
        for kind in counts.KINDS
    }
    found: dict[Any, dict[str, Spread]] = {key: {} for key in (*keys, WHOLE)}
    tally = [0] * (len(counting.BOUNDS) + 1)
    for length in counts.LENGTHS:
        rows = counts.answer_lengths(connection, span, length, by, keys)
        if length == "calendar_seconds":
            rows = counting.tallied(rows, tally)
        for (kind, key), spread in counting.spreads(amounts, _named(rows, keys)).items():
            found[key][f"{kind}_{length.removesuffix('_seconds')}"] = spread
    return found, counting.bins(tally)


def _named(
    rows: Iterable[tuple[int, int, Any, int]], keys: Sequence[Any]
) -> Iterator[tuple[int, int, Sequence[tuple[str, Any]]]]:
    """Yield (seconds, how many took so long, what they count for) of `answer_lengths`."""
    whole = [((kind, WHOLE),) for kind in counts.KINDS]
    both = [{key: ((kind, WHOLE), (kind, key)) for key in keys} for kind in counts.KINDS]
    for seconds, kind, key, times in rows:
        yield seconds, times, both[kind].get(key, whole[kind])
