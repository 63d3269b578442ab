"""A database that cannot be used: one clear message, exit code 74, and it stays as it was."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from mentionwatch.store import database
from tests.faults.killed import Killer, fill
from tests.shop import Result, Shop

pytestmark = pytest.mark.slow

SEED = 20261117
NOBODY = 65534
READING = (
    ("queue",),
    ("show", "1"),
    ("search", "coffee"),
    ("status",),
    ("db", "check"),
    ("doctor",),
)
WRITING = (("sync",), ("check",), ("done", "1"), ("note", "1", "called"), ("rescore", "--history"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Forty conversations, closed neatly: all is in the one file."""
    shop = Shop(tmp_path)
    shop.records("facebook", *records("f", 40))
    assert shop.run("sync", at="15:00").code == ExitCode.OK
    with shop.sql() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return shop


def records(prefix: str, count: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        yield {
            "id": f"{prefix}{number}",
            "author_id": f"{prefix}-author-{number}",
            "text": f"Where is my coffee, number {number}? " + "It is late again. " * 20,
            "at": f"10:{number:02d}",
        }


def assert_clear(result: Result, *words: str, code: int = ExitCode.IO) -> None:
    """One message with a way out, the right code, no traceback."""
    assert result.code == code, (result.code, result.err, result.out)
    assert "Traceback" not in result.err
    assert "nobody foresaw" not in result.err
    assert f"\n{result.err}".count("\nmentionwatch: ") == 1
    assert result.err.count("\n  hint: ") == 1
    for word in words:
        assert word in result.err


# --- somebody else has it -------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)


@pytest.fixture
def other(shop: Shop) -> Iterator[subprocess.Popen[str]]:
    """A process that runs the statements that it is sent, on the same database."""
    code = (
        "import sqlite3, sys\n"
        f"connection = sqlite3.connect({str(shop.db)!r}, isolation_level=None)\n"
        "for line in sys.stdin:\n"
        "    connection.execute(line).fetchall()\n"
        "    print('done', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


def let(other: subprocess.Popen[str], statement: str) -> None:
    other.stdin.write(f"{statement}\n")
    other.stdin.flush()
    assert other.stdout.readline() == "done\n"


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_another_program_writes(shop: Shop, other, impatient: None, words: tuple[str, ...]) -> None:
    before = facts(shop)
    let(other, "BEGIN IMMEDIATE")
    assert_clear(shop.run(*words, at="15:10"), "shop.db is in use by another program")
    let(other, "ROLLBACK")
    assert facts(shop) == before
    assert shop.run(*words, at="15:11").code == ExitCode.OK


def test_who_only_reads_does_not_wait_for_who_writes(shop: Shop, other, impatient: None) -> None:
    let(other, "PRAGMA cache_size = 1")  # what it writes goes to the disk at once
    let(other, "BEGIN IMMEDIATE")
    let(other, "DELETE FROM mention WHERE id > 5")
    result = shop.run("queue", "--json", at="15:10")
    assert result.code == ExitCode.OK
    assert len(result.rows) == 40


def test_another_program_has_it_for_itself(shop: Shop, other, impatient: None) -> None:
    let(other, "PRAGMA locking_mode = EXCLUSIVE")
    let(other, "BEGIN EXCLUSIVE")
    let(other, "DELETE FROM mention WHERE id < 0")
    for words in (*READING, *WRITING):
        assert_clear(shop.run(*words, at="15:10"), "in use by another program")


def test_another_run_of_ours_is_at_work(shop: Shop) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom mentionwatch.store.database import Store\n"
        f"with Store(Path({str(shop.db)!r})).lock():\n"
        "    print('done', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "done\n"
        result = shop.run("sync", at="15:10")
        assert_clear(result, "another run", code=ExitCode.LOCKED)
        assert shop.run("queue", at="15:10").code == ExitCode.OK
        process.stdin.close()
    assert shop.run("sync", at="15:11").code == ExitCode.OK


def facts(shop: Shop) -> list[tuple[object, ...]]:
    with shop.sql() as connection:
        return [
            tuple(row)
            for query in (
                "SELECT channel, external_id, text FROM mention ORDER BY 1, 2",
                "SELECT contact, state, due_at FROM conversation ORDER BY 1",
                "SELECT kind, data FROM event ORDER BY id",
            )
            for row in connection.execute(query)
        ]


# --- it is damaged --------------------------------------------------------------------------------


def assert_survived(shop: Shop, words: tuple[str, ...], damaged: bytes) -> None:
    """A command over a damaged file ends well or says what is wrong with it."""
    result = shop.run(*words, at="15:10")
    assert "Traceback" not in result.err
    assert result.code in (ExitCode.OK, ExitCode.INCOMPLETE, ExitCode.IO), (words, result.err)
    if result.code == ExitCode.IO and words != ("db", "check"):
        assert_clear(result, "shop.db")
    shop.db.write_bytes(damaged)
    for name in ("-wal", "-shm"):
        (shop.folder / f"shop.db{name}").unlink(missing_ok=True)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_truncated(shop: Shop, share: float) -> None:
    whole = shop.db.read_bytes()
    damaged = whole[: int(len(whole) * share)]
    shop.db.write_bytes(damaged)
    checked = shop.run("db", "check", at="15:10")
    assert checked.code == ExitCode.IO
    assert "Traceback" not in checked.err
    found = shop.run("doctor", at="15:10")
    assert found.code in (ExitCode.IO, ExitCode.INCOMPLETE)
    assert "damaged" in found.out + found.err
    shop.db.write_bytes(damaged)
    for words in (*READING, *WRITING):
        assert_survived(shop, words, damaged)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(4))
def test_flipped_bytes(shop: Shop, part: int) -> None:
    """Sixty files with one page in disorder: no command ends in a way that nobody foresaw."""
    chance = random.Random(f"{SEED} {part}")
    whole = shop.db.read_bytes()
    for number in range(15):
        damaged = bytearray(whole)
        place = chance.randrange(len(whole) // 4096) * 4096 if number % 2 else 0
        for _ in range(1 + number):
            damaged[place + chance.randrange(4096)] ^= 1 << chance.randrange(8)
        shop.db.write_bytes(damaged)
        for words in (*READING, chance.choice(WRITING)):
            assert_survived(shop, words, bytes(damaged))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text", b"Dear diary, today nothing happened.\n" * 500),
        ("random", random.Random(SEED).randbytes(20_000)),
        ("another header", b"SQLite format 2\0" + bytes(4080)),
        ("header only", b"SQLite format 3\0"),
        ("zeros", bytes(8192)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_not_a_database(shop: Shop, name: str, content: bytes) -> None:
    shop.db.write_bytes(content)
    for words in (*READING, *WRITING):
        assert_clear(shop.run(*words, at="15:10"), "shop.db is not a database")
        assert shop.db.read_bytes() == content


def test_somebody_elses_database(shop: Shop) -> None:
    shop.db.unlink()
    with sqlite3.connect(shop.db) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    content = shop.db.read_bytes()
    for words in (*READING, *WRITING):
        assert_clear(shop.run(*words, at="15:10"), "not one of mentionwatch")
    assert shop.db.read_bytes() == content


def test_of_a_newer_version(shop: Shop) -> None:
    with sqlite3.connect(shop.db) as connection:
        connection.execute("PRAGMA user_version = 999")
    content = shop.db.read_bytes()
    for words in (*READING, *WRITING):
        assert_clear(shop.run(*words, at="15:10"), "newer mentionwatch")
    assert shop.db.read_bytes() == content


def test_a_device_is_no_database(shop: Shop) -> None:
    for path in ("/dev/null", "/dev/full", str(shop.folder)):
        assert_clear(shop.run("sync", "--db", path, at="15:10"), path)
    assert "is a directory" in shop.run("sync", "--db", str(shop.folder), at="15:10").err


# --- the disk -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as killer:
        yield killer


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, as those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="mentionwatch-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def outcome(run: object) -> Result:
    return Result(code=run.code, out=run.out, err=run.err)


@pytest.mark.parametrize("what", ["folder", "file", "nothing may be read", "new"])
def test_no_permission(killer: Killer, open_folder: Path, tmp_path: Path, what: str) -> None:
    """As another user when we are root, whom no permission stops."""
    shop = Shop(open_folder)
    shop.records("facebook", *records("f", 3))
    shop.run("sync", at="15:00")
    with shop.sql() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in open_folder.iterdir():
        path.chmod(0o644 if what == "folder" else 0o444)
    shop.config.chmod(0o444)
    if what == "nothing may be read":
        shop.db.chmod(0)
    else:
        open_folder.chmod(0o555)
    if what == "new":  # there is none yet, and none can be made
        for path in open_folder.glob("shop.db*"):
            path.unlink()
    before = shop.db.read_bytes() if os.geteuid() == 0 and what != "new" else b""
    user = NOBODY if os.geteuid() == 0 else 0
    for words in WRITING[:2] if what == "new" else WRITING:
        run = killer.run(
            *words, "--config", str(shop.config),
            folder=tmp_path, at="2026-11-17T15:10:00+00:00", user=user,
        )  # fmt: skip
        assert_clear(outcome(run), str(open_folder), "permissions")  # in the hint: how they are
    open_folder.chmod(0o755)
    if before:
        assert shop.db.read_bytes() == before


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="mentionwatch-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "words",
    [("sync",), ("import", "old.ndjson"), ("rescore", "--history"), ("done", "1", "2"), ("queue",)],
    ids=" ".join,
)
def test_the_disk_is_full(
    killer: Killer, small_disk: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """At any write: a clear message, nothing torn; with room again the same command succeeds."""
    at = "2026-11-17T15:00:00+00:00"
    shop = Shop(small_disk)
    shop.records("facebook", *records("f", 30))
    shop.records("mastodon", *records("m", 30))
    shop.write_config()
    shop.channel("facebook")
    old = tmp_path / "old.ndjson"
    old.write_text("".join(shop.channels["mastodon"].lines).replace("}{", "}\n{"))
    words = tuple(str(old) if word == "old.ndjson" else word for word in words)
    config = ("--config", str(shop.config))
    first_start = words[0] in ("sync", "queue")
    if not first_start:
        assert killer.run("sync", *config, folder=tmp_path, at=at).code == 0

    def run(fill_at: int = 0) -> object:
        filler = small_disk / "filler"
        return killer.run(*words, *config, folder=tmp_path, at=at, fill_at=fill_at, filler=filler)

    def rewind() -> None:
        for path in small_disk.glob("shop.db*"):
            path.unlink()
        for name, content in before.items():
            (small_disk / name).write_bytes(content)

    before = {path.name: path.read_bytes() for path in small_disk.glob("shop.db*")}
    whole = run()
    assert whole.code == ExitCode.OK, whole.err
    expected = facts(shop)
    chance = random.Random(f"{SEED} {words[0]}")
    stopped = 0
    for moment in chance.sample(range(1, len(whole.writes) + 1), min(12, len(whole.writes))):
        rewind()
        full = run(moment)
        if full.code != ExitCode.OK:
            stopped += 1
            assert_clear(outcome(full))
            assert "the disk is full" in full.err or "check the disk" in full.err
        (small_disk / "filler").unlink()
        with shop.sql() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        again = run()
        assert again.code == ExitCode.OK, again.err
        assert facts(shop) == expected, f"full at write {moment}"
    assert stopped > 2


def test_an_output_file_on_a_full_disk_keeps_what_it_was(small_disk: Path, shop: Shop) -> None:
    target = small_disk / "queue.html"
    target.write_text("yesterday's")
    fill(small_disk / "filler")
    result = shop.run("queue", "--format", "html", "--output", str(target), at="15:10")
    assert_clear(result, "queue.html", "disk is full")
    assert target.read_text() == "yesterday's"
    assert [path.name for path in small_disk.iterdir() if "part" in path.name] == []
