-- Hints for who tries another address of theirs (M8), and reminders of invitations (D8). The same stands in migrations/sqlite under
-- the same stem.

-- Whether the practice said, when the contact moved away from it, that the address was a stranger's (M9). Of keys that were
-- remembered before, nobody knows.
ALTER TABLE portal.contact_former_key ADD COLUMN wrong boolean;

-- So many days before its end the reader of a link was reminded; 0 where its end was dealt with.
ALTER TABLE portal.link ADD COLUMN reminded_days bigint CHECK (reminded_days >= 0);
CREATE INDEX link_inviting ON portal.link (practice_id, expires_at, link_id)
    WHERE purpose = 'activation' AND used_at IS NULL AND ended_at IS NULL AND reminded_days IS DISTINCT FROM 0;

-- A kind of enquiry of its own: a try to sign in that failed.
ALTER TABLE portal.enquiry DROP CONSTRAINT enquiry_kind_check;
ALTER TABLE portal.enquiry
    ADD CONSTRAINT enquiry_kind_check CHECK (kind IN ('reset', 'renew', 'portal_address', 'sign_in'));
