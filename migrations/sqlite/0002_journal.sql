-- Seals of the journal (J1). A commit writes events without a number; a sealer gives number and seal later.
ALTER TABLE portal_event ADD COLUMN number INTEGER CHECK (number > 0);
ALTER TABLE portal_event ADD COLUMN seal BLOB CHECK (length(seal) = 32);
ALTER TABLE portal_event ADD COLUMN seal_key TEXT CHECK ((seal IS NULL) = (number IS NULL) AND (seal_key IS NULL) = (number IS NULL));

-- What waits is found by the first, and is in no other: the indexes by ordinal are replaced, not joined.
DROP INDEX portal_event_ordinal;
DROP INDEX portal_event_contact;
CREATE INDEX portal_event_unsealed ON portal_event (practice_id, ordinal) WHERE number IS NULL;
CREATE UNIQUE INDEX portal_event_number ON portal_event (practice_id, number) WHERE number IS NOT NULL;
CREATE INDEX portal_event_contact ON portal_event (practice_id, contact_id, number)
    WHERE contact_id IS NOT NULL AND number IS NOT NULL;

-- The last sealed event of each practice, itself sealed.
CREATE TABLE portal_journal_head (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    number INTEGER NOT NULL CHECK (number > 0),
    seal BLOB NOT NULL CHECK (length(seal) = 32),
    key_id TEXT NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- Few events wait, for a second. See the end of the migration before.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_event', 'portal_event_unsealed', '1000 100 1'),
    ('portal_event', 'portal_event_number', '1000000 100000 1'),
    ('portal_event', 'portal_event_contact', '1000000 100000 10 1'),
    ('portal_journal_head', 'portal_journal_head', '10 1');
ANALYZE sqlite_schema;
