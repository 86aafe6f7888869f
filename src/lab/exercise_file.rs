//! An exercise, `lessons/exercises/NN-M-name.rs`: one Rust program from which task, starter and check are cut.
//!
//! ```text
//! //! # Exercise 00-1: the title
//! //!
//! //! The task, in Markdown.
//! //!
//! //! Hint: three of these; the last is nearly the answer.
//!
//! fn answer() -> u32 {
//!     // solution
//!     // starter: 0 // replace this line
//!     42
//!     // end
//! }
//!
//! fn main() {
//!     // check
//!     gan_course::homework::check_00_1(answer);
//! }
//! ```

use std::fs;
use std::path::Path;

use super::lesson_file::Variant;
use crate::{Error, Result};

/// How many hints an exercise gives, from a nudge to nearly the answer.
const HINTS: usize = 3;

/// An exercise, cut into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// As in the file's name: `00-1`.
    pub number: String,
    /// As messages name the file: `lessons/exercises/00-1-name.rs`.
    pub name: String,
    /// `Exercise 00-1: …`.
    pub title: String,
    /// The task, in Markdown.
    pub task: String,
    /// Three hints, in Markdown.
    pub hints: Vec<String>,
    /// The cell the learner starts from.
    pub starter: Vec<String>,
    /// The cell it should become.
    pub solution: Vec<String>,
    /// The cell that checks it.
    pub check: Vec<String>,
}

impl Exercise {
    /// Reads an exercise.
    ///
    /// # Errors
    /// The file can't be read, or a part is missing: the error names the file, and the line where there is one.
    pub fn read(path: &Path) -> Result<Self> {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("lessons/exercises/{file}");
        let number: String = file.splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
        let text = fs::read_to_string(path)
            .map_err(|cause| Error::new(format!("read {name}")).actual(cause).next("check the file"))?;
        let broken = |expected: String| {
            Error::new(format!("read {name}"))
                .expected(expected)
                .actual("none")
                .next("compare with another exercise")
        };

        let header: Vec<&str> =
            text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let title = header.first().and_then(|line| line.strip_prefix("# ")).unwrap_or_default().to_string();
        if !title.starts_with(&format!("Exercise {number}: ")) {
            return Err(broken(format!("the first line '//! # Exercise {number}: …'")));
        }
        let (mut task, mut hints) = (Vec::new(), Vec::<String>::new());
        for line in &header[1..] {
            match (line.strip_prefix("Hint: "), hints.last_mut()) {
                (Some(hint), _) => hints.push(hint.into()),
                (None, Some(hint)) if !line.is_empty() => *hint += &format!(" {line}"),
                (None, Some(_)) => {}
                (None, None) => task.push(*line),
            }
        }
        if hints.len() != HINTS {
            return Err(broken(format!("{HINTS} lines '//! Hint: …'")).actual(hints.len()));
        }

        let code: Vec<&str> = text.lines().skip(header.len()).collect();
        let main = code
            .iter()
            .position(|line| *line == "fn main() {")
            .ok_or_else(|| broken("'fn main() {'".into()))?;
        let (mut starter, mut solution) = (Vec::new(), Vec::new());
        let mut inside = false;
        for line in &code[..main] {
            let indent = &line[..line.len() - line.trim_start().len()];
            match line.trim() {
                "// solution" => inside = true,
                "// end" => inside = false,
                start if inside && start.starts_with("// starter:") => {
                    let code = start["// starter:".len()..].trim();
                    starter.push(format!("{indent}{code}").trim_end().to_string());
                }
                _ if inside => solution.push((*line).to_string()),
                _ => {
                    starter.push((*line).to_string());
                    solution.push((*line).to_string());
                }
            }
        }
        if inside || starter == solution {
            return Err(broken("a part from '// solution' to '// end' with lines '// starter: …'".into()));
        }
        let check: Vec<String> = code[main..]
            .iter()
            .skip_while(|line| line.trim() != "// check")
            .skip(1)
            .take_while(|line| **line != "}")
            .map(|line| line.trim().to_string())
            .collect();
        if check.is_empty() {
            return Err(broken("'// check' and a call in main".into()));
        }
        let task = task.join("\n").trim().to_string();
        Ok(Self {
            number,
            name,
            title,
            task,
            hints,
            starter: trimmed(starter),
            solution: trimmed(solution),
            check,
        })
    }

    /// Task, hints (folded away), starter cell and check cell, as the notebook shows them.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n{}\n", self.title, self.task);
        for (index, hint) in self.hints.iter().enumerate() {
            text += &format!("\n<details><summary>Hint {}</summary>\n\n{hint}\n\n</details>\n", index + 1);
        }
        for cell in [&self.starter, &self.check] {
            text += &format!("\n```rust\n{}\n```\n", cell.join("\n"));
        }
        text.pop();
        text
    }

    /// The cell's code on one line, so that an exercise takes no more lines in the lesson's program than its link.
    ///
    /// # Errors
    /// A comment follows code on its line: it would swallow what is joined to it.
    pub(super) fn joined(&self, variant: Variant) -> Result<String> {
        let cell = match variant {
            Variant::Starter => &self.starter,
            Variant::Solution => &self.solution,
        };
        let code: Vec<&str> =
            cell.iter().map(|line| line.trim()).filter(|line| !line.starts_with("//")).collect();
        if let Some(line) = code.iter().find(|line| line.contains("//")) {
            return Err(Error::new(format!("use {}", self.name))
                .expected("comments on lines of their own")
                .actual(format!("'{line}'"))
                .next("move the comment above the line"));
        }
        Ok(code.join(" "))
    }
}

fn trimmed(lines: Vec<String>) -> Vec<String> {
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines[first.min(last)..last].to_vec()
}
