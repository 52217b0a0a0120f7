//! Types that are known though the code is generic: a file, and the standard library's seekable types.

use super::SeekFn;
use std::any::Any;
use std::fs::File;
use std::io::{Cursor, Seek};

/// The object as the file that it is, or as it came.
pub(super) fn into_file<T: 'static>(object: T) -> Result<File, T> {
    let mut slot = Some(object);
    let file = (&mut slot as &mut dyn Any).downcast_mut::<Option<File>>();
    match file.and_then(Option::take) {
        Some(file) => Ok(file),
        None => Err(slot.expect("BUG: what is no file was not taken out")),
    }
}

/// Gives a file back as the type that it came as.
pub(super) fn from_file<T: 'static>(file: File) -> T {
    let mut slot = Some(file);
    let object = (&mut slot as &mut dyn Any).downcast_mut::<Option<T>>();
    object
        .and_then(Option::take)
        .expect("BUG: the object is a file, so T is File")
}

/// The seek function of the standard library's seekable types, known before it is first used.
pub(super) fn known_seeker<T: 'static>() -> Option<SeekFn<T>> {
    fn is<K: Seek + 'static, T: 'static>() -> Option<SeekFn<T>> {
        let seek: SeekFn<K> = K::seek;
        (&seek as &dyn Any).downcast_ref::<SeekFn<T>>().copied()
    }
    is::<Cursor<Vec<u8>>, T>()
        .or_else(is::<Cursor<Box<[u8]>>, T>)
        .or_else(is::<Cursor<&'static [u8]>, T>)
}
