"""Storing mentions, page by page, against bare executemany into the same tables."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from _measure import ratio, wall_of
from _shop import NOW, pages, setting

from mentionwatch.model.times import to_ms
from mentionwatch.store import channels, items, rows
from mentionwatch.store.rows import Source

COUNT = 20_000
SOURCE = Source(channel="facebook", type="facebook")


def ours(folder: Path) -> float:
    with setting(folder) as shop:
        with shop.store.transaction() as connection:
            channels.connect(connection, "facebook", "file", "social", to_ms(NOW))
        prepared = list(pages(COUNT))

        def store() -> None:
            for page in prepared:
                with shop.store.transaction() as connection:
                    items.save_page(connection, SOURCE, page, NOW)

        return wall_of(store)


def bare(folder: Path) -> float:
    """The same rows with the same indexes and the same search index, nothing else."""
    with setting(folder) as shop:
        with shop.store.transaction() as connection:
            channels.connect(connection, "facebook", "file", "social", to_ms(NOW))
        prepared = [
            [
                {k: v for k, v in row.items() if not k.startswith("_")}
                for row in rows.mention_rows(SOURCE, page.items, to_ms(NOW))
            ]
            for page in pages(COUNT)
        ]
        columns = list(prepared[0][0])
        insert = (
            f"INSERT INTO mention ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        )
        values = [[tuple(row.values()) for row in rows] for rows in prepared]
        texts = [
            [(r["title"], r["text"], r["author_name"], r["author_handle"]) for r in rows]
            for rows in prepared
        ]
        people = [[(f"name:{r['author_name']}", r["contact"]) for r in rows] for rows in prepared]
        dirty = [[(r["contact"], 0) for r in rows] for rows in prepared]
        connection: sqlite3.Connection = shop.store.connection

        def store() -> None:
            number = 0
            for page, words, keys, marks in zip(values, texts, people, dirty, strict=True):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(insert, page)
                connection.executemany(
                    "INSERT INTO mention_text (rowid, title, text, author_name, author_handle) "
                    "VALUES (?, ?, ?, ?, ?)",
                    ((number + place, *word) for place, word in enumerate(words, start=1)),
                )
                connection.executemany("INSERT OR IGNORE INTO person_key VALUES (?, ?)", keys)
                connection.executemany("INSERT OR IGNORE INTO dirty VALUES (?, ?)", marks)
                number += len(page)
                connection.execute("COMMIT")

        return wall_of(store)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = iter(range(1000))

        def fresh() -> Path:
            path = Path(folder) / str(next(runs))
            path.mkdir()
            return path

        ratio(
            f"storing {COUNT:,} mentions against executemany",
            lambda: ours(fresh()),
            lambda: bare(fresh()),
            runs=5,
            reach="reach 2 x",
        )


if __name__ == "__main__":
    main()
