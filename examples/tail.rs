//! Prints the last part of files, and what is appended to them, as GNU `tail` does.
//!
//! ```text
//! cargo run --example tail -- [OPTION...] [FILE...]
//! ```
//!
//! A regular file is read from its end backwards, so its length does not matter. To follow files, a timer asks for
//! their lengths; only regular files are followed. Where a file is replaced, as when a log is rotated, `-F` goes on
//! with the new file.

mod cli;

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io::{self, SeekFrom, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyfile::{AsyncFile, Path, open_file, wrap_file};
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};
use smol::Timer;
use smol::io::{AsyncReadExt, AsyncSeekExt};

use cli::{Tool, quoted, reason, stdin};

const TAIL: Tool = Tool {
    name: "tail",
    help: "\
Usage: tail [OPTION]... [FILE]...
Print the last 10 lines of each FILE. With no FILE, or when FILE is -, read standard input.

  -c, --bytes=[+]N             print the last N bytes; with +, from byte N on
  -f, --follow                 print what is appended as the file grows
  -F                           as -f, and go on if the file is replaced or missing
  -n, --lines=[+]N             print the last N lines; with +, from line N on
  -q, --quiet                  never print headers with the files' names
  -s, --sleep-interval=N       with -f, wait N seconds between checks; by default, 1
  -v, --verbose                always print headers
      --help                   print this help

The exit code is 1 if anything could not be read.
",
    failure: 1,
};

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Bytes,
    Lines,
}

/// Where the last part begins.
#[derive(Clone, Copy)]
enum Begin {
    /// So many units before the end.
    Last(u64),
    /// After so many units.
    After(u64),
}

#[derive(Clone, Copy, PartialEq)]
enum Follow {
    No,
    File,
    Name,
}

struct Options {
    unit: Unit,
    begin: Begin,
    follow: Follow,
    headers: Option<bool>,
    interval: Duration,
    files: Vec<OsString>,
}

fn main() -> ExitCode {
    TAIL.main(parse, run)
}

fn parse(mut args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        unit: Unit::Lines,
        begin: Begin::Last(10),
        follow: Follow::No,
        headers: None,
        interval: Duration::from_secs(1),
        files: Vec::new(),
    };
    while let Some(arg) = args.next()? {
        match arg {
            Short('c') | Long("bytes") => {
                (options.unit, options.begin) = (Unit::Bytes, args.value()?.parse_with(begin)?);
            }
            Short('n') | Long("lines") => {
                (options.unit, options.begin) = (Unit::Lines, args.value()?.parse_with(begin)?);
            }
            Short('f') | Long("follow") => options.follow = Follow::File,
            Short('F') => options.follow = Follow::Name,
            Short('q') | Long("quiet") => options.headers = Some(false),
            Short('v') | Long("verbose") => options.headers = Some(true),
            Short('s') | Long("sleep-interval") => {
                let seconds = args.value()?.parse()?;
                options.interval =
                    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
            }
            Long("help") => return Ok(None),
            Value(file) => options.files.push(file),
            _ => return Err(arg.unexpected()),
        }
    }
    if options.files.is_empty() {
        options.files.push("-".into());
    }
    Ok(Some(options))
}

fn begin(number: &str) -> Result<Begin, std::num::ParseIntError> {
    Ok(match number.strip_prefix('+') {
        Some(first) => Begin::After(first.parse::<u64>()?.saturating_sub(1)),
        None => Begin::Last(number.strip_prefix('-').unwrap_or(number).parse()?),
    })
}

async fn run(options: Options) -> io::Result<u8> {
    if matches!(options.begin, Begin::Last(0)) && options.follow == Follow::No {
        return Ok(0);
    }
    let many = options.files.len() > 1;
    let mut printer = Printer {
        headers: options.headers.unwrap_or(many),
        last: None,
    };
    let (mut code, mut tails) = (0, Vec::new());
    for (number, name) in options.files.iter().enumerate() {
        let mut tail = Tail::new(number, name);
        match tail.print_last(&options, &mut printer).await {
            Ok(()) => (),
            Err(failure) => {
                code = 1;
                tail.give_up(failure)?;
            }
        }
        tails.push(tail);
    }

    tails.retain(|tail| tail.can_be_followed(options.follow));
    while options.follow != Follow::No {
        if tails.is_empty() {
            // A pipe has an end, and that is no failure.
            if code != 0 {
                TAIL.complain("no files remaining");
            }
            break;
        }
        Timer::after(options.interval).await;
        for tail in &mut tails {
            if let Err(failure) = tail.print_new(options.follow, &mut printer).await {
                code = 1;
                tail.give_up(failure)?;
            }
        }
    }
    Ok(code)
}

/// Why a file's last part was not printed.
enum Failure {
    Open(io::Error),
    Read(io::Error),
    Write(io::Error),
}

