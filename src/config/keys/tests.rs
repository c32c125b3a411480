//! That the table of settings is whole, and that the README shows it.

use super::names::OTHER_NAMES;
use super::*;

#[test]
fn each_other_name_means_an_existing_setting() {
    for (other, name) in OTHER_NAMES {
        assert!(find(name).is_some(), "{other} -> {name}");
        assert!(find(other).is_none(), "{other} is a setting itself");
    }
}

#[test]
fn variables_differ() {
    let mut variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), KEYS.len());
}

#[test]
fn nearest_names() {
    for (typed, name) in [
        ("publc_url", "issuer"),
        ("isuer", "issuer"),
        ("acces_token", "lifetimes.access_token"),
        ("lifetimes.acess_token", "lifetimes.access_token"),
        ("trusted-proxies", "trusted_proxies"),
        ("PORT", "listen"),
    ] {
        assert_eq!(nearest(typed).map(|key| key.name), Some(name), "{typed}");
    }
    assert!(nearest("xyzzy_quux").is_none());
    assert_eq!(nearest_table("lifetime"), Some("lifetimes"));
}

#[test]
fn the_readme_shows_every_setting_as_it_is() {
    let readme = include_str!("../../../README.md");
    let section = readme.split("\n## Settings\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let shown: Vec<&str> = section.lines().filter(|it| it.starts_with("| `")).collect();
    let row = |key: &Key| {
        let default = match key.default {
            "" => "–".to_owned(),
            default => format!("`{default}`"),
        };
        format!("| `{}` | {default} | {} |", key.name, key.help)
    };
    let rows: Vec<String> = KEYS.iter().map(row).collect();
    assert_eq!(shown, rows, "bring the table in README.md up to date");
}
