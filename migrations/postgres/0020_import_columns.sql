-- What somebody said the columns of a file of contacts are, offered again when a file with the same row of names comes: codes of
-- ours beside a digest of that row, and nothing of what stands in a file. Few of a practice are kept, the last ones.
-- The same stands in migrations/sqlite under the same stem.

CREATE TABLE portal.import_columns (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id) ON DELETE CASCADE,
    heads bytea NOT NULL CHECK (octet_length(heads) = 32),
    said text NOT NULL,
    told_at bigint NOT NULL,
    PRIMARY KEY (practice_id, heads)
);
