//! The report of all figures, as Markdown and as JSON.

use serde_json::{Value, json};

use crate::field::{Absent, Kind, OWN, Workload};
use crate::measure::{Series, Spread};
use crate::outcome::{Outcome, Quantity};
use crate::table::{Table, ratio, time};

const NOTHING: &str = "–";

/// Returns the report's section on a workload, with a table of all contestants.
pub fn section(outcome: &Outcome, filesystem: &str) -> String {
    let Workload {
        name, title, notes, ..
    } = outcome.workload;
    let mut section = format!("### {name}: {title}\n\n{notes} {}.\n", rounds(outcome));
    for Absent { name, reason, .. } in &outcome.absent {
        section += &format!("Left out: {name}, {reason}.\n");
    }
    let verdict = outcome.verdict(filesystem);
    if let Some((measured, is_met)) = &verdict.measured {
        let word = if *is_met { "met" } else { "**not met**" };
        section += &format!("Goal: {}, {word} with {measured}.\n", verdict.goal);
    }
    let table = match outcome.workload.kind {
        Kind::Race(_) | Kind::Load(_) => times(outcome),
        Kind::Gauge(_) => peaks(outcome),
    };
    format!("{section}\n{table}")
}

fn rounds(outcome: &Outcome) -> String {
    let rounds = outcome.series.iter().map(|series| series.samples.len());
    match (rounds.clone().min(), rounds.max()) {
        (Some(1), Some(1)) => "One round".to_owned(),
        (Some(least), Some(most)) if least < most => format!("{least} to {most} rounds"),
        (least, _) => format!("{} rounds", least.unwrap_or(0)),
    }
}

fn times(outcome: &Outcome) -> Table {
    let has_latencies = matches!(outcome.workload.kind, Kind::Load(_));
    let mut columns = vec!["contestant", "time", "quartiles", "CPU time"];
    columns.extend(has_latencies.then_some("p99"));
    let to_limit = outcome.limit().map(|limit| format!("× {}", limit.name));
    columns.extend(to_limit.as_deref());
    columns.extend(outcome.best_peer().map(|_| "× best peer"));
    let mut table = Table::new(columns);
    for series in &outcome.series {
        let wall = series.spread(|sample| sample.wall);
        let mut row = vec![
            series.name.clone(),
            time(wall.median),
            format!("{} … {}", time(wall.low), time(wall.high)),
            time(series.spread(|sample| sample.cpu).median),
        ];
        row.extend(has_latencies.then(|| time(series.spread(|sample| sample.p99).median)));
        let others = [outcome.limit(), outcome.best_peer()].into_iter().flatten();
        row.extend(others.map(|to| ratio(outcome.ratio(series, to))));
        table.row(row);
    }
    table
}

fn peaks(outcome: &Outcome) -> Table {
    let mut table = Table::new(vec!["contestant", "memory", "threads", "time", "CPU time"]);
    for series in &outcome.series {
        let median = |quantity: Quantity| {
            let spread = series.spread(|sample| quantity.of(sample));
            quantity.show(spread.median)
        };
        table.row(vec![
            series.name.clone(),
            median(Quantity::Memory),
            median(Quantity::Threads),
            median(Quantity::Time),
            time(series.spread(|sample| sample.cpu).median),
        ]);
    }
    table
}

/// Returns a table with one row per workload.
pub fn summary(outcomes: &[Outcome], filesystem: &str) -> String {
    let mut table = Table::new(vec![
        "workload",
        "limit",
        OWN,
        "× limit",
        "best peer",
        "× best peer",
        "goal",
        "met",
    ]);
    for outcome in outcomes {
        table.row(summary_row(outcome, filesystem).to_vec());
    }
    format!("### Summary\n\n{table}")
}

fn summary_row(outcome: &Outcome, filesystem: &str) -> [String; 8] {
    let show = |series: &Series| outcome.quantity().show(outcome.median(series));
    let against = |to: Option<&Series>| {
        let pair = outcome.own().zip(to);
        pair.map(|(own, to)| ratio(outcome.ratio(own, to)))
    };
    let (limit, own, peer) = (outcome.limit(), outcome.own(), outcome.best_peer());
    let verdict = outcome.verdict(filesystem);
    let met = verdict.measured.map(|(_, is_met)| {
        if is_met {
            "yes".to_owned()
        } else {
            "**no**".to_owned()
        }
    });
    let cells = [
        Some(outcome.workload.name.to_owned()),
        limit.map(show),
        own.map(show),
        against(limit),
        peer.map(|peer| format!("{} {}", peer.name, show(peer))),
        against(peer),
        Some(verdict.goal),
        met,
    ];
    cells.map(|cell| cell.unwrap_or_else(|| NOTHING.to_owned()))
}

/// Everything, samples included.
pub fn json(outcome: &Outcome, filesystem: &str) -> Value {
    let quartiles = |spread: Spread| json!([spread.low, spread.median, spread.high]);
    let contestant = |series: &Series| {
        let ratio = |to: Option<&Series>| to.map(|to| outcome.ratio(series, to));
        let wall = series.samples.iter().map(|sample| sample.wall);
        let mut value = json!({
            "name": series.name,
            "role": format!("{:?}", series.role).to_lowercase(),
            "wall_seconds_quartiles": quartiles(series.spread(|sample| sample.wall)),
            "cpu_seconds_quartiles": quartiles(series.spread(|sample| sample.cpu)),
            "wall_seconds": wall.collect::<Vec<_>>(),
            "ratio_to_limit": ratio(outcome.limit()),
            "ratio_to_best_peer": ratio(outcome.best_peer()),
        });
        match outcome.workload.kind {
            Kind::Race(_) => {}
            Kind::Load(_) => {
                value["p99_seconds"] = json!(series.spread(|sample| sample.p99).median);
            }
            Kind::Gauge(_) => {
                value["memory_bytes"] = json!(series.spread(|sample| sample.memory as f64).median);
                value["threads"] = json!(series.spread(|sample| sample.threads as f64).median);
            }
        }
        value
    };
    let absent = |absent: &Absent| json!({ "name": absent.name, "reason": absent.reason });
    let verdict = outcome.verdict(filesystem);
    json!({
        "name": outcome.workload.name,
        "title": outcome.workload.title,
        "notes": outcome.workload.notes,
        "operations_per_run": outcome.operations,
        "compared_by": format!("{:?}", outcome.quantity()).to_lowercase(),
        "goal": verdict.goal,
        "met": verdict.measured.map(|(_, is_met)| is_met),
        "limit": outcome.limit().map(|limit| &limit.name),
        "best_peer": outcome.best_peer().map(|peer| &peer.name),
        "contestants": outcome.series.iter().map(contestant).collect::<Vec<_>>(),
        "left_out": outcome.absent.iter().map(absent).collect::<Vec<_>>(),
    })
}
