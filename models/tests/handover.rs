//! Threads and jobs: see `src/pool/handover.rs` of the library.

use anyfile_models::{check, handover};

#[test]
fn no_job_is_lost() {
    check("no job is lost", 4_000, handover::no_job_is_lost);
}

#[test]
fn a_job_that_hangs_holds_up_nobody() {
    let model = handover::a_job_that_hangs_holds_up_nobody;
    check("a job that hangs holds up nobody", 4_000, model);
}

#[test]
fn spinning_in_vain_becomes_rare() {
    let model = handover::spinning_in_vain_becomes_rare;
    // It is one thread alone, which no scheduler can put in another order.
    shuttle::check_random(model, 8);
}

#[test]
fn workers_grow_as_the_jobs_need() {
    handover::workers_grow_as_the_jobs_need();
}
