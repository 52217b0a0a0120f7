//! All of the crate's operations on the strict executor: tasks are polled only when woken, with a new waker each
//! time, or spuriously; some are dropped or leaked. The oracle is the standard library.

mod common;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::time::SystemTime;

use anyfile::{AsyncFile, Path, open_file, wrap_file};
use futures_lite::future::yield_now;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt, future};

use common::strict::{Random, Strict, block_on};
use common::{Dir, contents, in_child, noise, run_in_child, text};

/// Returns `None` for a run without spurious polls, then `count` seeds for runs with some.
fn seeds(count: u64) -> impl Iterator<Item = Option<u64>> {
    std::iter::once(None).chain((0..count).map(Some))
}

async fn read_write(path: &std::path::Path) -> io::Result<AsyncFile> {
    let options = open_file(path).read(true).write(true).create(true);
    options.truncate(true).await
}

#[test]
fn reading_and_writing() {
    let dir = Dir::new();
    let path = dir.join("file");
    let data = noise(700_000);
    for seed in seeds(6) {
        block_on("reading and writing", seed, async {
            let mut file = read_write(&path).await.unwrap();
            for piece in data.chunks(997) {
                file.write_all(piece).await.unwrap();
            }
            file.flush().await.unwrap();
            assert!(contents(&path) == data);
            let mut random = Random::new(seed.unwrap_or(99));
            for _ in 0..200 {
                let at = random.below(data.len());
                let mut buf = vec![0; 1 + random.below(70_000)];
                file.seek(SeekFrom::Start(at as u64)).await.unwrap();
                let read = file.read(&mut buf).await.unwrap();
                assert!(read > 0 && buf[..read] == data[at..at + read]);
                let read = file.read_at(&mut buf, at as u64).await.unwrap();
                assert!(read > 0 && buf[..read] == data[at..at + read]);
                let here = file.seek(SeekFrom::Current(0)).await.unwrap();
                assert!(here > at as u64);
            }
            assert_eq!(file.seek(SeekFrom::End(-5)).await.unwrap(), 699_995);
            let mut end = Vec::new();
            file.read_to_end(&mut end).await.unwrap();
            assert!(end == data[data.len() - 5..]);
            let mut exact = vec![0; 1_000];
            file.read_exact_at(&mut exact, 300_000).await.unwrap();
            assert!(exact == data[300_000..301_000]);
            file.write_all_at(&[7; 1_000], 300_000).await.unwrap();
            assert_eq!(file.write_at(&[], 5).await.unwrap(), 0);
            file.read_exact_at(&mut exact, 300_000).await.unwrap();
            assert!(exact == [7; 1_000]);
            file.close().await.unwrap();
        });
    }
}

