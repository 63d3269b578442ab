"""The file channel on real files: growing, replaced, unfinished, broken, killed in the middle."""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BlockingChannel, Query
from mentionwatch.channels._tables import read_records
from mentionwatch.channels.file import File, FileSession
from mentionwatch.errors import ChannelError, SourceUnreadable, TimedOut
from mentionwatch.model.items import Mention, Page, StreamState

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
States = dict[str, StreamState]


def channel(path: Path, **settings: Any) -> File:
    return File(path=path, **{"settle": 0.0, **settings})


def session(file: File, deadline: float = 60) -> FileSession:
    return file.connect(deadline)


def read(file: File, states: States | None = None) -> tuple[list[Page], ChannelError | None]:
    """Return the pages, and the error that ended them; the states are kept like a store does."""
    states = {} if states is None else states
    query = Query(terms=(), since=NOW, now=NOW, streams=states)
    pages: list[Page] = []
    reading = session(file)
    try:
        for page in reading.pages(query):
            pages.append(page)
            if page.state is not None:
                states[page.stream] = page.state
    except ChannelError as error:
        return pages, error
    finally:
        reading.close()
    return pages, None


def ids(found: tuple[list[Page], ChannelError | None]) -> list[str]:
    pages, error = found
    assert error is None
    return [item.external_id for page in pages for item in page.items]


def told(found: tuple[list[Page], ChannelError | None]) -> list[str]:
    return [warning for page in found[0] for warning in page.warnings]


def line(number: object, text: str = "Where is it?") -> str:
    return json.dumps({"id": number, "text": text}) + "\n"


def row(number: object, text: str = "Where is it?") -> str:
    return f"{number},{text}\n"


