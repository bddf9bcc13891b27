-- How a mail looked that was taken, for its reader to search for (X2). The same stands in migrations/sqlite under the same stem.
ALTER TABLE portal.message_attempt ADD COLUMN subject text;
ALTER TABLE portal.message_attempt ADD COLUMN sender text;
