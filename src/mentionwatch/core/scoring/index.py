"""The dictionary by first word that finds lexicon words, phrases and the anchors of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mentionwatch.core.scoring import lexicon
from mentionwatch.core.scoring.rule import Rule

NEGATOR, BOOSTER, DAMPENER, CONTRAST, STOP = "n", "b", "d", "c", "s"
_OF_REPLIES = ("closing.", "holding.")  # looked for by `replies`, not in mentions
_STOPS = (".", ",", ";", ":", "…", "!", "?", "(", ")")
_MOST_REMEMBERED = 50_000  # words looked up by their stems
_SHORTEST_STEM, _LONGEST_STEM = 3, 14

# All words behind the first one, their valence (None: none), and the rule whose anchor they are.
Phrase = tuple[list[str], int | None, Rule | None]


_NO_RULES: list[Rule] = []
_NO_PHRASES: dict[str, list[Phrase]] = {}


@dataclass(slots=True)
class Entry:
    """
    What one first word starts.

    ``points`` is its valence, ``role`` one of the letters above or "". ``rules`` fire, or their
    patterns run, where the word occurs; ``phrases`` begin with it: by their second word ("" where
    that one has an open end), longest first.
    """

    points: int = 0
    role: str = ""
    # Shared while empty: thousands of entries have neither rules nor phrases.
    rules: list[Rule] = field(default_factory=lambda: _NO_RULES)
    phrases: dict[str, list[Phrase]] = field(default_factory=lambda: _NO_PHRASES)

    def add(self, rest: list[str], points: int | None, rule: Rule | None) -> None:
        """Add a phrase; a second valence of the same phrase replaces the first."""
        key = "" if rest[0].endswith("*") else rest[0]
        same = self.phrases.get(key, [])
        phrases = [x for x in same if rule or x[2] or x[0] != rest]
        phrases.append((rest, points, rule))
        if not self.phrases:
            self.phrases = {}
        self.phrases[key] = sorted(phrases, key=lambda phrase: -len(phrase[0]))


# An entry for reading: points, role, rules, phrases; or the bare valence of a word with no more.
Known = tuple[int, str, list[Rule], dict[str, list[Phrase]]] | int
_NONE: list[Phrase] = []


def standing(phrases: dict[str, list[Phrase]], words: list[str], at: int) -> list[Phrase]:
    """Return those of an entry's phrases that stand in *words* at place *at*, longest first."""
    second = at + 1
    # The key is the second word: where a phrase has no third one, it stands there.
    found = [
        phrase
        for phrase in phrases.get(words[second], _NONE)
        if len(phrase[0]) == 1 or _stands(words, second, phrase[0])
    ]
    if "" in phrases:
        found += [phrase for phrase in phrases[""] if _stands(words, second, phrase[0])]
    return found


def _simplest(entry: Entry) -> Known:
    if entry.role or entry.rules or entry.phrases:
        return entry.points, entry.role, entry.rules, entry.phrases
    return entry.points


def _inherit(entry: Entry, parent: Entry) -> None:
    entry.points = entry.points or (0 if entry.role else parent.points)
    entry.rules = [*entry.rules, *(rule for rule in parent.rules if rule not in entry.rules)]
    if parent.phrases:
        entry.phrases = {**parent.phrases, **entry.phrases}


def _stands(words: list[str], at: int, rest: list[str]) -> bool:
    """Return whether *rest*, perhaps with open ends, stands in *words* from place *at*."""
    there = words[at : at + len(rest)]
    if there == rest:
        return True
    return len(there) == len(rest) and all(
        one == want or (want[-1] == "*" and one.startswith(want[:-1]))
        for one, want in zip(there, rest, strict=True)
    )


