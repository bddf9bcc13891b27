-- Mail leaves by turns and within the hour (D7). Mail that anybody can ask for is counted at a key (G3). Tries to get in are
-- counted and noted (G1, G2). The same stands in migrations/postgres under the same stem.

ALTER TABLE portal_message ADD COLUMN asked_key TEXT;
CREATE INDEX portal_message_asked ON portal_message (practice_id, asked_key, created_at) WHERE asked_key IS NOT NULL;
CREATE INDEX portal_message_turn ON portal_message (lane, practice_id, due_at, place) WHERE due_at IS NOT NULL;
CREATE INDEX portal_message_held ON portal_message (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX portal_message_attempt_practice ON portal_message_attempt (practice_id, at);
CREATE INDEX portal_message_attempt_all ON portal_message_attempt (at);

-- Out of the settings, so that the outbox can ask about it; written with them.
ALTER TABLE portal_practice ADD COLUMN mails_per_hour INTEGER;
UPDATE portal_practice SET mails_per_hour = settings ->> '$.mails_per_hour';

-- When the outbox last gave a message of the practice, as a growing number.
CREATE TABLE portal_outbox_turn (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    turn INTEGER NOT NULL,
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_throttle (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    name BLOB NOT NULL CHECK (length(name) = 32),
    tally TEXT NOT NULL, -- JSON of the domain's Tally
    over_at INTEGER NOT NULL, -- from when on it can be forgotten
    PRIMARY KEY (practice_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_throttle_over ON portal_throttle (over_at);

CREATE TABLE portal_sign_in_try (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    try_id BLOB NOT NULL CHECK (length(try_id) = 16),
    key TEXT NOT NULL,
    origin TEXT,
    known_browser INTEGER NOT NULL CHECK (known_browser IN (0, 1)),
    right_password INTEGER NOT NULL CHECK (right_password IN (0, 1)),
    at INTEGER NOT NULL,
    over_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, try_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_sign_in_try_key ON portal_sign_in_try (practice_id, key, at);
CREATE INDEX portal_sign_in_try_over ON portal_sign_in_try (over_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_message', 'portal_message_asked', '10000 1000 3 1'),
    ('portal_message', 'portal_message_turn', '10000 5000 100 2 1'),
    ('portal_message', 'portal_message_held', '10 1'),
    ('portal_message_attempt', 'portal_message_attempt_practice', '1000000 100000 1'),
    ('portal_message_attempt', 'portal_message_attempt_all', '1000000 1'),
    ('portal_outbox_turn', 'portal_outbox_turn', '1000 1'),
    ('portal_throttle', 'portal_throttle', '100000 10000 1'),
    ('portal_throttle', 'portal_throttle_over', '100000 1'),
    ('portal_sign_in_try', 'portal_sign_in_try', '100000 10000 1'),
    ('portal_sign_in_try', 'portal_sign_in_try_key', '100000 10000 10 1'),
    ('portal_sign_in_try', 'portal_sign_in_try_over', '100000 1');
ANALYZE sqlite_schema;
