//! Encodings other than UTF-8, by `encoding_rs`.
//!
//! Lines are found in the bytes, before they are decoded, so that the position in the file is known for each line.
//! In UTF-16, a line ends with the unit 0x000A. In all other encodings it ends with the byte 0x0A, which is part of
//! no other character: the second bytes of two are 0x30 or more.

use std::io::{self, ErrorKind};

use encoding_rs::{
    CoderResult, DecoderResult, EncoderResult, Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE,
    UTF_16LE,
};

use super::{Malformed, invalid, utf8};

/// The number of bytes that are decoded at once. The decoder wants room for the worst case, three times as much.
const STEP: usize = 64 * 1024;

/// What to decode lines with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decoder {
    pub(crate) encoding: &'static Encoding,
    pub(crate) malformed: Malformed,
}

impl Decoder {
    /// Returns the length up to the last line end that is not entirely within the first `searched` bytes.
    pub(crate) fn last_line(self, bytes: &[u8], searched: usize) -> Option<usize> {
        let from = searched - searched % unit(self.encoding);
        last_line(self.encoding, bytes, from)
    }

    /// Returns the text of these lines, or `None` if they are malformed and must not be.
    pub(crate) fn decode(self, lines: &[u8]) -> Option<String> {
        let mut text = String::new();
        decode_lines(self, lines, &mut text).ok()?;
        // The room for the worst case is given back: several texts wait for the reader.
        text.shrink_to_fit();
        Some(text)
    }
}

/// Returns the number of bytes in a unit of the encoding.
pub(crate) fn unit(encoding: &'static Encoding) -> usize {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        2
    } else {
        1
    }
}

/// Returns `true` if each line must be decoded by itself. ISO-2022-JP changes its state, but begins each line in
/// ASCII; a malformed line must not change those after it. The replacement encoding has no line ends.
pub(crate) fn is_by_line(encoding: &'static Encoding) -> bool {
    encoding == ISO_2022_JP || encoding == REPLACEMENT
}

/// Returns the length up to the first line end at or after `from`, which is the start of a unit.
pub(crate) fn first_line(encoding: &'static Encoding, bytes: &[u8], from: usize) -> Option<usize> {
    let mut found = memchr::memchr_iter(b'\n', &bytes[from..]);
    found.find_map(|at| line_end(encoding, bytes, from + at))
}

/// Returns the length up to the last line end at or after `from`, which is the start of a unit.
pub(crate) fn last_line(encoding: &'static Encoding, bytes: &[u8], from: usize) -> Option<usize> {
    let mut found = memchr::memrchr_iter(b'\n', &bytes[from..]);
    found.find_map(|at| line_end(encoding, bytes, from + at))
}

/// Returns the end of the unit of which the byte 0x0A at `at` is a part, if that is a line end.
fn line_end(encoding: &'static Encoding, bytes: &[u8], at: usize) -> Option<usize> {
    let is_even = at % 2 == 0;
    if encoding == UTF_16LE {
        (is_even && bytes.get(at + 1) == Some(&0)).then_some(at + 2)
    } else if encoding == UTF_16BE {
        (!is_even && bytes[at - 1] == 0).then_some(at + 1)
    } else {
        Some(at + 1)
    }
}

/// Returns `true` if more bytes may complete a byte order mark.
pub(crate) fn begins_mark(bytes: &[u8]) -> bool {
    let marks = [&b"\xEF\xBB\xBF"[..], b"\xFE\xFF", b"\xFF\xFE"];
    let mut longer = marks.iter().filter(|mark| mark.len() > bytes.len());
    longer.any(|mark| mark.starts_with(bytes))
}

/// Appends decoded bytes to `text`. Byte order marks are characters like any other. Fails with the position of the
/// first malformed sequence; `text` has what is before it.
pub(crate) fn decode_lines(by: Decoder, bytes: &[u8], text: &mut String) -> Result<(), usize> {
    let mut decoder = by.encoding.new_decoder_without_bom_handling();
    let mut done = 0;
    while done < bytes.len() {
        let rest = &bytes[done..];
        let step = &rest[..rest.len().min(STEP)];
        let is_last = step.len() == rest.len();
        text.reserve(decoder.max_utf8_buffer_length(step.len()).unwrap_or(0));
        let read = match by.malformed {
            Malformed::Replace => {
                let (result, read, _) = decoder.decode_to_string(step, text, is_last);
                debug_assert_eq!(result, CoderResult::InputEmpty);
                read
            }
            Malformed::Refuse => {
                let (result, read) =
                    decoder.decode_to_string_without_replacement(step, text, is_last);
                if let DecoderResult::Malformed(len, after) = result {
                    let end = (done + read).saturating_sub(usize::from(after));
                    return Err(end.saturating_sub(usize::from(len)));
                }
                read
            }
        };
        done += read;
    }
    Ok(())
}

/// Converts the contents of a file into text. A byte order mark is removed, and has precedence over `encoding`.
pub(crate) fn decode(
    encoding: &'static Encoding,
    mut contents: Vec<u8>,
    malformed: Malformed,
) -> io::Result<String> {
    let (encoding, mark) = Encoding::for_bom(&contents).unwrap_or((encoding, 0));
    if encoding == UTF_8 {
        contents.drain(..mark);
        return utf8(contents, malformed);
    }
    let by = Decoder {
        encoding,
        malformed,
    };
    let mut text = String::new();
    decode_lines(by, &contents[mark..], &mut text)
        .map_err(|position| invalid(encoding.name(), mark + position))?;
    Ok(text)
}

/// Converts text into bytes, without a byte order mark.
pub(crate) fn encode(
    encoding: &'static Encoding,
    text: &str,
    malformed: Malformed,
) -> io::Result<Vec<u8>> {
    // As the output of HTML forms, for which the standard is made, these two are UTF-8.
    if encoding == UTF_16LE {
        return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    if encoding == REPLACEMENT {
        let reason = "nothing can be written in the replacement encoding";
        return Err(io::Error::new(ErrorKind::InvalidInput, reason));
    }
    let mut encoder = encoding.new_encoder();
    let (mut bytes, mut rest, mut substitute) = (Vec::new(), text, "");
    loop {
        let (part, is_last) = match substitute {
            "" => (rest, true),
            substitute => (substitute, false),
        };
        let room = encoder.max_buffer_length_from_utf8_without_replacement(part.len());
        bytes.reserve(room.unwrap_or(part.len()));
        let (result, read) =
            encoder.encode_from_utf8_to_vec_without_replacement(part, &mut bytes, is_last);
        if substitute.is_empty() {
            rest = &rest[read..];
        }
        substitute = match result {
            EncoderResult::InputEmpty if is_last => return Ok(bytes),
            EncoderResult::InputEmpty | EncoderResult::OutputFull => "",
            EncoderResult::Unmappable(_) if malformed == Malformed::Replace => "?",
            EncoderResult::Unmappable(character) => {
                let (code, name) = (u32::from(character), encoding.name());
                let reason = format!("U+{code:04X} cannot be encoded in {name}");
                return Err(io::Error::new(ErrorKind::InvalidInput, reason));
            }
        };
    }
}
