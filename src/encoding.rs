//! Text: UTF-8, and with the feature `encoding` the encodings of the Encoding standard.

#[cfg(feature = "encoding")]
mod other;

#[cfg(feature = "encoding")]
pub(crate) use other::{
    Decoder, begins_mark, decode, decode_lines, encode, first_line, is_by_line, last_line, unit,
};

use std::io;

/// What becomes of bytes that are not valid text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Malformed {
    #[default]
    Refuse,
    /// Replace each malformed sequence by U+FFFD.
    Replace,
}

impl Malformed {
    pub(crate) fn lossy(lossy: bool) -> Malformed {
        if lossy {
            Malformed::Replace
        } else {
            Malformed::Refuse
        }
    }
}

/// Converts the contents of a file into text.
pub(crate) fn utf8(contents: Vec<u8>, malformed: Malformed) -> io::Result<String> {
    String::from_utf8(contents).or_else(|error| match malformed {
        Malformed::Replace => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Malformed::Refuse => Err(invalid("UTF-8", error.utf8_error().valid_up_to())),
    })
}

fn invalid(encoding: &str, position: usize) -> io::Error {
    let reason = format!("invalid {encoding} at byte {position}");
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
