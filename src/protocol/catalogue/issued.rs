//! E21xx: Tokens that people have for scripts, and tokens that are signed with a shared secret.

super::entries! {
    BEARER_EXPIRED = "E2101", InvalidToken,
        "The access token has expired.",
        "Get a new one.";
    BEARER_REVOKED = "E2102", InvalidToken,
        "The access token was revoked.",
        "Get a new one.";
    PERSONAL_TOKEN_TOO_LONG = "E2103", InvalidRequest,
        "The token would live longer than this server allows.",
        "Choose a shorter life; the setting personal_tokens.longest says how long it may be.";
    PERSONAL_TOKENS_TOO_MANY = "E2104", InvalidRequest,
        "You have too many personal access tokens.",
        "Take back those that nobody uses any more.";
    PERSONAL_TOKEN_DISABLED = "E2105", AccessDenied,
        "The person may not sign in, so nobody gets a token for them.",
        "Let the person sign in again first.";
    PERSONAL_TOKEN_NO_KEY = "E2106", ServerError,
        "No key of this server signs with the algorithm of the token.",
        "Add one with issuant key generate.";
    CC_NOT_SIGNED_IN = "E2107", InvalidToken,
        "Nobody is signed in in this browser.",
        "Sign in at /login first.";
    CC_OTHER_USER = "E2108", AccessDenied,
        "Only administrators get tokens of other people.",
        "Leave the parameter username out, or ask an administrator.";
    CC_OTHER_SITE = "E2109", AccessDenied,
        "The request comes from a page of another site.",
        "Open the address itself, or call it from a page of this server.";
    CC_NO_USER = "E2110", InvalidRequest,
        "There is no user of that name.",
        "Check the parameter username.";
}
