//! The options of the command line.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::ValueExt;
use lexopt::prelude::{Long, Short, Value};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    Bytes,
    Lines,
}

/// Where the last part begins.
#[derive(Clone, Copy)]
pub(crate) enum Begin {
    /// So many units before the end.
    Last(u64),
    /// After so many units.
    After(u64),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Follow {
    No,
    File,
    Name,
}

pub(crate) struct Options {
    pub(crate) unit: Unit,
    pub(crate) begin: Begin,
    pub(crate) follow: Follow,
    pub(crate) headers: Option<bool>,
    pub(crate) interval: Duration,
    pub(crate) files: Vec<OsString>,
}

pub(crate) fn parse(mut args: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        unit: Unit::Lines,
        begin: Begin::Last(10),
        follow: Follow::No,
        headers: None,
        interval: Duration::from_secs(1),
        files: Vec::new(),
    };
    while let Some(arg) = args.next()? {
        match arg {
            Short('c') | Long("bytes") => {
                (options.unit, options.begin) = (Unit::Bytes, args.value()?.parse_with(begin)?);
            }
            Short('n') | Long("lines") => {
                (options.unit, options.begin) = (Unit::Lines, args.value()?.parse_with(begin)?);
            }
            Short('f') | Long("follow") => options.follow = Follow::File,
            Short('F') => options.follow = Follow::Name,
            Short('q') | Long("quiet") => options.headers = Some(false),
            Short('v') | Long("verbose") => options.headers = Some(true),
            Short('s') | Long("sleep-interval") => {
                let seconds = args.value()?.parse()?;
                options.interval =
                    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
            }
            Long("help") => return Ok(None),
            Value(file) => options.files.push(file),
            _ => return Err(arg.unexpected()),
        }
    }
    if options.files.is_empty() {
        options.files.push("-".into());
    }
    Ok(Some(options))
}

fn begin(number: &str) -> Result<Begin, std::num::ParseIntError> {
    Ok(match number.strip_prefix('+') {
        Some(first) => Begin::After(first.parse::<u64>()?.saturating_sub(1)),
        None => Begin::Last(number.strip_prefix('-').unwrap_or(number).parse()?),
    })
}