/// Random operations, each compared with the same operation of the standard library on another file.
#[test]
fn random_operations_as_std_has_them() {
    let dir = Dir::new();
    let (ours, theirs) = (dir.join("ours"), dir.join("theirs"));
    for seed in 0..40 {
        let data = text(300_000);
        fs::write(&ours, &data).unwrap();
        fs::write(&theirs, &data).unwrap();
        let mut options = File::options();
        let mut std = options.read(true).write(true).open(&theirs).unwrap();
        block_on("random operations", Some(seed), async {
            let mut file = open_file(&ours).read(true).write(true).await.unwrap();
            let mut random = Random::new(seed);
            for step in 0..120 {
                let what = random.below(12);
                let most = [10, 1_000, 100_000][random.below(3)];
                let len = random.below(most);
                let said = format!("seed {seed}, step {step}, operation {what}, {len}");
                match what {
                    0 | 1 => {
                        let (mut seen, mut expected) = (vec![0; len], vec![0; len]);
                        let read = file.read(&mut seen).await.expect(&said);
                        assert!(read <= len, "{said}");
                        std.read_exact(&mut expected[..read]).expect(&said);
                        assert!(seen == expected, "{said}");
                    }
                    2 | 3 => {
                        let bytes = noise(len);
                        file.write_all(&bytes).await.expect(&said);
                        std.write_all(&bytes).expect(&said);
                    }
                    4 => {
                        let to = match random.below(3) {
                            0 => SeekFrom::Start(random.below(400_000) as u64),
                            1 => SeekFrom::End(-(random.below(1_000) as i64)),
                            _ => SeekFrom::Current(random.below(2_000) as i64 - 1_000),
                        };
                        let (seen, expected) = (file.seek(to).await, std.seek(to));
                        assert_eq!(seen.ok(), expected.ok(), "{said}");
                    }
                    5 | 6 => {
                        let (mut seen, mut expected) = (Vec::new(), Vec::new());
                        file.read_until(b'\n', &mut seen).await.expect(&said);
                        // With a buffer of one byte, it reads no more than the line.
                        let mut line = BufReader::with_capacity(1, &std);
                        line.read_until(b'\n', &mut expected).expect(&said);
                        assert!(seen == expected, "{said}");
                    }
                    7 => file.flush().await.expect(&said),
                    8 => {
                        let len = random.below(400_000) as u64;
                        file.set_len(len).await.expect(&said);
                        std.set_len(len).expect(&said);
                    }
                    9 => {
                        let expected = std.metadata().expect(&said).len();
                        let seen = file.metadata().await.expect(&said).len();
                        assert_eq!(seen, expected, "{said}");
                    }
                    10 => {
                        let seen = file.with_mut(|file| file.stream_position()).await;
                        let expected = std.stream_position().expect(&said);
                        assert_eq!(seen.expect(&said).expect(&said), expected, "{said}");
                    }
                    _ => {
                        let seen = file.fill_buf().await.expect(&said).len().min(len);
                        file.consume(seen);
                        std.seek(SeekFrom::Current(seen as i64)).expect(&said);
                    }
                }
            }
            file.close().await.unwrap();
        });
        assert!(contents(&ours) == contents(&theirs), "seed {seed}");
    }
}

#[test]
fn lines_and_delimiters() {
    let dir = Dir::new();
    let data = text(400_000);
    let path = dir.file("file", &data);
    for seed in seeds(4) {
        block_on("lines", seed, async {
            let mut lines = open_file(&path).await.unwrap().lines();
            let mut expected = data.lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                assert_eq!(Some(line), expected.next());
            }
            assert_eq!(expected.next(), None);

            let stream: Vec<String> = Path::new(&path)
                .open()
                .await
                .unwrap()
                .lines()
                .try_collect()
                .await
                .unwrap();
            assert!(stream.iter().eq(data.lines()));

            let mut file = open_file(&path).await.unwrap();
            let (mut line, mut word) = (String::new(), Vec::new());
            file.read_line(&mut line).await.unwrap();
            file.read_until(b' ', &mut word).await.unwrap();
            let mut rest = String::new();
            file.read_to_string(&mut rest).await.unwrap();
            assert!(line + std::str::from_utf8(&word).unwrap() + &rest == data);

            // Through the traits, with the buffer seen from outside.
            let mut file = open_file(&path).await.unwrap();
            let mut seen = Vec::new();
            loop {
                let buffered = file.fill_buf().await.unwrap();
                let some = buffered.len().min(10_000);
                seen.extend_from_slice(&buffered[..some]);
                if some == 0 {
                    break;
                }
                file.consume(some);
            }
            assert!(seen == data.as_bytes());
        });
    }
}

#[test]
fn a_file_as_a_whole() {
    let dir = Dir::new();
    let path = dir.join("file");
    for seed in seeds(6) {
        block_on("a file as a whole", seed, async {
            let mut file = read_write(&path).await.unwrap();
            file.write_all(b"hello world").await.unwrap();
            assert_eq!(file.metadata().await.unwrap().len(), 11);
            file.sync_data().await.unwrap();
            file.sync_all().await.unwrap();
            file.set_len(5).await.unwrap();
            assert_eq!(contents(&path), b"hello");
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
            file.set_times(times).await.unwrap();
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!(metadata.modified().unwrap(), SystemTime::UNIX_EPOCH);
            file.set_permissions(metadata.permissions()).await.unwrap();

            let mut clone = file.try_clone().await.unwrap();
            clone.seek(SeekFrom::Start(1)).await.unwrap();
            clone.write_all(b"a").await.unwrap();
            clone.close().await.unwrap();
            let len = file.with_mut(|file| file.metadata().map(|found| found.len()));
            assert_eq!(len.await.unwrap().unwrap(), 5);
            file.seek(SeekFrom::Start(0)).await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "hallo");
            file.write_all(b"!").await.unwrap();
            let mut inner = file.into_inner().await.unwrap();
            assert_eq!(inner.stream_position().unwrap(), 6);
            assert_eq!(contents(&path), b"hallo!");
        });
    }
}

