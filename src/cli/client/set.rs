//! `issuant client set`: changes what is named, and tells each change.

use clap::Args;
use serde_json::json;

use crate::cli::answer::{Answer, listed, printable};
use crate::cli::client::refresh::{self, RefreshFlags};
use crate::cli::client::{algorithms, check_sector, doubts, find, refuse_contradictions, view};
use crate::cli::confirm::Confirmation;
use crate::cli::failure::{self, Failure};
use crate::cli::local::Local;
use crate::cli::{Session, parse};
use crate::crypto::algorithm::Algorithm;
use crate::protocol::change::Change;
use crate::protocol::client::{AuthenticationMethod, Client, ClientId, GrantType};
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::redirect_uri::RegisteredRedirectUri;
use crate::protocol::scope::Scope;

/// Change a client; a list that is named replaces the old one, an --add flag adds to it
#[derive(Args, Clone, Debug)]
#[command(
    help_template = crate::cli::TEMPLATE,
    before_long_help = "\
Examples:
  issuant client set shop --name \"Web shop\"
  issuant client set shop --add-redirect-uri https://beta.shop.example/cb
  issuant client set shop --refresh-rotation strict --refresh-idle 7d --refresh-absolute default
  issuant client set shop --disable",
    after_long_help = "\
A running server notices within a second. --dry-run shows what would change. --clear audience empties a list.
A refresh setting that is default is the server's again. A changed one holds from the next refresh of each sign-in on;
the age at which a sign-in ends is fixed when it begins."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line of its own"
)]
pub(crate) struct Set {
    /// Identifier of the client
    #[arg(value_name = "ID")]
    id: ClientId,
    /// Name that people read on the consent page
    #[arg(long, value_parser = parse::display_name)]
    name: Option<String>,
    /// Grants that the client may use; may be repeated
    #[arg(long = "grant", value_name = "GRANT", value_parser = parse::grant())]
    grants: Vec<GrantType>,
    /// One more grant; may be repeated
    #[arg(long = "add-grant", value_name = "GRANT", value_parser = parse::grant())]
    added_grants: Vec<GrantType>,
    /// Where codes may be sent, compared exactly; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<RegisteredRedirectUri>,
    /// One more place where codes may be sent; may be repeated
    #[arg(long = "add-redirect-uri", value_name = "URI")]
    added_redirect_uris: Vec<RegisteredRedirectUri>,
    /// Where a browser may go after signing out; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<RegisteredRedirectUri>,
    /// One more place to go after signing out; may be repeated
    #[arg(long = "add-post-logout-redirect-uri", value_name = "URI")]
    added_post_logout_redirect_uris: Vec<RegisteredRedirectUri>,
    /// The most it may be granted, separated by blanks
    #[arg(long, value_name = "SCOPE")]
    scope: Option<Scope>,
    /// More that it may be granted, separated by blanks
    #[arg(long = "add-scope", value_name = "SCOPE")]
    added_scope: Option<Scope>,
    /// How it authenticates; a method without secrets removes those it has
    #[arg(long, value_name = "METHOD", value_parser = parse::authentication_method())]
    auth_method: Option<AuthenticationMethod>,
    /// Audience of its access tokens, instead of the issuer; may be repeated
    #[arg(long = "audience", value_name = "AUDIENCE", value_parser = parse::audience)]
    audiences: Vec<String>,
    /// One more audience; may be repeated
    #[arg(long = "add-audience", value_name = "AUDIENCE", value_parser = parse::audience)]
    added_audiences: Vec<String>,
    /// Signs its ID tokens
    #[arg(long, value_name = "ALGORITHM", value_parser = parse::algorithm())]
    id_token_algorithm: Option<Algorithm>,
    /// Demand PKCE
    #[arg(long, conflicts_with = "no_pkce")]
    pkce: bool,
    /// Allow authorization requests without PKCE
    #[arg(long)]
    no_pkce: bool,
    /// Ask people for consent
    #[arg(long, conflicts_with = "no_consent")]
    consent: bool,
    /// Do not ask people for consent: for your own applications
    #[arg(long)]
    no_consent: bool,
    /// Members of RFC 7591 and OpenID Connect Registration, as a JSON object; null takes one away
    #[arg(long, value_name = "JSON")]
    metadata: Option<Change<ClientMetadata>>,
    #[command(flatten)]
    refresh: RefreshFlags,
    /// Let it work again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Refuse everything it asks for
    #[arg(long)]
    disable: bool,
    /// Empty a list; may be repeated
    #[arg(long, value_name = "LIST", value_parser = ["redirect-uri", "post-logout-redirect-uri", "scope", "audience"])]
    clear: Vec<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Set {
    pub(crate) fn run(self, session: &Session) -> Result<Answer, Failure> {
        let local = session.open()?;
        let (config, now) = (local.config.clone(), local.now);
        let dry_run = self.confirmation.dry_run;
        let loses_secrets = self.auth_method.is_some_and(|it| !it.uses_secrets());
        if loses_secrets && !dry_run {
            self.confirm_loss(session, &local)?;
        }
        self.check_sector(&local)?;
        let (before, after) = local.write(move |transaction| {
            transaction.lock_client(&self.id)?;
            let before = find(transaction, &self.id)?;
            let mut after = self.apply(before.clone());
            let algorithms = algorithms(transaction, &config)?;
            refuse_contradictions(&after, &algorithms, &config.policy)?;
            if !dry_run && after != before {
                after.updated_at = now;
                transaction.replace_client(&after)?;
                if !after.authentication_method.uses_secrets() {
                    for secret in &before.secrets {
                        transaction.remove_client_secret(&after.id, &secret.id)?;
                    }
                }
            }
            Ok((before, after))
        })?;
        let changes = changes(&before, &after);
        if changes.is_empty() {
            let message = format!("nothing about the client {} would change", after.id);
            return Err(Failure::new(&failure::VALUE, message)
                .hint("Name what to change; issuant client set --help lists the flags."));
        }
        let lines: Vec<String> = changes
            .iter()
            .map(|(name, old, new)| printable(&format!("{name}: {old} → {new}")))
            .collect();
        let data = json!({
            "client": view::json(&after),
            "changed": changes.iter().map(|(name, ..)| name).collect::<Vec<_>>(),
            "dry_run": dry_run,
        });
        let closing = if dry_run {
            "Nothing was changed."
        } else {
            "A running server notices within a second."
        };
        Ok(Answer::new(data, format!("{}\n", lines.join("\n")))
            .warn(doubts(&after))
            .say(closing))
    }

    /// Reads what stands at the `sector_identifier_uri` where it, or what has to stand there, changes.
    fn check_sector(&self, local: &Local) -> Result<(), Failure> {
        let id = self.id.clone();
        let before = local.read(move |transaction| find(transaction, &id))?;
        let after = self.clone().apply(before.clone());
        let sector = |client: &Client| client.metadata.sector_identifier_uri.clone();
        let is_same = before.redirect_uris == after.redirect_uris;
        if is_same && sector(&before) == sector(&after) {
            return Ok(());
        }
        check_sector(&local.config, &after)
    }

    /// A client that authenticates without secrets loses those it has now for good.
    fn confirm_loss(&self, session: &Session, local: &Local) -> Result<(), Failure> {
        let id = self.id.clone();
        let client = local.read(move |transaction| find(transaction, &id))?;
        match client.secrets.len() {
            0 => Ok(()),
            count => {
                let what = format!("{count} secret(s) of the client {}", self.id);
                self.confirmation
                    .require(session.output, &what, self.id.as_str())
            }
        }
    }

    fn apply(self, mut client: Client) -> Client {
        for list in &self.clear {
            match list.as_str() {
                "redirect-uri" => client.redirect_uris.clear(),
                "post-logout-redirect-uri" => client.post_logout_redirect_uris.clear(),
                "scope" => client.scope = Scope::default(),
                _ => client.audiences.clear(),
            }
        }
        replace(&mut client.name, self.name);
        replace(&mut client.scope, self.scope);
        if let Some(added) = &self.added_scope {
            client.scope = client.scope.union(added);
        }
        replace(&mut client.authentication_method, self.auth_method);
        replace(&mut client.id_token_algorithm, self.id_token_algorithm);
        replace_list(&mut client.redirect_uris, self.redirect_uris);
        add_to_list(&mut client.redirect_uris, self.added_redirect_uris);
        replace_list(&mut client.audiences, self.audiences);
        add_to_list(&mut client.audiences, self.added_audiences);
        let after_logout = self.post_logout_redirect_uris.iter();
        replace_list(
            &mut client.post_logout_redirect_uris,
            after_logout.map(ToString::to_string).collect(),
        );
        let after_logout = self.added_post_logout_redirect_uris.iter();
        add_to_list(
            &mut client.post_logout_redirect_uris,
            after_logout.map(ToString::to_string).collect(),
        );
        let mut grants = self.grants;
        grants.sort_unstable();
        grants.dedup();
        replace_list(&mut client.grants, grants);
        if !self.added_grants.is_empty() {
            add_to_list(&mut client.grants, self.added_grants);
            client.grants.sort_unstable();
        }
        client.requires_pkce = switched(client.requires_pkce, self.pkce, self.no_pkce);
        client.requires_consent = switched(client.requires_consent, self.consent, self.no_consent);
        if let Some(change) = self.metadata {
            client.metadata = change.apply(client.metadata);
        }
        client.refresh = self.refresh.apply(client.refresh);
        client.disabled = switched(client.disabled, self.disable, self.enable);
        if !client.authentication_method.uses_secrets() {
            client.secrets.clear();
        }
        client
    }
}

/// What differs: name, old and new value.
fn changes(before: &Client, after: &Client) -> Vec<(&'static str, String, String)> {
    let describe = |client: &Client| {
        let mut pairs = vec![
            ("name", client.name.clone()),
            ("grants", view::grants(client)),
            ("redirect URIs", view::uris(client)),
            ("after sign-out", listed(&client.post_logout_redirect_uris)),
            ("scope", listed(client.scope.iter())),
            (
                "authenticates",
                client.authentication_method.as_str().to_owned(),
            ),
            ("secrets", client.secrets.len().to_string()),
            ("audiences", listed(&client.audiences)),
            ("ID tokens", client.id_token_algorithm.to_string()),
            ("PKCE", on_off(client.requires_pkce)),
            ("consent", on_off(client.requires_consent)),
            ("metadata", view::metadata(client)),
            ("disabled", on_off(client.disabled)),
        ];
        pairs.extend(refresh::pairs(&client.refresh));
        pairs
    };
    describe(before)
        .into_iter()
        .zip(describe(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| (name, old, new))
        .collect()
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

fn replace_list<T>(old: &mut Vec<T>, new: Vec<T>) {
    if !new.is_empty() {
        *old = new;
    }
}

fn add_to_list<T: PartialEq>(list: &mut Vec<T>, added: Vec<T>) {
    for item in added {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

fn switched(now: bool, on: bool, off: bool) -> bool {
    (now || on) && !off
}

fn on_off(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.to_owned()
}
