//! The `wc` example against GNU `wc`: the same bytes on standard output and the same exit code.
#![cfg(unix)]

mod common;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| common::example("wc"))
}

/// GNU `wc`'s rule for a byte that is neither printable nor white space. Up to coreutils 9.4 such a byte is
/// ignored, as the example does. Later it is part of a word.
#[derive(Clone, Copy, PartialEq)]
enum Gnu {
    LeavesOut,
    Counts,
}

/// Returns the rule of the installed GNU `wc`. Prints a line and returns `None` if there is none.
fn gnu() -> Option<Gnu> {
    static GNU: OnceLock<Option<Gnu>> = OnceLock::new();
    *GNU.get_or_init(|| {
        let version = Command::new("wc").arg("--version").output().ok();
        if !version.is_some_and(|version| text(&version.stdout).contains("GNU coreutils")) {
            println!("skipped: there is no GNU wc here");
            return None;
        }
        let output = finish(command("wc"), Some(b"\x01"));
        let words = text(&output.stdout)
            .split_whitespace()
            .nth(1)
            .map(str::to_owned);
        Some(match words.as_deref() {
            Some("0") => Gnu::LeavesOut,
            _ => Gnu::Counts,
        })
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").env_remove("POSIXLY_CORRECT");
    command
}

/// Runs a command with `input` in a pipe, or with the standard input that it has.
fn finish(mut command: Command, input: Option<&[u8]>) -> Output {
    let Some(input) = input else {
        return command.output().unwrap();
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A child that does not read its standard input leaves a broken pipe: no failure.
        scope.spawn(move || pipe.write_all(input));
        child.wait_with_output().unwrap()
    })
}

/// A temporary directory, in which both programs run.
struct Dir(TempDir);

impl Dir {
    /// Creates the directory. Prints a line and returns `None` if there is no GNU `wc` to compare with.
    fn new() -> Option<Dir> {
        gnu()?;
        Some(Dir(tempfile::tempdir().unwrap()))
    }

    fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.0.path().join(name.as_ref())
    }

    fn write(&self, name: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs both programs with the same arguments, each prepared by `prepare`, compares what they
    /// print and how they exit, and returns the output of the example.
    #[track_caller]
    fn compare_with(
        &self,
        args: &[impl AsRef<OsStr>],
        input: Option<&[u8]>,
        prepare: impl Fn(&mut Command),
    ) -> Output {
        self.compare_expanded(args, args, input, prepare)
    }

    /// As `compare_with`, except that GNU `wc` gets `expanded` instead.
    #[track_caller]
    fn compare_expanded(
        &self,
        args: &[impl AsRef<OsStr>],
        expanded: &[impl AsRef<OsStr>],
        input: Option<&[u8]>,
        prepare: impl Fn(&mut Command),
    ) -> Output {
        let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
        let expanded: Vec<&OsStr> = expanded.iter().map(AsRef::as_ref).collect();
        let run = |program: &OsStr, args: &[&OsStr]| {
            let mut command = command(program);
            command
                .args(args)
                .current_dir(self.0.path())
                .stdin(Stdio::null());
            prepare(&mut command);
            finish(command, input)
        };
        let ours = run(example().as_os_str(), &args);
        let gnu = run(OsStr::new("wc"), &expanded);
        assert!(
            ours.stdout == gnu.stdout && ours.status == gnu.status,
            "wc {args:?}\n--- GNU, {}\n{}{}--- the example, {}\n{}{}",
            gnu.status,
            text(&gnu.stdout),
            text(&gnu.stderr),
            ours.status,
            text(&ours.stdout),
            text(&ours.stderr),
        );
        ours
    }

    #[track_caller]
    fn compare(&self, args: &[impl AsRef<OsStr>]) -> Output {
        self.compare_with(args, None, |_| ())
    }

    #[track_caller]
    fn compare_piped(&self, args: &[&str], input: &[u8]) -> Output {
        self.compare_with(args, Some(input), |_| ())
    }

    /// Both programs read `name` as their standard input.
    #[track_caller]
    fn compare_redirected(&self, args: &[&str], name: &str) -> Output {
        let path = self.path(name);
        self.compare_with(args, None, |command| {
            command.stdin(File::open(&path).unwrap());
        })
    }
}

/// Random numbers that are the same in each run (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Returns `len` bytes out of `alphabet`.
    fn bytes(&mut self, len: usize, alphabet: &[u8]) -> Vec<u8> {
        (0..len)
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect()
    }
}