#[test]
fn a_file_that_writes_through() {
    let dir = Dir::new();
    let path = dir.join("file");
    for seed in seeds(4) {
        block_on("a file that writes through", seed, async {
            let options = open_file(&path).write(true).create(true).truncate(true);
            let mut file = options.buffering(0).await.unwrap();
            for round in 1..50 {
                file.write_all(&[b'x'; 100]).await.unwrap();
                assert_eq!(contents(&path).len(), round * 100);
            }
            file.close().await.unwrap();
        });
    }
}

#[test]
fn what_is_wrapped() {
    let data = noise(300_000);
    for seed in seeds(6) {
        block_on("a cursor", seed, async {
            let mut file = wrap_file(Cursor::new(Vec::new()));
            for piece in data.chunks(7_001) {
                file.write_all(piece).await.unwrap();
            }
            assert_eq!(file.seek(SeekFrom::Start(1_000)).await.unwrap(), 1_000);
            let mut seen = vec![0; 5_000];
            file.read_exact(&mut seen).await.unwrap();
            assert!(seen == data[1_000..6_000]);
            file.read_to_end(&mut seen).await.unwrap();
            assert!(seen == data[1_000..]);
            file.fill_buf().await.unwrap();
            assert_eq!(file.read(&mut [0; 8]).await.unwrap(), 0);
            let len = file.with_mut(|cursor| cursor.get_ref().len()).await;
            assert_eq!(len.unwrap(), data.len());
            assert!(file.into_inner().await.unwrap().into_inner() == data);
        });
        block_on("a vector", seed, async {
            let mut file = wrap_file(Vec::new());
            file.write_all(&data).await.unwrap();
            file.flush().await.unwrap();
            assert!(file.into_inner().await.unwrap() == data);
        });
        block_on("a slow reader", seed, async {
            let text = text(100_000);
            let slow = BufReader::with_capacity(100, Cursor::new(text.clone()));
            let mut lines = wrap_file(slow).lines();
            let mut expected = text.lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                assert_eq!(Some(line), expected.next());
            }
            assert_eq!(expected.next(), None);
        });
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_sockets() {
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};
    if common::runs_with_more_threads("pipes_and_sockets") {
        return;
    }
    let data = noise(400_000);
    for seed in seeds(4) {
        // A child that gives back what it gets: two pipes, in two tasks.
        let mut cat = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = wrap_file(cat.stdin.take().unwrap());
        let mut stdout = wrap_file(cat.stdout.take().unwrap());
        let mut executor = Strict::seeded(seed.unwrap_or(99), 30);
        executor.spawn("stdin", async {
            stdin.write_all(&data).await.unwrap();
            stdin.close().await.unwrap();
        });
        executor.spawn("stdout", async {
            let mut seen = Vec::new();
            stdout.read_to_end(&mut seen).await.unwrap();
            assert!(seen == data);
        });
        executor.run();
        drop(executor);
        cat.wait().unwrap();

        let (one, other) = UnixStream::pair().unwrap();
        let mut executor = Strict::seeded(seed.unwrap_or(99), 30);
        executor.spawn("question", async {
            let mut stream = wrap_file(one);
            for round in 0..50 {
                let mut line = String::new();
                stream
                    .write_all(format!("{round}?\n").as_bytes())
                    .await
                    .unwrap();
                stream.flush().await.unwrap();
                stream.read_line(&mut line).await.unwrap();
                assert_eq!(line, format!("{round}!\n"));
            }
            stream.close().await.unwrap();
        });
        executor.spawn("answer", async {
            let mut stream = wrap_file(other);
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap() > 0 {
                let answer = line.replace('?', "!");
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                line.clear();
            }
        });
        executor.run();
    }
}

