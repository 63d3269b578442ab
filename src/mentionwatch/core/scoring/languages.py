"""
Which language a text is in: cheap, and honest about not knowing.

The common words of each language are counted; the most wins, what the platform declares weighs a
little. A text without any of them belongs to the first language whose lexicon knows a word of it,
and else to none: "" is then the answer, and the score "unclassified".
"""

from __future__ import annotations

from collections.abc import Sequence

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
_SHIFTS = {language: 12 * at for at, language in enumerate((*LANGUAGES, OTHERS))}
# For each of these letters the sum of packed counters, as those of `common_words`.
_OWN = {
    letter: sum(1 << _SHIFTS[one] for one, letters in _LETTERS.items() if letter in letters)
    for letter in frozenset().union(*_LETTERS.values())
}
_FIRST = ("", LANGUAGES[0])


def lean(packed: int) -> int:
    """Return 1 for a common word of English alone, -1 for one of other languages alone, else 0."""
    english, others = packed & _FIELD, packed >> 12
    return (1 if english else 0) - (1 if others else 0)


def guess(
    words: Sequence[str], leaning: Sequence[int], packed: Sequence[int], declared: str = ""
) -> str:
    """
    Return the language of *words*: one of `LANGUAGES`, "other" (another one), or "" (unknown).

    Args:
        words: Lower case; the first `MOST` are looked at.
        leaning: Their `lean`; a sum above 0 settles the matter where nothing is declared.
        packed: Their counters, see `common_words`.
        declared: ISO 639-1 as the platform says, perhaps with a region; "" where it does not.
    """
    if declared:
        declared = declared[:2].lower()
    if declared in _FIRST and sum(leaning[:MOST]) > 0:
        return LANGUAGES[0]
    counts = _counts(words[:MOST], sum(packed[:MOST]))
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
    packed *= 2
    if not letters.isascii():
        packed += sum([_OWN[letter] for letter in _OWN.keys() & set(letters)])
    return [packed >> shift & _FIELD for shift in _SHIFTS.values()]
