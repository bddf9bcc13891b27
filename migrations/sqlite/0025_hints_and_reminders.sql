-- Hints for who tries another address of theirs (M8), and reminders of invitations (D8). The same stands in migrations/postgres under
-- the same stem.

-- Whether the practice said, when the contact moved away from it, that the address was a stranger's (M9). Of keys that were
-- remembered before, nobody knows.
ALTER TABLE portal_contact_former_key ADD COLUMN wrong INTEGER CHECK (wrong IN (0, 1));

-- So many days before its end the reader of a link was reminded; 0 where its end was dealt with.
ALTER TABLE portal_link ADD COLUMN reminded_days INTEGER CHECK (reminded_days >= 0);
CREATE INDEX portal_link_inviting ON portal_link (practice_id, expires_at, link_id)
    WHERE purpose = 'activation' AND used_at IS NULL AND ended_at IS NULL AND reminded_days IS NOT 0;

-- A kind of enquiry of its own: a try to sign in that failed.
CREATE TABLE portal_enquiry_new (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    enquiry_id BLOB NOT NULL CHECK (length(enquiry_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'renew', 'portal_address', 'sign_in')),
    address TEXT,
    link_id BLOB,
    origin TEXT,
    at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    staff INTEGER NOT NULL DEFAULT 0 CHECK (staff IN (0, 1)),
    PRIMARY KEY (practice_id, enquiry_id),
    CHECK ((address IS NULL) <> (link_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO portal_enquiry_new (practice_id, enquiry_id, kind, address, link_id, origin, at, due_at, staff)
SELECT practice_id, enquiry_id, kind, address, link_id, origin, at, due_at, staff FROM portal_enquiry;
DROP TABLE portal_enquiry;
ALTER TABLE portal_enquiry_new RENAME TO portal_enquiry;
CREATE INDEX portal_enquiry_due ON portal_enquiry (due_at);

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_link', 'portal_link_inviting', '10000 1000 1 1'),
    ('portal_enquiry', 'portal_enquiry', '100 10 1'),
    ('portal_enquiry', 'portal_enquiry_due', '100 2');
ANALYZE sqlite_schema;
