//! The examples `du`, `grep` and `tail` against the GNU tools of these names: the same output, messages and exit code.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod du;
mod follow;
mod grep;
mod tail;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use common::{Dir, example, is_root, set_mode};

/// An example, the GNU tool of the same name, and a directory in which both run.
struct Pair {
    name: &'static str,
    example: PathBuf,
    dir: Dir,
}

impl Pair {
    /// Returns `None`, with a printed reason, where there is no such GNU tool.
    fn new(name: &'static str) -> Option<Pair> {
        let version = Command::new(name).arg("--version").output();
        if !version.is_ok_and(|output| text(&output.stdout).contains("GNU")) {
            println!("skipped: there is no GNU {name} here");
            return None;
        }
        Some(Pair {
            name,
            example: example(name),
            dir: Dir::in_memory(),
        })
    }

    fn command(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null());
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        command
            .env("LC_ALL", "C.UTF-8")
            .env_remove("POSIXLY_CORRECT")
            .current_dir(self.dir.path());
    }

    /// Returns the commands of the example and of the GNU tool.
    fn commands(&self, args: &[&str]) -> [Command; 2] {
        [
            self.command(&self.example, args),
            self.command(self.name, args),
        ]
    }

    /// Runs the GNU tool alone, to find out what it does.
    fn gnu(&self, args: &[&str]) -> Output {
        self.command(self.name, args).output().unwrap()
    }

    #[track_caller]
    fn compare(&self, args: &[&str]) -> Output {
        let [ours, gnu] = self.commands(args).map(|mut command| command.output());
        self.equal(args, ours.unwrap(), gnu.unwrap())
    }

    /// Compares the sorted lines, where the order is that of the directories.
    #[track_caller]
    fn compare_sorted(&self, args: &[&str]) -> Output {
        let [ours, gnu] = self.commands(args).map(|mut command| sorted(&mut command));
        self.equal(args, ours, gnu)
    }

    /// Compares the sorted lines of an ordinary user.
    #[track_caller]
    fn compare_unprivileged(&self, args: &[&str]) {
        if !is_root() {
            self.compare_sorted(args);
            return;
        }
        // A copy, since that user may not see where the example is.
        let bin = Dir::new();
        let copy = bin.join(self.name);
        fs::copy(&self.example, &copy).unwrap();
        set_mode(bin.path(), 0o755);
        set_mode(self.dir.path(), 0o755);
        let as_nobody = |program: &OsStr| {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(program);
            self.prepare(&mut command);
            command
        };
        if !as_nobody("true".as_ref())
            .status()
            .is_ok_and(|status| status.success())
        {
            println!("skipped: setpriv does not work here");
            return;
        }
        let [ours, gnu] = [copy.as_os_str(), self.name.as_ref()]
            .map(|program| sorted(as_nobody(program).args(args)));
        self.equal(args, ours, gnu);
    }

    /// Compares what both do with a file as standard input.
    #[track_caller]
    fn compare_redirected(&self, args: &[&str], file: &str) {
        let [ours, gnu] = self.commands(args).map(|mut command| {
            let file = File::open(self.dir.join(file)).unwrap();
            command.stdin(file).output().unwrap()
        });
        self.equal(args, ours, gnu);
    }

    /// Compares what both do with a file that comes through a pipe.
    #[track_caller]
    fn compare_piped(&self, args: &[&str], file: &str) {
        let [ours, gnu] = self.commands(args).map(|mut command| {
            let mut cat = Command::new("cat");
            let cat = cat.arg(self.dir.join(file)).stdout(Stdio::piped());
            // If the reader ends early, that is no failure.
            let mut cat = cat.stderr(Stdio::null()).spawn().unwrap();
            let output = command.stdin(cat.stdout.take().unwrap()).output();
            drop(command);
            cat.wait().unwrap();
            output.unwrap()
        });
        self.equal(args, ours, gnu);
    }

    /// Compares the exit codes only.
    #[track_caller]
    fn compare_codes(&self, args: &[&str]) {
        let [ours, gnu] = self
            .commands(args)
            .map(|mut command| command.output().unwrap());
        let (ours, gnu) = (ours.status.code(), gnu.status.code());
        assert_eq!(ours, gnu, "{} {args:?}", self.name);
    }

    /// Checks that both end when the reader of a long output closes the pipe, and say nothing.
    #[track_caller]
    fn compare_broken_pipe(&self, args: &[&str]) {
        let [ours, gnu] = self.commands(args).map(|mut command| {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut [0]).unwrap();
            drop(stdout);
            child.wait_with_output().unwrap()
        });
        assert_eq!(text(&ours.stderr), "");
        // What a shell reports of a program that the signal ended.
        assert_eq!(ours.status.code(), Some(141));
        assert_eq!(gnu.status.signal(), Some(13));
    }

    /// Checks that both report a full device, where there is one to try.
    #[track_caller]
    fn compare_full(&self, args: &[&str]) {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            println!("skipped: there is no /dev/full here");
            return;
        };
        let [ours, gnu] = self.commands(args).map(|mut command| {
            let stdout = full.try_clone().unwrap();
            command.stdout(stdout).output().unwrap()
        });
        // GNU's message has the reason only if the output is longer than its buffer.
        let message = format!("{}: write error: No space left on device\n", self.name);
        assert_eq!(text(&ours.stderr), message);
        assert_eq!(ours.status, gnu.status);
    }

    #[track_caller]
    fn equal(&self, args: &[&str], ours: Output, gnu: Output) -> Output {
        assert!(
            ours == gnu,
            "{} {args:?}\n--- GNU, {}\n{}{}--- the example, {}\n{}{}",
            self.name,
            gnu.status,
            excerpt(&gnu.stdout),
            excerpt(&gnu.stderr),
            ours.status,
            excerpt(&ours.stdout),
            excerpt(&ours.stderr),
        );
        ours
    }
}

fn sorted(command: &mut Command) -> Output {
    let mut output = command.output().unwrap();
    for text in [&mut output.stdout, &mut output.stderr] {
        let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
        lines.sort_unstable();
        *text = lines.concat();
    }
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the start of an output, for a message.
fn excerpt(bytes: &[u8]) -> String {
    text(&bytes[..bytes.len().min(2000)])
}
