//! Chunks: the units in which a stream is read, as bytes or as whole lines.

#[cfg(feature = "encoding")]
use std::mem;

#[cfg(feature = "encoding")]
use crate::encoding::Decoder;

/// The size of the chunks of a stream.
pub(super) const CHUNK: usize = 64 * 1024;

/// The number of line ends that are noted in a chunk. Further ones are searched for.
const NOTED: usize = 2048;

/// What the reader asks for: bytes as they come, or lines, which are cut at line ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Bytes,
    /// Lines that are validated as UTF-8.
    Lines,
    /// Lines that may be decoded.
    #[cfg(feature = "encoding")]
    Decoded(Decoder),
}

impl Form {
    /// Returns the memory that a chunk may take.
    pub(super) fn weight(self) -> usize {
        match self {
            Form::Bytes => CHUNK,
            Form::Lines => CHUNK + NOTED * size_of::<u32>(),
            // The text of two bytes may have three.
            #[cfg(feature = "encoding")]
            Form::Decoded(_) => 3 * CHUNK,
        }
    }

    /// Makes a chunk of what was read, and splits off the start of the last line. The first `carried` bytes were
    /// split off before.
    pub(super) fn cut(self, buffer: Vec<u8>, carried: usize) -> (Chunk, Vec<u8>) {
        match self {
            Form::Bytes => (Chunk::Bytes(buffer), Vec::new()),
            Form::Lines => {
                let end = memchr::memrchr(b'\n', &buffer[carried..]);
                cut_lines(buffer, end.map(|at| carried + at + 1), Chunk::utf8)
            }
            #[cfg(feature = "encoding")]
            Form::Decoded(decoder) => {
                let end = decoder.last_line(&buffer, carried);
                cut_lines(buffer, end, Chunk::Bytes)
            }
        }
    }
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
    /// Lines, and their text.
    #[cfg(feature = "encoding")]
    Decoded {
        bytes: Vec<u8>,
        text: String,
        decoder: Decoder,
    },
}

impl Chunk {
    fn utf8(bytes: Vec<u8>) -> Chunk {
        match String::from_utf8(bytes) {
            Ok(text) => Chunk::Lines {
                text,
                ends: Vec::new(),
            },
            Err(error) => Chunk::Bytes(error.into_bytes()),
        }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Lines { text, .. } => text.as_bytes(),
            #[cfg(feature = "encoding")]
            Chunk::Decoded { bytes, .. } => bytes,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Lines { text, .. } => text.into_bytes(),
            #[cfg(feature = "encoding")]
            Chunk::Decoded { bytes, .. } => bytes,
        }
    }

    /// Does for the reader what its form of lines needs.
    pub(super) fn prepare(&mut self, form: Form) {
        match form {
            Form::Bytes => {}
            Form::Lines => self.note_ends(),
            #[cfg(feature = "encoding")]
            Form::Decoded(decoder) => self.decode(decoder),
        }
    }

    fn note_ends(&mut self) {
        if let Chunk::Lines { text, ends } = self {
            let found = memchr::memchr_iter(b'\n', text.as_bytes());
            *ends = found.take(NOTED).map(|at| at as u32 + 1).collect();
        }
    }

    #[cfg(feature = "encoding")]
    fn decode(&mut self, decoder: Decoder) {
        if let Some(text) = decoder.decode(self.as_bytes()) {
            let bytes = mem::take(self).into_bytes();
            *self = Chunk::Decoded {
                bytes,
                text,
                decoder,
            };
        }
    }
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk::Bytes(Vec::new())
    }
}

/// Splits off what is after the last line end. `whole` makes a chunk of the lines.
fn cut_lines(
    mut buffer: Vec<u8>,
    end: Option<usize>,
    whole: impl FnOnce(Vec<u8>) -> Chunk,
) -> (Chunk, Vec<u8>) {
    match end {
        Some(end) => {
            let carry = buffer.split_off(end);
            (whole(buffer), carry)
        }
        // A long line is assembled by the reader, which knows its limit.
        None if buffer.len() >= CHUNK / 2 => (Chunk::Bytes(buffer), Vec::new()),
        None => (Chunk::default(), buffer),
    }
}
