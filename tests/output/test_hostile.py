"""Everything fetched is hostile: what a stranger writes arrives as plain characters everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mentionwatch.model.conversation import ConversationReport, ThreadEntry
from mentionwatch.model.items import Author
from mentionwatch.model.report import QueueReport, QueueRow
from mentionwatch.model.score import Reason
from mentionwatch.output import page, plain, records, table
from tests.output.samples import channel, conversation, report, row, summary
from tests.output.test_page import Page

EVIL = {
    "ansi": "a\x1b[31mred\x1b[2J\x9b5mb",
    "osc8": "a\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\b\x07",
    "title": "a\x1b]0;owned\x07b",
    "bidi": "a\u202egnp.exe\u202cb\u2066c\u2069\u200f\u061c",
    "c0": "a\x00\x08\x0b\x0c\r\x7f\x85b",
    "rich": "[bold red]x[/] [/] [link=https://evil.example]y[/link] :smile:",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>",
    "jinja": "{{ 7 * 7 }} {% raw %} {# x #}",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "markdown": "| a |\n# b\n![c](d)",
    "surrogate": "a\ud83d b",
    "closing": "</style></script></title>-->",
}
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def evil_row(text: str) -> QueueRow:
    """Return a row in which every foreign field says the same."""
    return row(
        channel=text,
        type=text,
        kind=text,
        author=Author(id=text, name=text, handle=text, url=text),
        title=text,
        text=text + " twice " + text,
        url="https://a.example/" + text,
        assignee=text,
        labels=(text,),
        hints=(text,),
        also_on=(text, text),
        on_duty=(text,),
        cause=text,
        rating=2.0,
        reasons=(Reason(rule="urgency.x", points=1, quote=text, why=text),),
    )


def evil_queue(text: str) -> QueueReport:
    broken = channel(text, type=text, status="failed", problem=text, hint=text, notes=(text,))
    return report(
        brand=text,
        channels=(broken, channel(text + "2", sees_own_replies=False)),
        rows=(evil_row(text),),
        summary=summary(open=1, later=1, complete=False),
        notices=(text,),
        hours_today=text,
        selection=text,
    )


def evil_conversation(text: str) -> ConversationReport:
    entry = ThreadEntry(
        role="us",
        at=row().published_at,
        author=text,
        text=text,
        url=text,
        kind=text,
        channel=text,
        marks=(text,),
        earlier_texts=(text,),
    )
    made = conversation()._replace(row=evil_row(text), earlier=(evil_row(text),), brand=text)
    return made._replace(thread=(entry, entry._replace(role="customer")), checklist=(text,))


def coloured(shown: Callable[..., str]) -> Callable[[Any], str]:
    return lambda report: shown(report, width=80, colour=False)


QUEUES: dict[str, Callable[[QueueReport], str]] = {
    "table": coloured(table.queue_table),
    "plain": plain.queue_plain,
    "json": records.queue_json,
    "ndjson": records.queue_ndjson,
    "csv": records.queue_csv,
    "html": page.queue_html,
    "markdown": page.queue_markdown,
}
CONVERSATIONS: dict[str, Callable[[ConversationReport], str]] = {
    "table": coloured(table.conversation_table),
    "plain": plain.conversation_plain,
    "json": records.conversation_json,
}


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("kind", QUEUES)
def test_no_control_character_leaves_in_a_queue(kind: str, evil: str) -> None:
    shown = QUEUES[kind](evil_queue(EVIL[evil]))
    assert not FORBIDDEN.search(shown)
    shown.encode("utf-8")


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_no_control_character_leaves_in_a_conversation(kind: str, evil: str) -> None:
    shown = CONVERSATIONS[kind](evil_conversation(EVIL[evil]))
    assert not FORBIDDEN.search(shown)
    shown.encode("utf-8")


@pytest.mark.parametrize("kind", ["table", "plain"])
def test_terminal_markup_is_printed_as_it_is(kind: str) -> None:
    shown = QUEUES[kind](report(rows=(row(text=EVIL["rich"]),)))
    assert "[bold red]x[/] [/] [link=https://evil.example]" in shown
    assert ":smile:" in shown


def test_only_our_own_colours_reach_the_terminal() -> None:
    shown = table.queue_table(evil_queue(EVIL["ansi"]), width=80, colour=True)
    codes = set(re.findall(r"\x1b[^m]*m", shown))
    assert codes <= {f"\x1b[{code}m" for code in ("0", "1", "2", "33", "1;31", "1;33")}
    assert not FORBIDDEN.search(re.sub(r"\x1b\[[0-9;]+m", "", shown))


@pytest.mark.parametrize("evil", ["html", "closing", "jinja", "rich"])
def test_html_shows_markup_as_text(evil: str) -> None:
    shown = Page(page.queue_html(evil_queue(EVIL[evil])))
    plain_tags = Page(page.queue_html(evil_queue("x"))).tags
    assert [tag for tag, _ in shown.tags] == [tag for tag, _ in plain_tags]
    assert [set(a) for _, a in shown.tags] == [set(a) for _, a in plain_tags]
    assert " ".join(EVIL[evil].split()) in shown.text


def test_csv_defuses_every_text_cell() -> None:
    for line in csv.DictReader(io.StringIO(records.queue_csv(evil_queue(EVIL["formula"])))):
        for name, cell in line.items():
            assert not cell.startswith("="), name


def test_csv_keeps_its_shape() -> None:
    for text in EVIL.values():
        lines = list(csv.reader(io.StringIO(records.queue_csv(evil_queue(text)))))
        assert {len(line) for line in lines} == {len(records.CSV_COLUMNS)}
        assert len(lines) == 4


def test_json_is_ascii_and_keeps_the_text() -> None:
    for text in EVIL.values():
        shown = records.queue_json(evil_queue(text))
        assert shown.isascii()
        json.loads(shown)
    bidi = json.loads(records.queue_json(evil_queue(EVIL["bidi"])))
    assert bidi["rows"][0]["title"].startswith("a\u202egnp.exe")
