"""
The forms in which a term is written, each made into a pattern over folded text.

A word ends where a letter or digit of a script with spaces does not follow. Chinese, Japanese
hiragana and kanji, Korean, Thai, Lao, Khmer and Burmese are written without spaces (or with endings
attached), so there every place is a border; katakana words end where the katakana do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from mentionwatch.core.folding import fold

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3040-\u309f"
    "\u3100-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
_INDIC_MARKS = "\u0900-\u0963\u0966-\u0dff"  # vowel signs are no letters to Python
_LETTER = rf"[^\W_{_SPACELESS}{_KATAKANA}]"

# Prepositions and articles that Hebrew and Arabic write together with the word.
_PREFIXES = (
    (re.compile("[\u05d0-\u05ea]"), "[\u05d5\u05d4\u05d1\u05dc\u05db\u05de\u05e9]{0,3}"),
    (re.compile("[\u0621-\u064a]"), "[\u0648\u0641]?[\u0628\u0643\u0644]?(?:\u0627?\u0644)?"),
)
_UMLAUTS = {"ä": "(?:a|ae)", "ö": "(?:o|oe)", "ü": "(?:u|ue)"}
_SEPARATOR = re.compile(r"(\s+(?:[&+]|and)\s+|\s+|_+|(?<=\w)[-‐‑](?=\w))", re.IGNORECASE)
# Parts of addresses that are nobody's name.
_GENERIC = frozenset(
    {"blog", "care", "com", "contact", "hello", "help", "hi", "info", "mail", "office", "sales"}
    | {"service", "shop", "support", "team", "www"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """
    One term. ``regex`` runs on folded text that contains ``anchor``, literal letters of the term.

    ``plain``: a word or phrase, to which context applies; ``joined`` is it without its spaces, and
    ``tag`` that as a handle or hashtag.
    """

    term: str
    regex: re.Pattern[str]
    anchor: str
    plain: bool = False
    joined: str = ""
    tag: re.Pattern[str] | None = None


def phrase(term: str, *, plural: bool = False) -> Pattern:
    """
    Return the pattern of a word, phrase, @handle or #hashtag.

    Args:
        term: As it was configured.
        plural: Also with "s" or "es", as is right for context words.

    Raises:
        ValueError: It holds no letter or digit.
    """
    written = unicodedata.normalize("NFC", term.strip())
    if not any(character.isalnum() for character in written):
        raise ValueError(f"{term[:80]!r} holds no letter or digit")
    if written.startswith("@"):
        return _literal(term, fold(written), before=r"(?<![\w@+-])(?<!\w\.)", after=_HANDLE_ENDS)
    if written.startswith(("#", "＃")):
        return _literal(term, fold(written), before=r"(?<![\w&#])", after=r"(?!\w)")
    return _plain(term, written, plural=plural)


_HANDLE_ENDS = r"(?!\w|[.-]\w)"
_HOST_ENDS = r"(?![\w-]|\.\w)"


def _literal(term: str, folded: str, *, before: str, after: str) -> Pattern:
    return Pattern(term=term, regex=re.compile(before + re.escape(folded) + after), anchor=folded)


def _plain(term: str, written: str, *, plural: bool) -> Pattern:
    pieces = _SEPARATOR.split(written)
    words, separators = pieces[::2], pieces[1::2]
    body, anchors = _spelled(words[0])
    for separator, word in zip(separators, words[1:], strict=True):
        pattern, literals = _spelled(word)
        body += _between(separator) + pattern
        anchors += literals
    folded = fold(written)
    joined = re.sub(r"\W|_", "", folded)
    ending = ("(?:e?s)?" if plural else "s?" if separators else "") * _is_latin(folded[-1])
    regex = _begun(folded[0], body, anchors[0]) + ending + _right(folded[-1])
    tag = rf"[#@]{re.escape(joined)}(?<![\w&#@].{re.escape(joined)})(?!\w)"
    return Pattern(
        term=term,
        regex=re.compile(regex),
        anchor=max(anchors, key=len, default=""),
        plain=True,
        joined=joined,
        tag=re.compile(tag) if separators else None,
    )


def _between(separator: str) -> str:
    """Return what may stand between two words, by what stands there in the term."""
    if separator in "-‐‑":
        return r"[\s_-]{0,4}"
    if re.fullmatch(r"[\s_]+", separator):
        return r"[\s_-]{1,4}"
    return r"(?:\s{0,2}[&+]\s{0,2}|[\s_-]{1,4}and[\s_-]{1,4})"


def _spelled(word: str) -> tuple[str, list[str]]:
    """Return a word's pattern, and the stretches of it that are always written the same."""
    pattern = ""
    literals = [""]
    for character in word:
        folded = fold(character)
        if character.lower() in _UMLAUTS:
            pattern += _UMLAUTS[character.lower()]
            literals.append("")
        elif folded == "'":
            pattern += "'?"
            literals.append("")
        else:
            pattern += re.escape(folded)
            literals[-1] += folded
    return pattern, literals


