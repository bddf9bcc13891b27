-- Runners take the practices by turns, and it is known since when events have failed. The same stands in migrations/postgres under the same stem.

-- When a job of the practice was last given to a runner, as a growing number.
CREATE TABLE portal_job_turn (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    turn INTEGER NOT NULL,
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- Out of the progress, so that it can be asked about; written with it.
ALTER TABLE portal_webhook ADD COLUMN failing_since INTEGER;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_job_turn', 'portal_job_turn', '1000 1');
ANALYZE sqlite_schema;
