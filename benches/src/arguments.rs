//! The command line.

use std::env;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

pub const HELP: &str = "\
cargo bench -p anyfile-bench -- [FILTER...] [--quick] [--dir DIR] [--json FILE] [--svg FILE] [--list]

  FILTER...    only the workloads whose names contain one of these
  --quick      less data and fewer rounds
  --dir DIR    where to make the files: the filesystem that is measured
  --json FILE  also write everything there as JSON
  --svg FILE   also draw the ratios there
  --list       only list the workloads";

/// The arguments of the command line.
#[derive(Debug, PartialEq)]
pub struct Arguments {
    /// The action to take.
    pub mode: Mode,
    /// Whether to use less data and fewer rounds.
    pub quick: bool,
    /// Where the directory of files is made; of a process for one contestant, where it is.
    pub dir: PathBuf,
    /// Where the JSON goes.
    pub json: Option<PathBuf>,
    /// Where the picture goes.
    pub svg: Option<PathBuf>,
    filters: Vec<String>,
}

/// The action to take.
#[derive(Debug, PartialEq)]
pub enum Mode {
    /// Print how to call it.
    Help,
    /// List the workloads.
    List,
    /// Measure.
    Measure,
    /// Run one contestant of one workload, to see its peaks.
    Child(String),
}

impl Arguments {
    /// Parses a command line.
    pub fn parse(mut parser: Parser) -> Result<Arguments, lexopt::Error> {
        let mut arguments = Arguments {
            mode: Mode::Measure,
            quick: false,
            dir: env::temp_dir(),
            json: None,
            svg: None,
            filters: Vec::new(),
        };
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("help") | Arg::Short('h') => arguments.mode = Mode::Help,
                Arg::Long("list") => arguments.mode = Mode::List,
                Arg::Long("quick") => arguments.quick = true,
                Arg::Long("dir") => arguments.dir = parser.value()?.into(),
                Arg::Long("json") => arguments.json = Some(parser.value()?.into()),
                Arg::Long("svg") => arguments.svg = Some(parser.value()?.into()),
                Arg::Long("child") => {
                    arguments.filters = vec![parser.value()?.string()?];
                    arguments.mode = Mode::Child(parser.value()?.string()?);
                }
                // Cargo tells every bench target that it is one.
                Arg::Long("bench") => {}
                Arg::Value(filter) => arguments.filters.push(filter.string()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(arguments)
    }

    /// Returns `true` if the arguments select this workload.
    pub fn chooses(&self, name: &str) -> bool {
        match self.mode {
            Mode::Child(_) => self.filters[0] == name,
            _ => self.filters.is_empty() || self.filters.iter().any(|part| name.contains(part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Mode};
    use lexopt::Parser;

    fn parse(line: &str) -> Result<Arguments, lexopt::Error> {
        Arguments::parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn filters_choose_by_a_part_of_the_name() {
        let all = parse("--bench").unwrap();
        assert!(all.chooses("lines"));
        let some = parse("read write_100 --quick --bench").unwrap();
        assert!(some.quick && some.chooses("read_4k") && some.chooses("write_100"));
        assert!(!some.chooses("lines"));
    }

    #[test]
    fn a_child_runs_one_workload() {
        let child = parse("--child memory anyfile --dir /tmp").unwrap();
        assert_eq!(child.mode, Mode::Child("anyfile".to_owned()));
        assert!(child.chooses("memory") && !child.chooses("memory_tasks"));
    }

    #[test]
    fn what_is_unknown_is_refused() {
        assert!(parse("--quack").is_err());
        assert!(parse("--dir").is_err());
    }
}
