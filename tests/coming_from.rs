//! The tables "Coming from …" of the documentation: both sides of every row run, and must do the same.
//!
//! Python's own `open` and `pathlib` stand for AnyIO's, which only run them on threads.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, FileTimes, Permissions};
use std::io::{self, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path as StdPath;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyfile::{Limiter, Path, Pattern, create_file, open_file, wrap_file};
use futures_lite::future::{Boxed, block_on};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::Dir;

const CRATE: &str = include_str!("../src/lib.rs");
const README: &str = include_str!("../README.md");

/// Returns the left cells of the table whose head starts with `head`.
fn rows(text: &'static str, head: &str) -> BTreeSet<&'static str> {
    let lines = text.lines().map(|line| line.trim_start_matches("//! "));
    let table = lines
        .skip_while(|line| !line.starts_with(head))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    table
        .map(|line| line[2..].split(" | ").next().unwrap())
        .collect()
}

/// Creates the files, directories and link that both sides work on.
fn scene() -> (Dir, Path) {
    let dir = Dir::new();
    dir.file("notes", "first\nsecond\n");
    fs::create_dir_all(dir.join("sub/deep")).unwrap();
    fs::create_dir(dir.join("empty")).unwrap();
    dir.file("sub/x.py", "1");
    dir.file("sub/deep/y.py", "2");
    symlink("notes", dir.join("link")).unwrap();
    fs::set_permissions(dir.join("notes"), Permissions::from_mode(0o640)).unwrap();
    let path = Path::new(fs::canonicalize(dir.path()).unwrap());
    (dir, path)
}

/// Describes everything in a directory, for comparison.
fn tree(dir: &StdPath) -> String {
    let mut lines = Vec::new();
    let mut rest = vec![dir.to_path_buf()];
    while let Some(dir) = rest.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let found = fs::symlink_metadata(&path).unwrap();
            let what = match &found {
                found if found.is_dir() => String::new(),
                found if found.is_symlink() => format!("{:?}", fs::read_link(&path).unwrap()),
                _ => format!("{:?}", fs::read(&path).unwrap()),
            };
            if found.is_dir() {
                rest.push(path.clone());
            }
            lines.push(format!("{path:?} {:o} {what}", found.mode()));
        }
    }
    lines.sort();
    lines.join("\n")
}

/// Runs `act` in a new scene, and returns its output and the state of the scene, without the scene's path.
/// Returns `None` if `act` is skipped.
fn outcome(act: impl FnOnce(&Path) -> Option<String>) -> Option<String> {
    let (scene, dir) = scene();
    let said = act(&dir)? + "\n" + &tree(scene.path());
    Some(said.replace(dir.to_str().unwrap(), "DIR"))
}

#[track_caller]
fn done(row: &str, result: io::Result<String>) -> String {
    result.unwrap_or_else(|error| panic!("{row}: {error}"))
}

macro_rules! said {
    ($($value:expr),+ $(,)?) => {{
        let said: Vec<String> = vec![$($value.to_string()),+];
        said.join(" ")
    }};
}

