-- Wishes for a link to set a password are noted like tries to sign in (M8), and told from them. The same stands in
-- migrations/postgres under the same stem.
ALTER TABLE portal_sign_in_try ADD COLUMN for_reset INTEGER NOT NULL DEFAULT 0 CHECK (for_reset IN (0, 1));
