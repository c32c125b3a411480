//! The one dispatcher of the browser, as a table: every combination of `prompt`, `max_age`, hint and consent that
//! matters (OpenID Connect Core §3.1.2.1, §3.1.2.3).

use issuant::protocol::authorize::next_step::{Account, NextStep, SignedIn, account, next_step};
use issuant::protocol::scope::Scope;
use issuant::protocol::store::WaitingRequest;

use super::World;
use crate::support::cast::NOW;

/// What is asked for, and who is there. Ada signed in 100 seconds ago, before this request, and agreed to nothing.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the table"
)]
struct Case {
    client: &'static str,
    redirect_uri: &'static str,
    prompt: &'static str,
    max_age: &'static str,
    hinted: Option<&'static str>,
    is_signed_in: bool,
    signed_in_during_request: bool,
    chosen_during_request: bool,
    consent: Option<&'static str>,
    consented_during_request: bool,
}

const CASE: Case = Case {
    client: "web",
    redirect_uri: "https://web.example/cb",
    prompt: "",
    max_age: "",
    hinted: None,
    is_signed_in: true,
    signed_in_during_request: false,
    chosen_during_request: false,
    consent: None,
    consented_during_request: false,
};

#[derive(Debug, PartialEq, Eq)]
enum Step {
    SignIn,
    ChooseAccount,
    Consent,
    Answer,
    Refuse(&'static str),
}

impl From<NextStep> for Step {
    fn from(step: NextStep) -> Self {
        match step {
            NextStep::SignIn => Self::SignIn,
            NextStep::SignUp => panic!("nobody may sign up here"),
            NextStep::ChooseAccount => Self::ChooseAccount,
            NextStep::Consent => Self::Consent,
            NextStep::Answer => Self::Answer,
            NextStep::Refuse(refusal) => Self::Refuse(refusal.id()),
        }
    }
}

impl Case {
    fn step(self) -> Step {
        let world = World::new();
        let mut request = world
            .authorize(&[
                ("client_id", self.client),
                ("redirect_uri", self.redirect_uri),
                ("scope", "openid read"),
                ("prompt", self.prompt),
                ("max_age", self.max_age),
            ])
            .unwrap();
        request.hinted_subject = self.hinted.map(str::to_owned);
        let session = |is: bool| is.then(|| "session-1".to_owned());
        let mut waiting = world.waiting(request);
        waiting.signed_in_by = session(self.signed_in_during_request);
        waiting.consented_by = session(self.consented_during_request);
        waiting.chosen_by = session(self.signed_in_during_request || self.chosen_during_request);
        let is_hinted = self.hinted == Some(SIGNED_IN.subject);
        let ada = [SignedIn {
            is_hinted,
            ..SIGNED_IN
        }];
        let accounts = if self.is_signed_in { &ada[..] } else { &[] };
        let signed_in = match account(&waiting, accounts) {
            Account::Nobody => None,
            Account::Of(place) => accounts.get(place).copied(),
            Account::Open(step) => return step.into(),
        };
        let consent: Option<Scope> = self.consent.map(|scope| scope.parse().unwrap());
        let client = world.client(self.client);
        next_step(&waiting, &client, signed_in, consent.as_ref(), NOW).into()
    }
}

const SIGNED_IN: SignedIn<'static> = SignedIn {
    session: "session-1",
    subject: "sub-ada",
    auth_time: NOW - 100,
    names: [Some("ada"), Some("ada@example.com")],
    is_hinted: false,
    took_part: false,
};

/// One line of the table: what deviates from [`CASE`], and the step.
macro_rules! table {
    ($($name:ident: { $($field:ident: $value:expr),* } => $step:expr;)+) => {
        $(#[test] fn $name() {
            assert_eq!(Case { $($field: $value,)* ..CASE }.step(), $step);
        })+
    };
}

const AGREED: Option<&str> = Some("openid read write");

