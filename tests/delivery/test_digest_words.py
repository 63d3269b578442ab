"""What the digest says and how it looks: hostile texts, 500 rows, a phone's mail program."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.delivery.conftest import digest_to
from tests.delivery.mailbox import Mailbox
from tests.delivery.samples import HOSTILE
from tests.shop import ROOT, Shop

pytestmark = pytest.mark.slow

GMAIL_CUTS_AT = 102_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


class Seen(HTMLParser):
    """The words of a page outside of its head, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._head = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._head = self._head or tag == "head"

    def handle_endtag(self, tag: str) -> None:
        self._head = self._head and tag != "head"

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._head:
            self.words.append(" ".join(data.split()))


@pytest.fixture
def hostile(tmp_path: Path, mailbox: Mailbox) -> Shop:
    shop = Shop(tmp_path, more=digest_to(mailbox.port))
    for name, text in HOSTILE.items():
        shop.records(
            "facebook",
            {"id": name, "author_id": name, "author": f"{text[:40]}", "text": f"Help! {text}",
             "url": "javascript:alert(1)", "title": text, "at": "08:00"},
        )  # fmt: skip
    return shop


def test_hostile_texts_arrive_as_plain_characters(hostile: Shop, mailbox: Mailbox) -> None:
    hostile.run("digest", "--sync", "--send", at="14:00")
    (mail,) = mailbox.mails
    message = mail.message
    assert mail.recipients == ["owner@acme.example"]
    assert message["Bcc"] is None
    assert message.get_all("Subject") == [f"{len(HOSTILE)} replies overdue – Acme Coffee"]
    page = Seen(mail.html)
    allowed = {"html", "head", "meta", "title", "body", "table", "tr", "td", "b", "br", "span", "a"}
    assert {tag for tag, _ in page.tags} <= allowed
    assert [attrs for tag, attrs in page.tags if tag == "a"] == []  # no safe address among them
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    words = " ".join(page.words)
    for part in (mail.text, words):
        assert '<script>alert("x")</script>' in part
        assert "{{ 7*7 }}" in part
        assert "=HYPERLINK(" in part
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", part)
        assert "[31mred" in part
        assert "[U+202E]gnp.exe" in part


def test_no_line_of_a_customer_begins_at_the_margin(hostile: Shop, mailbox: Mailbox) -> None:
    hostile.run("digest", "--sync", "--send", at="14:00")
    lines = mailbox.mails[0].text.splitlines()
    assert not [line for line in lines if line.startswith(("Bcc:", "Subject:", "QUIT", "."))]


def test_the_first_words_are_the_summary(shop: Shop) -> None:
    page = Seen(shop.run("digest", "--sync", "--format", "html", at="11:00").out)
    assert page.words[0] == "1 overdue, 0 due soon, 0 later."
    text = shop.run("digest", at="11:00").out
    assert text.startswith("1 overdue, 0 due soon, 0 later.")


def test_private_words_stay_out_unless_asked_for(tmp_path: Path, mailbox: Mailbox) -> None:
    shop = Shop(tmp_path, more=digest_to(mailbox.port))
    shop.records("inbox", {"id": "1", "author_id": "a", "author": "Ana", "private": True,
                           "title": "Invoice 77", "text": "My secret allergy, please help?",
                           "at": "08:00"})  # fmt: skip
    for format_ in ("text", "html", "json", "eml"):
        out = shop.run("digest", "--sync", "--format", format_, at="14:00").out
        assert "Ana" in out
        assert "secret allergy" not in out
        assert "Invoice 77" not in out
    shop.more = digest_to(mailbox.port, more="private_text = true")
    assert "secret allergy" in shop.run("digest", at="14:00").out


@pytest.fixture
def crowd(tmp_path: Path) -> Shop:
    """Five hundred people who wait, each with a long story."""
    shop = Shop(tmp_path, more='[digest]\nto = ["a@acme.example"]\nsendmail = ["/bin/true"]\n')
    story = "Where is my order & why <does> nobody answer? " * 30
    shop.records(
        "facebook",
        *(
            {"id": f"p{n}", "author_id": f"a{n}", "author": f"Customer {n}",
             "text": f"{n}: {story}", "url": f"https://social.example/{n}?{'x' * 300}",
             "at": "08:00"}
            for n in range(500)
        ),
    )  # fmt: skip
    return shop


