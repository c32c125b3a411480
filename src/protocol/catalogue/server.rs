//! E19xx: Trouble of ours.

super::entries! {
    UNAVAILABLE = "E1901", TemporarilyUnavailable,
        "The server cannot do this at the moment.",
        "Try again after the seconds that Retry-After names.";
    BROKEN = "E1902", ServerError,
        "Something went wrong on the server.",
        "Try again; if it stays, give the request id to the operator.";
}
