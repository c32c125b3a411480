//! E15xx: Sign-out.

super::entries! {
    LOGOUT_REDIRECT = "E1501", InvalidRequest,
        "The address to return to after signing out is not registered.",
        "Register post_logout_redirect_uri exactly as it is sent, and send id_token_hint or client_id.";
    LOGOUT_HINT = "E1502", InvalidRequest,
        "The id_token_hint was made for another client than client_id names.",
        "Send an ID token that this issuer gave to the client, or leave one of them out.";
    LOGOUT_HINT_UNFIT = "E1503", InvalidRequest,
        "The id_token_hint is not an ID token of this server.",
        "Send an ID token that this issuer gave to the client, or leave the hint out.";

}
