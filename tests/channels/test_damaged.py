"""
Damaged files, records, exports and mails; answers over HTTP are damaged by the contract.

Every key dropped, every value of another type, in the middle of what is well: what is damaged is
read, named, or refused with the error of a channel, and no other item is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BUILTIN
from mentionwatch.channels.exec import Exec
from mentionwatch.channels.file import File
from mentionwatch.channels.tiktok import TikTok
from mentionwatch.channels.whatsapp import WhatsApp
from mentionwatch.errors import ChannelError
from mentionwatch.model.items import Mention, Page
from tests.channels.checks import check_item, check_pages
from tests.channels.contract import QUERY, recorded
from tests.channels.damage import damages
from tests.channels.mails import DATA, read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

HERE = Path(__file__).parent
# Those whose answers are no HTTP: they are damaged in this file.
OTHERS = ("email", "exec", "file", "tiktok", "whatsapp")
# All that a record may hold.
FULL: dict[str, Any] = {
    "type": "mention", "id": "full", "text": "Where is it?", "title": "Order", "lang": "en",
    "url": "https://a.example/1", "author": "Dana", "author_id": "dana", "author_bot": False,
    "author_url": "https://a.example/dana", "author_handle": "@dana", "followers": 12,
    "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:05:00Z",
    "delivered_at": "2026-11-20T10:00:01Z", "replied": True, "replied_at": "2026-11-20T11:00:00Z",
    "reply_text": "Today.", "thread_id": "t", "parent_id": "p", "to": "acme", "kind": "comment",
    "rating": 2, "rating_max": 5, "private": False, "addressed": True, "automatic": False,
    "certainty": 0.9, "channel": "page", "channel_type": "facebook", "article": "a",
    "publisher": "b", "media": 1, "likes": 3, "shares": 1, "replies": 2, "views": 10,
    "status": "open", "tags": ["a"], "raw": {"a": [1]}, "is_own": False, "repost": False,
}  # fmt: skip
GOOD = [{"id": name, "author_id": name, "text": "Hello?", "created_at": "2026-11-20T10:00:00Z"}
        for name in ("before", "after")]  # fmt: skip


def test_each_type_of_channel_is_damaged() -> None:
    for kind in BUILTIN:
        by_contract = "ChannelContract)" in (HERE / f"test_{kind}.py").read_text("utf-8")
        assert by_contract is not (kind in OTHERS), kind


def pages_of(channel: Any, where: str) -> list[Page]:
    """Return what a channel reads of a damaged source; only a channel's own error is allowed."""
    session = channel.connect(30)
    pages: list[Page] = []
    try:
        pages.extend(session.pages(QUERY))
    except ChannelError as error:
        assert error.message, where
    finally:
        session.close()
    check_pages(pages, recorded_as_it_is=False)
    return pages


def among_good_ones(*, every: bool) -> Iterator[tuple[str, bytes]]:
    for where, damaged in damages(FULL, every=every):
        records = [GOOD[0], damaged, GOOD[1]]
        yield where, "".join(json.dumps(one) + "\n" for one in records).encode()


def kept(pages: list[Page]) -> set[str]:
    return {item.external_id for page in pages for item in page.items}


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "page.ndjson"
    for where, data in among_good_ones(every=True):
        path.write_bytes(data)
        assert kept(pages_of(File(path=path, settle=0.0), where)) >= {"before", "after"}, where


def test_a_program(tmp_path: Path) -> None:
    path = tmp_path / "said"
    for where, data in among_good_ones(every=False):
        path.write_bytes(data)
        channel = Exec(command=("cat", str(path)))
        assert kept(pages_of(channel, where)) >= {"before", "after"}, where


def test_an_export_of_tiktok(tmp_path: Path) -> None:
    path = tmp_path / "user_data_tiktok.json"
    whole = recorded("tiktok", "export.json")
    for where, damaged in damages(whole, every=True):
        path.write_text(json.dumps(damaged), "utf-8")
        pages_of(TikTok(path=path), where)


def test_stored_messages_of_whatsapp(tmp_path: Path) -> None:
    path = tmp_path / "hook.jsonl"
    lines = [json.loads(line) for line in recorded("whatsapp", "webhook.jsonl").splitlines()]
    channel = WhatsApp(path=path, me=("Acme Coffee",), tz="Europe/London", settle=0.0)
    whole = lines_in(path, lines, channel)
    seen: set[Any] = set()
    for place, line in enumerate(lines):
        rest = lines_in(path, lines[:place] + lines[place + 1 :], channel)
        for where, damaged in damages(line, seen=seen, every=True):
            found = lines_in(path, [*lines[:place], damaged, *lines[place + 1 :]], channel, where)
            assert found >= rest & whole, f"line {place}: {where}"


def lines_in(path: Path, lines: list[Any], channel: Any, where: str = "") -> set[str]:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return kept(pages_of(channel, where))


@pytest.mark.parametrize("name", ["android.txt", "iphone.txt"])
def test_an_exported_chat(tmp_path: Path, name: str) -> None:
    path = tmp_path / "WhatsApp Chat with Lena.txt"
    text = recorded("whatsapp", name)
    channel = WhatsApp(path=path, me=("Acme Coffee",), tz="Europe/London", settle=0.0)
    for where, damaged in damages(text):
        path.write_text(damaged, "utf-8")
        pages_of(channel, where)
    for number, piece in enumerate(re.findall(r"\[?\d+/\d+/\d+,[^A-Za-z]*|: |\n", text)):
        for strange in ("", "\0", "9" * 30, "٣"):
            path.write_text(text.replace(piece, strange, 1), "utf-8")
            pages_of(channel, f"piece {number}")


HEADER = re.compile(rb"(?m)^[A-Za-z][\w-]*:.*(?:\r?\n[ \t].*)*\r?\n")
STRANGE_HEADERS = (
    b"", b"\0", b"=?utf-8?q?=ZZ?= =?no?x?=", b"\xff\xfe", b"<" * 500, b"a" * 5000, b"-1", b",;,:",
    b"Fri, 99 Nov 99999 99:99:99 +9999", b'multipart/mixed; boundary=""', b"text/plain; charset=x",
)  # fmt: skip


@pytest.mark.parametrize("path", sorted(DATA.glob("*.eml")), ids=lambda path: path.stem)
def test_a_mail(path: Path) -> None:
    """Each header dropped, and replaced; the mail cut anywhere."""
    whole = path.read_bytes()
    variants = [whole[: len(whole) * part // 20] for part in range(20)]
    for match in HEADER.finditer(whole):
        before, after = whole[: match.start()], whole[match.end() :]
        name = match[0].partition(b":")[0]
        variants += [before + after, whole[: match.end()] + match[0] + after]
        variants += [before + name + b": " + value + b"\r\n" + after for value in STRANGE_HEADERS]
    for number, variant in enumerate(variants):
        item = read(variant)
        if item is not None:
            check_item(item, recorded_as_it_is=False)
            assert not isinstance(item, Mention) or item.external_id, number
