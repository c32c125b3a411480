-- A rotation writes a new version of its row. With room on the same page that version needs no new index entry, and a page
-- that is fuller than this is cleared of old versions by whoever comes by next; so the table keeps its size.

ALTER TABLE token_families SET (fillfactor = 20);
