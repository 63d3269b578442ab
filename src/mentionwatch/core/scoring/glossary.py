"""What is known of each token as it was written, remembered: most words come again and again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from mentionwatch.core.scoring.index import Index
from mentionwatch.core.scoring.index import Known as Entry
from mentionwatch.core.scoring.languages import lean
from mentionwatch.core.scoring.lexicon import common_words
from mentionwatch.core.scoring.words import split_hashtag, unstretched

# A token as written, the same in lower case, its English entry, what it says for English (see
# `lean`), and its packed language counters (see `common_words`).
_Known = tuple[str, str, Entry | None, int, int]


class Known(NamedTuple):
    """What is known of the tokens of a text, each field as long as there are tokens."""

    tokens: Sequence[str]
    words: Sequence[str]
    entries: Sequence[Entry | None]
    leaning: Sequence[int]
    packed: Sequence[int]


_MOST = 50_000  # tokens remembered; then it begins anew
_LONGEST = 60  # letters of a token that is remembered
_NOTHING = Known((), (), (), (), ())


class Glossary(dict[str, _Known]):
    """Looks tokens up in English, and among the common words of all languages, once each."""

    def __init__(self, english: Index, vocabulary: frozenset[str]) -> None:
        self._english = english.known
        self._vocabulary = vocabulary
        self._common = common_words()
        self.split = lru_cache(maxsize=4096)(partial(split_hashtag, known=vocabulary))

    def look_up(self, tokens: list[str]) -> Known:
        """Return what is known of *tokens*."""
        known = [self[token] for token in tokens]
        return Known._make(zip(*known, strict=True)) if known else _NOTHING

    def __missing__(self, token: str) -> _Known:
        word = token.lower()
        entry, packed = self._english.get(word), self._common.get(word, 0)
        if entry is None and not packed:
            word = unstretched(word, self._vocabulary)
            entry = self._english.get(word)
        known = (token, word, None if entry == 0 else entry, lean(packed), packed)
        if len(token) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[token] = known
        return known