/// Sorts names or paths, and joins them with commas.
fn sorted<T: AsRef<OsStr>>(names: impl IntoIterator<Item = T>) -> String {
    let names = names.into_iter();
    let mut names: Vec<_> = names
        .map(|n| n.as_ref().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.join(",")
}

fn text(name: Option<&OsStr>) -> &str {
    name.and_then(OsStr::to_str).unwrap_or("")
}

struct Row {
    left: &'static str,
    python: &'static str,
    ours: fn(Path) -> Boxed<io::Result<String>>,
}

macro_rules! rows {
    ($($left:literal, $python:literal, |$dir:ident| $ours:expr;)+) => {
        vec![$(Row {
            left: $left,
            python: $python,
            ours: |$dir| Box::pin(async move { $ours }),
        }),+]
    };
}

/// The start of each Python script: `d` is the scene.
const PRELUDE: &str = r#"
import io, os, pathlib, shutil, sys
from pathlib import Path, PurePath
def say(*values):
    print(*(str(v).lower() if isinstance(v, bool) else v for v in values), end="")
def names(values):
    return ",".join(sorted(str(v) for v in values))
def later(version):
    if sys.version_info < version:
        print("later", end="")
        sys.exit()
d = Path(sys.argv[1])
p = d / "notes"
sys.path = [x for x in sys.path if x]
"#;

#[rustfmt::skip]
fn python_rows() -> Vec<Row> {
    rows! {
        "`await open_file(p)`", "say(open(p).read())", |d| {
            let mut text = String::new();
            open_file(d / "notes").await?.read_to_string(&mut text).await?;
            Ok(text)
        };
        "`open_file(p, \"w\")`", "f = open(p, 'w'); f.write('x'); f.close()", |d| {
            let mut file = create_file(d / "notes").await?;
            file.write_all(b"x").await?;
            file.close().await?;
            Ok(String::new())
        };
        "`open_file(p, \"a\")`, `\"x\"`, `\"r+\"`", "
open(p, 'a').write('x')
open(d / 'new', 'x').write('y')
try: open(p, 'x')
except FileExistsError: say('exists')
open(p, 'r+').write('F')", |d| {
            let mut file = open_file(&d / "notes").append(true).create(true).await?;
            file.write_all(b"x").await?;
            file.close().await?;
            let mut file = open_file(&d / "new").write(true).create_new(true).await?;
            file.write_all(b"y").await?;
            file.close().await?;
            let error = open_file(&d / "notes").write(true).create_new(true).await.unwrap_err();
            let mut file = open_file(&d / "notes").read(true).write(true).await?;
            file.write_all(b"F").await?;
            file.close().await?;
            Ok(said!(if error.kind() == io::ErrorKind::AlreadyExists { "exists" } else { "" }))
        };
        "`open_file(p, buffering=0)`", "f = open(p, 'wb', buffering=0); f.write(b'x'); say(p.read_text())", |d| {
            let p = d / "notes";
            let mut file = open_file(&p).write(true).truncate(true).buffering(0).await?;
            file.write_all(b"x").await?;
            p.read_text().await
        };
        "`wrap_file(f)`", "say(io.StringIO('wrapped').read())", |_d| {
            let mut text = String::new();
            wrap_file(io::Cursor::new("wrapped")).read_to_string(&mut text).await?;
            Ok(text)
        };
        "`async for line in f`", "say(*(line.rstrip('\\n') for line in open(p)))", |d| {
            let lines: Vec<String> = open_file(d / "notes").await?.lines().try_collect().await?;
            Ok(lines.join(" "))
        };
        "`await f.readline()`", "say(open(p).readline())", |d| {
            let mut line = String::new();
            open_file(d / "notes").await?.read_line(&mut line).await?;
            Ok(line)
        };
        "`await f.read()`", "say(open(p).read(), open(p, 'rb').read().decode())", |d| {
            let (mut text, mut bytes) = (String::new(), Vec::new());
            open_file(&d / "notes").await?.read_to_string(&mut text).await?;
            open_file(&d / "notes").await?.read_to_end(&mut bytes).await?;
            Ok(said!(text, String::from_utf8(bytes).unwrap()))
        };
        "`await f.seek(n)`, `await f.tell()`", "f = open(p, 'rb'); say(f.seek(3), f.tell(), f.read(1).decode(), f.tell())", |d| {
            let mut file = open_file(d / "notes").await?;
            let at = file.seek(SeekFrom::Start(3)).await?;
            let tell = file.stream_position().await?;
            let mut byte = [0];
            file.read_exact(&mut byte).await?;
            Ok(said!(at, tell, char::from(byte[0]), file.stream_position().await?))
        };
        "`await f.writelines(x)`", "f = open(p, 'w'); f.writelines(['a\\n', 'b\\n']); f.close()", |d| {
            let mut file = create_file(d / "notes").await?;
            file.writelines(["a\n", "b\n"]).await?;
            file.close().await?;
            Ok(String::new())
        };
        "`await f.truncate()`, `f.truncate(n)`", "f = open(p, 'r+'); f.truncate(6); f.write('abc'); f.truncate(); f.close()", |d| {
            let mut file = open_file(d / "notes").write(true).await?;
            file.set_len(6).await?;
            file.write_all(b"abc").await?;
            file.truncate().await?;
            file.close().await?;
            Ok(String::new())
        };
        "`await f.aclose()`", "f = open(p, 'w'); f.write('x'); f.close(); say(p.read_text(), f.closed)", |d| {
            let p = d / "notes";
            let mut file = open_file(&p).write(true).truncate(true).await?;
            file.write_all(b"x").await?;
            file.close().await?;
            Ok(said!(p.read_text().await?, file.is_closed()))
        };
        "`f.wrapped`", "f = io.BytesIO(b'wrapped'); say(len(f.getvalue()))", |_d| {
            let mut file = wrap_file(io::Cursor::new("wrapped"));
            let len = file.with_mut(|inner| inner.get_ref().len()).await?;
            assert_eq!(file.into_inner().await.unwrap().into_inner().len(), len);
            Ok(said!(len))
        };
        "`Path(p)`, `Path(p) / \"x\"`, `Path(a, b)`", "say(Path('a/b'), Path('a') / 'x', Path('a', 'b'))", |_d| {
            let joined: Path = ["a", "b"].iter().collect();
            Ok(said!(Path::new("a/b").display(), (Path::new("a") / "x").display(), joined.display()))
        };
        "`p.name`, `p.stem`, `p.suffix`, `p.parts`", "
for p in ('a/b.tar.gz', '/a/.profile', 'a/b'):
    p = PurePath(p); say(p.name, p.stem, p.suffix[1:], *p.parts, '')", |_d| {
            let mut all = String::new();
            for p in ["a/b.tar.gz", "/a/.profile", "a/b"].map(Path::new) {
                let parts = p.components().map(|part| part.as_os_str().to_str().unwrap().to_owned());
                let parts = parts.collect::<Vec<_>>().join(" ");
                let (name, stem, suffix) = (text(p.file_name()), text(p.file_stem()), text(p.extension()));
                all += &(said!(name, stem, suffix, parts) + " ");
            }
            Ok(all)
        };
        "`p.with_name(n)`, `p.with_stem(s)`, `p.with_suffix(s)`", "
p = PurePath('a/b.txt'); say(p.with_name('c'), p.with_stem('d'), p.with_suffix('.md'), p.with_suffix(''), '')
for suffix in ('md', './md'):
    try: p.with_suffix(suffix)
    except ValueError: say('no', '')", |_d| {
            let p = Path::new("a/b.txt");
            let std = [p.with_file_name("c"), p.with_extension("md"), p.with_extension("")];
            let ours = [p.with_name("c")?, p.with_suffix(".md")?, p.with_suffix("")?];
            assert_eq!(ours, std);
            let [name, suffix, none] = ours.each_ref().map(Path::display);
            let refused = ["md", "./md"].map(|s| p.with_suffix(s).map_or("no ", |_| "yes "));
            Ok(said!(name, p.with_stem("d")?.display(), suffix, none, refused.concat()))
        };
        "`p.parents`, `p.joinpath(x)`, `p.match(x)`", "
