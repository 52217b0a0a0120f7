//! Bytes on their way to the object: see `src/file/write_buffer/queue.rs` of the library.

use anyfile_models::{check, write_back};

#[test]
fn every_byte_is_written_once() {
    let model = write_back::every_byte_is_written_once;
    check("every byte is written once", 8_000, model);
}

#[test]
fn half_of_the_bytes_make_room() {
    let model = write_back::half_of_the_bytes_make_room;
    check("half of the bytes make room", 4_000, model);
}

#[test]
fn a_drain_that_hangs_holds_up_nobody() {
    let model = write_back::a_drain_that_hangs_holds_up_nobody;
    check("a drain that hangs holds up nobody", 4_000, model);
}

#[test]
fn a_full_queue_keeps_no_thread_busy() {
    let model = write_back::a_full_queue_keeps_no_thread_busy;
    check("a full queue keeps no thread busy", 2_000, model);
}

#[test]
fn a_piece_that_comes_back_is_drained_again() {
    let model = write_back::a_piece_that_comes_back_is_drained_again;
    check("a piece that comes back is drained again", 2_000, model);
}
