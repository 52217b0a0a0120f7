//! A mounted filesystem that hangs on command, seen from the tests.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The server's answers that the kernel may cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Nothing: every question goes to the server.
    Nothing,
    /// Names and inodes, but no attributes.
    Names,
    /// Names, attributes and contents.
    Everything,
}

impl Caching {
    /// For how long names and attributes are good, and whether contents outlive an open.
    fn arguments(self) -> [&'static str; 3] {
        match self {
            Caching::Nothing => ["0", "0", "drop"],
            Caching::Names => ["3600", "0", "drop"],
            Caching::Everything => ["3600", "3600", "keep"],
        }
    }
}

/// How many requests of each kind the server has been asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By the name of the request, since the last [`Mount::forget`].
    pub asked: BTreeMap<String, u64>,
    /// Requests that have hung since the last [`Mount::forget`].
    pub hung: u64,
    /// Requests that hang right now.
    pub hanging: u64,
}

/// A filesystem in memory, empty at first, that can be told to hang.
///
/// A process of its own serves it, so that whatever becomes of this one, every request is answered in
/// the end, and the filesystem unmounted.
pub struct Mount {
    server: Mutex<Server>,
    path: PathBuf,
    /// Removed last.
    _dir: TempDir,
}

struct Server {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Mount {
    /// Returns why this machine cannot mount such a filesystem, or `None` if it can.
    pub fn impossible() -> Option<&'static str> {
        if !rustix::process::geteuid().is_root() {
            return Some("only root may mount a filesystem");
        }
        let device = std::fs::File::open("/dev/fuse");
        device.is_err().then_some("/dev/fuse cannot be opened")
    }

    /// Mounts it, served by `program`, on a new directory.
    pub fn new(program: &str, caching: Caching) -> io::Result<Mount> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("mount");
        std::fs::create_dir(&path)?;
        // In a process group of its own: a signal from the terminal is for the tests only.
        let mut process = Command::new(program)
            .arg(&path)
            .args(caching.arguments())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let missing = || io::Error::other("the server has no pipes");
        let commands = process.stdin.take().ok_or_else(missing)?;
        let answers = process.stdout.take().ok_or_else(missing)?;
        let mount = Mount {
            server: Mutex::new(Server {
                process,
                commands: Some(commands),
                answers: BufReader::new(answers),
            }),
            path,
            _dir: dir,
        };
        match mount.with_server(Server::answer)?.as_str() {
            "ready" => Ok(mount),
            answer => Err(io::Error::other(answer.to_owned())),
        }
    }

    /// Returns the mount point.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to hang in `requests` (`all` of them, or some by name), for as long as that.
    pub fn hang(&self, requests: &str, time: Duration) {
        self.command(&format!("hang {requests} {}", time.as_millis()));
    }

    /// Answers every request that hangs, and hangs no more.
    pub fn release(&self) {
        self.command("release");
    }

    /// Counts from 0 again.
    pub fn forget(&self) {
        self.command("forget");
    }

    /// Returns how many requests of each kind the server got.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for pair in self.command("counts").split_whitespace() {
            let (name, count) = pair.split_once('=').expect("a name and a count");
            let count = count.parse().expect("a number");
            match name {
                "hung" => counts.hung = count,
                "hanging" => counts.hanging = count,
                _ => drop(counts.asked.insert(name.to_owned(), count)),
            }
        }
        counts
    }

    /// Kills the server: every request fails from now on.
    pub fn kill(&self) {
        self.with_server(|server| server.process.kill())
            .expect("the server can be killed");
    }

    fn command(&self, command: &str) -> String {
        self.with_server(|server| {
            let commands = server.commands.as_mut().expect("open until dropped");
            writeln!(commands, "{command}")?;
            server.answer()
        })
        .expect("the server answers")
    }

    fn with_server<R>(&self, f: impl FnOnce(&mut Server) -> R) -> R {
        f(&mut self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Server {
    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    /// Waits until the process has ended by itself; it ends when there can be no more commands.
    fn end(&mut self) {
        self.commands = None;
        let patience = Instant::now() + Duration::from_secs(5);
        while self.process.try_wait().is_ok_and(|status| status.is_none()) {
            if Instant::now() > patience {
                let _ = self.process.kill();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.with_server(Server::end);
        // A server that was killed could not.
        let _ = rustix::mount::unmount(&self.path, rustix::mount::UnmountFlags::DETACH);
    }
}
