//! Laws that hold for every input (random ones are tried).

use issuant::protocol::params::Params;
use issuant::protocol::redirect_uri::RegisteredRedirectUri;
use issuant::protocol::scope::Scope;
use proptest::prelude::*;

/// Addresses that look like a registered one, with the tricks of many years.
fn lookalike() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec!["https://", "http://", "https:/", "//", "HTTPS://", ""]);
    let user = prop::sample::select(vec!["", "", "app.example@", "app.example:80@", "a:b@"]);
    let host = prop::sample::select(vec![
        "app.example",
        "127.0.0.1",
        "[::1]",
        "evil.example",
        "app.example.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "[::1]@evil.example",
        "localhost",
        "2130706433",
    ]);
    let port = prop::sample::select(vec![
        "",
        "",
        ":80",
        ":8080",
        ":",
        ":99999",
        ":80@evil.example",
    ]);
    let rest = prop::sample::select(vec![
        "/cb",
        "/cb",
        "",
        "/",
        "\\@evil.example/cb",
        "?x",
        "#x",
    ]);
    (scheme, user, host, port, rest)
        .prop_map(|(scheme, user, host, port, rest)| format!("{scheme}{user}{host}{port}{rest}"))
}

fn registered() -> impl Strategy<Value = RegisteredRedirectUri> {
    prop::sample::select(vec![
        "https://app.example/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000/cb",
        "com.example.app:/cb",
    ])
    .prop_map(|text| text.parse().unwrap())
}

fn scope() -> impl Strategy<Value = Scope> {
    "[a-d ]{0,8}".prop_map(|text| text.parse().unwrap())
}

proptest! {
    #[test]
    fn a_match_never_leads_to_another_host(uri in registered(), received in lookalike()) {
        if uri.matches(&received) {
            let (one, other) = (url::Url::parse(uri.as_str()).unwrap(), url::Url::parse(&received).unwrap());
            prop_assert_eq!(one.scheme(), other.scheme());
            prop_assert_eq!(one.host_str(), other.host_str());
            prop_assert_eq!(one.path(), other.path());
            prop_assert_eq!(one.query(), other.query());
            prop_assert!(other.username().is_empty() && other.fragment().is_none());
        }
    }

    #[test]
    fn a_match_of_any_text_keeps_the_host(uri in registered(), tail in "\\PC{0,20}") {
        let received = format!("{}{tail}", uri.as_str());
        if uri.matches(&received) {
            prop_assert!(tail.is_empty(), "{received}");
        }
    }

    #[test]
    fn parameters_survive_encoding(pairs in prop::collection::btree_map("[a-z]{1,5}", "[^\u{0}]{0,12}", 0..10)) {
        let mut encoded = url::form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(&pairs);
        let encoded = encoded.finish();
        let params = Params::parse(encoded.as_bytes()).unwrap();
        for (name, value) in &pairs {
            prop_assert_eq!(params.find(name), (!value.is_empty()).then_some(value.as_str()));
        }
    }

    #[test]
    fn no_bytes_make_the_reader_of_parameters_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(params) = Params::parse(&bytes) {
            for (name, value) in params.iter() {
                prop_assert_eq!(params.find(name), Some(value));
            }
        }
    }

    #[test]
    fn scopes_are_sets(a in scope(), b in scope(), c in scope()) {
        let (union, intersection) = (a.union(&b), a.intersection(&b));
        prop_assert_eq!(&union, &b.union(&a));
        prop_assert_eq!(&intersection, &b.intersection(&a));
        prop_assert!(a.is_within(&union) && intersection.is_within(&a));
        prop_assert_eq!(a.is_within(&b), union == b);
        prop_assert_eq!(a.is_within(&b), intersection == a);
        prop_assert!(!(a.is_within(&b) && b.is_within(&c)) || a.is_within(&c));
        prop_assert_eq!(a.to_string().parse::<Scope>().unwrap(), a);
    }
}
