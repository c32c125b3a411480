-- SQLite changes rows where they are; the number keeps both databases' migrations in step.
SELECT 1;
