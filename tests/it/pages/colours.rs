//! Contrast of every pair of colours that the stylesheet puts together (WCAG 2.2, 1.4.3, 1.4.11).

use std::collections::HashMap;

use super::STYLESHEET;

type Theme = HashMap<String, [f64; 3]>;

#[test]
fn text_is_readable_in_both_themes() {
    let pairs = [
        ("ink", "paper"),
        ("ink", "field"),
        ("ink", "tint"),
        ("ink", "alert-paper"),
        ("ink", "warning-paper"),
        ("quiet", "paper"),
        ("accent", "paper"),
        ("accent", "field"),
        ("accent-deep", "paper"),
        ("on-accent", "accent"),
        ("on-accent", "accent-deep"),
        ("alert", "paper"),
        ("alert", "alert-paper"),
        ("paper", "ink"),
        ("on-strip", "strip"),
    ];
    for (theme, colours) in themes() {
        for (front, back) in pairs {
            let contrast = contrast(colours[front], colours[back]);
            assert!(
                contrast >= 4.5,
                "{theme}: {front} on {back} is {contrast:.2}"
            );
        }
    }
}

#[test]
fn edges_and_focus_are_visible_in_both_themes() {
    let pairs = [
        ("edge", "paper"),
        ("edge", "field"),
        ("accent", "paper"),
        ("accent", "tint"),
        ("alert", "field"),
        ("alert", "alert-paper"),
        ("warning", "warning-paper"),
    ];
    for (theme, colours) in themes() {
        for (front, back) in pairs {
            let contrast = contrast(colours[front], colours[back]);
            assert!(
                contrast >= 3.0,
                "{theme}: {front} on {back} is {contrast:.2}"
            );
        }
    }
}

/// The dark theme changes some colours of the light one.
fn themes() -> [(&'static str, Theme); 2] {
    let dark_at = STYLESHEET
        .find("@media (prefers-color-scheme: dark)")
        .expect("a dark theme");
    let dark_to = STYLESHEET
        .find("@media (prefers-contrast: more)")
        .expect("its end");
    let light = colours(&STYLESHEET[..dark_at]);
    let mut dark = light.clone();
    dark.extend(colours(&STYLESHEET[dark_at..dark_to]));
    [("light", light), ("dark", dark)]
}

fn colours(css: &str) -> Theme {
    let mut theme = Theme::new();
    for line in css.lines() {
        let Some((name, value)) = line.trim().split_once(": #") else {
            continue;
        };
        let digits = value.trim_end_matches(';');
        assert_eq!(digits.len(), 6, "{line}");
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
        let colour = [part(0), part(2), part(4)].map(|part| f64::from(part) / 255.0);
        theme.insert(name.trim_start_matches("--").to_owned(), colour);
    }
    theme
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
