//! The files that the workloads use: each is made when it is first asked for.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

const MIB: u64 = 1024 * 1024;

/// A directory of files. Paths are leaked, so that every closure can have them.
pub struct Stage {
    dir: PathBuf,
    quick: bool,
}

impl Stage {
    /// Returns a stage in an existing directory. Files that are already there are not made again.
    pub fn new(dir: &Path, quick: bool) -> Stage {
        Stage {
            dir: dir.to_owned(),
            quick,
        }
    }

    /// Returns the directory of the files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns `quick` in a quick run, else `full`.
    pub fn pick<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Returns `true` if the filesystem is in memory, where no file is ever cold.
    pub fn is_memory(&self) -> io::Result<bool> {
        Ok(matches!(filesystem(&self.dir)?.as_str(), "tmpfs" | "ramfs"))
    }

    /// Returns a path for a file that the caller creates.
    pub fn fresh(&self, name: &str) -> &'static Path {
        Box::leak(self.dir.join(name).into_boxed_path())
    }

    /// Returns a file of 1.5 million lines in 128 MiB, or a quarter of it in a quick run.
    pub fn lines(&self) -> io::Result<&'static Path> {
        let size = self.pick(32, 128) * MIB;
        self.file("lines.txt", |file| {
            let mut random = Random(1);
            let mut written = 0;
            let text = random_text(&mut random, 4096);
            while written < size {
                // 89 bytes on average, the end of the line included.
                let line = &text[random.below(2048)..][..random.below(177)];
                file.write_all(line)?;
                file.write_all(b"\n")?;
                written += line.len() as u64 + 1;
            }
            Ok(())
        })
    }

    /// 128 MiB of bytes; a quarter of it in a quick run.
    pub fn data(&self) -> io::Result<&'static Path> {
        let size = self.data_size();
        self.bytes("data", size, 2)
    }

    /// Returns the size of `data`.
    pub fn data_size(&self) -> u64 {
        self.pick(32, 128) * MIB
    }

    /// Returns a file of `size` random bytes.
    pub fn bytes(&self, name: &str, size: u64, seed: u64) -> io::Result<&'static Path> {
        self.file(name, |file| {
            let mut random = Random(seed);
            for _ in 0..size / 8 {
                file.write_all(&random.next().to_le_bytes())?;
            }
            Ok(())
        })
    }

    /// Returns a file of 2 KB of text.
    pub fn text(&self) -> io::Result<&'static Path> {
        self.file("text", |file| {
            file.write_all(&random_text(&mut Random(3), 2048))
        })
    }

    /// Files of 4 KiB, and where they are.
    pub fn small_files(&self, count: usize) -> io::Result<&'static [PathBuf]> {
        let dir = self.directory(&format!("small-{count}"), |dir| {
            let mut random = Random(5);
            for i in 0..count {
                fs::write(dir.join(format!("{i:05}")), random_text(&mut random, 4096))?;
            }
            Ok(())
        })?;
        let paths = (0..count).map(|i| dir.join(format!("{i:05}")));
        Ok(Box::leak(paths.collect()))
    }

    /// Returns a directory of files of `size` random bytes. Their names are their numbers.
    pub fn numbered(&self, count: usize, size: usize) -> io::Result<&'static Path> {
        self.directory(&format!("numbered-{count}-{size}"), |dir| {
            let mut random = Random(11);
            let mut bytes = vec![0; size];
            for i in 0..count {
                bytes.fill_with(|| random.next() as u8);
                fs::write(dir.join(i.to_string()), &bytes)?;
            }
            Ok(())
        })
    }

    /// Returns a directory of 50,000 files, or a fifth of them in a quick run.
    pub fn flat(&self) -> io::Result<&'static Path> {
        let count = self.pick(10_000, 50_000);
        self.directory("flat", |dir| {
            (0..count).try_for_each(|i| File::create(dir.join(format!("entry-{i:05}"))).map(drop))
        })
    }

    /// Returns a tree of 130,000 entries in three levels, with files of different sizes. In a quick run it has
    /// 20,000 entries.
    pub fn tree(&self) -> io::Result<&'static Path> {
        let wide = self.pick(2, 13);
        self.directory("tree", |dir| {
            for dir in (0..wide).map(|i| dir.join(format!("top-{i:02}"))) {
                for dir in (0..100).map(|i| dir.join(format!("middle-{i:02}"))) {
                    fs::create_dir_all(&dir)?;
                    for i in 0..99 {
                        File::create(dir.join(format!("leaf-{i:02}.txt")))?.set_len(i)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Files of 64 KiB of text in lines, and where they are.
    pub fn logs(&self, count: usize) -> io::Result<&'static [PathBuf]> {
        let dir = self.directory("logs", |dir| {
            let mut random = Random(9);
            for i in 0..count {
                let mut text = random_text(&mut random, 64 * 1024);
                text.chunks_mut(80)
                    .for_each(|line| line[line.len() - 1] = b'\n');
                fs::write(dir.join(format!("{i:03}")), text)?;
            }
            Ok(())
        })?;
        let paths = (0..count).map(|i| dir.join(format!("{i:03}")));
        Ok(Box::leak(paths.collect()))
    }

    fn file<F>(&self, name: &str, fill: F) -> io::Result<&'static Path>
    where
        F: FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    {
        let path = self.fresh(name);
        if !path.exists() {
            let mut file = BufWriter::new(File::create(path)?);
            fill(&mut file)?;
            // Clean pages can be dropped, and are not written back while something is measured.
            file.into_inner()?.sync_all()?;
        }
        Ok(path)
    }

    fn directory<F>(&self, name: &str, fill: F) -> io::Result<&'static Path>
    where
        F: FnOnce(&Path) -> io::Result<()>,
    {
        let path = self.fresh(name);
        if !path.exists() {
            fs::create_dir(path)?;
            fill(path)?;
            rustix::fs::syncfs(File::open(path)?)?;
        }
        Ok(path)
    }
}

/// Returns the type of the filesystem of a directory, by the mount table.
pub fn filesystem(dir: &Path) -> io::Result<String> {
    let dir = dir.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let mounted = mounts.lines().filter_map(|line| {
        let (mount, source) = line.split_once(" - ")?;
        let point = Path::new(mount.split(' ').nth(4)?);
        let depth = dir.starts_with(point).then(|| point.components().count())?;
        Some((depth, source.split(' ').next()?))
    });
    // Of mounts on the same directory, the last one is on top.
    let mounted = mounted.max_by_key(|(depth, _)| *depth);
    Ok(mounted.map_or("unknown", |(_, name)| name).to_owned())
}

/// A generator of Marsaglia's kind: the same numbers in every run, and for every contestant.
pub struct Random(pub u64);

impl Random {
    /// Returns the next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns the next number below a limit.
    pub fn below(&mut self, limit: u64) -> usize {
        (((self.next() >> 32) * limit) >> 32) as usize
    }
}

/// So many letters and spaces.
fn random_text(random: &mut Random, len: usize) -> Vec<u8> {
    let letter = |_| b"etaoin shrdlu cmfwyp vbgkqj xz  "[random.below(32)];
    (0..len).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::{Random, Stage, filesystem};
    use std::fs;
    use std::path::Path;

    #[test]
    fn what_is_there_is_not_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let stage = Stage::new(dir.path(), true);
        let text = stage.text().unwrap();
        assert_eq!(fs::metadata(text).unwrap().len(), 2048);
        fs::write(text, "mine").unwrap();
        assert_eq!(fs::read(stage.text().unwrap()).unwrap(), b"mine");
        assert_eq!(stage.small_files(10).unwrap().len(), 10);
    }

    #[test]
    fn filesystems_have_names() {
        assert_eq!(filesystem(Path::new("/proc/self")).unwrap(), "proc");
        assert_eq!(filesystem(Path::new("/dev/shm")).unwrap(), "tmpfs");
    }

    #[test]
    fn random_numbers_stay_below_their_limit() {
        let mut random = Random(1);
        let numbers: Vec<_> = (0..1000).map(|_| random.below(10)).collect();
        assert!((0..10).all(|i| numbers.contains(&i)));
        assert!(numbers.iter().all(|number| *number < 10));
    }
}
