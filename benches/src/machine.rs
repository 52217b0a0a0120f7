//! The machine, the versions and the time of a measurement.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::Path;
use std::thread;
use std::time::SystemTime;

use rustix::system::uname;
use serde_json::{Value, json};

use crate::stage::filesystem;

/// The versions that this was built with.
const LOCK: &str = include_str!("../../Cargo.lock");

/// The crates whose versions matter.
const CRATES: [&str; 11] = [
    "anyfile",
    "blocking",
    "async-fs",
    "smol",
    "tokio",
    "async-std",
    "compio",
    "walkdir",
    "async-walkdir",
    "futures",
    "pollster",
];

/// The machine, the versions and the time of a measurement.
pub struct Machine {
    /// The type of the filesystem.
    pub filesystem: String,
    date: String,
    kernel: String,
    cores: usize,
    quick: bool,
    versions: Vec<(&'static str, &'static str)>,
}

impl Machine {
    /// This machine, with the filesystem of a directory.
    pub fn of(dir: &Path, quick: bool) -> io::Result<Machine> {
        let uname = uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        Ok(Machine {
            filesystem: filesystem(dir)?,
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            kernel: format!("{} {}", text(uname.sysname()), text(uname.release())),
            cores: thread::available_parallelism()?.get(),
            quick,
            versions: CRATES
                .iter()
                .filter_map(|name| Some((*name, version(LOCK, name)?)))
                .collect(),
        })
    }

    /// Returns the description as JSON.
    pub fn json(&self) -> Value {
        let versions = self.versions.iter();
        json!({
            "date": self.date,
            "kernel": self.kernel,
            "filesystem": self.filesystem,
            "cores": self.cores,
            "quick": self.quick,
            "versions": versions.map(|(name, version)| (*name, *version))
                .collect::<std::collections::BTreeMap<_, _>>(),
        })
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let run = if self.quick { "quick" } else { "full" };
        write!(f, "{}, {}, ", self.date, self.kernel)?;
        writeln!(f, "{}, {} cores, {run} run", self.filesystem, self.cores)?;
        let versions = self
            .versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"));
        writeln!(f, "{}", versions.collect::<Vec<_>>().join(", "))
    }
}

/// Returns the version of a package in a lock file.
fn version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != start).skip(1);
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::{CRATES, LOCK, version};

    #[test]
    fn every_version_is_known() {
        for name in CRATES {
            let version = version(LOCK, name).unwrap();
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{name} {version}"
            );
        }
        assert_eq!(version(LOCK, "anyfil"), None);
    }
}
