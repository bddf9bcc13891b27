-- Runners take the practices by turns, it is known since when events have failed, and who is signed in. The same stands in migrations/postgres under the same stem.

-- When a job of the practice was last given to a runner, as a growing number.
CREATE TABLE portal_job_turn (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    turn INTEGER NOT NULL,
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- Out of the progress, so that it can be asked about; written with it.
ALTER TABLE portal_webhook ADD COLUMN failing_since INTEGER;
-- A progress that is damaged stops no update.
UPDATE portal_webhook SET failing_since =
    (SELECT min(told.atom) FROM json_tree(progress, '$.held') AS told WHERE told.key = 'since' AND told.type = 'integer')
WHERE json_valid(progress);

-- What is open among the sessions: those that merely ran out stay, and are not read.
CREATE INDEX portal_session_open ON portal_session (practice_id, expires_at, login_id, epoch) WHERE ended_at IS NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_job_turn', 'portal_job_turn', '1000 1'),
    ('portal_session', 'portal_session_open', '100000 10000 1 1 1');
ANALYZE sqlite_schema;
