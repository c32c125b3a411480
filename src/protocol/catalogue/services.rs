//! E22xx: Services, which are clients with keys of their own that this server holds.

super::entries! {
    SERVICE_TAKEN = "E2201", InvalidClientMetadata,
        "A client of that kid is registered.",
        "Register under another kid, or renew the keys of this one at /renew_keys.";
    SERVICE_EXPIRED = "E2202", UnauthorizedClient,
        "The client is disabled, or its keys have expired.",
        "Renew its keys at /renew_keys.";
    SERVICE_UNKNOWN = "E2203", InvalidRequest,
        "No client of that kid has keys that this server holds.",
        "Register it at /register with its kid.";
    SERVICE_REQUEST = "E2204", InvalidRequest,
        "The request is not what this path takes.",
        "Send a JSON object with the members that the documentation lists.";
    SERVICE_OTHER = "E2205", AccessDenied,
        "The request is authenticated as another client than the one that its kid names.",
        "Send the kid of the client whose secret or token is sent.";
    SERVICE_CLAIMS = "E2206", InvalidRequest,
        "The claims cannot be put into a token.",
        "Leave out those that belong to the server, and set exp only to end a token earlier.";
}
