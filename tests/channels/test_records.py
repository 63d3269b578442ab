"""Records to items and back, times, and everything that a table or document may hold."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mentionwatch.channels._mapping import compiled
from mentionwatch.channels._presets import PRESETS
from mentionwatch.channels._record_of import record_of
from mentionwatch.channels._records import RecordDefaults, RecordRefused, items_of
from mentionwatch.channels._tables import Numbered, read_records
from mentionwatch.channels._times import UnknownTime, check_format, instant
from mentionwatch.errors import ChannelError, SourceUnreadable, TooLarge
from mentionwatch.model.items import Author, Deletion, Engagement, Mention, OwnPost, Reply
from mentionwatch.model.text import LIMIT, clean

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def mention(**record: Any) -> Mention:
    (found,) = items_of({"id": "1", "text": "Where is it?", **record})
    assert isinstance(found, Mention)
    return found


def read(data: bytes | str, **settings: Any) -> list[Numbered]:
    source = data.encode() if isinstance(data, str) else data
    return list(read_records(io.BytesIO(source), **settings))


def records(data: bytes | str, **settings: Any) -> list[dict[str, Any]]:
    return [one.record for one in read(data, **settings) if one.record is not None]


def problems(data: bytes | str, **settings: Any) -> dict[int, str]:
    return {one.line: one.problem for one in read(data, **settings) if one.problem}


def warned(data: bytes | str, **settings: Any) -> list[str]:
    return [one.warning for one in read(data, **settings) if one.warning]


# Records


def test_every_field_has_its_place() -> None:
    found = mention(
        title="Late",
        url="https://forum.example/1",
        author="Dana Reyes",
        author_id=77,
        author_handle="@dana",
        author_url="https://forum.example/u/77",
        followers="312",
        created_at="2026-11-20T10:00:00Z",
        updated_at=1795255200,
        delivered_at="2026-11-20T11:00:00+01:00",
        thread_id="t",
        parent_id="p",
        kind="comment",
        rating="2/5",
        lang="en-GB",
        private="yes",
        media=["a.jpg", "b.jpg"],
        likes=3,
        shares=0,
        replies=1,
        views=90,
        channel="Google Business",
        article="https://news.example/a",
        publisher="News",
        status="open",
        tags=["late"],
        mood="bad",
        raw={"x": 1},
    )
    assert found == Mention(
        external_id="1",
        text="Where is it?",
        title="Late",
        url="https://forum.example/1",
        author=Author(
            id="77",
            name="Dana Reyes",
            handle="@dana",
            url="https://forum.example/u/77",
            followers=312,
        ),
        published=TEN,
        edited=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        delivered=TEN,
        thread_id="t",
        parent_id="p",
        kind="comment",
        addressed=True,
        rating=2.0,
        rating_max=5.0,
        language="en",
        private=True,
        media=2,
        engagement=Engagement(likes=3, shares=0, replies=1, views=90),
        channel_type="google_business",
        article_key="https://news.example/a",
        publisher="News",
        raw={"status": "open", "tags": ["late"], "mood": "bad", "x": 1},
    )


def test_three_ways_to_tell_of_a_reply() -> None:
    told = {"id": "1", "text": "a", "replied_at": "2026-11-20T10:00:00Z", "reply_text": "Sent."}
    _, first = items_of(told)
    assert first == Reply(external_id="1#replied", parent_id="1", text="Sent.", published=TEN)
    (second,) = items_of(
        {"id": "2", "text": "b", "is_own": True, "parent_id": "1", "created_at": TEN}
    )
    assert second == Reply(external_id="2", parent_id="1", text="b", published=TEN)
    (third,) = items_of({"type": "reply", "parent_id": "1", "created_at": "2026-11-20T10:00:00Z"})
    assert isinstance(third, Reply)
    assert (third.parent_id, third.published) == ("1", TEN)
    again = items_of({"type": "reply", "parent_id": "1", "created_at": "2026-11-20T10:00:00Z"})
    assert again == (third,)


def test_replied_without_a_time_takes_that_of_the_change() -> None:
    record = {"id": "1", "text": "a", "replied": "true", "updated_at": "2026-11-20T10:00:00Z"}
    assert isinstance(reply := items_of(record)[1], Reply)
    assert reply.published == TEN


def test_own_words_without_a_thread_are_a_post() -> None:
    (post,) = items_of({"id": "1", "text": "New beans!", "is_own": True, "thread_id": "1"})
    assert post == OwnPost(external_id="1", text="New beans!", published=None, thread_id="1")
    assert items_of({"type": "deleted", "id": 9}) == (Deletion(external_id="9"),)


def test_control_lines_are_no_items() -> None:
    assert items_of({"type": "STATE", "value": 1}) == ()
    assert items_of({"type": "LOG", "message": "x"}) == ()
    assert items_of({"type": "SCHEMA"}) == ()


def test_settings_count_where_the_record_is_silent() -> None:
    defaults = RecordDefaults(addressed=False, private=True, kind="post", channel_type="yelp")
    (found,) = items_of({"id": "1", "text": "a"}, defaults)
    assert isinstance(found, Mention)
    assert (found.addressed, found.private) == (False, True)
    assert (found.kind, found.channel_type) == ("post", "yelp")
    (found,) = items_of(
        {"id": "1", "text": "a", "addressed": True, "private": 0, "channel": "x"}, defaults
    )
    assert isinstance(found, Mention)
    assert (found.addressed, found.private, found.channel_type) == (True, False, "x")


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"text": "a"}, "id"),
        ({"id": None, "text": "a"}, "id"),
        ({"id": True, "text": "a"}, "id"),
        ({"id": ["1"], "text": "a"}, "id"),
        ({"id": "x" * 1001, "text": "a"}, "id"),
        ({"id": "1"}, "text"),
        ({"id": "1", "text": " \0 "}, "text"),
        ({"id": "1", "text": {"a": 1}}, "text"),
        ({"id": "1", "text": "a", "created_at": "03/04/2026"}, "created_at"),
        ({"id": "1", "text": "a", "created_at": [1]}, "created_at"),
        ({"id": "1", "text": "a", "updated_at": "soon"}, "updated_at"),
        ({"id": "1", "text": "a", "is_own": "perhaps"}, "is_own"),
        ({"id": "1", "text": "a", "rating": float("nan")}, "rating"),
        ({"id": "1", "text": "a", "rating": "good"}, "rating"),
        ({"id": "1", "text": "a", "rating": 9}, "rating"),
        ({"id": "1", "text": "a", "author": ["x"]}, "author"),
        ({"type": "reply", "id": "1"}, "parent_id"),
        ({"type": "reply", "parent_id": "1", "certainty": "hm"}, "certainty"),
        ({"type": "deleted"}, "id"),
    ],
)
def test_refusal_names_the_field(record: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordRefused) as caught:
        items_of(record)
    assert caught.value.message.startswith(f"{field}: ")


def test_unreadable_extras_lose_no_customer() -> None:
    found = mention(likes="1.2k", followers=-1, lang="??", url="javascript:alert(1)", channel="<>")
    assert found.engagement.likes is None
    assert found.author.followers is None
    assert (found.language, found.url, found.channel_type) == ("", "", "")
    assert found.raw == {
        "likes": "1.2k",
        "followers": -1,
        "lang": "??",
        "url": "javascript:alert(1)",
        "channel": "<>",
    }


def test_stars_a_photo_or_a_call_need_no_words() -> None:
    for extra in ({"rating": 1}, {"media": 1}, {"kind": "call"}, {"title": "Late"}):
        (found,) = items_of({"id": "1", **extra})
        assert isinstance(found, Mention)


@pytest.mark.parametrize(
    ("written", "rating", "most"),
    [(4, 4.0, 5.0), ("4,5", 4.5, 5.0), ("7/10", 7.0, 10.0), ("★★★★☆", 4.0, 5.0), (0, 0.0, 5.0)],
)
def test_ratings_as_people_write_them(written: object, rating: float, most: float) -> None:
    found = mention(rating=written)
    assert (found.rating, found.rating_max, found.kind) == (rating, most, "review")


def test_hostile_characters_are_mended_and_long_texts_cut() -> None:
    assert mention(text="a\0b \ud83d\ude00 \ud800").text == "ab 😀 �"
    assert len(mention(text="x" * 10_000_000).text) == LIMIT
    assert mention(id=12.0).external_id == "12"


# The way back

TEXT = st.text().map(clean)
NAME = st.text(min_size=1, max_size=50).map(clean).filter(bool)
TIME = st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)
LINK = st.sampled_from(["", "https://shop.example/1", "http://forum.example/?a=b"])
COUNT = st.none() | st.integers(0, 10**9)
RAW = st.none() | st.dictionaries(
    st.text(min_size=1).map(lambda name: "x_" + name), st.integers() | st.text(), min_size=1
)
TYPE = st.sampled_from(["", "yelp", "google_business"])


@st.composite
def mentions(draw: st.DrawFn) -> Mention:
    published = draw(st.none() | TIME)
    later = draw(st.none() | st.integers(1, 10**6))
    base = published or TEN
    return Mention(
        external_id=draw(NAME),
        text=draw(NAME),
        title=draw(TEXT),
        author=Author(
            id=draw(TEXT.filter(lambda text: len(text) < 900)),
            name=draw(TEXT),
            handle=draw(TEXT),
            url=draw(LINK),
            followers=draw(COUNT),
            is_bot=draw(st.booleans()),
        ),
        published=published,
        delivered=draw(st.none() | TIME),
        edited=None if later is None else base + timedelta(seconds=later),
        addressed=draw(st.booleans()),
        kind=draw(st.sampled_from(["post", "review", "message", "call"])),
        url=draw(LINK),
        thread_id=draw(NAME | st.just("")),
        parent_id=draw(NAME | st.just("")),
        private=draw(st.booleans()),
        rating=draw(st.none() | st.floats(0, 5)),
        language=draw(st.sampled_from(["", "en", "de"])),
        media=draw(st.integers(0, 9)),
        engagement=Engagement(likes=draw(COUNT), shares=draw(COUNT), replies=draw(COUNT)),
        article_key=draw(LINK),
        publisher=draw(TEXT),
        channel_type=draw(TYPE),
        repost=draw(st.booleans()),
        automatic=draw(st.booleans()),
        raw=draw(RAW),
    )


REPLIES = st.builds(
    Reply,
    external_id=NAME,
    text=TEXT,
    published=st.none() | TIME,
    thread_id=NAME,
    parent_id=NAME | st.just(""),
    to=st.lists(NAME, max_size=3).map(tuple),
    certainty=st.sampled_from(["sure", "likely"]),
    automatic=st.booleans(),
    private=st.booleans(),
    channel_type=TYPE,
    raw=RAW,
)
POSTS = st.builds(OwnPost, external_id=NAME, text=TEXT, published=st.none() | TIME, raw=RAW)
DELETIONS = st.builds(Deletion, external_id=NAME)


@pytest.mark.slow
@given(mentions() | REPLIES | POSTS | DELETIONS)
def test_every_item_survives_the_way_through_a_line(item: Any) -> None:
    line = json.dumps(record_of(item)).encode() + b"\n"
    (one,) = read(line, format="ndjson")
    assert one.record is not None
    assert items_of(one.record) == (item,)


@pytest.mark.slow
@given(st.lists(st.tuples(NAME, NAME, TEXT), min_size=1), st.sampled_from(",;\t|"))
def test_tables_survive_the_way_through_a_file(
    rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "text", "author"])
    writer.writerows(rows)
    found = records(file.getvalue(), format="csv", delimiter=delimiter)
    # The strings hold line breaks of all kinds only inside quotes, where they stay as they are.
    assert [(one["id"], one["text"], one.get("author", "")) for one in found] == rows


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
FIELDS = ["id", "text", "created_at", "is_own", "rating", "likes", "type", "raw", "channel", "to"]


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(), JSON))
def test_any_object_gives_items_or_a_refusal(record: dict[str, Any]) -> None:
    with contextlib.suppress(RecordRefused):
        items_of(record)


# Random bytes, among them the signs that steer the readers.
SIGNS = [
    '"',
    ",",
    ";",
    "\n",
    "\r",
    "{",
    "}",
    "[",
    "]",
    "\x00",
    "NaN",
    "1e999",
    "sep=,",
    '{"id":1,"text":"a"}\n',
    "id,text\n",
]
MAGIC = [b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b\x08"]
BYTES = st.lists(
    st.binary(max_size=12) | st.sampled_from([*MAGIC, *(sign.encode() for sign in SIGNS)])
).map(b"".join)


@pytest.mark.slow
@given(BYTES, st.sampled_from(["", "csv", "json", "ndjson", "tsv"]))
@example(b"id,text\n1,\xef\xbb\xbf\xff\xfe", "csv")
@example(b"[" * 100_000, "")
@example(b'{"a":' * 100_000, "ndjson")
@example(b'{"id":' + b"9" * 5000 + b"}", "json")
@example(b"\x1f\x8b\x08", "")
def test_any_bytes_give_records_or_an_error_of_ours(data: bytes, kind: str) -> None:
    with contextlib.suppress(ChannelError):
        for one in read(data, format=kind):
            if one.record is not None:
                items_of(one.record)


# Times


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.000000001Z",
        "20261120T100000Z",
        "2026-11-20 11:00:00+0100",
        "Fri, 20 Nov 2026 10:00:00 +0000",
        "20 Nov 2026 10:00 -0000",
        1795168800,
        1795168800000,
        1795168800000000,
        " 1795168800.000 ",
        1795168800.25 - 0.25,
        "/Date(1795168800000)/",
    ],
)
def test_times_that_can_be_told(written: object) -> None:
    assert instant(written) == TEN


@pytest.mark.parametrize(
    "written", ["03/04/2026", "20/11/26", "yesterday", 12, True, [], float("nan"), 1e300, "9" * 20]
)
def test_times_that_cannot(written: object) -> None:
    with pytest.raises(UnknownTime):
        instant(written)


def test_time_without_zone_belongs_to_the_channel() -> None:
    assert instant("2026-07-01 12:00", tz="Europe/London") == datetime(2026, 7, 1, 11, tzinfo=UTC)
    # At 01:30 the clocks have been put back, or not yet: taken as not yet.
    twice = instant("2026-10-25 01:30", tz="Europe/London")
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant("") is None
    assert instant(0) is None


@pytest.mark.parametrize("pattern", ["%Q", "dd/mm/yyyy", "%"])
def test_wrong_format_is_found_before_reading(pattern: str) -> None:
    with pytest.raises(ValueError, match="no date format"):
        check_format(pattern)


# Tables


def test_byte_order_mark_is_no_part_of_the_first_column() -> None:
    (one,) = records("\ufeffid,text\n1,a\n")
    assert (one["id"], one["text"]) == ("1", "a")


def test_windows_file_is_read_as_such_and_says_so() -> None:
    data = "id;text\n1;a\n2;caf\xe9 \u20ac\n".encode("cp1252")
    assert [one["text"] for one in records(data)] == ["a", "café €"]
    (told,) = warned(data)
    assert "line 3" in told
    assert "cp1252" in told


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_text_of_excel(encoding: str) -> None:
    assert [one["text"] for one in records("id\ttext\r\n1\tgrüße\r\n".encode(encoding))] == [
        "grüße"
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_the_one_that_cuts_evenly(delimiter: str) -> None:
    rows = [["id", "text", "author"], ["1", "a,b;c|d\te", "Dana"], ["2", "x, y, z", "Ben"]]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    assert [one["text"] for one in records(file.getvalue())] == ["a,b;c|d\te", "x, y, z"]


def test_list_of_texts_needs_no_delimiter() -> None:
    found = records("text\nWhere, please, is it?\nIt broke; again\n")
    assert [one["text"] for one in found] == ["Where, please, is it?", "It broke; again"]


def test_first_line_of_excel_names_the_delimiter() -> None:
    assert records("sep=;\r\nid;text\r\n1;a,b\r\n")[0]["text"] == "a,b"


def test_huge_cell_is_read() -> None:
    (one,) = records(f'id,text\n1,"{"x" * 200_000}"\n')
    assert len(one["text"]) == 200_000


def test_quote_never_closed_swallows_nobody() -> None:
    rows = "".join(f"{number},line {number}\n" for number in range(2, 900))
    data = f'id,text\n1,"open\n{rows}'
    assert [one["id"] for one in records(data)] == [str(number) for number in range(1, 900)]
    assert "never closed" in warned(data)[0]


def test_many_open_quotes_end_in_reading_without_quotes() -> None:
    data = "id,text\n" + "".join(f'{number},"open\n' for number in range(2001))
    found = records(data)
    assert len(found) == 2001


def test_quotes_inside_a_text_are_taken_as_they_stand() -> None:
    found = records('id,text,author\n1,"a 5" pipe, long",Dana\n2,a 7" pipe,Ben\n')
    assert [one["id"] for one in found] == ["1", "2"]
    assert "5" in found[0]["text"]
    assert found[1]["text"] == 'a 7" pipe'


def test_long_record_is_suspicious() -> None:
    data = 'id,text\n1,"' + "line\n" * 600 + '"\n2,b\n'
    assert "601 lines" in warned(data)[0]
    assert len(records(data)) == 2


def test_rows_too_long_and_too_short() -> None:
    found = records("id,text,author\n1,a,Dana,more,still\n2,b\n")
    assert found[0]["raw"] == {"surplus": ["more", "still"]}
    assert "author" not in found[1]


def test_rounded_telephone_number_is_noticed_once() -> None:
    data = "id,text,author_id\n1,a,1.5555E+10\n2,b,1.5555E+10\n"
    (told,) = warned(data)
    assert "1.5555E+10" in told


def test_row_without_id_has_the_same_id_in_the_next_export() -> None:
    first = records("date,name,notes\n2026-11-20T10:00Z,Dana,a\n2026-11-20T11:00Z,Ben,b\n")
    second = records("date,name,notes\n2026-11-20T11:00Z,Ben,b\n2026-11-20T12:00Z,Eve,c\n")
    assert first[1]["id"] == second[0]["id"]
    assert len({one["id"] for one in first + second}) == 3


def test_map_of_a_call_log() -> None:
    data = (
        "Call ID,Date,Time,Caller Name,Notes,Transcript,Direction,Duration\n"
        "7,11/20/2026,04:00 AM,Dana,asked for oats,hello,incoming,10\n"
        "8,11/20/2026,04:30 AM,Dana,called back,,Outgoing,20\n"
        "9,11/20/2026,05:30 AM,Eve,wrong number,,incoming,0\n"
    )
    mapping = {
        "id": "call id",
        "created_at": {
            "columns": ["Date", "Time"],
            "format": "%m/%d/%Y %I:%M %p",
            "tz": "America/Chicago",
        },
        "author": 4,
        "text": ["Notes", "Transcript"],
        "is_own": {"column": "Direction", "equals": ["Outgoing", "outbound"]},
        "thread_id": "Caller Name",
        "skip": {"column": "Duration", "equals": ["0"]},
        "kind": {"value": "call"},
    }
    items = [item for one in records(data, mapping=mapping) for item in items_of(one)]
    asked, called_back = items
    assert isinstance(asked, Mention)
    assert (asked.external_id, asked.text, asked.published) == ("7", "asked for oats\nhello", TEN)
    assert (asked.author.name, asked.kind) == ("Dana", "call")
    assert isinstance(called_back, Reply)
    assert called_back.thread_id == "Dana"


def test_unknown_date_format_stops_and_asks() -> None:
    data = "id,text,created_at\n1,a,03/04/2026\n"
    with pytest.raises(SourceUnreadable) as caught:
        read(data)
    assert "tell me the date format; '03/04/2026'" in caught.value.message
    (one,) = records(data, date_format="%d/%m/%Y", tz="UTC")
    assert one["created_at"] == datetime(2026, 4, 3, tzinfo=UTC)


def test_odd_date_further_down_costs_one_line() -> None:
    data = "id,text,created_at\n1,a,2026-11-20\n2,b,n/a\n3,c,2026-11-21\n"
    assert [one["id"] for one in records(data)] == ["1", "3"]
    assert list(problems(data)) == [3]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"text": "Note"}, 'did you mean "Notes"'),
        ({"text": 9}, "no column 9"),
        ({"autor": "Notes"}, 'did you mean "author"'),
        ({"skip": "Notes"}, "equals"),
        ({"text": {"column": "Notes", "equal": "x"}}, 'unknown key "equal"'),
        ({"text": []}, "at least one column"),
        ({"text": True}, "named by a text"),
        ({"created_at": {"column": "Notes", "tz": "Mars"}}, "no time zone"),
    ],
)
def test_wrong_map_says_what_is_wrong(mapping: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        read("Notes\na\nb\n", mapping=mapping)
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_table_without_a_text_column_lists_its_columns() -> None:
    with pytest.raises(SourceUnreadable, match="the columns are a, b"):
        read("a,b\n1,2\n")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + b"x" * 100, "workbook"),
        (b"\n<html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"id,text\n" + b"\0\1\2" * 100, "not a text file"),
        (gzip.compress(b"id,text\n1,a\n", mtime=0)[:-6], "damaged or not complete"),
    ],
)
def test_files_given_by_mistake_are_named(data: bytes, words: str) -> None:
    with pytest.raises(SourceUnreadable, match=words):
        read(data)


def test_packed_file_is_unpacked() -> None:
    packed = gzip.compress(b"id,text\n1,a\n", mtime=0) + gzip.compress(b"2,b\n")
    assert [one["id"] for one in records(packed)] == ["1", "2"]


def test_bomb_is_not_unpacked_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentionwatch.channels._source.MAX_UNPACKED", 100_000)
    with pytest.raises(TooLarge):
        read(gzip.compress(b"id,text\n" + b"1,a\n" * 1_000_000))


# JSON


def test_lines_are_numbered_and_bad_ones_named() -> None:
    data = (
        '{"id":1,"text":"a"}\n\nnonsense\n{"id":2,"id":3}\n{"id":4,"rating":NaN}\n'
        '{"id":5,"rating":1e999}\n["x"]\n' + '{"a":' * 70 + "1" + "}" * 70 + "\n"
        '{"id":6,"text":"b"}\n'
    )
    assert [one["id"] for one in records(data)] == [1, 6]
    found = problems(data)
    assert list(found) == [3, 4, 5, 6, 7, 8]
    assert '"id" stands twice' in found[4]
    assert "NaN" in found[5]
    assert "1e999" in found[6]
    assert "object is expected" in found[7]
    assert "deeper" in found[8]


@pytest.mark.slow
def test_line_of_many_megabytes_costs_one_line() -> None:
    data = b'{"id":1,"text":"' + b"x" * 17_000_000 + b'"}\n{"id":2,"text":"b"}\n'
    assert [one["id"] for one in records(data, format="ndjson")] == [2]
    assert problems(data, format="ndjson") == {1: "longer than 16 MB"}


@pytest.mark.parametrize(
    "data",
    [
        '[{"id":1,"text":"a"},{"id":2,"text":"b"}]',
        '{"id":1,"text":"a"}\n{"id":2,"text":"b"}',
        '\ufeff{"id":1,"text":"a"}\r\n\r\n{"id":2,"text":"b"}\r\n',
        '{"page":1,"items":[{"id":1,"text":"a"},{"id":2,"text":"b"}]}',
        '{\n "items": [\n {"id":1,"text":"a"},\n {"id":2,"text":"b"}]}',
    ],
)
def test_kind_of_json_is_told_by_its_content(data: str) -> None:
    assert [one["id"] for one in records(data)] == [1, 2]


def test_list_deep_in_a_document_is_named() -> None:
    data = '{"data":{"list":[{"id":1,"text":"a"}]},"meta":{}}'
    assert records(data, items="data.list")[0]["id"] == 1
    with pytest.raises(SourceUnreadable) as caught:
        read(data)
    assert "data, meta" in caught.value.hint
    with pytest.raises(SourceUnreadable, match="finds no list"):
        read(data, items="data.lists")


def test_odd_number_does_not_cost_the_document() -> None:
    data = '[{"id":1,"text":"a","x":NaN,"y":1e999,"y":2},{"id":2,"text":"b"}]'
    assert [one["id"] for one in records(data)] == [1, 2]
    assert len(warned(data)) == 3


def test_document_over_the_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentionwatch.channels._json_lines.MAX_DOCUMENT", 1000)
    with pytest.raises(TooLarge) as caught:
        read(json.dumps([{"id": n, "text": "x"} for n in range(100)]))
    assert "NDJSON" in caught.value.hint


def test_map_on_objects() -> None:
    data = json.dumps([{"n": 1, "who": {"name": "Dana"}, "body": "<p>Hi &amp; bye</p>", "at": 0}])
    mapping = {
        "id": "to_string(n)",
        "author": "$.who.name",
        "text": {"column": "body", "html": True},
        "created_at": "at",
    }
    (one,) = records(data, mapping=mapping)
    assert (one["id"], one["author"], one["text"]) == ("1", "Dana", "Hi & bye")


def test_function_on_the_wrong_type_is_counted() -> None:
    data = json.dumps([{"id": 1, "text": "a", "who": None}] * 3)
    found = read(data, mapping={"author": "join(' ', who)"})
    assert [one.warning for one in found if one.warning] == [
        """map: "join(' ', who)" could not be worked out for 3 records"""
    ]
    assert len([one for one in found if one.record]) == 3


def test_wrong_expression_is_found_at_once() -> None:
    with pytest.raises(SourceUnreadable, match="no JMESPath expression"):
        read('[{"id":1,"text":"a"}]', mapping={"author": "a.["})


# Presets: invented exports in the shape of the real ones

WAITING, ANSWERED = 1795168800, 1795172400
SENDER = {"id": 9, "name": "Dana Reyes", "email": "dana@customer.example"}


def chatwoot(number: int, waiting: int | None, **last: Any) -> dict[str, Any]:
    return {
        "id": number,
        "created_at": WAITING - 9,
        "waiting_since": waiting,
        "last_activity_at": ANSWERED,
        "meta": {"sender": SENDER},
        "messages": [],
        "labels": ["late"],
        "last_non_activity_message": {"id": 3, "private": False, **last},
    }


def intercom(number: int, waiting: int | None, **more: Any) -> dict[str, Any]:
    author = {"type": "user", "id": "u1", "name": "Dana Reyes", "email": "dana@customer.example"}
    return {
        "id": str(number),
        "created_at": WAITING - 9,
        "updated_at": ANSWERED,
        "waiting_since": waiting,
        "source": {"subject": "", "body": "<p>Where is it?</p>", "author": author},
        "statistics": {"first_admin_reply_at": ANSWERED},
        **more,
    }


EXPORTS: dict[str, object] = {
    "chatwoot": {
        "data": {
            "payload": [
                chatwoot(1, WAITING, content="Where is it?", message_type=0, created_at=WAITING),
                chatwoot(2, 0, content="Sent.", message_type=1, created_at=ANSWERED),
            ]
        }
    },
    "intercom": {"conversations": [intercom(1, WAITING), intercom(2, None)], "pages": {}},
    "crisp": {
        "data": [
            {
                "session_id": "s",
                "type": "text",
                "from": speaker,
                "content": "Where is it?",
                "fingerprint": at,
                "timestamp": at * 1000,
                "user": {"nickname": "Dana Reyes"},
            }
            for speaker, at in (("user", WAITING), ("operator", ANSWERED))
        ]
    },
    "zendesk_chat": {
        "chats": [
            {
                "id": "c1",
                "type": "offline_msg",
                "message": "Where is it?",
                "timestamp": "2026-11-20T10:00:00Z",
                "visitor": SENDER,
            }
        ]
    },
    "twilio": "Sid,From,To,Body,Status,SentDate,Direction\n"
    "SM1,+15550001,+15559999,Where is it?,received,2026-11-20T10:00:00Z,inbound\n"
    "SM2,+15559999,+15550001,Sent.,delivered,2026-11-20T11:00:00Z,outbound-api\n",
    "hubspot": "Ticket ID,Ticket name,Ticket description,Create date,Close date,Ticket status\n"
    "1,Late,Where is it?,2026-11-20 10:00,,New\n"
    "2,Late,Where is it?,2026-11-20 10:00,2026-11-20 11:00,Closed\n",
    "salesforce": "Case Number,Subject,Description,Contact Name,Date/Time Opened,Date/Time Closed,"
    "Status\n1,Late,Where is it?,Dana Reyes,2026-11-20 10:00,,New\n",
    "zoho": "Ticket Id,Subject,Description,Contact Name,Email,Created Time,Status\n"
    "1,Late,Where is it?,Dana Reyes,dana@customer.example,2026-11-20 10:00,Open\n",
}


def export(name: str) -> list[Any]:
    data, preset = EXPORTS[name], PRESETS[name]
    text = data if isinstance(data, str) else json.dumps(data)
    found = records(
        text, format=preset.format, mapping=preset.map, items=preset.items, tz="UTC", strict=True
    )
    return [item for record in found for item in items_of(record)]


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_preset_finds_who_waits(name: str) -> None:
    waiting, *others = export(name)
    assert isinstance(waiting, Mention)
    assert (waiting.text, waiting.published) == ("Where is it?", TEN)
    replies = [item for item in others if isinstance(item, Reply)]
    if len(str(EXPORTS[name]).splitlines()) > 2 or len(others) > 0:
        assert replies[0].published == TEN + timedelta(hours=1)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_preset_is_a_correct_map(name: str) -> None:
    assert compiled(PRESETS[name].map)
    assert PRESETS[name].how


def test_note_among_colleagues_answers_nobody() -> None:
    data = {"payload": [chatwoot(1, WAITING, content="x", message_type=1, private=True)]}
    preset = PRESETS["chatwoot"]
    (one,) = records(json.dumps(data), mapping=preset.map, items=preset.items, strict=True)
    (waiting,) = items_of(one)
    assert isinstance(waiting, Mention)


def test_chat_is_answered_when_the_last_word_is_ours() -> None:
    def answered(*speakers: str) -> bool:
        history = [
            {"sender_type": who, "msg": "x", "timestamp": "2026-11-20T10:01:00Z"}
            for who in speakers
        ]
        chat = {"id": "c", "timestamp": "2026-11-20T10:00:00Z", "visitor": {}, "history": history}
        preset = PRESETS["zendesk_chat"]
        (one,) = records(
            json.dumps({"chats": [chat]}), mapping=preset.map, items=preset.items, strict=True
        )
        return len(items_of(one)) == 2

    assert answered("Visitor", "Agent")
    assert not answered("Visitor", "Agent", "Visitor")
    assert not answered("Visitor")
