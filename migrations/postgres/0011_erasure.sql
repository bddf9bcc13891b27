-- Contacts are erased (J3): what is left of those that were deleted is found by their reference, answers by the contact they are
-- about, links and events of logins by whom they belong to, and where sessions came from by their time. The same stands in migrations/sqlite
-- under the same stem.

-- Contacts that were deleted, until they are erased.
CREATE TABLE portal.gone_contact (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    contact_id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    deleted_at bigint NOT NULL,
    PRIMARY KEY (practice_id, contact_id)
);
CREATE INDEX gone_contact_ref ON portal.gone_contact (practice_id, ref);
CREATE INDEX gone_contact_at ON portal.gone_contact (deleted_at);
INSERT INTO portal.gone_contact (practice_id, contact_id, ref, deleted_at)
SELECT v.practice_id, v.contact_id, p.personal::json ->> 'contact', v.at
FROM portal.event v
JOIN portal.event_personal p ON p.practice_id = v.practice_id AND p.event_id = v.event_id
WHERE v.kind = 'contact.deleted' AND p.personal::json ->> 'contact' IS NOT NULL;

ALTER TABLE portal.receipt ADD COLUMN contact_id uuid;
CREATE INDEX receipt_contact ON portal.receipt (practice_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX link_contact ON portal.link (practice_id, contact_id);
CREATE INDEX event_login ON portal.event (practice_id, login_id) WHERE contact_id IS NULL AND login_id IS NOT NULL;
CREATE INDEX session_from ON portal.session (expires_at) WHERE origin IS NOT NULL OR user_agent IS NOT NULL;
CREATE INDEX workspace_session_from ON portal.workspace_session (expires_at)
    WHERE origin IS NOT NULL OR user_agent IS NOT NULL;