/// Standard output, with a header before each file if there are several.
struct Printer {
    headers: bool,
    /// The number of the file whose header was last printed.
    last: Option<usize>,
}

impl Printer {
    fn header(&mut self, tail: &Tail) -> Result<(), Failure> {
        if !self.headers || self.last == Some(tail.number) {
            return Ok(());
        }
        let gap = if self.last.is_some() { "\n" } else { "" };
        self.last = Some(tail.number);
        let name = tail.title().as_encoded_bytes();
        self.print(&[gap.as_bytes(), b"==> ", name, b" <==\n"].concat())
    }

    fn print(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        written.map_err(Failure::Write)
    }
}

/// A file, of which everything before `position` has been dealt with.
struct Tail {
    number: usize,
    name: OsString,
    /// `None` if it could not be opened or read, or is missing.
    file: Option<AsyncFile>,
    regular: bool,
    position: u64,
}

impl Tail {
    fn is_stdin(&self) -> bool {
        self.name == "-"
    }

    fn title(&self) -> &OsStr {
        if self.is_stdin() {
            OsStr::new("standard input")
        } else {
            &self.name
        }
    }

    fn new(number: usize, name: &OsStr) -> Tail {
        let name = name.to_owned();
        Tail {
            number,
            name,
            file: None,
            regular: false,
            position: 0,
        }
    }

    async fn open(&mut self) -> Result<(), Failure> {
        let opened = async {
            if self.is_stdin() {
                return stdin().map(wrap_file);
            }
            open_file(&self.name).await
        };
        let file = self.file.insert(opened.await.map_err(Failure::Open)?);
        let metadata = file.metadata().await.map_err(Failure::Read)?;
        self.regular = metadata.is_file();
        // Standard input is read from where it stands.
        self.position = 0;
        if self.regular {
            self.position = file.stream_position().await.map_err(Failure::Read)?;
        }
        Ok(())
    }

    /// Reports why there is no more of the file, unless it is the output that fails.
    fn give_up(&mut self, failure: Failure) -> io::Result<()> {
        let name = quoted(self.title());
        match failure {
            Failure::Open(error) => TAIL.complain(format_args!(
                "cannot open {name} for reading: {}",
                reason(&error)
            )),
            Failure::Read(error) => {
                TAIL.complain(format_args!("error reading {name}: {}", reason(&error)));
            }
            Failure::Write(error) => return Err(error),
        }
        self.file = None;
        Ok(())
    }

    async fn print_last(
        &mut self,
        options: &Options,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        self.open().await?;
        printer.header(self)?;
        match options.begin {
            Begin::After(count) => self.skip(options.unit, count, printer).await?,
            Begin::Last(count) => {
                let len = self.len().await?;
                // A file of /proc has contents, but no length.
                if self.regular && len > self.position + BLOCK as u64 {
                    self.seek_last(options.unit, count, len).await?;
                } else {
                    self.keep_last(options.unit, count, printer).await?;
                }
            }
        }
        self.print_rest(printer).await
    }

    fn file(&mut self) -> Result<&mut AsyncFile, Failure> {
        self.file
            .as_mut()
            .ok_or_else(|| Failure::Read(io::ErrorKind::NotFound.into()))
    }

    async fn len(&mut self) -> Result<u64, Failure> {
        let metadata = self.file()?.metadata().await.map_err(Failure::Read)?;
        Ok(metadata.len())
    }

