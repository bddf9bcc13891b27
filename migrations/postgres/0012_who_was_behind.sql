-- Whether a login was ever somebody else's is asked of the journal, which no erasure takes (J3, C3), and rows of jobs are found by whom
-- they name. Nothing but indexes: whoever reads goes on meanwhile. The same stands in migrations/sqlite under the same stem.

CREATE INDEX event_behind ON portal.event (practice_id, login_id, contact_id)
    WHERE login_id IS NOT NULL AND contact_id IS NOT NULL;

CREATE INDEX job_row_ref ON portal.job_row (practice_id, ref);
CREATE INDEX job_row_naming ON portal.job_row (practice_id, job_id, place)
    WHERE strpos(report, '"reference":') > 0 OR strpos(report, '`') > 0;
