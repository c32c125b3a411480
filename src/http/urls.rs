//! Each path once.

use crate::protocol::client_auth;
use crate::protocol::metadata::EndpointUrls;

/// RFC 6749 §3.2.
pub const TOKEN: &str = client_auth::TOKEN_ENDPOINT;
/// The same, under the name that other servers use.
pub const TOKEN_ALIAS: &str = "/oauth2/token";
/// RFC 7662.
pub const INTROSPECT: &str = "/introspect";
/// RFC 7009.
pub const REVOKE: &str = "/revoke";
/// RFC 7591.
pub const REGISTER: &str = "/register";
/// RFC 7592.
pub const REGISTERED_CLIENT: &str = "/register/{client_id}";
/// The public keys of a service, as jwtis has them.
pub const CLIENT_KEYS: &str = "/keys/{kid}";
/// New keys for a service, as jwtis has it.
pub const RENEW_KEYS: &str = "/renew_keys";
/// Tokens for a service, as jwtis has it.
pub const ISSUE_TOKEN: &str = "/issue_token";
/// Others in their place, as jwtis has it.
pub const RENEW_TOKEN: &str = "/renew_token";
/// As jwtis has it.
pub const PING: &str = "/ping";
/// OpenID Connect Core §5.3.
pub const USERINFO: &str = "/userinfo";
/// OpenID Connect Discovery §4.
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// RFC 8414 §3.
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// OpenID Connect Discovery §2.
pub const WEBFINGER: &str = "/.well-known/webfinger";
/// RFC 7517 §5.
pub const JWKS: &str = "/jwks.json";
/// RFC 6749 §3.1.
pub const AUTHORIZE: &str = "/authorize";
/// Where pages return to, so that one dispatcher decides what comes next.
pub const RESUME: &str = "/authorize/resume";
/// The sign-in page.
pub const LOGIN: &str = "/login";
/// The page on which somebody makes an account.
pub const SIGN_UP: &str = "/sign-up";
/// The page on which a person chooses one of the accounts of the browser.
pub const ACCOUNTS: &str = "/accounts";
/// Signs one account out.
pub const SIGN_OUT_ACCOUNT: &str = "/accounts/sign-out";
/// The consent page.
pub const CONSENT: &str = "/consent";
/// OpenID Connect RP-Initiated Logout §2.
pub const LOGOUT: &str = "/logout";
/// The form of the sign-out page.
pub const LOGOUT_CONFIRM: &str = "/logout/confirm";
/// After signing out.
pub const LOGGED_OUT: &str = "/logout/done";
/// OpenID Connect Session Management §3.3.
pub const CHECK_SESSION: &str = "/session/check";
/// The account page.
pub const ACCOUNT: &str = "/account";
/// Name and address.
pub const PROFILE: &str = "/account/profile";
/// The password.
pub const PASSWORD: &str = "/account/password";
/// Ends one session.
pub const END_SESSION: &str = "/account/sessions/end";
/// Ends all sessions but this one.
pub const END_OTHER_SESSIONS: &str = "/account/sessions/end-others";
/// Takes an app's access away.
pub const DISCONNECT_APP: &str = "/account/apps/revoke";
/// Tokens for scripts.
pub const TOKENS: &str = "/account/tokens";
/// Takes one back.
pub const REVOKE_TOKEN: &str = "/account/tokens/revoke";
/// A token for a script, as `cc-backend` hands it out.
pub const CC_JWT: &str = "/frontend/jwt/";
/// Who calls, for callers of `cc-backend`.
pub const CC_WHOAMI: &str = "/api/whoami";
/// The first administrator.
pub const SETUP: &str = "/setup";
/// The home page.
pub const HOME: &str = "/";
/// Stylesheet, script and icon.
pub const ASSETS: &str = "/assets/{name}";
/// The process is alive.
pub const HEALTHZ: &str = "/healthz";
/// The process can do its work.
pub const READYZ: &str = "/readyz";
/// For Prometheus.
pub const METRICS: &str = "/metrics";
/// Asked by a proxy before it lets a request pass.
pub const VERIFY: &str = "/verify";
/// For agents, as at Fleet Server.
pub const FLEET_AUTHENTICATE: &str = "/api/fleet/authenticate";
/// Consul: adds an auth method.
pub const CONSUL_METHOD: &str = "/v1/acl/auth-method";
/// Consul: one auth method.
pub const CONSUL_METHOD_OF: &str = "/v1/acl/auth-method/{name}";
/// Consul: all auth methods.
pub const CONSUL_METHODS: &str = "/v1/acl/auth-methods";
/// Consul: adds a binding rule.
pub const CONSUL_RULE: &str = "/v1/acl/binding-rule";
/// Consul: one binding rule.
pub const CONSUL_RULE_OF: &str = "/v1/acl/binding-rule/{id}";
/// Consul: all binding rules.
pub const CONSUL_RULES: &str = "/v1/acl/binding-rules";
/// Consul: a token of a trusted issuer for a token of this server.
pub const CONSUL_LOGIN: &str = "/v1/acl/login";
/// Consul: ends a token.
pub const CONSUL_LOGOUT: &str = "/v1/acl/logout";
/// The demo application of `issuant dev`.
pub const DEV_APP: &str = "/dev/app";
/// Where the demo application's codes arrive.
pub const DEV_APP_CALLBACK: &str = "/dev/app/callback";
/// Starts the demo application's sign-in.
pub const DEV_APP_SIGN_IN: &str = "/dev/app/sign-in";
/// What the demo application received.
pub const DEV_APP_RESULT: &str = "/dev/app/result";
/// Refreshes the demo application's tokens.
pub const DEV_APP_REFRESH: &str = "/dev/app/refresh";

/// Where people look, under the one address that the server is configured for. Cookies and forms work nowhere else.
pub const PAGES: [&str; 15] = [
    HOME,
    AUTHORIZE,
    RESUME,
    LOGIN,
    SIGN_UP,
    ACCOUNTS,
    CONSENT,
    LOGOUT,
    ACCOUNT,
    PROFILE,
    PASSWORD,
    TOKENS,
    SETUP,
    DEV_APP,
    DEV_APP_SIGN_IN,
];

/// One of the pages, for a waiting authorization request; an empty handle stands for none.
pub fn for_request(page: &str, handle: &str) -> String {
    if handle.is_empty() {
        page.to_owned()
    } else {
        format!("{page}?request={handle}")
    }
}

/// The endpoints as absolute URLs.
pub fn endpoints(issuer: &str) -> EndpointUrls {
    let at = |path: &str| format!("{issuer}{path}");
    EndpointUrls {
        authorization: at(AUTHORIZE),
        token: at(TOKEN),
        userinfo: at(USERINFO),
        jwks: at(JWKS),
        registration: at(REGISTER),
        introspection: at(INTROSPECT),
        revocation: at(REVOKE),
        end_session: at(LOGOUT),
        check_session: at(CHECK_SESSION),
    }
}
