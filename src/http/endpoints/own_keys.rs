//! The keys that this server holds for a client: its access tokens are signed with one, its refresh tokens encrypted to the
//! other. Clients without such keys cost nothing here.

use std::borrow::Cow;

use crate::http::scene::{Scene, broken};
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::client_key_set::{ClientKeys, KeySetPolicy, NoKeys, OpenKeys};
use crate::protocol::error::{Fault, StoreError};
use crate::protocol::params::Params;
use crate::protocol::tokens::family::RotationEvent;
use crate::protocol::tokens::{self, Issue, Signer, TokenResponse};

/// The keys of one client, ready to be used.
pub(crate) struct OwnKeys {
    keys: ClientKeys,
    open: OpenKeys,
}

impl OwnKeys {
    /// Opens keys before anything is issued; refuses where they have expired.
    pub(crate) fn new(
        scene: &Scene,
        policy: KeySetPolicy,
        keys: ClientKeys,
    ) -> Result<Box<Self>, Fault> {
        let opened = keys.open(scene.now, policy.content, &scene.state.token_keys);
        match opened {
            Ok(open) => Ok(Box::new(Self { keys, open })),
            Err(NoKeys::Expired) => Err((&catalogue::SERVICE_EXPIRED).into()),
            Err(NoKeys::Damaged) => {
                let during = "opening the keys of a client";
                Err(broken(during, "they were not sealed with this secret").into())
            }
        }
    }

    /// The parameters with the refresh token as it was before it was encrypted, and as it was sent.
    pub(crate) fn unsealed(
        &self,
        scene: &Scene,
        params: &Params<'_>,
    ) -> (Params<'static>, Option<String>) {
        let sent = params.find(REFRESH_TOKEN).map(str::to_owned);
        let token = sent.as_deref().map(|it| unsealed(scene, &self.keys, it));
        let others = params.iter().filter(|(name, _)| *name != REFRESH_TOKEN);
        let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let token = token.map(|it| (REFRESH_TOKEN.to_owned(), it.into_owned()));
        (others.chain(token).collect(), sent)
    }

    /// Signs what was decided. A refresh token that stayed the same is told as it was sent.
    pub(crate) fn sign(
        &self,
        issue: &Issue,
        signer: &Signer<'_>,
        sent: Option<String>,
    ) -> Result<TokenResponse, StoreError> {
        let signer = Signer {
            own_key: Some(&self.open.signing),
            ..*signer
        };
        let tokens = tokens::sign(issue, &signer);
        let mut tokens = tokens.map_err(|error| broken("signing tokens of a client", error))?;
        tokens.refresh_token = match (&issue.refresh_token, sent) {
            (Some(_), Some(sent)) if issue.rotation == Some(RotationEvent::Kept) => Some(sent),
            (Some(token), _) => {
                let sealed = self.open.seal(token.expose(), signer.random);
                let during = "encrypting a refresh token";
                Some(sealed.map_err(|error| broken(during, error))?)
            }
            (None, _) => None,
        };
        Ok(tokens)
    }
}

const REFRESH_TOKEN: &str = "refresh_token";

/// The keys of a client that tokens are about to be issued to; `None` where this server holds none.
pub(crate) async fn find(scene: &Scene, client: &Client) -> Result<Option<Box<OwnKeys>>, Fault> {
    let Some(policy) = client.metadata.key_set else {
        return Ok(None);
    };
    let keys = read(scene, client).await?;
    OwnKeys::new(scene, policy, keys).map(Some)
}

/// A token of a client as it was before it was encrypted; any other as it is.
pub(crate) async fn unseal<'a>(
    scene: &Scene,
    client: &Client,
    token: &'a str,
) -> Result<Cow<'a, str>, Fault> {
    if client.metadata.key_set.is_none() {
        return Ok(Cow::Borrowed(token));
    }
    let keys = read(scene, client).await?;
    Ok(unsealed(scene, &keys, token))
}

/// What cannot be opened is a token that nobody minted, as the rules see it.
fn unsealed<'a>(scene: &Scene, keys: &ClientKeys, token: &'a str) -> Cow<'a, str> {
    let opened = keys.unseal(&scene.context(), token);
    opened.map_or(Cow::Borrowed(token), Cow::Owned)
}

async fn read(scene: &Scene, client: &Client) -> Result<ClientKeys, Fault> {
    let id = client.id.clone();
    let keys = scene.read(move |_, store| Ok::<_, Fault>(store.keys_of_client(&id)?));
    Ok(ClientKeys(keys.await?))
}
