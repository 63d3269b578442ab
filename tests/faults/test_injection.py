"""What people write, and what is typed, is data: nothing of it is run, interpreted or obeyed."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import os
import re
import sqlite3
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import time_machine

from mentionwatch.errors import ExitCode
from tests.shop import ROOT, Result, Shop, when

pytestmark = pytest.mark.slow

EVIL = {
    "terminal": "a\x1b[31mred\x1b[2J\x9b5mb\x1b]0;owned\x07\x1bP+q\x1b\\\x05\x0e",
    "link": "a\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\b",
    "lines": "one\rtwo\x0bthree\x85four\u2028five",
    "bidi": "a\u202egnp.exe\u202cb\u2066c\u2069\u200f\u061c",
    "rich": "[bold red]x[/] [/] [link=https://evil.example]y[/link] :smile:",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b onclick=x>",
    "closing": "</style></script></title>-->]]></textarea>",
    "attribute": "\" onmouseover=\"alert(1)\" x=\"' onfocus='alert(1)",
    "markdown": "| a |\n# b\n![c](javascript:alert(1)) [d](data:x) `e` <f>",
    "jinja": "{{ 7 * 7 }} {% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "format": "{0} {mention.text} %s %(x)s ${HOME} $(id) `id`",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "formula in full width": "＝1+1",
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab formula": "\t=1+1",
    "header": "x\r\nBcc: everybody@evil.example\r\n\r\nhello",
    "sql": "'); DROP TABLE mention; --",
    "everybody": "@everyone @here <!channel> <@U1> @room",
    "surrogate": "a\ud83d b",
}  # fmt: skip
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"[\s\u3000]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
QUEUES = ("plain", "table", "json", "ndjson", "csv", "html", "markdown")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def hostile(shop: Shop, text: str) -> None:
    """A mention of which every field says the same, and a channel of that name, too."""
    shop.records(
        "facebook",
        {"id": text, "author_id": text, "author": text, "author_handle": text, "text": text + " ?",
         "title": text, "url": "https://a.example/" + text, "kind": "comment", "at": "08:00",
         "author_url": "javascript:alert(1)"},
        {"id": "2", "author_id": "b", "text": f"Where is it? {text}", "at": "08:01",
         "url": "javascript:alert(document.cookie)"},
    )  # fmt: skip
    shop.more = '[digest]\nto = ["owner@acme.example"]\nsendmail = ["/bin/true"]\n'


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def assert_harmless_page(text: str, own: set[str]) -> None:
    """Only tags that stand in the page of a harmless text, too; links only to the web."""
    page = Tags(text)
    assert set(page.tags) <= own
    for name, value in page.attributes:
        assert not name.startswith("on"), name
        if name in ("href", "src", "action"):
            assert (value or "").startswith(("https://", "http://", "#", "mailto:")), value


@pytest.mark.parametrize("evil", EVIL)
def test_what_people_write_arrives_as_plain_characters(
    shop: Shop, tmp_path: Path, evil: str
) -> None:
    hostile(shop, EVIL[evil])
    synced = shop.run("sync", at="08:10")
    assert synced.code == ExitCode.OK, synced.err
    outputs = {"sync": synced}
    for format_ in QUEUES:
        outputs[format_] = shop.run("queue", "--all", "--format", format_, at="10:00")
    for words in ("show 1 --format plain", "show 1 --format table", "show 1 --json", "explain 1",
                  "search where", "status", "digest", "digest --format html", "doctor", "report",
                  "digest --format json", "digest --format eml", "db export"):  # fmt: skip
        outputs[words] = shop.run(*words.split(), at="10:00")
    for words in (("note", "1", EVIL[evil]), ("label", "1", "x"), ("search", EVIL[evil] + " x")):
        outputs[str(words)] = shop.run(*words, at="10:00")
    outputs["show again"] = shop.run("show", "1", at="10:00")
    for name, result in outputs.items():
        assert result.code in (ExitCode.OK, ExitCode.INCOMPLETE, ExitCode.USAGE), (name, result.err)
        assert "Traceback" not in result.err
        assert not CONTROLS.search(result.out + result.err), name
        (result.out + result.err).encode()
    plain = Shop(tmp_path / "plain")
    plain.folder.mkdir()
    hostile(plain, "x")
    plain.run("sync", at="08:10")
    for words in ("queue --all --format html", "digest --format html"):
        own = set(Tags(plain.run(*words.split(), at="10:00").out).tags)
        assert "a" in own
        assert_harmless_page(outputs[words.removeprefix("queue --all --format ")].out, own)
    assert_plain_mail(outputs["digest --format eml"], own)
    for row in csv.DictReader(io.StringIO(outputs["csv"].out)):
        for name, cell in row.items():
            assert not FORMULA.match(cell or "") or _is_number(cell), (name, cell)
    with shop.sql() as connection:
        assert connection.execute("SELECT count(*) FROM mention").fetchone()[0] == 2


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9.]+", cell))


def assert_plain_mail(result: Result, own: set[str]) -> None:
    mail = email.message_from_string(result.out, policy=email.policy.default)
    assert mail["To"] == "owner@acme.example"
    assert mail["Bcc"] is None
    assert not mail.defects
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    assert_harmless_page(mail.get_body(("html",)).get_content(), own)


# --- what is typed --------------------------------------------------------------------------------

TYPED = (
    "'", '"', "''", "\"'\"", "' OR 1=1 --", "'; DROP TABLE mention; --", "%", "_", "\\",
    "*", "a*", "^a", "-a", "NEAR(a b)", "a AND", "OR", "NOT", "a NOT b", "text:a", "{text} : a",
    "(", ")", '"unfinished', "c++", "a:b", "author:'", "author:% state:any", "label:'--",
    "id:1;2", "id:9999999999999999999999", "older:99999999999d", "rating:>1e999", "\ud800",
    "channel:*", "id:²", "9" * 30, "1-" + "9" * 30,
    "x" * 50_000, " ".join("a" * 2000), "\x1b[31m", "{}", "[", "😀",
)  # fmt: skip


@pytest.mark.parametrize("words", TYPED, ids=lambda words: ascii(words)[:20])
def test_words_that_are_looked_for_are_no_syntax(shop: Shop, words: str) -> None:
    shop.records(
        "facebook", {"id": "1", "author_id": "a", "text": "Where is my c++ book?", "at": "08:00"}
    )
    shop.run("sync", at="08:10")
    for command in (("search",), ("queue",), ("queue", "--all"), ("done", "--dry-run"), ("show",),
                    ("forget", "--yes"), ("note", "1"), ("label", "1"), ("assign",),
                    ("explain", "--text"), ("hours",), ("snooze", "1", "--until"),
                    ("sync",)):  # fmt: skip
        result = shop.run(*command, words, at="08:20")
        assert result.code in (ExitCode.OK, ExitCode.USAGE, ExitCode.INCOMPLETE), (command, result)
        assert "nobody foresaw" not in result.err
        assert "Traceback" not in result.err
        assert "syntax error" not in result.err
        assert "\x1b" not in result.out + result.err
    with shop.sql() as connection:
        assert connection.execute("SELECT count(*) FROM mention").fetchone()[0] == 1


def test_quotes_and_signs_are_found_as_words(shop: Shop) -> None:
    texts = ("Where is my c++ book?", 'Is "NOT" OR -1 a name?', "I'd like it's:colon (please)?")
    for number, text in enumerate(texts):
        shop.records(
            "facebook", {"id": str(number), "author_id": str(number), "text": text, "at": "08:00"}
        )
    shop.run("sync", at="08:10")
    for words, text in (("c++ book", texts[0]), ('"NOT"', texts[1]), ("OR", texts[1]),
                        ("it's", texts[2]), ("(please)", texts[2])):  # fmt: skip
        rows = shop.run("search", "--json", words, at="08:20").rows
        assert [row["text"] for row in rows] == [text], words


# --- files, addresses, programs, templates --------------------------------------------------------

NAMES = ("-rf", "--output", "a b", "quote'\"", "line\nbreak", "\x1b[31mred", "\u202egnp", "%s",
         "$(touch pwned)", ";touch pwned", "file:x?mode=ro", "a" * 200, "ünï", "#x?y=z",
         "\udcff")  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_a_file_name_is_a_name(
    shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of a database, an output and a backup: that file is made and no other, nothing is run."""
    monkeypatch.chdir(tmp_path)
    shop.records("facebook", {"id": "1", "author_id": "a", "text": "When?", "at": "08:00"})
    folder = tmp_path / "odd"
    folder.mkdir()
    db, page, copy = (f"{folder / name}{end}" for end in (".db", ".html", ".bak"))
    for suffix, words in (
        (".db", ("sync", f"--db={db}")),
        (".html", ("queue", f"--db={db}", "--format", "html", f"--output={page}")),
        (".bak", ("db", "backup", f"--db={db}", copy)),
    ):
        result = shop.run(*words, at="08:10")
        assert result.code == ExitCode.OK, result.err
        assert not CONTROLS.search(result.out + result.err)
        assert (folder / f"{name}{suffix}").stat().st_mode & 0o077 == 0
    made = {os.fsdecode(path.name) for path in folder.iterdir()}
    assert made <= {
        f"{name}{end}" for end in (".db", ".db-wal", ".db-shm", ".db.lock", ".html", ".bak")
    }
    assert not list(tmp_path.rglob("pwned"))
    with sqlite3.connect(folder / f"{name}.bak") as connection:
        assert connection.execute("SELECT count(*) FROM mention").fetchone() == (1,)


