//! What can be known of the command line without running it.

use clap::{Command, CommandFactory};

use super::Arguments;
use super::exit::Exit;

#[test]
fn the_definition_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn each_command_has_examples_and_each_example_is_understood() {
    let mut count = 0;
    for (name, help) in helps(&mut Arguments::command(), "issuant") {
        let examples: Vec<&str> = help
            .lines()
            .skip_while(|line| *line != "Examples:")
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .map(str::trim)
            .collect();
        assert!(!examples.is_empty(), "{name} has no examples:\n{help}");
        for example in examples {
            let words = words(example);
            assert_eq!(words[0], "issuant", "{example}");
            if let Err(error) = Arguments::command().try_get_matches_from(words) {
                panic!("{name}: {example}: {error}");
            }
            count += 1;
        }
    }
    assert!(count > 40);
}

#[test]
fn no_flag_takes_a_secret_as_its_value() {
    for (name, help) in helps(&mut Arguments::command(), "issuant") {
        for flag in ["--password ", "--secret ", "--password <", "--secret <"] {
            assert!(!help.contains(flag), "{name}: {flag}");
        }
    }
}

#[test]
fn the_readme_shows_every_exit_code() {
    let readme = include_str!("../../README.md");
    for exit in Exit::ALL {
        let row = format!("\n| {} | {} |\n", exit.number(), exit.meaning());
        assert!(readme.contains(&row), "README.md lacks {row}");
    }
}

/// The long help of each command, and its name.
fn helps(command: &mut Command, name: &str) -> Vec<(String, String)> {
    command.build();
    let mut all = vec![(name.to_owned(), command.render_long_help().to_string())];
    for inner in command.get_subcommands_mut() {
        let name = format!("{name} {}", inner.get_name());
        all.extend(helps(inner, &name));
    }
    all
}

/// Words as a shell cuts them, up to a redirection.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            '<' | '>' | '|' if !quoted => break,
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
