//! Searches files for a pattern, as GNU `grep -E` does in a UTF-8 locale.
//!
//! ```text
//! cargo run --release --example grep -- [OPTION...] PATTERN [FILE...]
//! ```
//!
//! Patterns are those of the crate `regex`. Several files are searched at once, each in a task of its own, ahead of
//! the one whose lines are printed: the output is in order and never mixed, and a task that is far ahead waits.
//! Lines are bytes, so text need not be valid UTF-8. A file is binary from the first zero byte on; GNU looks at larger
//! blocks, and may print fewer lines before it. The task of a file that is not needed any more is canceled.

mod cli;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::mem;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyfile::{AsyncFile, Path, PathError, open_file, wrap_file};
use futures::future::ready;
use futures::stream::{self, BoxStream, StreamExt};
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};
use regex::bytes::{Regex, RegexBuilder};
use smol::Task;
use smol::channel::{self, Receiver, Sender};
use smol::io::AsyncBufReadExt;

use cli::{Tool, reason, stdin};

const GREP: Tool = Tool {
    name: "grep",
    help: "\
Usage: grep [OPTION]... PATTERN [FILE]...
Print the lines of each FILE that match PATTERN. With no FILE, read standard input, or with -r the
current directory. The lines of PATTERN are alternatives.

  -E                    take PATTERN as a regular expression, which is the default
  -F, --fixed-strings   take PATTERN as plain text
  -i, --ignore-case     ignore differences between upper and lower case
  -v, --invert-match    select the lines that do not match
  -c, --count           print only the number of selected lines of each FILE
  -l, --files-with-matches  print only the names of FILEs with selected lines
  -q, --quiet           print nothing, and stop at the first selected line
  -n, --line-number     print the number of each line
  -H, --with-filename   print the file's name with each line; the default if there are several
  -h, --no-filename     print no names
  -r, --recursive       search all files below each directory; links are not followed
      --help            print this help

The exit code is 0 if a line is selected, 1 if none is, and 2 on an error, unless -q found a line.
",
    failure: 2,
};

/// How many files are searched at once.
const IN_FLIGHT: usize = 16;

/// How much of a file's output is handed over at once.
const PART: usize = 64 * 1024;

#[derive(Default)]
struct Options {
    fixed: bool,
    ignore_case: bool,
    invert: bool,
    count: bool,
    list: bool,
    quiet: bool,
    numbers: bool,
    names: Option<bool>,
    recursive: bool,
    files: Vec<OsString>,
}

fn main() -> ExitCode {
    GREP.main(parse, |(options, pattern)| {
        smol::block_on(run(options, pattern))
    })
}

fn parse(mut args: lexopt::Parser) -> Result<Option<(Options, Regex)>, lexopt::Error> {
    let (mut options, mut pattern) = (Options::default(), None);
    while let Some(arg) = args.next()? {
        match arg {
            Short('E') => options.fixed = false,
            Short('F') | Long("fixed-strings") => options.fixed = true,
            Short('i') | Long("ignore-case") => options.ignore_case = true,
            Short('v') | Long("invert-match") => options.invert = true,
            Short('c') | Long("count") => options.count = true,
            Short('l') | Long("files-with-matches") => options.list = true,
            Short('q') | Long("quiet") => options.quiet = true,
            Short('n') | Long("line-number") => options.numbers = true,
            Short('H') | Long("with-filename") => options.names = Some(true),
            Short('h') | Long("no-filename") => options.names = Some(false),
            Short('r') | Long("recursive") => options.recursive = true,
            Long("help") => return Ok(None),
            Value(value) if pattern.is_none() => pattern = Some(value.string()?),
            Value(file) => options.files.push(file),
            _ => return Err(arg.unexpected()),
        }
    }
    let pattern = pattern.ok_or("no pattern is given")?;
    let regex = compile(&pattern, &options).map_err(|error| error.to_string())?;
    Ok(Some((options, regex)))
}

fn compile(pattern: &str, options: &Options) -> Result<Regex, regex::Error> {
    let alternatives = pattern.split('\n').map(|line| {
        if options.fixed {
            regex::escape(line)
        } else {
            format!("(?:{line})")
        }
    });
    RegexBuilder::new(&alternatives.collect::<Vec<_>>().join("|"))
        .case_insensitive(options.ignore_case)
        .build()
}

async fn run(mut options: Options, regex: Regex) -> io::Result<u8> {
    let mut files = mem::take(&mut options.files);
    let here = files.is_empty() && options.recursive;
    if files.is_empty() {
        files.push(if here { "." } else { "-" }.into());
    }
    let names = match &files[..] {
        _ if options.names.is_some() => options.names == Some(true),
        [file] => options.recursive && Path::new(file).is_dir().await,
        _ => true,
    };
    let (recursive, quiet) = (options.recursive, options.quiet);
    let search = Arc::new(Search {
        options,
        regex,
        names,
    });

    let searches = stream::iter(files)
        .then(async |file| expand(file, recursive, here).await)
        .flatten()
        .map(|found| ready(search.start(found)))
        .buffered(IN_FLIGHT);
    let mut searches = pin!(searches);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut any, mut failed) = (false, false);
    while let Some((parts, task)) = searches.next().await {
        while let Ok(part) = parts.recv().await {
            out.write_all(&part)?;
        }
        let outcome = task.await;
        if let Some(message) = outcome.message {
            // In order with what was printed before.
            out.flush()?;
            GREP.complain(message);
        }
        (any, failed) = (any | outcome.selected, failed | outcome.failed);
        if any && quiet {
            return Ok(0);
        }
    }
    out.flush()?;
    Ok(match (failed, any) {
        (true, _) => 2,
        (false, true) => 0,
        (false, false) => 1,
    })
}

