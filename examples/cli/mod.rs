//! What the examples with arguments share: `--help`, errors on standard error, and exit codes.
// Not every example needs all of it.
#![allow(dead_code)]

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::process::ExitCode;

use anyfile::PathError;
use lexopt::{Arg, Parser};

/// A command-line tool.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// The exit code if an option is wrong or the output cannot be written.
    pub(crate) failure: u8,
}

impl Tool {
    /// Parses the arguments and does the work. `parse` returns `None` where help is asked for, `run` the exit code.
    pub(crate) fn main<O>(
        &self,
        parse: impl FnOnce(Parser) -> Result<Option<O>, lexopt::Error>,
        run: impl FnOnce(O) -> io::Result<u8>,
    ) -> ExitCode {
        let result = match parse(Parser::from_env()) {
            Ok(Some(options)) => run(options),
            Ok(None) => io::stdout().write_all(self.help.as_bytes()).map(|()| 0),
            Err(error) => {
                self.complain(error);
                let _ = writeln!(
                    io::stderr(),
                    "Try '{} --help' for more information.",
                    self.name
                );
                Ok(self.failure)
            }
        };
        match result {
            Ok(code) => code.into(),
            // The reader has seen enough: what a shell reports of a program that SIGPIPE ended.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(141),
            Err(error) => {
                self.complain(format_args!("write error: {}", reason(&error)));
                self.failure.into()
            }
        }
    }

    /// Reports an error and returns the exit code for it, unless the reader of the output has seen enough.
    pub(crate) fn fail(&self, error: io::Error) -> io::Result<u8> {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Err(error);
        }
        self.complain(error);
        Ok(self.failure)
    }

    /// Reports to standard error. A failure to write there can be reported nowhere.
    pub(crate) fn complain(&self, what: impl Display) {
        let _ = writeln!(io::stderr(), "{}: {what}", self.name);
    }
}

/// Parses the arguments of a tool whose only option is `--help`, and which takes so many others.
pub(crate) fn operands(
    mut args: Parser,
    number: RangeInclusive<usize>,
) -> Result<Option<Vec<OsString>>, lexopt::Error> {
    let mut operands = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("help") => return Ok(None),
            Arg::Value(operand) if operands.len() < *number.end() => operands.push(operand),
            _ => return Err(arg.unexpected()),
        }
    }
    if operands.len() < *number.start() {
        return Err("missing operand".into());
    }
    Ok(Some(operands))
}

/// Returns the reason alone, as the system words it.
pub(crate) fn reason(error: &io::Error) -> String {
    let Some(code) = PathError::raw_os_error(error) else {
        return error.to_string();
    };
    let mut text = io::Error::from_raw_os_error(code).to_string();
    if let Some(end) = text.find(" (os error") {
        text.truncate(end);
    }
    text
}

/// Returns a name in quotes, for a message.
pub(crate) fn quoted(name: &OsStr) -> String {
    format!("'{}'", name.to_string_lossy())
}

/// Returns a handle of its own to standard input.
pub(crate) fn stdin() -> io::Result<File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(handle.into())
}
