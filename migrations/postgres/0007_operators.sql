-- Practices can be suspended, and deleted for good thirty days after somebody ordered it. Keys of whoever runs the service belong to
-- no practice. The same stands in migrations/sqlite under the same stem.

ALTER TABLE portal.practice ADD COLUMN suspended_at bigint;
ALTER TABLE portal.practice ADD COLUMN delete_after bigint;
CREATE INDEX practice_doomed ON portal.practice (delete_after) WHERE delete_after IS NOT NULL;

CREATE TABLE portal.operator_key (
    operator_key_id uuid NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (operator_key_id)
);
CREATE INDEX operator_key_hash ON portal.operator_key (hash);

-- Receipts of what was deleted. They outlive the practice, and refer to nothing.
CREATE TABLE portal.deletion (
    practice_id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    due_at bigint NOT NULL,
    begun_at bigint NOT NULL,
    finished_at bigint,
    contacts bigint NOT NULL,
    users bigint NOT NULL,
    clients bigint NOT NULL,
    messages bigint NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (practice_id)
);
