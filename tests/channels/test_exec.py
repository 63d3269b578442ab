"""The channel that runs a program: real processes, well-behaved and not."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BlockingChannel, Query
from mentionwatch.channels.exec import Exec
from mentionwatch.credentials import Secret
from mentionwatch.errors import (
    ChannelError,
    SecretUnavailable,
    SourceUnreadable,
    TimedOut,
    TooLarge,
    UnexpectedPayload,
    Unreachable,
)
from mentionwatch.model.items import Mention, Page, Reply, StreamState

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
QUERY = Query(
    terms=("Acme Coffee", "#acme"),
    since=datetime(2026, 11, 14, 7, 0, tzinfo=UTC),
    now=NOW,
    channel="forum",
)


def python(source: str, **settings: Any) -> Exec:
    """Return a channel that runs a piece of Python."""
    return Exec(command=(sys.executable, "-c", source), **settings)


def shell(source: str, **settings: Any) -> Exec:
    return Exec(command=("sh", "-c", source), **settings)


def run(channel: Exec, query: Query = QUERY) -> tuple[list[Page], ChannelError | None]:
    """Return the pages, and the error that ended them."""
    session = channel.connect(60)
    pages = []
    try:
        for page in session.pages(query):
            pages.append(page)
    except ChannelError as error:
        return pages, error
    finally:
        session.close()
    return pages, None


def ids(pages: list[Page]) -> list[str]:
    return [item.external_id for page in pages for item in page.items]


def warnings(pages: list[Page]) -> list[str]:
    return [warning for page in pages for warning in page.warnings]


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return not status.parent.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    for _ in range(60):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_records_and_the_last_state_are_kept() -> None:
    pages, error = run(
        shell(
            """
            echo '{"id":"1","text":"Where is my order?","author":"Dana"}'
            echo '{"type":"STATE","value":{"seen":1}}'
            echo
            echo '{"type":"reply","parent_id":"1","created_at":"2026-11-20T10:00:00Z"}'
            printf '{"type":"STATE","value":{"seen":2}}'
            """
        )
    )
    assert error is None
    mention, reply = pages[0].items
    assert isinstance(mention, Mention)
    assert mention.addressed
    assert mention.author.name == "Dana"
    assert isinstance(reply, Reply)
    assert reply.parent_id == "1"
    assert pages[-1].state == StreamState(cursor='{"seen": 2}')


@pytest.mark.slow
def test_program_is_told_what_the_protocol_says() -> None:
    pages, error = run(
        python(
            """
import json, os, sys
asked = json.loads(sys.stdin.readline())
assert sys.stdin.read() == ""
with open(os.environ["MENTIONWATCH_STATE_FILE"]) as file: state = file.read()
mode = oct(os.stat(os.environ["MENTIONWATCH_STATE_FILE"]).st_mode & 0o777)
print(json.dumps({"id": "1", "text": "x", "asked": asked, "state": state, "mode": mode,
                  "env": dict(os.environ)}))
