//! Rules that hold for every page, whatever it is filled with, and for the files they need.

mod colours;
pub(crate) mod html;
mod samples;

use html::{Tag, tags, text, text_of};
use samples::{Sample, hostile_text};

const STYLESHEET: &str = include_str!("../../static/issuant.css");
const SCRIPT: &str = include_str!("../../static/issuant.js");
const ICON: &str = include_str!("../../static/icon.svg");

fn on_every_page(check: impl Fn(&Sample)) {
    let samples = samples::all();
    assert!(samples.len() > 30);
    samples.iter().for_each(check);
}

fn page(name: &str) -> String {
    samples::all()
        .into_iter()
        .find(|sample| sample.name == name)
        .expect(name)
        .html
}

fn with_id<'a>(tags: &'a [Tag], id: &str) -> &'a Tag {
    tags.iter()
        .find(|tag| tag.attribute("id") == Some(id))
        .expect(id)
}

#[test]
fn text_from_strangers_never_becomes_markup() {
    let allowed_script = "/assets/issuant-0123456789ab.js";
    on_every_page(|Sample { name, html }| {
        for tag in tags(html) {
            let known = tag.name != "script" || tag.attribute("src") == Some(allowed_script);
            let is_logo = tag.attribute("class") == Some("logo");
            assert!(known && (tag.name != "img" || is_logo), "{name}: {tag:?}");
        }
        assert_eq!(html.matches("</title>").count(), 1, "{name}");
    });
}

#[test]
fn text_from_strangers_is_shown_short_and_in_order() {
    on_every_page(|Sample { name, html }| {
        let shown = text(html);
        let deceptive = |character| "\u{202e}\u{2066}\u{200b}".contains(character);
        assert!(!shown.contains(deceptive), "{name}");
        if name.ends_with("hostile") {
            assert!(shown.contains("<script>alert(1)</script>"), "{name}");
            assert!(!shown.contains(&"W".repeat(290)), "{name}");
            assert!(shown.contains('…'), "{name}");
        }
    });
}

#[test]
fn hidden_fields_keep_what_they_were_given() {
    let tags = tags(&page("login, hostile"));
    for name in ["csrf", "request", "username"] {
        let field = tags
            .iter()
            .find(|tag| tag.attribute("name") == Some(name))
            .expect(name);
        assert_eq!(field.attribute("value"), Some(hostile_text().as_str()));
    }
}

#[test]
fn a_title_names_page_client_and_server() {
    assert_eq!(
        text_of(&page("login, empty"), "title"),
        "Sign in – Example ID"
    );
    assert_eq!(
        text_of(&page("login, full"), "title"),
        "Sign in – Grafana – Example ID"
    );
    assert_eq!(
        text_of(&page("login, wrong"), "title"),
        "Error: Sign in – Grafana – Example ID"
    );
    assert_eq!(
        text_of(&page("consent, full"), "title"),
        "Allow access – Photo Printer – Example ID"
    );
    on_every_page(|Sample { name, html }| {
        assert!(text_of(html, "title").contains(" – "), "{name}");
        assert!(!text_of(html, "h1").is_empty(), "{name}");
    });
}

#[test]
fn every_page_has_one_heading_one_main_part_and_a_way_to_skip_to_it() {
    on_every_page(|Sample { name, html }| {
        let tags = tags(html);
        for element in ["h1", "main", "header", "footer", "title", "body"] {
            assert_eq!(
                tags.iter().filter(|tag| tag.name == element).count(),
                1,
                "{name}: {element}"
            );
        }
        let first_link = tags
            .iter()
            .find(|tag| tag.name == "a")
            .expect("a skip link");
        assert_eq!(first_link.attribute("href"), Some("#main"), "{name}");
        assert_eq!(with_id(&tags, "main").name, "main");
        let root = tags.iter().find(|tag| tag.name == "html").expect("html");
        assert_eq!(root.attribute("lang"), Some("en"));
    });
}

#[test]
fn every_id_is_used_once_and_every_reference_finds_one() {
    on_every_page(|Sample { name, html }| {
        let tags = tags(html);
        let ids: Vec<_> = tags.iter().filter_map(|tag| tag.attribute("id")).collect();
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "{name}: {id} twice");
        }
        for tag in &tags {
            for attribute in [
                "for",
                "aria-labelledby",
                "aria-describedby",
                "aria-controls",
            ] {
                for id in tag
                    .attribute(attribute)
                    .unwrap_or_default()
                    .split_whitespace()
                {
                    assert!(ids.contains(&id), "{name}: {attribute}={id}");
                }
            }
            let link = tag
                .attribute("href")
                .and_then(|href| href.strip_prefix('#'));
            assert!(link.is_none_or(|id| ids.contains(&id)), "{name}: {tag:?}");
        }
    });
}

