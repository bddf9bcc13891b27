-- Who knows the address to sign in with, and not of which practice, is told by mail: a kind of enquiry of its own, and a way to
-- find the practices of a key. The same stands in migrations/sqlite under the same stem.

ALTER TABLE portal.enquiry DROP CONSTRAINT enquiry_kind_check;
ALTER TABLE portal.enquiry ADD CONSTRAINT enquiry_kind_check CHECK (kind IN ('reset', 'renew', 'portal_address'));

CREATE INDEX login_key_anywhere ON portal.login_key (key) WHERE login_id IS NOT NULL;
