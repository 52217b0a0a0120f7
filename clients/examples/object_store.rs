//! Reads a local file, and the same file as an object of an S3 server on loopback, with the same code.
//!
//! The argument is the size of the file in MiB:
//! `cargo run --release -p anyfile-clients --example object_store -- 16`. Every pass opens the file for each of three
//! tasks: to read all lines, to count as `wc` does, and to read blocks at random offsets. The third column is
//! OpenDAL's own asynchronous interface, on a runtime of tokio.

#[path = "../tests/store/mod.rs"]
mod store;

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::iter;
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, Path};
use anyfile_clients::{noise, text};
use futures::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, TryStreamExt};
use opendal::Operator;

use store::{CLIENTS, Counts, Server, complete, count};

const ROUNDS: usize = 5;
const READS: usize = 1_000;
const BLOCK: u64 = 4 << 10;

/// The name of the object.
const NAME: &str = "file";

fn main() -> io::Result<()> {
    let size = std::env::args().nth(1).map_or(Ok(16), |arg| arg.parse());
    let size: usize = size.map_err(io::Error::other)?;
    smol::block_on(compare(size.max(1) << 20))
}

async fn compare(len: usize) -> io::Result<()> {
    let (dir, server) = (tempfile::tempdir()?, Server::start()?);
    let (text, path) = (text(len), Path::new(dir.path()) / "file");
    path.write_text(&text).await?;
    let mut file = server.create(NAME).await?;
    file.write_all(text.as_bytes()).await?;
    complete(file).await?;

    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        let operator = server.operator().clone();
        let passes = [
            read(async || path.open().await, len).await?,
            read(async || server.open(NAME).await, len).await?,
            CLIENTS.spawn(read_directly(operator, len)).await??,
        ];
        if passes.iter().any(|pass| pass.seen != passes[0].seen) {
            return Err(ErrorKind::InvalidData.into());
        }
        for (times, pass) in times.iter_mut().zip(passes) {
            times.push(pass.times);
        }
    }
    print(len, &times);
    Ok(())
}

/// What a pass has read, and how long each task took.
struct Pass {
    seen: Seen,
    times: [Duration; 3],
}

#[derive(PartialEq, Eq)]
struct Seen {
    /// The number of bytes in all lines, without their ends.
    lines: usize,
    counts: Counts,
    /// A checksum of the blocks.
    blocks: u64,
}

impl Pass {
    /// Runs the three tasks, one after the other.
    async fn of(
        lines: impl Future<Output = io::Result<usize>>,
        counts: impl Future<Output = io::Result<Counts>>,
        blocks: impl Future<Output = io::Result<u64>>,
    ) -> io::Result<Pass> {
        let start = Instant::now();
        let (lines, after_lines) = (lines.await?, start.elapsed());
        let (counts, after_counts) = (counts.await?, start.elapsed());
        let (blocks, after_blocks) = (blocks.await?, start.elapsed());
        Ok(Pass {
            seen: Seen {
                lines,
                counts,
                blocks,
            },
            times: [
                after_lines,
                after_counts - after_lines,
                after_blocks - after_counts,
            ],
        })
    }
}

/// Reads a file, whatever it is.
async fn read<T>(open: impl AsyncFn() -> io::Result<AsyncFile<T>>, len: usize) -> io::Result<Pass>
where
    T: Read + Seek + Send + 'static,
{
    let lines = async {
        let lines = open().await?.lines();
        lines
            .try_fold(0, async |sum, line| Ok(sum + line.len()))
            .await
    };
    let counts = async { count(open().await?).await };
    let blocks = async {
        let (mut file, mut block, mut sum) = (open().await?, vec![0; BLOCK as usize], 0);
        for offset in offsets(len) {
            file.seek(SeekFrom::Start(offset)).await?;
            file.read_exact(&mut block).await?;
            sum = checksum(sum, &block);
        }
        Ok(sum)
    };
    Pass::of(lines, counts, blocks).await
}

/// Reads the object by OpenDAL's asynchronous interface.
async fn read_directly(operator: Operator, len: usize) -> io::Result<Pass> {
    let open = async || {
        operator
            .reader(NAME)
            .await?
            .into_futures_async_read(..)
            .await
    };
    let lines = async {
        let lines = open().await?.lines();
        lines
            .try_fold(0, async |sum, line| Ok(sum + line.len()))
            .await
    };
    let counts = async { count(open().await?).await };
    let blocks = async {
        let (reader, mut sum) = (operator.reader(NAME).await?, 0);
        for offset in offsets(len) {
            let block = reader.read(offset..offset + BLOCK).await?;
            sum = checksum(sum, &block.to_bytes());
        }
        Ok(sum)
    };
    Pass::of(lines, counts, blocks).await
}

/// Returns the offsets of the blocks that are read.
fn offsets(len: usize) -> impl Iterator<Item = u64> {
    let last = len as u64 - BLOCK;
    let random = noise(8 * READS).into_iter();
    let mut random = random.map(u64::from);
    iter::repeat_with(move || random.by_ref().take(8).fold(0, |all, byte| all << 8 | byte))
        .map(move |random| random % (last + 1))
        .take(READS)
}

fn checksum(sum: u64, block: &[u8]) -> u64 {
    let add = |sum: u64, byte: &u8| sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
    block.iter().fold(sum, add)
}

/// Prints a row for each task, with the ratio to the local file.
fn print(len: usize, times: &[Vec<[Duration; 3]>; 3]) {
    let title = format!("{} MiB, median of {ROUNDS}", len >> 20);
    println!(
        "{title:<26}{:>12}{:>20}{:>20}",
        "local file", "object", "OpenDAL"
    );
    let blocks = format!("{READS} blocks of {} KiB", BLOCK >> 10);
    for (task, name) in ["lines", "wc", &blocks].into_iter().enumerate() {
        let [local, others @ ..] = times.each_ref().map(|times| median(times, task));
        print!("{name:<26}{:>9.1} ms", 1e3 * local);
        for other in others {
            print!("{:>8.1} ms {:>6.1} x", 1e3 * other, other / local);
        }
        println!();
    }
}

/// Returns the median of the times of a task in seconds.
fn median(times: &[[Duration; 3]], task: usize) -> f64 {
    let mut times: Vec<_> = times.iter().map(|times| times[task]).collect();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}
