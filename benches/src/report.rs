//! What was measured, as Markdown and as JSON.

use crate::field::{Absent, Field, Goal, OWN, Role, Workload};
use crate::measure::{Sample, Series, Spread};
use crate::table::{Table, bytes, ratio, time};
use serde_json::{Value, json};

/// A workload that was measured.
pub struct Outcome<'a> {
    /// What was done.
    pub workload: &'a Workload,
    /// How many operations a run made.
    pub operations: u64,
    /// Whether the peaks of memory and threads were seen, too.
    pub has_peaks: bool,
    /// What was measured, in the order of the report.
    pub series: Vec<Series>,
    /// Who was left out, and why.
    pub absent: Vec<Absent>,
}

/// What became of a goal.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The goal.
    pub goal: String,
    /// What was measured, and whether that is the goal; nothing if there is nothing to compare.
    pub measured: Option<(String, bool)>,
}

impl<'a> Outcome<'a> {
    /// What was measured of a field.
    pub fn new(workload: &'a Workload, field: Field, series: Vec<Series>, has_peaks: bool) -> Self {
        Outcome {
            workload,
            operations: field.operations,
            has_peaks,
            series,
            absent: field.absent,
        }
    }

    /// Whether every contestant did what it should.
    pub fn is_right(&self) -> bool {
        !self.absent.iter().any(|absent| absent.is_fault)
    }

    fn first(&self, of: impl Fn(&Series) -> bool) -> Option<&Series> {
        self.series.iter().find(|series| of(series))
    }

    fn own(&self) -> Option<&Series> {
        self.first(|series| series.name == OWN)
    }

    fn limit(&self) -> Option<&Series> {
        self.first(|series| series.role == Role::Limit)
    }

    /// The peer whose median is least.
    fn best_peer(&self) -> Option<&Series> {
        let peers = self
            .series
            .iter()
            .filter(|series| series.role == Role::Peer);
        peers.min_by(|a, b| {
            let (a, b) = (self.wall(a).median, self.wall(b).median);
            a.total_cmp(&b)
        })
    }

    /// Seconds an operation.
    fn wall(&self, series: &Series) -> Spread {
        series.spread(|sample| sample.wall.as_secs_f64() / self.operations as f64)
    }

    fn cpu(&self, series: &Series) -> Spread {
        series.spread(|sample| sample.cpu.as_secs_f64() / self.operations as f64)
    }

    /// What became of the goal on a filesystem.
    pub fn verdict(&self, filesystem: &str) -> Verdict {
        let within = |limit: f64, goal: String, to: Option<&Series>| {
            let pair = self.own().zip(to);
            let measured = pair.map(|(own, to)| own.ratio(to));
            let measured = measured.map(|measured| (format!("{measured:.2}"), measured <= limit));
            Verdict { goal, measured }
        };
        let limited = |factor: f64| {
            let name = self.limit().map_or("std", |limit| &limit.name);
            within(factor, format!("≤ {factor} × {name}"), self.limit())
        };
        let peers = || within(1.0, "≤ best peer".to_owned(), self.best_peer());
        let peak = |goal: String, limit: u64, peak: fn(&Sample) -> u64, show: fn(f64) -> String| {
            let measured = self
                .own()
                .map(|own| own.spread(|sample| peak(sample) as f64).median);
            let measured = measured.map(|peak| (show(peak), peak <= limit as f64));
            Verdict { goal, measured }
        };
        match (self.workload.goal, filesystem) {
            (Goal::LimitOn { tmpfs, .. }, "tmpfs") => limited(tmpfs),
            (Goal::Limit(_) | Goal::LimitOn { .. }, "tmpfs" | "ramfs" | "overlay") => peers(),
            (Goal::Limit(limit) | Goal::LimitOn { disk: limit, .. }, _) => limited(limit),
            (Goal::Peers, _) => peers(),
            (Goal::Memory(mib), _) => peak(
                format!("≤ {mib} MiB"),
                mib << 20,
                |sample| sample.memory,
                bytes,
            ),
            (Goal::Threads(threads), _) => peak(
                format!("≤ {threads} threads"),
                threads,
                |sample| sample.threads,
                |threads| threads.to_string(),
            ),
            (Goal::Seen, _) => Verdict {
                goal: "–".to_owned(),
                measured: None,
            },
        }
    }

