//! Open files: no byte is lost or doubled.

use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyfile::{open_file, wrap_file};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt, future};

use super::Random;
use super::common::{Scripted, Step, contents};

const RECORD: usize = 14;

/// Returns `count` records, numbered from `from` on.
fn records(from: usize, count: usize) -> Vec<u8> {
    let records = (from..from + count).map(|number| format!("line {number:08}\n"));
    records.collect::<String>().into_bytes()
}

/// Writes, and checks that the file contains all accepted bytes and no others.
pub(crate) async fn writes(mut random: Random, dir: PathBuf, rounds: usize) {
    let path = dir.join("file");
    let opening = open_file(&path).read(true).write(true).create(true);
    let buffering = [100, 5_000, 128 * 1024][random.below(3)];
    let mut file = opening.truncate(true).buffering(buffering).await.unwrap();
    let mut accepted = Vec::new();
    for _ in 0..rounds {
        match random.below(14) {
            10 => {
                let lines = records(accepted.len() / RECORD, 300);
                let lines = &lines[accepted.len() % RECORD..];
                let _ = random.some(file.writelines(lines.chunks(50))).await;
                let end = file.seek(SeekFrom::End(0)).await.unwrap() as usize;
                accepted.extend_from_slice(&lines[..end - accepted.len()]);
            }
            11 => {
                let at = random.below(accepted.len() + 1);
                file.seek(SeekFrom::Start(at as u64)).await.unwrap();
                let is_done = random.some(file.truncate()).await.is_some();
                let end = file.seek(SeekFrom::End(0)).await.unwrap() as usize;
                assert!(end == at || !is_done && end == accepted.len());
                accepted.truncate(end);
            }
            12 => {
                let discarded = random.some(file.discard_unwritten()).await;
                let end = file.seek(SeekFrom::End(0)).await.unwrap() as usize;
                let lost = discarded.map(|discarded| discarded.unwrap());
                assert!(lost.is_none_or(|lost| lost + end == accepted.len()));
                accepted.truncate(end);
            }
            // What is given up does not come after what follows.
            13 => {
                let at = random.below(accepted.len() + 1);
                let end = (at + 50).min(accepted.len());
                let other = vec![b'x'; end - at];
                let _ = random.some(file.write_at(&other, at as u64)).await;
                file.write_all_at(&accepted[at..end], at as u64)
                    .await
                    .unwrap();
            }
            0 => drop(random.some(file.flush()).await),
            1 => drop(random.some(file.sync_data()).await),
            2 => {
                if let Some(found) = random.some(file.metadata()).await {
                    assert_eq!(found.unwrap().len(), accepted.len() as u64);
                }
            }
            3 => {
                let at = random.below(accepted.len() + 1);
                let mut read = [0; 1_000];
                if let Some(len) = random.some(file.read_at(&mut read, at as u64)).await {
                    let len = len.unwrap();
                    assert!(len > 0 || at == accepted.len());
                    assert!(read[..len] == accepted[at..at + len]);
                }
            }
            4 => {
                if let Some(end) = random.some(file.seek(SeekFrom::End(0))).await {
                    assert_eq!(end.unwrap(), accepted.len() as u64);
                }
            }
            _ => {
                let count = [1, 3, 50, 2_000][random.below(4)];
                let bytes = records(accepted.len() / RECORD, count + 1);
                let bytes = &bytes[accepted.len() % RECORD..];
                if let Some(len) = random.some(file.write(bytes)).await {
                    accepted.extend_from_slice(&bytes[..len.unwrap()]);
                }
            }
        }
    }
    match random.below(3) {
        0 => drop(file),
        1 => file.close().await.unwrap(),
        _ => drop(random.some(file.into_inner()).await),
    }
    assert!(contents(&path) == accepted, "{} bytes", accepted.len());
}

