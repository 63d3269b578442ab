"""The dictionary by first word that finds lexicon words, phrases and the anchors of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from mentionwatch.core.scoring import lexicon
from mentionwatch.core.scoring.rule import Rule

NEGATOR, BOOSTER, DAMPENER, CONTRAST, STOP = "n", "b", "d", "c", "s"
_OF_REPLIES = ("closing.", "holding.")  # looked for by `replies`, not in mentions
_STOPS = (".", ",", ";", ":", "…", "!", "?", "(", ")")
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 50_000, 60  # words looked up by their stems, letters
_SHORTEST_STEM = 3


class Node(dict[str, "Node"]):
    """
    A place in the tree of phrases, reached word by word: the words that lead on, and where to.

    ``ends``: for each phrase that ends here its valence (None: none), or the rule whose anchor it
    is. ``open``: the words with an open end that lead on. ``opens``: whether there are any of
    those here or below.
    """

    __slots__ = ("ends", "open", "opens")

    def __init__(self, following: Mapping[str, Node] | None = None) -> None:
        super().__init__(following or {})
        self.ends: list[tuple[int | None, Rule | None]] = []
        self.open: dict[str, Node] = {}
        self.opens = False

    def add(self, rest: Sequence[str], points: int | None, rule: Rule | None) -> None:
        """Add a phrase below; a second valence of the same phrase replaces the first."""
        if rest:
            word = rest[0]
            self.opens = self.opens or any(one.endswith("*") for one in rest)
            table, word = (self.open, word[:-1]) if word.endswith("*") else (self, word)
            if word not in table:
                table[word] = Node()
            table[word].add(rest[1:], points, rule)
        else:
            self.ends = [x for x in self.ends if rule or x[1]] + [(points, rule)]

    def after(self, word: str) -> list[Node]:
        """Return the places that *word* leads to: one, none, or more where ends are open."""
        found = [self[word]] if word in self else []
        found += [node for stem, node in self.open.items() if word.startswith(stem)]
        return found


@dataclass(slots=True)
class Entry:
    """
    What one first word starts.

    ``points`` is its valence, ``role`` one of the letters above or "". ``rules`` fire, or their
    patterns run, where the word occurs; ``phrases`` begin with it.
    """

    points: int = 0
    role: str = ""
    # Shared while empty: thousands of entries have neither rules nor phrases.
    rules: list[Rule] = field(default_factory=lambda: _NO_RULES)
    phrases: Node | None = None

    def add(self, rest: Sequence[str], points: int | None, rule: Rule | None) -> None:
        """Add a phrase by the words behind the first one."""
        if self.phrases is None:
            self.phrases = Node()
        self.phrases.add(rest, points, rule)


_NO_RULES: list[Rule] = []

# An entry for reading: points, role, rules, phrases. Most words have less: a bare valence, or only
# phrases.
Known = tuple[int, str, list[Rule], Node | None] | Node | int
# The place behind a phrase, its valence or the rule whose anchor it is.
Phrase = tuple[int, int | None, Rule | None]


def standing(phrases: Node, words: Sequence[str], at: int) -> list[Phrase]:
    """Return those of the phrases of the word *at* its place that stand there, longest first."""
    if phrases.opens:
        return _standing_open(phrases, words, at)
    found: list[Phrase] = []
    count, place = len(words), at + 1
    node: Node | None = phrases
    while node is not None and place < count:
        node = node.get(words[place])
        place += 1
        if node is not None and node.ends:
            found = [*[(place, points, rule) for points, rule in node.ends], *found]
    return found


def _standing_open(phrases: Node, words: Sequence[str], at: int) -> list[Phrase]:
    """Do the same where one word may lead to several places."""
    found: list[Phrase] = []
    places = [(phrases, at + 1)]
    for node, place in places:  # grows while it is walked
        if place < len(words):
            for reached in node.after(words[place]):
                places.append((reached, place + 1))
                found += [(place + 1, points, rule) for points, rule in reached.ends]
    return sorted(found, key=itemgetter(0), reverse=True)


def _simplest(entry: Entry) -> Known:
    if entry.role or entry.rules or (entry.phrases is not None and entry.points):
        return entry.points, entry.role, entry.rules, entry.phrases
    return entry.points if entry.phrases is None else entry.phrases


def _inherit(entry: Entry, parent: Entry) -> None:
    entry.points = entry.points or (0 if entry.role else parent.points)
    entry.rules = [*entry.rules, *(rule for rule in parent.rules if rule not in entry.rules)]
    theirs, own = parent.phrases, entry.phrases
    if theirs is not None:
        entry.phrases = Node({**theirs, **(own or {})})
        entry.phrases.open = theirs.open | (own.open if own is not None else {})
        entry.phrases.opens = theirs.opens or (own is not None and own.opens)


@dataclass(slots=True)
class Index:
    """All entries of one language; ``stems`` are words with an open end ("decepcion*")."""

    words: dict[str, Entry] = field(default_factory=dict)
    # The same for reading: a word that has nothing but a valence is a bare number there.
    known: dict[str, Known] = field(default_factory=dict)
    stems: dict[str, Entry] = field(default_factory=dict)
    starts: set[str] = field(default_factory=set)
    longest: int = 0  # letters of the longest stem
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

    def find(self, words: Sequence[str]) -> list[Known | None]:
        """Return for each word its entry, or its bare valence; None or 0 where it says nothing."""
        if not self.stems:
            return list(map(self.known.get, words))
        memo, look_up = self.memo, self._look_up
        return [memo[word] if word in memo else look_up(word) for word in words]

    def _look_up(self, word: str) -> Known | None:
        known = self._known(word)
        if known is None and "'" in word:  # l'expérience, dell'anno
            known = self._known(word.rpartition("'")[2])
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self.memo) >= _MOST_REMEMBERED:
                self.memo.clear()
            self.memo[word] = known
        return known

    def _known(self, word: str) -> Known | None:
        if word in self.known:
            return self.known[word]
        stem = self._by_stem(word)
        return _simplest(stem) if stem else None

    def settle(self) -> None:
        """Let each word and stem inherit from its longest own stem what it does not say itself."""
        self.starts = {stem[:_SHORTEST_STEM] for stem in self.stems}
        self.longest = max(map(len, self.stems), default=0)
        for table in (self.stems, self.words):
            for word in sorted(table, key=len):
                parent = self._by_stem(word[:-1] if table is self.stems else word)
                if parent:
                    _inherit(table[word], parent)
        self.known = {word: _simplest(entry) for word, entry in self.words.items()}

    def _by_stem(self, word: str) -> Entry | None:
        if word[:_SHORTEST_STEM] not in self.starts:
            return None
        for end in range(min(len(word), self.longest), _SHORTEST_STEM - 1, -1):
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