@dataclass(slots=True)
class Index:
    """All entries of one language; ``stems`` are words with an open end ("decepcion*")."""

    words: dict[str, Entry] = field(default_factory=dict)
    # The same for reading: a word that has nothing but a valence is a bare number there.
    known: dict[str, Known] = field(default_factory=dict)
    stems: dict[str, Entry] = field(default_factory=dict)
    starts: set[str] = field(default_factory=set)
    memo: dict[str, Known | None] = field(default_factory=dict)

    def entry(self, word: str) -> Entry:
        if word.endswith("*"):
            return self.stems.setdefault(word[:-1], Entry())
        return self.words.setdefault(word, Entry())

    def add(self, phrase: str, *, points: int | None = None, rule: Rule | None = None) -> None:
        """Add a word or phrase with its valence, or as an anchor of *rule*."""
        first, *rest = phrase.split(" ")
        entry = self.entry(first)
        if rest:
            entry.add(rest, points, rule)
        elif rule is not None:
            entry.rules = [*entry.rules, rule]
        else:
            entry.points = points or 0

    def find(self, words: Sequence[str]) -> list[tuple[int, Known]]:
        """Return for each of *words* that is known its place and entry, or its bare valence."""
        known = self.known
        if not self.stems:
            get = known.get
            return [(at, entry) for at, word in enumerate(words) if (entry := get(word))]
        memo = self.memo
        try:
            return [(at, entry) for at, word in enumerate(words) if (entry := memo[word])]
        except KeyError:
            if len(memo) > _MOST_REMEMBERED:
                memo.clear()
            for word in words:
                if word not in memo:
                    memo[word] = self._look_up(word)
            return [(at, entry) for at, word in enumerate(words) if (entry := memo[word])]

    def _look_up(self, word: str) -> Known | None:
        known = self._known(word)
        if known is None and "'" in word:  # l'expérience, dell'anno
            known = self._known(word.rpartition("'")[2])
        return known

    def _known(self, word: str) -> Known | None:
        if word in self.known:
            return self.known[word]
        stem = self._by_stem(word)
        return _simplest(stem) if stem else None

    def settle(self) -> None:
        """Let each word and stem inherit from its longest own stem what it does not say itself."""
        self.starts = {stem[:_SHORTEST_STEM] for stem in self.stems}
        for table in (self.stems, self.words):
            for word in sorted(table, key=len):
                parent = self._by_stem(word[:-1] if table is self.stems else word)
                if parent:
                    _inherit(table[word], parent)
        self.known = {word: _simplest(entry) for word, entry in self.words.items()}

    def _by_stem(self, word: str) -> Entry | None:
        if word[:_SHORTEST_STEM] not in self.starts:
            return None
        for end in range(min(len(word), _LONGEST_STEM), _SHORTEST_STEM - 1, -1):
            entry = self.stems.get(word[:end])
            if entry:
                return entry
        return None


def build_index(language: str, rules: Sequence[Rule]) -> Index:
    """Return the index of *language*; "" holds what is the same in all (emoji, marks)."""
    index = Index()
    _add_lexicon(index, lexicon.load(lexicon.EMOJI))
    own: dict[str, list[str]] = {}
    if language:
        _add_lexicon(index, lexicon.load(language))
        for local in lexicon.load(language).rules:
            own.setdefault(local.rule, []).extend(local.anchors)
    for stop in _STOPS:
        index.entry(stop).role = STOP
    for rule in rules:
        if rule.id.startswith(_OF_REPLIES):
            continue
        if language == "en" or rule.everywhere:
            for anchor in rule.anchors:
                index.add(anchor, rule=rule)
            alone = replace(rule, pattern=None, anchors=())
            for find in rule.finds:
                index.add(find, rule=alone)
        if rule.id in own:
            bare = replace(rule, pattern=None, unless=None, anchors=())
            for anchor in own[rule.id]:
                index.add(anchor, rule=bare)
    index.settle()
    return index


def _add_lexicon(index: Index, words: lexicon.Lexicon) -> None:
    for phrase, points in words.valence.items():
        index.add(phrase, points=points)
    roles = (
        (NEGATOR, words.negators),
        (BOOSTER, words.boosters),
        (DAMPENER, words.dampeners),
        (CONTRAST, words.contrast),
    )
    for role, names in roles:
        for name in names:
            index.entry(name).role = role
