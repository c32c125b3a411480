ALTER TABLE clients DROP COLUMN refresh_absolute_lifetime;
ALTER TABLE clients DROP COLUMN refresh_idle_lifetime;
ALTER TABLE clients DROP COLUMN retry_window;
ALTER TABLE clients DROP COLUMN refresh_rotation;
