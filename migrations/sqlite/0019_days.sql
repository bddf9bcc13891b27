-- What the roll-out is about is counted by day (see Journal::days). The same stands in migrations/postgres under the same stem.

CREATE INDEX portal_event_days ON portal_event (practice_id, at)
    WHERE number IS NOT NULL AND kind IN ('login.password_set', 'message.accepted', 'session.opened');

-- As in 0001: SQLite is told what a large practice is like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('portal_event', 'portal_event_days', '100000 10000 1');
ANALYZE sqlite_schema;
