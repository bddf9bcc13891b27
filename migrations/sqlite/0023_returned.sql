-- Mail that came back (D3), and addresses that nothing is mailed to since (D4). The same stands in migrations/postgres under the
-- same stem.

-- What came of a message after it was handed over; its state stands beside it.
ALTER TABLE portal_message ADD COLUMN returned TEXT CHECK (returned IN ('bounced', 'complained'));
ALTER TABLE portal_message_attempt ADD COLUMN reason TEXT;

-- A report names a message, and of its practice only the beginning of the slug.
CREATE INDEX portal_message_named ON portal_message (message_id);

CREATE TABLE portal_suppression (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    key TEXT NOT NULL,
    since INTEGER NOT NULL,
    reason TEXT NOT NULL,
    words TEXT NOT NULL,
    lifted_at INTEGER, -- kept, so that a late report does not suppress it anew
    PRIMARY KEY (practice_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_suppression_since ON portal_suppression (since);

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_message', 'portal_message_named', '1000000 1'),
    ('portal_suppression', 'portal_suppression', '1000 100 1'),
    ('portal_suppression', 'portal_suppression_since', '1000 1');
ANALYZE sqlite_schema;
