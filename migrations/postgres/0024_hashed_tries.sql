-- Notes of tries to sign in say where they were by a mark, a keyed digest of what was typed, so that the database alone tells no
-- address (M8). They are kept for thirty days. Marks can't be made here: the notes of the last seven days, which had the addresses
-- plainly, go with their table, and with them the keys of erased contacts, at which there is nothing left to be removed. The same
-- stands in migrations/sqlite under the same stem.
DROP TABLE portal.sign_in_try;
DROP TABLE portal.erased_key;

CREATE TABLE portal.sign_in_try (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    try_id uuid NOT NULL,
    mark bytea NOT NULL CHECK (octet_length(mark) = 32),
    origin text,
    known_browser boolean NOT NULL,
    right_password boolean NOT NULL,
    at bigint NOT NULL,
    over_at bigint NOT NULL,
    PRIMARY KEY (practice_id, try_id)
);
CREATE INDEX sign_in_try_mark ON portal.sign_in_try (practice_id, mark, at);
CREATE INDEX sign_in_try_over ON portal.sign_in_try (over_at);

-- Keys that an erasure left to nobody, with the marks of notes at them, until these are gone (J3): see 0016.
CREATE TABLE portal.erased_key (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    key text COLLATE "C" NOT NULL,
    mark bytea NOT NULL CHECK (octet_length(mark) = 32),
    PRIMARY KEY (practice_id, key, mark)
);
