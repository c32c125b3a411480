//! Every refusal a client or person can meet: its stable id, wire code, cause and fix.
//!
//! Ids are never reused. The sentences are ASCII without quotes and backslashes, because they travel in
//! `error_description` (RFC 6749 §5.2). They say nothing about the request itself.

use crate::protocol::error::ErrorCode;

/// One entry: what went wrong and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Stable id, as `E1204`.
    pub id: &'static str,
    /// The wire code it is told as.
    pub code: ErrorCode,
    /// The cause, one sentence.
    pub sentence: &'static str,
    /// What to do, one sentence.
    pub fix: &'static str,
}

macro_rules! catalogue {
    ($($name:ident = $id:literal, $code:ident, $sentence:literal, $fix:literal;)+) => {
        $(
            #[doc = concat!($id, ": ", $sentence)]
            pub static $name: Explanation = Explanation {
                id: $id,
                code: ErrorCode::$code,
                sentence: $sentence,
                fix: $fix,
            };
        )+

        /// All entries, in order of their ids.
        pub static ALL: &[&Explanation] = &[$(&$name),+];
    };
}

catalogue! {
    // E10xx: the shape of a request.
    BODY_TYPE = "E1001", InvalidRequest,
        "The request body is not a form.",
        "Send it with Content-Type: application/x-www-form-urlencoded.";
    BODY_TOO_LARGE = "E1002", InvalidRequest,
        "The request is too large.",
        "Send fewer or shorter parameters; the body may have 64 KiB.";
    NOT_UTF8 = "E1003", InvalidRequest,
        "A parameter is not UTF-8 text or not well percent-encoded.",
        "Encode every name and value as UTF-8, then percent-encode it.";
    DUPLICATE_PARAMETER = "E1004", InvalidRequest,
        "A parameter stands in the request more than once.",
        "Send each parameter once.";
    MISSING_GRANT_TYPE = "E1005", InvalidRequest,
        "The parameter grant_type is missing.",
        "Add grant_type with one of grant_types_supported of the discovery document.";
    MISSING_PARAMETER = "E1006", InvalidRequest,
        "A parameter that this request needs is missing or empty.",
        "Compare the request with the documentation of its endpoint.";
    METHOD_NOT_ALLOWED = "E1007", InvalidRequest,
        "This address does not answer to that method.",
        "Use the method that the Allow header names.";

    // E11xx: client authentication.
    UNKNOWN_CLIENT = "E1101", InvalidClient,
        "The client is not known or its credentials are wrong.",
        "Check client_id and secret, and that the secret has not expired.";
    NO_CLIENT_AUTHENTICATION = "E1102", InvalidClient,
        "The request does not say which client sends it.",
        "Authenticate the client in the way it is registered for.";
    TWO_CLIENT_AUTHENTICATIONS = "E1103", InvalidRequest,
        "The request authenticates the client in more than one way.",
        "Use one of the Authorization header, client_secret and client_assertion, for one client_id.";
    OTHER_AUTHENTICATION_METHOD = "E1104", InvalidClient,
        "The client is registered for another way of authenticating.",
        "Use its token_endpoint_auth_method, or change it with: issuant client set --auth-method.";
    MALFORMED_BASIC = "E1105", InvalidClient,
        "The Authorization header is not well-formed Basic authentication.",
        "Form-encode client_id and secret, join them with a colon, then base64-encode the result.";
    CLIENT_DISABLED = "E1106", InvalidClient,
        "The client is disabled.",
        "An operator can enable it with: issuant client set --enable.";
    CLIENT_NEEDS_SECRET = "E1107", UnauthorizedClient,
        "Only a client with credentials of its own may do this.",
        "Register a confidential client.";
    ASSERTION_PARAMETERS = "E1108", InvalidRequest,
        "One of client_assertion and client_assertion_type is missing, or the type is not known.",
        "Send both, with the type urn:ietf:params:oauth:client-assertion-type:jwt-bearer.";
    ASSERTION_NOT_GOOD = "E1109", InvalidClient,
        "The client assertion is not a JWT that a registered key of the client verifies.",
        "Sign it with the key whose public half the client registered, with the algorithm and the kid of that key, and the client_id as iss.";
    ASSERTION_TIME = "E1110", InvalidClient,
        "The client assertion has expired or is not valid yet.",
        "Make a new one for each request, and set the clock of the client right.";
    ASSERTION_TOO_LONG = "E1111", InvalidClient,
        "The client assertion is good for too long.",
        "Let its exp be at most ten minutes ahead; one minute is enough.";
    ASSERTION_AUDIENCE = "E1112", InvalidClient,
        "The client assertion is not meant for this server alone.",
        "Let its aud be the issuer and nothing else; an operator can let an old client name the token endpoint with legacy_assertion_audience.";
    ASSERTION_CLAIMS = "E1113", InvalidClient,
        "A claim of the client assertion is missing or wrong.",
        "It needs iss and sub, both the client_id, aud, exp and a jti of at most 256 bytes.";
    ASSERTION_REPLAYED = "E1114", InvalidClient,
        "The client assertion was used before.",
        "Make a new one with a new jti for each request.";
    CLIENT_KEYS_AWAY = "E1115", TemporarilyUnavailable,
        "The keys of the client cannot be read from its jwks_uri.",
        "Check that this server can reach the address and that a JWK set is there, then try again after half a minute.";
    NO_ENCRYPTION_KEY = "E1130", InvalidRequest,
        "The client has no key that this answer could be encrypted to as the client registered it.",
        "Publish a key of the type of the registered algorithm, with use enc or none, in jwks or at jwks_uri.";

    // E12xx: the authorization endpoint, told on a page or by redirect.
    UNKNOWN_CLIENT_PAGE = "E1201", InvalidRequest,
        "The app is not registered here.",
        "Check client_id in the link that led here.";
    CLIENT_DISABLED_PAGE = "E1202", UnauthorizedClient,
        "The app is switched off on this server.",
        "Ask the operator of this server.";
    MISSING_REDIRECT_URI = "E1203", InvalidRequest,
        "The request does not say where to return to.",
        "Send redirect_uri; it may be left out only when exactly one is registered and openid is not requested.";
    REDIRECT_URI_NOT_REGISTERED = "E1204", InvalidRequest,
        "The address the app wants to return to is not registered for it.",
        "Register exactly this address, or send the registered one.";
    RESPONSE_TYPE = "E1205", UnsupportedResponseType,
        "The response_type is not supported.",
        "Use response_type=code.";
    AUTHORIZE_GRANT_NOT_ALLOWED = "E1206", UnauthorizedClient,
        "The client may not use the authorization code grant.",
        "Allow it with: issuant client set --add-grant authorization_code.";
    AUTHORIZE_SCOPE = "E1207", InvalidScope,
        "A requested scope is malformed or not allowed for this client.",
        "Request only registered scopes, separated by one space.";
    PKCE_MISSING = "E1208", InvalidRequest,
        "The request has no code_challenge.",
        "Use PKCE with code_challenge_method=S256.";
    PKCE_METHOD = "E1209", InvalidRequest,
        "The code_challenge_method is not supported.",
        "Use code_challenge_method=S256; plain is refused.";
    PKCE_CHALLENGE = "E1210", InvalidRequest,
        "The code_challenge is not a SHA-256 digest in base64url.",
        "It has 43 characters, without padding.";
    PROMPT = "E1211", InvalidRequest,
        "The prompt parameter is not understood.",
        "Use none alone, or a combination of the other prompt_values_supported of the discovery document.";
    MAX_AGE = "E1212", InvalidRequest,
        "The max_age parameter is not a number of seconds.",
        "Send a whole number, 0 or greater.";
    RESPONSE_MODE = "E1213", InvalidRequest,
        "The response_mode is not supported.",
        "Leave it out, or use query, fragment or form_post.";
    REGISTRATION = "E1216", RegistrationNotSupported,
        "The parameter registration is not supported.",
        "Register the client first.";
    LOGIN_REQUIRED = "E1217", LoginRequired,
        "Nobody is signed in, or signed in recently enough, and prompt=none allows no sign-in page.",
        "Send the person here without prompt=none.";
    CONSENT_REQUIRED = "E1218", ConsentRequired,
        "The person has not agreed yet, and prompt=none allows no consent page.",
        "Send the person here without prompt=none.";
    ACCESS_DENIED = "E1219", AccessDenied,
        "The person declined.",
        "Tell them what the access is for, and let them try again.";
    VALUE_TOO_LONG = "E1220", InvalidRequest,
        "A parameter is longer than this server accepts.",
        "state and scope may have 2048 bytes, nonce 512.";
    ID_TOKEN_HINT = "E1221", InvalidRequest,
        "The id_token_hint is not an ID token of this server.",
        "Send an ID token that this issuer gave to this client, or leave the hint out.";
    HINT_OTHER_PERSON = "E1222", LoginRequired,
        "The person who is signed in is not the one of the id_token_hint.",
        "Sign in as that person, or leave the hint out.";
    RESPONSE_TYPE_MISSING = "E1223", InvalidRequest,
        "The parameter response_type is missing.",
        "Use response_type=code.";
    CLAIMS_PARAMETER = "E1224", InvalidRequest,
        "The claims parameter is malformed.",
        "Send a JSON object with the members userinfo and id_token, as OpenID Connect Core section 5.5 describes, of at most 4096 bytes.";
    ACCOUNT_SELECTION_REQUIRED = "E1230", AccountSelectionRequired,
        "Several accounts are signed in, and prompt=none allows no page to choose one of them.",
        "Send an id_token_hint, or send the person here without prompt=none.";
    REQUEST_OBJECT_MALFORMED = "E1240", InvalidRequestObject,
        "The request object is no JWT whose claims are parameters.",
        "Send a signed JWT of at most 16 KiB, not encrypted, whose claims are strings and numbers, and an object for claims.";
    REQUEST_OBJECT_SIGNATURE = "E1241", InvalidRequestObject,
        "No registered key of the client verifies the request object with the algorithm it may have.",
        "Sign it with the key whose public half the client registered, with its kid, and with request_object_signing_alg if the client registered one.";
    REQUEST_OBJECT_UNSIGNED = "E1242", RequestNotSupported,
        "The request object is not signed, and the client did not register that.",
        "Sign it, or register the client with request_object_signing_alg none.";
    REQUEST_OBJECT_TIME = "E1243", InvalidRequestObject,
        "The request object has expired or is not valid yet.",
        "Make a new one for each request, and set the clock of the client right.";
    REQUEST_OBJECT_CLAIMS = "E1244", InvalidRequestObject,
        "The request object was made by another client or for another server.",
        "Let its iss be the client_id and its aud the issuer.";
    REQUEST_OBJECT_MISMATCH = "E1245", InvalidRequestObject,
        "The request object and the request around it differ in client_id or response_type.",
        "Send the same client_id in both places, and the same response_type or only one.";
    REQUEST_OBJECT_NESTED = "E1246", InvalidRequestObject,
        "The request object holds another one.",
        "Leave request and request_uri out of it.";
    REQUEST_OBJECT_TWICE = "E1247", InvalidRequest,
        "The request has both request and request_uri.",
        "Send one of them.";
    REQUEST_URI_NOT_REGISTERED = "E1248", InvalidRequestUri,
        "The request_uri is not one that the client registered.",
        "Register it in request_uris: https, at most 512 bytes; only its fragment may differ.";
    REQUEST_URI_AWAY = "E1249", InvalidRequestUri,
        "The request object cannot be read from the request_uri.",
        "Check that this server can reach the address, and that it answers soon, with status 200 and at most 16 KiB.";
    UNMET_AUTHENTICATION = "E1250", UnmetAuthenticationRequirements,
        "The claims parameter demands an acr that no sign-in here reaches.",
        "Ask for one of acr_values_supported of the discovery document, or do not make the claim essential.";
    RESPONSE_TYPE_NOT_REGISTERED = "E1255", UnauthorizedClient,
        "The client is not registered for this response_type.",
        "Use response_type=code, or name the other one in response_types of the client and add the grant implicit.";
    NONCE_MISSING = "E1256", InvalidRequest,
        "An ID token in the authorization response needs a nonce, and the request has none.",
        "Send a nonce that nobody can guess, and compare it with the one in the ID token.";
    ID_TOKEN_WITHOUT_OPENID = "E1257", InvalidScope,
        "The response_type asks for an ID token, but the scope does not contain openid.",
        "Add openid to the scope.";
    TOKENS_IN_QUERY = "E1258", InvalidRequest,
        "Tokens never travel in the query of an address.",
        "Leave response_mode out, or use fragment or form_post.";

    // E13xx: the token endpoint.
    UNSUPPORTED_GRANT = "E1301", UnsupportedGrantType,
        "The grant_type is not supported.",
        "Use one of grant_types_supported of the discovery document.";
    GRANT_NOT_ALLOWED = "E1302", UnauthorizedClient,
        "The client may not use this grant.",
        "Allow it with: issuant client set --add-grant.";
    SCOPE_NOT_ALLOWED = "E1303", InvalidScope,
        "A requested scope is malformed or not allowed for this client.",
        "Request only registered scopes, separated by one space.";
    CODE_UNKNOWN = "E1310", InvalidGrant,
        "The code is not known here for this client.",
        "Start again at the authorization endpoint; a code is good for one client and a minute.";
    CODE_EXPIRED = "E1311", InvalidGrant,
        "The code has expired.",
        "Redeem a code at once; start again at the authorization endpoint.";
    CODE_USED = "E1312", InvalidGrant,
        "The code was used before, so all tokens that came of it are revoked.",
        "Redeem a code once; start again at the authorization endpoint.";
    CODE_REDIRECT_URI = "E1313", InvalidGrant,
        "The redirect_uri differs from the one of the authorization request.",
        "Send exactly the redirect_uri that the code was asked for with.";
    CODE_VERIFIER = "E1314", InvalidGrant,
        "The code_verifier does not fit the code_challenge.",
        "Send the verifier whose SHA-256 digest was the code_challenge; it has 43 to 128 characters.";
    CODE_VERIFIER_UNEXPECTED = "E1315", InvalidGrant,
        "A code_verifier was sent, but the authorization request had no code_challenge.",
        "Send code_challenge with the authorization request.";
    SUBJECT_INACTIVE = "E1316", InvalidGrant,
        "The account may not sign in any more.",
        "An operator can enable it with: issuant user set --enable.";
    REFRESH_UNKNOWN = "E1320", InvalidGrant,
        "The refresh token is not known here.",
        "Send the whole token as it was received, or let the person sign in again.";
    REFRESH_OTHER_CLIENT = "E1321", InvalidGrant,
        "The refresh token belongs to another client.",
        "Use the client that the token was issued to.";
    REFRESH_EXPIRED = "E1322", InvalidGrant,
        "The refresh token has expired.",
        "Let the person sign in again.";
    REFRESH_REVOKED = "E1323", InvalidGrant,
        "The refresh token was revoked.",
        "Let the person sign in again.";
    REFRESH_REUSED = "E1324", InvalidGrant,
        "A refresh token that had been replaced was used again, so the sign-in is revoked.",
        "Store the newest refresh token each time; let the person sign in again.";
    REFRESH_SCOPE = "E1325", InvalidScope,
        "The requested scope is malformed or goes beyond what was granted.",
        "Leave scope out, or name some of the granted scopes.";

    // E14xx: bearer tokens and their endpoints.
    NO_BEARER_TOKEN = "E1401", InvalidToken,
        "The request has no access token.",
        "Send Authorization: Bearer, followed by the token.";
    BEARER_MALFORMED = "E1402", InvalidRequest,
        "The access token is sent in more than one way or not well-formed.",
        "Send it once, in the Authorization header.";
    BEARER_NOT_GOOD = "E1403", InvalidToken,
        "The access token is not one that this server accepts now.",
        "Get a new one; it may have expired, been revoked or come from another issuer.";
    BEARER_SCOPE = "E1404", InsufficientScope,
        "The access token does not have the scope that is needed here.",
        "Request the scope that the challenge names; for userinfo it is openid.";
    MISSING_TOKEN = "E1405", InvalidRequest,
        "The parameter token is missing.",
        "Send the token that the request is about.";
    METRICS_TOKEN = "E1406", InvalidToken,
        "Reading metrics needs the token of the setting metrics.token.",
        "Send Authorization: Bearer, followed by that token.";
    WEBFINGER_RESOURCE = "E1407", InvalidRequest,
        "This server does not speak for that resource.",
        "Ask the server whose host stands in the resource.";

    // E15xx: sign-out.
    LOGOUT_REDIRECT = "E1501", InvalidRequest,
        "The address to return to after signing out is not registered.",
        "Register post_logout_redirect_uri exactly as it is sent, and send id_token_hint or client_id.";
    LOGOUT_HINT = "E1502", InvalidRequest,
        "The id_token_hint was made for another client than client_id names.",
        "Send an ID token that this issuer gave to the client, or leave one of them out.";
    LOGOUT_HINT_UNFIT = "E1503", InvalidRequest,
        "The id_token_hint is not an ID token of this server.",
        "Send an ID token that this issuer gave to the client, or leave the hint out.";

    // E16xx: pages.
    REQUEST_GONE = "E1601", InvalidRequest,
        "This sign-in was finished, has expired, or was started in another browser.",
        "Go back to the app and start again.";
    COOKIE_MISSING = "E1602", InvalidRequest,
        "Your browser did not return our cookie.",
        "Allow cookies for this site, and open it under the address it is configured for.";
    FORM_NOT_OURS = "E1603", InvalidRequest,
        "The form was not sent from a page of this server, or the page was too old.",
        "Load the page again and repeat the last step.";
    SIGN_IN_REFUSED = "E1604", AccessDenied,
        "User name or password are wrong.",
        "Check your user name and password and try again.";
    TOO_MANY_TRIES = "E1605", AccessDenied,
        "There were too many failed tries.",
        "Wait for the time that the page names, then try again.";
    WRONG_ADDRESS = "E1606", InvalidRequest,
        "This server is configured for another address than the one you opened.",
        "Open the configured address, or set issuer to this one.";
    SETUP_LINK = "E1607", InvalidRequest,
        "This setup link was used before or has expired.",
        "Make a new one with: issuant admin link.";
    NOT_FOUND = "E1608", InvalidRequest,
        "There is no page at this address.",
        "Check the address.";
    TOO_MANY_STARTS = "E1609", TemporarilyUnavailable,
        "Too many sign-ins were started from this network within a minute.",
        "Wait a minute, then go back to the app and start again.";
    SIGN_UP_CLOSED = "E1610", AccessDenied,
        "This server makes no accounts for people who ask for one.",
        "Ask its operator for an account, or set account.sign_up to on.";

    // E18xx: clients that register themselves.
    REGISTRATION_OFF = "E1801", AccessDenied,
        "Clients cannot register themselves here.",
        "Ask the operator to register the client, or to set registration.mode.";
    REGISTRATION_FULL = "E1802", TemporarilyUnavailable,
        "As many clients registered themselves as may.",
        "Ask the operator to remove unused ones or to raise registration.max_clients.";
    REGISTRATION_RATE = "E1803", TemporarilyUnavailable,
        "Too many clients were registered from this network.",
        "Wait a minute and register again.";
    REGISTRATION_BODY = "E1804", InvalidClientMetadata,
        "The request body is not JSON.",
        "Send the metadata as a JSON object with Content-Type: application/json.";
    REGISTRATION_METADATA = "E1805", InvalidClientMetadata,
        "The metadata are no JSON object, or a member has a value that it cannot have.",
        "Compare each member with RFC 7591 section 2 and the discovery document.";
    REGISTRATION_REDIRECT_URI = "E1806", InvalidRedirectUri,
        "A redirect URI is missing or cannot be registered.",
        "Give absolute https addresses without fragment and wildcard; http on loopback; other schemes with application_type native and a dot in their name.";
    REGISTRATION_AUTHENTICATION = "E1807", InvalidClientMetadata,
        "The token_endpoint_auth_method is not supported, or does not fit the client.",
        "Choose one of token_endpoint_auth_methods_supported; a client with a secret cannot become one without, nor the reverse.";
    REGISTRATION_GRANT = "E1808", InvalidClientMetadata,
        "The grant_types or response_types are not supported, or do not fit together.",
        "Choose among grant_types_supported and response_types_supported; code belongs to authorization_code.";
    REGISTRATION_ALGORITHM = "E1809", InvalidClientMetadata,
        "An algorithm is not supported.",
        "Choose among the algorithms that the discovery document lists for it.";
    REGISTRATION_SCOPE = "E1810", InvalidClientMetadata,
        "The scope is malformed, or holds what only an operator may give.",
        "Name scopes of scopes_supported separated by blanks, or leave scope out; ask the operator for others.";
    SOFTWARE_STATEMENT = "E1811", UnapprovedSoftwareStatement,
        "The software statement was not signed by an authority that counts here.",
        "Send the metadata without it, or have the operator add the key to registration.statement_keys_file.";
    REGISTRATION_TOKEN = "E1812", InvalidToken,
        "There is no such client, or the registration access token is not its own.",
        "Use registration_client_uri and registration_access_token of the answer to the registration.";
    REGISTRATION_CLIENT_ID = "E1813", InvalidClientMetadata,
        "The client_id or client_secret in the metadata is not that of the client.",
        "Send client_id as it was issued, and client_secret likewise or not at all.";
    REGISTRATION_KEYS = "E1814", InvalidClientMetadata,
        "The keys of the client do not fit its token_endpoint_auth_method or an algorithm, or cannot be had.",
        "Give jwks or an https jwks_uri, not both, with keys for token_endpoint_auth_signing_alg and request_object_signing_alg; HS256 needs client_secret_jwt.";
    SOFTWARE_STATEMENT_INVALID = "E1815", InvalidSoftwareStatement,
        "The software statement is malformed, expired, without iss, or its signature is wrong.",
        "Ask its authority for another one.";
    REGISTRATION_ADDRESS = "E1816", InvalidClientMetadata,
        "This server does not ask the address of jwks_uri, request_uris or backchannel_logout_uri.",
        "Use https, port 443 and a public host, or have the operator add the network to fetch.allow_private.";
    REGISTRATION_SECTOR = "E1830", InvalidClientMetadata,
        "The redirect URIs of a pairwise client have several hosts, or its sector_identifier_uri is no https address.",
        "Give redirect URIs of one host, or an https sector_identifier_uri where a JSON array of all of them stands.";
    SECTOR_DOCUMENT = "E1831", InvalidClientMetadata,
        "What stands at the sector_identifier_uri is no JSON array of strings, lacks a redirect URI, or cannot be read.",
        "Publish a JSON array with each of the redirect_uris there, for this server to read within 5 seconds and without a redirect.";
    REGISTRATION_ENCRYPTION = "E1832", InvalidClientMetadata,
        "An answer is to be encrypted with an enc but no alg, or the client has no key for the alg.",
        "Give the alg as well, and a key of its type with use enc or none in jwks, or a jwks_uri.";
    // E19xx: trouble of ours.
    UNAVAILABLE = "E1901", TemporarilyUnavailable,
        "The server cannot do this at the moment.",
        "Try again after the seconds that Retry-After names.";
    BROKEN = "E1902", ServerError,
        "Something went wrong on the server.",
        "Try again; if it stays, give the request id to the operator.";
}