#[test]
fn elements_are_closed_in_the_order_in_which_they_were_opened() {
    const WITHOUT_END: [&str; 6] = ["!doctype", "meta", "link", "input", "path", "img"];
    on_every_page(|Sample { name, html }| {
        let mut open = Vec::new();
        for tag in tags(html) {
            if let Some(closed) = tag.name.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(closed), "{name}");
            } else if !WITHOUT_END.contains(&tag.name.as_str()) {
                open.push(tag.name);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    });
}

#[test]
fn every_input_has_a_label_and_every_button_says_what_it_does() {
    on_every_page(|Sample { name, html }| {
        let tags = tags(html);
        let hidden = |tag: &Tag| tag.attribute("type") == Some("hidden");
        for input in tags
            .iter()
            .filter(|tag| tag.name == "input" && !hidden(tag))
        {
            let id = input.attribute("id").expect("an id");
            let labels = |tag: &&Tag| tag.name == "label" && tag.attribute("for") == Some(id);
            assert_eq!(tags.iter().filter(labels).count(), 1, "{name}: {id}");
            assert!(input.attribute("autocomplete").is_some(), "{name}: {id}");
            assert!(input.attribute("maxlength").is_none(), "{name}: {id}");
        }
        for button in html.split("<button").skip(1) {
            let inside = button.split("</button>").next().expect("an end");
            assert!(
                !text(&format!("<button{inside}")).trim().is_empty(),
                "{name}"
            );
            assert!(button.contains(" type=\""), "{name}: a button without type");
        }
    });
}

#[test]
fn every_form_posts_and_proves_where_it_came_from() {
    on_every_page(|Sample { name, html }| {
        for form in html.split("<form").skip(1) {
            let form = format!("<form{}", form.split("</form>").next().expect("an end"));
            let tags = tags(&form);
            assert_eq!(tags[0].attribute("method"), Some("post"), "{name}");
            assert!(
                tags[0].attribute("action").is_some_and(|to| !to.is_empty()),
                "{name}"
            );
            // What it holds is proof enough, for the application that it goes to.
            if tags[0].attribute("data-submit-at-once").is_some() {
                continue;
            }
            let csrf = |tag: &&Tag| tag.attribute("name") == Some("csrf");
            assert_eq!(tags.iter().filter(csrf).count(), 1, "{name}: {form}");
        }
    });
}

#[test]
fn nothing_needs_an_exception_in_the_content_security_policy() {
    on_every_page(|Sample { name, html }| {
        for tag in tags(html) {
            assert_ne!(tag.name, "style", "{name}");
            let inline = |attribute: &str| attribute == "style" || attribute.starts_with("on");
            assert!(!tag.attribute_names().any(inline), "{name}: {tag:?}");
            let loads = tag.name == "script" || tag.name == "link";
            let from = tag
                .attribute("src")
                .or(tag.attribute("href"))
                .unwrap_or_default();
            assert!(!loads || from.starts_with("/assets/"), "{name}: {from}");
        }
        assert!(html.contains(".js\" defer></script>"), "{name}");
    });
    for file in [STYLESHEET, SCRIPT] {
        for loaded in [
            "url(",
            "@import",
            "http:",
            "https:",
            "eval(",
            "innerHTML",
            ".style",
        ] {
            assert!(!file.contains(loaded), "{loaded}");
        }
    }
}

#[test]
fn a_page_with_all_its_files_is_light() {
    on_every_page(|Sample { name, html }| {
        let weight = html.len() + STYLESHEET.len() + SCRIPT.len() + ICON.len();
        assert!(weight <= 30_000, "{name}: {weight} bytes");
    });
    assert!(SCRIPT.len() <= 2_000, "{}", SCRIPT.len());
}

#[test]
fn words_blame_nobody() {
    let banned = ["please", "sorry", "oops", "invalid", "illegal", "forbidden"];
    on_every_page(|Sample { name, html }| {
        let read = text(html).to_lowercase();
        for word in read.split(|character: char| !character.is_alphabetic()) {
            assert!(!banned.contains(&word), "{name}: {word}");
        }
    });
}

