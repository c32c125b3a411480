//! Pages for people: what surrounds them, who visits them, and one file a page.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::crypto::secret::Secret;
use crate::http::cookies;
use crate::http::headers::RequestId;
use crate::http::pages::view::{ClientCard, Frame, Link};
use crate::http::scene::Scene;
use crate::http::{address, extract};
use crate::identity::consent::{self as consent_rules, Meaning};
use crate::identity::session::{self, Living};
use crate::identity::sign_in::Browser;
use crate::identity::store::Sessions as _;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::store::{Subject, WaitingRequest};

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod assets;
pub(crate) mod check_session;
pub(crate) mod consent;
mod credentials;
pub mod dev_app;
pub(crate) mod home;
pub(crate) mod login;
mod new_person;
pub(crate) mod refusal;
pub(crate) mod setup;
pub(crate) mod sign_up;
mod time;
pub mod view;

/// What surrounds every page.
pub(crate) fn frame(request: &HttpRequest, scene: &Scene, title: &str) -> Frame {
    let site = &scene.state.site;
    Frame {
        server_name: site.name.clone(),
        page_title: title.to_owned(),
        stylesheet: assets::stylesheet(),
        script: assets::script(),
        icon: assets::icon(),
        development: site.development,
        request_id: Some(RequestId::of(request)),
        help_url: site.help_url.clone(),
    }
}

/// A browser and who is signed in in it.
pub(crate) struct Visitor {
    /// The value of the browser's cookie.
    pub(crate) browser: String,
    is_new: bool,
    /// Who is signed in; pages speak of the first one.
    pub(crate) accounts: Vec<Living>,
}

impl Visitor {
    /// Finds out, and notes the use of the session now and then.
    pub(crate) async fn find(request: &HttpRequest, scene: &Scene) -> Result<Self, Fault> {
        let site = &scene.state.site;
        let known = cookies::browser(request, site);
        let is_new = known.is_none();
        let browser = known.unwrap_or_else(|| new_browser(scene));
        let kept = cookies::sessions(request, site);
        let accounts = if kept.is_empty() {
            Vec::new()
        } else {
            let find = scene.read(move |scene, store| {
                Ok::<_, Fault>(session::find_all(&scene.context(), store, &kept)?)
            });
            find.await?
        };
        let used: Vec<String> = accounts
            .iter()
            .filter(|living| living.needs_touch(scene.now))
            .map(|living| living.session.id.clone())
            .collect();
        if !used.is_empty() {
            let touch = scene.write(move |scene, store| {
                for id in &used {
                    store.touch_session(id, scene.now)?;
                }
                Ok::<_, Fault>(())
            });
            touch.await?;
        }
        Ok(Self {
            browser,
            is_new,
            accounts,
        })
    }

    /// Who the pages speak of, if somebody is signed in.
    pub(crate) fn living(&self) -> Option<&Living> {
        self.accounts.first()
    }

    /// The account of that session, if it is signed in.
    pub(crate) fn account(&self, session: &str) -> Option<&Living> {
        self.accounts.iter().find(|it| it.session.id == session)
    }

    /// Shows a page, and names the browser if it had no name.
    pub(crate) fn show(
        &self,
        scene: &Scene,
        page: &impl Template,
        form_target: Option<&str>,
    ) -> HttpResponse {
        let mut response = show(page, form_target);
        if self.is_new {
            let cookie = cookies::name_browser(&scene.state.site, &self.browser);
            cookies::add(&mut response, &cookie);
        }
        response
    }
}

/// From where a request came, as it is remembered.
pub(crate) struct Origin {
    user_agent: String,
    address: String,
}

impl Origin {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let agent = extract::header_text(request, &header::USER_AGENT);
        let address = address::client_address(request).map(|it| it.to_string());
        Self {
            user_agent: agent.unwrap_or_default().to_owned(),
            address: address.unwrap_or_default(),
        }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            user_agent: &self.user_agent,
            address: &self.address,
        }
    }
}

/// A new name for a browser.
pub(crate) fn new_browser(scene: &Scene) -> String {
    Secret::generate(&*scene.state.random, "")
        .expose()
        .to_owned()
}

/// A page with the headers that keep it from being framed, sniffed or scripted by others. `form_target` is where a
/// form of the page may lead besides this server.
pub(crate) fn show(page: &impl Template, form_target: Option<&str>) -> HttpResponse {
    let target = form_target
        .map(|target| format!(" {target}"))
        .unwrap_or_default();
    with_policy(page, &format!("form-action 'self'{target}"))
}

/// Lets a page that was made show the picture at that address.
pub(crate) fn allow_picture(response: &mut HttpResponse, address: Option<&str>) {
    let Some(origin) = address.and_then(origin) else {
        return;
    };
    let headers = response.headers_mut();
    let policy = headers.get(header::CONTENT_SECURITY_POLICY);
    let policy = policy.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let wider = policy.replace("img-src 'self'", &format!("img-src 'self' {origin}"));
    if let Ok(wider) = HeaderValue::from_str(&wider) {
        headers.insert(header::CONTENT_SECURITY_POLICY, wider);
    }
}

