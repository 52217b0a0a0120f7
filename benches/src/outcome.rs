//! The figures of a workload, and whether it reached its goal.

use crate::field::{Absent, Field, Goal, OWN, Role, Workload};
use crate::measure::{Sample, Series};
use crate::table::{memory, ratio, time};

/// A workload that was measured.
pub struct Outcome<'a> {
    /// The workload that was run.
    pub workload: &'a Workload,
    /// The number of operations in a run.
    pub operations: u64,
    /// The series of all contestants, in the order of the report.
    pub series: Vec<Series>,
    /// The contestants that were left out.
    pub absent: Vec<Absent>,
}

/// The quantity that the contestants of a workload are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The time of an operation.
    Time,
    /// The peak of resident memory.
    Memory,
    /// The peak of threads.
    Threads,
}

/// The goal of a workload, and whether it was reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The goal.
    pub goal: String,
    /// The measured value, and whether it meets the goal, or `None` if there is nothing to compare.
    pub measured: Option<(String, bool)>,
}

impl Quantity {
    /// This quantity of a sample.
    pub fn of(self, sample: &Sample) -> f64 {
        match self {
            Quantity::Time => sample.wall,
            Quantity::Memory => sample.memory as f64,
            Quantity::Threads => sample.threads as f64,
        }
    }

    /// Formats an amount with its unit.
    pub fn show(self, amount: f64) -> String {
        match self {
            Quantity::Time => time(amount),
            Quantity::Memory => memory(amount),
            Quantity::Threads => amount.to_string(),
        }
    }
}

