"""Full-text search over what people wrote."""

from __future__ import annotations

import sqlite3


def conversations_with(connection: sqlite3.Connection, words: str, limit: int) -> list[int]:
    """
    Return the conversations in which all words occur, newest first.

    Every word is quoted: ``c++``, ``a:b`` and ``-x`` are words of people, not syntax. The last
    one may be a beginning.
    """
    query = fts_query(words)
    if not query:
        return []
    found = connection.execute(
        "SELECT c.id FROM (SELECT DISTINCT m.conversation_id AS id FROM mention_text t "
        "JOIN mention m ON m.id = t.rowid WHERE mention_text MATCH ?) hit "
        "JOIN conversation c ON c.id = hit.id ORDER BY c.last_at DESC LIMIT ?",
        (query, limit),
    )
    return [row["id"] for row in found]


def fts_query(words: str) -> str:
    """Return words as FTS5 takes them: each in quotes, the last one also as a beginning."""
    quoted = [
        '"' + word.replace('"', '""') + '"'
        for word in words.replace("\0", " ").split()  # FTS5 stops reading at it
        if any(letter.isalnum() for letter in word)
    ]
    return " ".join(quoted) + "*" if quoted else ""
