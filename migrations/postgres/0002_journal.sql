-- Seals of the journal (J1). A commit writes events without a number; a sealer gives number and seal later.
ALTER TABLE portal.event
    ADD COLUMN number bigint CHECK (number > 0),
    ADD COLUMN seal bytea CHECK (octet_length(seal) = 32),
    ADD COLUMN seal_key text,
    ADD CHECK ((seal IS NULL) = (number IS NULL) AND (seal_key IS NULL) = (number IS NULL));

-- What waits is found by the first, and is in no other: the indexes by ordinal are replaced, not joined.
DROP INDEX portal.event_ordinal;
DROP INDEX portal.event_contact;
CREATE INDEX event_unsealed ON portal.event (practice_id, ordinal) WHERE number IS NULL;
CREATE UNIQUE INDEX event_number ON portal.event (practice_id, number) WHERE number IS NOT NULL;
CREATE INDEX event_contact ON portal.event (practice_id, contact_id, number)
    WHERE contact_id IS NOT NULL AND number IS NOT NULL;

-- The last sealed event of each practice, itself sealed.
CREATE TABLE portal.journal_head (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    number bigint NOT NULL CHECK (number > 0),
    seal bytea NOT NULL CHECK (octet_length(seal) = 32),
    key_id text NOT NULL,
    mac bytea NOT NULL CHECK (octet_length(mac) = 32),
    PRIMARY KEY (practice_id)
);
