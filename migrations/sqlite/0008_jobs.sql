-- Jobs: imports and activations of many, with a row for each contact. Rows hold personal values; job and rows are forgotten from
-- forget_at on. The same stands in migrations/postgres under the same stem.

CREATE TABLE portal_job (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    job_id BLOB NOT NULL CHECK (length(job_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('import', 'activation')),
    state TEXT NOT NULL CHECK (state IN ('staging', 'running', 'paused', 'done', 'cancelled')),
    spec TEXT NOT NULL, -- JSON of the domain's JobSpec
    caller TEXT NOT NULL,
    origin TEXT,
    total INTEGER NOT NULL,
    progress TEXT NOT NULL, -- JSON of the domain's Progress
    due_at INTEGER, -- when it may be taken next: the end of a lease, or of a pause of its own
    forget_at INTEGER,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_job_due ON portal_job (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX portal_job_forget ON portal_job (forget_at) WHERE forget_at IS NOT NULL;

CREATE TABLE portal_job_row (
    practice_id BLOB NOT NULL,
    job_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    ref TEXT NOT NULL, -- as it stands in the file
    content TEXT NOT NULL, -- JSON of the domain's RowContent
    outcome TEXT,
    effect TEXT, -- what is to be told of it in all: join, move
    report TEXT, -- JSON of the domain's RowReport
    staged INTEGER NOT NULL CHECK (staged IN (0, 1)), -- settled when it was staged
    PRIMARY KEY (practice_id, job_id, place),
    FOREIGN KEY (practice_id, job_id) REFERENCES portal_job (practice_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_job_row_outcome ON portal_job_row (practice_id, job_id, outcome, place);
CREATE INDEX portal_job_row_effect ON portal_job_row (practice_id, job_id, effect, place) WHERE effect IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_job', 'portal_job', '1000 100 1'),
    ('portal_job', 'portal_job_due', '10 1'),
    ('portal_job', 'portal_job_forget', '1000 1'),
    ('portal_job_row', 'portal_job_row', '1000000 100000 1000 1'),
    ('portal_job_row', 'portal_job_row_outcome', '1000000 100000 1000 300 1'),
    ('portal_job_row', 'portal_job_row_effect', '10000 1000 100 50 1');
ANALYZE sqlite_schema;
