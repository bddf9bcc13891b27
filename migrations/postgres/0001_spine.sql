-- Times are microseconds since 1970. What is looked up or ordered by its text is COLLATE "C", so that it is
-- compared byte by byte as on SQLite. Every key and every unique index leads with the practice, so that the
-- schema can be distributed by it. The same tables stand in migrations/sqlite under the same stem.
-- JSON is kept as text: jsonb can't hold the character U+0000, and nothing asks the database about it.

CREATE TABLE portal.practice (
    practice_id uuid NOT NULL,
    name text NOT NULL,
    settings text NOT NULL, -- JSON of the domain's Settings
    created_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id)
);

-- The one place where practices are told apart by name.
CREATE TABLE portal.practice_slug (
    slug text COLLATE "C" NOT NULL,
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    PRIMARY KEY (slug)
);
CREATE INDEX practice_slug_practice ON portal.practice_slug (practice_id);

CREATE TABLE portal.api_key (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    api_key_id uuid NOT NULL,
    name text NOT NULL,
    scopes text NOT NULL, -- codes, separated by a space
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (practice_id, api_key_id)
);
CREATE INDEX api_key_hash ON portal.api_key (hash);

CREATE TABLE portal.practice_user (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    user_id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    removed text, -- what was trimmed from the address, in words
    key text COLLATE "C" NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'staff')),
    created_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id, user_id),
    UNIQUE (practice_id, ref)
);
-- Where a key is given up, the database looks here for whoever still names it.
CREATE INDEX practice_user_key ON portal.practice_user (practice_id, key);

CREATE TABLE portal.login (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    login_id uuid NOT NULL,
    key text COLLATE "C", -- while it is live
    epoch bigint NOT NULL,
    credential_id uuid,
    credential_hash text,
    credential_confirmed_at text COLLATE "C", -- the key, not a time
    credential_set_at bigint,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id, login_id),
    CHECK ((credential_id IS NULL) = (credential_hash IS NULL)),
    CHECK ((credential_id IS NULL) = (credential_set_at IS NULL))
);
CREATE INDEX login_live ON portal.login (practice_id, key) WHERE key IS NOT NULL;

-- Every login key of a practice, each with exactly one owner: rules C1 to C5 are this table.
CREATE TABLE portal.login_key (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    key text COLLATE "C" NOT NULL,
    user_id uuid,
    login_id uuid,
    PRIMARY KEY (practice_id, key),
    UNIQUE (practice_id, user_id),
    UNIQUE (practice_id, login_id),
    CHECK ((user_id IS NULL) <> (login_id IS NULL)),
    FOREIGN KEY (practice_id, user_id) REFERENCES portal.practice_user (practice_id, user_id)
        DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (practice_id, login_id) REFERENCES portal.login (practice_id, login_id)
        DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE portal.practice_user ADD FOREIGN KEY (practice_id, key)
    REFERENCES portal.login_key (practice_id, key) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE portal.login ADD FOREIGN KEY (practice_id, key)
    REFERENCES portal.login_key (practice_id, key) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE portal.client (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    client_id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    name text NOT NULL,
    suspended boolean NOT NULL,
    created_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id, client_id),
    UNIQUE (practice_id, ref)
);

