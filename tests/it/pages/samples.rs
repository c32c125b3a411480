//! Every page three times: as little as possible, as much as possible, and with text from an enemy.

use askama::Template;
use issuant::http::pages::view::{
    AccountLine, AccountPage, AccountsPage, AppLine, ClientCard, ConsentPage, DevAppPage,
    DevAppResultPage, DeveloperBlock, ErrorPage, EventLine, FieldError, FormError, Frame,
    HandOverPage, HomePage, Link, LoginPage, LogoutPage, NewTokenPage, PasswordPage, ProfileFields,
    ProfilePage, ScopeGroup, ScopeLine, SessionLine, SetupPage, SignUpPage, SignedOutPage,
    TokenLine, TokensPage, WRONG_USER_NAME_OR_PASSWORD, WaitingPage,
};

/// One rendered page.
pub(crate) struct Sample {
    /// Page and kind, as "login, hostile".
    pub(crate) name: String,
    pub(crate) html: String,
}

/// What an enemy would put into a name, an address or a claim.
pub(crate) fn hostile_text() -> String {
    let start = r#"</title><script>alert(1)</script><img src=x onerror="alert(2)">"' "#;
    format!("{start}\u{202e}moc.knab\u{2066}\u{200b}{}", "W".repeat(300))
}

/// Every page for every sample.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Samples(Vec::new());
    samples.add("login", "empty", &login_empty());
    samples.add("login", "full", &login_full());
    samples.add("login", "wrong", &login_wrong());
    samples.add("login", "hostile", &login_hostile());
    samples.add("sign up", "empty", &sign_up("maya", None));
    samples.add(
        "sign up",
        "hostile",
        &sign_up(&hostile_text(), Some(&hostile_text())),
    );
    samples.add("profile", "full", &profile("Maya", true, None));
    samples.add("profile", "fixed", &profile("Maya", false, None));
    samples.add(
        "profile",
        "hostile",
        &profile(&hostile_text(), true, Some("email")),
    );
    samples.add("password", "empty", &password("maya", None));
    samples.add("password", "wrong", &password("maya", Some("new_password")));
    samples.add(
        "password",
        "hostile",
        &password(&hostile_text(), Some("password")),
    );
    samples.add("tokens", "full", &tokens("Backup", None));
    samples.add("tokens", "wrong", &tokens("Backup", Some("days")));
    let hostile = tokens(&hostile_text(), Some("name"));
    samples.add("tokens", "hostile", &hostile);
    samples.add("new token", "full", &new_token("Backup"));
    samples.add("new token", "hostile", &new_token(&hostile_text()));
    samples.add("accounts", "full", &accounts_full());
    samples.add("accounts", "hostile", &accounts_hostile());
    samples.add("consent", "empty", &consent_empty());
    samples.add("consent", "full", &consent_full());
    samples.add("consent", "hostile", &consent_hostile());
    samples.add("logout", "empty", &logout(None, None));
    samples.add(
        "logout",
        "full",
        &logout(Some("Maya Berger"), Some("Photo Printer")),
    );
    samples.add(
        "logout",
        "hostile",
        &logout(Some(&hostile_text()), Some(&hostile_text())),
    );
    samples.add("signed out", "empty", &signed_out(None));
    samples.add("signed out", "full", &signed_out(Some("Back to Grafana")));
    samples.add("signed out", "hostile", &signed_out(Some(&hostile_text())));
    samples.add("hand over", "full", &hand_over("https://web.example/cb"));
    samples.add("hand over", "hostile", &hand_over(&hostile_text()));
    samples.add(
        "signing apps out",
        "full",
        &signing_apps_out("https://grafana.example/out?sid=1"),
    );
    samples.add(
        "signing apps out",
        "hostile",
        &signing_apps_out(&hostile_text()),
    );
    samples.add("error", "empty", &error_empty());
    samples.add("error", "full", &error_full());
    samples.add("error", "hostile", &error_hostile());
    samples.add("account", "empty", &account_empty());
    samples.add("account", "full", &account_full());
    samples.add("account", "hostile", &account_hostile());
    samples.add("setup", "empty", &setup_empty());
    samples.add("setup", "full", &setup_full());
    samples.add("setup", "hostile", &setup_hostile());
    samples.add("waiting", "full", &waiting("issuant admin link"));
    samples.add("waiting", "hostile", &waiting(&hostile_text()));
    samples.add("home", "empty", &home(None, None));
    samples.add(
        "home",
        "full",
        &home(Some("Maya"), Some("Open the demo app")),
    );
    samples.add(
        "home",
        "hostile",
        &home(Some(&hostile_text()), Some(&hostile_text())),
    );
    samples.add("dev app", "empty", &dev_app(None));
    samples.add("dev app", "full", &dev_app(Some("demo")));
    samples.add("dev app", "hostile", &dev_app(Some(&hostile_text())));
    samples.add("dev app result", "empty", &dev_app_result_empty());
    samples.add("dev app result", "full", &dev_app_result_full());
    samples.add("dev app result", "hostile", &dev_app_result_hostile());
    samples.0
}

