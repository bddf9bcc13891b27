-- Mail leaves by turns and within the hour (D7). Mail that anybody can ask for is counted at a key (G3). Tries to get in are
-- counted and noted (G1, G2). The same stands in migrations/sqlite under the same stem.

ALTER TABLE portal.message ADD COLUMN asked_key text COLLATE "C";
CREATE INDEX message_asked ON portal.message (practice_id, asked_key, created_at) WHERE asked_key IS NOT NULL;
CREATE INDEX message_turn ON portal.message (lane, practice_id, due_at, place) WHERE due_at IS NOT NULL;
CREATE INDEX message_held ON portal.message (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX message_attempt_practice ON portal.message_attempt (practice_id, at);
CREATE INDEX message_attempt_all ON portal.message_attempt (at);

-- Out of the settings, so that the outbox can ask about it; written with them.
ALTER TABLE portal.practice ADD COLUMN mails_per_hour bigint;
UPDATE portal.practice SET mails_per_hour = (settings::json ->> 'mails_per_hour')::bigint;

-- When the outbox last gave a message of the practice, as a growing number.
CREATE TABLE portal.outbox_turn (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    turn bigint NOT NULL,
    PRIMARY KEY (practice_id)
);

CREATE TABLE portal.throttle (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    name bytea NOT NULL CHECK (octet_length(name) = 32),
    tally text NOT NULL, -- JSON of the domain's Tally
    over_at bigint NOT NULL, -- from when on it can be forgotten
    PRIMARY KEY (practice_id, name)
);
CREATE INDEX throttle_over ON portal.throttle (over_at);

CREATE TABLE portal.sign_in_try (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    try_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    origin text,
    known_browser boolean NOT NULL,
    right_password boolean NOT NULL,
    at bigint NOT NULL,
    over_at bigint NOT NULL,
    PRIMARY KEY (practice_id, try_id)
);
CREATE INDEX sign_in_try_key ON portal.sign_in_try (practice_id, key, at);
CREATE INDEX sign_in_try_over ON portal.sign_in_try (over_at);
