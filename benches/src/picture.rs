//! What was measured, as an SVG: a pair of bars for each workload, `anyfile` above its best peer, against the line
//! of the limit.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::combinators::LogCoord;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::field::OWN;
use crate::outcome::{Outcome, Quantity};
use crate::table::ratio;

// These are legible on white and on black, so that one picture serves a page in both modes.
const TEXT: RGBColor = RGBColor(128, 128, 128);
const OURS: RGBColor = RGBColor(56, 132, 255);
const THEIRS: RGBColor = RGBColor(199, 125, 28);

const WIDTH: u32 = 840;
const ROW: u32 = 34;
/// Space above the rows for the legend, and below them for the scale.
const MARGIN: u32 = 40;
/// Space beside the bars for the names of the workloads.
const NAMES: u32 = 170;

/// The multiples of the limit that are shown. A bar that goes beyond them ends at the border; its number tells.
const SCALE: Range<f64> = 0.2..40.0;
const TICKS: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, RangedCoordf64>>;

/// A workload: the ratios to its limit.
struct Row<'a> {
    /// The name, and that of a limit that is not `std` itself.
    name: String,
    own: f64,
    peer: &'a str,
    peers: f64,
}

/// Draws the workloads whose times have a limit and a peer.
///
/// # Errors
///
/// Fails if a value cannot be drawn.
pub fn picture(outcomes: &[Outcome]) -> Result<String, Box<dyn Error>> {
    let rows: Vec<_> = outcomes.iter().filter_map(row).collect();
    let height = ROW * rows.len() as u32 + 2 * MARGIN;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        legend(&area)?;
        let mut chart = ChartBuilder::on(&area)
            .margin_top(MARGIN)
            .margin_bottom(MARGIN)
            .margin_left(NAMES)
            .margin_right(10)
            .build_cartesian_2d(SCALE.log_scale(), rows.len() as f64..0.0)
            .map_err(|error| error.to_string())?;
        scale(&mut chart, rows.len())?;
        for (i, row) in rows.iter().enumerate() {
            bars(&mut chart, i as f64, row)?;
        }
        drop(chart);
        area.present()?;
    }
    Ok(svg)
}

fn row<'a>(outcome: &'a Outcome) -> Option<Row<'a>> {
    if outcome.quantity() != Quantity::Time {
        return None;
    }
    let (limit, peer) = (outcome.limit()?, outcome.best_peer()?);
    let workload = outcome.workload.name;
    let name = if limit.name.starts_with("std") {
        workload.to_owned()
    } else {
        format!("{workload} / {}", limit.name)
    };
    Some(Row {
        name,
        own: outcome.ratio(outcome.own()?, limit),
        peer: &peer.name,
        peers: outcome.ratio(peer, limit),
    })
}

fn text(size: i32, color: RGBColor, horizontal: HPos) -> TextStyle<'static> {
    ("sans-serif", size)
        .into_font()
        .color(&color)
        .pos(Pos::new(horizontal, VPos::Center))
}

fn legend(area: &DrawingArea<SVGBackend, Shift>) -> Result<(), Box<dyn Error>> {
    let entries = [
        (OURS, OWN, NAMES as i32),
        (THEIRS, "best other library", NAMES as i32 + 100),
    ];
    for (color, name, x) in entries {
        let y = MARGIN as i32 / 2;
        area.draw(&Rectangle::new(
            [(x, y - 5), (x + 10, y + 5)],
            color.filled(),
        ))?;
        area.draw(&Text::new(name, (x + 16, y), text(13, TEXT, HPos::Left)))?;
    }
    let note = "time as a multiple of std's (left of the line is faster)";
    let end = (WIDTH as i32 - 10, MARGIN as i32 / 2);
    area.draw(&Text::new(note, end, text(13, TEXT, HPos::Right)))?;
    Ok(())
}

/// Draws a line for each multiple, and a strong one for the limit itself.
fn scale(chart: &mut Chart, rows: usize) -> Result<(), Box<dyn Error>> {
    let bottom = rows as f64;
    for tick in TICKS {
        let style = if tick == 1.0 {
            TEXT.stroke_width(2)
        } else {
            TEXT.mix(0.3).stroke_width(1)
        };
        chart.draw_series([PathElement::new([(tick, 0.0), (tick, bottom)], style)])?;
        let label = if tick == 1.0 {
            "std".to_owned()
        } else {
            format!("× {tick}")
        };
        let below = EmptyElement::at((tick, bottom))
            + Text::new(label, (0, 14), text(13, TEXT, HPos::Center));
        chart.draw_series([below])?;
    }
    Ok(())
}

fn bars(chart: &mut Chart, top: f64, row: &Row) -> Result<(), Box<dyn Error>> {
    let name = EmptyElement::at((SCALE.start, top + 0.5))
        + Text::new(row.name.clone(), (-10, 0), text(14, TEXT, HPos::Right));
    chart.draw_series([name])?;
    let own = (0.12..0.48, row.own, OURS, ratio(row.own));
    let label = format!("{} {}", ratio(row.peers), row.peer);
    let peer = (0.52..0.88, row.peers, THEIRS, label);
    for (span, times, color, label) in [own, peer] {
        let end = times.clamp(SCALE.start, SCALE.end);
        let bar = [(1.0, top + span.start), (end, top + span.end)];
        chart.draw_series([Rectangle::new(bar, color.filled())])?;
        // To the right of the bar, or of the line where the bar goes to the left.
        let beside = EmptyElement::at((end.max(1.0), top + (span.start + span.end) / 2.0))
            + Text::new(label, (5, 0), text(11, TEXT, HPos::Left));
        chart.draw_series([beside])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::picture;
    use crate::field::{Field, Goal, Kind, OWN, Role, Workload};
    use crate::measure::{Sample, Series};
    use crate::outcome::Outcome;

    fn series(name: &str, role: Role, wall: f64) -> Series {
        let sample = Sample {
            wall,
            ..Sample::default()
        };
        Series {
            name: name.to_owned(),
            role,
            samples: vec![sample; 3],
        }
    }

    #[test]
    fn workloads_with_a_limit_and_a_peer_have_their_bars() {
        let workload = |name| Workload {
            name,
            title: "title",
            notes: "notes",
            goal: Goal::Seen,
            kind: Kind::Race(|_| Ok(Field::new(1))),
        };
        let (lines, trees, alone) = (workload("lines"), workload("trees"), workload("alone"));
        let outcome = |workload, limit| {
            let series = vec![
                series(limit, Role::Limit, 10.0),
                series(OWN, Role::Own, 5.0),
                series("slow", Role::Peer, 12_340.0),
            ];
            Outcome::new(workload, Field::new(1), series)
        };
        let mut outcomes = [
            outcome(&lines, "std"),
            outcome(&trees, "walkdir"),
            outcome(&alone, "std"),
        ];
        outcomes[2].series.pop();
        let svg = picture(&outcomes).unwrap();
        for text in ["lines", "trees / walkdir", "0.50", "1234 slow"] {
            assert!(svg.contains(text), "no {text} in {svg}");
        }
        assert!(!svg.contains("alone"), "it has no peer: {svg}");
    }
}
