-- Staff sign in to the workspace themselves (W1): passwords and links of practice users, apart from those of logins, table and
-- all (P4). The same stands in migrations/sqlite under the same stem.

CREATE TABLE portal.staff_credential (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    user_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    hash text NOT NULL,
    confirmed_at text COLLATE "C" NOT NULL, -- the key, not a time
    set_at bigint NOT NULL,
    PRIMARY KEY (practice_id, user_id),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal.practice_user (practice_id, user_id) ON DELETE CASCADE
);

-- A link outlives its user, so that it can say what happened to it.
CREATE TABLE portal.staff_link (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    link_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('invitation', 'reset')),
    address text NOT NULL,
    signed_with text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    ended_at bigint,
    PRIMARY KEY (practice_id, link_id)
);
CREATE INDEX staff_link_user ON portal.staff_link (practice_id, user_id, expires_at);
CREATE INDEX staff_link_over ON portal.staff_link (expires_at);

-- Mail to staff. In the places of contact and login it holds the user's id, so that no look-up by either meets it.
ALTER TABLE portal.message ADD COLUMN user_id uuid;
CREATE INDEX message_staff ON portal.message (created_at) WHERE user_id IS NOT NULL;

-- Whether it was asked for in the workspace.
ALTER TABLE portal.enquiry ADD COLUMN staff boolean NOT NULL DEFAULT false;
