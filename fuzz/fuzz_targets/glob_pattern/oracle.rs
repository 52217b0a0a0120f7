//! A naive matcher for patterns, which tries every length for every token.

use std::collections::BTreeSet;

/// The parts of a pattern. A pattern describes text, which is characters, with `SLASH` between names.
enum Token {
    Unit(u32),
    One,
    Set(Vec<u32>),
    Star,
    /// All of a name.
    Name,
    /// Directories, with the slash behind the last one; or nothing.
    Dirs,
    Everything,
}

const SLASH: u32 = '/' as u32;

impl Token {
    fn takes(&self, text: &[u32], ignore_case: bool) -> bool {
        let lower = |unit: u32| match char::from_u32(unit) {
            Some(c) if ignore_case => u32::from(c.to_ascii_lowercase()),
            _ => unit,
        };
        match (self, text) {
            (Token::Unit(unit), &[found]) => lower(*unit) == lower(found),
            (Token::One, &[found]) => found != SLASH,
            (Token::Set(_), &[SLASH]) => false,
            (Token::Set(set), &[found]) => {
                let other = |c: char| {
                    if c.is_ascii_lowercase() {
                        c.to_ascii_uppercase()
                    } else {
                        c.to_ascii_lowercase()
                    }
                };
                let other = char::from_u32(found).map_or(found, |c| u32::from(other(c)));
                let (negated, set) = match set.strip_prefix(&[u32::from('!')]) {
                    Some(set) => (true, set),
                    None => (false, &set[..]),
                };
                negated != (in_set(found, set) || ignore_case && in_set(other, set))
            }
            (Token::Unit(_) | Token::One | Token::Set(_), _) => false,
            (Token::Star, name) => !name.contains(&SLASH),
            (Token::Name, name) => !name.is_empty() && !name.contains(&SLASH),
            (Token::Dirs, dirs) => dirs.is_empty() || dirs.len() > 1 && dirs.ends_with(&[SLASH]),
            (Token::Everything, _) => true,
        }
    }
}

fn in_set(unit: u32, set: &[u32]) -> bool {
    match *set {
        [low, hyphen, high, ref rest @ ..] if hyphen == u32::from('-') => {
            low <= unit && unit <= high || in_set(unit, rest)
        }
        [one, ref rest @ ..] => one == unit || in_set(unit, rest),
        [] => false,
    }
}

/// Characters; a byte that belongs to none is numbered as Python does.
fn units(bytes: &[u8]) -> Vec<u32> {
    let chunks = bytes.utf8_chunks();
    let chunk_units = chunks.flat_map(|chunk| {
        let valid = chunk.valid().chars().map(u32::from);
        valid.chain(chunk.invalid().iter().map(|&byte| 0xDC00 + u32::from(byte)))
    });
    chunk_units.collect()
}

/// Returns the tokens of a segment that is not `**`.
fn segment(pattern: &[u8]) -> Vec<Token> {
    if pattern.iter().all(|&byte| byte == b'*') {
        return vec![Token::Name];
    }
    let pattern = units(pattern);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&unit) = pattern.get(at) {
        at += 1;
        tokens.push(match char::from_u32(unit) {
            Some('*') => Token::Star,
            Some('?') => Token::One,
            Some('[') => {
                let first = at + usize::from(pattern.get(at) == Some(&u32::from('!')));
                let close = (first + 1..pattern.len()).find(|&at| pattern[at] == u32::from(']'));
                match close {
                    Some(close) => {
                        let set = pattern[at..close].to_vec();
                        at = close + 1;
                        Token::Set(set)
                    }
                    None => Token::Unit(unit),
                }
            }
            _ => Token::Unit(unit),
        });
    }
    tokens
}

/// Tries every length for every token. `failed` has the pairs of rests that were tried and did not match.
fn describes(
    tokens: &[Token],
    text: &[u32],
    ignore_case: bool,
    failed: &mut BTreeSet<(usize, usize)>,
) -> bool {
    let Some((token, rest)) = tokens.split_first() else {
        return text.is_empty();
    };
    if failed.contains(&(tokens.len(), text.len())) {
        return false;
    }
    let found = (0..=text.len()).any(|len| {
        let (taken, left) = text.split_at(len);
        token.takes(taken, ignore_case) && describes(rest, left, ignore_case, failed)
    });
    if !found {
        failed.insert((tokens.len(), text.len()));
    }
    found
}

pub fn names(path: &[u8]) -> Vec<&[u8]> {
    let names = path.split(|&byte| byte == b'/');
    names
        .filter(|name| !name.is_empty() && *name != b".")
        .collect()
}

/// Returns the number of slashes in the anchor.
pub fn anchor(path: &[u8]) -> usize {
    match path.iter().take_while(|&&byte| byte == b'/').count() {
        slashes @ 0..=2 => slashes,
        _ => 1,
    }
}

pub fn full_match(pattern: &[u8], path: &[u8], ignore_case: bool) -> bool {
    let mut parts = names(pattern);
    parts.dedup_by(|a, b| *a == b"**" && *b == b"**");
    let mut text = units(&names(path).join(&b'/'));
    if anchor(pattern) != anchor(path) {
        if anchor(pattern) > 0 || parts.first() != Some(&&b"**"[..]) {
            return false;
        }
        text.insert(0, SLASH);
    }
    let mut tokens = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        match (*part == b"**", is_last) {
            (true, true) => tokens.push(Token::Everything),
            (true, false) => tokens.push(Token::Dirs),
            (false, true) => tokens.extend(segment(part)),
            (false, false) => {
                tokens.extend(segment(part));
                tokens.push(Token::Unit(SLASH));
            }
        }
    }
    describes(&tokens, &text, ignore_case, &mut BTreeSet::new())
}

pub fn is_segment_match(pattern: &[u8], name: &[u8], ignore_case: bool) -> bool {
    describes(
        &segment(pattern),
        &units(name),
        ignore_case,
        &mut BTreeSet::new(),
    )
}

/// `None` if the pattern is refused.
pub fn matches(pattern: &[u8], path: &[u8], ignore_case: bool) -> Option<bool> {
    let (parts, anchored, names) = (names(pattern), anchor(pattern) > 0, names(path));
    if parts.is_empty() && !anchored {
        return None;
    }
    let pairs = || parts.iter().rev().zip(names.iter().rev());
    let long_enough = if anchored {
        anchor(pattern) == anchor(path) && names.len() == parts.len()
    } else {
        names.len() >= parts.len()
    };
    Some(long_enough && pairs().all(|(part, name)| is_segment_match(part, name, ignore_case)))
}
