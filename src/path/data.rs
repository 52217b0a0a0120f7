//! The traits of what can be written to a file as a whole.

use std::borrow::Cow;
use std::sync::Arc;

/// Bytes or text to write to a file as a whole.
///
/// Implemented for types that own or borrow bytes: `Vec<u8>`, `Box<[u8]>`, `Arc<[u8]>`, `Cow<[u8]>`, arrays,
/// all types that implement [`Text`], and references to these. An owned buffer is moved, a borrowed one is
/// copied once.
///
/// This trait is sealed: other types cannot implement it.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// # let dir = tempfile::tempdir()?;
/// # let notes = anyfile::Path::new(dir.path()) / "notes";
/// let contents = vec![1, 2, 3];
/// notes.write_bytes(&contents).await?; // copied
/// notes.write_bytes(contents).await?; // moved
/// notes.write_bytes("text").await?;
/// assert_eq!(notes.read_bytes().await?, b"text");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to a file: it is neither bytes nor text",
    label = "neither bytes nor text",
    note = "a `Vec<u8>`, a `String`, a `&[u8]` or a `&str` can be written"
)]
pub trait Contents: sealed::ToData {}

/// Text to write to a file as a whole.
///
/// Implemented for types that own or borrow text: `String`, `&str`, `Box<str>`, `Arc<str>`, `Cow<str>`, and
/// references to these. An owned buffer is moved, a borrowed one is copied once.
///
/// This trait is sealed: other types cannot implement it.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// # let dir = tempfile::tempdir()?;
/// # let notes = anyfile::Path::new(dir.path()) / "notes";
/// let text = String::from("text");
/// notes.write_text(&text).await?; // copied
/// notes.write_text(text).await?; // moved
/// assert_eq!(notes.read_text().await?, "text");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to a file as text: it is not text",
    label = "not text",
    note = "a `String` or a `&str` can be written; `write_bytes` takes bytes"
)]
pub trait Text: Contents {}

/// Owned bytes. A write that has begun needs them even after its future is dropped.
#[derive(Debug, Clone)]
pub enum Data {
    Vec(Vec<u8>),
    Shared(Arc<[u8]>),
}

impl AsRef<[u8]> for Data {
    fn as_ref(&self) -> &[u8] {
        match self {
            Data::Vec(bytes) => bytes,
            Data::Shared(bytes) => bytes,
        }
    }
}

mod sealed {
    pub trait ToData {
        fn to_data(self) -> super::Data;
    }
}

pub(super) fn data(contents: impl Contents) -> Data {
    contents.to_data()
}

/// Implements the traits for a list of types, each with its conversion to bytes.
macro_rules! contents {
    ($($trait:ident for { $($type:ty: $to_data:expr;)* })*) => { $($(
        impl Contents for $type {}
        contents!(@$trait $type);

        impl sealed::ToData for $type {
            fn to_data(self) -> Data {
                let to_data: fn($type) -> Data = $to_data;
                to_data(self)
            }
        }
    )*)* };
    (@Contents $type:ty) => {};
    (@Text $type:ty) => {
        impl Text for $type {}
    };
}

contents! {
    Contents for {
        Vec<u8>: Data::Vec;
        Box<[u8]>: |bytes| Data::Vec(bytes.into_vec());
        Arc<[u8]>: Data::Shared;
        Cow<'_, [u8]>: |bytes| Data::Vec(bytes.into_owned());
        &[u8]: |bytes| Data::Vec(bytes.into());
        &Vec<u8>: |bytes| Data::Vec(bytes.clone());
        &Box<[u8]>: |bytes| Data::Vec(bytes.to_vec());
        &Arc<[u8]>: |bytes| Data::Shared(bytes.clone());
        &Cow<'_, [u8]>: |bytes| Data::Vec(bytes.to_vec());
    }
    Text for {
        String: |text| Data::Vec(text.into_bytes());
        Box<str>: |text| Data::Vec(text.into_string().into_bytes());
        Arc<str>: |text| Data::Shared(text.into());
        Cow<'_, str>: |text| Data::Vec(text.into_owned().into_bytes());
        &str: |text| Data::Vec(text.into());
        &&str: |text| Data::Vec((*text).into());
        &String: |text| Data::Vec(text.as_bytes().into());
        &Box<str>: |text| Data::Vec(text.as_bytes().into());
        &Arc<str>: |text| Data::Shared(text.clone().into());
        &Cow<'_, str>: |text| Data::Vec(text.as_bytes().into());
    }
}

impl<const N: usize> Contents for [u8; N] {}

impl<const N: usize> sealed::ToData for [u8; N] {
    fn to_data(self) -> Data {
        Data::Vec(self.into())
    }
}

impl<const N: usize> Contents for &[u8; N] {}

impl<const N: usize> sealed::ToData for &[u8; N] {
    fn to_data(self) -> Data {
        Data::Vec(self.into())
    }
}
