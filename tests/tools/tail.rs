//! `tail`, of files that do not change

use std::fs;

use crate::Pair;
use crate::common::set_mode;

const FILES: [&str; 8] = [
    "long", "unended", "short", "empty", "zeros", "newlines", "one", "exact",
];

fn files() -> Option<Pair> {
    let pair = Pair::new("tail")?;
    let dir = &pair.dir;
    let long: String = (0..30_000).map(|number| format!("{number}\n")).collect();
    dir.file("long", &long);
    dir.file("unended", long + "no end");
    dir.file("short", "a\nb\nno end");
    dir.file("empty", "");
    dir.file("zeros", vec![0; 150_000]);
    dir.file("newlines", "\n".repeat(150_000));
    dir.file("one", "x".repeat(70_000));
    // The size of the blocks in which the example reads.
    dir.file("exact", "1234567\n".repeat(65_536 / 8));
    fs::create_dir(dir.join("dir")).unwrap();
    Some(pair)
}

#[test]
fn tail_of_files() {
    let Some(pair) = files() else { return };
    for file in FILES {
        for option in [
            "-q",
            "-v",
            "-n0",
            "-n1",
            "-n-3",
            "-n20000",
            "-n29999",
            "-n30000",
            "-n200000",
            "-n+0",
            "-n+1",
            "-n+3",
            "-n+20000",
            "-n+999999",
            "-c0",
            "-c1",
            "-c65536",
            "-c65537",
            "-c999999",
            "-c+1",
            "-c+5",
            "-c+70000",
            "-c+9999999",
        ] {
            pair.compare(&[option, file]);
        }
    }
}

#[test]
fn tail_of_standard_input() {
    let Some(pair) = files() else { return };
    for file in FILES {
        for option in ["-q", "-n0", "-n1", "-n20000", "-n+3", "-c65537", "-c+70000"] {
            pair.compare_redirected(&[option], file);
            pair.compare_piped(&[option, "-"], file);
        }
    }
    pair.compare_redirected(&["-v", "short", "-"], "long");
    pair.compare_piped(&["-f"], "short");
}

#[test]
fn tail_of_several_files() {
    let Some(pair) = files() else { return };
    pair.compare(&["long", "short", "empty", "missing", "dir", "short"]);
    for options in ["-n0", "-n2", "-qn2", "-vn2", "-n+29990"] {
        pair.compare(&[options, "long", "empty", "missing", "short"]);
    }
}

#[test]
fn tail_errors() {
    let Some(pair) = files() else { return };
    for args in [
        ["-n1", "missing"],
        ["-n1", "dir"],
        ["-c1", "dir"],
        ["-n+1", "dir"],
        ["-f", "missing"],
    ] {
        pair.compare(&args);
    }
    for args in [
        ["-nx", "short"],
        ["-c-x", "short"],
        ["-s-1", "short"],
        ["--nothing", "short"],
    ] {
        pair.compare_codes(&args);
    }
    pair.compare_full(&["short"]);
}

#[test]
fn tail_of_unreadable_files() {
    let Some(pair) = files() else { return };
    set_mode(pair.dir.join("short"), 0);
    pair.compare_unprivileged(&["short"]);
    pair.compare_unprivileged(&["-n1", "long", "short", "empty"]);
}

#[test]
fn tail_of_special_files() {
    let Some(pair) = files() else { return };
    pair.compare(&["-n3", "/dev/null"]);
    #[cfg(target_os = "linux")]
    for option in ["-n3", "-n+3", "-c20", "-c+20"] {
        // It has contents, but no length.
        pair.compare(&[option, "/proc/version"]);
    }
}

#[test]
fn tail_ends_with_its_reader() {
    let Some(pair) = files() else { return };
    pair.compare_broken_pipe(&["-n+1", "long"]);
}
