//! Counts lines, words and bytes, and prints them as GNU `wc` does in the C locale.
//!
//! ```text
//! cargo run --release --example wc -- [--] [FILE | DIRECTORY | PATTERN...]
//! ```
//!
//! With no `FILE`, or where it is `-`, standard input is counted. A directory stands for all regular files
//! below it, and a pattern such as `src/**/*.rs` for the files that it describes, in order: what GNU `wc`
//! prints if `find` or the shell finds them for it. Many files are read at once, and
//! each line is printed as soon as those before it are. What cannot be read is reported on standard
//! error, the rest is counted, and the exit code is 1. Long work shows a progress bar on a terminal.
//!
//! A word is what GNU `wc` up to 9.4 takes for one: printable ASCII characters between white space.
//! Other bytes neither begin nor end a word.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::mem;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyfile::{AsyncFile, Path, open_file, wrap_file};
use futures::future::ready;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use smol::io::AsyncBufReadExt;
use smol::lock::Mutex;

/// How many files are read at once.
const IN_FLIGHT: usize = 16;

/// How long the work must last for a progress bar to be shown.
const LONG: Duration = Duration::from_secs(1);

/// Standard input may be named more than once: the first one reads it all.
static STDIN: Mutex<()> = Mutex::new(());

fn main() -> ExitCode {
    let inputs = match inputs(env::args_os().skip(1)) {
        Ok(inputs) => inputs,
        Err(option) => {
            complain(format_args!("unknown option {option:?}"));
            return ExitCode::FAILURE;
        }
    };
    match smol::block_on(run(inputs)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader has seen enough: what a shell reports of a program that SIGPIPE ended.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(141),
        Err(error) => {
            complain(format_args!("standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Reports to standard error. There is nobody left to tell if that fails.
fn complain(what: impl Display) {
    let _ = writeln!(io::stderr(), "wc: {what}");
}

/// Counts and prints all inputs, and tells whether all could be read. An error is one of printing.
async fn run(named: Vec<Input>) -> io::Result<bool> {
    let (inputs, mut all_read) = expand(named).await;
    let known = inputs.clone();
    let (size, width) = smol::unblock(move || survey(&known)).await;
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template("{bytes} of {total_bytes} {wide_bar} {eta}") {
        bar.set_style(style);
    }
    let mut tallies = stream::iter(inputs.iter())
        .map(async |input| (input, tally(input, &bar).await))
        .buffered(IN_FLIGHT);

    let mut total = Counts::default();
    while let Some((input, (counts, result))) = tallies.next().await {
        bar.suspend(|| {
            if let Err(error) = result {
                all_read = false;
                match input.path() {
                    Some(_) => complain(error),
                    None => complain(format_args!("standard input: {error}")),
                }
            }
            let Some(counts) = counts else {
                return Ok(());
            };
            total.add(&counts);
            counts.print(width, input.0.as_ref().map(|name| name.as_encoded_bytes()))
        })?;
    }
    bar.finish_and_clear();
    if inputs.len() > 1 {
        total.print(width, Some(b"total"))?;
    }
    Ok(all_read)
}

/// The name of what is to be counted; `None` is standard input that nobody named.
struct Input(Option<OsString>);

/// The inputs that the arguments name, or an option, which there are none of.
fn inputs(args: impl Iterator<Item = OsString>) -> Result<Vec<Input>, OsString> {
    let (mut inputs, mut options) = (Vec::new(), true);
    for arg in args {
        if options && arg == "--" {
            options = false;
        } else if options && arg != "-" && arg.as_encoded_bytes().starts_with(b"-") {
            return Err(arg);
        } else {
            inputs.push(Input(Some(arg)));
        }
    }
    if inputs.is_empty() {
        inputs.push(Input(None));
    }
    Ok(inputs)
}

/// The files that the inputs stand for, and whether all of them could be found.
async fn expand(named: Vec<Input>) -> (Arc<[Input]>, bool) {
    let (mut inputs, mut all_found) = (Vec::new(), true);
    for input in named {
        let Some(mut found) = input.files().await else {
            inputs.push(input);
            continue;
        };
        let before = inputs.len();
        while let Some(path) = found.next().await {
            match path {
                Ok(path) => inputs.push(Input(Some(path.into_os_string()))),
                Err(error) => {
                    all_found = false;
                    complain(error);
                }
            }
        }
        if inputs.len() == before && input.is_pattern() {
            // As a shell does: it will turn out that no such file is there.
            inputs.push(input);
        }
    }
    (inputs.into(), all_found)
}

impl Input {
    /// The regular files that it stands for, if it does not stand for itself.
    async fn files(&self) -> Option<BoxStream<'static, io::Result<Path>>> {
        let path = Path::new(self.path()?);
        if path.is_dir().await {
            let all = path.rglob("*").sort(true);
            // A link may lead anywhere, even to a file that is counted already.
            let files = all.try_filter(|path| ready(path.info().is_file() == Some(true)));
            return Some(files.boxed());
        }
        if !self.is_pattern() || path.symlink_metadata().await.is_ok() {
            return None;
        }
        let base = if path.has_root() { "/" } else { "" };
        let pattern = path.strip_prefix(base).unwrap_or(path);
        let found = Path::new(base).glob(pattern).sort(true);
        let files = found.try_filter_map(async |path| Ok(path.is_file().await.then_some(path)));
        Some(files.boxed())
    }

    fn is_pattern(&self) -> bool {
        let name = self.path().map(|name| name.as_encoded_bytes());
        name.is_some_and(|name| name.iter().any(|byte| b"*?[".contains(byte)))
    }

    /// The path of the file, if it is not standard input.
    fn path(&self) -> Option<&OsString> {
        self.0.as_ref().filter(|name| *name != "-")
    }

    async fn open(&self) -> io::Result<AsyncFile> {
        match self.path() {
            Some(path) => open_file(path).await,
            None => stdin().map(wrap_file),
        }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        match self.path() {
            Some(path) => fs::metadata(path),
            None => stdin()?.metadata(),
        }
    }
}

/// A handle of its own to standard input.
fn stdin() -> io::Result<File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(handle.into())
}

/// The size of all regular files, and the width of a column. May wait.
fn survey(inputs: &[Input]) -> (u64, usize) {
    let known = inputs.iter().filter_map(|input| input.metadata().ok());
    let (regular, other): (Vec<_>, Vec<_>) = known.partition(Metadata::is_file);
    let size = regular
        .iter()
        .map(Metadata::len)
        .fold(0, u64::saturating_add);
    // A pipe, for one, may hold anything.
    let least = if other.is_empty() { 1 } else { 7 };
    (size, size.to_string().len().max(least))
}

/// Counts an input: what was counted, unless it could not be opened, and how it ended.
async fn tally(input: &Input, bar: &ProgressBar) -> (Option<Counts>, io::Result<()>) {
    let mut counts = None;
    let result = count(input, bar, &mut counts).await;
    (counts, result)
}

async fn count(input: &Input, bar: &ProgressBar, counts: &mut Option<Counts>) -> io::Result<()> {
    let turn = match input.path() {
        Some(_) => None,
        None => Some(STDIN.lock().await),
    };
    let mut file = input.open().await?;
    let counts = counts.insert(Counts::default());
    let mut in_word = false;
    loop {
        let chunk = file.fill_buf().await?;
        if chunk.is_empty() {
            break;
        }
        counts.count(chunk, &mut in_word);
        let len = chunk.len();
        file.consume(len);
        advance(bar, len);
    }
    if turn.is_some() {
        // Whoever else has this standard input goes on where the counting stopped.
        file.into_inner().await?;
    }
    Ok(())
}

/// Notes progress; shows the bar once the work turns out to be long, if a terminal is there.
fn advance(bar: &ProgressBar, bytes: usize) {
    bar.inc(bytes as u64);
    if bar.is_hidden() && bar.length() > Some(0) && bar.elapsed() > LONG {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
}

#[derive(Default)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.lines += other.lines;
        self.words += other.words;
        self.bytes += other.bytes;
    }

    /// Counts the next piece of a file; `in_word` goes from one to the next.
    fn count(&mut self, chunk: &[u8], in_word: &mut bool) {
        self.lines += memchr::memchr_iter(b'\n', chunk).count() as u64;
        self.bytes += chunk.len() as u64;
        let mut rest = chunk;
        while let Some((block, after)) = rest.split_first_chunk() {
            self.words += word_starts(block, in_word);
            rest = after;
        }
        // Zeros neither begin nor end a word.
        let mut block = [0; 64];
        block[..rest.len()].copy_from_slice(rest);
        self.words += word_starts(&block, in_word);
    }

    fn print(&self, width: usize, name: Option<&[u8]>) -> io::Result<()> {
        let Counts {
            lines,
            words,
            bytes,
        } = self;
        let mut out = io::stdout().lock();
        write!(out, "{lines:width$} {words:width$} {bytes:width$}")?;
        match name {
            Some(name) if name.contains(&b'\n') => writeln!(out, " {}", quoted(name)),
            Some(name) => out.write_all(&[b" ", name, b"\n"].concat()),
            None => writeln!(out),
        }
    }
}

/// Counts the words that begin in `block`, without a branch: each byte becomes a bit.
fn word_starts(block: &[u8; 64], in_word: &mut bool) -> u64 {
    let (mut printable, mut space) = (0, 0);
    for (i, &byte) in block.iter().enumerate() {
        let class = CLASSES[usize::from(byte)];
        printable |= (class & 1) << i;
        space |= (class >> 1) << i;
    }
    // In this sum a printable byte always carries, a space never, any other byte what it is given:
    // so the carry into a byte tells whether a word is going on there.
    let (sum, carry) = printable.overflowing_add(!space);
    let (sum, late_carry) = sum.overflowing_add(u64::from(*in_word));
    let going_on = sum ^ printable ^ !space;
    *in_word = carry | late_carry;
    (printable & !going_on).count_ones().into()
}

/// The class of each byte: 1 is printable, 2 is white space, 0 neither.
const CLASSES: [u64; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'!'..=b'~' => 1,
            b'\t'..=b'\r' | b' ' => 2,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Quotes a name that contains a line end, so that a shell reads it and it stays on its line.
fn quoted(name: &[u8]) -> String {
    let (mut quoted, mut escaped) = (String::from("'"), false);
    for &byte in name {
        let escape = !matches!(byte, b' '..=b'~');
        quoted += match (mem::replace(&mut escaped, escape), escape) {
            (false, true) => "'$'",
            (true, false) if byte != b'\'' => "''",
            _ => "",
        };
        quoted += &match byte {
            b'\'' => String::from("'\\''"),
            7..=13 => format!("\\{}", char::from(b"abtnvfr"[usize::from(byte) - 7])),
            _ if escape => format!("\\{byte:03o}"),
            _ => String::from(char::from(byte)),
        };
    }
    quoted + "'"
}