def test_a_name_that_is_none(shop: Shop) -> None:
    shop.records("facebook", {"id": "1", "author_id": "a", "text": "When?", "at": "08:00"})
    for words in (("sync", "--db", "a" * 5000), ("queue", "--output", "a" * 5000),
                  ("db", "backup", "a" * 5000), ("import", "a" * 5000)):  # fmt: skip
        result = shop.run(*words, at="08:10")
        assert result.code in (ExitCode.USAGE, ExitCode.IO, ExitCode.INCOMPLETE), result
        assert "nobody foresaw" not in result.err
        assert "Traceback" not in result.err


ADDRESSES = {
    "javascript:alert(1)": False,
    "JaVaScRiPt:alert(1)": False,
    " javascript:alert(1)": False,
    "data:text/html,<script>x</script>": False,
    "file:///etc/passwd": False,
    "-incognito": False,
    "--app=https://evil.example": False,
    "vbscript:x": False,
    "//evil.example": False,
    "http:evil.example": False,
    "https://": False,
    "https://a.example/\nx": None,
    "https://a.example/\"'<>`": None,
    "https://a.example/ok?x=1#y": True,
    "http://a.example/$(id);id|id&id": None,
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_only_web_addresses_are_opened(
    shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None: it may be opened, with all that is odd about it percent-encoded."""
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    shop.records(
        "facebook", {"id": "1", "author_id": "a", "text": "When?", "url": url, "at": "08:00"}
    )
    shop.run("sync", at="08:10")
    result = shop.run("open", "1", at="08:20")
    if ADDRESSES[url] is False:
        assert opened == []
        assert result.code == ExitCode.USAGE
    for address in opened:
        assert re.fullmatch(r"https?://a\.example/[^\s\"'<>`\x00-\x1f]*", address)
    if ADDRESSES[url]:
        assert opened == [url]
    for format_ in ("html", "markdown"):
        shown = shop.run("queue", "--format", format_, at="08:20").out
        if ADDRESSES[url] is False:
            assert f'href="{url}' not in shown
            assert f"]({url}" not in shown


TEMPLATES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('touch pwned').read() }}",
    "{{ rows.__class__ }}",
    "{{ ''.format.__globals__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends '/etc/passwd' %}",
    "{{ lipsum.__globals__['os'].popen('touch pwned') }}",
    "{% for a in range(10 ** 9) %}{% endfor %}",
    "{{ undefined.attribute }}",
    "{% if",
    "{{ 1 / 0 }}",
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_reaches_nothing_but_the_queue(
    shop: Shop, template: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shop.records("facebook", {"id": "1", "author_id": "a", "text": "When?", "at": "08:00"})
    shop.run("sync", at="08:10")
    path = tmp_path / "own.html"
    path.write_text(template)
    result = shop.run("queue", "--template", str(path), at="08:20")
    assert "Traceback" not in result.err
    assert "nobody foresaw" not in result.err
    assert "root:" not in result.out
    assert "<class" not in result.out
    assert "module" not in result.out
    assert not (tmp_path / "pwned").exists()
    assert result.code in (ExitCode.OK, ExitCode.USAGE, ExitCode.IO)


def test_programs_of_the_config_get_no_shell(shop: Shop, tmp_path: Path) -> None:
    """Signs that a shell would run arrive as they are."""
    odd = ["$(touch pwned)", "; touch pwned", "`id`", "a b", "*", "&& touch pwned"]
    script = tmp_path / "say.py"
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        'print(json.dumps({"id": "1", "author_id": "a", "text": "When? " + repr(sys.argv[1:])}))\n'
    )
    script.chmod(0o700)
    shop.more = f'[channels.own]\ntype = "exec"\ncommand = {json.dumps([str(script), *odd])}\n'
    (row,) = shop.queue("08:10")
    assert row["text"] == f"When? {odd!r}"
    assert not list(tmp_path.rglob("pwned"))
    assert not (ROOT / "pwned").exists()


def test_times_that_are_typed(shop: Shop) -> None:
    shop.records("facebook", {"id": "1", "author_id": "a", "text": "When?", "at": "08:00"})
    shop.run("sync", at="08:10")
    with time_machine.travel(when("08:20"), tick=False):
        for time in ("", "0h", "-1h", "99999999999h", "9999-12-31 23:59", "0001-01-01", "25:00",
                     "tomorrow tomorrow", "2026-02-30", "1e9h", "\u0663h", "NaN",
                     "9999999d"):  # fmt: skip
            for words in (("snooze", "1", f"--until={time}"), ("add", "x", f"--at={time}"),
                          ("done", "1", "--replied", f"--at={time}")):  # fmt: skip
                result = shop.run(*words, at="08:20")
                assert result.code in (ExitCode.OK, ExitCode.USAGE), (words, result.err)
                assert "nobody foresaw" not in result.err
