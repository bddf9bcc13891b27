-- Staff look at the portal as a contact sees it (V1): a view has a table of its own, apart from the sessions of portal and workspace
-- (P4). It goes with its session of the workspace, its contact and its client, and is swept when it is over: the journal tells of it.
-- The same stands in migrations/postgres under the same stem.

CREATE TABLE portal_viewing (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    viewing_id BLOB NOT NULL CHECK (length(viewing_id) = 16),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    session_id BLOB NOT NULL, -- of the workspace
    contact_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (practice_id, viewing_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, session_id) REFERENCES portal_workspace_session (practice_id, session_id) ON DELETE CASCADE,
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal_contact (practice_id, contact_id) ON DELETE CASCADE,
    FOREIGN KEY (practice_id, client_id) REFERENCES portal_client (practice_id, client_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_viewing_session ON portal_viewing (practice_id, session_id);
CREATE INDEX portal_viewing_contact ON portal_viewing (practice_id, contact_id);
CREATE INDEX portal_viewing_client ON portal_viewing (practice_id, client_id);
CREATE INDEX portal_viewing_over ON portal_viewing (expires_at);

-- Practice users to whom an admin granted to look (W3).
CREATE TABLE portal_viewer (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    user_id BLOB NOT NULL,
    PRIMARY KEY (practice_id, user_id),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal_practice_user (practice_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A trial client's person: left out of counts and of mail to many.
ALTER TABLE portal_contact ADD COLUMN trial INTEGER NOT NULL DEFAULT 0 CHECK (trial IN (0, 1));

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_viewing', 'portal_viewing', '1000 100 1'),
    ('portal_viewing', 'sqlite_autoindex_portal_viewing_2', '1000 100 1'),
    ('portal_viewing', 'portal_viewing_session', '1000 100 2'),
    ('portal_viewing', 'portal_viewing_contact', '1000 100 2'),
    ('portal_viewing', 'portal_viewing_client', '1000 100 2'),
    ('portal_viewing', 'portal_viewing_over', '1000 1'),
    ('portal_viewer', 'portal_viewer', '100 10 1');
ANALYZE sqlite_schema;