p = PurePath('/a/b.py'); say(*p.parents, p.joinpath('c'), p.joinpath('/c'), p.match('*.py'), p.match('/*.py'))", |_d| {
            let p = Path::new("/a/b.py");
            let parents: Vec<_> = p.ancestors().skip(1).map(|p| p.display().to_string()).collect();
            let (one, other) = (p.matches("*.py"), p.matches("/*.py"));
            Ok(said!(parents.join(" "), p.join("c").display(), p.join("/c").display(), one, other))
        };
        "`re.compile(fnmatch.translate(x))`, `p.match(x, case_sensitive=False)`", "
import re, fnmatch
pattern = re.compile(fnmatch.translate('[A-C]*.p?'), re.IGNORECASE)
say(*(pattern.match(p) is not None for p in ('B.py', 'beta.PY', 'd.py', 'b.pyc')))", |_d| {
            let pattern = Pattern::new("[A-C]*.p?")?.case_sensitive(false);
            let found = ["B.py", "beta.PY", "d.py", "b.pyc"].map(|p| pattern.matches(p).to_string());
            Ok(found.join(" "))
        };
        "`p.relative_to(x)`, `p.is_relative_to(x)`", "
for p in ('a/b', '/a', 'a', '', '.', '../a', '//a'):
    for x in ('a', '.', '', '/', 'a/', './a', '..', 'a/b/c', '//', '/a', 'b'):
        is_below = PurePath(p).is_relative_to(x)
        say(is_below, PurePath(p).relative_to(x) if is_below else '', '')", |_d| {
            let mut all = String::new();
            for p in ["a/b", "/a", "a", "", ".", "../a", "//a"].map(Path::new) {
                for x in ["a", ".", "", "/", "a/", "./a", "..", "a/b/c", "//", "/a", "b"] {
                    let relative = p.relative_to(x).map_or(String::new(), |p| p.display().to_string());
                    all += &format!("{} {relative} ", p.is_relative_to(x));
                }
            }
            Ok(all)
        };
        "`os.path.relpath(p, x)`, `p.relative_to(x, walk_up=True)`", "
for p, x in (('/a/b', '/a/c/d'), ('/a', '/'), ('/', '/a'), ('a/b', 'a'), ('a', 'b'), ('a', 'a')):
    say(os.path.relpath(p, x), '')", |_d| {
            let pairs = [("/a/b", "/a/c/d"), ("/a", "/"), ("/", "/a"), ("a/b", "a"), ("a", "b"), ("a", "a")];
            let all = pairs.map(|(p, x)| Path::new(p).relative_to_walk_up(x).unwrap().display().to_string() + " ");
            Ok(all.concat())
        };
        "`p.as_posix()`, `p.as_uri()`, `Path.from_uri(u)`", "
