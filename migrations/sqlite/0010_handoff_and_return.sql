-- From a host's program into the portal and back: hand-overs, sign-in codes, and what a session has to remember of both.
-- The same stands in migrations/postgres under the same stem. Both tables are swept and stay small.

ALTER TABLE portal_session ADD COLUMN factors TEXT NOT NULL DEFAULT 'password'; -- codes, with a space between
ALTER TABLE portal_session ADD COLUMN told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)); -- a host waits to hear of its end
CREATE INDEX portal_session_told ON portal_session (practice_id, login_id) WHERE told = 1 AND ended_at IS NULL;

CREATE TABLE portal_handoff (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    handoff_id BLOB NOT NULL CHECK (length(handoff_id) = 16),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    login_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    client_id BLOB,
    landing TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (practice_id, handoff_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, login_id) REFERENCES portal_login (practice_id, login_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_handoff_login ON portal_handoff (practice_id, login_id);
CREATE INDEX portal_handoff_over ON portal_handoff (expires_at);

CREATE TABLE portal_sign_in_code (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    code_id BLOB NOT NULL CHECK (length(code_id) = 16),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    session_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (practice_id, code_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, session_id) REFERENCES portal_session (practice_id, session_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_sign_in_code_session ON portal_sign_in_code (practice_id, session_id);
CREATE INDEX portal_sign_in_code_over ON portal_sign_in_code (expires_at);

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_session', 'portal_session_told', '10000 1000 1'),
    ('portal_handoff', 'portal_handoff', '10000 1000 1'),
    ('portal_handoff', 'sqlite_autoindex_portal_handoff_2', '10000 1000 1'),
    ('portal_handoff', 'portal_handoff_login', '10000 1000 1'),
    ('portal_handoff', 'portal_handoff_over', '10000 1'),
    ('portal_sign_in_code', 'portal_sign_in_code', '10000 1000 1'),
    ('portal_sign_in_code', 'sqlite_autoindex_portal_sign_in_code_2', '10000 1000 1'),
    ('portal_sign_in_code', 'portal_sign_in_code_session', '10000 1000 1'),
    ('portal_sign_in_code', 'portal_sign_in_code_over', '10000 1');
ANALYZE sqlite_schema;
