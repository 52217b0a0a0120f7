//! A mixed load for a given time, under a watch on memory, threads and descriptors.
//!
//! ```text
//! cargo run --release --example soak -- [SECONDS [DIRECTORY [SEED]]]
//! ```
//!
//! Many tasks read, write, copy, search and replace files, give up futures halfway, and verify whatever they
//! read. Every 20 seconds they all stop, and the process must come to rest: with the threads and the
//! descriptors that it had in the beginning, and with no more memory than it had at rest the first time,
//! give or take 16 MiB. The exit code tells whether all that was so. The watch needs Linux.

#[path = "../cli/mod.rs"]
mod cli;
mod load;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyfile::Path;
use futures::future::join_all;
use futures_lite::{StreamExt, future};
use lexopt::ValueExt;
use smol::{Executor, Timer};

use cli::{Tool, operands};
use load::{Random, Stage, Task, check};

const TASKS: u64 = 48;
const EXECUTOR_THREADS: usize = 4;
const BUSY: Duration = Duration::from_secs(20);
/// What is not at rest, or not over, after this time never will be.
const PATIENCE: Duration = Duration::from_secs(60);
const LINE_EVERY: Duration = Duration::from_secs(10);
const SLACK_KIB: u64 = 16 * 1024;

const SOAK: Tool = Tool {
    name: "soak",
    help: "\
Usage: soak [SECONDS [DIRECTORY [SEED]]]
Run a mixed load for so many seconds, by default 60, on files in a temporary directory, which is made in
DIRECTORY if there is one. SEED makes the load that of an earlier run.

The exit code is 1 if anything went wrong or the process did not come to rest.
",
    failure: 1,
};

struct Options {
    time: Duration,
    dir: Option<OsString>,
    seed: u64,
}

fn main() -> ExitCode {
    SOAK.main(parse, |options| match run(&options) {
        Ok(figures) => writeln!(io::stdout(), "passed: {figures}").map(|()| 0),
        Err(error) => writeln!(io::stdout(), "failed: {error}").map(|()| SOAK.failure),
    })
}

fn parse(args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let Some(arguments) = operands(args, 0..=3)? else {
        return Ok(None);
    };
    let mut arguments = arguments.into_iter();
    let seconds = arguments.next().map_or(Ok(60), |seconds| seconds.parse())?;
    let process = u64::from(std::process::id());
    Ok(Some(Options {
        time: Duration::from_secs(seconds),
        dir: arguments.next(),
        seed: arguments.next().map_or(Ok(process), |seed| seed.parse())?,
    }))
}

fn run(options: &Options) -> io::Result<String> {
    let dir = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    }?;
    writeln!(
        io::stdout(),
        "{TASKS} tasks for {} s in {}, seed {}",
        options.time.as_secs(),
        dir.path().display(),
        options.seed
    )?;
    let stage = Arc::new(Stage::new(dir.path())?);
    let executor = Arc::new(Executor::new());
    let (stop, stopped) = smol::channel::unbounded::<()>();
    let threads: Vec<_> = (0..EXECUTOR_THREADS)
        .map(|_| {
            let (executor, stopped) = (executor.clone(), stopped.clone());
            std::thread::spawn(move || future::block_on(executor.run(stopped.recv())))
        })
        .collect();
    let verdict = smol::block_on(soak(&executor, &stage, options.time, options.seed));
    drop(stop);
    threads.into_iter().for_each(|thread| drop(thread.join()));
    verdict
}

/// Alternates between load and rest.
async fn soak(
    executor: &Arc<Executor<'static>>,
    stage: &Arc<Stage>,
    time: Duration,
    seed: u64,
) -> io::Result<String> {
    let start = Instant::now();
    let watch = executor.spawn(watch(start, stage.clone()));
    // A thread of the pool and the one that keeps time, which stay.
    stage.text_path.read_bytes().await?;
    Timer::after(Duration::from_secs(2)).await;
    let mut rest = Usage::now();
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < time {
        let until = Instant::now() + BUSY.min(time.saturating_sub(start.elapsed()));
        let tasks = (0..TASKS).map(|number| {
            let task = Task {
                dir: stage.dir.join(number.to_string()),
                random: Random(seed ^ (rounds * TASKS + number + 1) << 20),
                stage: stage.clone(),
            };
            executor.spawn(task.run(until))
        });
        let all = join_all(tasks.collect::<Vec<_>>());
        let over = async {
            Timer::at(until + PATIENCE).await;
            vec![Err(io::Error::other("a task never ends"))]
        };
        future::or(all, over)
            .await
            .into_iter()
            .collect::<io::Result<()>>()?;
        rounds += 1;
        let end = Instant::now() + PATIENCE;
        loop {
            Timer::after(Duration::from_millis(500)).await;
            let now = Usage::now();
            if rounds == 1 {
                rest.memory = rest.memory.max(now.memory);
            }
            if now.is_within(&rest) {
                break;
            }
            if Instant::now() > end {
                return Err(io::Error::other(format!(
                    "{now} at rest, instead of {rest}"
                )));
            }
        }
        let names: Vec<Path> = (&stage.dir / "atomic").iterdir().try_collect().await?;
        check(names.len() == 1, "a temporary file was left behind")?;
    }
    watch.cancel().await;
    Ok(format!(
        "{rounds} rounds, {}; {} at rest",
        stage.counts(),
        Usage::now()
    ))
}

async fn watch(start: Instant, stage: Arc<Stage>) {
    loop {
        Timer::after(LINE_EVERY).await;
        let seconds = start.elapsed().as_secs();
        println!("{seconds:5} s: {}; {}", stage.counts(), Usage::now());
    }
}

/// What the process takes, as far as the system tells.
struct Usage {
    memory: u64,
    threads: u64,
    descriptors: u64,
}

impl Usage {
    fn now() -> Usage {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.split_whitespace().next()?.parse().ok()
        };
        let descriptors = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Usage {
            memory: field("VmRSS:").unwrap_or_default(),
            threads: field("Threads:").unwrap_or_default(),
            descriptors: descriptors as u64,
        }
    }

    fn is_within(&self, rest: &Usage) -> bool {
        self.memory <= rest.memory + SLACK_KIB
            && self.threads <= rest.threads
            && self.descriptors <= rest.descriptors
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Usage {
            memory,
            threads,
            descriptors,
        } = self;
        write!(
            f,
            "{memory} KiB, {threads} threads, {descriptors} descriptors"
        )
    }
}