import urllib.parse
for p in ('/a//b/./c/', '/é b%'):
    p = PurePath(p); say(p.as_posix(), p.as_uri(), urllib.parse.unquote(p.as_uri()[7:]), '')", |_d| {
            let mut all = String::new();
            for p in ["/a//b/./c/", "/é b%"].map(Path::new) {
                let (posix, uri) = (p.to_posix().into_string().unwrap(), p.to_uri()?);
                all += &(said!(posix, uri, Path::from_uri(&uri)?.display()) + " ");
            }
            Ok(all)
        };
        "`await p.open(\"w\")`", "f = p.open('w'); f.write('x'); f.close()", |d| {
            let mut file = (d / "notes").create().await?;
            file.write_all(b"x").await?;
            file.close().await?;
            Ok(String::new())
        };
        "`await p.read_text()`, `read_bytes`, `write_text`, `write_bytes`", "
say(p.read_text(), p.read_bytes().decode()); p.write_text('x'); (d / 'bytes').write_bytes(b'y')", |d| {
            let p = &d / "notes";
            let said = said!(p.read_text().await?, String::from_utf8(p.read_bytes().await?).unwrap());
            p.write_text("x").await?;
            (d / "bytes").write_bytes("y").await?;
            Ok(said)
        };
        "`await p.stat()`, `lstat`", "say(p.stat().st_size, (d / 'link').stat().st_size, (d / 'link').lstat().st_size)", |d| {
            let (p, link) = (&d / "notes", &d / "link");
            let sizes = (p.metadata().await?.len(), link.metadata().await?.len());
            Ok(said!(sizes.0, sizes.1, link.symlink_metadata().await?.len()))
        };
        "`await p.exists()`, `is_file`, `is_mount`, `samefile`, `owner` and the rest", "
say(p.exists(), (d / 'no').exists(), p.is_file(), d.is_dir(), (d / 'link').is_symlink(), Path('/').is_mount(),
    d.is_mount(), p.samefile(d / 'link'), p.is_fifo(), p.is_socket(), p.is_block_device(),
    Path('/dev/null').is_char_device())", |d| {
            let (p, link, root) = (&d / "notes", &d / "link", Path::new("/"));
            Ok(said!(
                p.exists().await, (&d / "no").exists().await, p.is_file().await, d.is_dir().await,
                link.is_symlink().await, root.is_mount().await, d.is_mount().await, p.samefile(&link).await?,
                p.is_fifo().await, p.is_socket().await, p.is_block_device().await,
                Path::new("/dev/null").is_char_device().await,
            ))
        };
        "`await p.mkdir(parents=True, exist_ok=True)`", "
for _ in 'ab': (d / 'new/er').mkdir(parents=True, exist_ok=True)", |d| {
            for _ in 0..2 {
                (&d / "new/er").mkdir().parents(true).exist_ok(true).await?;
            }
            Ok(String::new())
        };
        "`await p.touch(exist_ok=False)`", "
(d / 'new').touch(exist_ok=False)
try: p.touch(exist_ok=False)
except FileExistsError: say('exists')", |d| {
            (&d / "new").touch().exist_ok(false).await?;
            let error = (&d / "notes").touch().exist_ok(false).await.unwrap_err();
            Ok(said!(if error.kind() == io::ErrorKind::AlreadyExists { "exists" } else { "" }))
        };
        "`await p.unlink(missing_ok=True)`, `rmdir`", "
p.unlink(missing_ok=True); p.unlink(missing_ok=True); (d / 'empty').rmdir()", |d| {
            for _ in 0..2 {
                (&d / "notes").unlink().missing_ok(true).await?;
            }
            (d / "empty").rmdir().await?;
            Ok(String::new())
        };
        "`shutil.rmtree(p)`, or `p.unlink()` of a file", "
for q in (d / 'sub', p, d / 'link'):
    shutil.rmtree(q) if q.is_dir() and not q.is_symlink() else q.unlink()", |d| {
            for name in ["sub", "notes", "link"] {
                (&d / name).remove().await?;
            }
            Ok(String::new())
        };
        "`p.parent.mkdir(parents=True, exist_ok=True)`, then `p.write_text(x)`", "
for q in (d / 'new/er/file', d / 'new/file'):
    q.parent.mkdir(parents=True, exist_ok=True); q.write_text('x')", |d| {
            for name in ["new/er/file", "new/file"] {
                (&d / name).write_text("x").parents(true).await?;
            }
            Ok(String::new())
        };
        "`shutil.rmtree(p)`, `os.utime(p, times)`", "
