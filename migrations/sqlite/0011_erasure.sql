-- Contacts are erased (J3): what is left of those that were deleted is found by their reference, answers by the contact they are
-- about, links and events of logins by whom they belong to, and where sessions came from by their time. The same stands in migrations/postgres
-- under the same stem.

-- Contacts that were deleted, until they are erased.
CREATE TABLE portal_gone_contact (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    contact_id BLOB NOT NULL CHECK (length(contact_id) = 16),
    ref TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_gone_contact_ref ON portal_gone_contact (practice_id, ref);
CREATE INDEX portal_gone_contact_at ON portal_gone_contact (deleted_at);
INSERT INTO portal_gone_contact (practice_id, contact_id, ref, deleted_at)
SELECT v.practice_id, v.contact_id, p.personal ->> 'contact', v.at
FROM portal_event AS v
JOIN portal_event_personal AS p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
WHERE v.kind = 'contact.deleted' AND p.personal ->> 'contact' IS NOT NULL;

ALTER TABLE portal_receipt ADD COLUMN contact_id BLOB;
CREATE INDEX portal_receipt_contact ON portal_receipt (practice_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX portal_link_contact ON portal_link (practice_id, contact_id);
CREATE INDEX portal_event_login ON portal_event (practice_id, login_id) WHERE contact_id IS NULL AND login_id IS NOT NULL;
CREATE INDEX portal_session_from ON portal_session (expires_at) WHERE origin IS NOT NULL OR user_agent IS NOT NULL;
CREATE INDEX portal_workspace_session_from ON portal_workspace_session (expires_at)
    WHERE origin IS NOT NULL OR user_agent IS NOT NULL;

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_gone_contact', 'portal_gone_contact', '10000 1000 1'),
    ('portal_gone_contact', 'portal_gone_contact_ref', '10000 1000 1'),
    ('portal_gone_contact', 'portal_gone_contact_at', '10000 1'),
    ('portal_receipt', 'portal_receipt_contact', '1000000 100000 2'),
    ('portal_link', 'portal_link_contact', '1000000 100000 3'),
    ('portal_event', 'portal_event_login', '100000 10000 5'),
    ('portal_session', 'portal_session_from', '100000 1'),
    ('portal_workspace_session', 'portal_workspace_session_from', '10000 1');
ANALYZE sqlite_schema;
