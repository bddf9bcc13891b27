-- What a command left for its repetition is kept for a day. The same stands in migrations/postgres under the same stem.

CREATE INDEX portal_receipt_at ON portal_receipt (at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('portal_receipt', 'portal_receipt_at', '1000000 1');
ANALYZE sqlite_schema;
