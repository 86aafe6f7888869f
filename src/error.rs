//! The error type of the whole crate: what was attempted, what was expected, what was there, and what to do
//! next, in one line that a learner can act on.

use std::fmt;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that says what to do about it.
///
/// `Display` and `Debug` print the same single line, because evcxr shows the error of a failing `?` through
/// `Debug`, and `main` returns through it too.
///
/// ```
/// use gan_course::Error;
/// let error = Error::new("open the lab on port 8888")
///     .expected("a free port")
///     .actual("one that another program uses")
///     .next("choose another with --port 8889");
/// assert_eq!(
///     error.to_string(),
///     "cannot open the lab on port 8888: expected a free port, found one that another program uses. \
///      Next: choose another with --port 8889"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    operation: String,
    expected: String,
    actual: String,
    next: String,
}

impl Error {
    /// Starts an error; `operation` completes the sentence "cannot …".
    pub fn new(operation: impl Into<String>) -> Self {
        let (expected, actual, next) = Default::default();
        Self { operation: operation.into(), expected, actual, next }
    }

    /// What the operation needed.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// What it found instead, or the cause in another library's words.
    #[must_use]
    pub fn actual(mut self, actual: impl fmt::Display) -> Self {
        // Other libraries' messages may span lines; ours never do.
        self.actual = actual.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        self
    }

    /// What the reader should do now, as an imperative.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation)?;
        match (self.expected.is_empty(), self.actual.is_empty()) {
            (false, false) => write!(f, ": expected {}, found {}", self.expected, self.actual)?,
            (false, true) => write!(f, ": expected {}", self.expected)?,
            (true, false) => write!(f, ": {}", self.actual)?,
            (true, true) => {}
        }
        if !self.next.is_empty() {
            write!(f, ". Next: {}", self.next)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_messages_stay_on_one_line() {
        let error = Error::new("read a table").actual("first line\n   second line").next("mend it");
        assert_eq!(format!("{error:?}"), "cannot read a table: first line second line. Next: mend it");
    }

    #[test]
    fn parts_that_are_not_known_leave_no_punctuation() {
        assert_eq!(Error::new("fly").to_string(), "cannot fly");
        assert_eq!(Error::new("fly").expected("wings").to_string(), "cannot fly: expected wings");
    }
}
