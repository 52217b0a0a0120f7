//! What `pathlib` has and std has not, against the table that `pathlib_vectors.py` writes.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;

use anyfile::{Path, PathError};

const TABLE: &str = include_str!("pathlib_vectors.tsv");

struct Vector {
    line: usize,
    method: &'static str,
    path: Path,
    argument: OsString,
    option: &'static str,
    result: &'static str,
}

fn vectors() -> Vec<Vector> {
    let rows = TABLE
        .lines()
        .enumerate()
        .filter(|(_, row)| !row.starts_with('#'));
    let vectors = rows.map(|(index, row)| {
        let cells: Vec<_> = row.split('\t').collect();
        let [method, path, argument, option, result] = cells[..] else {
            panic!("line {}: {} cells", index + 1, cells.len());
        };
        Vector {
            line: index + 1,
            method,
            path: Path::from(unescape(path)),
            argument: unescape(argument),
            option,
            result,
        }
    });
    vectors.collect()
}

fn unescape(cell: &str) -> OsString {
    let mut bytes = Vec::new();
    let mut rest = cell;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend(before.bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend(rest.bytes());
    OsString::from_vec(bytes)
}

fn escape(text: &OsStr) -> String {
    let escaped = text.as_bytes().iter().map(|&byte| match byte {
        b' '..=b'~' if byte != b'\\' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    });
    escaped.collect()
}

/// What the method answers, written as in the table.
fn ask(vector: &Vector) -> io::Result<String> {
    let (path, argument) = (&vector.path, &vector.argument);
    let text = |text: &OsStr| format!("={}", escape(text));
    // Python shows paths in their normal form.
    let normal = |path: Path| text(&path.as_posix());
    Ok(match (vector.method, vector.option) {
        ("anchor", "") => text(path.anchor()),
        ("as_posix", "") => text(&path.as_posix()),
        ("as_uri", "") => text(path.as_uri()?.as_ref()),
        ("suffixes", "") => {
            let suffixes = path.suffixes();
            format!(
                "[{}",
                suffixes.iter().map(|s| escape(s) + "/").collect::<String>()
            )
        }
        ("with_stem", "") => normal(path.with_stem(argument)?),
        ("relative_to", "") => normal(path.relative_to(argument).get()?),
        ("relative_to", "walk_up") => normal(path.relative_to(argument).walk_up(true).get()?),
        ("full_match", "") => path.full_match(argument).get().to_string(),
        ("full_match", "case_sensitive=0") => path
            .full_match(argument)
            .case_sensitive(false)
            .get()
            .to_string(),
        ("full_match", "case_sensitive=1") => path
            .full_match(argument)
            .case_sensitive(true)
            .get()
            .to_string(),
        ("matches", "") => path.matches(argument).get()?.to_string(),
        ("matches", "case_sensitive=0") => path
            .matches(argument)
            .case_sensitive(false)
            .get()?
            .to_string(),
        ("matches", "case_sensitive=1") => path
            .matches(argument)
            .case_sensitive(true)
            .get()?
            .to_string(),
        ("from_uri", "") => normal(Path::from_uri(path.to_str().unwrap())?),
        (method, option) => panic!("line {}: {method} {option}", vector.line),
    })
}

#[test]
fn every_method_answers_as_pathlib_does() {
    let mut wrong = Vec::new();
    let mut answers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for vector in vectors() {
        let answer = ask(&vector).unwrap_or_else(|error| {
            assert_eq!(
                error.kind(),
                ErrorKind::InvalidInput,
                "line {}",
                vector.line
            );
            let details = PathError::of(&error).expect("a PathError");
            assert_eq!(details.path().as_os_str(), vector.path.as_os_str());
            let two_paths = ["relative_to", "matches"].contains(&vector.method);
            let target = two_paths.then_some(vector.argument.as_os_str());
            assert_eq!(details.target().map(|path| path.as_os_str()), target);
            String::from("error")
        });
        if answer != vector.result {
            let Vector {
                line,
                method,
                path,
                argument,
                option,
                result,
            } = &vector;
            wrong.push(format!(
                "line {line}: {path:?}.{method}({argument:?} {option}) is {answer}, not {result}"
            ));
        }
        answers.entry(vector.method).or_default().insert(answer);
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );

    // The comparison says something about each method only if its answers differ.
    let distinct = |method| answers.get(method).map_or(0, BTreeSet::len);
    for (method, at_least) in [
        ("anchor", 3),
        ("as_posix", 30),
        ("as_uri", 10),
        ("suffixes", 10),
        ("with_stem", 100),
        ("relative_to", 40),
        ("full_match", 2),
        ("matches", 3),
        ("from_uri", 10),
    ] {
        assert!(
            distinct(method) >= at_least,
            "{method}: {} answers",
            distinct(method)
        );
    }
}

#[test]
fn the_table_is_what_the_script_writes() {
    let root = env!("CARGO_MANIFEST_DIR");
    let python = Command::new("python3")
        .arg(format!("{root}/tests/pathlib_vectors.py"))
        .arg("--check")
        .arg(format!("{root}/tests/pathlib_vectors.tsv"))
        // `os.fsencode` is UTF-8 whatever the locale.
        .env("PYTHONUTF8", "1")
        .output();
    match python {
        Err(error) => eprintln!("skipped: python3 does not start: {error}"),
        Ok(output) => {
            let said =
                String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            eprintln!("{said}");
            assert!(output.status.success(), "{said}");
        }
    }
}

#[test]
fn errors_name_both_paths_and_the_reason() {
    let message = |error: io::Error| error.to_string();
    assert_eq!(
        message(Path::new("/a\nb").relative_to("/c").get().unwrap_err()),
        "failed to relate `/a\\nb` to `/c`: the first is not below the second"
    );
    assert_eq!(
        message(
            Path::new("/a")
                .relative_to("b")
                .walk_up(true)
                .get()
                .unwrap_err()
        ),
        "failed to relate `/a` to `b`: they do not begin at the same root"
    );
    assert_eq!(
        message(
            Path::new("a")
                .relative_to("../b")
                .walk_up(true)
                .get()
                .unwrap_err()
        ),
        "failed to relate `a` to `../b`: `..` in the second cannot be walked up"
    );
    assert_eq!(
        message(Path::new("a").matches("").get().unwrap_err()),
        "failed to match `a` to ``: the pattern is empty"
    );
    assert_eq!(
        message(Path::new("/").with_stem("a").unwrap_err()),
        "failed to change stem of `/`: it has no file name"
    );
    assert_eq!(
        message(Path::new("a").with_stem("b/c").unwrap_err()),
        "failed to change stem of `a`: the new name would not be a file name"
    );
    assert_eq!(
        message(Path::new("a").as_uri().unwrap_err()),
        "failed to make URI of `a`: it is not absolute"
    );
    assert_eq!(
        message(Path::from_uri("http://a/b").unwrap_err()),
        "failed to read URI `http://a/b`: it does not begin with `file:`"
    );
    assert_eq!(
        message(Path::from_uri("file://a/b").unwrap_err()),
        "failed to read URI `file://a/b`: it names another host"
    );
    assert_eq!(
        message(Path::from_uri("file:b").unwrap_err()),
        "failed to read URI `file:b`: its path is not absolute"
    );
}

#[test]
fn a_path_survives_the_way_through_its_uri() {
    for byte in 1..=u8::MAX {
        let path = Path::from(OsString::from_vec(vec![b'/', b'a', byte, b'b']));
        let uri = path.as_uri().unwrap();
        assert!(uri.is_ascii());
        assert_eq!(Path::from_uri(&uri).unwrap(), path, "{uri}");
    }
}

#[test]
fn a_path_seen_from_itself_is_a_dot() {
    let here = Path::new("a/b").relative_to("a//b").get().unwrap();
    assert_eq!(here.as_os_str(), ".");
}

#[test]
fn setters_can_be_taken_back() {
    let path = Path::new("a/B");
    assert!(
        path.relative_to("c")
            .walk_up(true)
            .walk_up(false)
            .get()
            .is_err()
    );
    assert!(
        !path
            .full_match("A/b")
            .case_sensitive(false)
            .case_sensitive(true)
            .get()
    );
    assert!(
        !path
            .matches("b")
            .case_sensitive(false)
            .case_sensitive(true)
            .get()
            .unwrap()
    );
}

#[test]
fn a_pattern_of_many_stars_does_not_explode() {
    let name = Path::new("a".repeat(2_000));
    assert!(!name.full_match("*a".repeat(200) + "*b").get());
    let deep: Path = std::iter::repeat_n("a", 2_000).collect();
    assert!(!deep.full_match("**/a/".repeat(100) + "**/b").get());
}
