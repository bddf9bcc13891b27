-- Runners take the practices by turns, it is known since when events have failed, and who is signed in. The same stands in migrations/sqlite under the same stem.

-- When a job of the practice was last given to a runner, as a growing number.
CREATE TABLE portal.job_turn (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    turn bigint NOT NULL,
    PRIMARY KEY (practice_id)
);

-- Out of the progress, so that it can be asked about; written with it.
ALTER TABLE portal.webhook ADD COLUMN failing_since bigint;
-- As text: a progress that is damaged stops no update.
UPDATE portal.webhook SET failing_since =
    (SELECT min(since[1]::bigint) FROM regexp_matches(progress, '"since":(-?[0-9]{1,18})\M', 'g') AS since);

-- What is open among the sessions: those that merely ran out stay, and are not read.
CREATE INDEX session_open ON portal.session (practice_id, expires_at, login_id, epoch) WHERE ended_at IS NULL;
