-- Sessions of staff in the workspace: apart from those of the portal, table and all (P4). They go with their user.
-- Staff are few, so that no picture of the table's size is made up for the planner, as 0001 does for clients.

CREATE TABLE portal.workspace_session (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    origin text,
    user_agent text,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    idle_until bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (practice_id, session_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal.practice_user (practice_id, user_id) ON DELETE CASCADE
);
CREATE INDEX workspace_session_user ON portal.workspace_session (practice_id, user_id);