/// The same for a page that opens exactly these addresses in frames.
pub(crate) fn show_with_frames(page: &impl Template, frames: &[String]) -> HttpResponse {
    let sources: Vec<String> = frames.iter().filter_map(|it| frame_source(it)).collect();
    let policy = format!("form-action 'self'; frame-src {}", sources.join(" "));
    with_policy(page, &policy)
}

fn with_policy(page: &impl Template, own: &str) -> HttpResponse {
    let mut response = match page.render() {
        Ok(html) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            HttpResponse::InternalServerError().finish()
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; {own}; \
         require-trusted-types-for 'script'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in PAGE_HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

const PAGE_HEADERS: [(&str, &str); 4] = [
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self)",
    ),
];

/// Sends the browser on with a GET, whatever it came with (RFC 9700 §4.12).
pub(crate) fn redirect(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .finish()
}

/// Answers a POST that any site may send. It comes without our cookies, so it becomes a GET of our own with the same
/// parameters (OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2 allow both methods).
pub(crate) async fn repeat_as_get(request: HttpRequest, payload: Payload) -> HttpResponse {
    let body = match extract::optional_form_body(&request, payload).await {
        Ok(body) => body,
        Err(refused) => return refusal::page(&request, refused),
    };
    match std::str::from_utf8(&body) {
        // What it means is decided when it comes back; here it only must not break the header.
        Ok(query) if query.bytes().all(|byte| byte.is_ascii_graphic()) => {
            redirect(&format!("{}?{query}", request.path()))
        }
        Ok(_) | Err(_) => refusal::page(&request, Refusal::new(&catalogue::NOT_UTF8)),
    }
}

/// What CSP's `form-action` must allow for an address: its scheme. Browsers apply it to every redirect after a form, and
/// where a client sends people on to is its own affair.
pub(crate) fn form_target(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once(':')?;
    Some(format!("{scheme}:"))
}

/// The origin of an address, or its scheme where it has none, as people and CSP read it.
pub(crate) fn origin(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let origin = url.origin();
    // CSP has no grammar for the address of an IPv6 host, so its scheme has to do.
    let is_ipv6 = matches!(url.host(), Some(url::Host::Ipv6(_)));
    Some(if origin.is_tuple() && !is_ipv6 {
        origin.ascii_serialization()
    } else {
        format!("{}:", url.scheme())
    })
}

/// What CSP's `frame-src` must allow for an address: its origin and path. CSP compares no query, and takes a path with
/// its own separators percent-encoded.
fn frame_source(address: &str) -> Option<String> {
    let origin = origin(address)?;
    let path = url::Url::parse(address).ok()?.path().to_owned();
    Some(if origin.ends_with(':') {
        origin
    } else {
        origin + &path.replace(';', "%3B").replace(',', "%2C")
    })
}

/// A client as people see it.
pub(crate) fn client_card(client: &Client) -> ClientCard {
    let first = client.redirect_uris.first();
    card(client, first.map(RegisteredRedirectUri::as_str))
}

/// A client as people see it while it waits: with the host that they would go to, which need not be the one that it is
/// known for.
pub(crate) fn waiting_card(client: &Client, waiting: &WaitingRequest) -> ClientCard {
    card(client, Some(&waiting.request.redirect_uri))
}

fn card(client: &Client, address: Option<&str>) -> ClientCard {
    let host = address.and_then(host);
    ClientCard {
        name: client.name.clone(),
        links: links(client, host.as_deref()),
        host,
        logo: client.metadata.logo_uri.as_ref().map(ToString::to_string),
        is_stranger: client.dynamic.is_some(),
    }
}

/// What the client registered to be shown (RFC 7591 §2).
fn links(client: &Client, own: Option<&str>) -> Vec<Link> {
    let metadata = &client.metadata;
    [
        ("About this app", &metadata.client_uri),
        ("Privacy", &metadata.policy_uri),
        ("Terms", &metadata.tos_uri),
    ]
    .into_iter()
    .filter_map(|(label, address)| {
        let url = address.as_ref()?.to_string();
        let host = host(&url)?;
        // RFC 7591 §5: what is elsewhere may be somebody else's.
        let label = if own == Some(&*host) {
            label.to_owned()
        } else {
            format!("{label} ({host})")
        };
        Some(Link { label, url })
    })
    .collect()
}

/// Host and port of an address, as people read them; a private scheme stands for itself.
pub(crate) fn host(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    Some(match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => format!("{}:", url.scheme()),
    })
}

/// The name by which a person is addressed.
pub(crate) fn display_name(subject: &Subject) -> String {
    subject
        .name
        .clone()
        .unwrap_or_else(|| subject.username.clone())
}

/// What a scope lets an app do, in a sentence.
pub(crate) fn scope_sentence(scope: &str) -> String {
    match consent_rules::meaning(scope) {
        Meaning::See(sentence) | Meaning::ActWhenAway(sentence) => sentence.to_owned(),
        Meaning::Named => format!("Use “{scope}” on your behalf"),
    }
}
