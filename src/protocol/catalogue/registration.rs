//! E18xx: Clients that register themselves.

super::entries! {
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
    REGISTRATION_UNSUPPORTED = "E1817", InvalidClientMetadata,
        "The metadata ask for an encryption, signature or binding that this server does not do.",
        "Leave it out, and use what the discovery document lists.";
    REGISTRATION_SECTOR = "E1830", InvalidClientMetadata,
        "The redirect URIs of a pairwise client have several hosts, or its sector_identifier_uri is no https address.",
        "Give redirect URIs of one host, or an https sector_identifier_uri where a JSON array of all of them stands.";
    SECTOR_DOCUMENT = "E1831", InvalidClientMetadata,
        "What stands at the sector_identifier_uri is no JSON array of strings, lacks a redirect URI, or cannot be read.",
        "Publish a JSON array with each of the redirect_uris there, for this server to read within 5 seconds and without a redirect.";
    REGISTRATION_ENCRYPTION = "E1832", InvalidClientMetadata,
        "An answer is to be encrypted with an enc but no alg, or the client has no key for the alg.",
        "Give the alg as well, and a key of its type with use enc or none in jwks, or a jwks_uri.";
}
