//! The tables, one list for both databases; `tests/it/store/migrations.rs` compares it with what migrations make.

diesel::table! {
    clients (id) {
        id -> Text,
        name -> Text,
        authentication_method -> Text,
        grants -> Text,
        redirect_uris -> Text,
        post_logout_redirect_uris -> Text,
        scope -> Text,
        audiences -> Text,
        id_token_algorithm -> Text,
        requires_pkce -> Bool,
        requires_consent -> Bool,
        disabled -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        refresh_rotation -> Nullable<Text>,
        retry_window -> Nullable<BigInt>,
        refresh_idle_lifetime -> Nullable<BigInt>,
        refresh_absolute_lifetime -> Nullable<BigInt>,
        metadata -> Text,
        registration_digest -> Nullable<Binary>,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    client_secrets (client_id, id) {
        client_id -> Text,
        id -> Text,
        digest -> Nullable<Binary>,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    revision (id) {
        id -> BigInt,
        value -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        username_key -> Text,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        email_verified -> Bool,
        roles -> Text,
        active -> Bool,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        profile -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        cookie -> Binary,
        subject -> Text,
        auth_time -> BigInt,
        amr -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        user_agent -> Text,
        address -> Text,
    }
}

diesel::table! {
    session_clients (session_id, client_id) {
        session_id -> Text,
        client_id -> Text,
    }
}

diesel::table! {
    logout_notices (session_id, client_id) {
        session_id -> Text,
        client_id -> Text,
        subject -> Text,
        ended_at -> BigInt,
        tries -> BigInt,
        due_at -> BigInt,
        state -> Text,
        settled_at -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        remove_at -> BigInt,
    }
}

diesel::table! {
    consents (subject, client_id) {
        subject -> Text,
        client_id -> Text,
        scope -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    failures (key) {
        key -> Binary,
        count -> BigInt,
        since -> BigInt,
        last -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    one_time_links (purpose) {
        purpose -> Text,
        token -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    authorization_requests (handle) {
        handle -> Binary,
        browser -> Binary,
        client_id -> Text,
        request -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        signed_in_by -> Nullable<Text>,
        consented_by -> Nullable<Text>,
        chosen_by -> Nullable<Text>,
    }
}

diesel::table! {
    authorization_codes (digest) {
        digest -> Binary,
        family_id -> Text,
        client_id -> Text,
        redirect_uri -> Text,
        redirect_uri_was_received -> Bool,
        code_challenge -> Nullable<Text>,
        subject -> Text,
        session_id -> Text,
        scope -> Text,
        nonce -> Nullable<Text>,
        auth_time -> BigInt,
        amr -> Text,
        expires_at -> BigInt,
        redeemed_at -> Nullable<BigInt>,
        claims -> Nullable<Text>,
    }
}

diesel::table! {
    replays (purpose, value) {
        purpose -> Text,
        value -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    revoked_tokens (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    personal_tokens (id) {
        id -> Text,
        subject -> Text,
        name -> Text,
        scope -> Text,
        roles -> Text,
        audience -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        last_used_from -> Nullable<Text>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    token_families (id) {
        id -> Text,
        client_id -> Text,
        subject -> Nullable<Text>,
        session_id -> Nullable<Text>,
        scope -> Text,
        audience -> Text,
        auth_time -> BigInt,
        amr -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revocation_reason -> Nullable<Text>,
        version -> BigInt,
        generation -> BigInt,
        current_digest -> Binary,
        pending_digest -> Nullable<Binary>,
        pending_salt -> Nullable<Binary>,
        pending_minted_at -> Nullable<BigInt>,
        former_tags -> Binary,
        last_used_at -> BigInt,
        idle_expires_at -> BigInt,
        remove_at -> BigInt,
        claims -> Nullable<Text>,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        active_from -> BigInt,
        verify_only_from -> Nullable<BigInt>,
        remove_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    client_keys (kid) {
        kid -> Text,
        client_id -> Text,
        purpose -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        active_from -> BigInt,
        verify_only_from -> Nullable<BigInt>,
        remove_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    meta (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    security_events (id) {
        id -> BigInt,
        occurred_at -> BigInt,
        kind -> Text,
        client_id -> Nullable<Text>,
        subject -> Nullable<Text>,
        family_id -> Nullable<Text>,
        browser -> Nullable<Text>,
    }
}

diesel::table! {
    trusted_issuers (name) {
        name -> Text,
        definition -> Text,
        sealed_secret -> Nullable<Binary>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    binding_rules (id) {
        id -> Text,
        trusted_issuer -> Text,
        rule -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    declared_names (kind, name) {
        kind -> Text,
        name -> Text,
        id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    reference_tokens (digest) {
        digest -> Binary,
        accessor -> Text,
        trusted_issuer -> Text,
        token -> Text,
        expires_at -> BigInt,
    }
}
