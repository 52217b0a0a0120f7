//! The pure methods, each against `std::path::Path`'s on a corpus of paths and on all pairs of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::panic;
use std::path::{Path as StdPath, PathBuf};

use anyfile::Path;

/// Returns names with dots at every place, joined to paths in every way.
fn corpus() -> Vec<PathBuf> {
    let names = [
        "a",
        ".",
        "..",
        "...",
        "....",
        ".a",
        "..a",
        "...a",
        "a.",
        "a..",
        "a...",
        "a.b",
        ".a.b",
        "..a.b",
        "a.b.",
        "a..b",
        "a.b.c",
        ".a.b.c",
        "a.b/c.d",
        "a b",
        " ",
        " .a b. c",
        "a\nb.\nc",
        "é",
        "é.ü",
        "日本.語",
        "🦀.🦀.🦀",
        "e\u{301}.x",
        "C:",
        "c:a",
        "\\",
        "a\\b.c",
        "*?[",
        "~",
        "%20",
    ];
    let mut paths: Vec<PathBuf> = [
        "", "/", "//", "///", "/.", "/..", "//a//b//", "a/../b", "../..", "./../a",
    ]
    .map(PathBuf::from)
    .into();
    for name in names {
        for (before, after) in [
            ("", ""),
            ("/", ""),
            ("//", "/"),
            ("./", "/."),
            ("a/", "//"),
            ("../", "/.."),
            ("/a.b/", ""),
        ] {
            paths.push(format!("{before}{name}{after}").into());
        }
    }
    paths.push("x".repeat(5_000).into());
    paths.push("a/".repeat(2_000).into());
    paths.push(format!("{}y", "x.".repeat(1_000)).into());
    paths.extend(not_unicode().into_iter().map(PathBuf::from));
    paths
}

#[cfg(unix)]
fn not_unicode() -> Vec<OsString> {
    use std::os::unix::ffi::OsStringExt;

    let names: [&[u8]; 7] = [
        b"\xFF",
        b"\xFF.\xFE",
        b"/\xFF/a.\xFE",
        b".\xC3.a",
        b"a.\xA9.b/",
        b"..\xFF.",
        b"\xF0\x9F.\xA6\x80",
    ];
    names.map(|name| OsString::from_vec(name.to_vec())).into()
}

#[cfg(windows)]
fn not_unicode() -> Vec<OsString> {
    use std::os::windows::ffi::OsStringExt;

    [[0xD800, 0x2E, 0x61], [0x61, 0x2E, 0xDC00]]
        .map(|name| OsString::from_wide(&name))
        .into()
}

#[cfg(not(any(unix, windows)))]
fn not_unicode() -> Vec<OsString> {
    Vec::new()
}

