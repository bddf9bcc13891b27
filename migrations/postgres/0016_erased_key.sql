-- Keys that an erasure left to nobody, until the notes of tries at them are gone (J3). The commit writes them, and notes are
-- removed a page at a time after it: anybody can make them, and so many that one transaction would not end.
CREATE TABLE portal.erased_key (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (practice_id, key)
);
