//! Changes that were given up: see `src/file/abandoned.rs` of the library.

use anyfile_models::{abandoned, check};

#[test]
fn later_calls_wait() {
    check("later calls wait", 8_000, abandoned::later_calls_wait);
}
