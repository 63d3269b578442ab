"""
The first schema.

Times are INTEGER UTC milliseconds. Columns marked "derived" are computed by the assessment from
the others and may be thrown away and computed again.
"""

SCRIPT = """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE channel (
    name            TEXT PRIMARY KEY,
    type            TEXT NOT NULL,
    family          TEXT NOT NULL,
    sees_replies    INTEGER NOT NULL DEFAULT 1,
    stored          INTEGER NOT NULL DEFAULT 0,
    account         TEXT NOT NULL DEFAULT '',
    own_names       TEXT NOT NULL DEFAULT '[]',
    connected_at    INTEGER NOT NULL,
    status          TEXT NOT NULL DEFAULT 'never',
    last_attempt_at INTEGER,
    last_success_at INTEGER,
    failing_since   INTEGER,
    problem         TEXT,
    hint            TEXT,
    credentials     INTEGER NOT NULL DEFAULT 0,
    warnings        TEXT NOT NULL DEFAULT '[]',
    intervals       TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE TABLE stream (
    channel    TEXT NOT NULL REFERENCES channel (name) ON UPDATE CASCADE,
    name       TEXT NOT NULL,
    cursor     TEXT NOT NULL DEFAULT '',
    top        TEXT NOT NULL DEFAULT '',
    resume     TEXT NOT NULL DEFAULT '',
    extra      TEXT NOT NULL DEFAULT '{}',
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (channel, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE mention (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    channel          TEXT NOT NULL REFERENCES channel (name) ON UPDATE CASCADE,
    external_id      TEXT NOT NULL,
    type             TEXT NOT NULL,
    contact          TEXT NOT NULL,
    thread           TEXT NOT NULL,
    parent_id        TEXT NOT NULL DEFAULT '',
    kind             TEXT NOT NULL,
    author_id        TEXT NOT NULL DEFAULT '',
    author_name      TEXT NOT NULL DEFAULT '',
    author_handle    TEXT NOT NULL DEFAULT '',
    author_url       TEXT NOT NULL DEFAULT '',
    author_is_bot    INTEGER NOT NULL DEFAULT 0,
    followers        INTEGER,
    at               INTEGER NOT NULL,
    at_source        TEXT NOT NULL,
    published        INTEGER,
    delivered        INTEGER,
    edited           INTEGER,
    received         INTEGER NOT NULL,
    deleted_at       INTEGER,
    addressed        INTEGER NOT NULL,
    private          INTEGER NOT NULL,
    repost           INTEGER NOT NULL DEFAULT 0,
    automatic        INTEGER NOT NULL DEFAULT 0,
    skipped          TEXT NOT NULL DEFAULT '',
    title            TEXT NOT NULL DEFAULT '',
    text             TEXT NOT NULL,
    url              TEXT NOT NULL DEFAULT '',
    language         TEXT NOT NULL DEFAULT '',
    media            INTEGER NOT NULL DEFAULT 0,
    rating           REAL,
    rating_max       REAL NOT NULL DEFAULT 5,
    likes            INTEGER,
    shares           INTEGER,
    replies          INTEGER,
    views            INTEGER,
    publisher        TEXT NOT NULL DEFAULT '',
    raw              TEXT,
    -- derived
    conversation_id  INTEGER,
    scored_with      TEXT,
    sentiment        TEXT,
    sentiment_points INTEGER,
    urgency          INTEGER,
    intent           TEXT,
    closing          TEXT,
    spoken           TEXT,
    reasons          TEXT,
    UNIQUE (channel, external_id)
) STRICT;
CREATE INDEX mention_contact ON mention (contact, at);
CREATE INDEX mention_thread ON mention (channel, thread);
CREATE INDEX mention_conversation ON mention (conversation_id);
CREATE INDEX mention_repost ON mention (channel, parent_id) WHERE repost = 1;

CREATE TABLE reply (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    channel     TEXT NOT NULL REFERENCES channel (name) ON UPDATE CASCADE,
    external_id TEXT NOT NULL,
    type        TEXT NOT NULL,
    thread      TEXT NOT NULL DEFAULT '',
    parent_id   TEXT NOT NULL DEFAULT '',
    names       TEXT NOT NULL DEFAULT '[]',
    author_name TEXT NOT NULL DEFAULT '',
    at          INTEGER NOT NULL,
    at_source   TEXT NOT NULL,
    published   INTEGER,
    delivered   INTEGER,
    edited      INTEGER,
    received    INTEGER NOT NULL,
    deleted_at  INTEGER,
    certainty   TEXT NOT NULL,
    automatic   INTEGER NOT NULL DEFAULT 0,
    private     INTEGER NOT NULL DEFAULT 0,
    text        TEXT NOT NULL,
    url         TEXT NOT NULL DEFAULT '',
    raw         TEXT,
    UNIQUE (channel, external_id)
) STRICT;
CREATE INDEX reply_parent ON reply (channel, parent_id);
CREATE INDEX reply_thread ON reply (channel, thread);
CREATE INDEX reply_at ON reply (at);

CREATE TABLE reply_name (
    channel  TEXT NOT NULL,
    name     TEXT NOT NULL,
    reply_id INTEGER NOT NULL REFERENCES reply (id) ON DELETE CASCADE,
    PRIMARY KEY (channel, name, reply_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE own_post (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    channel     TEXT NOT NULL REFERENCES channel (name) ON UPDATE CASCADE,
    external_id TEXT NOT NULL,
    type        TEXT NOT NULL,
    thread      TEXT NOT NULL DEFAULT '',
    at          INTEGER NOT NULL,
    at_source   TEXT NOT NULL,
    published   INTEGER,
    edited      INTEGER,
    received    INTEGER NOT NULL,
    deleted_at  INTEGER,
    text        TEXT NOT NULL,
    url         TEXT NOT NULL DEFAULT '',
    raw         TEXT,
    UNIQUE (channel, external_id)
) STRICT;
CREATE INDEX own_post_at ON own_post (channel, at);

CREATE TABLE edit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    item    TEXT NOT NULL CHECK (item IN ('mention', 'reply', 'own_post')),
    item_id INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    title   TEXT NOT NULL DEFAULT '',
    text    TEXT NOT NULL
) STRICT;
CREATE INDEX edit_item ON edit (item, item_id);

-- The same person on two channels: keys by which contacts resemble each other.
CREATE TABLE person_key (
    key     TEXT NOT NULL,
    contact TEXT NOT NULL,
    PRIMARY KEY (key, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_contact ON person_key (contact);

CREATE TABLE event (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             TEXT NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL,
    mention_id      INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    recorded_at     INTEGER NOT NULL,
    actor           TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL CHECK (kind IN ('done', 'ignore', 'snooze', 'reopen', 'assign',
                        'note', 'label', 'link', 'unlink', 'handoff', 'undo')),
    data            TEXT NOT NULL DEFAULT '{}',
    undoes          INTEGER REFERENCES event (id)
) STRICT;
CREATE INDEX event_mention ON event (mention_id);
CREATE INDEX event_undoes ON event (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE calendar (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    from_at INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;

CREATE TABLE holiday (
    source     TEXT NOT NULL,
    year       INTEGER NOT NULL,
    dates      TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    PRIMARY KEY (source, year)
) STRICT, WITHOUT ROWID;

-- derived, but for checked_at
CREATE TABLE conversation (
    id             INTEGER PRIMARY KEY,
    contact        TEXT NOT NULL,
    channel        TEXT NOT NULL,
    type           TEXT NOT NULL,
    family         TEXT NOT NULL,
    kind           TEXT NOT NULL,
    newest_id      INTEGER NOT NULL,
    state          TEXT NOT NULL,
    cause          TEXT NOT NULL DEFAULT '',
    private        INTEGER NOT NULL,
    priority_rank  INTEGER NOT NULL,
    priority       TEXT NOT NULL,
    urgency        INTEGER NOT NULL,
    sentiment      TEXT NOT NULL,
    intent         TEXT NOT NULL,
    messages       INTEGER NOT NULL,
    first_at       INTEGER NOT NULL,
    last_at        INTEGER NOT NULL,
    waiting_since  INTEGER,
    due_at         INTEGER,
    soon_at        INTEGER,
    follow_up      INTEGER NOT NULL DEFAULT 0,
    baseline       INTEGER NOT NULL DEFAULT 0,
    closed_at      INTEGER,
    reopened       INTEGER NOT NULL DEFAULT 0,
    snoozed_until  INTEGER,
    assignee       TEXT,
    labels         TEXT NOT NULL DEFAULT '[]',
    reasons        TEXT NOT NULL DEFAULT '[]',
    hints          TEXT NOT NULL DEFAULT '[]',
    also_on        TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX conversation_contact ON conversation (contact);
CREATE INDEX queue_order ON conversation (priority_rank, due_at, urgency DESC, id)
    WHERE state = 'open';
CREATE INDEX queue_due ON conversation (due_at) WHERE state = 'open';
CREATE INDEX queue_channel ON conversation (channel, priority_rank, due_at) WHERE state = 'open';
CREATE INDEX conversation_closed ON conversation (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX conversation_last ON conversation (last_at);

CREATE TABLE clock (
    id               INTEGER PRIMARY KEY,
    conversation_id  INTEGER NOT NULL,
    kind             TEXT NOT NULL,
    since            INTEGER NOT NULL,
    due_at           INTEGER,
    replied_at       INTEGER,
    reply_id         INTEGER,
    result           TEXT NOT NULL,
    priority         TEXT NOT NULL,
    open_seconds     INTEGER,
    calendar_seconds INTEGER,
    manual           INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX clock_conversation ON clock (conversation_id);
CREATE INDEX clock_replied ON clock (replied_at);

CREATE TABLE alias (
    old INTEGER PRIMARY KEY,
    id  INTEGER NOT NULL
) STRICT;

CREATE TABLE dirty (
    contact TEXT PRIMARY KEY,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE revisit (
    channel     TEXT NOT NULL,
    external_id TEXT NOT NULL,
    checked_at  INTEGER NOT NULL,
    PRIMARY KEY (channel, external_id)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE mention_text USING fts5 (
    title, text, author_name, author_handle,
    content='mention', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);

CREATE VIEW queue AS
SELECT c.id, c.channel, c.type, c.family, c.priority, c.urgency, c.sentiment, c.intent,
       m.author_name, m.author_handle, m.title, m.text, m.url, c.messages, c.private,
       c.assignee, c.snoozed_until, c.follow_up, c.baseline, c.waiting_since, c.due_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', c.waiting_since / 1000, 'unixepoch') AS waiting_since_iso,
       strftime('%Y-%m-%dT%H:%M:%SZ', c.due_at / 1000, 'unixepoch') AS due_at_iso
FROM conversation c JOIN mention m ON m.id = c.newest_id
WHERE c.state = 'open';

CREATE VIEW overdue AS
SELECT * FROM queue
WHERE due_at < CAST(strftime('%s', 'now') * 1000 AS INTEGER)
  AND coalesce(snoozed_until, 0) <= CAST(strftime('%s', 'now') * 1000 AS INTEGER);

CREATE VIEW response_times AS
SELECT k.id, k.conversation_id, c.channel, c.type, c.family, k.kind, k.priority, k.result,
       k.since, k.due_at, k.replied_at, k.open_seconds, k.calendar_seconds, k.manual,
       strftime('%Y-%m-%dT%H:%M:%SZ', k.since / 1000, 'unixepoch') AS since_iso,
       strftime('%Y-%m-%dT%H:%M:%SZ', k.due_at / 1000, 'unixepoch') AS due_at_iso,
       strftime('%Y-%m-%dT%H:%M:%SZ', k.replied_at / 1000, 'unixepoch') AS replied_at_iso
FROM clock k JOIN conversation c ON c.id = k.conversation_id;
"""