    /// The section of this workload: all contestants.
    pub fn section(&self, filesystem: &str) -> String {
        let columns = ["contestant", "time", "quartiles", "CPU time"].map(str::to_owned);
        let mut columns = columns.to_vec();
        columns.extend(self.limit().map(|limit| format!("× {}", limit.name)));
        columns.extend(self.best_peer().map(|_| "× best peer".to_owned()));
        if self.has_peaks {
            columns.extend(["memory", "threads"].map(str::to_owned));
        }
        let mut table = Table::new(columns);
        for series in &self.series {
            let wall = self.wall(series);
            let mut row = vec![
                series.name.clone(),
                time(wall.median),
                format!("{} … {}", time(wall.low), time(wall.high)),
                time(self.cpu(series).median),
            ];
            let others = [self.limit(), self.best_peer()];
            row.extend(
                others
                    .into_iter()
                    .flatten()
                    .map(|to| ratio(series.ratio(to))),
            );
            if self.has_peaks {
                row.push(bytes(series.spread(|sample| sample.memory as f64).median));
                row.push(
                    series
                        .spread(|sample| sample.threads as f64)
                        .median
                        .to_string(),
                );
            }
            table.row(row);
        }
        let rounds = self.series.first().map_or(0, |series| series.samples.len());
        let Workload {
            name, title, notes, ..
        } = self.workload;
        let mut section = format!("### {name}: {title}\n\n{notes} Rounds: {rounds}.\n");
        for Absent { name, reason, .. } in &self.absent {
            section += &format!("Left out: {name}, {reason}.\n");
        }
        let verdict = self.verdict(filesystem);
        if verdict.goal != "–" {
            section += &format!("Goal: {}.\n", verdict.told());
        }
        section + "\n" + &table.to_string()
    }

    /// The row of this workload in the summary.
    fn summary(&self, filesystem: &str) -> Vec<String> {
        let shown = |series: Option<&Series>| series.map(|series| time(self.wall(series).median));
        let against = |to: Option<&Series>| Some(ratio(self.own()?.ratio(to?)));
        let best = self
            .best_peer()
            .map(|peer| format!("{} {}", peer.name, time(self.wall(peer).median)));
        let verdict = self.verdict(filesystem);
        let met = match verdict.measured {
            Some((_, true)) => "yes",
            Some((_, false)) => "**no**",
            None => "–",
        };
        let cells = [
            Some(self.workload.name.to_owned()),
            shown(self.limit()),
            shown(self.own()),
            against(self.limit()),
            best,
            against(self.best_peer()),
            Some(verdict.goal),
            Some(met.to_owned()),
        ];
        cells
            .map(|cell| cell.unwrap_or_else(|| "–".to_owned()))
            .to_vec()
    }

    /// Everything, samples included.
    pub fn json(&self, filesystem: &str) -> Value {
        let seconds = |spread: Spread| json!([spread.low, spread.median, spread.high]);
        let contestant = |series: &Series| {
            let peak = |of: fn(&Sample) -> u64| {
                let peak = series.spread(|sample| of(sample) as f64).median;
                self.has_peaks.then_some(peak)
            };
            json!({
                "name": series.name,
                "role": format!("{:?}", series.role).to_lowercase(),
                "wall_seconds_quartiles": seconds(self.wall(series)),
                "cpu_seconds_quartiles": seconds(self.cpu(series)),
                "ratio_to_limit": self.limit().map(|limit| series.ratio(limit)),
                "ratio_to_best_peer": self.best_peer().map(|peer| series.ratio(peer)),
                "memory_bytes": peak(|sample| sample.memory),
                "threads": peak(|sample| sample.threads),
                "samples_seconds": series.samples.iter()
                    .map(|sample| sample.wall.as_secs_f64()).collect::<Vec<_>>(),
            })
        };
        let verdict = self.verdict(filesystem);
        json!({
            "name": self.workload.name,
            "title": self.workload.title,
            "notes": self.workload.notes,
            "operations_per_sample": self.operations,
            "goal": verdict.goal,
            "met": verdict.measured.map(|(_, is_met)| is_met),
            "limit": self.limit().map(|limit| &limit.name),
            "best_peer": self.best_peer().map(|peer| &peer.name),
            "contestants": self.series.iter().map(contestant).collect::<Vec<_>>(),
            "left_out": self.absent.iter()
                .map(|absent| json!({"name": absent.name, "reason": absent.reason})).collect::<Vec<_>>(),
        })
    }
}

impl Verdict {
    fn told(&self) -> String {
        match &self.measured {
            Some((measured, is_met)) => {
                let word = if *is_met { "met" } else { "**not met**" };
                format!("{}, {word} with {measured}", self.goal)
            }
            None => format!("{}, nothing to compare", self.goal),
        }
    }
}

/// All workloads in a row each.
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
        table.row(outcome.summary(filesystem));
    }
    format!("### Summary\n\n{table}")
}
