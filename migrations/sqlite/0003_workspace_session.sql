-- Sessions of staff in the workspace: apart from those of the portal, table and all (P4). They go with their user.

CREATE TABLE portal_workspace_session (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    session_id BLOB NOT NULL CHECK (length(session_id) = 16),
    user_id BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    origin TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    idle_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (practice_id, session_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal_practice_user (practice_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_workspace_session_user ON portal_workspace_session (practice_id, user_id);

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_workspace_session', 'portal_workspace_session', '100000 10000 1'),
    ('portal_workspace_session', 'sqlite_autoindex_portal_workspace_session_2', '100000 10000 1'),
    ('portal_workspace_session', 'portal_workspace_session_user', '100000 10000 100');
ANALYZE sqlite_schema;
