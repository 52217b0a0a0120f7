//! Chunks: the units in which a stream is read, as bytes or as whole lines.

/// The size of the chunks of a stream.
pub(super) const CHUNK: usize = 64 * 1024;

/// The number of line ends that are noted in a chunk. Further ones are searched for.
const NOTED: usize = 2048;

/// What the reader asks for: bytes as they come, or lines, which are cut at line ends and validated as UTF-8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Bytes,
    Lines,
}

/// Bytes in the form in which they were read.
#[derive(Debug)]
pub(super) enum Chunk {
    Bytes(Vec<u8>),
    /// Whole lines, known to be UTF-8.
    Lines {
        text: String,
        /// The positions of the first line ends, in order; possibly none.
        ends: Vec<u32>,
    },
}

impl Chunk {
    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Lines { text, .. } => text.as_bytes(),
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Lines { text, .. } => text.into_bytes(),
        }
    }

    /// Notes the line ends, so that the reader need not search.
    pub(super) fn note_ends(&mut self) {
        if let Chunk::Lines { text, ends } = self {
            let found = memchr::memchr_iter(b'\n', text.as_bytes());
            *ends = found.take(NOTED).map(|at| at as u32 + 1).collect();
        }
    }
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk::Bytes(Vec::new())
    }
}

/// Splits off the start of the last line. A buffer that is not UTF-8, or without a line end, stays as it is.
pub(super) fn cut_lines(mut buffer: Vec<u8>, carried: usize) -> (Chunk, Vec<u8>) {
    match memchr::memrchr(b'\n', &buffer[carried..]) {
        Some(end) => {
            let carry = buffer.split_off(carried + end + 1);
            let chunk = match String::from_utf8(buffer) {
                Ok(text) => Chunk::Lines {
                    text,
                    ends: Vec::new(),
                },
                Err(error) => Chunk::Bytes(error.into_bytes()),
            };
            (chunk, carry)
        }
        // A long line is assembled by the reader, which knows its limit.
        None if buffer.len() >= CHUNK / 2 => (Chunk::Bytes(buffer), Vec::new()),
        None => (Chunk::default(), buffer),
    }
}
