//! The workloads, in groups.

use std::io;
use std::thread;

use crate::field::Workload;
use crate::tally::Tally;

mod burst;
mod cold;
mod executors;
mod fairness;
mod lines;
mod memory;
mod meta;
mod ranges;
mod read;
mod serve;
mod sizes;
mod tasks;
mod trees;
mod write;

/// Returns all workloads, in the order in which they are measured and reported.
pub fn all() -> Vec<Workload> {
    let groups = [
        lines::workloads(),
        read::workloads(),
        meta::workloads(),
        write::workloads(),
        trees::workloads(),
        sizes::workloads(),
        tasks::workloads(),
        serve::workloads(),
        burst::workloads(),
        cold::workloads(),
        ranges::workloads(),
        fairness::workloads(),
        memory::workloads(),
        executors::workloads(),
    ];
    groups.into_iter().flatten().collect()
}

/// Runs a number of threads, and adds up what they see.
fn in_threads<F>(count: usize, tally: &mut Tally, run: F) -> io::Result<()>
where
    F: Fn(usize, &mut Tally) -> io::Result<()> + Sync,
{
    let empty = *tally;
    let (run, empty) = (&run, &empty);
    thread::scope(|scope| {
        let spawn = |i| {
            scope.spawn(move || {
                let mut tally = *empty;
                run(i, &mut tally).map(|()| tally)
            })
        };
        let threads: Vec<_> = (0..count).map(spawn).collect();
        for thread in threads {
            tally.merge(thread.join().expect("a thread")?);
        }
        Ok(())
    })
}
