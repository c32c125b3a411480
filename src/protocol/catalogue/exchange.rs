//! E175x: Token exchange.

super::entries! {
    EXCHANGE_MISSING = "E1750", InvalidRequest,
        "subject_token or subject_token_type is missing.",
        "Send both; the type is a URI of RFC 8693, section 3.";
    EXCHANGE_SUBJECT_TYPE = "E1751", InvalidRequest,
        "The subject_token_type is not accepted.",
        "Send an access token or an ID token of this server, with the URI of its type.";
    EXCHANGE_REQUESTED_TYPE = "E1752", InvalidRequest,
        "Tokens of the requested_token_type are not given.",
        "Leave requested_token_type out, or ask for urn:ietf:params:oauth:token-type:access_token.";
    EXCHANGE_ACTOR_TYPE = "E1753", InvalidRequest,
        "actor_token and actor_token_type do not stand together, or the type is not accepted.",
        "Send both, for an access token or an ID token of this server, or neither.";
    EXCHANGE_SUBJECT = "E1754", InvalidRequest,
        "The subject_token is not good: expired, revoked, of another kind, or not of this server.",
        "Exchange a token while it is good.";
    EXCHANGE_ACTOR = "E1755", InvalidRequest,
        "The actor_token is not good: expired, revoked, of another kind, or not of this server.",
        "Send a token of the acting party while it is good.";
    EXCHANGE_NOT_MEANT = "E1756", InvalidRequest,
        "A token was neither issued to this client nor meant for it.",
        "Exchange only tokens whose aud names the client or one of its audiences.";
    EXCHANGE_MAY_ACT = "E1757", InvalidRequest,
        "The subject_token names another party that may act.",
        "Let the party act that may_act of the token names.";
    EXCHANGE_DEPTH = "E1758", InvalidRequest,
        "Too many parties act for each other.",
        "Exchange a token that is nearer to the one of the user.";
    EXCHANGE_TARGET = "E1759", InvalidTarget,
        "The requested audience or resource is not one for which this client may exchange tokens.",
        "An operator can allow it with audiences of token_exchange in the metadata of the client.";
    EXCHANGE_SCOPE = "E1760", InvalidScope,
        "The requested scope is malformed, or goes beyond the subject_token or the client.",
        "Leave scope out, or name some of the scopes of the subject_token.";
    EXCHANGE_PAIRWISE = "E1761", InvalidRequest,
        "An ID token with a pairwise identifier cannot be exchanged.",
        "Exchange the access token that came with it.";
}