struct Samples(Vec<Sample>);

impl Samples {
    fn add(&mut self, page: &str, kind: &str, template: &impl Template) {
        let html = template.render().expect("a page renders from any text");
        self.0.push(Sample {
            name: format!("{page}, {kind}"),
            html,
        });
    }
}

fn frame(page_title: &str) -> Frame {
    Frame {
        server_name: "Example ID".to_owned(),
        page_title: page_title.to_owned(),
        stylesheet: "/assets/issuant-0123456789ab.css".to_owned(),
        script: "/assets/issuant-0123456789ab.js".to_owned(),
        icon: "/assets/icon-0123456789ab.svg".to_owned(),
        ..Frame::default()
    }
}

fn frame_full(page_title: &str) -> Frame {
    Frame {
        development: true,
        request_id: Some("7K3F-9Q2P".to_owned()),
        help_url: Some("https://help.example.com/".to_owned()),
        ..frame(page_title)
    }
}

fn frame_hostile(page_title: &str) -> Frame {
    Frame {
        server_name: hostile_text(),
        request_id: Some(hostile_text()),
        help_url: Some(hostile_text()),
        ..frame(page_title)
    }
}

fn client(name: &str, host: Option<&str>) -> ClientCard {
    ClientCard {
        name: name.to_owned(),
        host: host.map(str::to_owned),
        logo: None,
        links: vec![],
        is_stranger: true,
    }
}

fn client_hostile() -> ClientCard {
    client(&hostile_text(), Some(&hostile_text()))
}

fn rows(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
        .collect()
}