def test_records_become_items(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,text,created_at,channel\n1,Where is it?,2026-11-20T10:00:00Z,yelp\n")
    pages, error = read(channel(path))
    assert error is None
    (page,) = pages
    assert page.stream == f"file:{path}"
    (found,) = page.items
    assert isinstance(found, Mention)
    assert (found.text, found.channel_type, found.addressed) == ("Where is it?", "yelp", True)
    assert not page.searched


def test_not_addressed_is_matched_again(tmp_path: Path) -> None:
    path = tmp_path / "posts.ndjson"
    path.write_text(line(1))
    ((page,), _) = read(channel(path, addressed=False))
    assert page.searched


def test_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    path.write_text(line(1))
    assert ids(read(channel(path), states)) == ["1"]
    assert read(channel(path), states) == ([], None)


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_growing_file_goes_on_where_it_ended(tmp_path: Path, suffix: str) -> None:
    path, states = tmp_path / f"a.{suffix}", {}
    make = row if suffix == "csv" else line
    head = "id,text\n" if suffix == "csv" else ""
    path.write_text(head + make(1) + make(2))
    assert ids(read(channel(path), states)) == ["1", "2"]
    with path.open("a") as file:
        file.write(make(3) + make(4))
    assert ids(read(channel(path), states)) == ["3", "4"]
    with path.open("a") as file:
        file.write("oops\n" if suffix == "ndjson" else "5\n")
    (warning,) = told(read(channel(path), states))
    assert "line 5" in warning or "line 6" in warning


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_half_a_line_at_the_end_is_left_for_the_next_run(tmp_path: Path, suffix: str) -> None:
    path, states = tmp_path / f"a.{suffix}", {}
    whole = "id,text,author\n1,a,Dana\n2,b,Ben\n" if suffix == "csv" else line(1) + line(2)
    cut = len(whole) - 6
    path.write_text(whole[:cut])
    found = read(channel(path), states)
    assert ids(found) == ["1"]
    assert "left for the next run" in told(found)[0]
    # Also told while nothing happens: somebody may wait in that line.
    assert "left for the next run" in told(read(channel(path), states))[0]
    path.write_text(whole)
    os.utime(path, (1, 1))
    assert ids(read(channel(path), states)) == ["2"]


def test_last_line_without_a_newline_is_read(tmp_path: Path) -> None:
    for name, text in (("a.csv", "id,text\n1,a"), ("b.ndjson", line(1).strip())):
        path = tmp_path / name
        path.write_text(text)
        assert ids(read(channel(path))) == ["1"]


def test_end_of_a_cell_added_later_is_read_again(tmp_path: Path) -> None:
    path, states = tmp_path / "a.csv", {}
    path.write_text("id,text\n1,I am very")
    read(channel(path), states)
    with path.open("a") as file:
        file.write(" angry\n2,b\n")
    pages, _ = read(channel(path), states)
    texts = [item.text for page in pages for item in page.items if isinstance(item, Mention)]
    assert texts == ["I am very angry", "b"]


def test_replaced_file_is_read_whole(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    path.write_text(line(1) + line(2))
    read(channel(path), states)
    new = tmp_path / "new"
    new.write_text(line(1) + line(2) + line(3))
    new.replace(path)  # another file of that name
    assert ids(read(channel(path), states)) == ["1", "2", "3"]


def test_file_written_anew_in_place_is_read_whole(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    path.write_text(line(1) + line(2))
    read(channel(path), states)
    path.write_text(line(8) + line(9) + line(10))
    assert ids(read(channel(path), states)) == ["8", "9", "10"]
    path.write_text(line(8) + line(9))
    assert ids(read(channel(path), states)) == ["8", "9"]


@pytest.mark.slow
def test_change_before_the_end_of_a_grown_file_is_noticed(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    lines = [line(number) for number in range(500)]
    path.write_text("".join(lines))
    read(channel(path), states)
    path.write_text("".join([*lines[:-1], line(777), line(778)]))
    assert "777" in ids(read(channel(path), states))


@pytest.mark.slow
def test_change_in_the_middle_that_keeps_the_size_is_noticed(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    lines = [line(number) for number in range(1000)]
    path.write_text("".join(lines))
    read(channel(path), states)
    lines[500] = line(777)
    path.write_text("".join(lines))
    os.utime(path, (5, 5))
    assert "777" in ids(read(channel(path), states))


def test_corrected_map_reads_again(tmp_path: Path) -> None:
    path, states = tmp_path / "a.csv", {}
    path.write_text("id,text,notes\n1,a,b\n")
    read(channel(path), states)
    ((page,), _) = read(channel(path, map={"text": "notes"}), states)
    assert [item.text for item in page.items if isinstance(item, Mention)] == ["b"]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "ndjson", "json", "ndjson.gz"])
@pytest.mark.parametrize("killed_after", [1, 2, 3])
def test_run_killed_in_the_middle_loses_and_doubles_nothing(
    tmp_path: Path, suffix: str, killed_after: int
) -> None:
    path = tmp_path / f"a.{suffix}"
    count = 2100
    if suffix == "csv":
        data = "id,text\n" + "".join(f'{n},"a\n{n}"\n' for n in range(count))
    elif suffix == "json":
        data = json.dumps([{"id": n, "text": "a"} for n in range(count)])
    else:
        data = "".join(line(n) for n in range(count))
    path.write_bytes(gzip.compress(data.encode()) if suffix.endswith("gz") else data.encode())
    states: States = {}
    stored: dict[str, int] = {}
    reading = session(channel(path)).pages(Query(terms=(), since=NOW, now=NOW, streams=states))
    for _ in range(killed_after):
        page = next(reading)
        stored.update((item.external_id, 1) for item in page.items)
        if page.state is not None:
            states[page.stream] = page.state
    reading.close()  # type: ignore[attr-defined]
    rest = ids(read(channel(path), states))
    if suffix in ("csv", "ndjson"):
        assert not stored.keys() & set(rest)
    assert sorted([*stored.keys() | set(rest)], key=int) == [str(n) for n in range(count)]
    assert read(channel(path), states) == ([], None)


def test_pattern_and_folder_take_every_file(tmp_path: Path) -> None:
    for number, name in enumerate(("b.csv", "a.csv", "c.ndjson", "notes.md", ".hidden.csv")):
        path = tmp_path / name
        path.write_text(line(number) if name == "c.ndjson" else f"id,text\n{number},a\n")
        os.utime(path, (number + 1, number + 1))
    assert ids(read(channel(tmp_path / "*.csv"))) == ["0", "1"]
    assert ids(read(channel(tmp_path))) == ["0", "1", "2"]


def test_brackets_in_a_name_are_no_pattern(tmp_path: Path) -> None:
    path = tmp_path / "calls [2026].csv"
    path.write_text("id,text\n1,a\n")
    assert ids(read(channel(path))) == ["1"]


def test_unfinished_names_are_left(tmp_path: Path) -> None:
    for name in ("a.csv.part", "b.CRDOWNLOAD", "c.tmp", "~$d.csv"):
        path = tmp_path / name
        path.write_text("id,text\n1,a\n")
        found = read(channel(path))
        assert ids(found) == []
        assert "still being written" in told(found)[0]


@pytest.mark.slow
def test_file_that_was_just_changed_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,a\n")
    begun = time.monotonic()
    assert ids(read(channel(path, settle=0.3))) == ["1"]
    assert time.monotonic() - begun > 0.15
    os.utime(path, (1, 1))
    begun = time.monotonic()
    assert ids(read(channel(path, settle=30.0))) == ["1"]
    assert time.monotonic() - begun < 5


@pytest.mark.slow
def test_file_that_keeps_changing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,a\n")
    log = tmp_path / "a.ndjson"
    log.write_text(line(1))
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            for one in (path, log):
                with one.open("a") as file:
                    file.write("\n")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        found = read(channel(path, settle=0.3))
        assert ids(found) == []
        assert "still being written" in told(found)[0]
        # A log of lines is never at rest, and may be read all the same.
        assert ids(read(channel(log, settle=0.3))) == ["1"]
    finally:
        stop.set()
        thread.join()


def test_missing_file_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    for path in (tmp_path / "no.csv", tmp_path / "none" / "*.csv"):
        _, error = read(channel(path))
        assert isinstance(error, SourceUnreadable)
        assert error.hint
        with pytest.raises(SourceUnreadable):
            session(channel(path)).account()


def test_pattern_without_a_file_is_said(tmp_path: Path) -> None:
    assert "no file is at" in session(channel(tmp_path / "*.csv")).account().warnings[0]
    (tmp_path / "a.csv").write_text("")
    assert session(channel(tmp_path / "*.csv")).account().summary.startswith("1 file at")


def test_other_kinds_of_file_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    _, error = read(channel(pipe))
    assert isinstance(error, SourceUnreadable)
    assert "not a regular file" in error.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,a\n")
    path.chmod(0)
    _, error = read(channel(path))
    assert isinstance(error, SourceUnreadable)
    assert "a.csv: Permission denied" in error.message


def test_one_broken_file_keeps_no_other_away(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("<html>")
    (tmp_path / "b.csv").write_text("id,text\n1,a\n")
    (tmp_path / "c.csv").write_text("id,text\n2,a\n")
    os.utime(tmp_path / "a.csv", (1, 1))
    pages, error = read(channel(tmp_path))
    assert sorted(item.external_id for page in pages for item in page.items) == ["1", "2"]
    assert isinstance(error, SourceUnreadable)
    assert "a.csv" in error.message


def test_bad_lines_are_named_counted_and_remembered(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    path.write_text(line(1) + "oops\n" * 8 + line(2))
    found = read(channel(path), states)
    assert ids(found) == ["1", "2"]
    warnings = told(found)
    assert warnings[0].startswith("a.ndjson, line 2: left out: no JSON")
    assert len(warnings) == 6
    assert warnings[-1] == "a.ndjson: 3 more records were left out"
    # The file is not read again, and the customers in those lines are not forgotten.
    assert told(read(channel(path), states)) == [
        "a.ndjson: 8 records were left out when it was read"
    ]


def test_nothing_but_bad_lines_is_an_error_each_time(tmp_path: Path) -> None:
    path, states = tmp_path / "a.ndjson", {}
    path.write_text("oops\n" * 3)
    for _ in range(2):
        _, error = read(channel(path), states)
        assert isinstance(error, SourceUnreadable)
        assert "none of its 3 records" in error.message


def test_date_format_is_asked_for(tmp_path: Path) -> None:
    path, states = tmp_path / "a.csv", {}
    path.write_text("id,text,created_at\n1,a,03/04/2026\n")
    _, error = read(channel(path), states)
    assert isinstance(error, SourceUnreadable)
    assert "tell me the date format" in error.message
    assert not states
    assert ids(read(channel(path, date_format="%d/%m/%Y"), states)) == ["1"]


@pytest.mark.slow
def test_abort_and_deadline_end_it_with_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("".join(line(n) for n in range(3000)))
    query = Query(terms=(), since=NOW, now=NOW)
    reading = session(channel(path))
    pages = reading.pages(query)
    assert len(next(pages).items) == 500
    reading.abort()
    with pytest.raises(TimedOut):
        list(pages)
    with pytest.raises(TimedOut):
        list(session(channel(path), deadline=0).pages(query))


def test_owner_s_files_are_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,a\n")
    os.utime(path, (5, 5))
    before = path.stat()
    read(channel(path))
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_name_that_is_no_unicode(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    path.write_text("id,text\n1,a\n")
    pages, error = read(channel(path))
    assert error is None
    assert pages[0].stream.encode().endswith(b"caf\\xe9.csv")


def test_settings_are_checked() -> None:
    assert list(File(path=Path("a.csv")).problems()) == []
    bad = {
        "preset": {"preset": "myspace"},
        "map": {"map": {"autor": "x"}},
        "items": {"items": "a.["},
        "": {"tz": "Mars/Base"},
    }
    for key, settings in bad.items():
        problems = list(File(path=Path("a"), **settings).problems())  # type: ignore[arg-type]
        assert [found for found, _ in problems] == [key]
    for settings in ({"delimiter": "ab"}, {"encoding": "klingon"}, {"date_format": "dd.mm"}):
        assert list(File(path=Path("a"), **settings).problems())  # type: ignore[arg-type]
    wrong = File(path=Path("a"), format="json", map={"id": "a.["})
    assert [key for key, _ in wrong.problems()] == ["map"]


def test_what_a_configured_file_can_do() -> None:
    assert isinstance(File(path=Path("a")), BlockingChannel)
    assert File.family == "direct"
    assert not File.capabilities.sees_own_replies
    assert not File(path=Path("a")).capabilities.sees_own_replies
    assert File(path=Path("a"), sees_own_replies=True).capabilities.sees_own_replies
    assert File(path=Path("a"), map={"is_own": "Mine"}).capabilities.sees_own_replies
    assert File(path=Path("a"), preset="twilio").capabilities.sees_own_replies
    assert File(path=Path("a"), preset="twilio").capabilities.private


def test_preset_and_own_map_together(tmp_path: Path) -> None:
    path = tmp_path / "messages.csv"
    path.write_text(
        "Sid,From,To,Body,Status,SentDate,Direction,Note\n"
        "SM1,+15550001,+15559999,Open?,received,2026-11-20T10:00:00Z,inbound,Dana\n"
    )
    ((page,), _) = read(channel(path, preset="twilio", map={"author": "Note"}))
    (found,) = page.items
    assert isinstance(found, Mention)
    assert (found.author.name, found.author.id) == ("Dana", "+15550001")
    assert found.private


def peak_of(path: Path, suffix: str, count: int, through: Callable[[Path], int]) -> int:
    """Return the most memory that reading a file of so many records took, in bytes."""
    with path.open("w") as file:
        if suffix == "csv":
            file.write("id,text\n")
        file.writelines(row(n) if suffix == "csv" else line(n) for n in range(count))
    tracemalloc.start()
    try:
        assert through(path) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def through_the_channel(path: Path) -> int:
    query = Query(terms=(), since=NOW, now=NOW)
    return sum(len(page.items) for page in session(channel(path)).pages(query))


def through_the_reader(path: Path) -> int:
    return sum(one.record is not None for one in read_records(path))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("suffix", "count"), [("csv", 60_000), ("ndjson", 200_000)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"a.{suffix}"
    small = peak_of(path, suffix, 10_000, through_the_reader)
    assert peak_of(path, suffix, count, through_the_reader) < 1.5 * small
    small = peak_of(path, suffix, 5_000, through_the_channel)
    assert peak_of(path, suffix, 20_000, through_the_channel) < 1.5 * small
