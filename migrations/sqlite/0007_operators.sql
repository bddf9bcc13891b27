-- Practices can be suspended, and deleted for good thirty days after somebody ordered it. Keys of whoever runs the service belong to
-- no practice. The same stands in migrations/postgres under the same stem.

ALTER TABLE portal_practice ADD COLUMN suspended_at INTEGER;
ALTER TABLE portal_practice ADD COLUMN delete_after INTEGER;
CREATE INDEX portal_practice_doomed ON portal_practice (delete_after) WHERE delete_after IS NOT NULL;

CREATE TABLE portal_operator_key (
    operator_key_id BLOB NOT NULL CHECK (length(operator_key_id) = 16),
    name TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (operator_key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_operator_key_hash ON portal_operator_key (hash);

-- Receipts of what was deleted. They outlive the practice, and refer to nothing.
CREATE TABLE portal_deletion (
    practice_id BLOB NOT NULL CHECK (length(practice_id) = 16),
    slug TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    finished_at INTEGER,
    contacts INTEGER NOT NULL,
    users INTEGER NOT NULL,
    clients INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- As in 0001: SQLite is told what a large service is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_practice', 'portal_practice_doomed', '2 1'),
    ('portal_operator_key', 'portal_operator_key', '10 1'),
    ('portal_operator_key', 'portal_operator_key_hash', '10 1'),
    ('portal_deletion', 'portal_deletion', '10 1');
ANALYZE sqlite_schema;
