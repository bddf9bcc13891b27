-- Staff look at the portal as a contact sees it (V1): a view has a table of its own, apart from the sessions of portal and workspace
-- (P4). It goes with its session of the workspace, its contact and its client, and is swept when it is over: the journal tells of it.
-- The same stands in migrations/sqlite under the same stem.

CREATE TABLE portal.viewing (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    viewing_id uuid NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL, -- of the workspace
    contact_id uuid NOT NULL,
    client_id uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (practice_id, viewing_id),
    UNIQUE (practice_id, hash),
    FOREIGN KEY (practice_id, session_id) REFERENCES portal.workspace_session (practice_id, session_id) ON DELETE CASCADE,
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal.contact (practice_id, contact_id) ON DELETE CASCADE,
    FOREIGN KEY (practice_id, client_id) REFERENCES portal.client (practice_id, client_id) ON DELETE CASCADE
);
CREATE INDEX viewing_session ON portal.viewing (practice_id, session_id);
CREATE INDEX viewing_contact ON portal.viewing (practice_id, contact_id);
CREATE INDEX viewing_client ON portal.viewing (practice_id, client_id);
CREATE INDEX viewing_over ON portal.viewing (expires_at);

-- Practice users to whom an admin granted to look (W3).
CREATE TABLE portal.viewer (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    user_id uuid NOT NULL,
    PRIMARY KEY (practice_id, user_id),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal.practice_user (practice_id, user_id) ON DELETE CASCADE
);

-- A trial client's person: left out of counts and of mail to many.
ALTER TABLE portal.contact ADD COLUMN trial boolean NOT NULL DEFAULT false;
