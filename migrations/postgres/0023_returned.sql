-- Mail that came back (D3), and addresses that nothing is mailed to since (D4). The same stands in migrations/sqlite under the same
-- stem.

-- What came of a message after it was handed over; its state stands beside it.
ALTER TABLE portal.message ADD COLUMN returned text CHECK (returned IN ('bounced', 'complained'));
ALTER TABLE portal.message_attempt ADD COLUMN reason text;

-- A report names a message, and of its practice only the beginning of the slug.
CREATE INDEX message_named ON portal.message (message_id);

CREATE TABLE portal.suppression (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    key text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    reason text NOT NULL,
    words text NOT NULL,
    lifted_at bigint, -- kept, so that a late report does not suppress it anew
    PRIMARY KEY (practice_id, key)
);
CREATE INDEX suppression_since ON portal.suppression (since);
