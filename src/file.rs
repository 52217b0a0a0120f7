//! Types related to [`AsyncFile`].

// From the methods down to the system calls:
//
// The methods (`access`, `attributes`, `descriptor`, `into_inner`, `lock`, `owned`, `positional`, `read`, `records`,
// `to_end`, `tokio`, `write`, `seek`) use `async_file`, which keeps the order of operations: accepted bytes are
// written before anything is read, bytes that were read ahead are dropped before anything is written, and the
// object's own cursor is moved last. Below it are the two buffers, then the object that they share with their
// jobs.

mod abandoned;
mod access;
mod async_file;
mod attributes;
mod closing;
mod cursor;
mod descriptor;
mod into_inner;
mod lock;
mod lock_owner;
mod object;
mod owned;
mod position;
mod positional;
mod pread;
mod read;
mod read_buffer;
mod records;
mod seek;
mod state;
mod to_end;
#[cfg(feature = "tokio")]
mod tokio;
mod write;
mod write_buffer;

#[doc(no_inline)]
pub use async_file::{AsyncFile, wrap_file};
pub(crate) use closing::leave_to_pool;
pub use into_inner::IntoInnerError;
pub use lock::TryLockError;
pub(crate) use records::Record;
