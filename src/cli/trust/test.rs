//! `issuant trust test`: what a token would be worth, rule by rule. Nothing is issued and nothing used up.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::cli::Session;
use crate::cli::answer::{Answer, table};
use crate::cli::failure::{self, Failure};
use crate::cli::local::{Local, with_context};
use crate::cli::trust::{find, not_found, read_text};
use crate::protocol::context::PublishedKeys;
use crate::protocol::error::Refusal;
use crate::protocol::grants::jwt_bearer::terms;
use crate::protocol::trust::assertion::{self, Checked, Refused, Strictness, Verified};
use crate::protocol::trust::binding::{BindingRule, Verdict};
use crate::protocol::trust::directory::{Trust, Trusted, unite};
use crate::protocol::trust::issuer::{IssuerName, TrustedIssuer};
use crate::server::fetcher;

/// Show what a token of a trusted issuer would be worth
#[derive(Args, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "Examples:\n  issuant trust test ci --token-file token.jwt\n  issuant trust test ci --token-file - --json",
    after_long_help = "\
The token is checked as at the token endpoint, with the time and the keys of now. Nothing is issued, and a token that counts once
is not used up."
)]
pub(crate) struct Test {
    /// Name of the issuer
    #[arg(value_name = "NAME")]
    name: IssuerName,
    /// File with the token (- for standard input)
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
}

impl Test {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let token = read_text(&self.token_file)?;
        let name = self.name.clone();
        let (issuer, rules, declared) = local.read(move |transaction| {
            let issuer = find(transaction, &name)?;
            Ok((
                issuer,
                transaction.binding_rules()?,
                transaction.declared_names()?,
            ))
        })?;
        let published = published(&local, &issuer)?;
        // A disabled one can be tried out as well.
        let issuer = TrustedIssuer {
            disabled: false,
            ..issuer
        };
        let trust = Trust::new(vec![issuer], rules, declared);
        let trusted = trust.find(self.name.as_str());
        let trusted = trusted.ok_or_else(|| not_found(&self.name))?;
        let verified = check(&local, trusted, &published, &token)?;
        let terms = terms(&trusted.issuer);
        let verdicts = trusted.verdicts(&verified.attributes, &trust.declared, terms);
        let verdicts: Vec<(&BindingRule, Verdict)> = verdicts.collect();
        let bound = unite(verdicts.iter().map(|(_, verdict)| verdict));
        let rows: Vec<Vec<String>> = verdicts.iter().map(row).collect();
        let data = json!({
            "subject": format!("{}:{}", self.name, verified.subject),
            "user": verified.user,
            "values": verified.attributes.values(),
            "lists": verified.attributes.lists(),
            "rules": verdicts.iter().map(|(rule, verdict)| json!({
                "id": rule.id, "selector": rule.selector, "outcome": outcome(verdict),
            })).collect::<Vec<_>>(),
            "gives": bound.all().collect::<Vec<_>>(),
            "lifetime": trusted.issuer.lifetime(local.config.policy.access_token_lifetime),
        });
        let closing = if bound.is_empty() {
            "The token is good, but no rule gives anything: it would be refused (E1716)."
        } else {
            "The token is good. Nothing was issued."
        };
        let text = table(&["RULE", "SELECTOR", "OUTCOME"], &rows);
        Ok(Answer::new(data, text).say(closing))
    }
}

fn published(local: &Local, issuer: &TrustedIssuer) -> Result<PublishedKeys, Failure> {
    let keys = fetcher::issuer_keys(&local.config, issuer)
        .map_err(|error| Failure::new(&failure::PROBLEMS, error.to_string()))?;
    Ok(PublishedKeys {
        keys: keys.map(Arc::new),
        may_ask_again: false,
    })
}

fn check(
    local: &Local,
    trusted: &Arc<Trusted>,
    published: &PublishedKeys,
    token: &str,
) -> Result<Verified, Failure> {
    let checked = with_context(&local.config, &local.keys, local.now, |context| {
        assertion::check(context, trusted, published, token, Strictness::Standard)
    });
    match checked {
        Ok(Checked::Good(verified)) => Ok(*verified),
        Ok(Checked::NeedsKeys) => Err(refused(Refused::KeysAway)),
        Err(reason) => Err(refused(reason)),
    }
}

fn refused(reason: Refused) -> Failure {
    let explanation = Refusal::from(reason).explanation();
    let message = format!("{} ({})", explanation.sentence, explanation.id);
    Failure::new(&failure::PROBLEMS, message).hint(explanation.fix)
}

fn row((rule, verdict): &(&BindingRule, Verdict)) -> Vec<String> {
    vec![rule.id.clone(), rule.selector.clone(), outcome(verdict)]
}

fn outcome(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NoMatch => "the selector does not match".to_owned(),
        Verdict::InvalidName(name) => format!("matches, but the name `{name}` is not valid"),
        Verdict::Undeclared(name) => format!("matches, but nobody declared `{name}`"),
        Verdict::Gives(identity) => format!("gives {} {}", identity.kind.as_str(), identity.name),
    }
}
