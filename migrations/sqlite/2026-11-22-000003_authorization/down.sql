DROP TABLE revoked_tokens;
DROP TABLE replays;
DROP TABLE authorization_codes;
DROP TABLE authorization_requests;
