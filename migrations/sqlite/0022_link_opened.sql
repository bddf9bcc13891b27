-- When the page of a link was opened, the first time and the last (D5). The same stands in migrations/postgres under the same stem.
ALTER TABLE portal_link ADD COLUMN opened_at INTEGER;
ALTER TABLE portal_link ADD COLUMN last_opened_at INTEGER;
