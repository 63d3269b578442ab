"""What is known of each token as it was written, remembered: most words come again and again."""

from __future__ import annotations

from functools import lru_cache, partial

from mentionwatch.core.scoring.index import Index
from mentionwatch.core.scoring.index import Known as Entry
from mentionwatch.core.scoring.languages import lean
from mentionwatch.core.scoring.lexicon import common_words
from mentionwatch.core.scoring.words import split_hashtag, unstretched

# A token in lower case, its English entry, what it says for English (see `lean`), and its packed
# language counters (see `common_words`).
Known = tuple[str, Entry | None, int, int]

_MOST = 50_000  # tokens remembered; then it begins anew


class Glossary:
    """Looks tokens up in English, and among the common words of all languages, once each."""

    def __init__(self, english: Index, vocabulary: frozenset[str]) -> None:
        self._english = english.known
        self._vocabulary = vocabulary
        self._common = common_words()
        self._memo: dict[str, Known] = {}
        self.split = lru_cache(maxsize=4096)(partial(split_hashtag, known=vocabulary))

    def look_up(self, tokens: list[str]) -> list[Known]:
        """Return what is known of each of *tokens*."""
        memo = self._memo
        try:
            return [memo[token] for token in tokens]
        except KeyError:
            if len(memo) > _MOST:
                memo.clear()
            for token in tokens:
                if token not in memo:
                    memo[token] = self._known(token)
            return [memo[token] for token in tokens]

    def _known(self, token: str) -> Known:
        word = token.lower()
        entry, packed = self._english.get(word), self._common.get(word, 0)
        if entry is None and not packed:
            word = unstretched(word, self._vocabulary)
            entry = self._english.get(word)
        return word, entry or None, lean(packed), packed
