//! What the README shows is run: each of its blocks that is fenced with ```` ```sh test ````.
//!
//! All blocks run in one temporary directory, in order, with this build's `issuant` in the path. `localhost:4343` is
//! a server of `issuant dev` that this test starts, whatever its real port.

use std::path::Path;
use std::process::Command;

use crate::support::server_process::DevServer;

const ADDRESS: &str = "localhost:4343";

#[test]
fn the_commands_of_the_readme_work() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "the README has no block `sh test`");
    let server = DevServer::start("");
    let address = server.issuer().trim_start_matches("http://");
    for block in blocks {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c"])
            .arg(block.replace(ADDRESS, address))
            .current_dir(server.directory())
            .env_clear()
            .env("HOME", server.directory())
            .env("PATH", path())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{stdout}{stderr}");
    }
}

#[test]
fn only_marked_blocks_of_the_readme_are_commands() {
    let text = "```sh test\nfirst\nsecond\n```\n```sh\nnot this\n```\n   ```sh test\n   indented\n   ```\n";
    assert_eq!(blocks(text), ["first\nsecond\n", "indented\n"]);
}

/// The contents of the fenced blocks whose info string is `sh test`.
fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in markdown.lines() {
        let line = line.trim_start();
        match &mut open {
            None if line == "```sh test" => open = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    blocks
}

/// The folder of the binary, and the system's.
fn path() -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_issuant"));
    format!("{}:/usr/bin:/bin", binary.parent().unwrap().display())
}