@pytest.mark.parametrize("items", [50, 500])
def test_five_hundred_rows_are_counted_and_fit(crowd: Shop, items: int) -> None:
    crowd.more = crowd.more.replace("sendmail", f"items = {items}\nsendmail")
    page = crowd.run("digest", "--sync", "--format", "html", at="11:00").out
    assert len(page.encode()) < GMAIL_CUTS_AT
    seen = Seen(page)
    assert seen.words[0] == "500 overdue, 0 due soon, 0 later."
    rows = sum(word.startswith("OVERDUE, ") for word in seen.words)
    assert 30 <= rows <= items
    assert any(
        word.startswith(f"{500 - rows} more overdue, not spelled out") for word in seen.words
    )
    assert any("OVERDUE (500" in word for word in seen.words)


def test_a_text_is_cut_and_an_address_is_not(crowd: Shop) -> None:
    text = crowd.run("digest", "--sync", at="11:00").out
    assert max(len(line) for line in text.splitlines() if "http" not in line) < 330
    assert f"https://social.example/1?{'x' * 300}\n" in text


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this computer")
@pytest.mark.parametrize("width", [390, 800])
def test_a_phone_needs_no_sideways_scrolling(crowd: Shop, tmp_path: Path, width: int) -> None:
    crowd.records(
        "facebook",
        {"id": "long", "author_id": "L" * 200, "author": "N" * 200,
         "text": "My son is allergic, we are in hospital! " + "W" * 2000,
         "url": "https://social.example/long", "at": "07:00"},
    )  # fmt: skip
    page = crowd.run("digest", "--sync", "--format", "html", at="11:00").out
    assert "W" * 200 in page
    # The width of the window itself cannot be set below 500 in headless mode: a frame can.
    inside = tmp_path / "mail.html"
    inside.write_text(page)
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id=f width={width} height=800 src="mail.html" style="border:0"></iframe>'
        "<script>f.onload=()=>{const d=f.contentDocument.documentElement;"
        "document.title=d.scrollWidth+' '+d.clientWidth}</script>"
    )
    out = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu",
         "--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom",
         frame.as_uri()],
        capture_output=True, text=True, timeout=55, check=True,
    ).stdout  # fmt: skip
    measured = re.search(r"<title>(\d+) (\d+)</title>", out)
    assert measured, out[:500]
    assert int(measured[2]) >= width - 20
    assert int(measured[1]) <= int(measured[2])


def test_nothing_is_asked_of_the_network(shop: Shop) -> None:
    page = Seen(shop.run("digest", "--sync", "--format", "html", at="11:00").out)
    assert not {"script", "img", "link", "iframe", "form", "style"} & {tag for tag, _ in page.tags}
    for _, attrs in page.tags:
        assert not {"src", "background", "srcset"} & set(attrs)
        assert "url(" not in (attrs.get("style") or "")


def schema(name: str) -> dict[str, object]:
    return json.loads((ROOT / "docs" / name).read_text())


def test_the_json_is_as_documented(shop: Shop) -> None:
    shop.channel("yelp")
    found = shop.run("digest", "--sync", "--json", at="11:00").json
    queue = schema("queue.schema.json")
    registry = Registry().with_resource("queue.schema.json", Resource.from_contents(queue))
    Draft202012Validator(schema("digest.schema.json"), registry=registry).validate(found)
    assert found["queue"]["summary"]["complete"] is False
    assert found["week"] == {"answered": 0, "met": 0, "late": 1, "attainment": 0.0,
                             "median_first_reply_seconds": None}  # fmt: skip


def test_the_mail_looks_as_agreed(shop: Shop, snapshot) -> None:
    shop.channel("yelp")
    shop.records(
        "facebook",
        {"id": "p0", "author_id": "tom", "author": "Tom", "text": "Is the oat milk back?",
         "at": "06:00", "replied": True, "answered": "06:20"},
        {"id": "p2", "author_id": "ann", "author": "Ann", "text": "Lovely cake!", "rating": 5,
         "url": "https://social.example/p2", "at": "10:40"},
    )  # fmt: skip
    text = shop.run("digest", "--sync", at="11:00").out.replace(str(shop.folder), "/shop")
    snapshot(text, "tests/delivery/snapshots/digest.txt")
    page = shop.run("digest", "--format", "html", at="11:00").out
    snapshot(page.replace(str(shop.folder), "/shop"), "tests/delivery/snapshots/digest.html")
