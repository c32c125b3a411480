//! Our requests in the eyes of the machines.

use std::borrow::Cow;

use oxide_auth::code_grant::accesstoken as code_machine;
use oxide_auth::code_grant::authorization as authorization_machine;
use oxide_auth::code_grant::client_credentials as credentials_machine;
use oxide_auth::code_grant::refresh as refresh_machine;

use crate::protocol::client::ClientId;
use crate::protocol::params::Params;

/// A request as the machines read it: parameters, the client that was authenticated, and the redirect URI that counts.
pub(super) struct View<'a> {
    pub(super) params: &'a Params<'a>,
    pub(super) client_id: &'a ClientId,
    pub(super) redirect_uri: Option<&'a str>,
}

impl View<'_> {
    fn find(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params.find(name).map(Cow::Borrowed)
    }

    /// The machines want a password with a client; ours was checked before, so it is empty.
    fn authenticated(&self) -> (Cow<'_, str>, Cow<'_, [u8]>) {
        (Cow::Borrowed(self.client_id.as_str()), Cow::Borrowed(&[]))
    }
}

impl authorization_machine::Request for View<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.client_id.as_str()))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.find("scope")
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri.map(Cow::Borrowed)
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        self.find("state")
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        self.find("response_type")
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.find(key)
    }
}

impl code_machine::Request for View<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.find("code")
    }

    fn authorization(&self) -> code_machine::Authorization<'_> {
        let (client_id, password) = self.authenticated();
        code_machine::Authorization::UsernamePassword(client_id, password)
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri.map(Cow::Borrowed)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.find("grant_type")
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl refresh_machine::Request for View<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        self.find("refresh_token")
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.find("scope")
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.find("grant_type")
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some(self.authenticated())
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl credentials_machine::Request for View<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some(self.authenticated())
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.find("scope")
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.find("grant_type")
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}
