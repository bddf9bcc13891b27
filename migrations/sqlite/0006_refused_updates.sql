-- The last update of a contact that was refused, as JSON of the domain's RefusedUpdate. The same stands in migrations/postgres under
-- the same stem.

ALTER TABLE portal_contact ADD COLUMN refused_update TEXT;
