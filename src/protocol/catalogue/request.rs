//! E10xx: The shape of a request.

super::entries! {
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

}
