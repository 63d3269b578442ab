"""
Which brand terms a text names, and where.

A server's own search is never trusted: what it found is matched again here. docs/matching.md says
for the owner what counts as a name; every rule has its examples in tests/core/test_matching.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from mentionwatch.core.expressions import TEXT_LIMIT, expression, is_expression
from mentionwatch.core.folding import Places, fold
from mentionwatch.core.terms import Pattern, account, brand_words, domain, phrase, punycode

_LIMIT = 50_000  # characters of a text that are looked at; what is stored is not longer
_HITS_PER_TERM = 100
_SHORT = 280  # in a text of this length everything is near
_NEAR_WORDS = 12
_NEAR_CHARACTERS = 200

_WORD = re.compile(r"\w+")
_HASHTAG = re.compile(r"#(\w{2,100})")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#\\]*@)?([^/?#:\\]+)", re.IGNORECASE)

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """
    One place in which a text names the brand.

    ``term`` as it was configured, or the domain or own account; ``quote`` is ``text[start:end]``.
    A link that does not stand in the text has ``start`` and ``end`` -1 and is itself the quote.
    """

    term: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """Terms of the same use: patterns over folded text, expressions over the text itself."""

    patterns: tuple[Pattern, ...] = ()
    expressions: tuple[tuple[str, re.Pattern[str]], ...] = ()

    @classmethod
    def build(cls, terms: Iterable[str], *, plural: bool = False) -> Phrases:
        terms = tuple(dict.fromkeys(term.strip() for term in terms))
        return cls(
            patterns=tuple(phrase(t, plural=plural) for t in terms if not is_expression(t)),
            expressions=tuple((t, expression(t)) for t in terms if is_expression(t)),
        )

    def spans(self, reading: _Reading) -> Iterator[Span]:
        """Yield every place, as a span of the original text."""
        for pattern in self.patterns:
            for span in reading.places_of(pattern):
                yield reading.original(span)
        for _, regex in self.expressions:
            yield from reading.matches_of(regex)

    def __bool__(self) -> bool:
        return bool(self.patterns or self.expressions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    """The terms of a brand, ready to be looked for; `build` it once."""

    terms: Phrases = Phrases()
    exclude: Phrases = Phrases()
    context: Phrases = Phrases()
    domains: tuple[str, ...] = ()
    brand_words: frozenset[str] = frozenset()

    @classmethod
    def build(
        cls,
        terms: Iterable[str],
        exclude: Iterable[str] = (),
        context: Iterable[str] = (),
        domains: Iterable[str] = (),
        own_accounts: Iterable[str] = (),
    ) -> Matcher:
        """
        Return the matcher of a brand.

        Args:
            terms: Phrases, words, "@handles", "#hashtags", "/regular expressions/".
            exclude: The same forms; a hit inside one of them does not count.
            context: One of these must stand near a plain word or phrase; empty: no condition.
            domains: Links to these and to their subdomains are hits.
            own_accounts: Handles, addresses and profile URLs of ours; naming one is a hit.

        Raises:
            ValueError: A term without a letter or digit, or a bad expression; names it.
        """
        names = tuple(terms)
        hosts = tuple(each.strip().strip(".").lower() for each in domains)
        accounts = tuple(own_accounts)
        written = Phrases.build(names)
        further = [pattern for host in hosts for pattern in domain(host)]
        further += [pattern for each in accounts if (pattern := account(each))]
        return cls(
            terms=Phrases(patterns=(*written.patterns, *further), expressions=written.expressions),
            exclude=Phrases.build(exclude, plural=True),
            context=Phrases.build(context, plural=True),
            domains=hosts,
            brand_words=brand_words([n for n in names if not is_expression(n)], hosts, accounts),
        )

    def find(self, text: str, links: Iterable[str] = ()) -> tuple[Hit, ...]:
        """Return every place in which the text, or a link that belongs to it, names the brand."""
        hits: dict[tuple[int, int, str], Hit] = {}
        for hit in self._hits(text, links):
            hits.setdefault((hit.start, hit.end, hit.quote), hit)
        return tuple(sorted(hits.values(), key=lambda hit: (hit.start < 0, hit.start, hit.end)))

    def matches(self, text: str, links: Iterable[str] = ()) -> bool:
        """Tell whether there is such a place."""
        return next(self._hits(text, links), None) is not None

    def _hits(self, text: str, links: Iterable[str]) -> Iterator[Hit]:
        reading = _Reading(text[:_LIMIT])
        for term, spans in self._spans(reading):
            if not spans:
                continue
            excluded = [*self.exclude.spans(reading)]
            for start, end in spans:
                if not any(first <= start and end <= last for first, last in excluded):
                    yield Hit(term=term, start=start, end=end, quote=text[start:end])
        for link in links if self.domains else ():
            host = self._our_host(link)
            if host and not any(True for _ in self.exclude.spans(_Reading(link[:_LIMIT]))):
                yield Hit(term=host, start=-1, end=-1, quote=link)

    def _spans(self, reading: _Reading) -> Iterator[tuple[str, list[Span]]]:
        folded = reading.folded
        tagged = "#" in folded or "@" in folded
        for pattern in self.terms.patterns:
            if pattern.anchor not in folded and not (tagged and pattern.joined in folded):
                continue
            spans = [*reading.places_of(pattern)]
            if pattern.plain:
                spans += reading.inside_hashtags(pattern)
            spans = [reading.original(span) for span in spans]
            if pattern.plain and self.context:
                spans = self._in_context(spans, reading)
            yield pattern.term, spans
        for term, regex in self.terms.expressions:
            yield term, [*reading.matches_of(regex)]

    def _in_context(self, spans: list[Span], reading: _Reading) -> list[Span]:
        found = [*self.context.spans(reading)] if spans else []
        if found and len(reading.text) <= _SHORT:
            return spans
        return [span for span in spans if any(reading.near(span, each) for each in found)]

    def _our_host(self, link: str) -> str:
        match = _HOST.match(link.strip())
        if match is None:
            return ""
        host = "." + match[1].strip(".").lower()
        for ours in self.domains:
            if host.endswith(("." + ours, "." + punycode(ours))):
                return ours
        return ""


class _Reading:
    """One text, folded once, and the way back from places in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = fold(text)
        self._places: Places | None = None

    def original(self, span: Span) -> Span:
        if self._places is None:
            self._places = Places(self.text)
        return self._places.original(*span)

    def places_of(self, pattern: Pattern) -> Iterator[Span]:
        """Yield the spans of a term in the folded text."""
        folded = self.folded
        if pattern.anchor in folded:
            for match in islice(pattern.regex.finditer(folded), _HITS_PER_TERM):
                yield match.span()
        if pattern.tag and ("#" in folded or "@" in folded) and pattern.joined in folded:
            for match in islice(pattern.tag.finditer(folded), _HITS_PER_TERM):
                yield match.span()

    def matches_of(self, regex: re.Pattern[str]) -> Iterator[Span]:
        """Yield the spans of an owner's expression in the text."""
        for match in islice(regex.finditer(self.text, 0, TEXT_LIMIT), _HITS_PER_TERM):
            if match.group():
                yield match.span()

    def inside_hashtags(self, pattern: Pattern) -> Iterator[Span]:
        """Yield the places in hashtags of several words: #AcmeFail, #boycottAcme."""
        name = pattern.joined
        if "#" not in self.folded or not name:
            return
        for match in islice(_HASHTAG.finditer(self.folded), _HITS_PER_TERM):
            tag, start = match[1], match.start(1)
            if len(tag) <= len(name):
                continue
            if tag.startswith(name) and self._new_word_at(start + len(name)):
                yield start, start + len(name)
            elif tag.endswith(name) and self._new_word_at(match.end() - len(name)):
                yield match.end() - len(name), match.end()

    def _new_word_at(self, index: int) -> bool:
        """Tell whether a capital begins a word at this place of the folded text."""
        at = self.original((index, index + 1))[0]
        return self.text[at].isupper() and not self.text[at - 1].isupper()

    def near(self, one: Span, other: Span) -> bool:
        first, second = sorted((one, other))
        between = self.text[first[1] : second[0]]
        return len(between) <= _NEAR_CHARACTERS and (
            sum(1 for _ in _WORD.finditer(between)) < _NEAR_WORDS
        )