/// A file with the name that is printed, or why there is none.
type Found = Result<OsString, (OsString, io::Error)>;

/// Returns a file, or all regular files below a directory.
async fn expand(name: OsString, recursive: bool, here: bool) -> BoxStream<'static, Found> {
    let root = Path::new(&name);
    if !recursive || name == "-" || !root.is_dir().await {
        return stream::iter([Ok(name)]).boxed();
    }
    let dot = name == "." && !here;
    let shown = move |path: Path| {
        if dot {
            // The paths below `.` have no prefix.
            Path::new("./").join(path).into_os_string()
        } else {
            path.into_os_string()
        }
    };
    let found = root.rglob("*").sort(true);
    found
        .filter_map(move |found| {
            ready(match found {
                Ok(path) => (path.info().is_file() == Some(true)).then(|| Ok(shown(path))),
                Err(error) => {
                    let path = PathError::of(&error).map(|error| Path::new(error.path()));
                    Some(Err((shown(path.unwrap_or_default()), error)))
                }
            })
        })
        .boxed()
}

/// How the search of a file ended.
#[derive(Default)]
struct Outcome {
    selected: bool,
    failed: bool,
    message: Option<String>,
}

struct Search {
    options: Options,
    regex: Regex,
    names: bool,
}

impl Search {
    /// Searches a file in a task, and returns its output in parts.
    fn start(self: &Arc<Self>, found: Found) -> (Receiver<Vec<u8>>, Task<Outcome>) {
        let (parts, received) = channel::bounded(1);
        let search = self.clone();
        let task = smol::spawn(async move {
            let (name, result) = match found {
                Ok(name) => (name.clone(), search.file(&name, &parts).await),
                Err((name, error)) => (name, Err(error)),
            };
            result.unwrap_or_else(|error| Outcome {
                failed: true,
                message: Some(format!(
                    "{}: {}",
                    title(&name).to_string_lossy(),
                    reason(&error)
                )),
                ..Outcome::default()
            })
        });
        (received, task)
    }

    async fn file(&self, name: &OsStr, parts: &Sender<Vec<u8>>) -> io::Result<Outcome> {
        let mut file = if name == "-" {
            wrap_file(stdin()?)
        } else {
            open_file(name).await?
        };
        let options = &self.options;
        let mut output = Output {
            search: self,
            name: title(name),
            buffer: Vec::new(),
        };
        let (mut outcome, mut line, mut number, mut count) = (Outcome::default(), Vec::new(), 0, 0);
        let mut binary = is_binary(file.fill_buf().await?);
        let lines_wanted = !(options.count || options.list || options.quiet);
        'file: while next_line(&mut file, &mut line).await? {
            number += 1;
            binary |= is_binary(&line);
            // In a binary file, a zero byte ends a line as well.
            for line in line.split(|&byte| binary && byte == 0) {
                if self.regex.is_match(line) == options.invert {
                    continue;
                }
                (outcome.selected, count) = (true, count + 1);
                if options.list || options.quiet {
                    break 'file;
                }
                if lines_wanted && (binary || std::str::from_utf8(line).is_err()) {
                    outcome.message = Some(format!(
                        "{}: binary file matches",
                        title(name).to_string_lossy()
                    ));
                    if binary {
                        break 'file;
                    }
                    continue;
                }
                if lines_wanted {
                    output.line(number, line);
                }
            }
            if output.buffer.len() >= PART
                && parts.send(mem::take(&mut output.buffer)).await.is_err()
            {
                break;
            }
        }
        if options.list && outcome.selected && !options.quiet {
            output.push(&[title(name).as_encoded_bytes(), b"\n"]);
        } else if options.count && !options.list && !options.quiet {
            output.prefix(b":");
            output.push(&[count.to_string().as_bytes(), b"\n"]);
        }
        // It fails if the output is not wanted any more.
        let _ = parts.send(output.buffer).await;
        Ok(outcome)
    }
}

/// What is yet to be handed over of a file's output.
struct Output<'a> {
    search: &'a Search,
    name: &'a OsStr,
    buffer: Vec<u8>,
}

impl Output<'_> {
    fn push(&mut self, pieces: &[&[u8]]) {
        pieces
            .iter()
            .for_each(|piece| self.buffer.extend_from_slice(piece));
    }

    fn prefix(&mut self, separator: &[u8]) {
        if self.search.names {
            self.push(&[self.name.as_encoded_bytes(), separator]);
        }
    }

    fn line(&mut self, number: u64, line: &[u8]) {
        self.prefix(b":");
        if self.search.options.numbers {
            self.push(&[number.to_string().as_bytes(), b":"]);
        }
        self.push(&[line, b"\n"]);
    }
}

fn title(name: &OsStr) -> &OsStr {
    if name == "-" {
        OsStr::new("(standard input)")
    } else {
        name
    }
}

fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_some()
}

/// Reads the next line without its end into `line`; returns `false` at the end of the file.
async fn next_line(file: &mut AsyncFile, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let len = file.read_until(b'\n', line).await?;
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(len > 0)
}
