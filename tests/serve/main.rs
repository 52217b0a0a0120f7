//! The `serve` example, asked over plain sockets. Bodies are compared with what std reads.
#![cfg(unix)]

mod client;
mod clients;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod http;
mod names;

use std::io::{BufRead, BufReader};
use std::process::Command;

use client::{Server, example};

#[test]
fn the_access_log() {
    let mut server = Server::start_with(&["-v"]);
    server.write("file", "text");
    server.get("/file");
    server.get("/%00");
    let mut stderr = BufReader::new(server.child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.starts_with("127.0.0.1:"), "{line}");
    assert!(line.ends_with("\"GET /file HTTP/1.1\" 200 4\n"), "{line}");
    line.clear();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("\"GET /%00 HTTP/1.1\" 400 "), "{line}");
}

#[test]
fn the_command_line() {
    let run = |args: &[&str]| Command::new(example()).args(args).output().unwrap();
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--port"));
    for args in [
        &["--port", "x"][..],
        &["--unknown"],
        &["a", "b"],
        &["--connections", "0"],
        &["--bind", "nowhere"],
    ] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for args in [
        &["--port", "0", "/no/such/directory"][..],
        &["--port", "0", file],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("serve: "), "{stderr}");
    }
}
