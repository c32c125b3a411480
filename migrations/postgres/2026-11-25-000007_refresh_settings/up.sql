-- What a client has otherwise than the server says: NULL stands for the server's setting. Durations are seconds.

ALTER TABLE clients ADD COLUMN refresh_rotation TEXT;
ALTER TABLE clients ADD COLUMN retry_window BIGINT;
ALTER TABLE clients ADD COLUMN refresh_idle_lifetime BIGINT;
ALTER TABLE clients ADD COLUMN refresh_absolute_lifetime BIGINT;
