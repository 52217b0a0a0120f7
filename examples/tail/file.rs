//! A file and its last part.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{self, SeekFrom};

use anyfile::{AsyncFile, open_file, wrap_file};
use smol::io::{AsyncReadExt, AsyncSeekExt};

use crate::TAIL;
use crate::cli::{quoted, reason, stdin};
use crate::options::{Begin, Options, Unit};
use crate::output::{Failure, Printer};

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// A file, of which everything before `position` has been dealt with.
pub(crate) struct Tail {
    pub(crate) number: usize,
    pub(crate) name: OsString,
    /// `None` if it could not be opened or read, or is missing.
    pub(crate) file: Option<AsyncFile>,
    pub(crate) regular: bool,
    pub(crate) position: u64,
}

impl Tail {
    pub(crate) fn is_stdin(&self) -> bool {
        self.name == "-"
    }

    pub(crate) fn title(&self) -> &OsStr {
        if self.is_stdin() {
            OsStr::new("standard input")
        } else {
            &self.name
        }
    }

    pub(crate) fn new(number: usize, name: &OsStr) -> Tail {
        let name = name.to_owned();
        Tail {
            number,
            name,
            file: None,
            regular: false,
            position: 0,
        }
    }

    pub(crate) async fn open(&mut self) -> Result<(), Failure> {
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
    pub(crate) fn give_up(&mut self, failure: Failure) -> io::Result<()> {
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

    pub(crate) async fn print_last(
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

    pub(crate) async fn len(&mut self) -> Result<u64, Failure> {
        let metadata = self.file()?.metadata().await.map_err(Failure::Read)?;
        Ok(metadata.len())
    }

    async fn read<'a>(&mut self, block: &'a mut [u8]) -> Result<&'a [u8], Failure> {
        let len = self.file()?.read(block).await.map_err(Failure::Read)?;
        self.position += len as u64;
        Ok(&block[..len])
    }

    pub(crate) async fn seek(&mut self, position: u64) -> Result<(), Failure> {
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

    pub(crate) async fn print_rest(&mut self, printer: &mut Printer) -> Result<(), Failure> {
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
}
