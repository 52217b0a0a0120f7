//! Prints the last part of files, and what is appended to them, as GNU `tail` does.
//!
//! ```text
//! cargo run --example tail -- [OPTION...] [FILE...]
//! ```
//!
//! A regular file is read from its end backwards, so its length does not matter. To follow files, a timer asks for
//! their lengths; only regular files are followed. Where a file is replaced, as when a log is rotated, `-F` goes on
//! with the new file. After an error in reading a file, the others follow; with `-c` or `+N`, GNU `tail` may end there.

#[path = "../cli/mod.rs"]
mod cli;
mod file;
mod follow;
mod options;
mod output;

use std::io;
use std::process::ExitCode;

use smol::Timer;

use cli::Tool;
use file::Tail;
use options::{Begin, Follow, Options, parse};
use output::Printer;

const TAIL: Tool = Tool {
    name: "tail",
    help: "\
Usage: tail [OPTION]... [FILE]...
Print the last 10 lines of each FILE. With no FILE, or when FILE is -, read standard input.

  -c, --bytes=[+]N             print the last N bytes; with +, from byte N on
  -f, --follow                 print what is appended as the file grows
  -F                           as -f, and go on if the file is replaced or missing
  -n, --lines=[+]N             print the last N lines; with +, from line N on
  -q, --quiet                  never print headers with the files' names
  -s, --sleep-interval=N       with -f, wait N seconds between checks; by default, 1
  -v, --verbose                always print headers
      --help                   print this help

The exit code is 1 if anything could not be read.
",
    failure: 1,
};

fn main() -> ExitCode {
    TAIL.main(parse, |options| smol::block_on(run(options)))
}

async fn run(options: Options) -> io::Result<u8> {
    if matches!(options.begin, Begin::Last(0)) && options.follow == Follow::No {
        return Ok(0);
    }
    let many = options.files.len() > 1;
    let mut printer = Printer {
        headers: options.headers.unwrap_or(many),
        last: None,
    };
    let (mut code, mut tails) = (0, Vec::new());
    for (number, name) in options.files.iter().enumerate() {
        let mut tail = Tail::new(number, name);
        if let Err(failure) = tail.print_last(&options, &mut printer).await {
            code = 1;
            tail.give_up(failure)?;
        }
        tails.push(tail);
    }

    if options.follow == Follow::No {
        return Ok(code);
    }
    loop {
        tails.retain(|tail| tail.can_be_followed(options.follow));
        if tails.is_empty() {
            break;
        }
        Timer::after(options.interval).await;
        for tail in &mut tails {
            if let Err(failure) = tail.print_new(options.follow, &mut printer).await {
                code = 1;
                tail.give_up(failure)?;
            }
        }
    }
    // A pipe has an end, and that is no failure.
    if code != 0 {
        TAIL.complain("no files remaining");
    }
    Ok(code)
}
