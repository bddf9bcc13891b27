-- Endpoints of hosts that sealed events are pushed to (J2). The journal is the queue: an endpoint has its place in it. The same
-- stands in migrations/postgres under the same stem.

CREATE TABLE portal_webhook (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    webhook_id BLOB NOT NULL CHECK (length(webhook_id) = 16),
    ref TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    terms TEXT NOT NULL, -- JSON of the domain's Terms; secrets in it are sealed
    progress TEXT NOT NULL, -- JSON of the domain's Progress; out of it, for the look for work:
    cursor_at INTEGER NOT NULL, -- the number up to which the journal was served
    may_go_on INTEGER NOT NULL CHECK (may_go_on IN (0, 1)), -- whether something new may be begun
    due_at INTEGER, -- when what waits is tried again
    leased_until INTEGER,
    served_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, webhook_id),
    UNIQUE (practice_id, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_webhook_delivery (
    practice_id BLOB NOT NULL,
    webhook_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    took_millis INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    received INTEGER NOT NULL CHECK (received IN (0, 1)),
    status INTEGER,
    words TEXT NOT NULL,
    next_attempt_at INTEGER,
    PRIMARY KEY (practice_id, webhook_id, place),
    FOREIGN KEY (practice_id, webhook_id) REFERENCES portal_webhook (practice_id, webhook_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_webhook_delivery_at ON portal_webhook_delivery (at);

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_webhook', 'portal_webhook', '100 5 1'),
    ('portal_webhook', 'sqlite_autoindex_portal_webhook_2', '100 5 1'),
    ('portal_webhook_delivery', 'portal_webhook_delivery', '100000 10000 2000 1'),
    ('portal_webhook_delivery', 'portal_webhook_delivery_at', '100000 1');
ANALYZE sqlite_schema;
