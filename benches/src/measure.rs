//! Samples, taken in turns, and what they say.

use std::io;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::field::{Field, Role};
use crate::tally::Tally;

/// How long a workload is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// At least so many rounds,
    pub least: usize,
    /// and at most so many,
    pub most: usize,
    /// but after the least rounds, a contestant that has used its share of so much time rests.
    pub budget: Duration,
}

/// One run of a contestant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    /// Seconds that passed, an operation.
    pub wall: f64,
    /// Seconds that the cores spent for this process, in it and in the kernel, an operation.
    pub cpu: f64,
    /// Seconds that 99 of 100 operations did not exceed, of a run that measures each.
    pub p99: f64,
    /// The bytes that were read.
    pub bytes: u64,
    /// The peak of resident memory in bytes, of a run in a process of its own.
    pub memory: u64,
    /// The peak of threads beside the main one, likewise.
    pub threads: u64,
}

/// All runs of a contestant.
#[derive(Debug, Clone)]
pub struct Series {
    /// The contestant's name.
    pub name: String,
    /// Its role among the others.
    pub role: Role,
    /// In the order of the rounds.
    pub samples: Vec<Sample>,
}

/// Lets the contestants take turns. The first round warms up and is checked: who does not see what
/// the first contestant sees is left out.
pub fn race(field: &mut Field, plan: Plan) -> io::Result<Vec<Series>> {
    check(field)?;
    let empty = |role, name: &String| Series {
        name: name.clone(),
        role,
        samples: Vec::new(),
    };
    let contestants = field.contestants.iter();
    let mut series: Vec<_> = contestants.map(|one| empty(one.role, &one.name)).collect();
    let share = plan.budget / series.len().max(1) as u32;
    let mut spent = vec![Duration::ZERO; series.len()];
    for round in 0..plan.most {
        for (i, series) in series.iter_mut().enumerate() {
            if round < plan.least || spent[i] < share {
                let start = Instant::now();
                series.samples.push(sample(field, i)?);
                spent[i] += start.elapsed();
            }
        }
    }
    Ok(series)
}

fn check(field: &mut Field) -> io::Result<()> {
    let mut expected = None;
    let mut i = 0;
    while i < field.contestants.len() {
        field.prepare()?;
        let seen = field.contestants[i].run(Tally::new(true));
        let seen = seen.map(|tally| tally.answer());
        let reason = match (&expected, seen) {
            (None, Ok(answer)) => {
                expected = Some(answer);
                None
            }
            (None, Err(error)) => return Err(error),
            (Some(expected), Ok(answer)) if answer == *expected => None,
            (Some(expected), Ok(answer)) => Some(format!(
                "wrong: bytes, items and digest are {answer:?} instead of {expected:?}"
            )),
            (_, Err(error)) => Some(format!("failed: {error}")),
        };
        match reason {
            None => i += 1,
            Some(reason) => field.disqualify(i, reason),
        }
    }
    Ok(())
}

/// Runs one contestant once, with the clocks ticking.
pub fn sample(field: &mut Field, contestant: usize) -> io::Result<Sample> {
    field.prepare()?;
    let process = ClockId::ProcessCPUTime;
    let (cpu, wall) = (cpu_time(process), Instant::now());
    let tally = field.contestants[contestant].run(Tally::new(false))?;
    let (wall, cpu) = (wall.elapsed(), cpu_time(process) - cpu);
    let clocked = tally.clocked();
    let an_operation = |time: Duration| time.as_secs_f64() / field.operations as f64;
    Ok(Sample {
        wall: an_operation(clocked.wall.unwrap_or(wall)),
        cpu: an_operation(clocked.cpu.unwrap_or(cpu)),
        p99: clocked.p99.unwrap_or_default().as_secs_f64(),
        bytes: tally.answer().0,
        ..Sample::default()
    })
}

/// Returns the time that the cores have spent for this process or thread: user and system.
pub fn cpu_time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The median of some numbers, and their spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// A quarter of them is not greater than this.
    pub low: f64,
    /// A quarter of them is not less than this.
    pub high: f64,
}

