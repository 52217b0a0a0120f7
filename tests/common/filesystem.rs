//! Questions to the filesystem of temporary files: not every one has what Unix has.

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use super::Dir;

/// What a filesystem may lack.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Feature {
    SymbolicLinks,
    HardLinks,
    Fifos,
    /// Permission bits of each file and directory.
    Modes,
    /// Times of access and modification in nanoseconds.
    Times,
    /// Types of entries, where a directory is listed.
    Types,
}

/// Returns `true` if the filesystem of temporary files has all of these. Prints a line for the first that it lacks.
pub(crate) fn has(features: &[Feature]) -> bool {
    let probe = Dir::new();
    let lacking = features
        .iter()
        .find(|feature| !works(**feature, probe.path()).unwrap_or(false));
    if let Some(feature) = lacking {
        println!("skipped: the filesystem lacks {feature:?}");
    }
    lacking.is_none()
}

/// Returns `true` if there is a `/proc`, in which the kernel tells of this process. Prints a line if not.
pub(crate) fn has_proc() -> bool {
    let is_there = Path::new("/proc/self").exists();
    if !is_there {
        println!("skipped: there is no /proc");
    }
    is_there
}

/// Returns `true` if files in `dir` can have attributes of users. Prints a line if not: tmpfs before Linux 6.6.
#[cfg(target_os = "linux")]
pub(crate) fn has_attributes(dir: &Path) -> bool {
    use rustix::fs::{XattrFlags, setxattr};
    let probe = tempfile::NamedTempFile::new_in(dir).expect("a temporary file");
    let has = setxattr(probe.path(), "user.number", b"1", XattrFlags::empty()).is_ok();
    if !has {
        println!("skipped: the other filesystem lacks attributes");
    }
    has
}

fn works(feature: Feature, dir: &Path) -> io::Result<bool> {
    let (file, new) = (dir.join("file"), dir.join(format!("{feature:?}")));
    File::create(&file)?;
    match feature {
        Feature::SymbolicLinks => symlink("file", new).map(|()| true),
        Feature::HardLinks => fs::hard_link(file, new).map(|()| true),
        Feature::Fifos => Ok(Command::new("mkfifo").arg(new).output()?.status.success()),
        Feature::Modes => {
            let mode = |mode| {
                fs::set_permissions(&file, Permissions::from_mode(mode))?;
                Ok::<_, io::Error>(fs::metadata(&file)?.mode() & 0o7777 == mode)
            };
            Ok(mode(0o640)? && mode(0o604)?)
        }
        Feature::Times => {
            let (accessed, modified) = (1_000_000_001, 1_100_000_002);
            let time = |seconds| UNIX_EPOCH + Duration::new(seconds, 123_456_789);
            let times = FileTimes::new()
                .set_accessed(time(accessed))
                .set_modified(time(modified));
            File::options().write(true).open(&file)?.set_times(times)?;
            let found = fs::metadata(&file)?;
            Ok(found.accessed()? == time(accessed) && found.modified()? == time(modified))
        }
        Feature::Types => {
            fs::create_dir(&new)?;
            File::create(new.join("file"))?;
            // Nobody may ask for the type of what is in there.
            fs::set_permissions(&new, Permissions::from_mode(0o444))?;
            let types = fs::read_dir(&new)?.map(|entry| entry?.file_type());
            let told = types.collect::<io::Result<Vec<_>>>().is_ok();
            fs::set_permissions(&new, Permissions::from_mode(0o755))?;
            Ok(told)
        }
    }
}
