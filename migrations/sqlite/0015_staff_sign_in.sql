-- Staff sign in to the workspace themselves (W1): passwords and links of practice users, apart from those of logins, table and
-- all (P4). The same stands in migrations/postgres under the same stem.

CREATE TABLE portal_staff_credential (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    user_id BLOB NOT NULL,
    credential_id BLOB NOT NULL CHECK (length(credential_id) = 16),
    hash TEXT NOT NULL,
    confirmed_at TEXT NOT NULL, -- the key, not a time
    set_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, user_id),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal_practice_user (practice_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A link outlives its user, so that it can say what happened to it.
CREATE TABLE portal_staff_link (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    link_id BLOB NOT NULL CHECK (length(link_id) = 16),
    user_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset')),
    address TEXT NOT NULL,
    signed_with TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (practice_id, link_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_staff_link_user ON portal_staff_link (practice_id, user_id, expires_at);
CREATE INDEX portal_staff_link_over ON portal_staff_link (expires_at);

-- Mail to staff. In the places of contact and login it holds the user's id, so that no look-up by either meets it.
ALTER TABLE portal_message ADD COLUMN user_id BLOB;
CREATE INDEX portal_message_staff ON portal_message (created_at) WHERE user_id IS NOT NULL;

-- Whether it was asked for in the workspace.
ALTER TABLE portal_enquiry ADD COLUMN staff INTEGER NOT NULL DEFAULT 0 CHECK (staff IN (0, 1));

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_staff_credential', 'portal_staff_credential', '1000 100 1'),
    ('portal_staff_link', 'portal_staff_link', '10000 1000 1'),
    ('portal_staff_link', 'portal_staff_link_user', '10000 1000 10 1'),
    ('portal_staff_link', 'portal_staff_link_over', '10000 1'),
    ('portal_message', 'portal_message_staff', '1000 1');
ANALYZE sqlite_schema;
