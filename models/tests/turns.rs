//! The turns of a limiter: see `src/pool/turns.rs` of the library.

use anyfile_models::{check, turns};

#[test]
fn every_job_has_its_turn() {
    let model = turns::every_job_has_its_turn;
    check("every job has its turn", 3_000, model);
}
