//! Sums up the disk usage of directory trees, as GNU `du` does.
//!
//! ```text
//! cargo run --release --example du -- [OPTION...] [FILE...]
//! ```
//!
//! The walk lists directories from the bottom up, each entry with its metadata. A file with several hard links is
//! counted once. The lines of a directory's entries may come in another order than GNU's.
//! The apparent size includes that of directories, as in GNU coreutils up to 9.1.

mod cli;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::Component;
use std::process::ExitCode;

use anyfile::path::WalkEntry;
use anyfile::{Path, PathError};
use futures_lite::StreamExt;
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};

use cli::{Tool, quoted, reason};

const DU: Tool = Tool {
    name: "du",
    help: "\
Usage: du [OPTION]... [FILE]...
Sum up the disk usage of each FILE, of directories recursively; by default, of the current directory.

  -a, --all             print a line for files, not just for directories
      --apparent-size   print the length of files rather than the disk space that they take
  -b, --bytes           as --apparent-size, in bytes
  -c, --total           print a grand total
  -d, --max-depth=N     print a line only down to N levels below each FILE
  -h, --human-readable  print sizes such as 1.5K, 23M or 4.0G
  -s, --summarize       print one line for each FILE
  -x, --one-file-system  skip directories on other file systems
      --help            print this help

Sizes are in KiB, rounded up. The exit code is 1 if anything could not be read.
",
    failure: 1,
};

#[derive(Default)]
struct Options {
    all: bool,
    apparent: bool,
    bytes: bool,
    human: bool,
    one_file_system: bool,
    total: bool,
    max_depth: Option<usize>,
    files: Vec<OsString>,
}

fn main() -> ExitCode {
    DU.main(parse, |options| smol::block_on(Du::new(options).run()))
}

fn parse(mut args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut options, mut summarize) = (Options::default(), false);
    while let Some(arg) = args.next()? {
        match arg {
            Short('a') | Long("all") => options.all = true,
            Long("apparent-size") => options.apparent = true,
            Short('b') | Long("bytes") => (options.apparent, options.bytes) = (true, true),
            Short('c') | Long("total") => options.total = true,
            Short('d') | Long("max-depth") => options.max_depth = Some(args.value()?.parse()?),
            Short('h') | Long("human-readable") => options.human = true,
            Short('s') | Long("summarize") => summarize = true,
            Short('x') | Long("one-file-system") => options.one_file_system = true,
            Long("help") => return Ok(None),
            Value(file) => options.files.push(file),
            _ => return Err(arg.unexpected()),
        }
    }
    if summarize && options.all {
        return Err("cannot both summarize and show all entries".into());
    }
    if summarize && *options.max_depth.get_or_insert(0) != 0 {
        return Err("summarizing conflicts with --max-depth".into());
    }
    if options.files.is_empty() {
        options.files.push(".".into());
    }
    Ok(Some(options))
}

/// The numbers of a file's filesystem and of the file in it.
type Identity = (u64, u64);

struct Du {
    options: Options,
    /// What must not be counted again.
    seen: HashSet<Identity>,
    /// Whether there are several arguments.
    many: bool,
    out: io::BufWriter<io::StdoutLock<'static>>,
    code: u8,
}

impl Du {
    fn new(options: Options) -> Du {
        Du {
            many: options.files.len() > 1,
            options,
            seen: HashSet::new(),
            out: io::BufWriter::new(io::stdout().lock()),
            code: 0,
        }
    }

    async fn run(mut self) -> io::Result<u8> {
        let mut total = 0;
        for file in std::mem::take(&mut self.options.files) {
            total += self.tree(&file).await?;
        }
        if self.options.total {
            self.print(total, OsStr::new("total"))?;
        }
        self.out.flush()?;
        Ok(self.code)
    }

    /// Counts everything at and below `name`, prints the lines, and returns the sum.
    async fn tree(&mut self, name: &OsStr) -> io::Result<u64> {
        let root = Path::new(name);
        let top = match root.symlink_metadata().await {
            Ok(top) => top,
            Err(error) => {
                self.fail("cannot access", name, &error);
                return Ok(0);
            }
        };
        if !top.is_dir() {
            let size = self.count(&top);
            if let Some(size) = size {
                self.print(size, name)?;
            }
            return Ok(size.unwrap_or(0));
        }

        let mut walk = root.walk().top_down(false).metadata(true);
        if self.options.one_file_system {
            let device = device(&top);
            walk = walk.prune(move |dir| {
                let metadata = dir.info().metadata();
                metadata.is_some_and(|metadata| self::device(&metadata) != device)
            });
        }
        let mut sums = Sums::default();
        while let Some(entry) = walk.next().await {
            let dir = examine(entry).await;
            self.directory(&Start { name, root: &root }, dir, &mut sums)?;
        }
        Ok(sums.take(0))
    }

    /// Counts a directory, of which everything below has been counted.
    fn directory(&mut self, start: &Start<'_>, dir: Directory, sums: &mut Sums) -> io::Result<()> {
        let (depth, name) = start.locate(&dir.path);
        if let Some(error) = dir.unread {
            self.fail("cannot read directory", &name, &error);
        }
        for (path, metadata) in dir.files {
            let (depth, name) = start.locate(&path);
            if let Some(size) = self.count_result(&name, metadata) {
                sums.add(depth, size);
                if self.options.all {
                    self.print_at(depth, size, &name)?;
                }
            }
        }
        let below = sums.take(depth + 1);
        if let Some(own) = self.count_result(&name, dir.metadata) {
            sums.add(depth, own + below);
            self.print_at(depth, own + below, &name)?;
        }
        Ok(())
    }

