-- What somebody said the columns of a file of contacts are, offered again when a file with the same row of names comes: codes of
-- ours beside a digest of that row, and nothing of what stands in a file. Few of a practice are kept, the last ones.
-- The same stands in migrations/postgres under the same stem.

CREATE TABLE portal_import_columns (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id) ON DELETE CASCADE,
    heads BLOB NOT NULL CHECK (length(heads) = 32),
    said TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, heads)
) STRICT, WITHOUT ROWID;

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('portal_import_columns', 'portal_import_columns', '1000 10 1');
ANALYZE sqlite_schema;
