"""
Which language a text is in: cheap, and honest about not knowing.

The common words of each language are counted; the most wins, what the platform declares weighs a
little. A text without any of them belongs to the first language whose lexicon knows a word of it,
and else to none: "" is then the answer, and the score "unclassified".
"""

from __future__ import annotations

from collections.abc import Sequence

from mentionwatch.core.scoring.lexicon import LANGUAGES, common_words

_MOST = 80  # words that are looked at
_DECLARED = 2  # what the platform's word weighs, in common words
_FIELD = 0xFFF
_FIRST = ("", LANGUAGES[0])


def guess(words: Sequence[str], declared: str = "") -> str:
    """
    Return the language of *words*: one of `LANGUAGES`, "other" (another one), or "" (unknown).

    Args:
        words: Lower case.
        declared: ISO 639-1 as the platform says, perhaps with a region; "" where it does not.
    """
    table = common_words()
    packed = sum([table.get(word, 0) for word in words[:_MOST]])
    declared = declared[:2].lower()
    if not packed:
        return declared if declared in LANGUAGES else "other" if declared else ""
    if packed <= _FIELD and declared in _FIRST:
        return LANGUAGES[0]
    counts = [packed >> (12 * place) & _FIELD for place in range(len(LANGUAGES) + 1)]
    if declared:
        counts[LANGUAGES.index(declared) if declared in LANGUAGES else -1] += _DECLARED
    most = max(counts)
    place = counts.index(most)
    return LANGUAGES[place] if place < len(LANGUAGES) else "other"
