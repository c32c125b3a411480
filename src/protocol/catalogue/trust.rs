//! E17xx: Trusted issuers and the tokens that somebody brings of them.

super::entries! {
    ASSERTION_MISSING = "E1701", InvalidRequest,
        "The parameter assertion is missing.",
        "Send the token of the trusted issuer as assertion.";
    ISSUER_NOT_TRUSTED = "E1702", InvalidGrant,
        "No trusted issuer fits the iss of the assertion, or the name in auth_method.",
        "An operator can add one with: issuant trust add.";
    ISSUER_AMBIGUOUS = "E1703", InvalidRequest,
        "Several trusted issuers have the iss of the assertion.",
        "Name one of them in the parameter auth_method.";
    TRUST_MALFORMED = "E1704", InvalidGrant,
        "The assertion is not a signed JWT.",
        "Send it whole, as it was received; its typ is JWT, authorization-grant+jwt or missing.";
    TRUST_ALGORITHM = "E1705", InvalidGrant,
        "The assertion is signed with an algorithm that is not for this issuer.",
        "Use an algorithm of the keys of the issuer, or have an operator allow it.";
    TRUST_SIGNATURE = "E1706", InvalidGrant,
        "No key of the trusted issuer made the signature of the assertion.",
        "Check the key and its kid; keys that are published are read again after half a minute.";
    TRUST_KEYS_AWAY = "E1707", TemporarilyUnavailable,
        "The keys of the trusted issuer cannot be read.",
        "Check that this server can reach the address of the keys, then try again after half a minute.";
    TRUST_EXPIRED = "E1708", InvalidGrant,
        "The assertion has expired.",
        "Get a new one, and check the clocks.";
    TRUST_NOT_YET = "E1709", InvalidGrant,
        "The assertion is not valid yet, by its nbf or iat.",
        "Check the clocks.";
    TRUST_CLAIMS = "E1710", InvalidGrant,
        "A claim of the assertion is missing or has a wrong type.",
        "It needs iss, sub, aud and exp; jti where it counts once, iat where its age is limited.";
    TRUST_ISSUER = "E1711", InvalidGrant,
        "The iss of the assertion is not the one of the trusted issuer.",
        "Check which issuer made it, and which one auth_method names.";
    TRUST_AUDIENCE = "E1712", InvalidGrant,
        "The assertion is not meant for this server.",
        "Its aud must be an audience of the trusted issuer; where none is set, the issuer of this server.";
    TRUST_TOO_OLD = "E1713", InvalidGrant,
        "The assertion was made too long ago.",
        "Get a new one right before it is needed.";
    TRUST_REPLAYED = "E1714", InvalidGrant,
        "The assertion was used before, and each counts once.",
        "Get a new one for each request.";
    TRUST_SHAPE = "E1715", InvalidGrant,
        "A claim of the assertion has a shape that its attribute cannot take.",
        "Map objects with a JSON Pointer to what is in them, and lists with list_claim_mappings.";
    TRUST_NO_BINDING = "E1716", InvalidGrant,
        "No binding rule gives anything for this assertion.",
        "An operator sees why with: issuant trust test.";
    TRUST_CLIENT_NEEDED = "E1717", InvalidClient,
        "The assertions of this issuer can only be brought by a client.",
        "Authenticate a client that may use the grant, or set without_client for the issuer.";
    TRUST_NO_USER = "E1718", InvalidGrant,
        "The assertion names nobody who may sign in here.",
        "Check the claim that names the user, and that the account is enabled.";
    TRUST_PAIRWISE = "E1719", UnauthorizedClient,
        "A client with pairwise identifiers cannot get tokens of users this way.",
        "Use a client whose subject_type is public.";
    TRUST_INVALID_NAME = "E1720", InvalidGrant,
        "The name that a binding rule makes of this assertion is not valid.",
        "Mend the claim or the rule, or set consul.strict_compat to off.";
    TRUST_RATE = "E1721", TemporarilyUnavailable,
        "Too many assertions came from this network within a minute.",
        "Wait a minute, and use tokens until they expire.";
    CONSUL_DEFINITION = "E1730", InvalidRequest,
        "Invalid request: the auth method or binding rule cannot be as it is described.",
        "Change what the rest of this answer names; docs/consul.md lists all fields.";
    CONSUL_BODY = "E1731", InvalidRequest,
        "Invalid request: the body is not the JSON that belongs here.",
        "Send a JSON object with the fields that docs/consul.md lists.";
    CONSUL_UNKNOWN_METHOD = "E1732", AccessDenied,
        "ACL not found: there is no auth method of that name.",
        "Check the name; an operator can add the method.";
    CONSUL_NOT_FOUND = "E1733", InvalidRequest,
        "ACL not found: there is no auth method or binding rule of that name or id.",
        "Check it against the list.";
    CONSUL_NO_TOKEN = "E1734", InvalidToken,
        "Permission denied: the request has no token.",
        "Send it as X-Consul-Token, or as Authorization: Bearer.";
    CONSUL_UNKNOWN_TOKEN = "E1735", AccessDenied,
        "ACL not found: the token is not known here, has expired or was ended.",
        "Log in again.";
    CONSUL_NOT_LOGGED_IN = "E1736", AccessDenied,
        "Permission denied: the token was not made by a login.",
        "Revoke it where it was issued, at /revoke.";
    CONSUL_NOT_ADMINISTRATOR = "E1737", AccessDenied,
        "Permission denied: the token may not administer trust.",
        "Use an access token of this server with the scope trust_administration.";
    CONSUL_TYPE = "E1738", InvalidRequest,
        "Invalid request: auth methods of this type are not supported here.",
        "Use the type jwt; people sign in at the authorization endpoint.";
    CONSUL_KEYS = "E1739", InvalidRequest,
        "Invalid request: the keys of the auth method cannot be read.",
        "Check the address, its certificate and the setting fetch.allow_private.";

}