shutil.rmtree(d / 'sub'); os.utime(p, (5, 7)); say(int(p.stat().st_atime), int(p.stat().st_mtime))", |d| {
            (&d / "sub").remove_dir_all().await?;
            let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let p = d / "notes";
            p.set_times(FileTimes::new().set_accessed(at(5)).set_modified(at(7))).await?;
            let found = p.metadata().await?;
            Ok(said!(found.atime(), found.mtime()))
        };
        "`await p.rename(q)`, `p.replace(q)`", "
q = p.rename(d / 'q'); say(q); q = q.replace(d / 'link'); say(q)", |d| {
            let q = (&d / "notes").rename(&d / "q").await?;
            let r = q.rename(&d / "link").await?;
            Ok(format!("{}{}", q.display(), r.display()))
        };
        "`await p.symlink_to(q)`, `hardlink_to`, `chmod`", "
(d / 'soft').symlink_to('link'); (d / 'hard').hardlink_to(p); p.chmod(0o600)", |d| {
            let p = &d / "notes";
            (&d / "soft").symlink_to("link").await?;
            (&d / "hard").hardlink_to(&p).await?;
            p.chmod(0o600).await?;
            Ok(String::new())
        };
        "`await p.readlink()`, `p.resolve()`, `absolute`, `expanduser`", "
say((d / 'link').readlink(), (d / 'link/../no').resolve(), (d / 'no').absolute(), Path('~/x').expanduser())", |d| {
            let link = &d / "link";
            Ok(said!(
                link.read_link().await?.display(), (&link / "../no").resolve().await?.display(),
                (&d / "no").absolute().await?.display(), Path::new("~/x").expanduser().await?.display(),
            ))
        };
        "`await p.resolve(strict=True)`", "say((d / 'link').resolve(strict=True))", |d| {
            Ok(said!((d / "link").canonicalize().await?.display()))
        };
        "`await Path.cwd()`, `Path.home()`", "say(Path.cwd(), Path.home())", |_d| {
            Ok(said!(Path::cwd().await?.display(), Path::home().await?.display()))
        };
        "`async for q in p.iterdir()`, `p.glob(x)`, `p.rglob(x)`", "
say(names(d.iterdir()), names(d.glob('*/*.py')), names(d.rglob('*.py')))", |d| {
            let listed: Vec<_> = d.iterdir().try_collect().await?;
            let found: Vec<_> = d.glob("*/*.py").try_collect().await?;
            let everywhere: Vec<_> = d.rglob("*.py").try_collect().await?;
            Ok(said!(sorted(&listed), sorted(&found), sorted(&everywhere)))
        };
        "`p.glob(x, case_sensitive=False, recurse_symlinks=True)`", "
later((3, 13)); say(names(d.glob('**/*.PY', case_sensitive=False, recurse_symlinks=True)))", |d| {
            let found = d.glob("**/*.PY").case_sensitive(false).recurse_symlinks(true);
            Ok(sorted(&found.try_collect::<Path, _, Vec<_>>().await?))
        };
        "`for path, dirs, files in p.walk()`", "
for path, dirs, files in sorted(os.walk(d)): say(path, names(dirs), names(files), '')", |d| {
            let mut all: Vec<_> = d.walk().try_collect().await?;
            all.sort_by(|a, b| a.path.cmp(&b.path));
            let said = all.iter().map(|e| said!(e.path.display(), sorted(&e.dirs), sorted(&e.files)) + " ");
            Ok(said.collect())
        };
        "`dirs.remove(x)`, `on_error=f`, `top_down=False`, `follow_symlinks=True`", "
os.symlink('sub', d / 'to-sub')
def paths(**options):
    for path, dirs, _ in os.walk(d, **options):
        if 'deep' in dirs and options.get('topdown', True): dirs.remove('deep')
        yield path
failed = []; list(os.walk(d / 'no', onerror=failed.append))
last = list(paths(topdown=False))[-1]
say(names(paths()), len(failed), last, names(paths(followlinks=True)))", |d| {
            (&d / "to-sub").symlink_to("sub").await?;
            let walk = || d.walk().prune(|dir| dir.ends_with("deep"));
            let pruned: Vec<_> = walk().map(|e| e.unwrap().path).collect().await;
            let followed: Vec<_> = walk().follow_symlinks(true).map(|e| e.unwrap().path).collect().await;
            let (sender, errors) = std::sync::mpsc::channel();
            let failing = (&d / "no").walk().on_error(move |error| sender.send(error).unwrap());
            assert_eq!(failing.count().await, 0);
            let last = d.walk().top_down(false).last().await.unwrap()?.path;
            Ok(said!(sorted(&pruned), errors.iter().count(), last.display(), sorted(&followed)))
        };
        "`await p.copy(q)`, `copy_into(d)`, `shutil.copytree`", "
