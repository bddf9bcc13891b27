-- How a mail looked that was taken, for its reader to search for (X2). The same stands in migrations/postgres under the same stem.
ALTER TABLE portal_message_attempt ADD COLUMN subject TEXT;
ALTER TABLE portal_message_attempt ADD COLUMN sender TEXT;
