//! E16xx: Pages.

super::entries! {
    REQUEST_GONE = "E1601", InvalidRequest,
        "This sign-in was finished, has expired, or was started in another browser.",
        "Go back to the app and start again.";
    COOKIE_MISSING = "E1602", InvalidRequest,
        "Your browser did not return our cookie.",
        "Allow cookies for this site, and open it under the address it is configured for.";
    FORM_NOT_OURS = "E1603", InvalidRequest,
        "The form was not sent from a page of this server, or the page was too old.",
        "Load the page again and repeat the last step.";
    SIGN_IN_REFUSED = "E1604", AccessDenied,
        "User name or password are wrong.",
        "Check your user name and password and try again.";
    TOO_MANY_TRIES = "E1605", AccessDenied,
        "There were too many failed tries.",
        "Wait for the time that the page names, then try again.";
    WRONG_ADDRESS = "E1606", InvalidRequest,
        "This server is configured for another address than the one you opened.",
        "Open the configured address, or set issuer to this one.";
    SETUP_LINK = "E1607", InvalidRequest,
        "This setup link was used before or has expired.",
        "Make a new one with: issuant admin link.";
    NOT_FOUND = "E1608", InvalidRequest,
        "There is no page at this address.",
        "Check the address.";
    TOO_MANY_STARTS = "E1609", TemporarilyUnavailable,
        "Too many sign-ins were started from this network within a minute.",
        "Wait a minute, then go back to the app and start again.";
    SIGN_UP_CLOSED = "E1610", AccessDenied,
        "This server makes no accounts for people who ask for one.",
        "Ask its operator for an account, or set account.sign_up to on.";

}
