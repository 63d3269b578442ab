"""
What a report over a stretch of time needs: indexes by time, and the owner's verdicts on replies.
"""

SCRIPT = """
CREATE INDEX mention_at ON mention (at);
CREATE INDEX clock_since ON clock (since);
CREATE INDEX clock_due ON clock (due_at);

-- What the owner thinks of our answers in a conversation, 1 (bad) to 5 (good). mention_id: its
-- newest mention then, by which it is found again after a join or a split.
CREATE TABLE verdict (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL,
    mention_id      INTEGER NOT NULL REFERENCES mention (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    actor           TEXT NOT NULL DEFAULT '',
    given           INTEGER NOT NULL CHECK (given BETWEEN 1 AND 5),
    score           REAL
) STRICT;
CREATE INDEX verdict_mention ON verdict (mention_id);
"""
