//! What the rows are called: in the table, for filters, and for the goals.

pub(crate) const FSYNC: &str = "fdatasync of 4 KiB";
pub(crate) const SLOW_FSYNC: &str = "fdatasync of 4 KiB, slow disk";
pub(crate) const ACTIX: &str = "floor: bare actix, JSON";
pub(crate) const ES256_FLOOR: &str = "floor: actix and an ES256 signature";
pub(crate) const POSTGRES_FLOOR: &str = "floor: PostgreSQL, a transaction a request";
pub(crate) const DISCOVERY: &str = "discovery";
pub(crate) const JWKS: &str = "JWKS";
pub(crate) const LOGIN: &str = "sign-in page";
pub(crate) const CREDENTIALS_ES256: &str = "client_credentials, ES256";
pub(crate) const CREDENTIALS_RS256: &str = "client_credentials, RS256";
pub(crate) const CREDENTIALS_EDDSA: &str = "client_credentials, EdDSA";
pub(crate) const INTROSPECT_SEEN: &str = "introspection, seen before";
pub(crate) const INTROSPECT_NEW: &str = "introspection, new";
pub(crate) const USERINFO: &str = "userinfo";
pub(crate) const CODE: &str = "authorization code, ES256 twice";
pub(crate) const REFRESH_SQLITE: &str = "refresh, SQLite FULL";
pub(crate) const REFRESH_SLOW: &str = "refresh, SQLite FULL, slow disk";
pub(crate) const REFRESH_POSTGRES: &str = "refresh, PostgreSQL";