    /// The size of what was examined, unless it is counted already or could not be examined.
    fn count_result(&mut self, name: &OsStr, metadata: io::Result<Metadata>) -> Option<u64> {
        match metadata {
            Ok(metadata) => self.count(&metadata),
            Err(error) => {
                self.fail("cannot access", name, &error);
                None
            }
        }
    }

    fn count(&mut self, metadata: &Metadata) -> Option<u64> {
        // With several arguments, one may lie below another.
        if self.many || (!metadata.is_dir() && links(metadata) > 1) {
            let identity = identity(metadata);
            if identity.is_some_and(|identity| !self.seen.insert(identity)) {
                return None;
            }
        }
        Some(if self.options.apparent {
            metadata.len()
        } else {
            allocated(metadata)
        })
    }

    fn print_at(&mut self, depth: usize, size: u64, name: &OsStr) -> io::Result<()> {
        if self.options.max_depth.is_none_or(|max| depth <= max) {
            self.print(size, name)?;
        }
        Ok(())
    }

    fn print(&mut self, size: u64, name: &OsStr) -> io::Result<()> {
        if self.options.human {
            write!(self.out, "{}\t", human(size))?;
        } else if self.options.bytes {
            write!(self.out, "{size}\t")?;
        } else {
            write!(self.out, "{}\t", size.div_ceil(1024))?;
        }
        self.out.write_all(name.as_encoded_bytes())?;
        self.out.write_all(b"\n")
    }

    fn fail(&mut self, what: &str, name: &OsStr, error: &io::Error) {
        self.code = 1;
        DU.complain(format_args!("{what} {}: {}", quoted(name), reason(error)));
    }
}

/// Where a walk starts: as it was named, and as a path.
struct Start<'a> {
    name: &'a OsStr,
    root: &'a Path,
}

impl Start<'_> {
    /// Returns how deep a path lies below the start, and its name after that of the start.
    fn locate(&self, path: &Path) -> (usize, OsString) {
        // The paths of a walk from `.` have no prefix.
        let below = path
            .strip_prefix(self.root)
            .unwrap_or_else(|_| path.clone());
        let depth = below
            .components()
            .filter(|part| *part != Component::CurDir)
            .count();
        let mut name = self.name.to_owned();
        if depth > 0 {
            if !name.as_encoded_bytes().ends_with(b"/") {
                name.push("/");
            }
            name.push(below);
        }
        (depth, name)
    }
}

/// A directory and its entries, those that are directories left out.
struct Directory {
    path: Path,
    metadata: io::Result<Metadata>,
    files: Vec<(Path, io::Result<Metadata>)>,
    /// Why the entries could not be listed.
    unread: Option<io::Error>,
}

async fn examine(entry: io::Result<WalkEntry>) -> Directory {
    let (path, entries, unread) = match entry {
        Ok(entry) => (entry.path, entry.entries, None),
        Err(error) => {
            let path = PathError::of(&error).map(|error| Path::new(error.path()));
            (path.unwrap_or_default(), Vec::new(), Some(error))
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        if entry.info().is_dir() != Some(true) {
            let metadata = metadata(&entry).await;
            files.push((entry, metadata));
        }
    }
    Directory {
        metadata: metadata(&path).await,
        path,
        files,
        unread,
    }
}

/// Returns the metadata that came with a path, or asks why it did not.
async fn metadata(path: &Path) -> io::Result<Metadata> {
    match path.info().metadata() {
        Some(metadata) => Ok(metadata),
        None => path.symlink_metadata().await,
    }
}

/// For each depth, the size of what is counted there and does not belong to a finished directory.
#[derive(Default)]
struct Sums(Vec<u64>);

impl Sums {
    fn add(&mut self, depth: usize, size: u64) {
        if self.0.len() <= depth {
            self.0.resize(depth + 1, 0);
        }
        self.0[depth] += size;
    }

    fn take(&mut self, depth: usize) -> u64 {
        self.0.get_mut(depth).map(std::mem::take).unwrap_or(0)
    }
}

/// Returns a size with one digit after the point if it has one before, rounded up.
fn human(bytes: u64) -> String {
    let (mut unit, mut size) = (1, u128::from(bytes));
    let mut suffixes = ["", "K", "M", "G", "T", "P", "E"].iter();
    let mut suffix = suffixes.next();
    while size.div_ceil(unit) >= 1024 || (unit == 1 && size >= 1024) {
        (unit, suffix) = (unit * 1024, suffixes.next());
    }
    let suffix = suffix.unwrap_or(&"");
    size *= 10;
    let tenths = size.div_ceil(unit);
    if unit > 1 && tenths < 100 {
        format!("{}.{}{suffix}", tenths / 10, tenths % 10)
    } else {
        format!("{}{suffix}", tenths.div_ceil(10))
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

fn device(metadata: &Metadata) -> Option<u64> {
    identity(metadata).map(|(device, _)| device)
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(unix)]
fn allocated(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

// Elsewhere std tells neither.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(not(unix))]
fn allocated(metadata: &Metadata) -> u64 {
    metadata.len()
}