impl<'a> Outcome<'a> {
    /// Returns the outcome of a field whose contestants had these samples.
    pub fn new(workload: &'a Workload, field: Field, series: Vec<Series>) -> Outcome<'a> {
        Outcome {
            workload,
            operations: field.operations,
            series,
            absent: field.absent,
        }
    }

    /// Returns `true` if no contestant failed or saw wrong data.
    pub fn is_right(&self) -> bool {
        !self.absent.iter().any(|absent| absent.is_fault)
    }

    /// Returns the quantity that the contestants are compared by.
    pub fn quantity(&self) -> Quantity {
        match self.workload.goal {
            Goal::Memory(_) => Quantity::Memory,
            Goal::Threads(_) => Quantity::Threads,
            Goal::Limit(_) | Goal::LimitOn { .. } | Goal::Peers | Goal::Seen => Quantity::Time,
        }
    }

    /// Returns a contestant's median of that quantity.
    pub fn median(&self, series: &Series) -> f64 {
        series.spread(|sample| self.quantity().of(sample)).median
    }

    /// Returns the ratio of one contestant to another in that quantity.
    pub fn ratio(&self, series: &Series, to: &Series) -> f64 {
        series.ratio(to, |sample| self.quantity().of(sample))
    }

    /// `anyfile`.
    pub fn own(&self) -> Option<&Series> {
        self.series.iter().find(|series| series.name == OWN)
    }

    /// Returns the limit, which the ratios are based on.
    pub fn limit(&self) -> Option<&Series> {
        self.series.iter().find(|series| series.role == Role::Limit)
    }

    /// Returns the peer with the lowest median.
    pub fn best_peer(&self) -> Option<&Series> {
        let peers = self
            .series
            .iter()
            .filter(|series| series.role == Role::Peer);
        peers.min_by(|a, b| self.median(a).total_cmp(&self.median(b)))
    }

    /// Returns whether the goal for a filesystem was reached.
    pub fn verdict(&self, filesystem: &str) -> Verdict {
        match (self.workload.goal, filesystem) {
            (Goal::LimitOn { tmpfs, .. }, "tmpfs") => self.against_limit(tmpfs),
            (Goal::Limit(_) | Goal::LimitOn { .. }, "tmpfs" | "ramfs" | "overlay") => {
                self.against_peers()
            }
            (Goal::Limit(most) | Goal::LimitOn { disk: most, .. }, _) => self.against_limit(most),
            (Goal::Peers, _) => self.against_peers(),
            (Goal::Memory(mib), _) => self.absolute(format!("≤ {mib} MiB"), mib << 20),
            (Goal::Threads(threads), _) => self.absolute(format!("≤ {threads} threads"), threads),
            (Goal::Seen, _) => Verdict {
                goal: "–".to_owned(),
                measured: None,
            },
        }
    }

    fn against_limit(&self, most: f64) -> Verdict {
        let name = self.limit().map_or("limit", |limit| &limit.name);
        self.against(self.limit(), most, format!("≤ {most} × {name}"))
    }

    fn against_peers(&self) -> Verdict {
        self.against(self.best_peer(), 1.0, "≤ best peer".to_owned())
    }

    fn against(&self, to: Option<&Series>, most: f64, goal: String) -> Verdict {
        let measured = self.own().zip(to).map(|(own, to)| self.ratio(own, to));
        let measured = measured.map(|measured| (ratio(measured), measured <= most));
        Verdict { goal, measured }
    }

    fn absolute(&self, goal: String, most: u64) -> Verdict {
        let measured = self.own().map(|own| self.median(own));
        let measured = measured.map(|amount| (self.quantity().show(amount), amount <= most as f64));
        Verdict { goal, measured }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Verdict};
    use crate::field::{Field, Goal, Kind, OWN, Role, Workload};
    use crate::measure::{Sample, Series};

    fn workload(goal: Goal) -> Workload {
        Workload {
            name: "name",
            title: "title",
            notes: "notes",
            goal,
            kind: Kind::Race(|_| Ok(Field::new(1))),
        }
    }

    fn series(name: &str, role: Role, amount: u32) -> Series {
        let sample = Sample {
            wall: f64::from(amount),
            memory: u64::from(amount) << 20,
            ..Sample::default()
        };
        Series {
            name: name.to_owned(),
            role,
            samples: vec![sample; 3],
        }
    }

    fn verdict(goal: Goal, filesystem: &str) -> Verdict {
        let series = vec![
            series("std", Role::Limit, 10),
            series("std, otherwise", Role::Blocking, 1),
            series(OWN, Role::Own, 12),
            series("slow", Role::Peer, 30),
            series("fast", Role::Peer, 11),
        ];
        Outcome::new(&workload(goal), Field::new(1), series).verdict(filesystem)
    }

    #[test]
    fn goals_are_judged() {
        let judged = |goal, filesystem| {
            let Verdict { goal, measured } = verdict(goal, filesystem);
            let (measured, is_met) = measured.unwrap();
            format!("{goal}: {measured}, {is_met}")
        };
        assert_eq!(judged(Goal::Limit(1.2), "ext4"), "≤ 1.2 × std: 1.20, true");
        assert_eq!(judged(Goal::Limit(1.1), "ext4"), "≤ 1.1 × std: 1.20, false");
        assert_eq!(
            judged(Goal::Limit(1.2), "overlay"),
            "≤ best peer: 1.09, false"
        );
        assert_eq!(judged(Goal::Peers, "ext4"), "≤ best peer: 1.09, false");
        let on = Goal::LimitOn {
            disk: 1.05,
            tmpfs: 1.25,
        };
        assert_eq!(judged(on, "ext4"), "≤ 1.05 × std: 1.20, false");
        assert_eq!(judged(on, "tmpfs"), "≤ 1.25 × std: 1.20, true");
        assert_eq!(judged(Goal::Memory(12), "ext4"), "≤ 12 MiB: 12.0 MiB, true");
        assert_eq!(
            judged(Goal::Memory(11), "ext4"),
            "≤ 11 MiB: 12.0 MiB, false"
        );
        assert_eq!(verdict(Goal::Seen, "ext4").measured, None);
    }
}
