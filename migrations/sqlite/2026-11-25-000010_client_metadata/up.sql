-- What a client registered beyond the columns, as the JSON of RFC 7591 §2. Nothing selects by it.

ALTER TABLE clients ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
