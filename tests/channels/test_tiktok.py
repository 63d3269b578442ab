"""The data export of TikTok: ZIP and JSON, older and newer names, damaged files."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BlockingChannel, load, tiktok
from mentionwatch.channels._tiktok_export import moment_of
from mentionwatch.channels.tiktok import TikTok
from mentionwatch.errors import SourceUnreadable, TimedOut, TooLarge
from mentionwatch.model.items import Mention, OwnPost, Page, Reply
from tests.channels.contract import (
    QUERY,
    BlockingContract,
    collect_blocking,
    ids,
    items,
    mentions,
    recorded,
    replies,
    resumed,
)


def export() -> dict[str, Any]:
    found: dict[str, Any] = recorded("tiktok", "export.json")
    return found


def written(folder: Path, payload: Any, name: str = "user_data_tiktok.json") -> Path:
    path = folder / name
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload), "utf-8")
    return path


def zipped(folder: Path, payload: Any, member: str = "TikTok/user_data_tiktok.json") -> Path:
    path = folder / "TikTok_Data_1795160000.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("TikTok/readme.txt", "hello")
        archive.writestr(member, json.dumps(payload))
    return path


def by_words(pages: Iterable[Page]) -> dict[str, Any]:
    return {item.text: item for item in items(pages)}


@pytest.fixture
def known(tmp_path: Path) -> TikTok:
    return TikTok(path=written(tmp_path, export()))


class TestContract(BlockingContract):
    @pytest.fixture
    def channel(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr(tiktok, "PAGE", 3)
        channel = TikTok(path=written(tmp_path, export()))
        type(self).expected = ids(collect_blocking(channel))
        assert len(self.expected) == 10
        return channel


def test_it_is_a_channel_that_blocks(known: TikTok) -> None:
    assert isinstance(known, BlockingChannel)
    assert load("tiktok") is TikTok


def test_messages_wait_in_private(known: TikTok) -> None:
    question = by_words(collect_blocking(known))["Is the oat roast vegan?"]
    assert isinstance(question, Mention)
    assert (question.private, question.addressed, question.kind) == (True, True, "message")
    assert question.author.handle == "lena.example"
    assert question.author.url == "https://www.tiktok.com/@lena.example"
    assert question.thread_id == "dm:lena.example"
    assert question.published == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def test_our_messages_are_replies(known: TikTok) -> None:
    found = by_words(collect_blocking(known))
    answer, to_all = found["It is!"], found["We do."]
    assert isinstance(answer, Reply)
    assert (answer.thread_id, answer.to, answer.private) == (
        "dm:lena.example",
        ("lena.example",),
        True,
    )
    assert to_all.to == (), "in a group nobody is named"
    assert {m.author.id for m in mentions(collect_blocking(known))} == {
        *("lena.example", "tom_example", "ben", "mia"),
    }


def test_conversation_without_an_answer_has_no_reply(known: TikTok) -> None:
    found = items(collect_blocking(known))
    answered = {one.thread_id for one in found if isinstance(one, Reply)}
    assert answered == {"dm:lena.example", "dm:roasters club"}
    assert {m.thread_id for m in mentions(collect_blocking(known))} - answered == {"dm:tom_example"}


def test_several_people_share_the_thread_of_a_group(known: TikTok) -> None:
    group = [m for m in mentions(collect_blocking(known)) if m.thread_id == "dm:roasters club"]
    assert {m.author.id for m in group} == {"ben", "mia"}


def test_the_same_words_twice_are_two_messages(known: TikTok) -> None:
    hello = [m for m in mentions(collect_blocking(known)) if m.text == "Hello?"]
    assert len({m.external_id for m in hello}) == 2


def test_videos_are_own_posts(known: TikTok) -> None:
    found = [i for i in items(collect_blocking(known)) if isinstance(i, OwnPost)]
    assert [(post.text, post.url) for post in found] == [
        ("Our new roast", ""),
        ("", "https://www.tiktok.com/@acmecoffee/video/7400000000000000000"),
    ]


def test_a_later_export_adds_what_is_new(tmp_path: Path) -> None:
    channel = TikTok(path=tmp_path)
    os.utime(zipped(tmp_path, export()), (1, 1))
    first = collect_blocking(channel)
    later = export()
    chats = later["Direct Message"]["Direct Messages"]["ChatHistory"]
    chats["Chat History with lena.example:"].append(
        {"Date": "2026-11-21 06:00:00", "From": "lena.example", "Content": "Anybody?"}
    )
    later["Post"]["Posts"]["VideoList"][0]["Link"] = "https://v16.tiktokcdn.example/other"
    written(tmp_path, later)
    second = collect_blocking(channel, resumed(QUERY, first))
    new = [i for i in items(second) if i.external_id not in ids(first)]
    assert [i.text for i in new if isinstance(i, Mention)] == ["Anybody?"]
    assert len(new) == 1
    assert collect_blocking(channel, resumed(resumed(QUERY, first), second)) == []


def test_older_names_are_understood(tmp_path: Path) -> None:
    new = export()
    chats = new["Direct Message"]["Direct Messages"]
    old = {
        "Profile": {"Profile Information": new["Profile"]["Profile Info"]},
        "Direct Messages": {"Chat History": chats},
        "Activity": {"Video": {"Videos": new["Post"]["Posts"]}},
    }
    channel = TikTok(path=written(tmp_path, old, "user_data.json"))
    assert ids(collect_blocking(channel)) == ids(
        collect_blocking(TikTok(path=written(tmp_path, new)))
    )


def test_an_account_without_messages_is_empty(tmp_path: Path) -> None:
    empty = {**export(), "Direct Message": {"Direct Messages": {"ChatHistory": {}}}, "Post": {}}
    pages = collect_blocking(TikTok(path=written(tmp_path, empty)))
    assert not items(pages)
    assert not any(page.warnings for page in pages)


def test_the_owner_tells_who_he_is(tmp_path: Path) -> None:
    nameless = {**export(), "Profile": {}}
    path = written(tmp_path, nameless)
    with pytest.raises(SourceUnreadable, match="whose export") as caught:
        collect_blocking(TikTok(path=path))
    assert "set username" in caught.value.hint
    found = collect_blocking(TikTok(path=path, username="@AcmeCoffee"))
    assert len(replies(found)) == 2


def test_times_have_a_zone() -> None:
    assert moment_of("2026-11-20 08:00:00", "Europe/Berlin") == datetime(
        2026, 11, 20, 7, 0, tzinfo=UTC
    )
    assert moment_of("2026-11-20 08:00:00 UTC", "Europe/Berlin") == datetime(
        2026, 11, 20, 8, 0, tzinfo=UTC
    )
    for wrong in ("", "N/A", "20.11.2026", "9999-99-99 00:00:00"):
        assert moment_of(wrong, "UTC") is None


def test_entries_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    payload = export()
    chats = payload["Direct Message"]["Direct Messages"]["ChatHistory"]
    chats["Chat History with x:"] = [
        *({"Date": "never", "From": "x", "Content": "1"} for _ in range(5)),
        7,
        {"Date": "2026-11-20 08:00:00", "From": "x", "Content": None},
    ]
    pages = collect_blocking(TikTok(path=written(tmp_path, payload)))
    assert len(pages[-1].warnings) == 4
    assert "2 more entries" in pages[-1].warnings[-1]
    assert any(m.author.handle == "x" and m.text == "" for m in mentions(pages)), "a picture alone"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("user_data_tiktok.json", '{"Profile": ', "not complete"),
        ("user_data_tiktok.json", "[]", "no export"),
        ("user_data_tiktok.json", '{"a": 1}', "no export"),
        ("user_data_tiktok.json", "[" * 100_000, "not complete"),
        ("user_data_tiktok.json", '{"Profile": ' + '{"a":' * 5000 + "1" + "}" * 5001, "nested|not"),
        ("x.zip", "PK no zip", "damaged"),
    ],
    ids=["cut", "list", "other", "deep", "deep objects", "zip"],
)
def test_what_is_no_export_is_said(tmp_path: Path, name: str, content: str, words: str) -> None:
    with pytest.raises(SourceUnreadable, match=words) as caught:
        collect_blocking(TikTok(path=written(tmp_path, content, name)))
    assert caught.value.hint


def test_a_text_export_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = zipped(tmp_path, {}, "TikTok/Direct Messages/Chat History.txt")
    with pytest.raises(SourceUnreadable) as caught:
        collect_blocking(TikTok(path=path))
    assert '"JSON"' in caught.value.hint


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentionwatch.channels._tiktok_export.MAX_DOCUMENT", 1000)
    with pytest.raises(TooLarge):
        collect_blocking(TikTok(path=zipped(tmp_path, {"Profile": "x" * 100_000})))


def test_one_bad_export_does_not_hide_the_others(tmp_path: Path) -> None:
    os.utime(written(tmp_path, "no", "old.zip"), (1, 1))
    written(tmp_path, export())
    session = TikTok(path=tmp_path).connect(10)
    found: list[Page] = []
    with pytest.raises(SourceUnreadable, match=r"old\.zip"):
        for page in session.pages(QUERY):
            found.append(page)
    assert mentions(found)


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    written(tmp_path, {"a": 1}, "package.json")
    (tmp_path / "notes.txt").write_text("x")
    written(tmp_path, export())
    assert mentions(collect_blocking(TikTok(path=tmp_path)))


def test_an_old_export_is_no_news(tmp_path: Path) -> None:
    path = written(tmp_path, export())
    session = TikTok(path=path).connect(10)
    assert session.account().warnings == ()
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert "ask TikTok for a new one" in session.account().warnings[0]
    (tmp_path / "empty").mkdir()
    nothing = TikTok(path=tmp_path / "empty").connect(10).account()
    assert "no export is at" in nothing.warnings[0]
    with pytest.raises(SourceUnreadable, match="no such file"):
        TikTok(path=tmp_path / "missing").connect(10).account()


def test_a_run_that_is_aborted_ends(known: TikTok) -> None:
    session = known.connect(10)
    session.abort()
    with pytest.raises(TimedOut):
        list(session.pages(QUERY))


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    wrong = TikTok(path=tmp_path, tz="Mars/Base", max_age=timedelta())
    assert [key for key, _ in wrong.problems()] == ["tz", "max_age"]
    assert not list(TikTok(path=tmp_path).problems())


def test_markup_and_hostile_names_are_plain(tmp_path: Path) -> None:
    payload = export()
    payload["Direct Message"]["Direct Messages"]["ChatHistory"] = {
        "../../x": [{"Date": "2026-11-20 08:00:00", "From": "a/../b?c", "Content": "=cmd()"}]
    }
    (mention,) = mentions(collect_blocking(TikTok(path=written(tmp_path, payload))))
    assert mention.author.url == "https://www.tiktok.com/@a%2F..%2Fb%3Fc"
