"""
Foreign text: made fit to store, to print, and to read without its HTML.

Three steps that never mix. `clean` runs once, before a text is stored: what SQLite, JSON or UTF-8
cannot hold goes, everything else stays. `visible` runs on the way out, so that nothing a stranger
wrote can move the cursor or turn the writing direction. `html_to_text` turns markup into words.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 50_000
"""Characters of a stored text; longer ones end in a mark that says so."""

_MARKS_IN_A_ROW = 30  # the "stream-safe" limit of UAX #15

# Texts, not compiled patterns: most of what is written and read holds none of these.
_NEWLINES = "\r\n?|[\u2028\u2029]"
_SURROGATE = "[\ud800-\udfff]"
_DROPPED = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufdd0-\ufdef\ufffe\uffff]"
_C1 = "[\x80-\x9f]"
# Only a run of these can hold combining marks, so ordinary text is not looked at one by one.
_MARK_RUN = r"[^\w\s\x00-\u02ff]{31,}"

# Everything that a terminal obeys or that turns the writing direction, but newline and tab.
_UNSEEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str, limit: int = LIMIT) -> str:
    """
    Return a text as it is stored: NFC, one kind of newline, no controls, a bounded length.

    Lone surrogates become U+FFFD, C1 controls the Windows-1252 characters that were meant, other
    controls go. Cleaning twice changes nothing. *limit* (100 or more) is in characters and includes
    the mark that says what was cut off.
    """
    shortened = len(text) > 2 * limit
    text = text[: 2 * limit]
    if not _is_plain(text):
        text = _without_controls(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", re.sub(_MARK_RUN, _fewer_marks, text))
    text = text.strip()
    if shortened or len(text) > limit:
        mark = f"… [cut at {limit} characters]"
        text = text[: limit - len(mark)].rstrip() + mark
    return text


def _is_plain(text: str) -> bool:
    """Return whether a text holds letters, signs, blanks and newlines only: most do."""
    return text.replace("\n", "").isprintable()


def _without_controls(text: str) -> str:
    if re.search(_SURROGATE, text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = re.sub(_C1, _windows_1252, text)
    return re.sub(_DROPPED, "", re.sub(_NEWLINES, "\n", text))


def _windows_1252(match: re.Match[str]) -> str:
    # C1 controls in a text are curly quotes and dashes whose encoding was mislabelled; HTML reads
    # character references in this range the same way.
    return match[0].encode("latin-1").decode("cp1252", "ignore")


def _fewer_marks(match: re.Match[str]) -> str:
    # Normalising sorts each run of combining marks in quadratic time: 80,000 of them take 7 s.
    kept = []
    marks = 0
    for character in match[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


def visible(text: str) -> str:
    """
    Return a text in which control and bidi characters can be seen and do nothing.

    C0 controls become their pictures (ESC: U+241B), the rest ``[U+202E]``: no sign that means
    something in HTML, where this is done last. Newline and tab stay.
    """
    return text if _is_plain(text) else re.sub(_UNSEEN, _shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"[U+{code:04X}]"


def one_line(text: str, width: int | None = None) -> str:
    """
    Return a text on one line, safe to print, cut with "…" where it is longer than *width*.

    The width is in terminal columns, at least 1: CJK and emoji take two. None: all of it.
    """
    line = visible(" ".join(text.split()))
    if width is None or display_width(line) <= width:
        return line
    used = 0
    for index, character in enumerate(line):
        used += _columns(character)
        if used > width - 1:
            return line[:index].rstrip() + "…"
    return line


def display_width(text: str) -> int:
    """Return the terminal columns that a line takes; a close guess for joined emoji."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def html_to_text(html: str) -> str:
    """Return the words of a piece of HTML; paragraphs, line breaks, lists and quotes are kept."""
    from mentionwatch.model.markup import html_to_text as convert

    return convert(html)


def html_links(html: str) -> tuple[str, ...]:
    """Return the http and https addresses to which a piece of HTML links, each once."""
    from mentionwatch.model.markup import html_links as collect

    return collect(html)
