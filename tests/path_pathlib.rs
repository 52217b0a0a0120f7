//! Methods that `pathlib` has and std has not, against the table that `pathlib_vectors.py` writes.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::{Command, Stdio};
use std::thread;

mod common;

use anyfile::{Path, PathError, Pattern};

use common::storm;

const TABLE: &str = include_str!("pathlib_vectors.tsv");

/// The parts of random paths and patterns, and the candidates for new names and stems.
const NAMES: &[&[u8]] = &[
    b"a",
    b"b",
    b"ab",
    b"A",
    b".a",
    b"a.",
    b"a.b",
    b"a.b.c",
    b"..a",
    b"a..b",
    b"...",
    b"..",
    b".",
    b"",
    b"\xC3\xA9",
    b"\xC3\x89.b",
    b"\xFF",
    b"a b",
    b"a%",
    b"~",
    b"[a]",
    b"*",
    b"-",
];

const PATTERNS: &[&[u8]] = &[
    b"a",
    b"b",
    b"*",
    b"**",
    b"?",
    b"a*",
    b"*b",
    b"*.*",
    b"**b",
    b"[ab]",
    b"[!a]",
    b"[a-c]*",
    b"[",
    b"[]a]",
    b"..",
    b".",
    b"",
    b"\xC3\xA9",
    b"?\xFF",
    b"[\xC3\xA9]*",
    b"[[]a]",
    b"A",
    b".*",
    b"*.b",
];

/// The candidates for the text after the dot of a new suffix.
const SUFFIXES: &[&[u8]] = &[b"", b"c", b"c.d", b".", b"c.", b"/", b"\xC3\xA9", b"\xFF"];

struct Vector {
    line: usize,
    method: &'static str,
    path: Path,
    argument: OsString,
    option: &'static str,
    result: &'static str,
}

impl Vector {
    /// Returns the row of the table, without the result.
    fn question(&self) -> String {
        let (path, argument) = (escape(self.path.as_os_str()), escape(&self.argument));
        [self.method, &path, &argument, self.option].join("\t")
    }
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

/// Compiles the pattern with the option from the table.
fn pattern(text: &OsStr, option: &str) -> io::Result<Pattern> {
    let pattern = Pattern::new(text)?;
    Ok(match option {
        "" => pattern,
        "case_sensitive=0" => pattern.case_sensitive(false),
        "case_sensitive=1" => pattern.case_sensitive(true),
        _ => panic!("{option}"),
    })
}

/// Returns the answer of a compiled pattern. Without an option, checks that the path's method agrees.
fn matches(path: &Path, text: &OsStr, option: &str) -> io::Result<bool> {
    let answer = pattern(text, option).map(|pattern| pattern.matches(path));
    let ours = answer.as_ref().is_ok_and(|&answer| answer);
    assert!(!option.is_empty() || path.matches(text) == ours);
    answer
}

/// As [`matches`], for `full_match`.
fn full_match(path: &Path, text: &OsStr, option: &str) -> bool {
    let Ok(pattern) = pattern(text, option) else {
        return path.full_match(text);
    };
    let answer = pattern.full_match(path);
    assert!(!option.is_empty() || path.full_match(text) == answer);
    answer
}

/// Calls the method, and returns its answer in the form of the table, which has the names of `pathlib`.
fn ask(vector: &Vector) -> io::Result<String> {
    let (path, argument) = (&vector.path, &vector.argument);
    let text = |text: &OsStr| format!("={}", escape(text));
    // Python shows paths in their normal form.
    let normal = |path: Path| text(&path.to_posix());
    Ok(match (vector.method, vector.option) {
        ("anchor", "") => text(path.anchor()),
        ("as_posix", "") => text(&path.to_posix()),
        ("as_uri", "") => text(path.to_uri()?.as_ref()),
        ("suffixes", "") => {
            let suffixes = path.suffixes();
            format!(
                "[{}",
                suffixes.iter().map(|s| escape(s) + "/").collect::<String>()
            )
        }
        ("with_name", "") => normal(path.with_name(argument)?),
        ("with_stem", "") => normal(path.with_stem(argument)?),
        ("with_suffix", "") => normal(path.with_suffix(argument)?),
        ("relative_to", "") => normal(path.relative_to(argument)?),
        ("relative_to", "walk_up") => normal(path.relative_to_walk_up(argument)?),
        ("is_relative_to", "") => path.is_relative_to(argument).to_string(),
        ("full_match", option) => full_match(path, argument, option).to_string(),
        ("matches", option) => matches(path, argument, option)?.to_string(),
        ("from_uri", "") => normal(Path::from_uri(path.to_str().unwrap())?),
        (method, option) => panic!("line {}: {method} {option}", vector.line),
    })
}

/// As [`ask`], with an error as in the table.
fn answer(vector: &Vector) -> String {
    let (path, argument) = (vector.path.as_os_str(), vector.argument.as_os_str());
    let (path, target) = match vector.method {
        "matches" => (argument, None),
        "relative_to" => (path, Some(argument)),
        _ => (path, None),
    };
    ask(vector).unwrap_or_else(|error| {
        let line = vector.line;
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "line {line}");
        let details = PathError::of(&error).expect("a PathError");
        assert_eq!(details.path().as_os_str(), path);
        assert_eq!(details.target().map(|path| path.as_os_str()), target);
        String::from("error")
    })
}

