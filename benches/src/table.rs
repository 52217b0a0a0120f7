//! Markdown tables, and numbers for people.

use std::fmt::{self, Display, Formatter};

/// A table whose first column is text and whose others are numbers.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns a table with these columns.
    pub fn new<S: Into<String>>(columns: Vec<S>) -> Table {
        Table {
            rows: vec![columns.into_iter().map(S::into).collect()],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (i, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "| {cell:width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)?;
            if i == 0 {
                write!(f, "| {:-<1$} |", "", widths[0])?;
                for width in &widths[1..] {
                    write!(f, " {:->1$}: |", "", width - 1)?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// Three digits of a number that is not negative.
fn three_digits(number: f64) -> String {
    match number {
        0.0..9.995 => format!("{number:.2}"),
        9.995..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Formats a time with the unit that suits it.
pub fn time(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        0.0..999.5e-9 => (1e9, "ns"),
        999.5e-9..999.5e-6 => (1e6, "µs"),
        999.5e-6..999.5e-3 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{} {unit}", three_digits(seconds * factor))
}

/// Formats a ratio, or a dash if there is none, as between two peaks of no thread.
pub fn ratio(ratio: f64) -> String {
    if ratio.is_finite() {
        three_digits(ratio)
    } else {
        "–".to_owned()
    }
}

/// Formats an amount of memory in MiB.
pub fn memory(bytes: f64) -> String {
    format!("{} MiB", three_digits(bytes / 1024.0 / 1024.0))
}

#[cfg(test)]
mod tests {
    use super::{Table, memory, ratio, time};

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(time(0.0), "0.00 ns");
        assert_eq!(time(123.4e-9), "123 ns");
        assert_eq!(time(999.9e-9), "1.00 µs");
        assert_eq!(time(0.0123), "12.3 ms");
        assert_eq!(time(0.9999), "1.00 s");
        assert_eq!(time(123.0), "123 s");
        assert_eq!(ratio(0.498), "0.50");
        assert_eq!(ratio(9.999), "10.0");
        assert_eq!(ratio(99.99), "100");
        assert_eq!(ratio(f64::NAN), "–");
        assert_eq!(memory(1.5 * 1024.0 * 1024.0), "1.50 MiB");
    }

    #[test]
    fn tables_are_aligned() {
        let mut table = Table::new(vec!["who", "time"]);
        table.row(vec!["std".to_owned(), "1.00 µs".to_owned()]);
        table.row(vec!["anyfile".to_owned(), "2 s".to_owned()]);
        let expected = "\
| who     |    time |
| ------- | ------: |
| std     | 1.00 µs |
| anyfile |     2 s |
";
        assert_eq!(table.to_string(), expected);
    }
}
