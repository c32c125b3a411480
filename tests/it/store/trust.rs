//! Trusted issuers, binding rules, declared names and reference tokens on both databases.

use issuant::protocol::error::{Fault, Trouble};
use issuant::protocol::scope::Scope;
use issuant::protocol::store::ReferenceTokens as _;
use issuant::protocol::tokens::access_token::{AccessToken, Audiences};
use issuant::protocol::trust::binding::{BindType, BindingRule};
use issuant::protocol::trust::issuer::TrustedIssuer;
use issuant::protocol::trust::reference::ReferenceToken;
use issuant::storage::{Storage, Transaction};
use serde_json::json;

use super::fixtures::{NOW, digest};
use super::{on_both_databases, read, write};
use crate::support::databases::Database;
use crate::support::foreign::{Foreign, rule};

fn issuer() -> TrustedIssuer {
    TrustedIssuer {
        sealed_secret: Some(vec![1, 2, 3]),
        created_at: NOW,
        updated_at: NOW + 1,
        ..Foreign::new().issuer(&json!({"max_age": 60, "one_time": true}))
    }
}

fn of(id: &str, created_at: i64) -> BindingRule {
    BindingRule {
        id: id.to_owned(),
        created_at,
        updated_at: created_at,
        ..rule("value.team == web", "scope", "read")
    }
}

fn reference() -> ReferenceToken {
    ReferenceToken {
        digest: digest(1),
        accessor: "accessor".to_owned(),
        trusted_issuer: "ci".parse().unwrap(),
        token: AccessToken {
            iss: "https://id.example".to_owned(),
            sub: "ci:job".to_owned(),
            aud: Audiences::Many(vec!["a".to_owned(), "b".to_owned()]),
            client_id: "trust:ci".to_owned(),
            scope: Scope::default(),
            iat: NOW,
            exp: NOW + 60,
            jti: "trust.ci.AAAA".to_owned(),
            sid: None,
            roles: vec!["deployer".to_owned()],
            identities: Vec::new(),
            act: None,
            may_act: None,
        },
        expires_at: NOW + 60,
    }
}

fn revision(storage: &Storage) -> i64 {
    read(storage, Transaction::revision)
}

fn issuers_and_rules_read_as_they_were_written(database: &Database) {
    let storage = database.open();
    let (first, before) = (issuer(), revision(&storage));
    let added = first.clone();
    write(&storage, move |store| {
        store.add_trusted_issuer(&added)?;
        store.add_binding_rule(&of("b", NOW))?;
        store.add_binding_rule(&of("a", NOW + 1))
    });
    // All nodes look at it.
    assert_eq!(revision(&storage), before + 3);
    let (found, missing, all, rules) = read(&storage, |store| {
        Ok((
            store.trusted_issuer(&"ci".parse().unwrap())?,
            store.trusted_issuer(&"CI".parse().unwrap())?,
            store.trusted_issuers()?,
            store.binding_rules()?,
        ))
    });
    assert_eq!(found.as_ref(), Some(&first));
    assert_eq!(missing, None);
    assert_eq!(all, std::slice::from_ref(&first));
    assert_eq!(rules, [of("b", NOW), of("a", NOW + 1)]);
    let changed = TrustedIssuer {
        disabled: true,
        sealed_secret: None,
        ..first
    };
    let replaced = changed.clone();
    write(&storage, move |store| {
        assert!(store.replace_trusted_issuer(&replaced)?);
        let other = TrustedIssuer {
            name: "other".parse().unwrap(),
            ..replaced
        };
        assert!(!store.replace_trusted_issuer(&other)?);
        let rule = BindingRule {
            description: "new".to_owned(),
            ..of("a", NOW + 1)
        };
        assert!(store.replace_binding_rule(&rule)?);
        assert!(!store.replace_binding_rule(&of("c", NOW))?);
        assert!(store.delete_binding_rule("b")?);
        assert!(!store.delete_binding_rule("b")?);
        Ok(())
    });
    let (all, rules) = read(&storage, |store| {
        Ok((store.trusted_issuers()?, store.binding_rules()?))
    });
    assert_eq!(all, [changed]);
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].description, "new");
}

fn a_taken_name_is_a_conflict(database: &Database) {
    let storage = database.open();
    write(&storage, |store| {
        store.add_trusted_issuer(&issuer())?;
        store.declare_name(BindType::Role, "a", "id-1", NOW)
    });
    let adds: [fn(&mut Transaction) -> Result<(), _>; 2] = [
        |store| store.add_trusted_issuer(&issuer()),
        |store| store.declare_name(BindType::Role, "a", "id-2", NOW),
    ];
    for add in adds {
        let outcome: Result<(), Fault<()>> = storage.write_blocking(move |store| Ok(add(store)?));
        let Err(Fault::Failed(error)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(error.trouble(), Trouble::Conflict);
    }
}

fn roles_and_policies_are_declared_apart(database: &Database) {
    let storage = database.open();
    write(&storage, |store| {
        store.declare_name(BindType::Role, "a", "id-1", NOW)?;
        store.declare_name(BindType::Policy, "a", "id-2", NOW)?;
        store.declare_name(BindType::Policy, "b", "id-3", NOW)?;
        assert!(store.withdraw_name(BindType::Policy, "b")?);
        assert!(!store.withdraw_name(BindType::Role, "b")?);
        Ok(())
    });
    let declared = read(&storage, Transaction::declared_names);
    let pair = |id: &str| [("a".to_owned(), id.to_owned())].into();
    assert_eq!(declared.roles, pair("id-1"));
    assert_eq!(declared.policies, pair("id-2"));
}

fn a_reference_token_ends_once_and_goes_with_its_issuer(database: &Database) {
    let storage = database.open();
    let (found, missing) = write(&storage, |store| {
        store.add_trusted_issuer(&issuer())?;
        store.add_reference_token(&reference())?;
        let found = store.reference_token(&digest(1))?;
        Ok((found, store.reference_token(&digest(2))?))
    });
    assert_eq!(found, Some(reference()));
    assert_eq!(missing, None);
    write(&storage, |store| {
        assert!(!store.end_reference_token(&digest(2))?);
        assert!(store.end_reference_token(&digest(1))?);
        assert!(!store.end_reference_token(&digest(1))?);
        store.add_reference_token(&reference())?;
        assert_eq!(store.remove_expired(NOW + 59, 100)?, 0);
        assert_eq!(store.remove_expired(NOW + 60, 100)?, 1);
        store.add_reference_token(&reference())?;
        store.add_binding_rule(&of("a", NOW))?;
        assert!(store.delete_trusted_issuer(&"ci".parse().unwrap())?);
        assert!(!store.delete_trusted_issuer(&"ci".parse().unwrap())?);
        assert_eq!(store.reference_token(&digest(1))?, None);
        assert_eq!(store.binding_rules()?, []);
        Ok(())
    });
}

on_both_databases!(
    issuers_and_rules_read_as_they_were_written,
    a_taken_name_is_a_conflict,
    roles_and_policies_are_declared_apart,
    a_reference_token_ends_once_and_goes_with_its_issuer,
);
