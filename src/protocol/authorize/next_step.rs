//! The one dispatcher of the browser: what happens next with an authorization request.
//!
//! Pages return here and never send the browser to each other. Pure: the stored request, the session, the
//! consent and the time go in, a step comes out, so every combination of `prompt`, `max_age` and `id_token_hint`
//! (OpenID Connect Core §3.1.2.1, §3.1.2.3) is a line in a table of tests.

use crate::protocol::authorize::acr::Worth;
use crate::protocol::catalogue;
use crate::protocol::client::Client;
use crate::protocol::context::Timestamp;
use crate::protocol::error::Refusal;
use crate::protocol::scope::Scope;
use crate::protocol::store::WaitingRequest;

/// Who is signed in in this browser, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// The session.
    pub session: &'a str,
    /// The user.
    pub subject: &'a str,
    /// When the user proved to be it.
    pub auth_time: Timestamp,
    /// The names by which a `login_hint` can mean this account: user name and address.
    pub names: [Option<&'a str>; 2],
    /// Whether the request names this person as the one it has to be.
    pub is_hinted: bool,
    /// Whether the client got an answer for this session before.
    pub took_part: bool,
}

/// Which of the accounts that are signed in in the browser a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Nobody is signed in.
    Nobody,
    /// The one at that place.
    Of(usize),
    /// It is open, and this happens.
    Open(NextStep),
}

/// Decides which account it is. The choice of the person comes first, then what the client says (`id_token_hint`, `sub`
/// of the claims parameter, `login_hint`), then that there is but one. Of several, a client that allows no page gets the one that
/// it knows.
pub fn account(waiting: &WaitingRequest, accounts: &[SignedIn<'_>]) -> Account {
    let request = &waiting.request;
    let only = |is_it: &dyn Fn(&SignedIn<'_>) -> bool| {
        let mut found = accounts.iter().enumerate().filter(|(_, it)| is_it(it));
        let (place, _) = found.next()?;
        found.next().is_none().then_some(Account::Of(place))
    };
    if accounts.is_empty() {
        return Account::Nobody;
    }
    if let Some(chosen) = only(&|it| waiting.chosen_by.as_deref() == Some(it.session)) {
        return chosen;
    }
    if request.prompt.create {
        return Account::Open(NextStep::SignUp);
    }
    if request.prompt.login {
        return Account::Open(NextStep::SignIn);
    }
    if request.prompt.select_account {
        return Account::Open(NextStep::ChooseAccount);
    }
    let choice = Account::Open(if request.prompt.none {
        NextStep::Refuse(Refusal::new(&catalogue::ACCOUNT_SELECTION_REQUIRED))
    } else {
        NextStep::ChooseAccount
    });
    if request.hinted_subject.is_some() {
        let several = accounts.iter().filter(|it| it.is_hinted).count() > 1;
        // Of an account that is not signed in, next_step speaks.
        let otherwise = if several { choice } else { Account::Of(0) };
        return only(&|it| it.is_hinted).unwrap_or(otherwise);
    }
    let hint = request.login_hint.as_deref();
    let is_named = |it: &SignedIn<'_>| {
        let is_it = |hint: &str, name: &str| name.eq_ignore_ascii_case(hint);
        let mut names = it.names.iter().flatten();
        hint.is_some_and(|hint| names.any(|name| is_it(hint, name)))
    };
    let known = || only(&|it| request.prompt.none && it.took_part);
    only(&is_named)
        .or_else(|| only(&|_| true))
        .or_else(known)
        .unwrap_or(choice)
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Show the sign-in page.
    SignIn,
    /// Show the page on which the person makes an account.
    SignUp,
    /// Show the page on which the person chooses one of the accounts.
    ChooseAccount,
    /// Show the consent page.
    Consent,
    /// Answer with a code.
    Answer,
    /// Answer with an error.
    Refuse(Refusal),
}

/// Decides.
pub fn next_step(
    waiting: &WaitingRequest,
    client: &Client,
    signed_in: Option<SignedIn<'_>>,
    consented: Option<&Scope>,
    now: Timestamp,
) -> NextStep {
    let prompt = waiting.request.prompt;
    let Some(signed_in) = signed_in.filter(|signed_in| is_enough(waiting, *signed_in, now)) else {
        return if prompt.none {
            NextStep::Refuse(Refusal::new(&catalogue::LOGIN_REQUIRED))
        } else if prompt.create {
            NextStep::SignUp
        } else {
            NextStep::SignIn
        };
    };
    if waiting.request.hinted_subject.is_some() && !signed_in.is_hinted {
        // Who just chose somebody else for this request would do so again.
        return if prompt.none || waiting.chosen_by.as_deref() == Some(signed_in.session) {
            NextStep::Refuse(Refusal::new(&catalogue::HINT_OTHER_PERSON))
        } else {
            NextStep::SignIn
        };
    }
    if waiting.consented_by.as_deref() == Some(signed_in.session) {
        return NextStep::Answer;
    }
    let covered =
        consented.is_some_and(|consented| waiting.request.consent_scope().is_within(consented));
    let may_skip = !client.requires_consent || (covered && !is_impersonable(client));
    if may_skip && !prompt.consent {
        NextStep::Answer
    } else if prompt.none {
        NextStep::Refuse(Refusal::new(&catalogue::CONSENT_REQUIRED))
    } else {
        NextStep::Consent
    }
}

/// Whether the sign-in satisfies the request: made for it where it says `prompt=login`, within `max_age` otherwise.
fn is_enough(waiting: &WaitingRequest, signed_in: SignedIn<'_>, now: Timestamp) -> bool {
    let prompt = waiting.request.prompt;
    let is_new = is_new(waiting, signed_in);
    if (prompt.login || prompt.create) && !is_new {
        return false;
    }
    let age = now - signed_in.auth_time;
    let is_young = match waiting.request.max_age {
        None => true,
        // As `prompt=login`: another sign-in of the same second was for something else.
        Some(0) => false,
        Some(max_age) => age <= max_age,
    };
    // With a short max_age the sign-in page itself takes longer than allowed, so a new sign-in is always enough.
    if !is_new && !is_young {
        return false;
    }
    match waiting.request.classes.worth(age) {
        Worth::Preferred => true,
        Worth::Enough => is_new || prompt.none,
        Worth::TooOld => false,
    }
}

/// Whether the person signed in for this very request.
fn is_new(waiting: &WaitingRequest, signed_in: SignedIn<'_>) -> bool {
    waiting.signed_in_by.as_deref() == Some(signed_in.session)
}

/// A public client that answers on loopback or a private scheme can be impersonated by any program of that
/// machine, so a stored consent does not speak for it (OAuth 2.1 §7.3).
fn is_impersonable(client: &Client) -> bool {
    client.is_public()
        && client
            .redirect_uris
            .iter()
            .any(|uri| !uri.as_str().starts_with("https:"))
}
