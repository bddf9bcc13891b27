-- What an erasure or a deletion takes away is remembered where it keeps others apart (J3, C3), and rows of jobs are found by whom they
-- name. The same stands in migrations/postgres under the same stem.

-- Whether mail about somebody else than its contacts of today was erased: then sessions may be another person's.
ALTER TABLE portal_login ADD COLUMN was_shared INTEGER NOT NULL DEFAULT 0 CHECK (was_shared IN (0, 1));
-- Whether a contact that was deleted since had the key.
ALTER TABLE portal_sign_in_try ADD COLUMN of_gone INTEGER NOT NULL DEFAULT 0 CHECK (of_gone IN (0, 1));

-- What was erased or deleted before this is not known any more: rather too many than too few.
UPDATE portal_login AS l SET was_shared = 1 WHERE (l.practice_id, l.login_id) IN (
    SELECT v.practice_id, v.login_id FROM portal_event AS v
    WHERE v.login_id IS NOT NULL AND v.contact_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM portal_contact AS c WHERE c.practice_id = v.practice_id AND c.contact_id = v.contact_id));
UPDATE portal_sign_in_try SET of_gone = 1;

CREATE INDEX portal_job_row_ref ON portal_job_row (practice_id, ref);
CREATE INDEX portal_job_row_naming ON portal_job_row (practice_id, job_id, place)
    WHERE instr(report, '"reference":') > 0 OR instr(report, '`') > 0;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_job_row', 'portal_job_row_ref', '1000000 100000 5'),
    ('portal_job_row', 'portal_job_row_naming', '10000 1000 100 1');
ANALYZE sqlite_schema;
