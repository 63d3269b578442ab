from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels._whatsapp_export import UnknownOrder, order_of, parse_lines
from mentionwatch.channels.whatsapp import WhatsApp, chat_name
from mentionwatch.errors import SourceUnreadable
from mentionwatch.model.items import Mention, Page, Reply
from tests.channels.contract import (
    QUERY,
    BlockingContract,
    check_pages,
    collect_blocking,
    ids,
    items,
    recorded,
    resumed,
)

ANDROID = recorded("whatsapp", "android.txt")
IPHONE = recorded("whatsapp", "iphone.txt")
WEBHOOK = recorded("whatsapp", "webhook.jsonl")


def channel_of(path: Path, **changes: Any) -> WhatsApp:
    usual = WhatsApp(path=path, me=("Acme Coffee",), tz="Europe/London", settle=0.0)
    return replace(usual, **changes)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(text: str = ANDROID, name: str = "WhatsApp Chat with Lena.txt") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return written


def read(path: Path, **changes: Any) -> list[Page]:
    pages = collect_blocking(channel_of(path, **changes))
    check_pages(pages)
    return pages


def told(pages: list[Page]) -> list[str]:
    return [one for page in pages for one in page.warnings]


def mentions(pages: list[Page]) -> list[Mention]:
    return [one for one in items(pages) if isinstance(one, Mention)]


def replies(pages: list[Page]) -> list[Reply]:
    return [one for one in items(pages) if isinstance(one, Reply)]


class TestContract(BlockingContract):
    @pytest.fixture
    def channel(self, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr("mentionwatch.channels.file.PAGE", 2)
        return channel_of(write())

    def test_mentions_are_valid(self, channel: Any) -> None:
        pages = collect_blocking(channel)
        check_pages(pages)
        assert len(pages) > 3 and len(ids(pages)) == 8


class TestStoredContract(BlockingContract):
    expected = ("wamid.1", "wamid.2", "wamid.3", "wamid.4", "wamid.5", "wamid.9/sent")

    @pytest.fixture
    def channel(self, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr("mentionwatch.channels.file.PAGE", 1)
        return channel_of(write(WEBHOOK, "hook.jsonl"))


# --- exported chats --------------------------------------------------------------------------


def test_android_chat(write: Callable[..., Path]) -> None:
    pages = read(write())
    first, photo, file, *_ = mentions(pages)
    assert first.text == "Is my order ready?\nIt was for nine."
    assert (first.author.name, first.thread_id) == ("Lena", "Lena")
    assert first.private and first.addressed
    assert first.published == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert (photo.text, photo.media) == ("", 1)
    assert (file.text, file.media) == ("the receipt", 1)
    (answer,) = replies(pages)
    assert (answer.text, answer.thread_id) == ("In ten minutes, Lena.", "Lena")
    assert not told(pages)


def test_same_words_in_the_same_minute_are_two(write: Callable[..., Path]) -> None:
    thanks = [one for one in mentions(read(write())) if one.text == "ok"]
    assert len({one.external_id for one in thanks}) == 2


def test_notes_and_deleted_messages_are_nothing(write: Callable[..., Path]) -> None:
    texts = " ".join(one.text for one in mentions(read(write())))
    assert "encrypted" not in texts and "deleted" not in texts and "voice call" not in texts


def test_iphone_chat_with_its_marks(write: Callable[..., Path]) -> None:
    pages = read(write(IPHONE, "_chat.txt"), me=("Acme Coffee", "Acme"))
    first, photo = mentions(pages)
    assert first.text == "Ist meine Bestellung da: ja?"
    assert first.published == datetime(2026, 11, 20, 21, 12, 43, tzinfo=UTC)
    assert first.url == "https://wa.me/447700900123"
    assert (photo.text, photo.media) == ("[Bild weggelassen]", 1)
    assert [one.text for one in replies(pages)] == ["Ja, komm vorbei!"]


def test_chat_out_of_an_archive(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = tmp_path / "WhatsApp Chat - Lena.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_chat.txt", ANDROID)
    assert ids(read(path)) == ids(read(write()))


def test_later_export_adds_only_what_is_new(write: Callable[..., Path]) -> None:
    path = write()
    first = read(path)
    more = write(ANDROID + "21/11/2026, 06:00 - Lena: Hello?\n", "WhatsApp Chat with Lena (1).txt")
    second = read(more)
    assert len(ids(second) - ids(first)) == 1 and ids(first) <= ids(second)


def test_unchanged_chat_is_not_read_again(write: Callable[..., Path]) -> None:
    path = write()
    first = read(path)
    again = collect_blocking(channel_of(path), resumed(QUERY, first))
    assert not items(again)
    path.write_text(ANDROID + "21/11/2026, 06:00 - Lena: Hello?\n", "utf-8")
    os.utime(path, ns=(1, 1))
    assert items(collect_blocking(channel_of(path), resumed(QUERY, first)))


def test_folder_of_chats(write: Callable[..., Path]) -> None:
    folder = write().parent
    write(ANDROID.replace("Lena", "Tom"), "WhatsApp Chat with Tom.txt")
    write("not a chat", "notes.md")
    assert {one.thread_id for one in mentions(read(folder))} == {"Lena", "Tom"}


def test_name_that_nobody_bears_is_said(write: Callable[..., Path]) -> None:
    pages = read(write(), me=("Brand",))
    assert "There are: Acme Coffee, Lena" in told(pages)[0]
    assert not replies(pages)


# --- dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "order", "expected"),
    [
        ("20/11/2026, 09:12 - A: x", "dmy", datetime(2026, 11, 20, 9, 12)),
        ("11/20/26, 9:12 PM - A: x", "mdy", datetime(2026, 11, 20, 21, 12)),
        ("11/20/26, 12:05\u202fam - A: x", "mdy", datetime(2026, 11, 20, 0, 5)),
        ("2026-11-20, 09:12 - A: x", "ymd", datetime(2026, 11, 20, 9, 12)),
        ("\u200e[20.11.26, 09:12:43] A: x", "dmy", datetime(2026, 11, 20, 9, 12, 43)),
        ("20.11.2026 um 09:12 - A: x", "dmy", datetime(2026, 11, 20, 9, 12)),
        ("20. 11. 2026 9:12 - A: x", "dmy", datetime(2026, 11, 20, 9, 12)),
    ],
)  # fmt: skip
def test_dates_of_many_countries(line: str, order: str, expected: datetime) -> None:
    from mentionwatch.channels._whatsapp_export import when

    (found,) = parse_lines([line])
    assert order_of([found]) == order
    assert when(found, order) == expected


def test_day_and_month_are_never_guessed(write: Callable[..., Path]) -> None:
    path = write("03/04/2026, 09:12 - Lena: Hello?\n")
    with pytest.raises(UnknownOrder):
        order_of(parse_lines([path.read_text("utf-8")]))
    with pytest.raises(SourceUnreadable) as caught:
        read(path)
    assert "date_order" in caught.value.hint
    (one,) = mentions(read(path, date_order="dmy"))
    assert one.published == datetime(2026, 4, 3, 8, 12, tzinfo=UTC)  # summer time


def test_date_that_is_none_is_one_bad_line(write: Callable[..., Path]) -> None:
    path = write("31/02/2026, 09:12 - Lena: x\n28/02/2026, 09:12 - Lena: y\n")
    pages = read(path)
    assert [one.text for one in mentions(pages)] == ["y"]
    assert "line 1" in told(pages)[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("WhatsApp Chat with Lena M..txt", "Lena M."),
        ("WhatsApp Chat - Lena (2).zip", "Lena"),
        ("WhatsApp Chat mit Lena.txt", "Lena"),
    ],
)
def test_chats_have_names(name: str, expected: str) -> None:
    assert chat_name(Path(name)) == expected


