-- What a command left for its repetition is kept for a day. The same stands in migrations/sqlite under the same stem.

CREATE INDEX receipt_at ON portal.receipt (at);
