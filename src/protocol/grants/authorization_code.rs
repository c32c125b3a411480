//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.6, OpenID Connect Core §3.1.3).
//!
//! The gate comes last: a code of another client is simply unknown, a wrong verifier is refused, and
//! neither spends the code. Only a second, otherwise perfect redemption is reuse, and then
//! everything that came of the first is revoked (RFC 6749 §4.1.2).

use crate::protocol::catalogue::{self, Explanation};
use crate::protocol::client::{Client, ClientId, GrantType};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::context::Context;
use crate::protocol::engine::{self, CodeRejected};
use crate::protocol::error::{Fault, Refusal};
use crate::protocol::grants::{Owned, punish_reuse};
use crate::protocol::params::Params;
use crate::protocol::scope::Scope;
use crate::protocol::store::{AuthorizationCode, Store, Subject};
use crate::protocol::tokens::family::{Family, RevocationReason, Rotation};
use crate::protocol::tokens::{IdTokenFacts, Issue, Owner, TokenOrigin, new_token_id};

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Missing,
    Unknown,
    Expired,
    RedirectUri,
    Verifier,
    VerifierUnexpected,
    Request,
    SubjectInactive,
    Used,
}

/// Redeems a code.
pub fn exchange(
    context: &Context<'_>,
    store: &mut dyn Store,
    authenticated: &AuthenticatedClient,
    params: &Params<'_>,
) -> Result<Issue, Fault> {
    let client = authenticated.client();
    let presented = params.find("code").ok_or(Refused::Missing)?;
    let digest = context.keys.code_digest(presented);
    let code = store.code(&digest, &client.id)?.ok_or(Refused::Unknown)?;
    if let Err(rejected) = engine::drive_code_exchange(&client.id, &code, params, context.now) {
        if is_late_reuse(&client.id, &code, params, rejected) {
            punish_reuse(
                context,
                store,
                Owned::from(&code),
                RevocationReason::CodeReuse,
            )?;
            return Err(Refused::Used.into());
        }
        return Err(Refused::from(rejected).into());
    }

    let subject = store
        .subject(&code.subject)?
        .filter(|subject| subject.active);
    let subject = subject.ok_or(Refused::SubjectInactive)?;

    // The gate: of parallel redemptions one changes the row. It comes before anything is
    // made, and after everything that may refuse without punishing.
    if !store.redeem_code(&digest, context.now)? {
        punish_reuse(
            context,
            store,
            Owned::from(&code),
            RevocationReason::CodeReuse,
        )?;
        return Err(Refused::Used.into());
    }
    let refreshable = client.may_use(GrantType::RefreshToken);
    let (family, refresh_token) = new_family(context, authenticated, &code, refreshable);
    store.add_family(&family)?;
    Ok(Issue {
        token_id: new_token_id(context.random, Some(TokenOrigin::of_current(&family))),
        id_token: family.scope.contains("openid").then(|| IdTokenFacts {
            claims: code.claims.id_token.clone(),
            acr: code.claims.acr.clone(),
            nonce: code.nonce.clone(),
            auth_time: code.auth_time,
            amr: code.amr.clone(),
        }),
        owner: Owner::User {
            subject: Box::<Subject>::new(subject),
            session: Some(code.session),
        },
        scope: family.scope,
        audience: family.audience,
        refresh_token: refreshable.then_some(refresh_token),
        rotation: None,
        client: authenticated.shared(),
    })
}

/// Whether a code that has expired was redeemed before and comes once more, with everything else right: then it was
/// stolen, as it would be within its life.
fn is_late_reuse(
    client_id: &ClientId,
    code: &AuthorizationCode,
    params: &Params<'_>,
    rejected: CodeRejected,
) -> bool {
    let in_time = code.expires_at - 1;
    rejected == CodeRejected::Expired
        && code.redeemed_at.is_some()
        && engine::drive_code_exchange(client_id, code, params, in_time).is_ok()
}

/// The client's audiences, and this server's own userinfo endpoint where the scope opens it (RFC 9068 §4).
pub(in crate::protocol) fn audience(client: &Client, scope: &Scope, issuer: &str) -> Vec<String> {
    let mut audience = client.audience(issuer);
    if scope.contains("openid") && !audience.iter().any(|one| one == issuer) {
        audience.push(issuer.to_owned());
    }
    audience
}

impl<'a> From<&'a AuthorizationCode> for Owned<'a> {
    fn from(code: &'a AuthorizationCode) -> Self {
        Self {
            family: &code.family,
            client_id: &code.client_id,
            subject: Some(&code.subject),
        }
    }
}

fn new_family(
    context: &Context<'_>,
    authenticated: &AuthenticatedClient,
    code: &AuthorizationCode,
    refreshable: bool,
) -> (Family, crate::crypto::secret::Secret) {
    // Without a refresh token the family only has to outlive the access token.
    let (absolute, idle) = if refreshable {
        let policy = context.policy.refresh_for(authenticated.client());
        (policy.absolute_lifetime, policy.idle_lifetime)
    } else {
        let lifetime = context.policy.access_token_lifetime;
        (lifetime, lifetime)
    };
    let expires_at = context.now + absolute;
    let (rotation, refresh_token) = Rotation::first(
        code.family,
        context.random,
        context.keys,
        context.now,
        expires_at.min(context.now + idle),
    );
    // A scope that the client has lost since the request is not granted.
    let scope = code.scope.intersection(&authenticated.client().scope);
    let outlives_session = scope.contains("offline_access");
    let family = Family {
        id: code.family,
        client_id: code.client_id.clone(),
        subject: Some(code.subject.clone()),
        session: (!outlives_session).then(|| code.session.clone()),
        audience: audience(authenticated.client(), &scope, context.issuer),
        scope,
        claims: code.claims.clone(),
        auth_time: code.auth_time,
        amr: code.amr.clone(),
        created_at: context.now,
        expires_at,
        revoked: None,
        rotation,
    };
    (family, refresh_token)
}

impl From<CodeRejected> for Refused {
    fn from(rejected: CodeRejected) -> Self {
        match rejected {
            CodeRejected::Request => Self::Request,
            CodeRejected::RedirectUri => Self::RedirectUri,
            CodeRejected::Expired => Self::Expired,
            CodeRejected::Verifier => Self::Verifier,
            CodeRejected::VerifierUnexpected => Self::VerifierUnexpected,
        }
    }
}

impl Refused {
    fn explanation(self) -> &'static Explanation {
        match self {
            Self::Missing | Self::Request => &catalogue::MISSING_PARAMETER,
            Self::Unknown => &catalogue::CODE_UNKNOWN,
            Self::Expired => &catalogue::CODE_EXPIRED,
            Self::RedirectUri => &catalogue::CODE_REDIRECT_URI,
            Self::Verifier => &catalogue::CODE_VERIFIER,
            Self::VerifierUnexpected => &catalogue::CODE_VERIFIER_UNEXPECTED,
            Self::SubjectInactive => &catalogue::SUBJECT_INACTIVE,
            Self::Used => &catalogue::CODE_USED,
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(Refusal::new(refused.explanation()))
    }
}
