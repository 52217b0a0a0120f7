//! Matching one segment of a path against one segment of a pattern.
//!
//! The semantics are those of Python's `fnmatch`. The `globset` crate cannot express them: there `?` matches
//! one byte of `é`, `[é]` matches nothing, and case is ignored for ASCII only (globset 0.4). Here the unit is a
//! character, and a byte that is not part of one counts as a character of its own.

use std::ffi::OsStr;
use std::sync::OnceLock;

use super::wildcard;

/// A compiled segment of a pattern.
///
/// `*` matches any number of characters, `?` one, `[seq]` one of a set and `[!seq]` one that is not in it.
/// Everything else, including a lone `[`, matches itself. A leading dot is not special.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Segment {
    /// The tokens; `None` is `*`.
    tokens: Vec<Option<Token>>,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Token {
    One,
    Literal(u32),
    /// Ranges that include both ends.
    Set {
        negated: bool,
        ranges: Vec<(u32, u32)>,
    },
}

impl Segment {
    /// Compiles `pattern`. Every pattern is valid.
    pub(crate) fn new(pattern: &OsStr, case_sensitive: bool) -> Segment {
        let ignore_case = !case_sensitive;
        let pattern: Vec<u32> = Units::of(pattern).collect();
        let mut tokens = Vec::with_capacity(pattern.len());
        let mut rest = &pattern[..];
        // A bracket that is not closed is not searched again for each `[` in it.
        let mut may_close = true;
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            tokens.push(match char::from_u32(first) {
                Some('*') => None,
                Some('?') => Some(Token::One),
                Some('[') if may_close => match split_set(after) {
                    Some((set, after)) => {
                        rest = after;
                        Some(Token::set(set))
                    }
                    None => {
                        may_close = false;
                        Some(Token::Literal(first))
                    }
                },
                _ if ignore_case => Some(Token::Literal(fold(first))),
                _ => Some(Token::Literal(first)),
            });
        }
        Segment {
            tokens,
            ignore_case,
        }
    }

    /// Returns `true` if the segment matches the entire `name`.
    pub(crate) fn is_match(&self, name: &OsStr) -> bool {
        wildcard::matches(&self.tokens, Units::of(name), |token, &unit| {
            token.takes(unit, self.ignore_case)
        })
    }
}

impl Token {
    /// Parses the text between `[` and `]`.
    fn set(body: &[u32]) -> Token {
        let (negated, mut body) = match body.split_first() {
            Some((&BANG, body)) => (true, body),
            _ => (false, body),
        };
        let mut ranges = Vec::new();
        loop {
            body = match *body {
                // A backward range is empty.
                [low, HYPHEN, high, ref rest @ ..] => {
                    ranges.push((low, high));
                    rest
                }
                [one, ref rest @ ..] => {
                    ranges.push((one, one));
                    rest
                }
                [] => return Token::Set { negated, ranges },
            }
        }
    }

    fn takes(&self, unit: u32, ignore_case: bool) -> bool {
        match self {
            Token::One => true,
            Token::Literal(literal) if ignore_case => *literal == fold(unit),
            Token::Literal(literal) => *literal == unit,
            Token::Set { negated, ranges } => {
                let has = |unit| {
                    ranges
                        .iter()
                        .any(|&(low, high)| (low..=high).contains(&unit))
                };
                let found = if ignore_case {
                    forms(unit).any(has)
                } else {
                    has(unit)
                };
                found != *negated
            }
        }
    }
}

const BANG: u32 = '!' as u32;
const HYPHEN: u32 = '-' as u32;
const CLOSE: u32 = ']' as u32;

/// Splits the text after a `[` into the set and the rest, if the set is closed.
fn split_set(after: &[u32]) -> Option<(&[u32], &[u32])> {
    // A leading `]` belongs to the set.
    let head = usize::from(after.first() == Some(&BANG)) + 1;
    let end = head + after.get(head..)?.iter().position(|&unit| unit == CLOSE)?;
    Some((&after[..end], &after[end + 1..]))
}

/// The characters of a name. Bytes that are not part of one are mapped as Python's `surrogateescape` does, from
/// `0xDC80` on, where no character is.
#[derive(Clone)]
struct Units<'a> {
    bytes: &'a [u8],
}

impl<'a> Units<'a> {
    fn of(name: &'a OsStr) -> Self {
        let bytes = name.as_encoded_bytes();
        Units { bytes }
    }
}

impl Iterator for Units<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (&first, rest) = self.bytes.split_first()?;
        let length = match first {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        let character = || {
            let encoded = std::str::from_utf8(self.bytes.get(..length)?).ok()?;
            encoded.chars().next()
        };
        let (unit, rest) = match character() {
            Some(character) => (u32::from(character), &self.bytes[length..]),
            None => (0xDC00 + u32::from(first), rest),
        };
        self.bytes = rest;
        Some(unit)
    }
}

/// Maps all forms of a letter to the same one.
fn fold(unit: u32) -> u32 {
    match unit {
        // Each of these pairs is the same letter, without an upper case of one character.
        0x1FD3 => 0x0390,
        0x1FE3 => 0x03B0,
        0xFB06 => 0xFB05,
        _ => lower(upper(unit)),
    }
}

/// Returns all letters that are folded to the same one.
fn forms(unit: u32) -> impl Iterator<Item = u32> {
    let folded = fold(unit);
    let rare = rare_forms().iter();
    let rare = rare.filter_map(move |&(of, form)| (of == folded).then_some(form));
    [folded, upper(folded)].into_iter().chain(rare)
}

/// The letters that are neither the lower nor the upper case of the letter that they are folded to, with that
/// letter: some thirty, such as `ς` for `σ`. They are computed once, because a range cannot be folded itself.
fn rare_forms() -> &'static [(u32, u32)] {
    /// No letter after it has case.
    const LAST: u32 = 0x1_FFFF;
    static RARE: OnceLock<Vec<(u32, u32)>> = OnceLock::new();
    RARE.get_or_init(|| {
        let pairs = (0..=LAST).map(|unit| (fold(unit), unit));
        let is_rare = |&(folded, unit): &(u32, u32)| unit != folded && unit != upper(folded);
        pairs.filter(is_rare).collect()
    })
}

fn lower(unit: u32) -> u32 {
    // Only `İ` has a lower case of two characters: `i` and a dot.
    char::from_u32(unit)
        .and_then(|c| c.to_lowercase().next())
        .map_or(unit, u32::from)
}

fn upper(unit: u32) -> u32 {
    let Some(mut letters) = char::from_u32(unit).map(char::to_uppercase) else {
        return unit;
    };
    match (letters.next(), letters.next()) {
        (Some(letter), None) => u32::from(letter),
        // `ß` has no single upper case letter.
        _ => unit,
    }
}
