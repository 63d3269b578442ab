"""
A report over 1,000,000 mentions: how long it takes, and what memory it needs beyond 1,000.

The seconds on a processor are told beside those that passed, because other programs take their
share of the machine. A folder as the only argument keeps the databases for the next time.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from _measure import python
from _shop import NOW, setting

from mentionwatch.app.insight import Period, read_report
from mentionwatch.app.setting import notice_changes
from mentionwatch.model.times import to_ms
from mentionwatch.store import channels

SPREAD_MS = 360 * 86_400_000
CONVERSATIONS = """
INSERT INTO conversation (id, contact, channel, type, family, kind, newest_id, state, private,
    priority_rank, priority, urgency, sentiment, intent, messages, first_at, last_at, waiting_since,
    due_at, soon_at, closed_at)
SELECT id, contact, channel, type, 'social', kind, id, iif(id % 20, 'answered', 'open'), private,
    id % 4, CASE id % 4 WHEN 0 THEN 'urgent' WHEN 1 THEN 'high' WHEN 2 THEN 'normal' ELSE 'low' END,
    20 + id % 60, sentiment, intent, 1, at, at, iif(id % 20, NULL, at),
    iif(id % 20, NULL, at + 3600000), iif(id % 20, NULL, at + 2700000), iif(id % 20, at, NULL)
FROM mention
"""
REPLIES = """
INSERT INTO reply (id, channel, external_id, type, thread, parent_id, at, at_source, received,
    certainty, private, text)
SELECT id, channel, 'r' || id, type, thread, external_id, at + (id % 7919) * 3000, 'published',
    at + (id % 7919) * 3000, 'sure', private, 'Here it is.' FROM mention WHERE id % 20
"""
CLOCKS = """
INSERT INTO clock (conversation_id, kind, since, due_at, replied_at, reply_id, result, priority,
    open_seconds, calendar_seconds)
SELECT m.id, iif(m.id % 5, 'first', 'next'), m.at, m.at + 3600000, r.at, r.id,
    iif(r.at <= m.at + 3600000, 'met', 'breached'), 'normal', (r.at - m.at) / 3000,
    (r.at - m.at) / 1000
FROM mention m JOIN reply r ON r.id = m.id
"""


def fill(folder: Path, count: int) -> None:
    """Fill the tables directly: this measures reading, and an assessment would take minutes."""
    shop = setting(folder)
    notice_changes(shop, NOW)
    stamp = to_ms(NOW)
    step = SPREAD_MS / count
    with shop.store.transaction() as connection:
        channels.connect(connection, "facebook", "file", "social", stamp)
        channels.save_result(connection, "facebook", channels.RunResult(status="ok"), stamp)
        connection.executemany(
            "INSERT INTO mention (channel, external_id, type, contact, thread, kind, author_id, "
            "author_name, at, at_source, received, addressed, private, text, conversation_id, "
            "scored_with, sentiment, sentiment_points, intent, closing, reasons) "
            "VALUES ('facebook', ?, 'facebook', ?, ?, 'comment', ?, ?, ?, "
            "'published', ?, 1, ?, ?, ?, 'bench', ?, 0, ?, '', '[]')",
            (
                (f"m{n}", f"facebook:a{n % 300_000}", f"m{n}", f"a{n}", f"Author {n}",
                 stamp - int(n * step), stamp, n % 3 == 0, f"Where is order {n}?", n,
                 ("negative", "neutral", "positive")[n % 3], ("complaint", "lead", "praise")[n % 3])
                for n in range(1, count + 1)
            ),
        )  # fmt: skip
        for script in (CONVERSATIONS, REPLIES, CLOCKS):
            connection.execute(script)
        connection.executemany(
            "INSERT INTO own_post (channel, external_id, type, at, at_source, received, text) "
            "VALUES ('facebook', ?, 'facebook', ?, 'published', ?, 'New cups!')",
            ((f"o{n}", stamp - n * 43_200_000, stamp) for n in range(1, 720)),
        )
    shop.store.connection.execute("ANALYZE")
    shop.store.close()


def measure(folder: Path, by: str, days: int) -> None:
    """Read one report; print its seconds, those on a processor, and the memory, MiB."""
    shop = setting(folder)
    start, busy = time.perf_counter(), time.process_time()
    report = read_report(shop, NOW, Period(length=timedelta(days=days), by=by))
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert report.now.due
    print(f"{seconds} {busy} {memory} {report.now.mentions}")


def one(folder: Path, by: str, days: int) -> tuple[float, float, float, int]:
    command = python(__file__, str(folder), by or "-", str(days))
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(out[0]), float(out[1]), float(out[2]), int(out[3])


def main(kept: str = "") -> None:
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(kept or name) / "small", Path(kept or name) / "large"
        for folder, count in ((small, 1_000), (large, 1_000_000)):
            if not folder.exists():
                folder.mkdir(parents=True)
                fill(folder, count)
        _, _, base, _ = one(small, "", 365)
        for by, days in (("", 30), ("", 365), ("channel", 365), ("hour", 365), ("author", 365)):
            seconds, busy, memory, mentions = one(large, by, days)
            print(
                f"report, {days:3} days by {by or 'nothing':<8} {mentions:>9,} mentions "
                f"{seconds:6.1f} s, {busy:5.1f} s on a processor   "
                f"{memory - base:+6.1f} MiB above 1,000   (reach seconds, flat memory)"
            )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        measure(Path(sys.argv[1]), sys.argv[2].replace("-", ""), int(sys.argv[3]))
    else:
        main(*sys.argv[1:2])
