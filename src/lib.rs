//! anyfile
mod budget;
mod cached;
mod error;
mod file;
mod lines;
mod open;
mod pool;

pub use error::PathError;
pub use file::{AsyncFile, wrap_file};
pub use lines::Lines;
pub use open::{OpenFile, open_file};