def _begun(first: str, body: str, literal: str) -> str:
    """
    Return the body of a pattern with the condition that a word begins there.

    The condition stands behind the letters that come first (*literal*): with letters to look for, a
    search is several times as fast as with a condition to try at every place.
    """
    prefix = next((prefix for script, prefix in _PREFIXES if script.match(first)), "")
    letters = "" if prefix else re.escape(literal)
    conditions = "".join(f"(?<!{before}{letters})" for before in _not_before(first))
    return letters + conditions + prefix + body.removeprefix(letters)


def _not_before(first: str) -> tuple[str, ...]:
    if re.match(f"[{_INDIC_MARKS}]", first):
        return (_LETTER, f"[{_INDIC_MARKS}]")
    if not first.isalnum() or re.match(f"[{_SPACELESS}]", first):
        return ()
    if re.match(f"[{_KATAKANA}]", first):
        return (f"[{_KATAKANA}]",)
    return (_LETTER, f"{_LETTER}_")


def _right(last: str) -> str:
    if not (last.isalnum() or re.match(f"[{_INDIC_MARKS}]", last)) or re.match(
        f"[{_SPACELESS}]", last
    ):
        return ""
    if re.match(f"[{_KATAKANA}]", last):
        return f"(?![{_KATAKANA}])"
    if re.match(f"[{_INDIC_MARKS}]", last):
        return f"(?!_?{_LETTER})(?![{_INDIC_MARKS}])"
    return f"(?!_?{_LETTER})"


def _is_latin(character: str) -> bool:
    return "a" <= character <= "z"


def domain(name: str) -> tuple[Pattern, ...]:
    """Return the patterns of a domain as it stands in a text: the name, and its encoded form."""
    return tuple(
        _literal(name, form, before=r"(?<![\w-])", after=_HOST_ENDS)
        for form in dict.fromkeys((fold(name), punycode(name)))
    )


def punycode(name: str) -> str:
    """Return a domain as it stands in links."""
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def account(written: str) -> Pattern | None:
    """Return the pattern of an account of ours; None for a bare id, which no text would name."""
    folded = fold(written.strip())
    if folded.startswith("@") and len(folded) > 1:
        return phrase(written)
    if "://" in folded:
        place = re.sub(r"^[a-z]+://(?:www\.)?", "", folded).rstrip("/")
        return _literal(written, place, before=r"(?<![\w-])", after=r"(?![\w-]|\.\w)")
    if re.fullmatch(r"[^@\s]+@[^@\s]+", folded):
        return _literal(written, folded, before=r"(?<![\w.+-])", after=_HOST_ENDS)
    return None


def brand_words(
    terms: Iterable[str], domains: Iterable[str], accounts: Iterable[str]
) -> frozenset[str]:
    """Return the lower-case words of names, handles and domains, as written and as folded."""
    found: set[str] = set()
    terms = tuple(terms)
    for term in terms:
        if term.startswith("@"):
            continue
        for form in (unicodedata.normalize("NFC", term).lower(), fold(term)):
            words = [each for each in re.findall(r"[^\W_]+", form) if _is_name(each)]
            found |= {*words, re.sub(r"\W|_", "", form)}
    for name in domains:
        found.add(_longest_label(name))
    for written in (*accounts, *(term for term in terms if term.startswith("@"))):
        user, _, host = written.strip().lower().removeprefix("@").partition("@")
        if "://" in user:
            user, host = user.rstrip("/").rpartition("/")[2].removeprefix("@"), ""
        found |= {user} if user.isidentifier() and user not in _GENERIC else set()
        if not written.startswith("@") and host:
            found.add(_longest_label(host))
    return frozenset(found - {""})


def _is_name(word: str) -> bool:
    return len(word) > 2 or not word.isascii()


def _longest_label(name: str) -> str:
    labels = [label for label in name.lower().split(".")[:-1] if label not in _GENERIC]
    return max(labels, key=len, default="")
