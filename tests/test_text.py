from __future__ import annotations

import json
import re
import sqlite3
import sys
import unicodedata
from contextlib import closing
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.model import text
from mentionwatch.model.text import (
    LIMIT,
    clean,
    display_width,
    html_links,
    html_to_text,
    one_line,
    visible,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates included


class TestClean:
    @pytest.mark.slow
    @given(ANY_TEXT)
    def test_every_text_can_be_stored_and_printed_in_utf_8(self, text: str) -> None:
        cleaned = clean(text)
        with closing(sqlite3.connect(":memory:")) as connection:
            stored = connection.execute("SELECT ?, length(?)", (cleaned, cleaned)).fetchone()
        assert stored == (cleaned, len(cleaned))
        cleaned.encode()

    @pytest.mark.slow
    @given(ANY_TEXT)
    def test_cleaning_twice_changes_nothing(self, text: str) -> None:
        assert clean(clean(text)) == clean(text)

    @pytest.mark.slow
    @given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp"))))
    def test_what_people_write_stays(self, text: str) -> None:
        kept = unicodedata.normalize("NFC", text.replace("\ufeff", ""))
        assert clean(text) == kept.strip()

    def test_controls_go_and_newlines_are_one_kind(self) -> None:
        assert clean("a\x00b\x1b[31mc\r\nd\re\u2028f\tg\x7f") == "ab[31mc\nd\ne\nf\tg"

    def test_a_lone_surrogate_is_marked_and_a_pair_is_joined(self) -> None:
        assert clean("x\ud83dy") == "x\ufffdy"
        assert clean("\ud83d\ude00") == "😀"

    def test_mislabelled_quotes_are_repaired(self) -> None:
        assert clean("It\x92s \x93fine\x94\x85\x81") == "It’s “fine”…"

    def test_composed_letters(self) -> None:
        assert clean("Cafe\u0301") == "Café"

    def test_writing_direction_and_joined_emoji_stay_as_they_were(self) -> None:
        text = "שלום \u200fאקמה 👩\u200d🍳"
        assert clean(text) == text

    @pytest.mark.parametrize("length", [LIMIT + 1, 2 * LIMIT + 1, 10_000_000])
    def test_a_long_text_is_cut_and_says_so(self, length: int) -> None:
        cut = clean("é" * length)
        assert len(cut) == LIMIT
        assert cut.endswith("é… [cut at 50000 characters]")
        assert clean(cut) == cut

    def test_a_text_at_the_limit_is_whole(self) -> None:
        assert clean("x" * LIMIT) == "x" * LIMIT

    def test_heaps_of_combining_marks_take_no_time(self) -> None:
        started = process_time()
        cut = clean("Z" + "\u0301\u0323" * LIMIT + " algo")
        assert process_time() - started < 2  # 10 s without the limit
        assert len(cut) < 100


class TestVisible:
    @pytest.mark.parametrize(
        "code",
        [
            *(c for c in range(0x20) if c not in (0x09, 0x0A)),
            *range(0x7F, 0xA0),
            0x061C,
            0x200E,
            0x200F,
            *range(0x2028, 0x202F),
            *range(0x2066, 0x206A),
            0xFEFF,
            0xD800,
        ],
    )
    def test_no_control_or_bidi_character_passes(self, code: int) -> None:
        shown = visible(f"a{chr(code)}b")
        assert chr(code) not in shown
        assert shown[0] == "a"
        assert shown[-1] == "b"
        assert len(shown) > 2

    def test_an_escape_sequence_is_seen(self) -> None:
        assert visible("\x1b]8;;http://x\x07\u202e") == "␛]8;;http://x␇[U+202E]"

    def test_words_newlines_tabs_emoji_and_right_to_left_letters_pass(self) -> None:
        text = "a\n\tö 日本 אקמה 👩\u200d🍳 [bold]"
        assert visible(text) == text

    @pytest.mark.slow
    @given(ANY_TEXT)
    def test_whatever_comes_out_can_be_encoded(self, text: str) -> None:
        visible(text).encode()


class TestOneLine:
    def test_white_space_becomes_one_space(self) -> None:
        assert one_line("  a\n\n b\t c\r\n") == "a b c"

    @pytest.mark.parametrize(
        ("text", "width", "line"),
        [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("ab cdef", 4, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
            ("x", 1, "x"),
            ("xy", 1, "…"),
            ("日", 1, "…"),
        ],
    )
    def test_the_width_counts_columns(self, text: str, width: int, line: str) -> None:
        assert one_line(text, width) == line

    @pytest.mark.slow
    @given(ANY_TEXT, st.integers(1, 30))
    def test_a_line_is_never_wider_than_asked(self, text: str, width: int) -> None:
        line = one_line(text, width)
        assert display_width(line) <= width
        assert "\n" not in line


MASTODON_LINK = (
    '<p>see <a href="https://acme.example/menu/winter" rel="nofollow">'
    '<span class="invisible">https://</span><span class="ellipsis">acme.example/menu/win</span>'
    '<span class="invisible">ter</span></a></p>'
)


class TestHtml:
    @pytest.mark.parametrize(
        ("html", "text"),
        [
            ("plain", "plain"),
            ("<p>one</p><p>two</p>", "one\n\ntwo"),
            ("one<p>two<p>three", "one\n\ntwo\n\nthree"),
            ("a<br>b<br/>c<br><br>d", "a\nb\nc\n\nd"),
            ("<ul><li>one</li><li>two</li></ul>end", "- one\n- two\n\nend"),
            ("<ul><li><p>one</p></li><li><p>two</p></li></ul>", "- one\n\n- two"),
            ("a\n  b&nbsp; c", "a b c"),
            ("<div>a</div><div>b</div>", "a\nb"),
            ("the <b>Acme</b> <i>Cof</i>fee", "the Acme Coffee"),
            ("&lt;b&gt; AT&amp;T it&#x27;s &eacute;", "<b> AT&T it's é"),
            ("&amp;lt;", "&lt;"),
            ("1 < 2 and 3 > 2 <3", "1 < 2 and 3 > 2 <3"),
            ("<pre><code>a\n  b</code></pre>c", "a\n  b\n\nc"),
            ("<blockquote><p>you said</p></blockquote><p>no</p>", "> you said\n\nno"),
            ("<table><tr><td>Name</td><td>Bo</td></tr><tr><td>x</td></tr></table>", "Name Bo\nx"),
            ("a<!-- <p>b</p> -->c", "ac"),
            ("<!doctype html><html><head><title>t</title></head><body>x</body></html>", "x"),
            ("<style>p{}</style><script>if (a<b) {}</script>x", "x"),
            ("<SCRIPT>y</SCRIPT >x", "x"),
            ('<img class="emoji" alt="🎉"><img src="x" alt="pixel">', "🎉"),
            ('a <img alt="a > b"> b', "a b"),
            ("offer&#8204;&nbsp;&#8204;&nbsp;\u00ad\u200bnow", "offer now"),
        ],
    )
    def test_words_and_their_breaks(self, html: str, text: str) -> None:
        assert html_to_text(html) == text

    @pytest.mark.parametrize(
        ("html", "text"),
        [
            (MASTODON_LINK, "see https://acme.example/menu/winter"),
            (
                '<a href="https:&#x2F;&#x2F;acme.example&#x2F;long&#x2F;way" rel="nofollow">'
                "https:&#x2F;&#x2F;acme.example&#x2F;lo...</a>",
                "https://acme.example/long/way",
            ),
            ('<a href="https://www.acme.example/a/b">acme.example/a…</a>', None),
            ('<a href="https://acme.example/x">our menu</a>', "our menu"),
            ('<a href="https://acme.example/x">and so on...</a>', "and so on..."),
            ('<a href="https://evil.example/x">acme.example/...</a>', "acme.example/..."),
            ('<a href="javascript:x">jav...</a>', "jav..."),
            ('<a href="https://acme.example/x">…</a>', "…"),
            ('<a href="https://acme.example/x"><img src="y"></a>z', "z"),
            (
                '<a href="https://m.example/@acme" class="u-url mention">@<span>acme</span></a> hi',
                "@acme hi",
            ),
        ],
    )
    def test_a_link_cut_short_is_shown_in_full(self, html: str, text: str | None) -> None:
        assert html_to_text(html) == (text or "https://www.acme.example/a/b")

    def test_the_compatibility_line_of_a_quote_is_dropped(self) -> None:
        html = '<p class="quote-inline">RE: <a href="https://m.example/1">x</a></p><p>So true</p>'
        assert html_to_text(html) == "So true"

    def test_an_unclosed_style_does_not_swallow_the_text(self) -> None:
        assert "my order" in html_to_text("<style>p {color: red}<p>Where is my order?</p>")

    def test_an_unclosed_comment_does_not_swallow_the_text(self) -> None:
        assert html_to_text("<!-- oops <p>Hello</p>").endswith("Hello")

    def test_an_unclosed_dropped_element_does_not_swallow_the_text(self) -> None:
        assert "Hello" in html_to_text('<span class="quote-inline">Hello <b>there</b>')

    def test_links_are_found_once_and_only_web_ones(self) -> None:
        html = (
            '<a href="https://acme.example/?a=1&amp;b=2">x</a><a href=http://b.example>y</a>'
            "<a href='HTTPS://C.example/'>z</a><a href='javascript:alert(1)'>n</a>"
            '<a href="http://b.example">again</a><a name="x">n</a>'
        )
        assert html_links(html) == (
            "https://acme.example/?a=1&b=2",
            "http://b.example",
            "HTTPS://C.example/",
        )

    def test_huge_character_references_do_no_harm(self) -> None:
        assert html_to_text("a&#" + "9" * 5000 + ";b") == "a\ufffdb"

    @pytest.mark.slow
    def test_the_input_is_capped(self) -> None:
        assert len(html_to_text("x" * 2_000_000)) == 512 * 1024

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "piece",
        ["<", "<!--", "<a ", '<a x="', "<a b='<", "<a/", "</a ", "<?", "<style>", "<p>", "<a =",
         "<pre>\n", "<blockquote>", "&#9", '<a href="http://x">', "<li>", "<a \"><'"],
    )  # fmt: skip
    def test_the_time_grows_with_the_length_only(self, piece: str) -> None:
        started = process_time()
        html_to_text((piece * 512 * 1024)[: 512 * 1024])
        assert process_time() - started < 10  # half a second; quadratic would be hours

    @pytest.mark.slow
    @given(st.text(st.sampled_from("<>/!-=\"'& apstylebr#;\n…"), max_size=200))
    def test_no_markup_is_too_broken(self, html: str) -> None:
        html_to_text(html)
        html_links(html)


def test_json_of_a_visible_text_is_harmless() -> None:
    assert json.loads(json.dumps(visible("\u2028\x9b"))) == "[U+2028][U+009B]"


@pytest.mark.slow
def test_what_is_printable_holds_nothing_that_must_go_or_be_shown() -> None:
    """`clean` and `visible` leave printable texts alone; so none of those may be in their way."""
    patterns = (text._SURROGATE, text._C1, text._DROPPED, text._NEWLINES, text._UNSEEN)
    printable = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert [one for one in patterns if re.search(one, printable)] == []
