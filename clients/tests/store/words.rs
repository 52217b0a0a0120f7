//! Counting as `wc` does, over whatever can be read through a buffer.

use std::io;

use futures::{AsyncBufRead, AsyncBufReadExt};

/// The number of lines, words and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) lines: usize,
    pub(crate) words: usize,
    pub(crate) bytes: usize,
}

impl Counts {
    /// Counts the next piece of a file; `in_word` goes from one to the next.
    fn add(&mut self, piece: &[u8], in_word: &mut bool) {
        self.bytes += piece.len();
        for byte in piece {
            let is_space = byte.is_ascii_whitespace();
            self.lines += usize::from(*byte == b'\n');
            self.words += usize::from(!is_space && !*in_word);
            *in_word = !is_space;
        }
    }
}

/// Counts the lines, words and bytes of a file.
pub(crate) async fn count(mut file: impl AsyncBufRead + Unpin) -> io::Result<Counts> {
    let (mut counts, mut in_word) = (Counts::default(), false);
    loop {
        let piece = file.fill_buf().await?;
        if piece.is_empty() {
            return Ok(counts);
        }
        counts.add(piece, &mut in_word);
        let len = piece.len();
        file.consume_unpin(len);
    }
}