shutil.copytree(d / 'sub', d / 'copy'); shutil.copy(p, d / 'empty')", |d| {
            (&d / "sub").copy(&d / "copy").await?;
            (&d / "notes").copy_into(&d / "empty").await?;
            Ok(String::new())
        };
        "`shutil.copytree(p, q, ignore=f)`", "
shutil.copytree(d / 'sub', d / 'copy', ignore=shutil.ignore_patterns('x*'))
shutil.copytree(d / 'sub', d / 'flat', ignore=lambda dir, names: ['deep'])", |d| {
            let named = |path: &Path| !path.matches("x*");
            (&d / "sub").copy(&d / "copy").filter(named).await?;
            (&d / "sub").copy(&d / "flat").filter(|path| !path.ends_with("deep")).await?;
            Ok(String::new())
        };
        "`await p.move(q)`, `move_into(d)`, `shutil.move`", "
shutil.move(d / 'sub', d / 'moved'); shutil.move(p, d / 'empty')", |d| {
            (&d / "sub").move_to(&d / "moved").await?;
            (&d / "notes").move_into(&d / "empty").await?;
            Ok(String::new())
        };
        "`p.info`", "later((3, 14)); i = (d / 'link').info; say(i.exists(), i.is_file(), i.is_dir(), i.is_symlink())", |d| {
            let info = (d / "link").info().load().await?;
            let all = [info.exists(), info.is_file(), info.is_dir(), info.is_symlink()];
            Ok(all.map(|is| is.unwrap().to_string()).join(" "))
        };
        "`CapacityLimiter(n)`", "
import threading
with threading.BoundedSemaphore(2): say(p.read_text())", |d| {
            let limiter = Limiter::new(2);
            let limited = d.with_limiter(&limiter) / "notes";
            let text = limited.read_text().await?;
            assert_eq!((limiter.limit(), limiter.in_use()), (2, 0));
            Ok(text)
        };
        "`TemporaryFile()`, `NamedTemporaryFile()`, `SpooledTemporaryFile(n)`", "
import tempfile
for f in tempfile.TemporaryFile('w+', dir=d), tempfile.NamedTemporaryFile('w+', dir=d), tempfile.SpooledTemporaryFile(9, 'w+'):
    with f: f.write('x'); f.seek(0); say(f.read())", |d| temporary::files(d).await;
        "`TemporaryDirectory()`, `mkdtemp()`, `mkstemp()`", "
import tempfile
with tempfile.TemporaryDirectory(dir=d) as t: say(Path(t).is_dir())
os.rename(tempfile.mkdtemp(dir=d), d / 'kept')
handle, path = tempfile.mkstemp(dir=d)
os.rename(path, d / 'file')", |d| temporary::directories(d).await;
        "`gettempdir()`", "import tempfile; say(tempfile.gettempdir())", |_d| {
            Ok(std::env::temp_dir().to_str().unwrap().to_owned())
        };
    }
}

#[cfg(feature = "tempfile")]
mod temporary {
    use anyfile::{named_temp_file, spooled_temp_file, temp_dir, temp_file};
    use futures_lite::{AsyncRead, AsyncSeek, AsyncWrite};

    use super::*;

    async fn used(
        file: &mut (impl AsyncRead + AsyncWrite + AsyncSeek + Unpin),
    ) -> io::Result<String> {
        let mut text = String::new();
        file.write_all(b"x").await?;
        file.seek(SeekFrom::Start(0)).await?;
        file.read_to_string(&mut text).await?;
        file.close().await?;
        Ok(text)
    }

    pub(super) async fn files(dir: Path) -> io::Result<String> {
        let unnamed = used(&mut temp_file().dir(&dir).await?).await?;
        let mut named = named_temp_file().dir(&dir).await?;
        let said = used(&mut *named).await?;
        named.close().await?;
        Ok(unnamed + &said + &used(&mut spooled_temp_file(9)).await?)
    }

    pub(super) async fn directories(dir: Path) -> io::Result<String> {
        let mut removed = temp_dir().dir(&dir).await?;
        let is_dir = removed.path().is_dir().await;
        removed.close().await?;
        temp_dir()
            .dir(&dir)
            .await?
            .keep()
            .rename(&dir / "kept")
            .await?;
        let file = named_temp_file().dir(&dir).delete(false).await?;
        file.path().rename(&dir / "file").await?;
        Ok(is_dir.to_string())
    }
}