table! {
    nobody_is_signed_in: { is_signed_in: false } => Step::SignIn;
    nobody_is_signed_in_and_no_page_may_be_shown: { is_signed_in: false, prompt: "none" }
        => Step::Refuse("E1217");
    nobody_agreed_yet: { prompt: "" } => Step::Consent;
    nobody_agreed_yet_and_no_page_may_be_shown: { prompt: "none" } => Step::Refuse("E1218");
    everything_is_there: { consent: AGREED } => Step::Answer;
    everything_is_there_and_no_page_may_be_shown: { consent: AGREED, prompt: "none" } => Step::Answer;
    the_consent_does_not_reach: { consent: Some("openid") } => Step::Consent;
    the_consent_does_not_reach_and_no_page_may_be_shown: { consent: Some("openid"), prompt: "none" }
        => Step::Refuse("E1218");
    consent_given_on_the_page: { consented_during_request: true } => Step::Answer;
    consent_is_asked_for_again: { consent: AGREED, prompt: "consent" } => Step::Consent;
    consent_was_given_again: { consent: AGREED, prompt: "consent", consented_during_request: true }
        => Step::Answer;
    sign_in_is_asked_for_again: { consent: AGREED, prompt: "login" } => Step::SignIn;
    sign_in_was_done_again: { consent: AGREED, prompt: "login", signed_in_during_request: true }
        => Step::Answer;
    sign_in_and_consent_again_begins_with_sign_in: { consent: AGREED, prompt: "login consent" }
        => Step::SignIn;
    sign_in_and_consent_again_goes_on_with_consent:
        { consent: AGREED, prompt: "login consent", signed_in_during_request: true } => Step::Consent;
    the_account_is_to_be_chosen: { consent: AGREED, prompt: "select_account" } => Step::ChooseAccount;
    the_account_is_chosen_by_signing_in_where_there_is_none:
        { is_signed_in: false, prompt: "select_account" } => Step::SignIn;
    the_account_was_chosen:
        { consent: AGREED, prompt: "select_account", chosen_during_request: true } => Step::Answer;
    the_account_was_chosen_by_signing_in:
        { consent: AGREED, prompt: "select_account", signed_in_during_request: true } => Step::Answer;
    a_choice_is_no_new_sign_in:
        { consent: AGREED, prompt: "login select_account", chosen_during_request: true } => Step::SignIn;
    a_chosen_account_can_be_too_old:
        { consent: AGREED, max_age: "99", chosen_during_request: true } => Step::SignIn;
    somebody_else_was_chosen_than_the_hint_names:
        { consent: AGREED, hinted: Some("sub-bob"), prompt: "select_account", chosen_during_request: true }
        => Step::Refuse("E1222");
    the_sign_in_is_just_young_enough: { consent: AGREED, max_age: "100" } => Step::Answer;
    the_sign_in_is_too_old: { consent: AGREED, max_age: "99" } => Step::SignIn;
    the_sign_in_is_too_old_and_no_page_may_be_shown: { consent: AGREED, max_age: "99", prompt: "none" }
        => Step::Refuse("E1217");
    max_age_zero_means_now: { consent: AGREED, max_age: "0" } => Step::SignIn;
    max_age_zero_ends_after_a_new_sign_in:
        { consent: AGREED, max_age: "0", signed_in_during_request: true } => Step::Answer;
    the_hint_names_the_person: { consent: AGREED, hinted: Some("sub-ada") } => Step::Answer;
    the_hint_names_another_person: { consent: AGREED, hinted: Some("sub-bob") } => Step::SignIn;
    the_hint_names_another_person_and_no_page_may_be_shown:
        { consent: AGREED, hinted: Some("sub-bob"), prompt: "none" } => Step::Refuse("E1222");
    a_hint_without_anybody: { is_signed_in: false, hinted: Some("sub-ada"), prompt: "none" }
        => Step::Refuse("E1217");
    an_app_of_the_operator_needs_no_consent:
        { client: "portal", redirect_uri: "https://portal.example/cb?tenant=1" } => Step::Answer;
    an_app_of_the_operator_can_ask_for_consent:
        { client: "portal", redirect_uri: "https://portal.example/cb?tenant=1", prompt: "consent" }
        => Step::Consent;
    a_public_client_at_a_web_address_is_remembered:
        { client: "spa", redirect_uri: "https://spa.example/cb", consent: AGREED } => Step::Answer;
    a_client_that_can_be_impersonated_asks_each_time:
        { client: "native", redirect_uri: "http://127.0.0.1/cb", consent: AGREED } => Step::Consent;
    a_client_that_can_be_impersonated_never_passes_silently:
        { client: "native", redirect_uri: "com.example.native:/cb", consent: AGREED, prompt: "none" }
        => Step::Refuse("E1218");
    a_client_that_can_be_impersonated_goes_on_after_the_page:
        { client: "native", redirect_uri: "http://127.0.0.1/cb", consented_during_request: true }
        => Step::Answer;
}