CREATE TABLE portal.contact (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    contact_id uuid NOT NULL,
    ref text COLLATE "C" NOT NULL,
    name text NOT NULL,
    locale text,
    access text NOT NULL CHECK (access IN ('not_activated', 'granted', 'deactivated')),
    login_id uuid, -- granted: the live login; else its own dormant one
    behind_since bigint,
    activated_at bigint,
    moved_from_address text,
    moved_from_at bigint,
    created_at bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (practice_id, contact_id),
    UNIQUE (practice_id, ref),
    CHECK (access <> 'granted' OR (login_id IS NOT NULL AND behind_since IS NOT NULL)),
    CHECK ((moved_from_address IS NULL) = (moved_from_at IS NULL)),
    FOREIGN KEY (practice_id, login_id) REFERENCES portal.login (practice_id, login_id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX contact_login ON portal.contact (practice_id, login_id) WHERE login_id IS NOT NULL;

CREATE TABLE portal.contact_email (
    practice_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    position integer NOT NULL,
    address text NOT NULL,
    removed text,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (practice_id, contact_id, position),
    UNIQUE (practice_id, contact_id, key),
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal.contact (practice_id, contact_id) ON DELETE CASCADE
);
CREATE INDEX contact_email_key ON portal.contact_email (practice_id, key);

CREATE TABLE portal.contact_client (
    practice_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    client_id uuid NOT NULL,
    PRIMARY KEY (practice_id, contact_id, client_id),
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal.contact (practice_id, contact_id) ON DELETE CASCADE,
    FOREIGN KEY (practice_id, client_id) REFERENCES portal.client (practice_id, client_id) ON DELETE CASCADE
);
CREATE INDEX contact_client_client ON portal.contact_client (practice_id, client_id);

-- Keys that were a contact's first while it had access (M2).
CREATE TABLE portal.contact_former_key (
    practice_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (practice_id, contact_id, key),
    FOREIGN KEY (practice_id, contact_id) REFERENCES portal.contact (practice_id, contact_id) ON DELETE CASCADE
);
CREATE INDEX contact_former_key_key ON portal.contact_former_key (practice_id, key);

-- A link outlives its login and its contact, so that it can say what happened to it.
CREATE TABLE portal.link (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    link_id uuid NOT NULL,
    login_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('activation', 'reset', 'workspace')),
    address text NOT NULL,
    signed_with text NOT NULL,
    epoch bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    ended_at bigint,
    PRIMARY KEY (practice_id, link_id)
);
CREATE INDEX link_login ON portal.link (practice_id, login_id, expires_at);

CREATE TABLE portal.session (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    session_id uuid NOT NULL,
    login_id uuid NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    epoch bigint NOT NULL,
    profile_contact_id uuid,
    profile_client_id uuid,
    origin text,
    user_agent text,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    idle_until BIGINT NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (practice_id, session_id),
    UNIQUE (practice_id, hash),
    CHECK ((profile_contact_id IS NULL) = (profile_client_id IS NULL)),
    FOREIGN KEY (practice_id, login_id) REFERENCES portal.login (practice_id, login_id) ON DELETE CASCADE
);
CREATE INDEX session_login ON portal.session (practice_id, login_id, expires_at, created_at);
CREATE INDEX session_profile ON portal.session (practice_id, profile_client_id) WHERE profile_client_id IS NOT NULL;

CREATE TABLE portal.message (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    message_id uuid NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY, -- order of queueing
    contact_id uuid NOT NULL,
    login_id uuid NOT NULL,
    link_id uuid,
    kind text NOT NULL,
    lane smallint NOT NULL CHECK (lane IN (0, 1)), -- 0: somebody waits for it
    address text NOT NULL,
    name text NOT NULL,
    clients text NOT NULL, -- JSON array of names
    body text NOT NULL, -- JSON of the domain's MessageBody
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'deferred', 'failed', 'cancelled')),
    attempts integer NOT NULL,
    due_at bigint, -- next attempt, or end of the lease; NULL once it is settled for good
    leased_until bigint, -- names the lease
    accepted_at bigint,
    created_at bigint NOT NULL,
    PRIMARY KEY (practice_id, message_id)
);
CREATE INDEX message_due ON portal.message (lane, due_at, place, created_at) WHERE due_at IS NOT NULL;
CREATE INDEX message_waiting ON portal.message (practice_id, kind) WHERE due_at IS NOT NULL;
CREATE INDEX message_contact ON portal.message (practice_id, contact_id, place);
CREATE INDEX message_login ON portal.message (practice_id, login_id, place);

