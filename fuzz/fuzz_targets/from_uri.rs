//! `Path::from_uri` against a decoder that goes byte by byte, and back through `Path::to_uri`.
//!
//! The input is a URI, and also the bytes of a path.

#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use anyfile::{Path, PathError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(uri) = str::from_utf8(data) {
        parse(uri);
        parse(&format!("file:{uri}"));
    }
    let path = [b"/", data].concat();
    round_trip(&Path::new(OsStr::from_bytes(&path)));
});

fn parse(uri: &str) {
    match (Path::from_uri(uri), expected(uri)) {
        (Ok(path), Some(expected)) => {
            assert_eq!(path.as_os_str().as_bytes(), expected, "{uri:?}");
            round_trip(&path);
        }
        (Err(error), None) => {
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            let path = PathError::of(&error).map(PathError::path);
            assert_eq!(path, Some(uri.as_ref()));
        }
        (found, expected) => panic!("{uri:?}: {found:?} instead of {expected:?}"),
    }
}

/// Returns the path that the URI names, if it names one.
fn expected(uri: &str) -> Option<Vec<u8>> {
    let uri = uri.as_bytes();
    if !uri.get(..5)?.eq_ignore_ascii_case(b"file:") {
        return None;
    }
    let end = uri.iter().position(|byte| b"?#".contains(byte));
    let mut rest = &uri[5..end.unwrap_or(uri.len()).max(5)];
    if rest.starts_with(b"//") {
        let slash = rest[2..].iter().position(|&byte| byte == b'/')?;
        let host = &rest[2..2 + slash];
        if !host.is_empty() && !host.eq_ignore_ascii_case(b"localhost") {
            return None;
        }
        rest = &rest[2 + slash..];
    }
    let mut path = Vec::new();
    while let Some((&first, after)) = rest.split_first() {
        let hex = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let escape = hex(0).zip(hex(1)).filter(|_| first == b'%');
        path.push(escape.map_or(first, |(high, low)| u8::try_from(high * 16 + low).unwrap()));
        rest = &after[if escape.is_some() { 2 } else { 0 }..];
    }
    path.starts_with(b"/").then_some(path)
}

/// To a URI and back: the same path, and no byte in between that has a meaning of its own.
fn round_trip(path: &Path) {
    let uri = path.to_uri().expect("it is absolute");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/%-._~".contains(&byte);
    assert!(
        uri.starts_with("file:///") && uri[5..].bytes().all(plain),
        "{uri:?}"
    );
    let back = Path::from_uri(&uri).expect("a path's URI is one");
    assert_eq!(back, *path);
    assert_eq!(back.as_os_str(), path.to_posix(), "{uri:?}");
    assert_eq!(back.to_uri().expect("it is absolute"), uri);
}
