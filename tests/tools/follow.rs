//! `tail -f` and `tail -F`

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::contents;
use crate::{Pair, text};

/// The example and GNU `tail`, both of which follow the same files. Their output and messages go to a file each.
struct Following {
    pair: Pair,
    children: [Child; 2],
}

impl Following {
    fn start(option: &str) -> Option<Following> {
        let pair = Pair::new("tail")?;
        pair.dir.file("a", "first of a\n");
        pair.dir.file("b", "first of b\n");
        let args = [option, "-s0.02", "a", "b"];
        let [ours, mut gnu] = pair.commands(&args);
        // It asks for the lengths as the example does, whose messages are those of this way.
        gnu.arg("---disable-inotify");
        let mut number = 0;
        let children = [ours, gnu].map(|mut command| {
            let output = File::create(Self::output(&pair, number)).unwrap();
            number += 1;
            command.stdout(output.try_clone().unwrap()).stderr(output);
            command.spawn().unwrap()
        });
        let following = Following { pair, children };
        following.wait("first of b\n");
        Some(following)
    }

    fn output(pair: &Pair, number: usize) -> PathBuf {
        pair.dir.join(["ours", "gnu"][number])
    }

    fn outputs(&self) -> [String; 2] {
        [0, 1].map(|number| text(&contents(&Self::output(&self.pair, number))))
    }

    /// Waits until both have printed `what`.
    #[track_caller]
    fn wait(&self, what: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.outputs().iter().all(|output| output.contains(what)) {
            let [ours, gnu] = self.outputs();
            assert!(
                Instant::now() < deadline,
                "no {what:?}\n--- GNU\n{gnu}--- the example\n{ours}"
            );
            sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    fn append(&self, file: &str, line: &str) {
        let mut opened = File::options()
            .append(true)
            .open(self.pair.dir.join(file))
            .unwrap();
        opened.write_all(line.as_bytes()).unwrap();
        self.wait(line);
    }

    /// Puts a new file where `name` is or was.
    #[track_caller]
    fn put(&self, name: &str, line: &str) {
        self.pair.dir.file("new", line);
        self.rename("new", name);
        self.wait(line);
    }

    fn rename(&self, from: &str, to: &str) {
        let dir = &self.pair.dir;
        fs::rename(dir.join(from), dir.join(to)).unwrap();
    }

    #[track_caller]
    fn truncate(&self, file: &str, line: &str) {
        self.pair.dir.file(file, "");
        self.wait("file truncated\n");
        self.append(file, line);
    }

    /// Checks that both have printed the same, and are still there.
    #[track_caller]
    fn compare(mut self) {
        for child in &mut self.children {
            assert!(child.try_wait().unwrap().is_none(), "it has ended");
        }
        let [ours, gnu] = self.outputs();
        assert!(ours == gnu, "--- GNU\n{gnu}--- the example\n{ours}");
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn tail_f_follows_the_file() {
    let Some(tails) = Following::start("-f") else {
        return;
    };
    tails.append("a", "second of a\n");
    tails.append("a", "third of a, ");
    tails.append("b", "second of b\n");
    tails.append("a", "and its end\n");
    tails.truncate("a", "after truncation\n");
    tails.rename("a", "a.1");
    tails.append("a.1", "after rotation\n");
    fs::remove_file(tails.pair.dir.join("b")).unwrap();
    tails.append("a.1", "after removal\n");
    tails.compare();
}

#[test]
fn tail_big_f_follows_the_name() {
    let Some(tails) = Following::start("-F") else {
        return;
    };
    tails.append("b", "second of b\n");
    tails.append("a", "second of a\n");
    tails.truncate("a", "after truncation\n");
    tails.rename("a", "a.1");
    tails.wait("'a' has become inaccessible: No such file or directory\n");
    tails.put("a", "after rotation\n");
    tails.append("a", "and more\n");
    tails.put("a", "after replacement\n");
    tails.append("b", "third of b\n");
    tails.rename("b", "b.1");
    tails.wait("'b' has become inaccessible: No such file or directory\n");
    tails.append("a", "while b is missing\n");
    tails.compare();
}
