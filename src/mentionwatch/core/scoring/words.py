"""Text to tokens, and to the plain form on which patterns run."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Words with their apostrophes, handles, emoticons, marks one by one, any other symbol (emoji). The
# first alternative is the plain word: most tokens are one, and it is found without a second try.
_TOKEN = re.compile(
    r"\s?+("
    r"(?!\d)\w++(?!')|\d+(?=(?:hrs?|mins?|hours?|minutes?|days?|weeks?)\b)|\w+(?:'\w+)*"
    r"|@\w+"
    r"|[:;=]-?'?[()\[\]dDpP/|*]+(?!\w)|<3|</3"
    r"|[!?.,;:…#$£€%\"&/]"
    r"|[^\w\s\x00-\x7f\ufe0f\u200d]"
    r")"
)
# Spelled out instead of "any case", which would be tried at each letter.
_LINK = re.compile(
    r"(?:https?://|Https?://|HTTPS?://|www\.|Www\.|WWW\.|pic\.twitter\.com/)\S{1,2000}"
)
_HASHTAG = re.compile(r"#(\w{2,60})")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")
_STRETCHED = re.compile(r"(\w)\1\1")
_STRETCH = re.compile(r"([^\W\d_])\1{2,}")
_APOSTROPHES = "’‘`´"
LINK = "\u29c9"  # stands for a link in the tokens


@dataclass(slots=True)
class Words:
    """
    One text, taken apart.

    ``tokens`` as written and ``words`` in lower case have the same length; ``plain`` is the words
    with single blanks between and around.
    """

    tokens: Sequence[str]
    words: Sequence[str]
    plain: str

    @property
    def shouted(self) -> bool:
        """Whether all is written in capitals."""
        return not any(token.islower() for token in self.tokens)

    def quote(self, start: int, end: int) -> str:
        """Return what was written at the tokens *start* to *end*, at most 80 characters."""
        if end - start == 1:
            return self.tokens[start][:80]
        return " ".join(self.tokens[start:end])[:80]

    def quote_match(self, match: re.Match[str], first: int = 0) -> str:
        """Return what was written where *match* was found in the plain form from token *first*."""
        start = first + match.string.count(" ", 0, match.start() + 1) - 1
        return self.quote(start, start + match.group().strip().count(" ") + 1)


def tokens(text: str, split: Callable[[str], str]) -> list[str]:
    """
    Return the tokens of *text*, as written but for links, dots and apostrophes.

    Args:
        text: As written; any length.
        split: Returns the words of a hashtag, see `split_hashtag`.
    """
    for mark in _APOSTROPHES:
        if mark in text:
            text = text.replace(mark, "'")
    if "/" in text or "ww." in text or "WW." in text:
        text = _LINK.sub(f" {LINK} ", text)
    if "#" in text:
        text = _HASHTAG.sub(lambda match: f"# {split(match[1])}", text)
    if ".." in text:
        text = re.sub(r"\.{2,}", "…", text)
    return _TOKEN.findall(text)


def take_apart(text: str, known: frozenset[str] = frozenset()) -> Words:
    """Return *text* in tokens; hashtags and stretched words resolve into *known* words."""
    written = tokens(text, lambda tag: split_hashtag(tag, known))
    words = [unstretched(token.lower(), known) for token in written]
    return Words(written, words, f" {' '.join(words)} ")


def split_hashtag(tag: str, known: frozenset[str]) -> str:
    """Return the words of a hashtag: by its capitals, or else by the words that are known."""
    if tag.lower() in known:
        return tag
    humps = _HUMPS.findall(tag)
    if len(humps) > 1:
        return " ".join(humps)
    return " ".join(_segments(tag.lower(), known)) or tag


def _segments(tag: str, known: frozenset[str]) -> list[str]:
    """Return the fewest known words of which *tag* consists, else nothing."""
    best: list[list[str] | None] = [[], *([None] * len(tag))]
    for start in range(len(tag)):
        before = best[start]
        if before is None:
            continue
        for end in range(start + 1, min(len(tag), start + _LONGEST) + 1):
            word = tag[start:end]
            if word in known and (end - start > 2 or word in _SHORT):
                there = best[end]
                if there is None or len(there) > len(before) + 1:
                    best[end] = [*before, word]
    return best[-1] or []


_LONGEST = 12
_SHORT = frozenset(
    ("i", "a", "my", "me", "no", "so", "of", "on", "in", "is", "it", "to", "up", "we")
)


def unstretched(word: str, known: frozenset[str]) -> str:
    """Return "so" for "sooooo", "cool" for "coooool"; a word without a stretch as it is."""
    # Without two letters that were there before, no letter stands three times: most words.
    if len(word) - len(set(word)) < 2 or not _STRETCHED.search(word) or word.isdigit():
        return word
    if word in known:
        return word
    twice = _STRETCH.sub(r"\1\1", word)
    return twice if twice in known else _STRETCH.sub(r"\1", word)
