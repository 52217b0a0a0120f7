//! Standard output and why a file does not get there.

use std::io::{self, Write};

use crate::file::Tail;

/// Why a file's last part was not printed.
pub(crate) enum Failure {
    Open(io::Error),
    Read(io::Error),
    Write(io::Error),
}

/// Standard output, with a header before each file if there are several.
pub(crate) struct Printer {
    pub(crate) headers: bool,
    /// The number of the file whose header was last printed.
    pub(crate) last: Option<usize>,
}

impl Printer {
    pub(crate) fn header(&mut self, tail: &Tail) -> Result<(), Failure> {
        if !self.headers || self.last == Some(tail.number) {
            return Ok(());
        }
        let gap = if self.last.is_some() { "\n" } else { "" };
        self.last = Some(tail.number);
        let name = tail.title().as_encoded_bytes();
        self.print(&[gap.as_bytes(), b"==> ", name, b" <==\n"].concat())
    }

    pub(crate) fn print(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = out.write_all(bytes).and_then(|()| out.flush());
        written.map_err(Failure::Write)
    }
}
