"""
Which of our replies say nothing of the case: the same text to different people, a template in which
only names and numbers change, set pieces in any order.

A text is normalised (greeting, names, numbers, addresses and emojis go) and taken apart into
sentences. Near-duplicates are found by MinHash over runs of three words [Broder 1997], sentences by
what they are word for word; both look each text up in tables, so the time is linear in the number
of replies. What remains after the sentences that other people got, too, is what a reply says
itself.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

SHINGLE = 3  # words
ALIKE = 0.6  # of the shingles of two texts, from which they are one template
_PERMUTATIONS, _ROWS = 16, 2
_MASK = (1 << 31) - 1
_SHORTEST = 4  # words: below that, the same answer twice is no template
_OWN_WORDS = 2  # so many words outside set pieces say nothing
_PIECES_FROM = 6  # words of set pieces that make a template
_MOST_WORDS = 400  # of a sentence, and of a reply; what follows makes no difference
_MOST_CHARACTERS = 5000

_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day)|greetings|hola|bonjour"
    r"|bonsoir|hallo|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|ciao|salve|buongiorno"
    r"|gentile|olá|ola|cher|chère|estimad[oa])\b(?: (?!thank|we|i\b|i'm|you)[^\s,.!:;\n]+){0,4}?"
    r"\s*[,.!:;\n–-]+"
)
_ADDRESS = re.compile(r"(?<!\S)\S{1,64}@\S+|https?://\S+|www\.\S+|@\w[\w.]*|#\w+")
_NUMBER = re.compile(r"(?<!\S)[^\s\d]{0,64}\d\S*")
_PIECE = re.compile(
    r"(?<=[^\W\d])[.!?…]+(?=\s|$)|\n+|[!?…;]+|(?<=[\W_])[.](?=\s|$)|[\U0001f300-\U0001faff]+"
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# Sentences that fit everybody: said once, they are as empty as said a hundred times.
_STOCK = re.compile(
    r"your (?:feedback|satisfaction|opinion|business|patience|call) (?:is|matters|means)"
    r"|(?:value|appreciate) your (?:feedback|business|patience|custom|understanding|opinion)"
    r"|(?:bringing|brought) this to our attention"
    r"|thank you for (?:your|the|this) (?:\w+ )?(?:feedback|review|patience|understanding|message"
    r"|enquiry|inquiry|interest|comment|kind words|mail|email|rating)"
    r"|thank you for (?:contacting|reaching out|getting in touch|choosing|writing to)"
    r"|thanks for (?:contacting|reaching out|getting in touch|your (?:feedback|patience|message))"
    r"|(?:member of (?:our|the)|our|the) (?:\w+ )?(?:team|department) will (?:\w+ )?(?:respond"
    r"|reply|contact|be in touch|get back|assist|review|look)"
    r"|(?:has|have) been (?:logged|registered|recorded|received|forwarded|passed)"
    r"|look forward to (?:welcoming|seeing|serving|hearing|your)"
    r"|sorry to hear (?:about|of|that|this)|sorry for (?:any|the) inconvenience"
    r"|(?:apologi[sz]e|apologies) for (?:any|the) inconvenience"
    r"|strive to|committed to (?:providing|excellence|quality|delivering|your)|pride ourselves"
    r"|understand (?:how frustrating|your (?:frustration|concern|disappointment))"
    r"|(?:send|drop|shoot) us (?:a|an) (?:dm|pm|direct message|private message|message|email|mail)"
    r"|(?:dm|pm|message|email|contact|call) us (?:\w+ ){0,4}(?:so|with|and|for|at|on|details)"
    r"|for further (?:assistance|information|help|questions)|do not hesitate|don't hesitate"
    r"|(?:trust|hope) (?:this|that) (?:clarifies|helps|answers|resolves|is)"
    r"|in accordance with|(?:great|wonderful|positive|pleasant|lovely) experience"
    r"|(?:glad|delighted|happy|pleased|thrilled) (?:that )?(?:you|to hear|to have)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """
    One reply of ours. ``person``: who got it; the same text twice to one person is no template.
    ``names``: what that person is called. ``asked``: what the person wrote.
    """

    person: str
    text: str
    names: tuple[str, ...] = ()
    asked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """
    How a reply resembles what other people got.

    ``like``: to how many other people nearly the same text went; ``group``: its place in the list
    of replies where that text was met first. ``own``: words that only this person got. ``pieces``:
    the sentences that others got, too, or that fit everybody.
    """

    canned: bool
    like: int
    group: int
    own: int
    pieces: tuple[str, ...]
    why: str = ""


@dataclass(slots=True)
class _Text:
    """A reply taken apart: sentences as written, and each as normalised words."""

    written: list[str]
    pieces: list[tuple[str, ...]]

    @property
    def words(self) -> list[str]:
        return [word for piece in self.pieces for word in piece]


@dataclass(slots=True)
class _Group:
    """Replies that are nearly the same. ``shingles``: of the first one."""

    first: int
    shingles: frozenset[int]
    people: set[str] = field(default_factory=set)


def compare(replies: Sequence[Written]) -> list[Likeness]:
    """
    Return for each reply how it resembles those to other people.

    Linear in the number of replies. The order of the replies changes only which one a group is
    named after.
    """
    texts = [_take_apart(reply) for reply in replies]
    groups = _groups(replies, texts)
    shared = _shared(replies, texts)
    return [
        _judge(reply, text, group, shared)
        for reply, text, group in zip(replies, texts, groups, strict=True)
    ]


def normalised(text: str, names: Iterable[str] = ()) -> str:
    """Return what is compared of a text: its words without greeting, names and numbers."""
    return " ".join(_take_apart(Written(person="", text=text, names=tuple(names))).words)


def _take_apart(reply: Written) -> _Text:
    text = reply.text[:_MOST_CHARACTERS].replace("’", "'").strip()
    bare = _GREETING.sub(" ", text.casefold(), count=1)
    # Cut from the original by length: casefolding may only rarely change it, and only the quote.
    text = text[len(text) - len(bare.lstrip()) :] if len(bare) < len(text) else text
    called = {
        word for name in reply.names for word in _WORD.findall(name.casefold()) if len(word) > 1
    }
    written, pieces = [], []
    for part in _PIECE.split(_ADDRESS.sub(" ", text)):
        words = tuple(
            word for word in _WORD.findall(_NUMBER.sub(" ", part.casefold())) if word not in called
        )
        if words:
            written.append(part.strip(" ,.-"))
            pieces.append(words[:_MOST_WORDS])
    return _Text(written, pieces)


# --- near-duplicates ------------------------------------------------------------------------------


def _groups(replies: Sequence[Written], texts: Sequence[_Text]) -> list[_Group]:
    """Return the group of each reply, found through tables of bands of its MinHash."""
    tables: dict[tuple[int, ...], _Group] = {}
    result = []
    for place, (reply, text) in enumerate(zip(replies, texts, strict=True)):
        shingles = _shingles(text.words)
        bands = _bands(shingles)
        candidates = {id(group): group for band in bands if (group := tables.get(band))}
        found = next(
            (group for group in candidates.values() if _jaccard(group.shingles, shingles) >= ALIKE),
            None,
        )
        group = found or _Group(place, shingles)
        for band in bands:
            tables.setdefault(band, group)
        group.people.add(reply.person)
        result.append(group)
    return result


def _shingles(words: Sequence[str]) -> frozenset[int]:
    words = words[:_MOST_WORDS]
    runs = range(max(1, len(words) - SHINGLE + 1))
    return frozenset(zlib.crc32(" ".join(words[at : at + SHINGLE]).encode()) for at in runs)


@cache
def _factors() -> tuple[tuple[int, int], ...]:
    """Return the numbers of the permutations; fixed, so that a run can be repeated."""
    seeds = [zlib.crc32(f"permutation {n}".encode()) for n in range(2 * _PERMUTATIONS)]
    return tuple((seeds[n] | 1, seeds[n + 1]) for n in range(0, 2 * _PERMUTATIONS, 2))


def _bands(shingles: frozenset[int]) -> list[tuple[int, ...]]:
    least = [min((a * h + b) & _MASK for h in shingles) for a, b in _factors()]
    return [(start, *least[start : start + _ROWS]) for start in range(0, _PERMUTATIONS, _ROWS)]


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


# --- set pieces -----------------------------------------------------------------------------------


def _shared(replies: Sequence[Written], texts: Sequence[_Text]) -> dict[tuple[str, ...], set[str]]:
    """Return for each sentence who got it; three are enough to know that it is a set piece."""
    people: dict[tuple[str, ...], set[str]] = {}
    for reply, text in zip(replies, texts, strict=True):
        for piece in text.pieces:
            got = people.setdefault(piece, set())
            if len(got) < 3:
                got.add(reply.person)
    return people


def _judge(
    reply: Written, text: _Text, group: _Group, shared: dict[tuple[str, ...], set[str]]
) -> Likeness:
    words = text.words
    like = len(group.people - {reply.person})
    set_pieces, own = [], 0
    for written, piece in zip(text.written, text.pieces, strict=True):
        if len(shared[piece] - {reply.person}) >= 2 or _STOCK.search(" ".join(piece)):
            set_pieces.append((written, piece))
        else:
            own += len(piece)
    why = _why(reply, words, like, own, sum(len(piece) for _, piece in set_pieces))
    return Likeness(
        canned=bool(why),
        like=like,
        group=group.first,
        own=own,
        pieces=tuple(written for written, _ in set_pieces),
        why=why,
    )


def _why(reply: Written, words: list[str], like: int, own: int, in_pieces: int) -> str:
    """Return why a reply is canned, in words; "" where it speaks of the case."""
    if _is_about(words, reply.asked):
        return ""
    # Short answers repeat themselves honestly; at their length two people are no template.
    enough = like >= (1 if len(words) >= 2 * _SHORTEST else 2)
    if len(words) >= _SHORTEST and enough:
        return f"nearly the same text went to {like} other {'person' if like == 1 else 'people'}"
    if own <= _OWN_WORDS and in_pieces >= _PIECES_FROM:
        return "nothing but sentences that fit everybody"
    return ""


def _is_about(words: Sequence[str], asked: str) -> bool:
    """
    Return whether a question is answered in its own words.

    Ten people who ask the same get the same honest answer: "Yes, we open on Easter Monday.", or
    "No, sorry, only in May."
    """
    if not _QUESTION.search(asked):
        return False
    if len(words) < 2 * _SHORTEST and words and words[0] in _YES_OR_NO:
        return True
    question = _WORD.findall(asked[:_MOST_CHARACTERS].casefold())
    theirs = {_stem(word) for word in question if _says_something(word)}
    ours = {_stem(word) for word in words if _says_something(word)}
    common = ours & theirs
    return len(common) >= 2 and len(common) >= 0.25 * len(ours)


_QUESTION = re.compile(r"[?¿？؟]")
_YES_OR_NO = frozenset(
    ("yes", "yep", "yeah", "no", "nope", "sí", "si", "oui", "non", "ja", "nein", "sim", "não", "sì")
)


def _says_something(word: str) -> bool:
    return len(word) >= 4 and word not in _COMMON


def _stem(word: str) -> str:
    return word[:5]


_COMMON_WORDS = """
that this with from have been were will would could should your yours they them their there
then than what when where which while about after before again also just only very much more
most some such into over under here please thank thanks hello dear team kind regards order
number
"""
_COMMON = frozenset(_COMMON_WORDS.split())
