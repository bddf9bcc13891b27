-- Jobs: imports and activations of many, with a row for each contact. Rows hold personal values; job and rows are forgotten from
-- forget_at on. The same stands in migrations/sqlite under the same stem.

CREATE TABLE portal.job (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    job_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('import', 'activation')),
    state text NOT NULL CHECK (state IN ('staging', 'running', 'paused', 'done', 'cancelled')),
    spec text NOT NULL, -- JSON of the domain's JobSpec
    caller text NOT NULL,
    origin text,
    total bigint NOT NULL,
    progress text NOT NULL, -- JSON of the domain's Progress
    due_at bigint, -- when it may be taken next: the end of a lease, or of a pause of its own
    forget_at bigint,
    created_at bigint NOT NULL,
    ended_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id, job_id)
);
CREATE INDEX job_due ON portal.job (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX job_forget ON portal.job (forget_at) WHERE forget_at IS NOT NULL;

CREATE TABLE portal.job_row (
    practice_id uuid NOT NULL,
    job_id uuid NOT NULL,
    place bigint NOT NULL,
    ref text COLLATE "C" NOT NULL, -- as it stands in the file
    content text NOT NULL, -- JSON of the domain's RowContent
    outcome text COLLATE "C",
    effect text COLLATE "C", -- what is to be told of it in all: join, move
    report text, -- JSON of the domain's RowReport
    staged boolean NOT NULL, -- settled when it was staged
    PRIMARY KEY (practice_id, job_id, place),
    FOREIGN KEY (practice_id, job_id) REFERENCES portal.job (practice_id, job_id)
);
CREATE INDEX job_row_outcome ON portal.job_row (practice_id, job_id, outcome, place);
CREATE INDEX job_row_effect ON portal.job_row (practice_id, job_id, effect, place) WHERE effect IS NOT NULL;