/// Returns the quartiles of some numbers.
pub fn spread(numbers: impl IntoIterator<Item = f64>) -> Spread {
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    // Between two numbers, in proportion.
    let at = |part: f64| {
        let place = part * (numbers.len() - 1) as f64;
        let (below, above) = (
            numbers[place.floor() as usize],
            numbers[place.ceil() as usize],
        );
        below + (above - below) * place.fract()
    };
    Spread {
        median: at(0.5),
        low: at(0.25),
        high: at(0.75),
    }
}

impl Series {
    /// Returns the spread of something in every sample.
    pub fn spread(&self, number: impl Fn(&Sample) -> f64) -> Spread {
        spread(self.samples.iter().map(number))
    }

    /// Returns the median of the ratios of something, each with the other's sample of the same round: what
    /// disturbs the machine for a while then disturbs both sides of a ratio.
    pub fn ratio(&self, to: &Series, number: impl Fn(&Sample) -> f64) -> f64 {
        let pairs = self.samples.iter().zip(&to.samples);
        spread(pairs.map(|(own, other)| number(own) / number(other))).median
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Sample, Series, race, spread};
    use crate::field::{Field, Role};
    use std::cell::RefCell;
    use std::io;
    use std::rc::Rc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn quartiles() {
        let five = spread([5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((five.low, five.median, five.high), (2.0, 3.0, 4.0));
        let two = spread([1.0, 2.0]);
        assert_eq!((two.low, two.median, two.high), (1.25, 1.5, 1.75));
        let one = spread([7.0]);
        assert_eq!((one.low, one.median, one.high), (7.0, 7.0, 7.0));
    }

    #[test]
    fn ratios_are_made_within_a_round() {
        let series = |seconds: &[u32]| {
            let sample = |seconds: &u32| Sample {
                wall: f64::from(*seconds),
                ..Sample::default()
            };
            Series {
                name: String::new(),
                role: Role::Peer,
                samples: seconds.iter().map(sample).collect(),
            }
        };
        // The second round was slow for both, and the other one rests in the fourth.
        let (own, other) = (series(&[2, 20, 2, 50]), series(&[1, 10, 1]));
        assert_eq!(own.ratio(&other, |sample| sample.wall), 2.0);
    }

    const PLAN: Plan = Plan {
        least: 2,
        most: 2,
        budget: Duration::ZERO,
    };

    #[test]
    fn contestants_take_turns() {
        let turns = Rc::new(RefCell::new(String::new()));
        let mut field = Field::new(1);
        for name in ["a", "b", "c"] {
            let turns = turns.clone();
            field.limit(name, move |_| {
                turns.borrow_mut().push_str(name);
                Ok(())
            });
        }
        let series = race(&mut field, PLAN).unwrap();
        assert_eq!(*turns.borrow(), "abcabcabc");
        assert!(series.iter().all(|series| series.samples.len() == 2));
    }

    #[test]
    fn who_is_slow_rests() {
        let mut field = Field::new(1);
        field.std(|_| Ok(()));
        field.also("slow", |_| {
            thread::sleep(Duration::from_millis(10));
            Ok(())
        });
        let plan = Plan {
            least: 2,
            most: 9,
            budget: Duration::from_millis(1),
        };
        let series = race(&mut field, plan).unwrap();
        assert_eq!(series[1].samples.len(), 2);
    }

    #[test]
    fn who_is_wrong_is_left_out() {
        let mut field = Field::new(1);
        field.std(|tally| {
            tally.bytes(b"right");
            Ok(())
        });
        field.anyfile(async |tally| {
            tally.bytes(b"wrong");
            Ok(())
        });
        field.async_std(async |_| Err(io::Error::other("broken")));
        field.tokio(async |tally| {
            tally.bytes(b"right");
            Ok(())
        });
        let series = race(&mut field, PLAN).unwrap();
        let names: Vec<_> = series.iter().map(|series| &series.name[..]).collect();
        assert_eq!(names, ["std", "tokio current", "tokio multi"]);
        let [wrong, failed] = &field.absent[..] else {
            panic!("{:?}", field.absent);
        };
        assert_eq!(
            (&wrong.name[..], &failed.name[..]),
            ("anyfile", "async-std")
        );
        assert!(wrong.reason.starts_with("wrong"), "{}", wrong.reason);
        assert_eq!(failed.reason, "failed: broken");
        assert!(wrong.is_fault && failed.is_fault);
    }
}
