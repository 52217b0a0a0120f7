//! Runs in processes of their own, where the peaks of memory and threads are one contestant's.

use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::field::Field;
use crate::measure::{Sample, Series, sample};
use crate::stage::Stage;

/// Whether this process runs one contestant only.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// The most threads that were seen beside the main one and the one that counts.
static PEAK: AtomicU64 = AtomicU64::new(0);

/// How long threads that have nothing more to do may take to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Returns `true` if this process runs one contestant only, to measure its peaks.
pub fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// Waits for threads that have nothing more to do, for a while, and then counts anew.
pub fn settle() {
    let start = Instant::now();
    while threads().is_ok_and(|threads| threads > 0) && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    PEAK.store(0, Ordering::Relaxed);
}

/// Counts the threads other than the main one and the counting one: the directory has a link for each.
fn threads() -> io::Result<u64> {
    Ok(fs::metadata("/proc/self/task")?.nlink().saturating_sub(4))
}

fn count_threads() {
    while let Ok(threads) = threads() {
        PEAK.fetch_max(threads, Ordering::Relaxed);
        thread::sleep(Duration::from_micros(500));
    }
}

/// Runs each contestant in a process of its own, in turns, so many times.
pub fn run(workload: &str, field: &Field, stage: &Stage, rounds: usize) -> io::Result<Vec<Series>> {
    let contestants = field.contestants.iter();
    let mut series: Vec<_> = contestants
        .map(|one| Series {
            name: one.name.clone(),
            role: one.role,
            samples: Vec::new(),
        })
        .collect();
    let mut expected = None;
    for _ in 0..rounds {
        for series in &mut series {
            let sample = spawn(workload, &series.name, stage)?;
            if *expected.get_or_insert(sample.bytes) != sample.bytes {
                return Err(failed(
                    workload,
                    &series.name,
                    "saw other bytes than the first",
                ));
            }
            series.samples.push(sample);
        }
    }
    Ok(series)
}

fn spawn(workload: &str, contestant: &str, stage: &Stage) -> io::Result<Sample> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--child", workload, contestant, "--dir"]);
    command
        .arg(stage.dir())
        .args(stage.pick(Some("--quick"), None));
    let output = command.stderr(Stdio::inherit()).output()?;
    let failed = || failed(workload, contestant, output.status);
    let value: Value = serde_json::from_slice(&output.stdout).map_err(|_| failed())?;
    let number = |name: &str| value[name].as_u64().ok_or_else(failed);
    let real = |name: &str| value[name].as_f64().ok_or_else(failed);
    Ok(Sample {
        bytes: number("bytes")?,
        wall: real("wall_seconds")?,
        cpu: real("cpu_seconds")?,
        p99: 0.0,
        memory: number("memory_bytes")?,
        threads: number("threads")?,
    })
}

fn failed(workload: &str, contestant: &str, what: impl Display) -> io::Error {
    io::Error::other(format!("{workload}, {contestant}: {what}"))
}

/// Runs one contestant in the child process.
pub fn child(mut field: Field, contestant: &str) -> io::Result<()> {
    IS_ON.store(true, Ordering::Relaxed);
    thread::spawn(count_threads);
    let place = field
        .contestants
        .iter()
        .position(|one| one.name == contestant);
    let place = place.ok_or_else(|| io::Error::other(format!("no {contestant}")))?;
    let sample = sample(&mut field, place)?;
    let value = json!({
        "bytes": sample.bytes,
        "wall_seconds": sample.wall,
        "cpu_seconds": sample.cpu,
        "memory_bytes": peak_of_memory()?,
        "threads": PEAK.load(Ordering::Relaxed),
    });
    println!("{value}");
    Ok(())
}

/// Returns the peak of the resident memory, in bytes.
fn peak_of_memory() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::other("no VmHWM in the status of this process"))
}

#[cfg(test)]
mod tests {
    use super::{peak_of_memory, threads};
    use std::sync::{Arc, Mutex, mpsc};
    use std::thread;

    #[test]
    fn threads_and_memory_are_counted() {
        let (send, receive) = mpsc::channel::<()>();
        let receive = Arc::new(Mutex::new(receive));
        let spawn = |_| {
            let receive = receive.clone();
            thread::spawn(move || receive.lock().unwrap().recv())
        };
        let spawned: Vec<_> = (0..10).map(spawn).collect();
        // The main thread and that of this test may be the same.
        assert!(threads().unwrap() >= 9);
        drop(send);
        for thread in spawned {
            assert!(thread.join().unwrap().is_err());
        }

        let bytes = vec![1_u8; 64 * 1024 * 1024];
        assert!(peak_of_memory().unwrap() > bytes.len() as u64);
    }
}
