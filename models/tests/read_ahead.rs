//! Bytes on their way from the object: see `src/file/read_buffer/ahead.rs` of the library.

use anyfile_models::{check, read_ahead};

#[test]
fn every_byte_is_read_once() {
    let model = read_ahead::every_byte_is_read_once;
    check("every byte is read once", 8_000, model);
}

#[test]
fn no_end_is_older_than_its_call() {
    let model = read_ahead::no_end_is_older_than_its_call;
    check("no end is older than its call", 6_000, model);
}

#[test]
fn a_job_stops_when_its_reader_is_gone() {
    let model = read_ahead::a_job_stops_when_its_reader_is_gone;
    check("a job stops when its reader is gone", 2_000, model);
}

#[test]
fn a_chunk_is_given_while_the_next_is_read() {
    let model = read_ahead::a_chunk_is_given_while_the_next_is_read;
    check("a chunk is given while the next is read", 4_000, model);
}

#[test]
fn a_stream_holds_as_many_chunks_as_planned() {
    let model = read_ahead::a_stream_holds_as_many_chunks_as_planned;
    check("a stream holds as many chunks as planned", 400, model);
}
