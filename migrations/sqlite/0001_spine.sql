-- Times are microseconds since 1970, ids are sixteen bytes. Every key and every unique index leads
-- with the practice, so that the schema can be distributed by it. The same table stands in
-- migrations/postgres under the same stem.

CREATE TABLE portal_practice (
    practice_id BLOB NOT NULL CHECK (length(practice_id) = 16),
    name TEXT NOT NULL,
    settings TEXT NOT NULL, -- JSON of the domain's Settings
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- The one place where practices are told apart by name.
CREATE TABLE portal_practice_slug (
    slug TEXT NOT NULL,
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    PRIMARY KEY (slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_practice_slug_practice ON portal_practice_slug (practice_id);

CREATE TABLE portal_api_key (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    api_key_id BLOB NOT NULL CHECK (length(api_key_id) = 16),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL, -- codes, separated by a space
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (practice_id, api_key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_api_key_hash ON portal_api_key (hash);

-- Every login key of a practice, each with exactly one owner: rules C1 to C5 are this table.
CREATE TABLE portal_login_key (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    key TEXT NOT NULL,
    user_id BLOB,
    login_id BLOB,
    PRIMARY KEY (practice_id, key),
    UNIQUE (practice_id, user_id),
    UNIQUE (practice_id, login_id),
    CHECK ((user_id IS NULL) <> (login_id IS NULL)),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal_practice_user (practice_id, user_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (practice_id, login_id) REFERENCES portal_login (practice_id, login_id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_practice_user (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    user_id BLOB NOT NULL CHECK (length(user_id) = 16),
    ref TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    removed TEXT, -- what was trimmed from the address, in words
    key TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'staff')),
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, user_id),
    UNIQUE (practice_id, ref),
    FOREIGN KEY (practice_id, key) REFERENCES portal_login_key (practice_id, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_practice_user_key ON portal_practice_user (practice_id, key);

CREATE TABLE portal_login (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    login_id BLOB NOT NULL CHECK (length(login_id) = 16),
    key TEXT, -- while it is live
    epoch INTEGER NOT NULL,
    credential_id BLOB,
    credential_hash TEXT,
    credential_confirmed_at TEXT, -- the key, not a time
    credential_set_at INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, login_id),
    CHECK ((credential_id IS NULL) = (credential_hash IS NULL)),
    CHECK ((credential_id IS NULL) = (credential_set_at IS NULL)),
    FOREIGN KEY (practice_id, key) REFERENCES portal_login_key (practice_id, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
-- Not unique: keys may change places within one statement. Who holds a key, the registry says.
CREATE INDEX portal_login_live ON portal_login (practice_id, key) WHERE key IS NOT NULL;

CREATE TABLE portal_client (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    client_id BLOB NOT NULL CHECK (length(client_id) = 16),
    ref TEXT NOT NULL,
    name TEXT NOT NULL,
    suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, client_id),
    UNIQUE (practice_id, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_contact (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    contact_id BLOB NOT NULL CHECK (length(contact_id) = 16),
    ref TEXT NOT NULL,
    name TEXT NOT NULL,
    locale TEXT,
    access TEXT NOT NULL CHECK (access IN ('not_activated', 'granted', 'deactivated')),
    login_id BLOB, -- granted: the live login; else its own dormant one
    behind_since INTEGER,
    activated_at INTEGER,
    moved_from_address TEXT,
    moved_from_at INTEGER,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, contact_id),
    UNIQUE (practice_id, ref),
    CHECK (access <> 'granted' OR (login_id IS NOT NULL AND behind_since IS NOT NULL)),
    CHECK ((moved_from_address IS NULL) = (moved_from_at IS NULL)),
    FOREIGN KEY (practice_id, login_id) REFERENCES portal_login (practice_id, login_id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_contact_login ON portal_contact (practice_id, login_id) WHERE login_id IS NOT NULL;

CREATE TABLE portal_contact_email (
    practice_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    address TEXT NOT NULL,
    removed TEXT,
    key TEXT NOT NULL,
    PRIMARY KEY (practice_id, contact_id, position),
    UNIQUE (practice_id, contact_id, key),
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal_contact (practice_id, contact_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_contact_email_key ON portal_contact_email (practice_id, key);

CREATE TABLE portal_contact_client (
    practice_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    PRIMARY KEY (practice_id, contact_id, client_id),
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal_contact (practice_id, contact_id) ON DELETE CASCADE,
    FOREIGN KEY (practice_id, client_id) REFERENCES portal_client (practice_id, client_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_contact_client_client ON portal_contact_client (practice_id, client_id);

-- Keys that were a contact's first while it had access (M2).
CREATE TABLE portal_contact_former_key (
    practice_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (practice_id, contact_id, key),
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal_contact (practice_id, contact_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_contact_former_key_key ON portal_contact_former_key (practice_id, key);

-- A link outlives its login and its contact, so that it can say what happened to it.
CREATE TABLE portal_link (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    link_id BLOB NOT NULL CHECK (length(link_id) = 16),
    login_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('activation', 'reset', 'workspace')),
    address TEXT NOT NULL,
    signed_with TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (practice_id, link_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_link_login ON portal_link (practice_id, login_id, expires_at);

CREATE TABLE portal_session (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    session_id BLOB NOT NULL CHECK (length(session_id) = 16),
    login_id BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    epoch INTEGER NOT NULL,
    profile_contact_id BLOB,
    profile_client_id BLOB,
    origin TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    idle_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (practice_id, session_id),
    UNIQUE (practice_id, hash),
    CHECK ((profile_contact_id IS NULL) = (profile_client_id IS NULL)),
    FOREIGN KEY (practice_id, login_id) REFERENCES portal_login (practice_id, login_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_session_login ON portal_session (practice_id, login_id, expires_at, created_at);
CREATE INDEX portal_session_profile ON portal_session (practice_id, profile_client_id) WHERE profile_client_id IS NOT NULL;

CREATE TABLE portal_message (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    message_id BLOB NOT NULL CHECK (length(message_id) = 16),
    place INTEGER NOT NULL, -- order of queueing, from the database
    contact_id BLOB NOT NULL,
    login_id BLOB NOT NULL,
    link_id BLOB,
    kind TEXT NOT NULL,
    lane INTEGER NOT NULL CHECK (lane IN (0, 1)), -- 0: somebody waits for it
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    clients TEXT NOT NULL, -- JSON array of names
    body TEXT NOT NULL, -- JSON of the domain's MessageBody
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'deferred', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL,
    due_at INTEGER, -- next attempt, or end of the lease; NULL once it is settled for good
    leased_until INTEGER, -- names the lease
    accepted_at INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_message_due ON portal_message (lane, due_at, place, created_at) WHERE due_at IS NOT NULL;
CREATE INDEX portal_message_waiting ON portal_message (practice_id, kind) WHERE due_at IS NOT NULL;
CREATE INDEX portal_message_contact ON portal_message (practice_id, contact_id, place);
CREATE INDEX portal_message_login ON portal_message (practice_id, login_id, place);

CREATE TABLE portal_message_attempt (
    practice_id BLOB NOT NULL,
    message_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    reply TEXT NOT NULL,
    PRIMARY KEY (practice_id, message_id, number),
    FOREIGN KEY (practice_id, message_id) REFERENCES portal_message (practice_id, message_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_event (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    ordinal INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    caller TEXT NOT NULL,
    origin TEXT,
    contact_id BLOB,
    user_id BLOB,
    login_id BLOB,
    facts TEXT NOT NULL, -- JSON object
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (practice_id, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_event_ordinal ON portal_event (practice_id, ordinal);
CREATE INDEX portal_event_contact ON portal_event (practice_id, contact_id, ordinal) WHERE contact_id IS NOT NULL;

-- Personal values stand beside the event and can be erased without it.
CREATE TABLE portal_event_personal (
    practice_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    personal TEXT NOT NULL, -- JSON object
    PRIMARY KEY (practice_id, event_id),
    FOREIGN KEY (practice_id, event_id) REFERENCES portal_event (practice_id, event_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Places of events and messages: one row, raised by the one writer.
CREATE TABLE portal_counter (
    name TEXT NOT NULL CHECK (name IN ('event', 'message')),
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
INSERT INTO portal_counter (name, value) VALUES ('event', 0), ('message', 0);

CREATE TABLE portal_receipt (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    outcome BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_enquiry (
    practice_id BLOB NOT NULL REFERENCES portal_practice (practice_id),
    enquiry_id BLOB NOT NULL CHECK (length(enquiry_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'renew')),
    address TEXT,
    link_id BLOB,
    origin TEXT,
    at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (practice_id, enquiry_id),
    CHECK ((address IS NULL) <> (link_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_enquiry_due ON portal_enquiry (due_at);

-- Without statistics SQLite takes a practice for ten rows, and walks through all of it where an index is at hand: its
-- own looks at foreign keys too. So it is told what a large practice is like: rows, then rows per value of the first
-- column, of the first two, and so on.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('portal_practice', 'portal_practice', '10 1'),
    ('portal_practice_slug', 'portal_practice_slug', '10 1'),
    ('portal_practice_slug', 'portal_practice_slug_practice', '10 1'),
    ('portal_api_key', 'portal_api_key', '100 10 1'),
    ('portal_api_key', 'portal_api_key_hash', '100 1'),
    ('portal_login_key', 'portal_login_key', '1000000 100000 1'),
    ('portal_login_key', 'sqlite_autoindex_portal_login_key_2', '1000000 100000 1'),
    ('portal_login_key', 'sqlite_autoindex_portal_login_key_3', '1000000 100000 1'),
    ('portal_practice_user', 'portal_practice_user', '1000 100 1'),
    ('portal_practice_user', 'sqlite_autoindex_portal_practice_user_2', '1000 100 1'),
    ('portal_practice_user', 'portal_practice_user_key', '1000 100 1'),
    ('portal_login', 'portal_login', '1000000 100000 1'),
    ('portal_login', 'portal_login_live', '1000000 100000 1'),
    ('portal_client', 'portal_client', '1000000 100000 1'),
    ('portal_client', 'sqlite_autoindex_portal_client_2', '1000000 100000 1'),
    ('portal_contact', 'portal_contact', '1000000 100000 1'),
    ('portal_contact', 'sqlite_autoindex_portal_contact_2', '1000000 100000 1'),
    ('portal_contact', 'portal_contact_login', '1000000 100000 1'),
    ('portal_contact_email', 'portal_contact_email', '1000000 100000 2 1'),
    ('portal_contact_email', 'sqlite_autoindex_portal_contact_email_2', '1000000 100000 2 1'),
    ('portal_contact_email', 'portal_contact_email_key', '1000000 100000 1'),
    ('portal_contact_client', 'portal_contact_client', '1000000 100000 2 1'),
    ('portal_contact_client', 'portal_contact_client_client', '1000000 100000 2'),
    ('portal_contact_former_key', 'portal_contact_former_key', '1000000 100000 1 1'),
    ('portal_contact_former_key', 'portal_contact_former_key_key', '1000000 100000 1'),
    ('portal_link', 'portal_link', '1000000 100000 1'),
    ('portal_link', 'portal_link_login', '1000000 100000 3 1'),
    ('portal_session', 'portal_session', '1000000 100000 1'),
    ('portal_session', 'sqlite_autoindex_portal_session_2', '1000000 100000 1'),
    ('portal_session', 'portal_session_login', '1000000 100000 10 1 1'),
    ('portal_session', 'portal_session_profile', '1000000 100000 5'),
    ('portal_message', 'portal_message', '1000000 100000 1'),
    ('portal_message', 'portal_message_contact', '1000000 100000 5 1'),
    ('portal_message', 'portal_message_login', '1000000 100000 5 1'),
    ('portal_message', 'portal_message_due', '10000 5000 10 1 1'),
    ('portal_message', 'portal_message_waiting', '10000 1000 200'),
    ('portal_message_attempt', 'portal_message_attempt', '1000000 100000 1 1'),
    ('portal_event', 'portal_event', '1000000 100000 1'),
    ('portal_event', 'portal_event_ordinal', '1000000 100000 1'),
    ('portal_event', 'portal_event_contact', '1000000 100000 10 1'),
    ('portal_event_personal', 'portal_event_personal', '1000000 100000 1'),
    ('portal_receipt', 'portal_receipt', '1000000 100000 10000 1'),
    ('portal_enquiry', 'portal_enquiry', '100 10 1'),
    ('portal_enquiry', 'portal_enquiry_due', '100 2');
ANALYZE sqlite_schema;