#[cfg(not(feature = "tempfile"))]
mod temporary {
    use super::*;

    pub(super) async fn files(_: Path) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) async fn directories(_: Path) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Runs the code with Python in `dir` and returns the output, or `None` if Python does not start or is too old.
fn python(code: &str, dir: &Path) -> Option<String> {
    let mut child = Command::new("python3");
    let child = child
        .args(["-", dir.to_str().unwrap()])
        .env("PYTHONUTF8", "1");
    let child = child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match child.spawn() {
        Ok(child) => child,
        Err(error) => {
            println!("skipped: python3 does not start: {error}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(format!("{PRELUDE}{code}\n").as_bytes())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{code}: {errors}");
    let said = String::from_utf8(output.stdout).unwrap();
    if said == "later" {
        println!("skipped: a newer Python has {}", code.trim());
        return None;
    }
    Some(said)
}

#[test]
fn each_row_of_anyio_and_python_is_what_these_do() {
    let checks = python_rows();
    let names: BTreeSet<_> = checks.iter().map(|row| row.left).collect();
    assert_eq!(names, rows(CRATE, "| AnyIO, Python |"));
    for row in checks {
        if cfg!(not(feature = "tempfile")) && row.left.contains("Temporary") {
            println!("skipped: {} needs the feature `tempfile`", row.left);
            continue;
        }
        let Some(theirs) = outcome(|dir| python(row.python, dir)) else {
            continue;
        };
        let ours = outcome(|dir| Some(done(row.left, block_on((row.ours)(dir.clone())))));
        assert_eq!(ours.unwrap(), theirs, "{}", row.left);
    }
}

/// Unlike Python's text mode, the crate does not turn every line ending into `\n`.
#[test]
fn text_is_read_as_it_is_in_the_file() {
    let read = "p.write_bytes(b'a\\r\\nb'); say(ascii(p.read_text()))";
    let theirs = outcome(|dir| python(read, dir));
    assert!(theirs.is_none_or(|said| said.starts_with(r"'a\nb'")));
    let (_scene, dir) = scene();
    let notes = dir / "notes";
    block_on(notes.write_bytes("a\r\nb")).unwrap();
    assert_eq!(block_on(notes.read_text()).unwrap(), "a\r\nb");
}

/// A row of the other tables: both sides are Rust.
struct Pair {
    left: &'static str,
    theirs: fn(Path) -> Boxed<io::Result<String>>,
    ours: fn(Path) -> Boxed<io::Result<String>>,
}

macro_rules! pairs {
    ($($left:literal, |$there:ident| $theirs:expr, |$here:ident| $ours:expr;)+) => {
        vec![$(Pair {
            left: $left,
            theirs: |$there| Box::pin(async move { $theirs }),
            ours: |$here| Box::pin(async move { $ours }),
        }),+]
    };
}

#[path = "coming_from/from_async_fs.rs"]
mod from_async_fs;
#[path = "coming_from/from_tokio.rs"]
mod from_tokio;
#[path = "coming_from/lessons.rs"]
mod lessons;

/// Runs a future on tokio.
fn on_tokio<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.build().unwrap().block_on(future)
}

/// Asserts that these are the rows of the table with this head, and that both sides do the same.
fn assert_pairs(
    head: &str,
    pairs: Vec<Pair>,
    run: fn(Boxed<io::Result<String>>) -> io::Result<String>,
) {
    let names: BTreeSet<_> = pairs.iter().map(|row| row.left).collect();
    assert_eq!(names, rows(CRATE, head));
    for Pair { left, theirs, ours } in pairs {
        let theirs = outcome(|dir| Some(done(left, run(theirs(dir.clone())))));
        let ours = outcome(|dir| Some(done(left, block_on(ours(dir.clone())))));
        assert_eq!(ours, theirs, "{left}");
    }
}

#[test]
fn each_row_of_async_fs_and_async_std_is_what_these_do() {
    assert_pairs("| async-fs, async-std |", from_async_fs::pairs(), block_on);
}

#[test]
fn each_row_of_tokio_is_what_tokio_does() {
    assert_pairs("| tokio |", from_tokio::pairs(), on_tokio);
}

/// The rows of the README, and those of the crate that say the same.
const SHORT: &[(&str, &[&str])] = &[
    ("`await open_file(p)`", &["`await open_file(p)`"]),
    (r#"`open_file(p, "w")`"#, &[r#"`open_file(p, "w")`"#]),
    ("`async for line in f`", &["`async for line in f`"]),
    ("`await f.read()`", &["`await f.read()`"]),
    ("`await f.aclose()`", &["`await f.aclose()`"]),
    ("`wrap_file(f)`", &["`wrap_file(f)`"]),
    ("`CapacityLimiter(n)`", &["`CapacityLimiter(n)`"]),
    (
        "`NamedTemporaryFile()`, `TemporaryDirectory()`",
        &[
            "`TemporaryFile()`, `NamedTemporaryFile()`, `SpooledTemporaryFile(n)`",
            "`TemporaryDirectory()`, `mkdtemp()`, `mkstemp()`",
        ],
    ),
    (
        r#"`async for q in p.rglob("*.py")`, `iterdir`, `walk`"#,
        &[
            "`async for q in p.iterdir()`, `p.glob(x)`, `p.rglob(x)`",
            "`for path, dirs, files in p.walk()`",
        ],
    ),
    (
        "`p.parent.mkdir(parents=True, exist_ok=True)`, then `p.write_text(x)`",
        &["`p.parent.mkdir(parents=True, exist_ok=True)`, then `p.write_text(x)`"],
    ),
    (
        "`shutil.copytree(p, q, ignore=f)`, `shutil.move(p, q)`",
        &[
            "`shutil.copytree(p, q, ignore=f)`",
            "`await p.move(q)`, `move_into(d)`, `shutil.move`",
        ],
    ),
    (
        r#"`Path(p) / "x"`, `await p.read_text()`, `await p.mkdir(parents=True)`"#,
        &[
            r#"`Path(p)`, `Path(p) / "x"`, `Path(a, b)`"#,
            "`await p.read_text()`, `read_bytes`, `write_text`, `write_bytes`",
            "`await p.mkdir(parents=True, exist_ok=True)`",
        ],
    ),
    (
        "`File::open(p)`, `File::create(p)`, `OpenOptions`",
        &[
            "`File::open(p)`",
            "`File::create(p)`",
            "`OpenOptions::new()….open(p)`",
        ],
    ),
    (
        "`BufReader::new(file).lines()`",
        &["`BufReader::new(file).lines()`"],
    ),
    ("`BufWriter::new(file)`", &["`BufWriter::new(file)`"]),
    (
        "`Unblock::new(t)`",
        &["`Unblock::new(t)`, `spawn_blocking`"],
    ),
    (
        "`fs::read_dir(p)`, `async_walkdir::WalkDir`",
        &["`read_dir(p).await?`", "`async_walkdir::WalkDir`"],
    ),
    (
        "`walkdir::WalkDir` with `max_depth(n)`, `filter_entry(f)`, `same_file_system(true)`",
        &[
            "`walkdir::WalkDir` with `max_depth(n)`",
            "`walkdir::WalkDir` with `filter_entry(f)`, `skip_current_dir()`",
            "`walkdir::WalkDir` with `same_file_system(true)`",
        ],
    ),
    (
        "`async_std::path::Path`, `fs::read_to_string(p)`, `fs::create_dir_all(p)`",
        &[
            "`async_std::path::Path`, `PathBuf`",
            "`read(p)`, `read_to_string(p)`",
            "`create_dir(p)`, `create_dir_all(p)`",
        ],
    ),
    (
        "`BufReader::new(file).lines()`, `BufWriter::new(file)`",
        &[
            "`BufReader::new(file).lines()`, `lines.next_line()`",
            "`BufWriter::new(file)`, `file.shutdown()`",
        ],
    ),
    (
        "`File::from_std(file)`, `spawn_blocking(f)`",
        &[
            "`File::from_std(file)`, `file.into_std()`",
            "`spawn_blocking(f)`",
        ],
    ),
    (
        "`fs::read_to_string(p)`, `fs::create_dir_all(p)`",
        &[
            "`read(p)`, `read_to_string(p)`",
            "`create_dir(p)`, `create_dir_all(p)`",
        ],
    ),
    (
        "`fs::read_dir(p)`, `entries.next_entry()`",
        &["`read_dir(p).await?`, `entries.next_entry()`"],
    ),
    (
        "`file`, where tokio's traits are wanted",
        &["`file`, where tokio's traits are wanted"],
    ),
];

#[test]
fn the_tables_of_the_readme_are_short_forms() {
    let heads = ["| AnyIO, Python |", "| async-fs, async-std |", "| tokio |"];
    let all = |text| -> BTreeSet<_> { heads.iter().flat_map(|head| rows(text, head)).collect() };
    let (short, full) = (all(README), all(CRATE));
    assert_eq!(
        SHORT.iter().map(|(row, _)| *row).collect::<BTreeSet<_>>(),
        short
    );
    for row in SHORT.iter().flat_map(|(_, rows)| *rows) {
        assert!(full.contains(row), "{row}");
    }
}
