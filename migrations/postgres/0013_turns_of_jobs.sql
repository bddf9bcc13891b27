-- Runners take the practices by turns, and it is known since when events have failed. The same stands in migrations/sqlite under the same stem.

-- When a job of the practice was last given to a runner, as a growing number.
CREATE TABLE portal.job_turn (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    turn bigint NOT NULL,
    PRIMARY KEY (practice_id)
);

-- Out of the progress, so that it can be asked about; written with it.
ALTER TABLE portal.webhook ADD COLUMN failing_since bigint;
