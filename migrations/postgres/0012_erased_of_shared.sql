-- What an erasure or a deletion takes away is remembered where it keeps others apart (J3, C3), and rows of jobs are found by whom they
-- name. The same stands in migrations/sqlite under the same stem.

-- Whether mail about somebody else than its contacts of today was erased: then sessions may be another person's.
ALTER TABLE portal.login ADD COLUMN was_shared boolean NOT NULL DEFAULT false;
-- Whether a contact that was deleted since had the key.
ALTER TABLE portal.sign_in_try ADD COLUMN of_gone boolean NOT NULL DEFAULT false;

-- What was erased or deleted before this is not known any more: rather too many than too few.
UPDATE portal.login l SET was_shared = true WHERE EXISTS (
    SELECT FROM portal.event v
    WHERE v.practice_id = l.practice_id AND v.login_id = l.login_id AND v.contact_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM portal.contact c WHERE c.practice_id = v.practice_id AND c.contact_id = v.contact_id));
UPDATE portal.sign_in_try SET of_gone = true;

CREATE INDEX job_row_ref ON portal.job_row (practice_id, ref);
CREATE INDEX job_row_naming ON portal.job_row (practice_id, job_id, place)
    WHERE strpos(report, '"reference":') > 0 OR strpos(report, '`') > 0;