#[test]
fn password_managers_and_browser_tests_find_the_same_fields_for_ever() {
    let login = tags(&page("login, empty"));
    let username = with_id(&login, "username");
    assert_eq!(username.attribute("name"), Some("username"));
    assert_eq!(
        username.attribute("autocomplete"),
        Some("username webauthn")
    );
    assert_eq!(username.attribute("autocapitalize"), Some("none"));
    assert_eq!(username.attribute("spellcheck"), Some("false"));
    assert!(username.attribute("autofocus").is_some());
    let password = with_id(&login, "password");
    assert_eq!(password.attribute("name"), Some("password"));
    assert_eq!(password.attribute("type"), Some("password"));
    assert_eq!(password.attribute("autocomplete"), Some("current-password"));
    assert_eq!(with_id(&login, "sign-in").attribute("type"), Some("submit"));

    let setup = tags(&page("setup, empty"));
    assert_eq!(
        with_id(&setup, "username").attribute("autocomplete"),
        Some("username")
    );
    assert_eq!(
        with_id(&setup, "email").attribute("autocomplete"),
        Some("email")
    );
    let password = with_id(&setup, "password");
    assert_eq!(password.attribute("autocomplete"), Some("new-password"));
    assert_eq!(password.attribute("minlength"), Some("15"));
    assert_eq!(
        with_id(&setup, "create-administrator").attribute("type"),
        Some("submit")
    );
}

#[test]
fn decisions_have_fixed_names() {
    let consent = tags(&page("consent, full"));
    for (id, value) in [("allow", "allow"), ("deny", "deny")] {
        assert_eq!(with_id(&consent, id).attribute("name"), Some("decision"));
        assert_eq!(with_id(&consent, id).attribute("value"), Some(value));
    }
    let logout = tags(&page("logout, full"));
    for (id, value) in [("confirm-sign-out", "sign-out"), ("stay", "stay")] {
        assert_eq!(with_id(&logout, id).attribute("name"), Some("decision"));
        assert_eq!(with_id(&logout, id).attribute("value"), Some(value));
    }
}

#[test]
fn an_error_is_told_at_the_top_at_the_field_and_in_the_title() {
    let html = page("setup, full");
    let tags = tags(&html);
    assert!(text_of(&html, "title").starts_with("Error: "));
    let summary = with_id(&tags, "problem");
    assert_eq!(summary.attribute("role"), Some("alert"));
    assert!(summary.attribute("autofocus").is_some());
    assert_eq!(
        tags.iter()
            .filter(|tag| tag.attribute("autofocus").is_some())
            .count(),
        1
    );
    for field in ["email", "password"] {
        let link = format!("#{field}");
        assert!(
            tags.iter()
                .any(|tag| tag.attribute("href") == Some(link.as_str()))
        );
        let input = with_id(&tags, field);
        assert_eq!(input.attribute("aria-invalid"), Some("true"));
        let described = input.attribute("aria-describedby").expect("a description");
        assert!(described.contains(&format!("{field}-error")));
    }
    assert_eq!(
        text(&html)
            .matches("Choose a password of at least 15 characters.")
            .count(),
        2
    );
    assert_eq!(with_id(&tags, "username").attribute("value"), Some("maya"));
    assert_eq!(with_id(&tags, "username").attribute("aria-invalid"), None);
    assert_eq!(with_id(&tags, "password").attribute("value"), None);
}

#[test]
fn consent_answers_its_questions_in_order() {
    let read = text(&page("consent, full"));
    let answers = [
        "wants to access your account",
        "photos.example.net",
        "maya@example.com",
        "See your name and picture",
        "Change your photo albums",
        "Keep this access until you remove it",
        "http://127.0.0.1",
        "a program on this device",
        "90 days at most",
        "Cancel",
        "Allow",
    ];
    let body = read.split_once("Skip to").expect("a body").1;
    let positions: Vec<_> = answers
        .map(|answer| body.find(answer).expect(answer))
        .to_vec();
    assert!(positions.is_sorted(), "{positions:?}");
    assert!(!text(&page("consent, empty")).contains("When you are away"));
}

#[test]
fn an_account_page_offers_only_what_can_be_done() {
    let alone = page("account, empty");
    assert!(!alone.contains("/account/sessions/end"));
    assert!(text(&alone).contains("No app has access"));
    let full = page("account, full");
    assert_eq!(full.matches("action=\"/account/sessions/end\"").count(), 2);
    assert_eq!(
        full.matches("action=\"/account/sessions/end-others\"")
            .count(),
        1
    );
    assert_eq!(full.matches("action=\"/account/apps/revoke\"").count(), 2);
}

#[test]
fn development_mode_is_said_on_the_page() {
    assert!(text(&page("login, full")).contains("Do not expose this server"));
    assert!(!text(&page("login, empty")).contains("Do not expose this server"));
}
