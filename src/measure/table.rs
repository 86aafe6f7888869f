//! The table: Markdown, and the one place in `benches/README.md` that it replaces.

use std::fmt::Write;

use super::statistics::Quartiles;
use crate::lab::checkout::{Checkout, read, write_whole};
use crate::{Error, Result};

/// A Markdown table: its head, then its rows.
pub(super) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        // Writing into a String can't fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// `1.84 s`, or milliseconds below a tenth of a second.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 0.0995 { format!("{:.1} ms", 1e3 * seconds) } else { format!("{seconds:.3} s") }
}

/// `1.84 (1.79–1.90)`: median, and between which values half of the rounds lie.
pub(super) fn ratio(quartiles: Quartiles) -> String {
    let Quartiles { low, median, high } = quartiles;
    format!("{median:.2} ({low:.2}–{high:.2})")
}

/// `94`, and `0.31` below ten: of two figures.
pub(super) fn rate(number: f64) -> String {
    let digits = if number < 0.95 { 2 } else { usize::from(number < 9.5) };
    format!("{number:.digits$}")
}

/// `1,234 MB`.
pub(super) fn megabytes(bytes: u64) -> String {
    let number = bytes.div_ceil(1_000_000);
    if number < 1000 { format!("{number} MB") } else { format!("{},{:03} MB", number / 1000, number % 1000) }
}

/// Replaces the table of the measurement `name` in benches/README.md.
///
/// # Errors
/// The file or its markers are not there, or it can't be written; then it stays as it was.
pub(super) fn write(checkout: &Checkout, name: &str, table: &str) -> Result<()> {
    let path = checkout.root().join("benches/README.md");
    let replaced = replace(&read(&path)?, name, table).ok_or_else(|| {
        Error::new(format!("write the table into {}", path.display()))
            .expected(format!("the lines `{}` and `{}`", begin(name), end(name)))
            .actual("a file without them")
            .next("restore it with `git checkout`; the table is printed above")
    })?;
    write_whole(&path, replaced.as_bytes())
}

fn begin(name: &str) -> String {
    format!("<!-- measure {name} -->")
}

fn end(name: &str) -> String {
    format!("<!-- end of measure {name} -->")
}

fn replace(text: &str, name: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(&begin(name))?;
    let (_, after) = rest.split_once(&end(name))?;
    Some(format!("{before}{}\n{}\n{}{after}", begin(name), table.trim(), end(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_a_row() {
        let rows = [vec!["128".to_owned(), time(1.5)], vec!["32".to_owned(), time(0.0301)]];
        let expected = "| case | step |\n| --- | --- |\n| 128 | 1.500 s |\n| 32 | 30.1 ms |\n";
        assert_eq!(markdown(&["case", "step"], &rows), expected);
    }

    #[test]
    fn numbers_are_written_for_a_reader() {
        assert_eq!(ratio(Quartiles { low: 1.791, median: 1.84, high: 1.9 }), "1.84 (1.79–1.90)");
        assert_eq!([0.274, 2.74, 27.4].map(rate), ["0.27", "2.7", "27"]);
        assert_eq!(megabytes(1_234_000_001), "1,235 MB");
        assert_eq!(megabytes(12_000_000_000), "12,000 MB");
        assert_eq!(megabytes(999_000_000), "999 MB");
    }

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let file = "# A\n<!-- measure x -->\nold\n<!-- end of measure x -->\n## B\n<!-- measure y -->\n";
        let once = replace(file, "x", "new\n").unwrap();
        let expected = "# A\n<!-- measure x -->\nnew\n<!-- end of measure x -->\n## B\n<!-- measure y -->\n";
        assert_eq!(once, expected);
        assert_eq!(replace(&once, "x", "new\n").unwrap(), once);
        assert_eq!(replace(file, "y", "new"), None, "no end");
        assert_eq!(replace(file, "z", "new"), None, "no beginning");
    }

    #[test]
    fn the_readme_has_a_place_for_every_table() {
        let readme = include_str!("../../benches/README.md");
        for measurement in super::super::MEASUREMENTS {
            assert!(replace(readme, measurement.name, "").is_some(), "{}", measurement.name);
        }
    }
}