# --- stored webhooks -------------------------------------------------------------------------


def test_stored_bodies(write: Callable[..., Path]) -> None:
    pages = read(write(WEBHOOK, "hook.jsonl"))
    by_id = {one.external_id: one for one in items(pages)}
    asked, photo, hidden = by_id["wamid.1"], by_id["wamid.2"], by_id["wamid.5"]
    assert isinstance(asked, Mention) and isinstance(photo, Mention) and isinstance(hidden, Mention)
    assert (asked.text, asked.author.name) == ("Is my order ready?", "Lena Example")
    assert (asked.author.id, asked.thread_id) == ("447700900123", "447700900123")
    assert asked.url == "https://wa.me/447700900123" and asked.private
    assert asked.published == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert (photo.text, photo.media) == ("the lid", 1)
    assert (hidden.author.id, hidden.author.name, hidden.url) == ("GB.abc", "Tom Example", "")
    echo, sent = by_id["wamid.3"], by_id["wamid.9/sent"]
    assert isinstance(echo, Reply) and isinstance(sent, Reply)
    assert (echo.thread_id, echo.certainty) == ("447700900123", "sure")
    assert sent.certainty == "likely"


def test_spool_is_read_on_where_it_ended(write: Callable[..., Path]) -> None:
    path = write(WEBHOOK, "hook.jsonl")
    first = read(path)
    body = json.loads(WEBHOOK.splitlines()[0])
    body["entry"][0]["changes"][0]["value"]["messages"][0]["id"] = "wamid.77"
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(body) + "\n" + '{"entry": [')
    second = collect_blocking(channel_of(path), resumed(QUERY, first))
    assert ids(second) == {"wamid.77"}
    assert "next run" in told(second)[0]


# --- mistakes --------------------------------------------------------------------------------


def test_other_files_are_refused(tmp_path: Path, write: Callable[..., Path]) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        read(write("Dear diary\n", "diary.txt"))
    assert "no exported WhatsApp chat" in caught.value.message
    broken = tmp_path / "x.zip"
    broken.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(SourceUnreadable):
        read(broken)
    with pytest.raises(SourceUnreadable):
        read(tmp_path / "gone.txt")
    assert "is empty" in told(read(write("", "empty.txt")))[0]


def test_settings_are_checked(tmp_path: Path) -> None:
    wrong = channel_of(tmp_path / "x.txt", me=(), tz="Mars/Base")
    assert [key for key, _ in wrong.problems()] == ["me", "tz"]
    assert not list(channel_of(tmp_path / "x.jsonl", me=()).problems())