#[test]
fn paths() {
    for seed in seeds(6) {
        let dir = Dir::new();
        block_on("paths", seed, async {
            let root = Path::new(dir.path());
            let file = root.join("file");
            file.write_text("text").await.unwrap();
            assert_eq!(file.read_text().await.unwrap(), "text");
            file.write_bytes(noise(400_000)).await.unwrap();
            assert!(file.read_bytes().await.unwrap() == noise(400_000));
            file.write_atomic("atomic").await.unwrap();
            assert_eq!(contents(file.as_std_path()), b"atomic");
            assert_eq!(file.metadata().await.unwrap().len(), 6);
            assert!(file.symlink_metadata().await.unwrap().is_file());
            assert!(file.exists().await && file.try_exists().await.unwrap());
            assert!(file.is_file().await && !file.is_dir().await && !file.is_symlink().await);
            assert!(!root.join("missing").exists().await);
            assert!(root.join("missing").read_text().await.is_err());
            root.join("a/b/c").mkdir().parents(true).await.unwrap();
            root.join("touched").touch().await.unwrap();
            file.rename(root.join("a/file")).await.unwrap();
            assert_eq!(contents(&dir.join("a/file")), b"atomic");
            let copied = root.join("a").copy(root.join("copy"));
            copied.await.unwrap();
            assert_eq!(contents(&dir.join("copy/file")), b"atomic");
            root.join("copy").move_to(root.join("moved")).await.unwrap();
            assert!(dir.join("moved/b/c").is_dir() && !dir.join("copy").exists());
            root.join("moved/b/c").rmdir().await.unwrap();
            root.join("moved").remove_dir_all().await.unwrap();
            root.join("touched").unlink().await.unwrap();
            let resolved = root.join("a/../a/file").canonicalize().await.unwrap();
            let expected = fs::canonicalize(dir.join("a/file")).unwrap();
            assert_eq!(resolved.as_std_path(), expected);
            assert!(
                root.join("a/file")
                    .samefile(root.join("a/file"))
                    .await
                    .unwrap()
            );
            let left = fs::read_dir(dir.path()).unwrap().count();
            assert_eq!(left, 1);
        });
    }
}

#[cfg(unix)]
#[test]
fn links_and_permissions() {
    use std::os::unix::fs::PermissionsExt;
    for seed in seeds(4) {
        let dir = Dir::new();
        dir.file("file", "contents");
        block_on("links", seed, async {
            let root = Path::new(dir.path());
            root.join("link").symlink_to("file").await.unwrap();
            let target = root.join("link").read_link().await.unwrap();
            assert_eq!(target, Path::new("file"));
            root.join("hard")
                .hardlink_to(root.join("file"))
                .await
                .unwrap();
            assert!(root.join("hard").samefile(root.join("link")).await.unwrap());
            root.join("file").chmod(0o640).await.unwrap();
            let mode = fs::metadata(dir.join("file")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);
            assert!(!root.is_mount().await);
            assert_eq!(
                root.join("link").info().load().await.unwrap().is_symlink(),
                Some(true)
            );
        });
    }
}

/// Returns all files and directories below `dir`, as the standard library finds them.
fn below(dir: &std::path::Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}

