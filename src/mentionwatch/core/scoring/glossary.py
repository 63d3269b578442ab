"""What is known of each token as it was written, remembered: most words come again and again."""

from __future__ import annotations

from functools import lru_cache, partial

from mentionwatch.core.scoring.index import Entry, Index
from mentionwatch.core.scoring.lexicon import common_words
from mentionwatch.core.scoring.words import split_hashtag, unstretched

# A token in lower case, its English entry, its packed language counters (see `common_words`).
Known = tuple[str, Entry | int | None, int]

_MOST = 50_000  # tokens remembered; then it begins anew


class Glossary(dict[str, Known]):
    """Looks a token up in English and among the common words of all languages, once."""

    def __init__(self, english: Index, vocabulary: frozenset[str]) -> None:
        super().__init__()
        self._english = english.known
        self._vocabulary = vocabulary
        self._common = common_words()
        self.split = lru_cache(maxsize=4096)(partial(split_hashtag, known=vocabulary))

    def __missing__(self, token: str) -> Known:
        word = unstretched(token.lower(), self._vocabulary)
        known = (word, self._english.get(word) or None, self._common.get(word, 0))
        if len(self) >= _MOST:
            self.clear()
        if len(token) < 40:
            self[token] = known
        return known
