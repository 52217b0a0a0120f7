//! Bytes on their way to the object: see `src/file/write_buffer/queue.rs` of the library.

use anyfile_models::{check, write_back};

#[test]
fn every_byte_is_written_once() {
    let model = write_back::every_byte_is_written_once;
    check("every byte is written once", 8_000, model);
}

#[test]
fn a_batch_on_its_way_makes_room() {
    let model = write_back::a_batch_on_its_way_makes_room;
    check("a batch on its way makes room", 4_000, model);
}

#[test]
fn a_drain_that_hangs_holds_up_nobody() {
    let model = write_back::a_drain_that_hangs_holds_up_nobody;
    check("a drain that hangs holds up nobody", 4_000, model);
}

#[test]
fn a_large_batch_keeps_no_thread_busy() {
    let model = write_back::a_large_batch_keeps_no_thread_busy;
    check("a large batch keeps no thread busy", 2_000, model);
}

#[test]
fn a_batch_that_comes_back_is_drained_again() {
    let model = write_back::a_batch_that_comes_back_is_drained_again;
    check("a batch that comes back is drained again", 2_000, model);
}
