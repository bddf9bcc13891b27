-- The last update of a contact that was refused, as JSON of the domain's RefusedUpdate. The same stands in migrations/sqlite under
-- the same stem.

ALTER TABLE portal.contact ADD COLUMN refused_update text;
