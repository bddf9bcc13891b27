-- Wishes for a link to set a password are noted like tries to sign in (M8), and told from them. The same stands in
-- migrations/sqlite under the same stem.
ALTER TABLE portal.sign_in_try ADD COLUMN for_reset boolean NOT NULL DEFAULT false;
