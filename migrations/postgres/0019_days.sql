-- What the roll-out is about is counted by day (see Journal::days). Nothing but an index: whoever reads goes on meanwhile. The same
-- stands in migrations/sqlite under the same stem.

CREATE INDEX event_days ON portal.event (practice_id, at)
    WHERE number IS NOT NULL AND kind IN ('login.password_set', 'message.accepted', 'session.opened');
