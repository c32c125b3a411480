//! E12xx: The authorization endpoint, told on a page or by redirect.

super::entries! {
    UNKNOWN_CLIENT_PAGE = "E1201", InvalidRequest,
        "The app is not registered here.",
        "Check client_id in the link that led here.";
    CLIENT_DISABLED_PAGE = "E1202", UnauthorizedClient,
        "The app is switched off on this server.",
        "Ask the operator of this server.";
    MISSING_REDIRECT_URI = "E1203", InvalidRequest,
        "The request does not say where to return to.",
        "Send redirect_uri; it may be left out only when exactly one is registered and openid is not requested.";
    REDIRECT_URI_NOT_REGISTERED = "E1204", InvalidRequest,
        "The address the app wants to return to is not registered for it.",
        "Register exactly this address, or send the registered one.";
    RESPONSE_TYPE = "E1205", UnsupportedResponseType,
        "The response_type is not supported.",
        "Use response_type=code.";
    AUTHORIZE_GRANT_NOT_ALLOWED = "E1206", UnauthorizedClient,
        "The client may not use the authorization code grant.",
        "Allow it with: issuant client set --add-grant authorization_code.";
    AUTHORIZE_SCOPE = "E1207", InvalidScope,
        "A requested scope is malformed or not allowed for this client.",
        "Request only registered scopes, separated by one space.";
    PKCE_MISSING = "E1208", InvalidRequest,
        "The request has no code_challenge.",
        "Use PKCE with code_challenge_method=S256.";
    PKCE_METHOD = "E1209", InvalidRequest,
        "The code_challenge_method is not supported.",
        "Use code_challenge_method=S256; plain is refused.";
    PKCE_CHALLENGE = "E1210", InvalidRequest,
        "The code_challenge is not a SHA-256 digest in base64url.",
        "It has 43 characters, without padding.";
    PROMPT = "E1211", InvalidRequest,
        "The prompt parameter is not understood.",
        "Use none alone, or a combination of the other prompt_values_supported of the discovery document.";
    MAX_AGE = "E1212", InvalidRequest,
        "The max_age parameter is not a number of seconds.",
        "Send a whole number, 0 or greater.";
    RESPONSE_MODE = "E1213", InvalidRequest,
        "The response_mode is not supported.",
        "Leave it out, or use query, fragment or form_post.";
    REGISTRATION = "E1216", RegistrationNotSupported,
        "The parameter registration is not supported.",
        "Register the client first.";
    LOGIN_REQUIRED = "E1217", LoginRequired,
        "Nobody is signed in, or signed in recently enough, and prompt=none allows no sign-in page.",
        "Send the person here without prompt=none.";
    CONSENT_REQUIRED = "E1218", ConsentRequired,
        "The person has not agreed yet, and prompt=none allows no consent page.",
        "Send the person here without prompt=none.";
    ACCESS_DENIED = "E1219", AccessDenied,
        "The person declined.",
        "Tell them what the access is for, and let them try again.";
    VALUE_TOO_LONG = "E1220", InvalidRequest,
        "A parameter is longer than this server accepts.",
        "state and scope may have 2048 bytes, nonce 512.";
    ID_TOKEN_HINT = "E1221", InvalidRequest,
        "The id_token_hint is not an ID token of this server.",
        "Send an ID token that this issuer gave to this client, or leave the hint out.";
    HINT_OTHER_PERSON = "E1222", LoginRequired,
        "The person who is signed in is not the one of the id_token_hint.",
        "Sign in as that person, or leave the hint out.";
    RESPONSE_TYPE_MISSING = "E1223", InvalidRequest,
        "The parameter response_type is missing.",
        "Use response_type=code.";
    CLAIMS_PARAMETER = "E1224", InvalidRequest,
        "The claims parameter is malformed.",
        "Send a JSON object with the members userinfo and id_token, as OpenID Connect Core section 5.5 describes, of at most 4096 bytes.";
    ACCOUNT_SELECTION_REQUIRED = "E1230", AccountSelectionRequired,
        "Several accounts are signed in, and prompt=none allows no page to choose one of them.",
        "Send an id_token_hint, or send the person here without prompt=none.";
    REQUEST_OBJECT_MALFORMED = "E1240", InvalidRequestObject,
        "The request object is no JWT whose claims are parameters.",
        "Send a signed JWT of at most 16 KiB, not encrypted, whose claims are strings and numbers, and an object for claims.";
    REQUEST_OBJECT_SIGNATURE = "E1241", InvalidRequestObject,
        "No registered key of the client verifies the request object with the algorithm it may have.",
        "Sign it with the key whose public half the client registered, with its kid, and with request_object_signing_alg if the client registered one.";
    REQUEST_OBJECT_UNSIGNED = "E1242", RequestNotSupported,
        "The request object is not signed, and the client did not register that.",
        "Sign it, or register the client with request_object_signing_alg none.";
    REQUEST_OBJECT_TIME = "E1243", InvalidRequestObject,
        "The request object has expired or is not valid yet.",
        "Make a new one for each request, and set the clock of the client right.";
    REQUEST_OBJECT_CLAIMS = "E1244", InvalidRequestObject,
        "The request object was made by another client or for another server.",
        "Let its iss be the client_id and its aud the issuer.";
    REQUEST_OBJECT_MISMATCH = "E1245", InvalidRequestObject,
        "The request object and the request around it differ in client_id or response_type.",
        "Send the same client_id in both places, and the same response_type or only one.";
    REQUEST_OBJECT_NESTED = "E1246", InvalidRequestObject,
        "The request object holds another one.",
        "Leave request and request_uri out of it.";
    REQUEST_OBJECT_TWICE = "E1247", InvalidRequest,
        "The request has both request and request_uri.",
        "Send one of them.";
    REQUEST_URI_NOT_REGISTERED = "E1248", InvalidRequestUri,
        "The request_uri is not one that the client registered.",
        "Register it in request_uris: https, at most 512 bytes; only its fragment may differ.";
    REQUEST_URI_AWAY = "E1249", InvalidRequestUri,
        "The request object cannot be read from the request_uri.",
        "Check that this server can reach the address, and that it answers soon, with status 200 and at most 16 KiB.";
    UNMET_AUTHENTICATION = "E1250", UnmetAuthenticationRequirements,
        "The claims parameter demands an acr that no sign-in here reaches.",
        "Ask for one of acr_values_supported of the discovery document, or do not make the claim essential.";
    REQUEST_OBJECT_REQUIRED = "E1251", InvalidRequest,
        "The client registered require_signed_request_object, and the request is not in a signed request object.",
        "Send the request signed, as request or by request_uri.";
    RESPONSE_TYPE_NOT_REGISTERED = "E1255", UnauthorizedClient,
        "The client is not registered for this response_type.",
        "Use response_type=code, or name the other one in response_types of the client and add the grant implicit.";
    NONCE_MISSING = "E1256", InvalidRequest,
        "An ID token in the authorization response needs a nonce, and the request has none.",
        "Send a nonce that nobody can guess, and compare it with the one in the ID token.";
    ID_TOKEN_WITHOUT_OPENID = "E1257", InvalidScope,
        "The response_type asks for an ID token, but the scope does not contain openid.",
        "Add openid to the scope.";
    TOKENS_IN_QUERY = "E1258", InvalidRequest,
        "Tokens never travel in the query of an address.",
        "Leave response_mode out, or use fragment or form_post.";

}
