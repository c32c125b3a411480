//! E20xx: Agents.

super::entries! {
    FLEET_NO_AUTHORIZATION = "E2001", InvalidClient,
        "The request has no Authorization header.",
        "Send Authorization: ApiKey with the API key, or Bearer with a token of the agent.";
    FLEET_AUTHORIZATION = "E2002", InvalidRequest,
        "The request has two credentials, or an Authorization header of another scheme.",
        "Send exactly one of ApiKey, Bearer and the form field refresh_token.";
    FLEET_KEY_TEXT = "E2003", InvalidClient,
        "The API key is not base64 of text.",
        "Send base64 with padding of the identifier, a colon and the key, in UTF-8.";
    FLEET_KEY_PARTS = "E2004", InvalidRequest,
        "The API key has not exactly two parts with a colon between them.",
        "Send base64 of the identifier, a colon and the key.";
    FLEET_METHOD_OFF = "E2005", InvalidClient,
        "The deployment does not accept this kind of credential.",
        "Use one that is listed in the setting fleet.auth_methods.";
    AGENT_UNKNOWN = "E2006", InvalidClient,
        "There is no agent behind the credential.",
        "Register one with: issuant client create --agent.";
    AGENT_INACTIVE = "E2007", InvalidClient,
        "The agent is disabled.",
        "An operator can enable it with: issuant client set --enable.";
    AGENT_CORRUPTED = "E2008", InvalidGrant,
        "The token names another agent than the one it was issued to.",
        "Authenticate with the API key, which gives tokens with the identifier of today.";
    AGENT_TOKEN_UNKNOWN = "E2009", InvalidGrant,
        "The access token is not of this server, or not part of a pair.",
        "Authenticate with the API key or with the refresh token.";
    AGENT_TOKEN_EXPIRED = "E2010", InvalidGrant,
        "The access token has expired.",
        "Use the refresh token of the pair.";
    AGENT_TOKEN_REVOKED = "E2011", InvalidGrant,
        "The access token was revoked, replaced before it was used, or its pair has ended.",
        "Authenticate with the API key or with the newest refresh token.";
    FLEET_RATE = "E2012", TemporarilyUnavailable,
        "Too many requests came from this address.",
        "Wait for the seconds that Retry-After names; the setting is fleet.rate_limit.";
    FLEET_BUSY = "E2013", TemporarilyUnavailable,
        "Too many agents authenticate at this moment.",
        "Wait for the seconds that Retry-After names; the setting is fleet.max_concurrent.";
    FLEET_VERSION = "E2014", InvalidRequest,
        "The Elastic-Api-Version is malformed or not supported.",
        "Send 2023-06-01, or leave the header out.";
    FLEET_HEADERS = "E2015", InvalidRequest,
        "The headers of the request are larger than 8192 bytes.",
        "Send fewer or shorter headers.";
    AGENT_REGISTRATION = "E2016", InvalidClientMetadata,
        "An agent cannot be registered here like this.",
        "The deployment needs fleet.enabled and registration.mode token; an agent has a secret, and the grants client_credentials and refresh_token.";
}