"""
        ),
        Query(
            terms=QUERY.terms,
            since=QUERY.since,
            now=NOW,
            channel="forum",
            streams={"exec": StreamState(cursor='{"page": 7}')},
        ),
    )
    assert error is None
    (mention,) = pages[0].items
    assert isinstance(mention, Mention)
    assert mention.raw is not None
    assert mention.raw["asked"] == {
        "protocol": 1,
        "channel": "forum",
        "state": {"page": 7},
        "since": "2026-11-14T07:00:00Z",
        "brand": ["Acme Coffee", "#acme"],
        "limit": 500,
    }
    assert mention.raw["state"] == '{"page": 7}'
    assert mention.raw["mode"] == "0o600"
    assert mention.raw["env"]["MENTIONWATCH_PROTOCOL"] == "1"
    assert mention.raw["env"]["MENTIONWATCH_SINCE"] == "2026-11-14T07:00:00Z"
    assert not Path(mention.raw["env"]["MENTIONWATCH_STATE_FILE"]).exists()


@pytest.mark.slow
def test_environment_has_what_it_needs_and_no_secret_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MENTIONWATCH_MASTODON_TOKEN", "planted-elsewhere")
    monkeypatch.setenv("FORUM_PASS", "planted-for-the-program")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    channel = python(
        "import json, os; print(json.dumps({'id': 1, 'text': 'x', 'env': dict(os.environ)}))",
        env={"FORUM_TOKEN": Secret("env:FORUM_PASS")},
    )
    pages, _ = run(channel)
    (mention,) = pages[0].items
    assert isinstance(mention, Mention)
    assert mention.raw is not None
    env = mention.raw["env"]
    assert env["FORUM_TOKEN"] == "planted-for-the-program"
    assert env["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert env["PATH"]
    assert "MENTIONWATCH_MASTODON_TOKEN" not in env
    assert "FORUM_PASS" not in env


def test_missing_secret_fails_before_anything_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    channel = shell(f"touch {mark}", env={"TOKEN": Secret("env:NO_SUCH_VARIABLE_HERE")})
    _, error = run(channel)
    assert isinstance(error, SecretUnavailable)
    assert not mark.exists()


def test_text_state_is_a_plain_text_in_the_file() -> None:
    source = 'printf \'{"id":"1","text":"%s"}\\n\' "$(cat "$MENTIONWATCH_STATE_FILE")"'
    query = Query(
        terms=(), since=NOW, now=NOW, streams={"exec": StreamState(cursor='"2026-11-20"')}
    )
    pages, _ = run(shell(source), query)
    assert [item.text for item in pages[0].items if isinstance(item, Mention)] == ["2026-11-20"]


def test_failure_keeps_records_but_no_state() -> None:
    pages, error = run(
        shell(
            """
            echo '{"id":"1","text":"a"}'
            echo '{"type":"STATE","value":9}'
            echo 'no connection to the forum' >&2
            exit 3
            """
        )
    )
    assert ids(pages) == ["1"]
    assert all(page.state is None for page in pages)
    assert isinstance(error, SourceUnreadable)
    assert "exit code 3" in error.message
    assert "no connection to the forum" in error.hint


def test_exit_code_75_is_worth_another_try() -> None:
    pages, error = run(shell('echo \'{"type":"STATE","value":9}\'; exit 75'))
    assert isinstance(error, Unreachable)
    assert all(page.state is None for page in pages)


def test_crash_by_signal_is_named() -> None:
    _, error = run(shell("kill -SEGV $$"))
    assert isinstance(error, SourceUnreadable)
    assert "signal 11" in error.message


@pytest.mark.slow
def test_hanging_program_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    channel = shell(
        f"""
        echo '{{"id":"1","text":"a"}}'
        trap '' TERM
        sleep 60 & echo $! >> {pids}
        echo $$ >> {pids}
        while :; do sleep 60; done
        """,
        timeout=0.5,
    )
    begun = time.monotonic()
    pages, error = run(channel)
    assert isinstance(error, TimedOut)
    assert ids(pages) == ["1"]
    assert time.monotonic() - begun < 5
    assert all(gone(int(pid)) for pid in pids.read_text().split())


@pytest.mark.slow
def test_grandchild_does_not_hold_up_or_survive(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    channel = shell(f'echo \'{{"id":"1","text":"a"}}\'; sleep 60 & echo $! > {pid}')
    begun = time.monotonic()
    pages, error = run(channel)
    assert error is None
    assert ids(pages) == ["1"]
    assert time.monotonic() - begun < 10
    assert gone(int(pid.read_text()))


def test_abort_ends_the_program_at_once(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    session = shell(f"echo $$ > {pid}; exec sleep 60").connect(60)
    caught: list[BaseException] = []

    def read() -> None:
        try:
            list(session.pages(QUERY))
        except ChannelError as error:
            caught.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    while not (pid.exists() and pid.read_text()):
        time.sleep(0.01)
    begun = time.monotonic()
    session.abort()
    thread.join(5)
    assert time.monotonic() - begun < 2
    assert isinstance(caught[0], TimedOut)
    assert gone(int(pid.read_text()))


@pytest.mark.slow
def test_flood_on_stdout_is_stopped() -> None:
    pages, error = run(python('while True: print(\'{"id":"1","text":"\' + \'x\'*9999 + \'"}\')'))
    assert isinstance(error, TooLarge)
    assert "50 MB" in error.message
    assert all(page.state is None for page in pages)


@pytest.mark.slow
def test_too_many_records_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mentionwatch.channels._exec_output.MAX_RECORDS", 1000)
    _, error = run(python('for i in range(2000): print(\'{"id":%d,"text":"x"}\' % i)'))
    assert isinstance(error, TooLarge)


@pytest.mark.slow
def test_flood_on_stderr_blocks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    pages, error = run(
        python(
            "import sys\n"
            "sys.stderr.write('line\\n' * 400_000)\n"
            "sys.stderr.write('x' * 3_000_000)\n"
            'print(\'{"id":"1","text":"a"}\')'
        )
    )
    assert error is None
    assert ids(pages) == ["1"]
    assert len(caplog.records) < 210


def test_program_that_reads_nothing_is_fine() -> None:
    query = Query(terms=("x" * 1000,) * 1000, since=NOW, now=NOW)
    pages, error = run(shell('echo \'{"id":"1","text":"a"}\''), query)
    assert error is None
    assert ids(pages) == ["1"]


def test_bad_lines_are_counted_shown_and_left_out() -> None:
    pages, error = run(
        python(
            r"""
