-- Who knows the address to sign in with, and not of which practice, is told by mail: a kind of enquiry of its own, and a way to
-- find the practices of a key. The same stands in migrations/postgres under the same stem.

CREATE TABLE portal_enquiry_new (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    enquiry_id BLOB NOT NULL CHECK (length(enquiry_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'renew', 'portal_address')),
    address TEXT,
    link_id BLOB,
    origin TEXT,
    at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, enquiry_id),
    CHECK ((address IS NULL) <> (link_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO portal_enquiry_new (practice_id, enquiry_id, kind, address, link_id, origin, at, due_at)
SELECT practice_id, enquiry_id, kind, address, link_id, origin, at, due_at FROM portal_enquiry;
DROP TABLE portal_enquiry;
ALTER TABLE portal_enquiry_new RENAME TO portal_enquiry;
CREATE INDEX portal_enquiry_due ON portal_enquiry (due_at);

CREATE INDEX portal_login_key_anywhere ON portal_login_key (key) WHERE login_id IS NOT NULL;

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_enquiry', 'portal_enquiry', '100 10 1'),
    ('portal_enquiry', 'portal_enquiry_due', '100 2'),
    ('portal_login_key', 'portal_login_key_anywhere', '1000000 2');
ANALYZE sqlite_schema;
