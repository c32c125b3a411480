//! E14xx: Bearer tokens and their endpoints.

super::entries! {
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

}
