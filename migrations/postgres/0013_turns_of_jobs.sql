-- Runners take the practices by turns. The same stands in migrations/sqlite under the same stem.

-- When a job of the practice was last given to a runner, as a growing number.
CREATE TABLE portal.job_turn (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    turn bigint NOT NULL,
    PRIMARY KEY (practice_id)
);