/// Which account it is when Ada and Bob are both signed in.
fn of_two(
    parameters: &[(&str, &str)],
    change: impl FnOnce(&mut WaitingRequest),
    bob_took_part: bool,
) -> Account {
    let world = World::new();
    let mut all = vec![
        ("client_id", "web"),
        ("redirect_uri", "https://web.example/cb"),
        ("scope", "openid"),
    ];
    all.extend(parameters);
    let mut waiting = world.waiting(world.authorize(&all).unwrap());
    change(&mut waiting);
    let bob = SignedIn {
        session: "session-2",
        subject: "sub-bob",
        names: [Some("bob"), None],
        is_hinted: waiting.request.hints_at("sub-bob"),
        took_part: bob_took_part,
        ..SIGNED_IN
    };
    account(&waiting, &[SIGNED_IN, bob])
}

#[test]
fn of_several_accounts_the_person_chooses_one() {
    let open = Account::Open(NextStep::ChooseAccount);
    assert_eq!(of_two(&[], |_| {}, true), open);
    let choose = |waiting: &mut WaitingRequest| waiting.chosen_by = Some("session-2".to_owned());
    assert_eq!(of_two(&[], choose, false), Account::Of(1));
    let gone = |waiting: &mut WaitingRequest| waiting.chosen_by = Some("session-9".to_owned());
    assert_eq!(of_two(&[], gone, false), open);
}

#[test]
fn a_hint_chooses_among_several_accounts() {
    let hint = |waiting: &mut WaitingRequest| {
        waiting.request.hinted_subject = Some("sub-bob".to_owned());
    };
    assert_eq!(of_two(&[], hint, false), Account::Of(1));
    assert_eq!(
        of_two(&[("login_hint", "BOB")], |_| {}, false),
        Account::Of(1)
    );
    assert_eq!(
        of_two(&[("login_hint", "ada@example.com")], |_| {}, false),
        Account::Of(0)
    );
    let select = [("login_hint", "bob"), ("prompt", "select_account")];
    assert_eq!(
        of_two(&select, |_| {}, false),
        Account::Open(NextStep::ChooseAccount)
    );
}

#[test]
fn of_several_hinted_persons_it_is_the_one_who_is_signed_in() {
    let values = r#"{"id_token":{"sub":{"values":["sub-bob","sub-carol"]}}}"#;
    let claims = [("claims", values)];
    assert_eq!(of_two(&claims, |_| {}, false), Account::Of(1));
    let nobody = r#"{"id_token":{"sub":{"values":["sub-carol","sub-dan"]}}}"#;
    assert_eq!(
        of_two(&[("claims", nobody)], |_| {}, false),
        Account::Of(0),
        "whom next_step does not take for them"
    );
}

#[test]
fn without_a_page_a_client_gets_the_one_account_that_it_knows() {
    let none = [("prompt", "none")];
    assert_eq!(of_two(&none, |_| {}, true), Account::Of(1));
    let Account::Open(step) = of_two(&none, |_| {}, false) else {
        panic!("open")
    };
    assert_eq!(Step::from(step), Step::Refuse("E1230"));
}

#[test]
fn a_new_sign_in_chooses_the_account_as_well() {
    let again = of_two(&[("prompt", "login")], |_| {}, false);
    assert_eq!(again, Account::Open(NextStep::SignIn));
}