#[test]
fn directory_streams() {
    let dir = Dir::in_memory();
    for number in 0..40 {
        let name = format!("{}/{}", number % 5, number % 3);
        fs::create_dir_all(dir.join(&name)).unwrap();
        for file in 0..30 {
            dir.file(&format!("{name}/{number}-{file}.txt"), "");
        }
    }
    for number in 0..3_000 {
        dir.file(&format!("wide-{number}"), "");
    }
    let all = below(dir.path());
    let plain = |path: Path| path.as_std_path().to_owned();
    for seed in seeds(6) {
        block_on("directory streams", seed, async {
            let root = Path::new(dir.path());
            let entries: Vec<Path> = root.iterdir().try_collect().await.unwrap();
            let expected = fs::read_dir(dir.path()).unwrap();
            let expected: BTreeSet<PathBuf> = expected.map(|entry| entry.unwrap().path()).collect();
            assert!(entries.into_iter().map(plain).collect::<BTreeSet<_>>() == expected);

            let found: Vec<Path> = root.rglob("*").try_collect().await.unwrap();
            assert!(found.into_iter().map(plain).collect::<BTreeSet<_>>() == all);
            let found: Vec<Path> = root.glob("*/0/*.txt").try_collect().await.unwrap();
            let expected = all.iter().filter(|path| {
                path.extension().is_some() && path.parent().unwrap().file_name().unwrap() == "0"
            });
            assert_eq!(found.len(), expected.count());
            let mut seen = BTreeSet::new();
            for top_down in [true, false] {
                let mut walk = root.walk().top_down(top_down).workers(3);
                let mut files = 0;
                while let Some(entry) = walk.next().await {
                    let _ = entry.unwrap();
                    files += 1;
                }
                seen.insert(files);
            }
            // The root itself is one of the directories.
            let dirs = all.iter().filter(|path| path.is_dir()).count() + 1;
            assert_eq!(seen, BTreeSet::from([dirs]));
        });
    }
}

/// Many tasks use their own files and a common one. Some are dropped or leaked, and the others are not held up.
#[test]
fn tasks_that_are_dropped_or_forgotten() {
    let dir = Dir::new();
    let data = noise(1 << 20);
    let path = dir.file("file", &data);
    for seed in 0..24 {
        let mut random = Random::new(seed);
        let common = future::block_on(open_file(&path)).unwrap();
        // The file is leaked, since a leaked task still borrows it.
        let common: &AsyncFile = Box::leak(Box::new(common));
        let left = Cell::new(0);
        let mut executor = Strict::seeded(seed, 20);
        let tasks: Vec<usize> = (0..24)
            .map(|number: usize| {
                let name = dir.join(&format!("{seed}-{number}"));
                let (path, data, left) = (&path, &data, &left);
                let mut random = Random::new(seed * 100 + number as u64);
                executor.spawn(format!("task {number}, seed {seed}"), async move {
                    for _ in 0..10 {
                        let at = random.below(data.len() - 1);
                        let mut buf = vec![0; 1 + random.below(100_000)];
                        match number % 6 {
                            0 | 1 => {
                                let read = common.read_at(&mut buf, at as u64).await.unwrap();
                                assert!(read > 0 && buf[..read] == data[at..at + read]);
                            }
                            2 => {
                                let mut file = read_write(&name).await.unwrap();
                                file.write_all(data).await.unwrap();
                                file.close().await.unwrap();
                                assert!(contents(&name) == *data);
                            }
                            3 => {
                                let mut lines = open_file(path).await.unwrap().lines().max_len(1);
                                let _ = lines.next().await;
                            }
                            4 => {
                                let bytes = Path::new(path).read_bytes().await.unwrap();
                                assert!(bytes == *data);
                            }
                            _ => {
                                let dir = Path::new(path.parent().unwrap());
                                let mut entries = dir.iterdir();
                                for _ in 0..20 {
                                    if entries.next().await.is_none() {
                                        break;
                                    }
                                }
                            }
                        }
                        yield_now().await;
                    }
                    left.set(left.get() + 1);
                })
            })
            .collect();
        let mut gone = 0;
        while executor.step() {
            if random.percent(10) && gone < 10 {
                let task = tasks[random.below(tasks.len())];
                if !executor.is_done(task) {
                    gone += 1;
                    if random.percent(50) {
                        executor.drop_task(task);
                    } else {
                        executor.forget_task(task);
                    }
                }
            }
        }
        drop(executor);
        assert_eq!(left.get() + gone, tasks.len(), "seed {seed}");
    }
}

