//! A person at a browser: keeps cookies, fills in forms as they stand on the page, and follows redirects by hand.

use std::collections::BTreeMap;

use super::{Reply, TestOp, TestRequest, authorize_url, form_request, query};
use crate::pages::html::tags;
use crate::support::cast::PASSWORD;

/// A browser with its cookies.
pub(crate) struct Browser<'a> {
    op: &'a TestOp,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(op: &'a TestOp) -> Self {
        Self {
            op,
            cookies: BTreeMap::new(),
        }
    }

    /// Sends a request with the cookies, and keeps those of the answer.
    pub(crate) async fn send(&mut self, request: TestRequest) -> Reply {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let request = if pairs.is_empty() {
            request
        } else {
            request.insert_header(("cookie", pairs.join("; ")))
        };
        let reply = self.op.send(request).await;
        for cookie in reply.cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(TestRequest::get().uri(path)).await
    }

    /// Posts a form as a browser does, from a page of this server.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(self.form(path, form)).await
    }

    /// The request of [`Browser::post`], to be changed.
    pub(crate) fn form(&self, path: &str, form: &[(&str, &str)]) -> TestRequest {
        form_request(path, form)
            .insert_header(("origin", self.op.state.site.origin.clone()))
            .insert_header(("sec-fetch-site", "same-origin"))
    }

    /// Fills in the form of a page that leads to `action`.
    pub(crate) async fn submit(
        &mut self,
        page: &Reply,
        action: &str,
        typed: &[(&str, &str)],
    ) -> Reply {
        assert!(page.is_page(), "{page:?}");
        let hidden = hidden_fields(&page.body, action);
        let mut form: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (&**n, &**v)).collect();
        form.extend(typed);
        self.post(action, &form).await
    }

    /// Opens a sign-in page and signs in.
    pub(crate) async fn sign_in_at(&mut self, address: &str, username: &str) -> Reply {
        let page = self.get(address).await;
        assert_eq!(page.status, 200, "{page:?}");
        self.submit(
            &page,
            "/login",
            &[("username", username), ("password", PASSWORD)],
        )
        .await
    }

    /// Goes through an authorization request as far as it leads: signs in, agrees, and answers the client's address.
    pub(crate) async fn authorize(
        &mut self,
        username: &str,
        deviations: &[(&str, &str)],
    ) -> String {
        let mut address = authorize_url(deviations);
        for _ in 0..10 {
            address = match address.split('?').next().unwrap() {
                "/login" => self
                    .sign_in_at(&address, username)
                    .await
                    .location()
                    .to_owned(),
                "/consent" => {
                    let page = self.get(&address).await;
                    let agreed = self
                        .submit(&page, "/consent", &[("decision", "allow")])
                        .await;
                    agreed.location().to_owned()
                }
                path if path.starts_with('/') => self.get(&address).await.location().to_owned(),
                _ => return address,
            };
        }
        panic!("no end at {address}");
    }

    /// A code of the web app, or of the client that the deviations name.
    pub(crate) async fn code(&mut self, username: &str, deviations: &[(&str, &str)]) -> String {
        let address = self.authorize(username, deviations).await;
        let parameters = query(&address);
        parameters
            .get("code")
            .unwrap_or_else(|| panic!("no code in {address}"))
            .clone()
    }
}

/// The hidden fields of the first form that leads to `action`.
pub(crate) fn hidden_fields(html: &str, action: &str) -> Vec<(String, String)> {
    let tags = tags(html);
    let is_form = |tag: &&crate::pages::html::Tag| {
        tag.name == "form" && tag.attribute("action") == Some(action)
    };
    assert!(
        tags.iter().any(|tag| is_form(&tag)),
        "no form leads to {action}: {html}"
    );
    tags.iter()
        .skip_while(|tag| !is_form(tag))
        .skip(1)
        .take_while(|tag| tag.name != "/form")
        .filter(|tag| tag.name == "input" && tag.attribute("type") == Some("hidden"))
        .map(|tag| {
            let field = |name: &str| tag.attribute(name).unwrap_or_default().to_owned();
            (field("name"), field("value"))
        })
        .collect()
}
