"""
What was sent: digests, alerts, hand-offs.

Each row is written before anything leaves the machine, and its ``sent_at`` (``done_at``) after
it was taken. A row without it belongs to a run that is at work now, or that died.
"""

SCRIPT = """
-- One mail of one period to one recipient. as_of: what the mail told was true then.
CREATE TABLE digest (
    period     TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    message_id TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    as_of      INTEGER NOT NULL,
    sent_at    INTEGER,
    problem    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (period, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX digest_sent ON digest (sent_at) WHERE sent_at IS NOT NULL;

-- One thing told to one target. about: conversation, channel or spike; subject: its id or name;
-- level: 0 urgent to 3 low; covers: the newest message that was told, or since when it is so.
CREATE TABLE alert (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    about      TEXT NOT NULL,
    subject    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    level      INTEGER NOT NULL,
    covers     INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    sent_at    INTEGER,
    UNIQUE (target, about, subject, kind, level, covers)
) STRICT;
CREATE INDEX alert_sent ON alert (target, sent_at);

-- One conversation given to another system. uid goes along, so that the other side can tell a
-- repetition from a new one. state: pending, done, failed.
CREATE TABLE handoff (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    target          TEXT NOT NULL,
    conversation_id INTEGER NOT NULL,
    mention_id      INTEGER NOT NULL,
    uid             TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    started_at      INTEGER NOT NULL,
    done_at         INTEGER,
    remote_id       TEXT NOT NULL DEFAULT '',
    remote_url      TEXT NOT NULL DEFAULT '',
    problem         TEXT NOT NULL DEFAULT '',
    lasting         INTEGER NOT NULL DEFAULT 0,
    UNIQUE (target, uid)
) STRICT;
CREATE INDEX handoff_mention ON handoff (mention_id);
"""