CREATE TABLE portal.message_attempt (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    number integer NOT NULL,
    at bigint NOT NULL,
    state text NOT NULL,
    reply text NOT NULL,
    PRIMARY KEY (practice_id, message_id, number),
    FOREIGN KEY (practice_id, message_id) REFERENCES portal.message (practice_id, message_id) ON DELETE CASCADE
);

CREATE TABLE portal.event (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    event_id uuid NOT NULL,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    at bigint NOT NULL,
    kind text NOT NULL,
    caller text NOT NULL,
    origin text,
    contact_id uuid,
    user_id uuid,
    login_id uuid,
    facts text NOT NULL, -- JSON object
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (practice_id, event_id)
);
CREATE INDEX event_ordinal ON portal.event (practice_id, ordinal);
CREATE INDEX event_contact ON portal.event (practice_id, contact_id, ordinal) WHERE contact_id IS NOT NULL;

-- Personal values stand beside the event and can be erased without it.
CREATE TABLE portal.event_personal (
    practice_id uuid NOT NULL,
    event_id uuid NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    personal text NOT NULL, -- JSON object
    PRIMARY KEY (practice_id, event_id),
    FOREIGN KEY (practice_id, event_id) REFERENCES portal.event (practice_id, event_id) ON DELETE CASCADE
);

CREATE TABLE portal.receipt (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    outcome bytea NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (practice_id, scope, key)
);

CREATE TABLE portal.enquiry (
    practice_id uuid NOT NULL REFERENCES portal.practice (practice_id),
    enquiry_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reset', 'renew')),
    address bytea, -- UTF-8 as it was typed by anybody, U+0000 included, which text can't hold
    link_id uuid,
    origin text,
    at bigint NOT NULL,
    due_at bigint NOT NULL,
    PRIMARY KEY (practice_id, enquiry_id),
    CHECK ((address IS NULL) <> (link_id IS NULL))
);
CREATE INDEX enquiry_due ON portal.enquiry (due_at);

-- What the planner is to know before there is anything to count. All indexes of a table lead with the practice, and
-- on a table that was never analysed PostgreSQL takes `practice_id = …` for as good as the whole primary key: it walks
-- through every row of the practice for each foreign key it checks, and keeps such plans until its first round of
-- analysis. So a practice is made up, analysed and removed. Its figures stay until there are real ones.
INSERT INTO portal.practice (practice_id, name, settings, created_at, version)
SELECT md5('p')::uuid, '', '{}', 0, 1;
INSERT INTO portal.practice_slug (slug, practice_id) SELECT 'p', md5('p')::uuid;
INSERT INTO portal.api_key (practice_id, api_key_id, name, scopes, hash, created_at)
SELECT md5('p')::uuid, md5('a' || i)::uuid, '', '', sha256(i::text::bytea), i FROM generate_series(1, 300) AS i;
INSERT INTO portal.practice_user (practice_id, user_id, ref, name, address, key, role, created_at, version)
SELECT md5('p')::uuid, md5('u' || i)::uuid, i, i, i, 'u' || i, 'staff', i, 1 FROM generate_series(1, 300) AS i;
INSERT INTO portal.login (practice_id, login_id, key, epoch, version)
SELECT md5('p')::uuid, md5('l' || i)::uuid, 'l' || i, 1, 1 FROM generate_series(1, 300) AS i;
INSERT INTO portal.login_key (practice_id, key, user_id)
SELECT practice_id, key, user_id FROM portal.practice_user;
INSERT INTO portal.login_key (practice_id, key, login_id)
SELECT practice_id, key, login_id FROM portal.login;
INSERT INTO portal.client (practice_id, client_id, ref, name, suspended, created_at, version)
SELECT md5('p')::uuid, md5('k' || i)::uuid, i, i, false, i, 1 FROM generate_series(1, 300) AS i;
INSERT INTO portal.contact
    (practice_id, contact_id, ref, name, access, login_id, behind_since, created_at, version)