#[test]
fn every_method_answers_as_pathlib_does() {
    let mut wrong = Vec::new();
    let mut answers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for vector in vectors() {
        let answer = answer(&vector);
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

    // The comparison of a method is vacuous unless its answers differ.
    let distinct = |method| answers.get(method).map_or(0, BTreeSet::len);
    for (method, at_least) in [
        ("anchor", 3),
        ("as_posix", 30),
        ("as_uri", 10),
        ("suffixes", 10),
        ("with_name", 80),
        ("with_stem", 100),
        ("with_suffix", 100),
        ("relative_to", 40),
        ("is_relative_to", 2),
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

/// Runs the script with this input, and returns its output. Prints a line if Python does not start.
fn python(arguments: &[&str], input: String) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pathlib_vectors.py");
    let child = Command::new("python3")
        .args([&[script], arguments].concat())
        // `os.fsencode` is UTF-8 whatever the locale.
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            println!("skipped: python3 does not start: {error}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    // The script answers while it reads.
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("what python3 says");
    writer.join().expect("the writer").expect("all questions");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(String::from_utf8(output.stdout).expect("ASCII"))
}

#[test]
fn the_table_is_what_the_script_writes() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pathlib_vectors.tsv");
    if let Some(said) = python(&["--check", table], String::new()) {
        println!("{said}");
    }
}

/// For each letter and range of letters, the letters that Python finds in it: `pathlib` gives sets to `re`.
/// A range from below U+10000 to above is left out: there, `re` also takes `ŉ` for an apostrophe.
const LETTERS: &str = r#"
import random, re
letters = "".join(c for c in map(chr, range(0x20000)) if c.lower() != c or c.upper() != c)
random.seed(12)
ranges = ["-".join(sorted(random.sample(letters, 2))) for _ in range(100)]
near = [letters[i] + "-" + letters[i + random.randint(1, 9)] for i in range(0, len(letters) - 9, 20)]
print(letters)
for member in [*letters, *ranges, *near]:
    if (member[0] < "\U00010000") == (member[-1] < "\U00010000"):
        print(member, "".join(re.findall(f"[{member}]", letters, re.IGNORECASE)))
"#;

#[test]
fn letters_have_no_case_in_sets_either() {
    let any_case = |text: &str| Pattern::new(text).unwrap().case_sensitive(false);
    let sigma = |text| any_case(text).full_match("σ");
    assert!(sigma("[ς]") && sigma("[Σ]") && sigma("[ς-ς]") && !sigma("[!ς]"));
    let python = Command::new("python3")
        .args(["-c", LETTERS])
        .env("PYTHONUTF8", "1")
        .output();
    let Ok(output) = python else {
        return println!("skipped: python3 does not start");
    };
    let table = String::from_utf8(output.stdout).unwrap();
    let mut rows = table.lines();
    let letters = rows.next().expect("all letters");
    let mut found = 0;
    for (number, row) in rows.enumerate() {
        let (member, same) = row.split_once(' ').unwrap();
        // There are many others, and each is compared with each, so only some are used.
        let others = letters.chars().skip(number % 20).step_by(20);
        let others: String = others.filter(|&c| !same.contains(c)).collect();
        let all = |names: &str, letter: String| {
            let pattern = any_case(&letter.repeat(names.chars().count()));
            pattern.full_match(names)
        };
        assert!(all(same, format!("[{member}]")), "{row}");
        assert!(all(&others, format!("[!{member}]")), "{row}");
        if !member.contains('-') {
            assert!(all(same, member.to_owned()), "{row}");
        }
        found += same.chars().count();
    }
    println!("{found} pairs of letters and sets");
    assert!(found > 50_000);
}

/// Returns random questions, which are the same each time unless `ANYFILE_SEED` is set.
fn questions(count: usize) -> Vec<Vector> {
    let seed = std::env::var("ANYFILE_SEED").ok();
    let seed: u64 = seed.and_then(|seed| seed.parse().ok()).unwrap_or(0);
    println!("ANYFILE_SEED={seed}");
    let mut state = seed.wrapping_mul(2) + 1;
    let mut below = move |end: usize| {
        // The upper half of a linear congruential generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    let mut question = |line| {
        let mut text = |parts: &[&[u8]], most| {
            let root = ["", "", "", "/", "//", "///"][below(6)].as_bytes().to_vec();
            let parts: Vec<_> = (0..below(most))
                .map(|_| parts[below(parts.len())])
                .collect();
            OsString::from_vec([root, parts.join(&b'/')].concat())
        };
        let path = text(NAMES, 6);
        let (names, pattern) = (text(NAMES, 4), text(PATTERNS, 5));
        let suffix = [b".", SUFFIXES[below(SUFFIXES.len())]].concat();
        let suffix = OsString::from_vec(suffix[below(2)..].to_vec());
        let case = ["", "case_sensitive=0", "case_sensitive=1"][below(3)];
        let walk_up = ["", "walk_up"][below(2)];
        let (method, argument, option) = match below(16) {
            0 => ("anchor", OsString::new(), ""),
            1 => ("as_posix", OsString::new(), ""),
            2 => ("as_uri", OsString::new(), ""),
            3 => ("suffixes", OsString::new(), ""),
            4 => ("with_stem", names, ""),
            5 => ("with_name", names, ""),
            6 => ("with_suffix", suffix, ""),
            7..9 => ("is_relative_to", names, ""),
            9..12 => ("relative_to", names, walk_up),
            12..14 => ("full_match", pattern, case),
            _ => ("matches", pattern, case),
        };
        Vector {
            line,
            method,
            path: Path::from(path),
            argument,
            option,
            result: "",
        }
    };
    (0..count).map(&mut question).collect()
}

#[test]
fn random_questions_are_answered_as_pathlib_does() {
    let questions = questions(4_000 * storm());
    let input: Vec<_> = questions.iter().map(Vector::question).collect();
    let Some(output) = python(&["--ask"], input.join("\n")) else {
        return;
    };
    let mut answers = output.lines();
    let version = answers.next().expect("a version");
    let mut asked = 0;
    for (vector, theirs) in questions.iter().zip(answers) {
        let ours = format!("{}\t{}", vector.question(), answer(vector));
        if !theirs.is_empty() {
            assert_eq!(ours, theirs);
            asked += 1;
        }
    }
    println!(
        "{asked} of {} questions are answered by {version}",
        questions.len()
    );
    assert!(asked > questions.len() / 3);
}

#[test]
fn errors_name_both_paths_and_the_reason() {
    let message = |error: io::Error| error.to_string();
    assert_eq!(
        message(Path::new("/a\nb").relative_to("/c").unwrap_err()),
        "failed to relate `/a\\nb` to `/c`: the first path is not below the second"
    );
    assert_eq!(
        message(Path::new("/a").relative_to_walk_up("b").unwrap_err()),
        "failed to relate `/a` to `b`: the paths have different anchors"
    );
    assert_eq!(
        message(Path::new("a").relative_to_walk_up("../b").unwrap_err()),
        "failed to relate `a` to `../b`: the second path contains a `..` that cannot be walked up"
    );
    assert_eq!(
        message(Path::new("").with_name("a").unwrap_err()),
        "failed to change name of ``: the path has no file name"
    );
    assert_eq!(
        message(Path::new("a").with_name("b/c").unwrap_err()),
        "failed to change name of `a`: the new name is not a valid file name"
    );
    assert_eq!(
        message(Path::new("a.b").with_suffix("c").unwrap_err()),
        "failed to change suffix of `a.b`: the suffix does not begin with a dot"
    );
    assert_eq!(
        message(Path::new("/").with_stem("a").unwrap_err()),
        "failed to change stem of `/`: the path has no file name"
    );
    assert_eq!(
        message(Path::new("a").with_stem("b/c").unwrap_err()),
        "failed to change stem of `a`: the new name is not a valid file name"
    );
    assert_eq!(
        message(Path::new("a").to_uri().unwrap_err()),
        "failed to create URI of `a`: the path is not absolute"
    );
    assert_eq!(
        message(Path::from_uri("http://a/b").unwrap_err()),
        "failed to parse URI `http://a/b`: the URI does not begin with `file:`"
    );
    assert_eq!(
        message(Path::from_uri("file://a/b").unwrap_err()),
        "failed to parse URI `file://a/b`: the URI names another host"
    );
    assert_eq!(
        message(Path::from_uri("file:b").unwrap_err()),
        "failed to parse URI `file:b`: the path of the URI is not absolute"
    );
}

#[test]
fn a_path_survives_the_way_through_its_uri() {
    for byte in 1..=u8::MAX {
        let path = Path::from(OsString::from_vec(vec![b'/', b'a', byte, b'b']));
        let uri = path.to_uri().unwrap();
        assert!(uri.is_ascii());
        assert_eq!(Path::from_uri(&uri).unwrap(), path, "{uri}");
    }
}

#[test]
fn a_path_seen_from_itself_is_a_dot() {
    let here = Path::new("a/b").relative_to("a//b").unwrap();
    assert_eq!(here.as_os_str(), ".");
}

#[test]
fn a_pattern_of_many_stars_does_not_explode() {
    let name = Path::new("a".repeat(2_000));
    assert!(!name.full_match("*a".repeat(200) + "*b"));
    let deep: Path = std::iter::repeat_n("a", 2_000).collect();
    assert!(!deep.full_match("**/a/".repeat(100) + "**/b"));
}