/// Reads and seeks, and checks the position and the bytes there.
pub(crate) async fn reads(mut random: Random, dir: PathBuf, rounds: usize) {
    let all = records(0, 30_000);
    let path = dir.join("file");
    std::fs::write(&path, &all).unwrap();
    let mut file = open_file(&path).await.unwrap();
    let mut at = 0;
    for _ in 0..rounds {
        match random.below(12) {
            11 => {
                let mut chunks = file.chunks().max_len(1 + random.below(20_000));
                for _ in 0..random.below(10) {
                    if let Some(chunk) = random.some(chunks.next()).await {
                        let Some(chunk) = chunk else { break };
                        let chunk = chunk.unwrap();
                        assert!(all[at..].starts_with(&chunk));
                        at += chunk.len();
                    }
                }
                file = chunks.into_inner();
            }
            9 => {
                let target = (at + random.below(20_000)).saturating_sub(10_000);
                let target = target.min(all.len());
                let by = target as i64 - at as i64;
                let moved = random.some(file.seek_relative(by)).await;
                let now = file.stream_position().await.unwrap() as usize;
                assert!(now == target || moved.is_none() && now == at);
                at = now;
            }
            10 => {
                let from = random.below(all.len());
                let end = (from + random.below(100_000)).min(all.len());
                let range = random.some(file.read_range(from as u64..end as u64));
                if let Some(bytes) = range.await {
                    assert!(bytes.unwrap() == all[from..end]);
                }
            }
            0 | 1 => {
                let mut read = vec![0; [1, 100, 5_000, 100_000][random.below(4)]];
                if let Some(len) = random.some(file.read(&mut read)).await {
                    let len = len.unwrap();
                    assert!(len > 0 || at == all.len());
                    assert!(read[..len] == all[at..at + len]);
                    at += len;
                }
            }
            2 => {
                let mut line = String::new();
                let _ = random.some(file.read_line(&mut line)).await;
                assert!(all[at..].starts_with(line.as_bytes()));
                at += line.len();
            }
            3 => {
                let mut part = Vec::new();
                let _ = random.some(file.read_until(b'7', &mut part)).await;
                assert!(all[at..].starts_with(&part));
                at += part.len();
            }
            4 => {
                if let Some(filled) = random.some(file.fill_buf()).await {
                    let filled = filled.unwrap();
                    assert!(all[at..].starts_with(filled));
                    let len = random.below(filled.len() + 1);
                    file.consume(len);
                    at += len;
                }
            }
            5 => {
                let target = random.below(all.len());
                let sought = random.some(file.seek(SeekFrom::Start(target as u64))).await;
                let now = file.seek(SeekFrom::Current(0)).await.unwrap() as usize;
                assert!(now == target || sought.is_none() && now == at);
                at = now;
            }
            6 => {
                let file = random.some(file.with_mut(|file| file.stream_position()));
                if let Some(position) = file.await {
                    assert_eq!(position.unwrap().unwrap(), at as u64);
                }
            }
            7 => drop(random.some(file.try_clone()).await),
            _ => {
                let mut lines = file.lines().lossy(random.below(2) == 0);
                for _ in 0..random.below(300) {
                    if let Some(line) = random.some(lines.next_line()).await {
                        let Some(line) = line.unwrap() else { break };
                        let end = at + line.len();
                        assert!(all[at..end] == *line.as_bytes() && all[end] == b'\n');
                        at = end + 1;
                    }
                }
                file = lines.into_inner();
            }
        }
    }
}

