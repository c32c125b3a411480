//! The catalogue of refusals: its ids and sentences, and that each entry can be met.

use std::fs;
use std::path::Path;

use issuant::protocol::catalogue::all;

#[test]
fn ids_are_unique_and_ascend() {
    for pair in all().collect::<Vec<_>>().windows(2) {
        assert!(
            pair[0].id < pair[1].id,
            "{} before {}",
            pair[0].id,
            pair[1].id
        );
    }
    for entry in all() {
        let digits = entry.id.strip_prefix('E').expect(entry.id);
        assert!(
            digits.len() == 4 && digits.bytes().all(|it| it.is_ascii_digit()),
            "{}",
            entry.id
        );
    }
}

/// RFC 6749 §5.2 limits the characters of `error_description`.
#[test]
fn sentences_can_travel_in_an_error_description() {
    for entry in all() {
        for text in [entry.sentence, entry.fix] {
            let is_fine = |it: u8| (0x20..=0x7e).contains(&it) && it != b'"' && it != b'\\';
            assert!(text.bytes().all(is_fine), "{}: {text}", entry.id);
            assert!(
                text.len() > 10 && text.ends_with('.'),
                "{}: {text}",
                entry.id
            );
        }
    }
}

/// Tests name the entry they meet by its id, in quotes.
#[test]
fn each_entry_is_met_by_a_test() {
    let mut tests = String::new();
    for folder in ["rules", "http", "journeys", "seeds"].map(|it| format!("tests/it/{it}")) {
        collect(Path::new(&folder), &mut tests);
    }
    let unmet = all().filter(|entry| !tests.contains(&format!("\"{}\"", entry.id)));
    let unmet: Vec<&str> = unmet.map(|entry| entry.id).collect();
    assert!(unmet.is_empty(), "no test meets {unmet:?}");
}

fn collect(folder: &Path, tests: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, tests);
        } else {
            tests.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
