"""The first page of the queue, 500 open conversations, among 1,000 and among 1,000,000 mentions."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from _measure import ratio, wall_of
from _shop import NOW, setting

from mentionwatch.app.read_queue import Wanted, read_queue
from mentionwatch.app.setting import notice_changes
from mentionwatch.model.times import to_ms
from mentionwatch.store import channels

OPEN = 500
CLOSED_COLUMNS = """
INSERT INTO conversation (id, contact, channel, type, family, kind, newest_id, state, private,
    priority_rank, priority, urgency, sentiment, intent, messages, first_at, last_at, waiting_since,
    due_at, soon_at, closed_at)
SELECT id, contact, channel, type, 'social', kind, id, iif(id <= :open, 'open', 'answered'), 0,
    2, 'normal', 20 + id % 25, 'neutral', 'question', iif(id <= :open, 1, 0), at, at,
    iif(id <= :open, at, NULL), iif(id <= :open, at + 3600000, NULL),
    iif(id <= :open, at + 2700000, NULL), iif(id <= :open, NULL, at)
FROM mention
"""


def filled(folder: Path, count: int):
    """Fill the tables directly: this measures reading, and an assessment would take minutes."""
    folder.mkdir()
    shop = setting(folder)
    notice_changes(shop, NOW)
    stamp = to_ms(NOW)
    with shop.store.transaction() as connection:
        channels.connect(connection, "facebook", "file", "social", stamp)
        channels.save_result(connection, "facebook", channels.RunResult(status="ok"), stamp)
        connection.executemany(
            "INSERT INTO mention (channel, external_id, type, contact, thread, kind, author_id, "
            "author_name, at, at_source, received, addressed, private, text, conversation_id, "
            "scored_with, reasons) VALUES ('facebook', ?, 'facebook', ?, ?, 'comment', ?, ?, ?, "
            "'published', ?, 1, 0, ?, ?, 'bench', '[]')",
            (
                (f"m{n}", f"facebook:a{n}", f"m{n}", f"a{n}", f"Author {n}",
                 stamp - 20_000_000 - n * 10, stamp, f"Where is order {n}?", n)
                for n in range(1, count + 1)
            ),
        )  # fmt: skip
        connection.execute(CLOSED_COLUMNS, {"open": OPEN})
    shop.store.connection.execute("ANALYZE")
    return shop


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small = filled(Path(folder) / "small", 1_000)
        large = filled(Path(folder) / "large", 1_000_000)
        wanted = Wanted(limit=50)

        def read(shop) -> float:
            return wall_of(lambda: read_queue(shop, NOW, wanted))

        assert json.dumps([r.id for r in read_queue(small, NOW, wanted).rows])
        ratio(
            "first 50 rows, 1,000,000 against 1,000",
            lambda: read(large),
            lambda: read(small),
            reach="reach 1.5 x",
        )


if __name__ == "__main__":
    main()