/// Returns bytes that every GNU `wc` treats alike.
fn plain_bytes() -> Vec<u8> {
    (9..=13).chain(b' '..=b'~').collect()
}

#[test]
fn the_files_of_this_package() {
    let Some(dir) = Dir::new() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<PathBuf> = ["Cargo.lock", "README.md", "Cargo.toml"]
        .map(PathBuf::from)
        .into();
    let sources = fs::read_dir(root.join("src")).unwrap();
    let sources = sources.map(|entry| entry.unwrap().path());
    names.extend(sources.filter(|path| path.is_file()));
    dir.compare_with(&names, None, |command| {
        command.current_dir(root);
    });
}

#[test]
fn single_files() {
    let Some(dir) = Dir::new() else { return };
    let contents: [&[u8]; 8] = [
        b"",
        b"\n",
        b"no final newline",
        b"one\ntwo words\n",
        b" \t\x0b\x0c\r\n",
        b"a\tb\x0bc\x0cd\re\nf g",
        &[b'x'; 100_000],
        &[b'\n'; 100_000],
    ];
    for content in contents {
        dir.write("file", content);
        dir.compare(&["file"]);
        dir.compare(&["file", "file"]);
        dir.compare(&["--", "file"]);
    }
}

#[test]
fn a_word_across_each_boundary() {
    let Some(dir) = Dir::new() else { return };
    for boundary in [64, 16 * 1024, 64 * 1024, 128 * 1024, 192 * 1024] {
        for first in boundary - 2..boundary + 2 {
            for word in ["x", "xx", "xxx x"] {
                let content = format!("{}{word} and more\n", " ".repeat(first));
                dir.write("file", content);
                dir.compare(&["file"]);
            }
        }
    }
}

#[test]
fn names() {
    let Some(dir) = Dir::new() else { return };
    let names: [&[u8]; 12] = [
        b"with space",
        b"quote's",
        b"-dash",
        b"back\\slash",
        b"tab\tand\x01control",
        b"not UTF-8 \xff\xfe",
        "grüße".as_bytes(),
        b"two\nlines",
        b"\nfirst",
        b"last\n",
        b"quote's\nand\ttab \"$x\" \\n\x7f\x01.",
        b"\xc3\xa4\n1\x012",
    ];
    let names = names.map(OsStr::from_bytes);
    for name in names {
        dir.write(name, "x\n");
        dir.compare(&[OsStr::new("--"), name]);
        // Missing.
        let mut longer = name.to_owned();
        longer.push("?");
        dir.compare(&[OsStr::new("--"), &longer, name]);
    }
    let all: Vec<OsString> = [OsStr::new("--")]
        .iter()
        .chain(&names)
        .map(OsString::from)
        .collect();
    dir.compare(&all);
}

#[test]
fn what_cannot_be_read() {
    let Some(dir) = Dir::new() else { return };
    dir.write("file", "one two\nthree\n");
    fs::create_dir(dir.path("directory")).unwrap();
    for args in [
        &["missing"][..],
        &["missing", "file"],
        &["file", "missing", "file"],
        &["no*file", "file"],
        &["file/below"],
        &["", "file"],
    ] {
        let output = dir.compare(args);
        assert_eq!(output.status.code(), Some(1));
        let bad = *args.iter().find(|arg| **arg != "file").unwrap();
        let stderr = text(&output.stderr);
        assert!(
            stderr.starts_with("wc: ") && stderr.contains(bad),
            "{stderr}"
        );
    }
    let output = dir.compare(&["missing"]);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("No such file or directory"), "{stderr}");
    let output = dir.compare_redirected(&[], "directory");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("Is a directory"), "{stderr}");
    dir.compare_redirected(&["-", "file"], "directory");
}