/// Many concurrent calls that take `&self`, on a file with accepted bytes that are not written yet.
#[test]
fn calls_of_one_file_at_once() {
    let dir = Dir::new();
    let data = noise(200_000);
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let path = dir.join("file");
        let mut file = future::block_on(read_write(&path)).unwrap();
        // Not all of it is written by the time of the first call.
        future::block_on(file.write_all(&data)).unwrap();
        let file: &AsyncFile = Box::leak(Box::new(file));
        let mut executor = Strict::seeded(seed, 40);
        let tasks: Vec<usize> = (0..16)
            .map(|number: usize| {
                let (data, mut random) = (&data, Random::new(seed * 100 + number as u64));
                executor.spawn(format!("call {number}, seed {seed}"), async move {
                    for _ in 0..5 {
                        let at = random.below(data.len() - 3_000);
                        match number % 6 {
                            0 | 1 => {
                                let mut buf = [0; 3_000];
                                file.read_exact_at(&mut buf, at as u64).await.unwrap();
                                assert!(buf == data[at..at + 3_000]);
                            }
                            // The same as is there, so that every order is as good.
                            2 => {
                                let bytes = &data[at..at + 3_000];
                                file.write_all_at(bytes, at as u64).await.unwrap();
                            }
                            3 => {
                                let len = file.metadata().await.unwrap().len();
                                assert_eq!(len, data.len() as u64);
                            }
                            4 => file.set_len(data.len() as u64).await.unwrap(),
                            _ => file.sync_data().await.unwrap(),
                        }
                    }
                })
            })
            .collect();
        let mut gone = 0;
        while executor.step() {
            if random.percent(10) && gone < 6 {
                gone += 1;
                let task = tasks[random.below(tasks.len())];
                if random.percent(50) {
                    executor.drop_task(task);
                } else {
                    executor.forget_task(task);
                }
            }
        }
        assert!(contents(&path) == data, "seed {seed}");
    }
}

/// A call is leaked half-way, and the file is still used. The work that it has started is finished, and the next
/// call is not held up.
#[test]
fn calls_of_one_file_that_are_forgotten() {
    let dir = Dir::new();
    let data = noise(500_000);
    let path = dir.file("file", &data);
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let file = future::block_on(open_file(&path).read(true).write(true)).unwrap();
        let file: &'static mut AsyncFile = Box::leak(Box::new(file));
        for step in 0..30 {
            let what = random.below(8);
            let polls = random.below(3);
            let mut future: Pin<Box<dyn Future<Output = ()>>> = {
                let data = &data;
                // Each call is given up before the next one begins.
                let file = &mut *file;
                Box::pin(async move {
                    match what {
                        0 => drop(file.read(&mut [0; 1_000]).await.unwrap()),
                        1 => drop(file.read_line(&mut String::new()).await.ok()),
                        2 => drop(file.seek(SeekFrom::End(-300_000)).await.unwrap()),
                        3 => drop(file.with_mut(|file| file.stream_position()).await.unwrap()),
                        4 => file.flush().await.unwrap(),
                        5 => drop(file.try_clone().await.unwrap()),
                        6 => drop(file.fill_buf().await.unwrap().len()),
                        _ => {
                            file.seek(SeekFrom::Start(1_000)).await.unwrap();
                            file.write_all(&data[1_000..2_000]).await.unwrap();
                        }
                    }
                })
            };
            let mut executor = Strict::in_order();
            let task = executor.spawn(format!("seed {seed}, step {step}: {what}"), async move {
                future.as_mut().await;
            });
            for _ in 0..polls {
                executor.poll_anyway(task);
            }
            if random.percent(50) {
                executor.forget_task(task);
            } else {
                executor.drop_task(task);
            }
        }
        block_on("the end", Some(seed), async {
            file.seek(SeekFrom::Start(5_000)).await.unwrap();
            let mut seen = vec![0; 10_000];
            file.read_exact(&mut seen).await.unwrap();
            assert!(seen == data[5_000..15_000], "seed {seed}");
            file.close().await.unwrap();
        });
        assert!(contents(&path) == data, "seed {seed}");
    }
}

