//! A person with a browser that runs no scripts, over real HTTP: follows redirects, keeps cookies, fills forms in.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use url::Url;
use url::form_urlencoded;

/// The browser and who sits in front of it.
pub(crate) struct Person {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
    username: &'static str,
    password: &'static str,
}

/// What a browser was answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) address: Url,
    pub(crate) status: u16,
    /// Where a redirect leads.
    pub(crate) next: Option<Url>,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Person {
    /// A new browser.
    pub(crate) fn new(username: &'static str, password: &'static str) -> Self {
        let no_redirects = reqwest::redirect::Policy::none();
        Self {
            http: reqwest::Client::builder()
                .redirect(no_redirects)
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            username,
            password,
        }
    }

    /// Opens an authorization request, signs in and allows what is asked for. Returns where the browser is sent then,
    /// outside of the server.
    pub(crate) async fn authorize(&mut self, address: &str) -> Url {
        let mut address: Url = address.parse().unwrap();
        let server = address.origin();
        let mut form = None;
        for _ in 0..12 {
            let page = self.open(&address, form.take()).await;
            match page.next {
                Some(next) if next.origin() != server => return next,
                Some(next) => address = next,
                None => {
                    let (action, fields) = self.fill_in(&page.html);
                    address = address.join(&action).unwrap();
                    form = Some(fields);
                }
            }
        }
        panic!("no end of pages; the last is {address}");
    }

    /// Opens an address of anybody, goes wherever it leads, and fills in the forms that stay on that server. Returns the
    /// page where that ends.
    pub(crate) async fn browse(&mut self, address: &str, server: &str) -> Page {
        let mut address: Url = address.parse().unwrap();
        let server = server.parse::<Url>().unwrap().origin();
        let mut form = None;
        for _ in 0..20 {
            let page = self.open(&address, form.take()).await;
            if let Some(next) = page.next {
                address = next;
                continue;
            }
            if page.address.origin() != server || !page.html.contains("<form") {
                return page;
            }
            let (action, fields) = self.fill_in(&page.html);
            address = address.join(&action).unwrap();
            if address.origin() != server {
                return page;
            }
            form = Some(fields);
        }
        panic!("no end of pages; the last is {address}");
    }

    /// Opens an address and goes nowhere else.
    pub(crate) async fn look(&mut self, address: &str) -> Page {
        self.open(&address.parse().unwrap(), None).await
    }

    /// Tries to sign in on the sign-in page of that server; answers what the form led to.
    pub(crate) async fn sign_in(&mut self, server: &str) -> Page {
        let login: Url = format!("{server}/login").parse().unwrap();
        let page = self.open(&login, None).await;
        let (action, fields) = self.fill_in(&page.html);
        self.open(&login.join(&action).unwrap(), Some(fields)).await
    }

    /// One request.
    async fn open(&mut self, address: &Url, form: Option<String>) -> Page {
        let method = if form.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookie = pairs.collect::<Vec<_>>().join("; ");
        let mut request = self.http.request(method, address.clone());
        request = request.header(COOKIE, cookie);
        if let Some(form) = form {
            request = request.header("origin", address.origin().ascii_serialization());
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get(LOCATION);
        Page {
            address: address.clone(),
            status: response.status().as_u16(),
            next: location.map(|it| address.join(it.to_str().unwrap()).unwrap()),
            headers: response.headers().clone(),
            html: response.text().await.unwrap(),
        }
    }

    /// The address and the content of the page's form, as this person fills it in.
    fn fill_in(&self, html: &str) -> (String, String) {
        let form = between(html, "<form", "</form>").unwrap_or_else(|| panic!("no form in {html}"));
        let action = attribute(form, "action").unwrap();
        let mut content = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input").skip(1) {
            let input = input.split('>').next().unwrap();
            let name = attribute(input, "name").unwrap();
            let value = match name.as_str() {
                "username" => self.username.to_owned(),
                "password" => self.password.to_owned(),
                _ => attribute(input, "value").unwrap(),
            };
            content.append_pair(&name, &value);
        }
        if form.contains("name=\"decision\"") {
            content.append_pair("decision", "allow");
        }
        (action, content.finish())
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// The value of an attribute; the pages write all of them with double quotes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = between(tag, &format!(" {name}=\""), "\"")?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}