fn rows_hostile() -> Vec<(String, String)> {
    vec![(hostile_text(), hostile_text())]
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn login_empty() -> LoginPage {
    LoginPage {
        frame: frame("Sign in"),
        client: None,
        action: "/login".to_owned(),
        csrf: "csrf-value".to_owned(),
        request: String::new(),
        username: String::new(),
        error: None,
        sign_up_url: None,
        notice: None,
    }
}

fn login_full() -> LoginPage {
    LoginPage {
        frame: frame_full("Sign in"),
        client: Some(client("Grafana", Some("grafana.example.com"))),
        request: "request-value".to_owned(),
        username: "maya".to_owned(),
        notice: Some("Your password was changed. Sign in with the new one.".to_owned()),
        ..login_empty()
    }
}

fn login_wrong() -> LoginPage {
    LoginPage {
        client: Some(client("Grafana", Some("grafana.example.com"))),
        username: "maya".to_owned(),
        error: Some(FormError::at_field("username", WRONG_USER_NAME_OR_PASSWORD)),
        ..login_empty()
    }
}

fn login_hostile() -> LoginPage {
    let line = FieldError {
        field_id: Some("username".to_owned()),
        message: hostile_text(),
    };
    LoginPage {
        frame: frame_hostile("Sign in"),
        client: Some(client_hostile()),
        action: hostile_text(),
        csrf: hostile_text(),
        request: hostile_text(),
        username: hostile_text(),
        error: Some(FormError { lines: vec![line] }),
        sign_up_url: Some(hostile_text()),
        notice: Some(hostile_text()),
    }
}

fn sign_up(text: &str, app: Option<&str>) -> SignUpPage {
    SignUpPage {
        frame: frame_full("Create an account"),
        client: app.map(|name| client(name, app)),
        action: "/sign-up".to_owned(),
        csrf: "csrf-value".to_owned(),
        request: text.to_owned(),
        username: text.to_owned(),
        email: text.to_owned(),
        error: app.map(|it| FormError::at_field("username", it)),
        minimum_length: 15,
        sign_in_url: format!("/login?request={text}"),
    }
}

fn profile(text: &str, may_change_email: bool, wrong: Option<&str>) -> ProfilePage {
    ProfilePage {
        frame: frame_full("Your profile"),
        action: "/account/profile".to_owned(),
        csrf: "csrf-value".to_owned(),
        account: "s1".to_owned(),
        username: text.to_owned(),
        fields: ProfileFields {
            name: text.to_owned(),
            given_name: text.to_owned(),
            family_name: text.to_owned(),
            nickname: text.to_owned(),
            email: text.to_owned(),
        },
        may_change_email,
        back_url: "/account".to_owned(),
        error: wrong.map(|field| FormError::at_field(field, text)),
    }
}

fn password(text: &str, wrong: Option<&str>) -> PasswordPage {
    PasswordPage {
        frame: frame_full("Change your password"),
        action: "/account/password".to_owned(),
        csrf: "csrf-value".to_owned(),
        account: "s1".to_owned(),
        username: text.to_owned(),
        minimum_length: 15,
        back_url: "/account".to_owned(),
        error: wrong.map(|field| FormError::at_field(field, text)),
    }
}

fn tokens(text: &str, wrong: Option<&str>) -> TokensPage {
    let token = |lives: bool, last_used: Option<&str>| TokenLine {
        id: "personal.id".to_owned(),
        name: text.to_owned(),
        lives,
        state: "Good until 22 Nov 2026, 12:04 UTC".to_owned(),
        made: "22 Nov 2026".to_owned(),
        last_used: last_used.map(str::to_owned),
        place: last_used.map(|_| text.to_owned()),
    };
    TokensPage {
        frame: frame_full("Personal access tokens"),
        action: "/account/tokens".to_owned(),
        revoke_url: "/account/tokens/revoke".to_owned(),
        csrf: "csrf-value".to_owned(),
        account: "s1".to_owned(),
        tokens: vec![token(true, Some("yesterday")), token(false, None)],
        usual_days: 30,
        most_days: 90,
        notice: Some(text.to_owned()),
        back_url: "/account".to_owned(),
        error: wrong.map(|field| FormError::at_field(field, text)),
    }
}

fn new_token(text: &str) -> NewTokenPage {
    NewTokenPage {
        frame: frame_full("Your new token"),
        name: text.to_owned(),
        token: "eyJhbGciOiJFUzI1NiJ9.".repeat(20),
        expires: "22 Nov 2026, 12:04 UTC".to_owned(),
        back_url: "/account/tokens".to_owned(),
    }
}

fn accounts_full() -> AccountsPage {
    let account = |session: &str, name: &str, detail: &str| AccountLine {
        session: session.to_owned(),
        name: name.to_owned(),
        detail: detail.to_owned(),
    };
    AccountsPage {
        frame: frame_full("Choose an account"),
        client: Some(client("Photo Printer", Some("photos.example.net"))),
        action: "/accounts".to_owned(),
        sign_out_action: "/accounts/sign-out".to_owned(),
        csrf: "csrf-value".to_owned(),
        request: "request-value".to_owned(),
        accounts: vec![
            account("s1", "Maya Berger", "maya@example.com"),
            account("s2", "Maya Berger", "maya-admin"),
        ],
        another_url: Some("/login?request=request-value".to_owned()),
    }
}

fn accounts_hostile() -> AccountsPage {
    AccountsPage {
        client: Some(client(&hostile_text(), Some(&hostile_text()))),
        accounts: vec![AccountLine {
            session: hostile_text(),
            name: hostile_text(),
            detail: hostile_text(),
        }],
        another_url: None,
        ..accounts_full()
    }
}

fn consent_empty() -> ConsentPage {
    ConsentPage {
        frame: frame("Allow access"),
        client: client("Photo Printer", None),
        account_name: "Maya".to_owned(),
        account_email: None,
        scopes: vec![],
        redirect_host: "https://photos.example.net".to_owned(),
        redirect_warning: None,
        lifetime_sentence: None,
        action: "/consent".to_owned(),
        csrf: "csrf-value".to_owned(),
        request: "request-value".to_owned(),
        account: "session-value".to_owned(),
        not_you_url: "/login?request=request-value".to_owned(),
    }
}

fn consent_full() -> ConsentPage {
    let scope = |name: &str, sentence: &str, group| ScopeLine {
        name: name.to_owned(),
        sentence: sentence.to_owned(),
        group,
    };
    ConsentPage {
        frame: frame_full("Allow access"),
        client: ClientCard {
            logo: Some("https://grafana.example.com/logo.png".to_owned()),
            links: vec![Link {
                label: "Privacy".to_owned(),
                url: "https://photos.example.net/privacy".to_owned(),
            }],
            ..client("Photo Printer", Some("photos.example.net"))
        },
        account_email: Some("maya@example.com".to_owned()),
        scopes: vec![
            scope("profile", "See your name and picture", ScopeGroup::See),
            scope(
                "photos.write",
                "Change your photo albums",
                ScopeGroup::Change,
            ),
            scope("email", "See your e-mail address", ScopeGroup::See),
            scope(
                "offline_access",
                "Keep this access until you remove it",
                ScopeGroup::ActWhenAway,
            ),
        ],
        redirect_host: "http://127.0.0.1".to_owned(),
        redirect_warning: Some(
            "That is a program on this device. Go on only if you started it yourself.".to_owned(),
        ),
        lifetime_sentence: Some("The access lasts 90 days at most.".to_owned()),
        ..consent_empty()
    }
}

fn consent_hostile() -> ConsentPage {
    let scope = |group| ScopeLine {
        name: hostile_text(),
        sentence: hostile_text(),
        group,
    };
    ConsentPage {
        frame: frame_hostile("Allow access"),
        client: ClientCard {
            logo: Some(hostile_text()),
            links: vec![Link {
                label: hostile_text(),
                url: hostile_text(),
            }],
            ..client_hostile()
        },
        account_name: hostile_text(),
        account_email: Some(hostile_text()),
        scopes: vec![scope(ScopeGroup::See), scope(ScopeGroup::ActWhenAway)],
        redirect_host: hostile_text(),
        redirect_warning: Some(hostile_text()),
        lifetime_sentence: Some(hostile_text()),
        action: hostile_text(),
        csrf: hostile_text(),
        request: hostile_text(),
        account: "session-value".to_owned(),
        not_you_url: hostile_text(),
    }
}

fn logout(account_name: Option<&str>, client_name: Option<&str>) -> LogoutPage {
    LogoutPage {
        frame: frame("Sign out"),
        action: "/logout".to_owned(),
        csrf: "csrf-value".to_owned(),
        request: client_name.unwrap_or_default().to_owned(),
        account_names: account_name.into_iter().map(str::to_owned).collect(),
        client: client_name.map(|name| client(name, None)),
    }
}

fn signed_out(back: Option<&str>) -> SignedOutPage {
    let link = |label: &str| Link {
        label: label.to_owned(),
        url: label.to_owned(),
    };
    SignedOutPage {
        frame: frame("Signed out"),
        back: back.map(link),
        goes_on: false,
        frames: Vec::new(),
    }
}

fn signing_apps_out(address: &str) -> SignedOutPage {
    SignedOutPage {
        goes_on: true,
        frames: vec![address.to_owned(), address.to_owned()],
        ..signed_out(Some(address))
    }
}

fn hand_over(text: &str) -> HandOverPage {
    HandOverPage {
        frame: frame("Back to the application"),
        host: text.to_owned(),
        action: text.to_owned(),
        fields: vec![("code", text.to_owned()), ("state", text.to_owned())],
    }
}

fn error_empty() -> ErrorPage {
    ErrorPage {
        frame: frame("Something broke here"),
        heading: "Something broke here".to_owned(),
        sentence: "Nothing was changed.".to_owned(),
        what_to_do: vec![],
        error_id: "E5000".to_owned(),
        time_utc: "12:04 UTC".to_owned(),
        developer: None,
    }
}

fn error_full() -> ErrorPage {
    let address = "https://grafana.example.com/login/generic_oauth";
    ErrorPage {
        frame: frame_full("We can’t continue to this app"),
        heading: "We can’t continue to this app".to_owned(),
        sentence: "The address the app wants to return to is not registered for it.".to_owned(),
        what_to_do: lines(&[
            "Go back to the app and try again.",
            "If it happens again, tell the app’s support the error and the request below.",
        ]),
        error_id: "E1204".to_owned(),
        developer: Some(DeveloperBlock {
            rows: rows(&[
                ("received", &format!("{address}/")),
                ("registered", address),
                ("difference", "trailing slash at the end"),
                (
                    "fix",
                    &format!("issuant client set grafana --redirect-uri {address}/"),
                ),
            ]),
        }),
        ..error_empty()
    }
}

fn error_hostile() -> ErrorPage {
    ErrorPage {
        frame: frame_hostile(&hostile_text()),
        heading: hostile_text(),
        sentence: hostile_text(),
        what_to_do: vec![hostile_text()],
        error_id: hostile_text(),
        time_utc: hostile_text(),
        developer: Some(DeveloperBlock {
            rows: rows_hostile(),
        }),
    }
}

fn account_empty() -> AccountPage {
    AccountPage {
        frame: frame("Your account"),
        account_name: "Maya".to_owned(),
        username: "maya".to_owned(),
        email: None,
        roles: vec![],
        csrf: "csrf-value".to_owned(),
        account: "s1".to_owned(),
        sign_out_csrf: "csrf-value".to_owned(),
        is_only_account: true,
        accounts_url: "/accounts".to_owned(),
        events: vec![],
        profile_url: "/account/profile".to_owned(),
        password_url: "/account/password".to_owned(),
        tokens_url: None,
        sessions: vec![session("s1", true, "Firefox on Linux", "192.0.2.7")],
        apps: vec![],
        notice: None,
        sign_out_url: "/logout".to_owned(),
    }
}

fn session(id: &str, current: bool, device: &str, address: &str) -> SessionLine {
    SessionLine {
        id: id.to_owned(),
        current,
        device: device.to_owned(),
        address: address.to_owned(),
        started: "22 November, 07:12".to_owned(),
        last_active: "a minute ago".to_owned(),
        how: "Password".to_owned(),
    }
}

fn account_full() -> AccountPage {
    let app = |name: &str, host: &str, scopes: &[&str], last_used: Option<&str>| AppLine {
        client_id: name.to_lowercase(),
        name: name.to_owned(),
        host: Some(host.to_owned()),
        open_url: Some(format!("https://{host}/login")),
        since: "3 May 2025".to_owned(),
        last_used: last_used.map(str::to_owned),
        scopes: lines(scopes),
        when_away: last_used.is_some(),
    };
    AccountPage {
        frame: frame_full("Your account"),
        account_name: "Maya Berger".to_owned(),
        email: Some("maya@example.com".to_owned()),
        tokens_url: Some("/account/tokens".to_owned()),
        roles: lines(&["Administrator", "Editor"]),
        sessions: vec![
            session("s1", true, "Firefox on Linux", "192.0.2.7"),
            session(
                "s2",
                false,
                "Safari on iPhone",
                "2001:db8:85a3::8a2e:370:7334",
            ),
            session("s3", false, "Chromium on Windows", "198.51.100.23"),
        ],
        apps: vec![
            app("Grafana", "grafana.example.com", &["See your name"], None),
            app(
                "Photo Printer",
                "photos.example.net",
                &[
                    "See your name and e-mail address",
                    "Change your photo albums",
                ],
                Some("yesterday"),
            ),
        ],
        notice: Some("Chromium on Windows is signed out.".to_owned()),
        ..account_empty()
    }
}

fn account_hostile() -> AccountPage {
    let text = hostile_text();
    AccountPage {
        frame: frame_hostile("Your account"),
        account_name: text.clone(),
        username: text.clone(),
        tokens_url: Some("/account/tokens".to_owned()),
        email: Some(text.clone()),
        roles: vec![text.clone()],
        csrf: text.clone(),
        account: "s1".to_owned(),
        sign_out_csrf: "csrf-value".to_owned(),
        is_only_account: false,
        accounts_url: text.clone(),
        events: vec![EventLine {
            sentence: text.clone(),
            at: text.clone(),
            place: Some(text.clone()),
        }],
        profile_url: text.clone(),
        password_url: text.clone(),
        sessions: vec![session(&text, false, &text, &text)],
        apps: vec![AppLine {
            client_id: text.clone(),
            name: text.clone(),
            host: Some(text.clone()),
            open_url: Some(text.clone()),
            since: text.clone(),
            last_used: Some(text.clone()),
            scopes: vec![text.clone()],
            when_away: true,
        }],
        notice: Some(text.clone()),
        sign_out_url: text,
    }
}

fn setup_empty() -> SetupPage {
    SetupPage {
        frame: frame("Create the first administrator"),
        token: "token-value".to_owned(),
        csrf: "csrf-value".to_owned(),
        action: "/setup".to_owned(),
        username: String::new(),
        email: String::new(),
        error: None,
        valid_until: "14:32 UTC".to_owned(),
        minimum_length: 15,
    }
}

fn setup_full() -> SetupPage {
    let line = |field: &str, message: &str| FieldError {
        field_id: Some(field.to_owned()),
        message: message.to_owned(),
    };
    SetupPage {
        frame: frame_full("Create the first administrator"),
        username: "maya".to_owned(),
        email: "maya".to_owned(),
        error: Some(FormError {
            lines: vec![
                line("email", "Enter an e-mail address like name@example.com."),
                line("password", "Choose a password of at least 15 characters."),
            ],
        }),
        ..setup_empty()
    }
}

fn setup_hostile() -> SetupPage {
    SetupPage {
        frame: frame_hostile("Create the first administrator"),
        token: hostile_text(),
        csrf: hostile_text(),
        action: hostile_text(),
        username: hostile_text(),
        email: hostile_text(),
        error: Some(FormError::of_form(&hostile_text())),
        valid_until: hostile_text(),
        minimum_length: u32::MAX,
    }
}

fn waiting(command: &str) -> WaitingPage {
    WaitingPage {
        frame: frame("Waiting for setup"),
        command: command.to_owned(),
    }
}

fn home(signed_in: Option<&str>, link: Option<&str>) -> HomePage {
    HomePage {
        frame: if link.is_some() {
            frame_full("Welcome")
        } else {
            frame("Welcome")
        },
        issuer: "https://id.example.com".to_owned(),
        discovery_url: "https://id.example.com/.well-known/openid-configuration".to_owned(),
        signed_in: signed_in.map(str::to_owned),
        sign_in_url: "/login".to_owned(),
        account_url: "/account".to_owned(),
        links: link
            .map(|label| Link {
                label: label.to_owned(),
                url: label.to_owned(),
            })
            .into_iter()
            .collect(),
    }
}

fn dev_app(username: Option<&str>) -> DevAppPage {
    DevAppPage {
        frame: frame_full("Demo app"),
        sign_in_url: "/dev/app/sign-in".to_owned(),
        username_hint: username.map(str::to_owned),
        password_hint: username.map(|_| "Its password is printed in your terminal.".to_owned()),
        request: rows(&[
            ("client_id", "demo-app"),
            ("scope", "openid profile email offline_access"),
            ("redirect_uri", "http://localhost:4343/dev/app/callback"),
            ("code_challenge_method", "S256"),
        ]),
    }
}

fn dev_app_result_empty() -> DevAppResultPage {
    DevAppResultPage {
        frame: frame_full("Signed in"),
        claims: rows(&[("sub", "u_01")]),
        id_token_checks: lines(&["Nonce matches"]),
        access_token_claims: vec![],
        userinfo: vec![],
        refresh_action: None,
        csrf: "csrf-value".to_owned(),
        sign_out_url: "/dev/app/sign-out".to_owned(),
        notice: None,
    }
}

fn dev_app_result_full() -> DevAppResultPage {
    DevAppResultPage {
        claims: rows(&[
            ("iss", "http://localhost:4343"),
            ("sub", "u_01JD5Z0T6W7V4M8Q2K9R3X1Y5B"),
            ("aud", "demo-app"),
            ("exp", "1763798400 (in 5 minutes)"),
            ("nonce", "dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVy"),
        ]),
        id_token_checks: lines(&[
            "Signature ES256 verified with /jwks.json",
            "Issuer and audience match",
            "Nonce matches",
        ]),
        access_token_claims: rows(&[
            ("scope", "openid profile email offline_access"),
            ("jti", "t_01JD5Z0T6W7V4M8Q2K9R3X1Y5C"),
        ]),
        userinfo: rows(&[("name", "Maya Berger"), ("email", "maya@example.com")]),
        refresh_action: Some("/dev/app/refresh".to_owned()),
        notice: Some("The refresh token was used: the tokens below are new.".to_owned()),
        ..dev_app_result_empty()
    }
}

fn dev_app_result_hostile() -> DevAppResultPage {
    DevAppResultPage {
        frame: frame_hostile("Signed in"),
        claims: rows_hostile(),
        id_token_checks: vec![hostile_text()],
        access_token_claims: rows_hostile(),
        userinfo: rows_hostile(),
        refresh_action: Some(hostile_text()),
        csrf: hostile_text(),
        sign_out_url: hostile_text(),
        notice: Some(hostile_text()),
    }
}
