//! Tasks that wait: see `src/pool/waiters.rs` of the library.

use anyfile_models::{check, waiters};

#[test]
fn an_event_wakes_all() {
    let model = waiters::an_event_wakes_all;
    check("an event wakes all", 4_000, model);
}

#[test]
fn a_crowd_leaves_nobody_asleep() {
    let model = waiters::a_crowd_leaves_nobody_asleep;
    check("a crowd leaves nobody asleep", 1_600, model);
}

#[test]
fn a_job_wakes_all() {
    let model = waiters::a_job_wakes_all;
    check("a job wakes all", 8_000, model);
}
