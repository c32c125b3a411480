//! E13xx: The token endpoint.

super::entries! {
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

}
