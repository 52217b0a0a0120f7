//! Many jobs at once: how soon the last of them begins.

use std::hint;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyfile::wrap_file;
use futures::future::join_all;
use futures_lite::AsyncReadExt;

use crate::field::{Field, Goal, Kind, Workload};
use crate::tally::Tally;

const JOBS: usize = 64;

/// The other work on the machine.
#[derive(Clone, Copy)]
enum Load {
    Nothing,
    /// Others use the pool: as many jobs as those that are measured, over and over.
    Pool,
    /// Threads that compute keep every core busy.
    Cores,
}

pub fn workloads() -> Vec<Workload> {
    let row = |name, title, goal, field| Workload {
        name,
        title,
        notes: "64 jobs that sleep, handed to the pool at once: the time until the last of them has begun. anyfile: \
                a read of a wrapped object each.",
        goal: Goal::Limit(goal),
        kind: Kind::Race(field),
    };
    vec![
        row(
            "burst_1ms",
            "64 jobs of 1 ms: until the last begins",
            1.1,
            |_| burst(Duration::from_millis(1), Load::Nothing),
        ),
        row(
            "burst_100ms",
            "64 jobs of 100 ms: until the last begins",
            1.1,
            |_| burst(Duration::from_millis(100), Load::Nothing),
        ),
        row(
            "burst_crowded",
            "64 jobs of 20 ms, while others use the pool",
            1.1,
            |_| burst(Duration::from_millis(20), Load::Pool),
        ),
        row(
            "burst_busy",
            "64 jobs of 20 ms, while all cores are busy",
            1.5,
            |_| burst(Duration::from_millis(20), Load::Cores),
        ),
    ]
}

/// An object each of whose reads takes its time, and tells when it began.
struct Sleeper {
    time: Duration,
    start: Instant,
}

impl Read for Sleeper {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let waited = self.start.elapsed().as_nanos() as u64;
        thread::sleep(self.time);
        buf[..8].copy_from_slice(&waited.to_le_bytes());
        Ok(8)
    }
}

fn burst(time: Duration, load: Load) -> io::Result<Field> {
    let sleep = move |start: Instant| {
        let waited = start.elapsed();
        thread::sleep(time);
        waited
    };
    let mut field = Field::new(1);
    field.limit_smol("unblock", async move |tally| {
        measure(tally, load, async |start| {
            Ok(blocking::unblock(move || sleep(start)).await)
        })
        .await
    });
    field.anyfile(async move |tally| {
        measure(tally, load, async |start| {
            let mut waited = [0; 8];
            let mut object = wrap_file(Sleeper { time, start });
            object.read_exact(&mut waited).await?;
            Ok(Duration::from_nanos(u64::from_le_bytes(waited)))
        })
        .await
    });
    field.tokio(async move |tally| {
        measure(tally, load, async |start| {
            let job = tokio::task::spawn_blocking(move || sleep(start));
            job.await.map_err(io::Error::other)
        })
        .await
    });
    Ok(field)
}

/// Runs all jobs at once. The clock of the tally says how long the last of them waited.
async fn measure<J>(tally: &mut Tally, load: Load, job: J) -> io::Result<()>
where
    J: AsyncFn(Instant) -> io::Result<Duration>,
{
    let _load = Running::begin(load);
    let start = Instant::now();
    let mut last = Duration::ZERO;
    for waited in join_all((0..JOBS).map(|_| job(start))).await {
        last = last.max(waited?);
        tally.item(b"job");
    }
    tally.clock(last);
    Ok(())
}

/// A load, which ends when this is dropped.
struct Running(Arc<AtomicBool>);

impl Running {
    fn begin(load: Load) -> Running {
        let goes_on = Arc::new(AtomicBool::new(true));
        match load {
            Load::Nothing => {}
            Load::Pool => {
                for _ in 0..JOBS {
                    let goes_on = goes_on.clone();
                    let work = async move {
                        while goes_on.load(Ordering::Relaxed) {
                            blocking::unblock(|| thread::sleep(Duration::from_millis(20))).await;
                        }
                    };
                    smol::spawn(work).detach();
                }
            }
            Load::Cores => {
                let cores = thread::available_parallelism().map_or(1, usize::from);
                for _ in 0..cores {
                    let goes_on = goes_on.clone();
                    thread::spawn(move || {
                        while goes_on.load(Ordering::Relaxed) {
                            hint::spin_loop();
                        }
                    });
                }
            }
        }
        // So that it is under way.
        thread::sleep(Duration::from_millis(10));
        Running(goes_on)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
        // The next contestant does not share its pool with the rest of it.
        thread::sleep(Duration::from_millis(30));
    }
}
