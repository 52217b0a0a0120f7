//! `anyfile` on every executor.

use std::io;

use anyfile::open_file;

use super::lines;
use super::read::{RANDOM_READS, jump, jump_std};
use super::tasks::{FILES, READERS, read_own, read_std, warm};
use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

/// All but the one of the other workloads.
const OTHERS: [(&str, Executor); 6] = [
    ("smol", Executor::Smol),
    ("tokio current", Executor::TokioCurrent),
    ("tokio multi", Executor::TokioMulti),
    ("async-std", Executor::AsyncStd),
    ("LocalPool", Executor::LocalPool),
    ("pollster", Executor::Pollster),
];

pub fn workloads() -> Vec<Workload> {
    let race = |name, title, notes, field| Workload {
        name,
        title,
        notes,
        goal: Goal::Seen,
        kind: Kind::Race(field),
    };
    vec![
        race(
            "executors_lines",
            "anyfile on every executor: lines as `String`",
            "As `lines`. The first is on `block_on` of futures-lite, as in all other workloads.",
            text,
        ),
        race(
            "executors_seek_read",
            "anyfile on every executor: seek + read 4 KiB at random",
            "As `seek_read`.",
            seek_read,
        ),
        race(
            "executors_tasks",
            "anyfile on every executor: 1,000 tasks",
            "As `tasks_1000`. pollster has no tasks: joined.",
            tasks,
        ),
    ]
}

fn text(stage: &Stage) -> io::Result<Field> {
    let path = stage.lines()?;
    let mut field = Field::new(1);
    field.std(lines::blocking(path));
    field.anyfile(lines::own(path));
    for (name, executor) in OTHERS {
        field.variant(name, executor, lines::own(path));
    }
    Ok(field)
}

fn seek_read(stage: &Stage) -> io::Result<Field> {
    let (path, size) = (stage.data()?, stage.data_size());
    let run = async move |tally: &mut Tally| jump(open_file(path).await?, size, tally).await;
    let mut field = Field::new(RANDOM_READS);
    field.std(jump_std(path, size));
    field.anyfile(run);
    for (name, executor) in OTHERS {
        field.variant(name, executor, run);
    }
    Ok(field)
}

fn tasks(stage: &Stage) -> io::Result<Field> {
    let paths = stage.small_files(FILES)?;
    let mut field = warm(paths, READERS);
    field.std(read_std(paths));
    field.tasks("anyfile", Executor::Lite, READERS, read_own(paths));
    for (name, executor) in OTHERS {
        let name = format!("anyfile, {name}");
        field.tasks(&name, executor, READERS, read_own(paths));
    }
    Ok(field)
}
