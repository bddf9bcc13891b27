-- Endpoints of hosts that sealed events are pushed to (J2). The journal is the queue: an endpoint has its place in it. The same
-- stands in migrations/sqlite under the same stem. They are few, so that no picture of the tables' sizes is made up.

CREATE TABLE portal.webhook (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    webhook_id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    terms text NOT NULL, -- JSON of the domain's Terms; secrets in it are sealed
    progress text NOT NULL, -- JSON of the domain's Progress; out of it, for the look for work:
    cursor_at bigint NOT NULL, -- the number up to which the journal was served
    may_go_on boolean NOT NULL, -- whether something new may be begun
    due_at bigint, -- when what waits is tried again
    leased_until bigint,
    served_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id, webhook_id),
    UNIQUE (practice_id, ref)
);

CREATE TABLE portal.webhook_delivery (
    practice_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    place bigint NOT NULL,
    event_id uuid NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    at bigint NOT NULL,
    took_millis bigint NOT NULL,
    attempt bigint NOT NULL,
    received boolean NOT NULL,
    status integer,
    words text NOT NULL,
    next_attempt_at bigint,
    PRIMARY KEY (practice_id, webhook_id, place),
    FOREIGN KEY (practice_id, webhook_id) REFERENCES portal.webhook (practice_id, webhook_id) ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_at ON portal.webhook_delivery (at);
