DROP TABLE reference_tokens;
DROP TABLE declared_names;
DROP TABLE binding_rules;
DROP TABLE trusted_issuers;