    async fn read<'a>(&mut self, block: &'a mut [u8]) -> Result<&'a [u8], Failure> {
        let len = self.file()?.read(block).await.map_err(Failure::Read)?;
        self.position += len as u64;
        Ok(&block[..len])
    }

    async fn seek(&mut self, position: u64) -> Result<(), Failure> {
        let seek = self.file()?.seek(SeekFrom::Start(position));
        self.position = seek.await.map_err(Failure::Read)?;
        Ok(())
    }

    /// Reads over the first units, and prints what has been read after them.
    async fn skip(
        &mut self,
        unit: Unit,
        mut count: u64,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let mut block = vec![0; BLOCK];
        while count > 0 {
            let bytes = self.read(&mut block).await?;
            if bytes.is_empty() {
                break;
            }
            let mut rest = bytes;
            while count > 0 && !rest.is_empty() {
                let (len, units) = match unit {
                    Unit::Bytes => {
                        let len = rest.len().min(usize::try_from(count).unwrap_or(usize::MAX));
                        (len, len as u64)
                    }
                    Unit::Lines => match memchr::memchr(b'\n', rest) {
                        Some(end) => (end + 1, 1),
                        None => (rest.len(), 0),
                    },
                };
                (rest, count) = (&rest[len..], count - units);
            }
            printer.print(rest)?;
        }
        Ok(())
    }

    /// Goes to where the last units of a file of `len` bytes begin: reads lines from the end backwards.
    async fn seek_last(&mut self, unit: Unit, mut count: u64, len: u64) -> Result<(), Failure> {
        let start = self.position;
        if unit == Unit::Bytes {
            return self.seek(len.saturating_sub(count).max(start)).await;
        }
        if count == 0 {
            return self.seek(len).await;
        }
        let (mut block, mut end) = (vec![0; BLOCK], len);
        while end > start {
            let begin = end.saturating_sub(BLOCK as u64).max(start);
            let block = &mut block[..(end - begin) as usize];
            let read = self.file()?.read_exact_at(block, begin);
            read.await.map_err(Failure::Read)?;
            for newline in memchr::memrchr_iter(b'\n', block) {
                let after = begin + newline as u64 + 1;
                // The end of the last line begins no other.
                if after < len {
                    count -= 1;
                }
                if count == 0 {
                    return self.seek(after).await;
                }
            }
            end = begin;
        }
        self.seek(start).await
    }

    /// Reads all and prints the last units, as must be done where nothing can be read twice.
    async fn keep_last(
        &mut self,
        unit: Unit,
        count: u64,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let (mut block, mut blocks) = (vec![0; BLOCK], VecDeque::new());
        let units = |bytes: &[u8]| match unit {
            Unit::Bytes => bytes.len() as u64,
            Unit::Lines => memchr::memchr_iter(b'\n', bytes).count() as u64,
        };
        let (mut kept, mut finished) = (0, true);
        loop {
            let bytes = self.read(&mut block).await?;
            let Some(last) = bytes.last() else { break };
            finished = unit == Unit::Bytes || *last == b'\n';
            kept += units(bytes);
            blocks.push_back(bytes.to_vec());
            // What precedes the last units is of no use.
            while let Some(first) = blocks.front().map(|first| units(first)) {
                if kept - first < count.saturating_add(1) {
                    break;
                }
                kept -= first;
                blocks.pop_front();
            }
        }
        // A last line may lack its end.
        let mut excess = (kept + u64::from(!finished)).saturating_sub(count);
        for block in blocks {
            let begin = match unit {
                _ if excess == 0 => 0,
                Unit::Bytes => block.len().min(excess as usize),
                Unit::Lines => memchr::memchr_iter(b'\n', &block)
                    .nth(excess as usize - 1)
                    .map_or(block.len(), |end| end + 1),
            };
            excess -= units(&block[..begin]);
            if count > 0 {
                printer.print(&block[begin..])?;
            }
        }
        Ok(())
    }

    async fn print_rest(&mut self, printer: &mut Printer) -> Result<(), Failure> {
        let mut block = vec![0; BLOCK];
        loop {
            let bytes = self.read(&mut block).await?;
            if bytes.is_empty() {
                return Ok(());
            }
            printer.header(self)?;
            printer.print(bytes)?;
        }
    }

    fn can_be_followed(&self, follow: Follow) -> bool {
        match self.file {
            Some(_) => self.regular,
            None => follow == Follow::Name,
        }
    }

    /// Prints what was appended since the last time.
    async fn print_new(&mut self, follow: Follow, printer: &mut Printer) -> Result<(), Failure> {
        if follow == Follow::Name && !self.is_stdin() {
            self.follow_name(printer).await?;
        }
        if self.file.is_none() {
            return Ok(());
        }
        if self.len().await? < self.position {
            TAIL.complain(format_args!("{}: file truncated", self.title().display()));
            self.seek(0).await?;
        }
        self.print_rest(printer).await
    }

    /// Opens the file that now has the name, if it is another one.
    async fn follow_name(&mut self, printer: &mut Printer) -> Result<(), Failure> {
        let (name, there) = (quoted(&self.name), Path::new(&self.name).metadata().await);
        match (&self.file, there) {
            (Some(file), Ok(there)) => {
                let open = file.metadata().await.map_err(Failure::Read)?;
                if identity(&open) == identity(&there) {
                    return Ok(());
                }
                self.print_rest(printer).await?;
                TAIL.complain(format_args!(
                    "{name} has been replaced;  following new file"
                ));
                self.open().await
            }
            (Some(_), Err(error)) => {
                let rest = self.print_rest(printer).await;
                self.file = None;
                TAIL.complain(format_args!(
                    "{name} has become inaccessible: {}",
                    reason(&error)
                ));
                rest
            }
            (None, Ok(_)) => {
                TAIL.complain(format_args!("{name} has appeared;  following new file"));
                self.open().await
            }
            (None, Err(_)) => Ok(()),
        }
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> impl PartialEq {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

// Elsewhere std does not tell: a file that was made at another time is another one.
#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> impl PartialEq {
    metadata.created().ok()
}
