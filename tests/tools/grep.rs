//! `grep`

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::{self, set_mode};
use crate::{Pair, text};

fn files() -> Option<Pair> {
    let pair = Pair::new("grep")?;
    let dir = &pair.dir;
    fs::create_dir_all(dir.join("tree/sub/below")).unwrap();
    dir.file("plain", "file\nx.y\nxzy\n\nFILE\nünd ÜND\nlast file");
    dir.file("crlf", "file\r\nx\r\n\nno file");
    dir.file("empty", "");
    dir.file("long", common::text(150_000));
    dir.file("one", "x".repeat(200_000));
    dir.file("invalid", b"gr\xff\nok file\nx\n");
    dir.file("binary", b"a\0b\nx\nfile\n");
    dir.file("tree/one", "a file\nnothing\n");
    dir.file("tree/sub/two", "no\nthe file\n");
    dir.file("tree/sub/below/three", "x\n");
    symlink("..", dir.join("tree/sub/loop")).unwrap();
    symlink("one", dir.join("tree/link")).unwrap();
    symlink("nowhere", dir.join("tree/dangling")).unwrap();
    dir.fifo("tree/sub/fifo");
    Some(pair)
}

const TEXTS: [&str; 5] = ["plain", "crlf", "empty", "long", "one"];

#[test]
fn grep_in_text() {
    let Some(pair) = files() else { return };
    for options in [
        "-E", "-F", "-n", "-c", "-l", "-q", "-v", "-i", "-vn", "-vc", "-h", "-H", "-Hn", "-lv",
        "-cl", "-qv",
    ] {
        let options = if options == "-F" {
            vec![options]
        } else {
            vec!["-E", options]
        };
        for pattern in ["file", "x.y", "lorem", "no such thing", "file\nx.y", "ünd"] {
            let mut args = options.clone();
            args.push(pattern);
            pair.compare(&[&args[..], &TEXTS[..]].concat());
        }
    }
}

#[test]
fn grep_with_regular_expressions() {
    let Some(pair) = files() else { return };
    for pattern in [
        "^file",
        "file$",
        "^$",
        ".",
        "(x|f).",
        "[a-f]+",
        "l{1}",
        "^(file|x)$",
    ] {
        pair.compare(&["-En", pattern, "plain", "crlf", "long"]);
        pair.compare(&["-Eiv", pattern, "plain", "crlf"]);
        pair.compare(&["-Fn", pattern, "plain", "crlf"]);
    }
}

#[test]
fn grep_in_what_is_no_text() {
    let Some(pair) = files() else { return };
    if !text(&pair.gnu(&["x", "binary"]).stderr).contains("binary file matches") {
        println!("skipped: this GNU grep words the match in a binary file otherwise");
        return;
    }
    for pattern in ["file", "x", "gr", "a", "b", "ok"] {
        for options in ["-E", "-n", "-c", "-l", "-q", "-v", "-vn", "-vc", "-vl"] {
            for file in ["invalid", "binary"] {
                pair.compare(&["-E", options, pattern, file]);
            }
        }
    }
}

#[test]
fn grep_in_text_that_becomes_binary() {
    let Some(pair) = files() else { return };
    let late = [common::text(100_000).as_bytes(), b"\0\nlorem\nfile\n"].concat();
    pair.dir.file("late", late);
    for options in ["-c", "-l", "-q", "-vc", "-vl", "-vq"] {
        pair.compare(&[options, "lorem", "late"]);
    }
    // How many lines are printed before it is known depends on the size of GNU's buffer.
    pair.compare_codes(&["lorem", "late"]);
    pair.compare_codes(&["-v", "lorem", "late"]);
}

#[test]
fn grep_in_trees() {
    let Some(pair) = files() else { return };
    for options in ["-r", "-rn", "-rc", "-rl", "-rv", "-rh", "-rHi"] {
        for roots in [
            &["tree"][..],
            &["tree/"],
            &["."],
            &[],
            &["tree/sub", "tree/one"],
            &["tree/link"],
        ] {
            pair.compare_sorted(&[&["-E", options, "the|FILE"], roots].concat());
        }
    }
}

#[test]
fn grep_in_standard_input() {
    let Some(pair) = files() else { return };
    for options in ["-n", "-c", "-l", "-H", "-v"] {
        pair.compare_redirected(&["-E", options, "file"], "plain");
        pair.compare_piped(&["-E", options, "file", "-"], "plain");
        pair.compare_piped(&["-E", options, "lorem", "plain", "-"], "long");
    }
}

#[test]
fn grep_errors() {
    let Some(pair) = files() else { return };
    pair.compare(&["file", "missing"]);
    pair.compare(&["file", "missing", "plain"]);
    pair.compare(&["-q", "file", "missing", "plain"]);
    pair.compare(&["-q", "file", "plain", "missing"]);
    pair.compare(&["nothing", "missing", "plain", "tree"]);
    pair.compare(&["file", "tree"]);
    pair.compare_codes(&["-E", "(", "plain"]);
    pair.compare_codes(&["-Y", "file"]);
    pair.compare_codes(&[]);
    pair.compare_full(&["file", "plain"]);
}

#[test]
fn grep_of_unreadable_files() {
    let Some(pair) = files() else { return };
    set_mode(pair.dir.join("tree/sub/below"), 0);
    set_mode(pair.dir.join("tree/one"), 0);
    pair.compare_unprivileged(&["-r", "file", "tree"]);
    pair.compare_unprivileged(&["file", "tree/one", "plain"]);
    pair.compare_unprivileged(&["-q", "file", "tree/one", "plain"]);
    set_mode(pair.dir.join("tree/sub/below"), 0o755);
}

#[test]
fn grep_ends_with_its_reader() {
    let Some(pair) = files() else { return };
    pair.compare_broken_pipe(&["-n", "", "long", "long"]);
}
