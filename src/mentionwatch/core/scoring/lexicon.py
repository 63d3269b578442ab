"""
Lexicon files: one per language, ``lexicons/<language>.txt``, one format (docs/scoring.md).

    # a comment: the source and licence of the list
    [common]      function words by which the language is told, any number a line
    [negators]    words that turn the valence of the next words
    [boosters]    words that strengthen the next word     [dampeners]  words that weaken it
    [contrast]    words after which the opinion stands ("but")
    [valence]     one word, phrase or stem* a line, then its points, -20..20
    [rules]       "urgency.safety: word, phrase, stem*" adds anchors to a built-in rule;
                  "+ text" and "- text" below are texts on which they must fire and must not

A new language is one new file. Only ``[common]`` is read until a text of that language is scored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

_HOME = "lexicons"
EMOJI = "emoji"
OTHERS = "others"
# Claimed languages, English first: it is tried first where nothing tells a text's language.
LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
_SECTION = re.compile(r"^\[(\w+)(?: (\w+))?\]$", re.MULTILINE)


@dataclass(slots=True)
class LocalRule:
    """What a lexicon file adds to a built-in rule."""

    rule: str
    anchors: tuple[str, ...]
    fires_on: list[str] = field(default_factory=list)
    silent_on: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Lexicon:
    """One language's words; ``valence`` by word, phrase ("no problem") or stem ("decepcion*")."""

    language: str
    negators: frozenset[str] = frozenset()
    boosters: frozenset[str] = frozenset()
    dampeners: frozenset[str] = frozenset()
    contrast: frozenset[str] = frozenset()
    valence: dict[str, int] = field(default_factory=dict)
    rules: list[LocalRule] = field(default_factory=list)


@cache
def source(name: str) -> str:
    """Return the text of one lexicon file."""
    home = resources.files(__package__) / _HOME
    return (home / f"{name}.txt").read_text(encoding="utf-8")


def sections(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, argument ("" mostly) and body of each section of a file."""
    parts = _SECTION.split(source(name))
    for at in range(1, len(parts), 3):
        yield parts[at], parts[at + 1] or "", parts[at + 2]


@cache
def load(language: str) -> Lexicon:
    """Return the lexicon of *language*, without its common words."""
    lexicon = Lexicon(language)
    for name, _, body in sections(language):
        lines = [line for line in body.splitlines() if line and not line.startswith("#")]
        if name == "valence":
            lexicon.valence.update(_valence(lines))
        elif name == "rules":
            lexicon.rules.extend(_rules(lines))
        elif name != "common":
            setattr(lexicon, name, frozenset(" ".join(lines).split()))
    return lexicon


def _valence(lines: list[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        words, _, points = line.rpartition(" ")
        yield words.rstrip(), int(points)


def _rules(lines: list[str]) -> list[LocalRule]:
    rules: list[LocalRule] = []
    for line in lines:
        if line.startswith("+ "):
            rules[-1].fires_on.append(line[2:])
        elif line.startswith("- "):
            rules[-1].silent_on.append(line[2:])
        else:
            rule, _, words = line.partition(":")
            anchors = tuple(word.strip() for word in words.split(",") if word.strip())
            rules.append(LocalRule(rule.strip(), anchors))
    return rules


@cache
def common_words() -> dict[str, int]:
    """
    Return for each common word a sum of packed counters, one of 12 bits per language.

    The order is that of `LANGUAGES`; the last counter is that of all languages without a lexicon.
    """
    packed: dict[str, int] = {}
    for place, language in enumerate((*LANGUAGES, OTHERS)):
        bit = 1 << (12 * place)
        for name, _, body in sections(language):
            if name == "common":
                for word in set(_without_comments(body).split()):
                    packed[word] = packed.get(word, 0) | bit
    return packed


def _without_comments(body: str) -> str:
    return "\n".join(line for line in body.splitlines() if not line.startswith("#"))