/// The different answers of each method: if all were equal, the comparison would be vacuous.
#[derive(Default)]
struct Answers(BTreeMap<&'static str, BTreeSet<String>>);

impl Answers {
    fn same<T: Debug + PartialEq>(
        &mut self,
        method: &'static str,
        of: &dyn Debug,
        ours: T,
        std: T,
    ) {
        assert_eq!(ours, std, "{method} of {of:?}");
        self.0
            .entry(method)
            .or_default()
            .insert(format!("{ours:?}"));
    }

    fn differ(&self, expected: &[(&str, usize)]) {
        assert_eq!(
            self.0.len(),
            expected.len(),
            "a method without a guard: {:?}",
            self.0.keys()
        );
        for &(method, at_least) in expected {
            let distinct = self.0[method].len();
            assert!(
                distinct >= at_least,
                "{method} gave only {distinct} different answers"
            );
        }
    }
}

/// Returns the text of a path, since paths are equal to some that are written differently.
fn text(path: impl Into<OsString>) -> OsString {
    path.into()
}

fn texts<P: Into<OsString>>(paths: impl IntoIterator<Item = P>) -> Vec<OsString> {
    paths.into_iter().map(Into::into).collect()
}

#[test]
fn methods_of_one_path() {
    let mut answers = Answers::default();
    for std in &corpus() {
        let ours = &Path::new(std);
        macro_rules! same {
            ($($method:ident),+) => {
                $(same!($method, ours.$method(), std.$method());)+
            };
            ($method:ident, $ours:expr, $std:expr) => {
                answers.same(stringify!($method), std, format!("{:?}", $ours), format!("{:?}", $std))
            };
        }
        same!(
            as_os_str,
            to_str,
            to_string_lossy,
            file_name,
            file_stem,
            extension
        );
        same!(components, iter, is_absolute, is_relative, has_root);
        same!(as_std_path, text(ours.as_std_path()), text(std));
        same!(into_os_string, ours.clone().into_os_string(), text(std));
        same!(
            display,
            format!("{:>9}", ours.display()),
            format!("{:>9}", std.display())
        );
        same!(debug, format!("{ours:#?}"), format!("{std:#?}"));
        same!(parent, ours.parent().map(text), std.parent().map(text));
        same!(ancestors, texts(ours.ancestors()), texts(std.ancestors()));
    }
    answers.differ(&[
        ("as_os_str", 200),
        ("as_std_path", 200),
        ("into_os_string", 200),
        ("to_str", 200),
        ("to_string_lossy", 200),
        ("display", 200),
        ("debug", 200),
        ("file_name", 35),
        ("file_stem", 25),
        ("extension", 12),
        ("parent", 20),
        ("ancestors", 200),
        ("components", 100),
        ("iter", 100),
        ("is_absolute", 2),
        ("is_relative", 2),
        ("has_root", 2),
    ]);
}

#[test]
fn methods_of_two_paths() {
    let mut answers = Answers::default();
    // Long paths would only make the output of a failure long.
    let corpus: Vec<_> = corpus()
        .into_iter()
        .filter(|path| path.as_os_str().len() < 100)
        .collect();
    for a in &corpus {
        for b in &corpus {
            let ours = Path::new(a);
            let pair = &(a, b);
            answers.same("join", pair, text(ours.join(b)), text(a.join(b)));
            answers.same("/", pair, text(&ours / b), text(a.join(b)));
            answers.same("starts_with", pair, ours.starts_with(b), a.starts_with(b));
            answers.same("ends_with", pair, ours.ends_with(b), a.ends_with(b));
            let stripped = (ours.strip_prefix(b).map(text), a.strip_prefix(b).map(text));
            answers.same("strip_prefix", pair, stripped.0, stripped.1);
            answers.same(
                "with_file_name",
                pair,
                text(ours.with_file_name(b)),
                text(a.with_file_name(b)),
            );
            if !has_separator(b) {
                answers.same(
                    "with_extension",
                    pair,
                    text(ours.with_extension(b)),
                    text(a.with_extension(b)),
                );
            }
            let (ours, other) = (&ours, &Path::new(b));
            answers.same("==", pair, ours == other, a == b);
            answers.same("cmp", pair, ours.cmp(other), a.cmp(b));
        }
    }
    answers.differ(&[
        ("join", 10_000),
        ("/", 10_000),
        ("starts_with", 2),
        ("ends_with", 2),
        ("strip_prefix", 100),
        ("with_file_name", 2_000),
        ("with_extension", 1_000),
        ("==", 2),
        ("cmp", 3),
    ]);
}

fn has_separator(path: &StdPath) -> bool {
    path.to_string_lossy().contains(std::path::is_separator)
}

/// What a newer std has too, by another road: the text up to the dot, or with more text behind it.
#[test]
fn newer_methods() {
    let mut answers = Answers::default();
    for std in &corpus() {
        let ours = Path::new(std);
        let Some(name) = std.file_name().map(OsStr::as_encoded_bytes) else {
            assert_eq!(ours.file_prefix(), None, "{std:?}");
            assert_eq!(text(ours.with_added_extension("x")), text(std));
            continue;
        };
        let dot = name
            .iter()
            .skip(1)
            .position(|&byte| byte == b'.')
            .map_or(name.len(), |at| at + 1);
        let prefix = ours.file_prefix().map(OsStr::as_encoded_bytes);
        answers.same("file_prefix", std, prefix, Some(&name[..dot]));

        for added in ["", "x", "x.y", ".", ".x", "é"] {
            let longer = ours.with_added_extension(added);
            let (all, longer) = (
                std.as_os_str().as_encoded_bytes(),
                longer.as_os_str().as_encoded_bytes(),
            );
            if added.is_empty() {
                assert_eq!(longer, all, "{std:?}");
                continue;
            }
            // Whatever stands behind the name, such as a slash, gives way.
            let end = all
                .windows(name.len())
                .rposition(|window| window == name)
                .unwrap()
                + name.len();
            let expected = [&all[..end], b".", added.as_bytes()].concat();
            answers.same("with_added_extension", &(std, added), longer, &expected);
        }
    }
    answers.differ(&[("file_prefix", 20), ("with_added_extension", 500)]);
}

#[rustversion::since(1.91)]
#[allow(clippy::incompatible_msrv, reason = "compiled only where std has them")]
#[test]
fn newer_methods_are_std_s() {
    for std in &corpus() {
        let ours = Path::new(std);
        assert_eq!(ours.file_prefix(), std.file_prefix(), "{std:?}");
        for added in corpus()
            .iter()
            .filter(|added| !has_separator(added) && added.as_os_str().len() < 100)
        {
            let (ours, std) = (
                ours.with_added_extension(added),
                std.with_added_extension(added),
            );
            assert_eq!(text(ours), text(std), "{added:?}");
        }
    }
}

#[test]
fn an_extension_with_a_separator_panics_as_in_std() {
    let path = Path::new("a.b");
    let panics = |call: &dyn Fn(&str) -> Path, extension| {
        panic::catch_unwind(panic::AssertUnwindSafe(|| call(extension))).is_err()
    };
    for (call, name) in [
        (
            &(|e: &str| path.with_extension(e)) as &dyn Fn(&str) -> Path,
            "with_extension",
        ),
        (
            &|e: &str| path.with_added_extension(e),
            "with_added_extension",
        ),
    ] {
        for (extension, expected) in [("x", false), ("x/y", true), ("/", true), ("x/", true)] {
            assert_eq!(panics(call, extension), expected, "{name}({extension:?})");
        }
    }
}

#[test]
fn ancestors_can_be_kept_and_cloned() {
    let mut ancestors = { Path::new("/a/b/c").ancestors() };
    assert_eq!(ancestors.next().unwrap(), "/a/b/c");
    assert_eq!(ancestors.clone().next().unwrap(), "/a/b");
    assert_eq!(ancestors.by_ref().count(), 3);
    assert_eq!(ancestors.next(), None);
}
