-- When the page of a link was opened, the first time and the last (D5). The same stands in migrations/sqlite under the same stem.
ALTER TABLE portal.link ADD COLUMN opened_at bigint;
ALTER TABLE portal.link ADD COLUMN last_opened_at bigint;
