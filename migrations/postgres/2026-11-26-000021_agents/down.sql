DROP INDEX token_families_of_agents;
DELETE FROM token_families WHERE subject IS NULL;
ALTER TABLE token_families ALTER COLUMN subject SET NOT NULL;
