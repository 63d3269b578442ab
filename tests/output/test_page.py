from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from mentionwatch.errors import ExportError
from mentionwatch.output.page import (
    escape_markdown,
    queue_html,
    queue_markdown,
    render_template,
)
from tests.output.samples import ANA, DANA, YUKI, busy, calm, report, row

Snapshot = Callable[[str, str], None]
VOID = {"meta", "input", "br", "link", "img", "hr"}


class Page(HTMLParser):
    """Collects tags and checks that each is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_page_looks_as_agreed(snapshot: Snapshot) -> None:
    snapshot(queue_html(busy()), "tests/output/snapshots/queue.html")


def test_markdown_looks_as_agreed(snapshot: Snapshot) -> None:
    snapshot(queue_markdown(busy()), "tests/output/snapshots/queue.md")


def test_page_asks_nothing_of_the_network() -> None:
    page = Page(queue_html(busy()))
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "audio", "video")
        assert "src" not in attributes
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in queue_html(busy())
    assert "@import" not in queue_html(busy())


def test_nothing_but_the_named_style_and_script_may_run() -> None:
    html = queue_html(busy())
    policy = next(a["content"] for tag, a in Page(html).tags if "Content-Security-Policy" in str(a))
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in str(policy)
    assert str(policy).startswith("default-src 'none'")


def test_links_are_web_addresses_that_tell_nobody_where_they_stand() -> None:
    links = [a for tag, a in Page(queue_html(busy())).tags if tag == "a"]
    assert len(links) == 4
    for link in links:
        assert str(link["href"]).startswith("https://")
        assert {"noopener", "noreferrer"} <= set(str(link["rel"]).split())


@pytest.mark.slow
def test_the_page_works_without_its_script() -> None:
    html = re.sub(r"<script>.*?</script>", "", queue_html(busy()), flags=re.DOTALL)
    page = Page(html)
    assert ("form", {"id": "tools", "hidden": None}) in page.tags
    assert "Still no reply??" in page.text
    assert not [a for tag, a in page.tags if tag == "li" and "hidden" in a]


def test_headings_and_fields_are_named_for_those_who_do_not_see() -> None:
    page = Page(queue_html(busy()))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    fields = [tag for tag, _ in page.tags if tag in ("input", "select")]
    assert len(fields) == len([tag for tag, _ in page.tags if tag == "label"])
    assert ("span", {"class": "stars", "role": "img", "aria-label": "1 of 5 stars"}) in page.tags
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_a_very_long_text_is_folded_and_complete() -> None:
    text = "word " * 5000 + "end"
    page = Page(queue_html(report(rows=(row(text=text),))))
    assert "details" in [tag for tag, _ in page.tags]
    assert page.text.count("word") == 5000


def test_the_page_of_an_empty_queue_says_so() -> None:
    assert "Nothing is waiting. 3 channels read at 06:00." in Page(queue_html(calm())).text


@pytest.mark.parametrize("render", [queue_html, queue_markdown])
def test_private_texts_stay_out_where_the_page_is_shared(render: Callable[..., str]) -> None:
    assert "配送状況" in render(report(rows=(YUKI,)))
    shared = render(report(rows=(YUKI,)), private_text=False)
    assert "配送状況" not in shared
    assert "4711" not in shared
    assert "private" in shared


HOSTILE_MARKDOWN = [
    "# heading",
    "head\n===",
    "head\n---",
    "[link](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "<https://evil.example>",
    "<script>alert(1)</script>",
    "<b onclick=x>",
    "| a | b |\n| --- | --- |\n| c | d |",
    "```\ncode\n```",
    "~~~\ncode\n~~~",
    "    indented code",
    "\tindented code",
    "* item\n- item\n+ item",
    "1. item\n2) item",
    "> quote",
    "**bold** _it_ ~~gone~~ `code`",
    "&lt;b&gt; &#60;i&#62;",
    "[a]: https://evil.example\n\n[a]",
    "***\n___",
    "ends with a backslash\\",
    "line\r\nother\n\n\n# far",
    "paragraph\n\n    indented code\n\n\tmore code",
]


@pytest.mark.parametrize("text", HOSTILE_MARKDOWN)
def test_a_mention_has_no_markup_in_markdown(text: str) -> None:
    render = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
    plain = render(queue_markdown(report(rows=(row(text="x", url=""),))))
    hostile = render(queue_markdown(report(rows=(row(text=text, url=""),))))
    tags = [re.findall(r"<(\w+)", html) for html in (plain, hostile)]
    extra = [tag for tag in tags[1] if tag not in ("br", "p")]
    assert extra == [tag for tag in tags[0] if tag not in ("br", "p")]


def test_what_looks_like_an_entity_stays_what_it_is() -> None:
    assert MarkdownIt("commonmark").render(escape_markdown("&lt;b &#60;")) == (
        "<p>&amp;lt;b &amp;#60;</p>\n"
    )


@pytest.mark.parametrize("field", ["title", "name", "handle", "channel", "hint", "why"])
def test_no_other_field_has_markup_in_markdown_either(field: str) -> None:
    evil = "[x](https://evil.example)\n# h\n| a |\n<b>"
    hostile = {
        "title": ANA._replace(title=evil),
        "name": ANA._replace(author=replace(ANA.author, name=evil)),
        "handle": ANA._replace(author=replace(ANA.author, handle=evil)),
        "channel": ANA._replace(channel=evil),
        "hint": ANA._replace(hints=(evil,)),
        "why": ANA._replace(reasons=(ANA.reasons[0]._replace(why=evil),)),
    }[field]
    html = MarkdownIt("commonmark").enable("table").render(queue_markdown(report(rows=(hostile,))))
    assert "evil.example" in html.replace("\u200b", "")
    assert re.findall(r'href="([^"]*)"', html) == ["https://maps.example/review/44"]
    assert "<b>" not in html


@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "www.evil.example", "me@evil.example", "hi @everyone"]
)
def test_renderers_that_link_bare_addresses_find_none(text: str) -> None:
    shown = MarkdownIt("commonmark").render(escape_markdown(text))
    assert not re.search(r"https?://|www\.|@\w", shown)
    assert shown.replace("\u200b", "") == f"<p>{text}</p>\n"


def test_a_url_cannot_leave_its_markdown_link() -> None:
    shown = report(rows=(ANA._replace(url="https://a.example/x>)[y](https://evil.example)"),))
    html = MarkdownIt("commonmark").render(queue_markdown(shown))
    assert re.findall(r'href="https://([^/"]*)', html) == ["a.example"]


def test_a_template_of_the_owner_gets_the_documented_words() -> None:
    source = (
        "{{ brand }}: {{ summary.overdue }} ({{ completeness }})\n"
        "{% for row in rows %}{{ row.id }} {{ row.waiting_since | when }} "
        "{{ row.overdue_seconds | late }}\n{% endfor %}"
    )
    shown = render_template(source, busy())
    assert shown.startswith("Acme Coffee: 2 (Not complete: inbox could not be read;")
    assert "41 Thu 17:02 5 h late" in shown


def test_the_template_of_the_documentation_works() -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs" / "output.md").read_text("utf-8")
    (source,) = re.findall(r"```jinja\n(.*?)```", docs, re.DOTALL)
    page = Page(render_template(source, busy()))
    assert "5 h late: Dana Reyes on facebook (" in page.text
    assert "Not complete: inbox" in page.text


def test_a_template_escapes_what_it_prints() -> None:
    evil = report(rows=(DANA._replace(text="<script>alert(1)</script>\x1b[31m"),))
    shown = render_template("{% for row in rows %}{{ row.text }}{% endfor %}", evil)
    assert "<script>" not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("a\n{% for %}", 2, "Expected"),
        ("a\nb\n{{ nonsense }}", 3, "'nonsense' is undefined"),
        ("\n{{ rows[0].wait }}", 2, "no attribute 'wait'"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("\n\n{{ brand.__class__.__mro__ }}", 3, "unsafe"),
        ("{{ ''.__class__ }}", 1, "unsafe"),
        ("{{ rows.append(1) }}", 1, "unsafe"),
        ("{% include '/etc/passwd' %}", 1, "no loader"),
        ("{{ brand | nope }}", 1, "nope"),
        ("{{ 'x' | when }}", 1, "isoformat"),
        ("{% for i in range(10000000) %}{% endfor %}", 1, "Range too big"),
    ],
)
def test_a_wrong_template_names_its_line(source: str, line: int, what: str) -> None:
    with pytest.raises(ExportError) as caught:
        render_template(source, busy(), name="my.html")
    assert caught.value.message.startswith(f"my.html:{line}: ")
    assert what in caught.value.message
    assert caught.value.hint


def test_a_template_sees_private_texts_only_when_asked() -> None:
    source = "{% for row in rows %}{{ row.text }}{% endfor %}"
    assert "配送状況" not in render_template(source, report(rows=(YUKI,)), private_text=False)
