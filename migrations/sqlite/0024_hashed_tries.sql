-- Notes of tries to sign in say where they were by a mark, a keyed digest of what was typed, so that the database alone tells no
-- address (M8). They are kept for thirty days. Marks can't be made here: the notes of the last seven days, which had the addresses
-- plainly, go with their table, and with them the keys of erased contacts, at which there is nothing left to be removed. The same
-- stands in migrations/postgres under the same stem.
DROP TABLE portal_sign_in_try;
DROP TABLE portal_erased_key;

CREATE TABLE portal_sign_in_try (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    try_id BLOB NOT NULL CHECK (length(try_id) = 16),
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    origin TEXT,
    known_browser INTEGER NOT NULL CHECK (known_browser IN (0, 1)),
    right_password INTEGER NOT NULL CHECK (right_password IN (0, 1)),
    at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, try_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_sign_in_try_mark ON portal_sign_in_try (practice_id, mark, at);
CREATE INDEX portal_sign_in_try_over ON portal_sign_in_try (over_at);

-- Keys that an erasure left to nobody, with the marks of notes at them, until these are gone (J3): see 0016.
CREATE TABLE portal_erased_key (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    key TEXT NOT NULL,
    mark BLOB NOT NULL CHECK (length(mark) = 32),
    PRIMARY KEY (practice_id, key, mark)
) STRICT, WITHOUT ROWID;

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_sign_in_try', 'portal_sign_in_try', '100000 10000 1'),
    ('portal_sign_in_try', 'portal_sign_in_try_mark', '100000 10000 10 1'),
    ('portal_sign_in_try', 'portal_sign_in_try_over', '100000 1'),
    ('portal_erased_key', 'portal_erased_key', '10 10 1 1');
ANALYZE sqlite_schema;
