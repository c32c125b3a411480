//! An answer, and what holds for every one of them.

use actix_web::http::header::HeaderMap;

use super::{Bytes, Method, StatusCode, Value};

/// An answer whose general headers were checked.
#[must_use = "an answer has to be looked at"]
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What may be kept by somebody.
const CACHEABLE: [&str; 3] = ["/.well-known/", "/jwks.json", "/assets/"];

impl Reply {
    pub(super) fn new(
        method: &Method,
        path: &str,
        status: StatusCode,
        headers: HeaderMap,
        body: &Bytes,
    ) -> Self {
        let reply = Self {
            status: status.as_u16(),
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        reply.check(method, path);
        reply
    }

    fn check(&self, method: &Method, path: &str) {
        let told = || format!("{method} {path}: {self:?}");
        assert_eq!(
            self.header("x-content-type-options"),
            Some("nosniff"),
            "{}",
            told()
        );
        assert_eq!(
            self.header("referrer-policy"),
            Some("no-referrer"),
            "{}",
            told()
        );
        let id = self.header("x-request-id").unwrap_or_default();
        assert!(id.len() == 9 && id.as_bytes()[4] == b'-', "{}", told());
        let may_be_kept = CACHEABLE.iter().any(|place| path.starts_with(place));
        if !may_be_kept || self.status >= 400 {
            assert_eq!(self.header("cache-control"), Some("no-store"), "{}", told());
        }
        let media_type = self.header("content-type").unwrap_or_default();
        assert_eq!(media_type.is_empty(), self.body.is_empty(), "{}", told());
        if media_type.starts_with("text/html") {
            let policy = self.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'; "), "{}", told());
            let is_framed = path == "/session/check";
            let may_frame = if is_framed { "*" } else { "'none'" };
            let ancestors = format!("frame-ancestors {may_frame};");
            assert!(policy.contains(&ancestors), "{}", told());
            let old = (!is_framed).then_some("DENY");
            assert_eq!(self.header("x-frame-options"), old, "{}", told());
        }
        for part in ["panicked", "diesel", "SELECT ", "src/"] {
            assert!(!self.body.contains(part), "{}", told());
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        let media_type = self.header("content-type").unwrap_or_default();
        let is_json = ["application/json", "application/json; charset=utf-8"].contains(&media_type);
        assert!(is_json, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// An error of an endpoint for clients (RFC 6749 §5.2).
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, error: &str, id: &str) {
        let body = self.json(status);
        assert_eq!(body["error"], error, "{body}");
        let description = body["error_description"].as_str().unwrap();
        assert!(description.ends_with(&format!("({id})")), "{description}");
    }

    /// A page that says no, with the id of the refusal.
    #[track_caller]
    pub(crate) fn assert_page(&self, status: u16, id: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.is_page(), "{self:?}");
        assert!(self.body.contains(id), "{id} is not in {}", self.body);
    }

    pub(crate) fn is_page(&self) -> bool {
        self.header("content-type") == Some("text/html; charset=utf-8")
    }

    /// Where the answer leads.
    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.header("location").expect("a location")
    }

    /// A page that a test opened for its cookies only.
    #[track_caller]
    pub(crate) fn location_or_page(&self) {
        assert!(
            self.status == 303 || (self.status == 200 && self.is_page()),
            "{self:?}"
        );
    }

    /// A form that was shown again.
    #[track_caller]
    pub(crate) fn location_or_form(&self) {
        assert!([303, 400, 401, 429].contains(&self.status), "{self:?}");
    }

    /// The cookies it sets: the name with everything that follows it.
    pub(crate) fn cookies(&self) -> Vec<String> {
        let values = self.headers.get_all("set-cookie");
        values
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    /// A member of the token answer.
    #[track_caller]
    pub(crate) fn token(&self, name: &str) -> String {
        let body = self.json(200);
        body[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name}: {body}"))
            .to_owned()
    }
}
