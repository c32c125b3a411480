//! E11xx: Client authentication.

super::entries! {
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

}
