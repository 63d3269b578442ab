"""
HTML from posts, comments and mails, read for its words.

The tokens are found here and not by ``html.parser``: before its repairs of 2025 that takes
quadratic time on broken markup (16 KB of "<a " four seconds on Python 3.11.7), and anybody may
send us some. Every pattern below stops at the next "<", so the time is linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

INPUT_LIMIT = 512 * 1024
"""Characters of HTML that are looked at."""

_LINKS_LIMIT = 500
_QUOTE_DEPTH = 5

_TOKEN = re.compile(
    r"""<!--|<[!?][^<>]*>|<(?P<end>/?)(?P<name>[a-zA-Z][\w:-]*+)"""
    r"""(?P<attrs>(?:[^<>"']|"[^"<]*"|'[^'<]*')*+|[^<>]*)>"""
)
_ATTRIBUTE = re.compile(
    r"""(?P<name>[^\s=/"'<>]++)(?:\s*+=\s*+(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'<>]++)))?"""
)
_SPACES = re.compile(r"\s+")
_PADDING = re.compile("[\u200b\ufeff\u034f\u00ad]|[\u200c\u200d]+(?=\\s|$)")
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")
_BLANK_LINES = re.compile(r"\n{3,}")
_ANY_TAG = re.compile(r"<[^<>]*>")

_UNREAD = frozenset({"script", "style", "head", "title", "template"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "blockquote"})
_BLOCKS = frozenset(
    {"div", "tr", "table", "section", "article", "header", "footer", "hr", "dl", "dt", "dd", "form"}
)
_CELLS = frozenset({"td", "th"})


def html_to_text(html: str) -> str:
    """
    Return the words of a piece of HTML.

    A paragraph ends in a blank line, ``<br>`` in a newline, a list item begins with "- ", a quoted
    line with "> ". A link is shown by its words, or by its address where the words are an address
    cut short. Scripts, styles and comments go, and so does the paragraph "RE: <link>" that Mastodon
    adds to quotes. Where a broken page leaves nothing, every tag is stripped instead.
    """
    html = html[:INPUT_LIMIT]
    reader = _Reader()
    for token in _tokens(html):
        reader.take(token)
    return reader.text() or _words(_ANY_TAG.sub(" ", html)).strip()


def html_links(html: str) -> tuple[str, ...]:
    """Return the http and https addresses to which a piece of HTML links, each once, in order."""
    found: dict[str, None] = {}
    for token in _tokens(html[:INPUT_LIMIT]):
        if isinstance(token, re.Match) and token["name"].lower() == "a":
            href = _attributes(token).get("href", "").strip()
            if _is_web(href) and len(found) < _LINKS_LIMIT:
                found[href] = None
    return tuple(found)


def _tokens(html: str) -> Iterator[str | re.Match[str]]:
    """Yield runs of text (still with their entities) and the tags between them."""
    lowered = html.lower() if html.isascii() else _ascii_lower(html)
    position = 0
    missing: set[str] = set()  # an end that was not found once is not looked for again
    while match := _TOKEN.search(html, position):
        if match.start() > position:
            yield html[position : match.start()]
        position = match.end()
        name = (match["name"] or "").lower()
        if match[0] == "<!--":
            closing = "-->"
        elif name in _UNREAD and not match["end"]:
            closing = f"</{name}"
        else:
            if name:
                yield match
            continue
        end = -1 if closing in missing else lowered.find(closing, position)
        if end < 0:
            missing.add(closing)
        else:
            position = end + (3 if closing == "-->" else 0)
    if position < len(html):
        yield html[position:]


def _ascii_lower(text: str) -> str:
    # str.lower may change the length ("İ"); positions must stay what they are.
    return text.translate({code: code + 32 for code in range(65, 91)})


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag["attrs"]):
        value = match["a"] or match["b"] or match["c"] or ""
        found.setdefault(match["name"].lower(), _unescape(value))
    return found


def _unescape(text: str) -> str:
    # A reference of thousands of digits would exceed Python's limit for integers and raise.
    return unescape(_LONG_REFERENCE.sub("\ufffd", text))


def _words(text: str) -> str:
    return _SPACES.sub(" ", _PADDING.sub("", _unescape(text)))


def _is_web(href: str) -> bool:
    return href[:8].lower().startswith(("http://", "https://"))


class _Reader:
    """Collects lines of text from tokens."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.literal = 0  # depth of <pre>
        self.dropping = ""  # the element that is passed over until it ends
        self.link: tuple[str, int, int] | None = None  # address, line, part at which it began
        self.cut_link = False

    def take(self, token: str | re.Match[str]) -> None:
        if isinstance(token, str):
            if not self.dropping:
                self._take_text(token)
            return
        name = token["name"].lower()
        if self.dropping:
            ends = name == self.dropping or (self.dropping == "p" and name in _PARAGRAPHS)
            if not ends:
                return
            self.dropping = ""
        if token["end"]:
            self._close(name)
        else:
            self._open(name, token)

    def text(self) -> str:
        self._end_line()
        return _BLANK_LINES.sub("\n\n", "\n".join(self.lines)).strip()

    def _take_text(self, raw: str) -> None:
        if not self.literal:
            self.line.append(_words(raw))
            return
        first, *others = _unescape(raw).replace("\r\n", "\n").split("\n")
        self.line.append(first)
        for part in others:
            self._end_line(always=True)
            self.line.append(part)

    def _open(self, name: str, tag: re.Match[str]) -> None:
        if name in ("p", "span", "div", "a", "img"):
            self._open_with_attributes(name, _attributes(tag))
        if name == "br":
            self._end_line(always=True)
        elif name == "li":
            self._end_line()
            self.line.append("- ")
        elif name in _CELLS:
            self.line.append(" ")
        self._boundary(name)
        if name == "pre":
            self.literal += 1
        elif name == "blockquote":
            self.quotes += 1

    def _open_with_attributes(self, name: str, attributes: dict[str, str]) -> None:
        classes = attributes.get("class", "").split()
        if "quote-inline" in classes:
            self.dropping = name
        elif name == "a":
            self.link = (attributes.get("href", "").strip(), len(self.lines), len(self.line))
            self.cut_link = False
        elif name == "img" and any("emoji" in word for word in classes):
            self.line.append(attributes.get("alt", ""))
        elif "ellipsis" in classes:
            self.cut_link = True

    def _close(self, name: str) -> None:
        if name == "a":
            self._close_link()
        self._boundary(name)
        if name == "pre":
            self.literal = max(0, self.literal - 1)
        elif name == "blockquote":
            self.quotes = max(0, self.quotes - 1)

    def _close_link(self) -> None:
        if self.link is None:
            return
        (href, line, part), self.link = self.link, None
        if line != len(self.lines) or not _is_web(href):
            return
        shown = "".join(self.line[part:]).strip()
        if shown and (self.cut_link or _is_cut_off(shown, href)):
            self.line[part:] = [href]

    def _boundary(self, name: str) -> None:
        if self.line == ["- "]:  # <li><p>: the paragraph belongs to its item
            return
        if name in _PARAGRAPHS:
            self._end_line()
            if self.lines and self.lines[-1]:
                self.lines.append("")
        elif name in _BLOCKS:
            self._end_line()

    def _end_line(self, *, always: bool = False) -> None:
        text = "".join(self.line)
        text = text.rstrip() if self.literal else _SPACES.sub(" ", text).strip()
        if text or always:
            self.lines.append("> " * min(self.quotes, _QUOTE_DEPTH) + text)
        self.line.clear()


def _is_cut_off(shown: str, href: str) -> bool:
    """Tell whether the words of a link are the beginning of its address."""
    words = _bare(shown)
    stem = words.rstrip("….")
    return bool(stem) and stem != words and _bare(href).startswith(stem)


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?|^www\.", "", address, flags=re.IGNORECASE)