#[test]
fn directories_and_patterns() {
    let Some(dir) = Dir::new() else { return };
    fs::create_dir_all(dir.path("src/bin/empty")).unwrap();
    for (name, text) in [
        ("src/bin/main.rs", "fn main() {}\n"),
        ("src/lib.rs", "one two\nthree\n"),
        ("src/.hidden", "not seen by the shell\n"),
        ("src/[x].rs", "brackets\n"),
        ("notes", "four\n"),
    ] {
        dir.write(name, text);
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("lib.rs", dir.path("src/link.rs")).unwrap();
    let check = |args: &[&str], files: &[&str]| {
        dir.compare_expanded(args, files, None, |_| ());
    };
    let all = ["src/.hidden", "src/[x].rs", "src/bin/main.rs", "src/lib.rs"];
    check(&["src"], &all);
    check(&["notes", "src"], &[&["notes"][..], &all].concat());
    check(&["src/bin"], &["src/bin/main.rs"]);
    check(&["src/[x].rs"], &["src/[x].rs"]);
    check(&["src/[b-z]*/*.rs", "not*"], &["src/bin/main.rs", "notes"]);
    check(&["src/bin/**", "no*"], &["src/bin/main.rs", "notes"]);
    #[cfg(unix)]
    {
        let sources = ["src/[x].rs", "src/bin/main.rs", "src/lib.rs", "src/link.rs"];
        check(&["src/**/*.rs"], &sources);
        let absolute = dir.path("src/*/m*.rs");
        let file = dir.path("src/bin/main.rs");
        dir.compare_expanded(&[absolute], &[file], None, |_| ());
    }
}

#[test]
fn a_directory_with_no_files_has_no_lines() {
    let Some(dir) = Dir::new() else { return };
    fs::create_dir(dir.path("empty")).unwrap();
    let mut command = command(example());
    command.arg("empty").current_dir(dir.0.path());
    let output = finish(command, None);
    assert!(output.status.success() && output.stdout.is_empty());
}

/// The programs run as a user without permission to read the file, if this user can read everything.
#[test]
fn a_file_without_permission() {
    let Some(dir) = Dir::new() else { return };
    let set_mode = |name: &str, mode: u32| {
        fs::set_permissions(dir.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    dir.write("file", "one two\n");
    dir.write("secret", "one two\n".repeat(1000));
    set_mode("secret", 0);
    if File::open(dir.path("secret")).is_err() {
        dir.compare(&["secret"]);
        dir.compare(&["file", "secret", "file"]);
        return;
    }

    // The build's own directory may be closed to others.
    fs::copy(example(), dir.path("wc")).unwrap();
    set_mode("", 0o755);
    let run = |program: &OsStr, args: &[&str]| {
        let mut command = command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(program).args(args).current_dir(dir.0.path());
        command.output()
    };
    let ours = dir.path("wc");
    if !run(ours.as_os_str(), &["file"]).is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may read everything, and cannot run a program as another");
        return;
    }
    for args in [&["secret"][..], &["file", "secret", "file"]] {
        let (ours, gnu) = (
            run(ours.as_os_str(), args).unwrap(),
            run(OsStr::new("wc"), args).unwrap(),
        );
        assert_eq!(text(&ours.stdout), text(&gnu.stdout));
        assert_eq!((ours.status.code(), gnu.status.code()), (Some(1), Some(1)));
        assert!(text(&ours.stderr).contains("secret"));
        assert!(text(&ours.stderr).contains("Permission denied"));
    }
}

#[test]
fn standard_input_in_a_pipe() {
    let Some(dir) = Dir::new() else { return };
    let long = "some words\nin many lines\n".repeat(20_000);
    dir.write("file", "one two\n");
    for input in [&b""[..], b"one two\nthree", long.as_bytes()] {
        dir.compare_piped(&[], input);
        dir.compare_piped(&["--"], input);
        dir.compare_piped(&["-"], input);
        dir.compare_piped(&["-", "-"], input);
        dir.compare_piped(&["file", "-", "file"], input);
        dir.compare_piped(&["file", "--", "-", "missing", "-"], input);
        dir.compare_piped(&["file"], input);
    }
}

#[test]
fn standard_input_from_a_file() {
    let Some(dir) = Dir::new() else { return };
    dir.write("empty", "");
    dir.write("short", "one two\nthree");
    dir.write("long", "some words\nin many lines\n".repeat(20_000));
    for name in ["empty", "short", "long"] {
        dir.compare_redirected(&[], name);
        dir.compare_redirected(&["-"], name);
        dir.compare_redirected(&["-", "-"], name);
        dir.compare_redirected(&["short", "-", "long", "-"], name);
        dir.compare_redirected(&["short"], name);
    }
}

/// Standard input is read from where it stands, and left where the reading ended.
#[test]
fn standard_input_that_is_shared() {
    let Some(dir) = Dir::new() else { return };
    dir.write("file", "one two\nthree\nfour\n".repeat(10_000));
    let run = |program: &OsStr| {
        let mut command = command("sh");
        command
            .args(["-c", r#"read line; "$0"; "$0" -; cat"#])
            .arg(program);
        command
            .stdin(File::open(dir.path("file")).unwrap())
            .output()
            .unwrap()
    };
    let (ours, gnu) = (run(example().as_os_str()), run(OsStr::new("wc")));
    assert_eq!(text(&ours.stdout), text(&gnu.stdout));
}

#[test]
fn files_that_have_no_size() {
    let Some(dir) = Dir::new() else { return };
    dir.write("file", "one two\n");
    dir.compare(&["/dev/null"]);
    dir.compare(&["file", "/dev/null"]);
    if !Path::new("/proc/version").exists() {
        println!("skipped in part: there is no /proc here");
        return;
    }
    // Their reported size is 0, and their contents are the same at each read.
    dir.compare(&["/proc/self/limits"]);
    dir.compare(&["/proc/self/limits", "/proc/filesystems"]);
    dir.compare(&["file", "/proc/version", "/proc/filesystems", "file"]);
    let output = command(example())
        .arg("/proc/self/status")
        .output()
        .unwrap();
    assert!(
        !text(&output.stdout).starts_with("0 "),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn fifos() {
    let Some(dir) = Dir::new() else { return };
    if !Command::new("mkfifo")
        .arg(dir.path("fifo"))
        .status()
        .is_ok_and(|status| status.success())
    {
        println!("skipped: there is no mkfifo here");
        return;
    }
    dir.write("file", "one two\n");
    let fifo = dir.path("fifo");
    dir.compare_with(&["file", "fifo", "file"], None, |_| {
        let fifo = fifo.clone();
        std::thread::spawn(move || fs::write(fifo, "words\nin a fifo").unwrap());
    });
}

#[test]
fn a_large_file() {
    let Some(dir) = Dir::new() else { return };
    let mut random = Random(1);
    let piece = random.bytes(1024 * 1024, &plain_bytes());
    let mut file = File::create(dir.path("file")).unwrap();
    for turn in 0..32 {
        file.write_all(&piece[turn * 1000..]).unwrap();
    }
    dir.compare(&["file"]);
    dir.compare(&["file", "file"]);
    dir.compare_redirected(&[], "file");
}

#[test]
fn more_files_than_are_read_at_once() {
    let Some(dir) = Dir::new() else { return };
    let mut random = Random(2);
    let names: Vec<String> = (0..300).map(|number| format!("file {number}")).collect();
    for name in &names {
        let len = random.below(3000);
        dir.write(name, random.bytes(len, &plain_bytes()));
    }
    dir.write("file 0", random.bytes(4_000_000, &plain_bytes()));
    dir.compare(&names);
}

#[test]
fn random_text() {
    let Some(dir) = Dir::new() else { return };
    compare_random(&dir, &[&plain_bytes(), b"x \n", b"ab\t\x0b\x0c\r\n"]);
}

#[test]
fn random_bytes() {
    let Some(dir) = Dir::new() else { return };
    if gnu() == Some(Gnu::Counts) {
        println!("skipped: this GNU wc counts control bytes as parts of words");
        return;
    }
    let all: Vec<u8> = (0..=255).collect();
    compare_random(&dir, &[&all, b"x \0\x80", b"x\0\0\0\0\0\0\0 ", b"\n\0"]);
}

fn compare_random(dir: &Dir, alphabets: &[&[u8]]) {
    for seed in 0..60 {
        let mut random = Random(seed);
        let names: Vec<String> = (0..5).map(|number| format!("{number}")).collect();
        for name in &names {
            let alphabet = alphabets[random.below(alphabets.len())];
            let longest = [10, 130, 1000, 20_000, 300_000][random.below(5)];
            let len = random.below(longest);
            dir.write(name, random.bytes(len, alphabet));
        }
        println!("seed {seed}");
        dir.compare(&names);
        dir.compare(&names[..1]);
    }
}

/// `wc FILE... | head -1` ends quietly, however the timing turns out.
#[test]
fn a_reader_that_goes_away() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "one two\n").unwrap();
    let mut child = command(example())
        .args(vec![&path; 5000])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}

#[test]
fn a_full_disk_is_reported() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full here");
        return;
    };
    let output = command(example())
        .stdin(Stdio::null())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("No space left on device"), "{stderr}");
}

#[test]
fn an_option_is_refused() {
    let output = command(example()).arg("-l").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("-l"));
    assert!(output.stdout.is_empty());
}

/// A closed standard error does no harm.
#[test]
fn a_closed_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(example())
        .arg(dir.path().join("missing"))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
