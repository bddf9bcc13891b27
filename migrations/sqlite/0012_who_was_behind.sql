-- Whether a login was ever somebody else's is asked of the journal, which no erasure takes (J3, C3), and rows of jobs are found by whom
-- they name. The same stands in migrations/postgres under the same stem.

CREATE INDEX portal_event_behind ON portal_event (practice_id, login_id, contact_id)
    WHERE login_id IS NOT NULL AND contact_id IS NOT NULL;

CREATE INDEX portal_job_row_ref ON portal_job_row (practice_id, ref);
CREATE INDEX portal_job_row_naming ON portal_job_row (practice_id, job_id, place)
    WHERE instr(report, '"reference":') > 0 OR instr(report, '`') > 0;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_event', 'portal_event_behind', '1000000 100000 10 5'),
    ('portal_job_row', 'portal_job_row_ref', '1000000 100000 5'),
    ('portal_job_row', 'portal_job_row_naming', '10000 1000 100 1');
ANALYZE sqlite_schema;
