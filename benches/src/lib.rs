//! Measures `anyfile` side by side with `std` and every other asynchronous file library. The
//! `README.md` beside this package says how to run it, and how to read what it prints.

mod arguments;
mod executor;
mod field;
mod gauge;
mod machine;
mod measure;
mod outcome;
mod picture;
mod report;
mod stage;
mod table;
mod tally;
mod workloads;

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;

use arguments::{Arguments, Mode};
use field::{Absent, Kind, Workload};
use machine::Machine;
use measure::Plan;
use outcome::Outcome;
use stage::Stage;

/// Runs the benchmark as the command line says.
pub fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every contestant did what it should.
fn run() -> io::Result<bool> {
    let arguments = Arguments::parse(lexopt::Parser::from_env()).map_err(io::Error::other)?;
    let mut workloads = workloads::all();
    workloads.retain(|workload| arguments.chooses(workload.name));
    match &arguments.mode {
        Mode::Help => println!("{}", arguments::HELP),
        Mode::List => {
            for Workload { name, title, .. } in workloads {
                println!("{name:<20} {title}");
            }
        }
        Mode::Child(contestant) => return child(&arguments, &workloads, contestant),
        Mode::Measure => return measure(&arguments, &workloads),
    }
    Ok(true)
}

fn child(arguments: &Arguments, workloads: &[Workload], contestant: &str) -> io::Result<bool> {
    let stage = Stage::new(&arguments.dir, arguments.quick);
    for workload in workloads {
        if let Kind::Gauge(prepare) = workload.kind {
            gauge::child(prepare(&stage)?, contestant)?;
        }
    }
    Ok(true)
}

fn measure(arguments: &Arguments, workloads: &[Workload]) -> io::Result<bool> {
    let begin = Instant::now();
    let temporary = tempfile::Builder::new()
        .prefix("anyfile-bench-")
        .tempdir_in(&arguments.dir)?;
    let stage = Stage::new(temporary.path(), arguments.quick);
    let machine = Machine::of(stage.dir(), arguments.quick)?;
    print!("{machine}");
    let mut outcomes = Vec::new();
    let mut is_right = true;
    for (i, workload) in workloads.iter().enumerate() {
        let (number, count, elapsed) = (i + 1, workloads.len(), begin.elapsed().as_secs());
        eprintln!("[{number}/{count}] {} ({elapsed} s)", workload.name);
        match run_one(workload, &stage) {
            Ok(outcome) => {
                print!("\n{}", report::section(&outcome, &machine.filesystem));
                io::stdout().flush()?;
                for Absent { name, reason, .. } in &outcome.absent {
                    eprintln!("  {name} left out: {reason}");
                }
                is_right &= outcome.is_right();
                outcomes.push(outcome);
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                println!(
                    "\n### {}: {}\n\nLeft out: {error}.",
                    workload.name, workload.title
                );
            }
            Err(error) => {
                return Err(io::Error::other(format!("{}: {error}", workload.name)));
            }
        }
    }
    print!("\n{}", report::summary(&outcomes, &machine.filesystem));
    if let Some(path) = &arguments.json {
        let outcome = |outcome| report::json(outcome, &machine.filesystem);
        let outcomes: Vec<_> = outcomes.iter().map(outcome).collect();
        let report = json!({ "machine": machine.json(), "workloads": outcomes });
        fs::write(path, format!("{report:#}\n"))?;
    }
    if let Some(path) = &arguments.svg {
        let picture =
            picture::picture(&outcomes).map_err(|error| io::Error::other(error.to_string()))?;
        fs::write(path, picture)?;
    }
    eprintln!("{} s in all", begin.elapsed().as_secs());
    Ok(is_right)
}

fn run_one<'a>(workload: &'a Workload, stage: &Stage) -> io::Result<Outcome<'a>> {
    match workload.kind {
        Kind::Race(prepare) | Kind::Load(prepare) => {
            let mut field = prepare(stage)?;
            let plan = Plan {
                least: 3,
                most: stage.pick(25, 51),
                budget: Duration::from_secs(stage.pick(2, 12)),
            };
            let series = measure::race(&mut field, plan)?;
            Ok(Outcome::new(workload, field, series))
        }
        Kind::Gauge(prepare) => {
            let field = prepare(stage)?;
            let series = gauge::run(workload.name, &field, stage, stage.pick(1, 3))?;
            Ok(Outcome::new(workload, field, series))
        }
    }
}