SELECT md5('p')::uuid, md5('c' || i)::uuid, i, i, 'granted', md5('l' || i)::uuid, i, i, 1
FROM generate_series(1, 300) AS i;
INSERT INTO portal.contact_email (practice_id, contact_id, position, address, key)
SELECT practice_id, contact_id, i, ref || 'x' || i, ref || 'x' || i FROM portal.contact, generate_series(0, 1) AS i;
INSERT INTO portal.contact_client (practice_id, contact_id, client_id)
SELECT practice_id, contact_id, md5('k' || ref)::uuid FROM portal.contact;
INSERT INTO portal.contact_former_key (practice_id, contact_id, key)
SELECT practice_id, contact_id, ref FROM portal.contact;
INSERT INTO portal.link
    (practice_id, link_id, login_id, contact_id, purpose, address, signed_with, epoch, created_at, expires_at, used_at)
SELECT practice_id, login_id, login_id, contact_id, 'activation', ref, '', 1, created_at, created_at,
    CASE WHEN created_at % 10 = 0 THEN NULL ELSE created_at END
FROM portal.contact;
INSERT INTO portal.session
    (practice_id, session_id, login_id, hash, epoch, created_at, last_seen_at, idle_until, expires_at, ended_at)
SELECT practice_id, login_id, login_id, sha256(ref::bytea), 1, created_at, created_at, created_at, created_at,
    CASE WHEN created_at % 10 = 0 THEN NULL ELSE created_at END
FROM portal.contact;
INSERT INTO portal.message (practice_id, message_id, contact_id, login_id, link_id, kind, lane, address, name, clients,
    body, state, attempts, due_at, created_at)
SELECT practice_id, login_id, contact_id, login_id, login_id, 'activation', 1, ref, name, '[]', '{}', 'accepted', 1,
    CASE WHEN created_at % 10 = 0 THEN created_at END, created_at
FROM portal.contact;
INSERT INTO portal.message_attempt (practice_id, message_id, number, at, state, reply)
SELECT practice_id, message_id, 1, created_at, 'accepted', '' FROM portal.message;
INSERT INTO portal.event (practice_id, event_id, at, kind, caller, contact_id, facts, digest)
SELECT practice_id, login_id, created_at, '', '', contact_id, '{}', sha256(ref::bytea) FROM portal.contact;
INSERT INTO portal.event_personal (practice_id, event_id, salt, personal)
SELECT practice_id, event_id, uuid_send(event_id), '{}' FROM portal.event;
INSERT INTO portal.receipt (practice_id, scope, key, digest, outcome, at)
SELECT practice_id, '', ref, sha256(ref::bytea), '', created_at FROM portal.contact;
INSERT INTO portal.enquiry (practice_id, enquiry_id, kind, link_id, at, due_at)
SELECT practice_id, login_id, 'renew', login_id, created_at, created_at FROM portal.contact;
SET CONSTRAINTS ALL IMMEDIATE;
ANALYZE portal.practice, portal.practice_slug, portal.api_key, portal.practice_user, portal.login, portal.login_key,
    portal.client, portal.contact, portal.contact_email, portal.contact_client, portal.contact_former_key, portal.link,
    portal.session, portal.message, portal.message_attempt, portal.event, portal.event_personal, portal.receipt,
    portal.enquiry;
-- Only in a transaction of its own, of which this block makes one, does TRUNCATE forget the sizes too: a table of
-- unknown size is planned as a small one, and one that is known to be empty as if it stayed so.
DO $$
BEGIN
    TRUNCATE portal.practice, portal.practice_slug, portal.api_key, portal.practice_user, portal.login,
        portal.login_key, portal.client, portal.contact, portal.contact_email, portal.contact_client,
        portal.contact_former_key, portal.link, portal.session, portal.message, portal.message_attempt, portal.event,
        portal.event_personal, portal.receipt, portal.enquiry RESTART IDENTITY;
EXCEPTION
    WHEN undefined_table THEN RAISE;
END $$;
