ALTER TABLE token_families RESET (fillfactor);
