-- From a host's program into the portal and back: hand-overs, sign-in codes, and what a session has to remember of both.
-- The same stands in migrations/sqlite under the same stem. Both tables are swept and stay small.

ALTER TABLE portal.session ADD COLUMN factors text NOT NULL DEFAULT 'password'; -- codes, with a space between
ALTER TABLE portal.session ADD COLUMN told boolean NOT NULL DEFAULT false; -- a host waits to hear of its end
CREATE INDEX session_told ON portal.session (practice_id, login_id) WHERE told AND ended_at IS NULL;

CREATE TABLE portal.handoff (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    handoff_id uuid NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    login_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    client_id uuid,
    landing text NOT NULL,
    epoch bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    ended_at bigint,
    PRIMARY KEY (practice_id, handoff_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, login_id) REFERENCES portal.login (practice_id, login_id) ON DELETE CASCADE
);
CREATE INDEX handoff_login ON portal.handoff (practice_id, login_id);
CREATE INDEX handoff_over ON portal.handoff (expires_at);

CREATE TABLE portal.sign_in_code (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    code_id uuid NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    client_id uuid NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (practice_id, code_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, session_id) REFERENCES portal.session (practice_id, session_id) ON DELETE CASCADE
);
CREATE INDEX sign_in_code_session ON portal.sign_in_code (practice_id, session_id);
CREATE INDEX sign_in_code_over ON portal.sign_in_code (expires_at);