/// Follows a file that grows, also by parts of lines, and checks that each line comes once and whole.
pub(crate) async fn follows(mut random: Random, dir: PathBuf, rounds: usize) {
    let path = dir.join("log");
    let mut writer = open_file(&path).append(true).create(true).await.unwrap();
    let mut lines = open_file(&path).await.unwrap().lines().follow(true);
    let (mut written, mut seen) = (0, 0);
    for _ in 0..rounds {
        let len = random.below(100);
        let bytes = &records(written / RECORD, 100)[written % RECORD..][..len];
        writer.write_all(bytes).await.unwrap();
        writer.flush().await.unwrap();
        written += len;
        // The last one does not come.
        for _ in 0..random.below(10) {
            let line = random.given_up(lines.next_line()).await;
            if let Some(line) = line {
                assert_eq!(line.unwrap().unwrap(), format!("line {seen:08}"));
                seen += 1;
            }
        }
    }
    while seen < written / RECORD {
        let line = lines.next_line().await.unwrap();
        assert_eq!(line.unwrap(), format!("line {seen:08}"));
        seen += 1;
    }
}

/// Writes into one end of a connection, and checks the bytes that arrive at the other.
pub(crate) async fn echoes(mut random: Random, _: PathBuf, rounds: usize) {
    let (writer, reader) = UnixStream::pair().unwrap();
    let (mut writer, mut reader) = (wrap_file(writer), wrap_file(reader));
    let mut reading = Random(random.0 + 1);
    let write = async {
        let mut accepted = 0;
        for _ in 0..rounds {
            let bytes = records(accepted / RECORD, [2, 20, 1_000][random.below(3)]);
            let bytes = &bytes[accepted % RECORD..];
            if let Some(len) = random.some(writer.write(bytes)).await {
                accepted += len.unwrap();
            }
            let _ = random.some(writer.flush()).await;
        }
        writer.close().await.unwrap();
        accepted
    };
    let read = async {
        let mut heard = Vec::new();
        loop {
            let mut bytes = [0; 3_000];
            match reading.some(reader.read(&mut bytes)).await {
                Some(Ok(0)) => return heard,
                Some(len) => heard.extend_from_slice(&bytes[..len.unwrap()]),
                None => drop(reading.some(reader.read_until(b'\n', &mut heard)).await),
            }
        }
    };
    let (accepted, heard) = future::zip(write, read).await;
    assert!(heard == records(0, accepted / RECORD + 1)[..accepted]);
}

/// Writes into an object that makes short writes and fails now and then.
pub(crate) async fn fails(mut random: Random, _: PathBuf, rounds: usize) {
    let full = || Step::Fail(ErrorKind::StorageFull);
    let steps = (0..rounds).flat_map(|_| [Step::Short(700), full(), Step::Short(1)]);
    let object = Scripted::new([], steps);
    let mut file = wrap_file(object.handle());
    let mut accepted = 0;
    for _ in 0..rounds {
        let bytes = &records(accepted / RECORD, 100)[accepted % RECORD..];
        if let Some(Ok(len)) = random.some(file.write(bytes)).await {
            accepted += len;
        }
        let _ = random.some(file.flush()).await;
    }
    object.look(|script| script.steps.clear());
    match random.below(2) {
        0 => while file.close().await.is_err() {},
        _ => drop(file),
    }
    while !object.look(|script| script.dropped) {
        future::yield_now().await;
    }
    let written = object.look(|script| std::mem::take(&mut script.data));
    assert!(written == records(0, accepted / RECORD + 1)[..accepted]);
}

/// Opens and closes files, or drops the futures that do so.
pub(crate) async fn opens(mut random: Random, dir: PathBuf, rounds: usize) {
    let path = dir.join("file");
    std::fs::write(&path, records(0, 10)).unwrap();
    for _ in 0..rounds {
        let opening = match random.below(3) {
            0 => open_file(&path),
            1 => open_file(dir.join("new")).write(true).create(true),
            _ => open_file(dir.join("other")).append(true).create(true),
        };
        let Some(Ok(mut file)) = random.some(opening).await else {
            continue;
        };
        let _ = random.some(file.write(b"bytes")).await;
        let _ = random.some(file.read(&mut [0; 50])).await;
        match random.below(4) {
            0 => drop(random.some(file.close()).await),
            1 => drop(random.some(file.into_inner()).await),
            2 => drop(std::thread::spawn(move || drop(file))),
            _ => drop(file),
        }
    }
}
