//! Tables of numbers, read from CSV: named columns, every row complete. A bad row is named by file and line.

use std::path::Path;

use crate::{Error, Result};

/// Named columns of equal length, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    source: String,
    names: Vec<String>,
    columns: Vec<Vec<f32>>,
}

impl Table {
    /// Reads a CSV file whose first line names the columns.
    ///
    /// # Errors
    /// The file can't be read, is not UTF-8 or has no rows; or a row has another number of fields than the header,
    /// or a field that is no finite number: the error names file, line and what was found.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|cause| {
            Error::new(format!("read {}", path.display()))
                .actual(cause)
                .next("check the path and its permissions")
        })?;
        Self::parse(&path.display().to_string(), &bytes)
    }

    /// [`read`](Self::read) of bytes in memory; `source` names them in errors.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), but for the file's.
    ///
    /// ```
    /// use gan_course::data::table::Table;
    /// let table = Table::parse("points.csv", b"x,y\n1,2\n3,4\n")?;
    /// assert_eq!(table.column("y")?, [2.0, 4.0]);
    /// let error = Table::parse("points.csv", b"x,y\n1,2\n3,four\n").unwrap_err();
    /// assert!(error.to_string().starts_with("cannot read points.csv, line 3: expected a number in column y"));
    /// # Ok::<(), gan_course::Error>(())
    /// ```
    pub fn parse(source: &str, bytes: &[u8]) -> Result<Self> {
        // Spreadsheets write a byte order mark, which would become part of the first name.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if let Err(cause) = std::str::from_utf8(bytes) {
            let line = 1 + bytes[..cause.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            return Err(bad_row(source, line, "UTF-8 text")
                .actual("other bytes")
                .next("save the table as UTF-8"));
        }
        // Flexible: csv's own message about lengths counts rows, ours counts lines.
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let unreadable = |cause: csv::Error| Error::new(format!("read {source}")).actual(cause);
        let names: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(String::from).collect();
        if names.iter().all(String::is_empty) {
            return Err(Error::new(format!("read {source}"))
                .expected("a first line with the columns' names")
                .actual("an empty file")
                .next("check that it is the right file"));
        }
        let mut columns = vec![Vec::new(); names.len()];
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            // csv's position lies before the blank lines that it skips.
            let line = || {
                let start = record.position().map_or(0, |position| position.byte() as usize);
                let blank = bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                1 + bytes[..start + blank].iter().filter(|&&byte| byte == b'\n').count()
            };
            if record.len() != names.len() {
                let fields = format!("{} fields ({})", names.len(), names.join(", "));
                return Err(bad_row(source, line(), &fields)
                    .actual(record.len())
                    .next("complete or delete the line"));
            }
            for ((field, column), name) in record.iter().zip(&mut columns).zip(&names) {
                match field.parse::<f32>() {
                    Ok(value) if value.is_finite() => column.push(value),
                    _ => {
                        return Err(bad_row(source, line(), &format!("a number in column {name}"))
                            .actual(format!("'{field}'"))
                            .next("correct or delete the line"));
                    }
                }
            }
        }
        if columns[0].is_empty() {
            return Err(Error::new(format!("read {source}"))
                .expected("rows below the header")
                .actual("none")
                .next("check that it is the right file"));
        }
        Ok(Self { source: source.to_string(), names, columns })
    }

    /// The columns' names, from left to right.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many rows there are, at least one.
    pub fn rows(&self) -> usize {
        self.columns[0].len()
    }

    /// One column's values, from top to bottom.
    ///
    /// # Errors
    /// There is no such column; the error lists those there are.
    pub fn column(&self, name: &str) -> Result<&[f32]> {
        match self.names.iter().position(|candidate| candidate == name) {
            Some(index) => Ok(&self.columns[index]),
            None => Err(Error::new(format!("read {}", self.source))
                .expected(format!("a column {name}"))
                .actual(self.names.join(", "))
                .next("check the spelling in the first line")),
        }
    }
}

fn bad_row(source: &str, line: usize, expected: &str) -> Error {
    Error::new(format!("read {source}, line {line}")).expected(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_files_are_named_by_line_and_what_was_found() {
        let cases: [(&[u8], &str); 9] = [
            (b"a,b\n1,2\n\n3\n", "cannot read t.csv, line 4: expected 2 fields (a, b), found 1. Next: "),
            (b"a,b\n1,2,3\n", "cannot read t.csv, line 2: expected 2 fields (a, b), found 3. Next: "),
            (b"a,b\n1,x\n", "cannot read t.csv, line 2: expected a number in column b, found 'x'. Next: "),
            (b"a,b\n1,\n", "cannot read t.csv, line 2: expected a number in column b, found ''. Next: "),
            (b"a\n1\nNaN\n", "cannot read t.csv, line 3: expected a number in column a, found 'NaN'. Next: "),
            (b"a\n1e99\n", "cannot read t.csv, line 2: expected a number in column a, found '1e99'. Next: "),
            (
                b"",
                "cannot read t.csv: expected a first line with the columns' names, found an empty file. Next: ",
            ),
            (b"a,b\n", "cannot read t.csv: expected rows below the header, found none. Next: "),
            (b"a\n1\n\xff\n", "cannot read t.csv, line 3: expected UTF-8 text, found other bytes. Next: "),
        ];
        for (bytes, start) in cases {
            let message = Table::parse("t.csv", bytes).unwrap_err().to_string();
            assert!(message.starts_with(start), "{message}");
        }
    }

    #[test]
    fn a_missing_file_and_a_missing_column_are_errors() {
        let message = Table::read("no/such.csv").unwrap_err().to_string();
        assert!(message.starts_with("cannot read no/such.csv: ") && message.contains("Next: "), "{message}");
        let table = Table::parse("t.csv", b"\xef\xbb\xbfa, b\r\n1, 2\r\n").unwrap();
        assert_eq!((table.column("a").unwrap(), table.column("b").unwrap()), (&[1.0][..], &[2.0][..]));
        let message = table.column("c").unwrap_err().to_string();
        assert!(
            message.starts_with("cannot read t.csv: expected a column c, found a, b. Next: "),
            "{message}"
        );
    }
}