import sys
out = sys.stdout.buffer
out.write(b'{"id":"1","text":"a"}\n')
out.write(b'not json\n')
out.write(b'{"id":"2","text":"caf\xe9"}\n')
out.write(b'[1]\n{"text":"no id"}\n{"id":"3","text":NaN}\n{"id":"4","id":"5","text":"b"}\n')
out.write(b'{"id":"6","text":"' + b'x' * 1_500_000 + b'"}\n')
out.write(b'{"id":"7","text":"after"}')
"""
        )
    )
    assert error is None
    assert ids(pages) == ["1", "7"]
    told = warnings(pages)
    assert "line 2: left out: no JSON" in told[0]
    assert "line 3: left out: not UTF-8" in told[1]
    assert told[-1].endswith("2 more lines were left out")


def test_more_than_twenty_bad_lines_end_it() -> None:
    pages, error = run(python('print(\'{"id":1,"text":"a"}\'); print(\'oops\\n\' * 21)'))
    assert isinstance(error, UnexpectedPayload)
    assert ids(pages) == ["1"]


@pytest.mark.slow
def test_twenty_bad_lines_do_not() -> None:
    pages, error = run(python('print(\'{"id":1,"text":"a"}\'); print(\'oops\\n\' * 20)'))
    assert error is None
    assert ids(pages) == ["1"]


def test_nothing_but_bad_lines_is_an_error_and_moves_no_state() -> None:
    pages, error = run(shell('echo oops; echo \'{"type":"STATE","value":1}\''))
    assert isinstance(error, UnexpectedPayload)
    assert all(page.state is None for page in pages)


def test_web_page_is_recognised() -> None:
    _, error = run(shell("echo; echo '<!doctype html><h1>Log in</h1>'"))
    assert isinstance(error, UnexpectedPayload)
    assert "web page" in error.message


@pytest.mark.slow
def test_program_may_close_stdout_and_go_on() -> None:
    pages, error = run(shell('echo \'{"id":"1","text":"a"}\'; exec 1>&-; sleep 0.3; exit 4'))
    assert ids(pages) == ["1"]
    assert isinstance(error, SourceUnreadable)
    assert "exit code 4" in error.message


def test_log_lines_are_logged_and_warnings_reach_the_owner(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    pages, error = run(
        shell(
            r"""
            echo '{"type":"LOG","level":"warning","message":"page 2 \u001b[31mmissing"}'
            echo '{"type":"LOG","level":"info","message":"three pages"}'
            echo '{"type":"LOG","level":7,"message":["odd"]}'
            echo '{"type":"SCHEMA_OF_LATER","x":1}'
            """
        )
    )
    assert error is None
    (told,) = warnings(pages)
    assert "missing" in told
    assert "\x1b" not in told
    assert any("three pages" in record.getMessage() for record in caplog.records)


def test_secrets_are_masked_in_everything_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("PLANTED", "hunter2-hunter2")
    channel = shell(
        'echo "token $TOKEN refused" >&2; echo "{\\"oops $TOKEN"; exit 1',
        env={"TOKEN": Secret("env:PLANTED")},
    )
    pages, error = run(channel)
    assert error is not None
    seen = " ".join([error.message, error.hint, *warnings(pages), caplog.text, repr(channel)])
    assert "refused" in seen
    assert "hunter2" not in seen


def test_missing_program_and_missing_right_are_told_apart(tmp_path: Path) -> None:
    script = tmp_path / "forum"
    script.write_text("#!/bin/sh\necho\n")
    _, error = run(Exec(command=("no-such-program-anywhere",)))
    assert isinstance(error, SourceUnreadable)
    assert "no such program" in error.message
    _, error = run(Exec(command=(str(script),)))
    assert isinstance(error, SourceUnreadable)
    assert "chmod +x" in error.hint


def test_script_without_interpreter_says_so(tmp_path: Path) -> None:
    script = tmp_path / "forum"
    script.write_text("\x7fnonsense")
    script.chmod(0o755)
    _, error = run(Exec(command=(str(script),)))
    assert isinstance(error, SourceUnreadable)
    assert "#!" in error.hint


def test_relative_program_is_found_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin" / "forum"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\necho "{\\"id\\":\\"$(basename "$PWD")\\",\\"text\\":\\"a\\"}"\n')
    script.chmod(0o755)
    monkeypatch.chdir("/")
    pages, error = run(Exec(command=("bin/forum",), folder=tmp_path))
    assert error is None
    assert ids(pages) == [tmp_path.name]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Exec(command=("~/bin/forum",)).program() == str(script)


def test_account_names_the_program_and_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    session = shell(f"touch {mark}").connect(60)
    assert session.account().summary.endswith("/sh")
    assert not mark.exists()


@pytest.mark.slow
def test_many_records_come_in_pages() -> None:
    pages, error = run(python('for i in range(1300): print(\'{"id":%d,"text":"x"}\' % i)'))
    assert error is None
    assert ids(pages) == [str(number) for number in range(1300)]
    assert len(pages) > 1
    assert [page.state for page in pages[:-1]] == [None] * (len(pages) - 1)


def test_settings_are_checked() -> None:
    assert list(Exec(command=("sh",)).problems()) == []
    keys = [key for key, _ in Exec(command=(), limit=0, tz="Mars/Base").problems()]
    assert keys == ["command", "limit", "tz"]
    assert isinstance(Exec(command=("sh",)), BlockingChannel)
    assert not Exec.capabilities.sees_own_replies
    assert Exec(command=("sh",), sees_own_replies=True).capabilities.sees_own_replies


@pytest.mark.slow
def test_unusual_state_values_survive() -> None:
    for value in ("text", 7, None, [1], {"a": {"b": "ü"}}, False):
        line = json.dumps({"type": "STATE", "value": value})
        pages, error = run(python(f"print({line!r})"))
        assert error is None
        state = pages[-1].state
        assert state is not None
        assert (json.loads(state.cursor) if state.cursor else None) == value
