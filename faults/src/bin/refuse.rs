//! Runs a command for which chosen system calls fail, as a container's filter makes them fail.
//!
//! `refuse --errno EPERM|ENOSYS preadv2 openat2 statx -- COMMAND ARGUMENT…`

#[cfg(target_os = "linux")]
fn main() {
    let error = linux::run(std::env::args_os().skip(1));
    eprintln!("refuse: {error}");
    std::process::exit(1);
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("refuse: only for Linux");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::fmt::Display;
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// Becomes the command. Returns only if that fails, with the error.
    pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> io::Error {
        let errno = match (arguments.next(), arguments.next()) {
            (Some(option), Some(name)) if option == "--errno" => name,
            _ => return other("--errno EPERM or --errno ENOSYS must come first"),
        };
        let errno = match errno.to_str() {
            Some("EPERM") => libc::EPERM,
            Some("ENOSYS") => libc::ENOSYS,
            _ => return other("the error must be EPERM or ENOSYS"),
        };
        let calls = arguments.by_ref().take_while(|argument| argument != "--");
        let calls: Option<Vec<i64>> = calls.map(|call| number(call.to_str()?)).collect();
        let Some(calls) = calls else {
            return other(
                "the calls must be preadv2, openat2, statx, renameat2, copy_file_range or faccessat2",
            );
        };
        let Some(program) = arguments.next() else {
            return other("a command must come after --");
        };
        match refuse(&calls, errno as u32) {
            Ok(()) => Command::new(program).args(arguments).exec(),
            Err(error) => other(error),
        }
    }

    fn number(call: &str) -> Option<i64> {
        match call {
            "preadv2" => Some(libc::SYS_preadv2),
            "openat2" => Some(libc::SYS_openat2),
            "statx" => Some(libc::SYS_statx),
            "renameat2" => Some(libc::SYS_renameat2),
            "copy_file_range" => Some(libc::SYS_copy_file_range),
            "faccessat2" => Some(libc::SYS_faccessat2),
            _ => None,
        }
    }

    /// Has the calls fail with `errno` from now on, also in whatever this process becomes.
    fn refuse(calls: &[i64], errno: u32) -> seccompiler::Result<()> {
        let rules: BTreeMap<_, _> = calls.iter().map(|&call| (call, Vec::new())).collect();
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(errno),
            std::env::consts::ARCH.try_into()?,
        )?;
        let program: BpfProgram = filter.try_into()?;
        seccompiler::apply_filter(&program)
    }

    fn other(error: impl Display) -> io::Error {
        io::Error::other(error.to_string())
    }
}