/// Futures of one file are dropped at any point. The next ones read and write complete data.
#[test]
fn futures_of_one_file_that_are_dropped() {
    use futures_lite::{AsyncRead, AsyncWrite};
    let dir = Dir::new();
    let data = noise(600_000);
    for seed in 0..12 {
        let path = dir.join("file");
        fs::write(&path, &data).unwrap();
        let output = dir.join("output");
        let mut executor = Strict::seeded(seed, 30);
        let files = future::block_on(async {
            let input = open_file(&path).await.unwrap();
            (input, read_write(&output).await.unwrap())
        });
        let files = Rc::new(RefCell::new(files));
        let (seen, sent) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(0)));
        let mut random = Random::new(seed);
        // Each task makes one call, and may be dropped before it has its answer.
        let mut generation = 0;
        while seen.borrow().len() < data.len() {
            let len = 1 + random.below(60_000);
            generation += 1;
            let (files, seen, sent, data) = (files.clone(), seen.clone(), sent.clone(), &data);
            let task = executor.spawn(format!("call {generation}, seed {seed}"), async move {
                let mut buf = vec![0; len];
                let read = std::future::poll_fn(|cx| {
                    Pin::new(&mut files.borrow_mut().0).poll_read(cx, &mut buf)
                });
                let read = read.await.unwrap();
                seen.borrow_mut().extend_from_slice(&buf[..read]);
                while sent.get() < seen.borrow().len() {
                    let rest = &data[sent.get()..seen.borrow().len()];
                    let written = std::future::poll_fn(|cx| {
                        Pin::new(&mut files.borrow_mut().1).poll_write(cx, rest)
                    });
                    sent.set(sent.get() + written.await.unwrap());
                }
            });
            let steps = random.below(4);
            for _ in 0..steps {
                if !executor.is_done(task) {
                    executor.step();
                }
            }
            executor.drop_task(task);
            if steps == 0 {
                // Gives the pool time for its jobs.
                std::thread::sleep(std::time::Duration::from_micros(50));
            }
        }
        assert!(*seen.borrow() == data, "seed {seed}");
        drop(executor);
        let (_, mut output_file) = Rc::into_inner(files).unwrap().into_inner();
        block_on("the rest", Some(seed), async {
            output_file.write_all(&data[sent.get()..]).await.unwrap();
            output_file.close().await.unwrap();
        });
        assert!(contents(&output) == data, "seed {seed}");
    }
}

/// The executor itself detects a future that keeps the waker of its first poll, and one that is never woken.
#[test]
fn what_sleeps_for_ever_is_found() {
    use std::task::{Poll, Waker};
    use std::time::Duration;
    let asleep = |future: Pin<Box<dyn Future<Output = ()>>>| {
        let run = std::panic::AssertUnwindSafe(|| {
            let mut executor = Strict::in_order().patience(Duration::from_millis(200));
            let task = executor.spawn("sleeper", future);
            executor.poll_anyway(task);
            executor.run();
        });
        let panic = std::panic::catch_unwind(run).expect_err("it is found");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let mut first: Option<Waker> = None;
    let keeps_the_first = std::future::poll_fn(move |cx| {
        // Polled once more before the wake-up, it has the wrong waker.
        first
            .get_or_insert_with(|| cx.waker().clone())
            .wake_by_ref();
        Poll::Pending
    });
    let message = asleep(Box::pin(keeps_the_first));
    assert!(message.contains("`sleeper` after poll 2"), "{message}");
    let message = asleep(Box::pin(future::pending()));
    assert!(message.contains("with 0 wake-ups"), "{message}");
}

/// The same without the no-wait calls, and with one pool thread.
#[test]
fn the_same_on_the_pool() {
    const TESTS: [&str; 13] = [
        "reading_and_writing",
        "random_operations_as_std_has_them",
        "lines_and_delimiters",
        "a_file_as_a_whole",
        "a_file_that_writes_through",
        "what_is_wrapped",
        "pipes_and_sockets",
        "paths",
        "directory_streams",
        "tasks_that_are_dropped_or_forgotten",
        "futures_of_one_file_that_are_dropped",
        "calls_of_one_file_at_once",
        "calls_of_one_file_that_are_forgotten",
    ];
    if in_child() {
        return;
    }
    for test in TESTS {
        if cfg!(not(unix)) && test == "pipes_and_sockets" {
            continue;
        }
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
        run_in_child(
            test,
            &[("ANYFILE_NOWAIT", "0"), ("BLOCKING_MAX_THREADS", "1")],
        );
    }
}
