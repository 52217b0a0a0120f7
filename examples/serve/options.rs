//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

pub(crate) const HELP: &str = "\
Serves the files below a directory over HTTP/1.1.

Usage: serve [OPTION...] [ROOT]

ROOT is the directory to serve. The default is the current one.

Options:
      --bind ADDRESS    The IP address to listen on; the default is 127.0.0.1
  -p, --port PORT       The port to listen on; the default is 8080, 0 takes any free one
      --connections N   The most connections at once; the default is 512
      --timeout SECONDS The time for a client to send a request, or to take a part of
                        the response; the default is 30
  -v, --verbose         Log each request on standard error
  -h, --help            Print this help
";

/// What the command line asks for.
pub(crate) enum Command {
    Serve(Options),
    Help,
}

pub(crate) struct Options {
    pub(crate) root: PathBuf,
    pub(crate) bind: IpAddr,
    pub(crate) port: u16,
    pub(crate) connections: usize,
    pub(crate) timeout: Duration,
    pub(crate) verbose: bool,
}

impl Options {
    /// Parses the arguments of this process.
    pub(crate) fn parse() -> Result<Command, lexopt::Error> {
        let mut root = None;
        let mut options = Options {
            root: PathBuf::from("."),
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            connections: 512,
            timeout: Duration::from_secs(30),
            verbose: false,
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("bind") => options.bind = arguments.value()?.parse()?,
                Short('p') | Long("port") => options.port = arguments.value()?.parse()?,
                Long("connections") => {
                    options.connections = arguments.value()?.parse_with(at_least_one)?;
                }
                Long("timeout") => {
                    let seconds: u32 = arguments.value()?.parse_with(at_least_one)?;
                    options.timeout = Duration::from_secs(seconds.into());
                }
                Short('v') | Long("verbose") => options.verbose = true,
                Short('h') | Long("help") => return Ok(Command::Help),
                Value(path) if root.is_none() => root = Some(PathBuf::from(path)),
                other => return Err(other.unexpected()),
            }
        }
        options.root = root.unwrap_or(options.root);
        Ok(Command::Serve(options))
    }
}

fn at_least_one<N: std::str::FromStr + Default + PartialEq>(text: &str) -> Result<N, String> {
    match text.parse() {
        Ok(number) if number != N::default() => Ok(number),
        _ => Err(String::from("must be a whole number above 0")),
    }
}
