"""
Which language a text is in: cheap, and honest about not knowing.

The common words of each language are counted; the most wins, what the platform declares weighs a
little. A text without any of them belongs to the first language whose lexicon knows a word of it,
and else to none: "" is then the answer, and the score "unclassified".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mentionwatch.core.scoring.lexicon import LANGUAGES, OTHERS, common_words

MOST = 50  # words that are looked at
_DECLARED = 3  # what the platform's word weighs, in half common words
_FIELD = 0xFFF
# Letters that speak for a language, each as much as half a common word.
_LETTERS = {
    "es": frozenset("ñ¿¡"),
    "fr": frozenset("êèçœùëî"),
    "de": frozenset("äöüß"),
    "pt": frozenset("ãõçê"),
    "it": frozenset("ìò"),
    OTHERS: frozenset("åøæłżźćąęșțğışőűďěřůčš"),
}
_NONE: frozenset[str] = frozenset()
_SHIFTS = tuple((language, 12 * at) for at, language in enumerate((*LANGUAGES, OTHERS)))
_FIRST = ("", LANGUAGES[0])


def lean(packed: int) -> int:
    """Return 1 for a common word of English alone, -1 for one of other languages alone, else 0."""
    english, others = packed & _FIELD, packed >> 12
    return (1 if english else 0) - (1 if others else 0)


def guess(words: Sequence[str], leaning: int, packed: Callable[[], int], declared: str = "") -> str:
    """
    Return the language of *words*: one of `LANGUAGES`, "other" (another one), or "" (unknown).

    Args:
        words: Lower case.
        leaning: The sum of their `lean`; above 0 settles the matter where nothing is declared.
        packed: Returns the sum of their counters; only asked where *leaning* does not settle it.
        declared: ISO 639-1 as the platform says, perhaps with a region; "" where it does not.
    """
    if declared:
        declared = declared[:2].lower()
    if leaning > 0 and declared in _FIRST:
        return LANGUAGES[0]
    counts = _counts(words[:MOST], packed())
    if not any(counts):
        return declared if declared in LANGUAGES else "other" if declared else ""
    if declared:
        counts[LANGUAGES.index(declared) if declared in LANGUAGES else -1] += _DECLARED
    place = counts.index(max(counts))
    return LANGUAGES[place] if place < len(LANGUAGES) else "other"


def _counts(words: Sequence[str], packed: int) -> list[int]:
    """Return the evidence for each language: common words, elided ones ("l'eau"), own letters."""
    letters = "".join(words)
    if "'" in letters:
        table = common_words()
        elided = (word.partition("'")[0] for word in words if "'" in word and word not in table)
        packed += sum(table.get(word, 0) for word in elided)
    own = _NONE if letters.isascii() else set(letters)
    return [
        2 * (packed >> shift & _FIELD) + (len(own & _LETTERS.get(language, _NONE)) if own else 0)
        for language, shift in _SHIFTS
    ]
