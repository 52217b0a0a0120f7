//! Serves a filesystem in memory that hangs on command.
//!
//! `hangfs MOUNTPOINT SECONDS SECONDS keep|drop`: for how long the kernel may remember names, for how
//! long attributes, and whether it keeps contents from one open to the next. Commands come line by
//! line, and each is answered with one line:
//!
//! * `hang all 2000`, `hang read,flush 2000`: hold these requests for 2 seconds at the most.
//! * `release`: answer them, and hold no more.
//! * `forget`: count from 0 again.
//! * `counts`: how many requests there were of each kind, how many hung, how many hang.
//!
//! It unmounts and ends with the end of its input.

#[cfg(target_os = "linux")]
mod gate;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod tree;

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("hangfs: only for Linux");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::gate::Gate;
    use crate::serve::{Hang, Ttl};
    use fuser::{Config, MountOption};
    use std::io::{self, BufRead};
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::Duration;

    pub(super) fn main() {
        let mut arguments = std::env::args_os().skip(1);
        let mountpoint = PathBuf::from(arguments.next().expect("a mount point"));
        let mut text = || arguments.next().and_then(|text| text.into_string().ok());
        let mut seconds = || text().and_then(|text| text.parse().ok());
        let ttl = Ttl {
            name: Duration::from_secs(seconds().expect("seconds for names")),
            attributes: Duration::from_secs(seconds().expect("seconds for attributes")),
            keeps_contents: text().as_deref() == Some("keep"),
        };
        let gate = Arc::new(Gate::default());
        let mut config = Config::default();
        config.mount_options = vec![
            MountOption::FSName("hangfs".to_owned()),
            MountOption::DefaultPermissions,
        ];
        let session = match fuser::spawn_mount(Hang::new(gate.clone(), ttl), &mountpoint, &config) {
            Ok(session) => session,
            Err(error) => return println!("cannot mount: {error}"),
        };
        println!("ready");
        for command in io::stdin().lock().lines().map_while(Result::ok) {
            println!("{}", obey(&gate, &command));
        }
        gate.release();
        let _ = rustix::mount::unmount(&mountpoint, rustix::mount::UnmountFlags::DETACH);
        let _ = std::fs::remove_dir(&mountpoint);
        // The session ends when the last open file is closed, and nothing waits for that.
        std::mem::forget(session);
    }

    fn obey(gate: &Arc<Gate>, command: &str) -> String {
        let mut words = command.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("hang"), Some(requests), Some(time)) => {
                let time = Duration::from_millis(time.parse().expect("milliseconds"));
                gate.hang(requests, time);
            }
            (Some("release"), ..) => gate.release(),
            (Some("forget"), ..) => gate.forget(),
            (Some("counts"), ..) => return gate.counts(),
            _ => return format!("no such command: {command}"),
        }
        "done".to_owned()
    }
}
