//! The `Range` header.

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    /// The whole file: the server does not support what the header asks for, and ignores it.
    Whole,
    Part(Range<u64>),
    /// A part that begins after the end of the file.
    Unsatisfiable,
}

impl Asked {
    /// Returns the part of a file of `len` bytes that `header` asks for: `bytes=2-5`, `bytes=2-` or `bytes=-5`, the
    /// last five. Several ranges at once are not supported, nor a part of an empty file.
    pub(crate) fn of(header: &str, len: u64) -> Asked {
        let Some((first, last)) = split(header) else {
            return Asked::Whole;
        };
        let range = match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(len),
            (Some(first), None) if last.is_empty() => first..len,
            (None, Some(suffix)) if first.is_empty() => len.saturating_sub(suffix)..len,
            _ => return Asked::Whole,
        };
        if !range.is_empty() {
            Asked::Part(range)
        } else if len == 0 {
            Asked::Whole
        } else {
            Asked::Unsatisfiable
        }
    }
}

/// Splits a header at its unit and its hyphen.
fn split(header: &str) -> Option<(&str, &str)> {
    let (unit, range) = header.split_once('=')?;
    let (first, last) = range.split_once('-')?;
    unit.trim()
        .eq_ignore_ascii_case("bytes")
        .then_some((first.trim(), last.trim()))
}

/// Parses digits alone: `parse` accepts a sign as well. A number that is too big is one after the end of any file.
fn number(digits: &str) -> Option<u64> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}
