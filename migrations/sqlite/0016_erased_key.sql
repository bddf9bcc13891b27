-- Keys that an erasure left to nobody, until the notes of tries at them are gone (J3). The commit writes them, and notes are
-- removed a page at a time after it: anybody can make them, and so many that one transaction would not end.
CREATE TABLE portal_erased_key (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    key TEXT NOT NULL,
    PRIMARY KEY (practice_id, key)
) STRICT, WITHOUT ROWID;

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('portal_erased_key', 'portal_erased_key', '10 10 1');
ANALYZE sqlite_schema;
