//! A lesson's one source, `lessons/NN-name.md`: where its cells and exercises are, what becomes the notebook, and
//! what becomes the program that `cargo test` runs.
//!
//! A cell is a fenced block that starts with three backticks and `rust` at the beginning of a line. A paragraph that
//! is only a link to `exercises/NN-M-name.rs` stands for that exercise: see [`super::exercise_file`].

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use super::exercise_file::Exercise;
use crate::{Error, Result};

/// Which code an exercise contributes: what the learner starts from, or what it should become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Compiles and runs, with a wrong result.
    Starter,
    /// Passes its check.
    Solution,
}

/// A lesson, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Two digits: `00`.
    pub number: String,
    /// The rest of the file's name: `cross-entropy`.
    pub slug: String,
    /// The first heading.
    pub title: String,
    /// The file.
    pub path: PathBuf,
    /// The exercises, in the lesson's order.
    pub exercises: Vec<Exercise>,
    lines: Vec<String>,
    parts: Vec<Part>,
}

/// Zero-based line numbers of what is not plain text.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// The lines of the two fences.
    Cell { open: usize, close: usize },
    /// The line of the link, and which exercise.
    Exercise { line: usize, index: usize },
}

/// The lines every lesson's header holds: jupytext passes them on to the notebook.
const HEADER: [&str; 3] = ["display_name: GAN course (Rust)", "language: rust", "name: gan-course"];

/// A cell's longest line: what JupyterLab shows beside its file list, on a small laptop, without scrolling.
const WIDEST: usize = 95;

/// All lessons of a checkout, `lessons/NN-*.md`, by number.
///
/// # Errors
/// The folder can't be read, two lessons have one number, or a lesson is broken.
pub fn lessons(root: &Path) -> Result<Vec<Lesson>> {
    let folder = root.join("lessons");
    let unreadable = |cause| {
        Error::new(format!("read {}", folder.display()))
            .actual(cause)
            .next("run the command inside the checkout")
    };
    let mut lessons: Vec<Lesson> = Vec::new();
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths.into_iter().filter(|path| number_and_slug(path).is_some()) {
        let lesson = Lesson::read(&path)?;
        if let Some(last) = lessons.last().filter(|last| last.number == lesson.number) {
            return Err(Error::new(format!("read {}", lesson.name()))
                .expected("a number of its own")
                .actual(format!("{}, that of {}", lesson.number, last.name()))
                .next("rename one of the two"));
        }
        lessons.push(lesson);
    }
    Ok(lessons)
}

impl Lesson {
    /// Reads one lesson and its exercises.
    ///
    /// # Errors
    /// The file can't be read, its name is not `NN-name.md`, or it has no header, no title, an unclosed or indented
    /// cell, or a link to an exercise that is missing, broken or not alone: the error names file and line.
    pub fn read(path: &Path) -> Result<Self> {
        let (number, slug) = number_and_slug(path).ok_or_else(|| {
            Error::new(format!("read {}", path.display()))
                .expected("a file named NN-name.md")
                .next("rename it")
        })?;
        let name = format!("lessons/{number}-{slug}.md");
        let text = fs::read_to_string(path)
            .map_err(|cause| Error::new(format!("read {name}")).actual(cause).next("check the file"))?;
        let broken = |line: usize| Error::new(format!("read {name}, line {}", line + 1));
        let lines: Vec<String> = text.lines().map(String::from).collect();

        let end = lines.iter().skip(1).position(|line| line == "---").map(|index| index + 1);
        let header = match (lines.first().map(String::as_str), end) {
            (Some("---"), Some(end)) => &lines[1..end],
            _ => {
                return Err(broken(0)
                    .expected("a header between two lines of ---")
                    .actual("none")
                    .next("copy the header of another lesson"));
            }
        };
        if let Some(missing) = HEADER.iter().find(|needed| !header.iter().any(|line| line.trim() == **needed))
        {
            return Err(broken(0)
                .expected(format!("the line '{missing}' in the header"))
                .actual("none")
                .next("copy the header of another lesson"));
        }

        let body: usize = text.split_inclusive('\n').take(header.len() + 2).map(str::len).sum();
        let line_of = |offset: usize| text[..body + offset].matches('\n').count();
        let (mut title, mut parts, mut exercises) = (None, Vec::new(), Vec::new());
        let mut in_title = false;
        for (event, range) in Parser::new(&text[body..]).into_offset_iter() {
            let open = line_of(range.start);
            match event {
                Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) if title.is_none() => {
                    (title, in_title) = (Some(String::new()), true);
                }
                Event::End(TagEnd::Heading(_)) => in_title = false,
                Event::Text(text) | Event::Code(text) if in_title => {
                    title.get_or_insert_default().push_str(&text)
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info)))
                    if info.split_whitespace().next() == Some("rust") =>
                {
                    let close = line_of(range.end.saturating_sub(1));
                    if !lines[open].starts_with("```") {
                        return Err(broken(open)
                            .expected("a cell's fence at the beginning of the line")
                            .actual(&lines[open])
                            .next("don't indent it"));
                    }
                    if close == open || !lines[close].starts_with("```") {
                        return Err(broken(open)
                            .expected("a closing fence of this cell")
                            .actual("the end of the lesson")
                            .next("add a line of three backticks"));
                    }
                    let too_wide = |line: &String| line.chars().count() > WIDEST;
                    if let Some(line) = lines[open..close].iter().position(too_wide) {
                        return Err(broken(open + line)
                            .expected(format!("at most {WIDEST} characters, as the notebook shows them"))
                            .actual(lines[open + line].chars().count())
                            .next("break the line"));
                    }
                    parts.push(Part::Cell { open, close });
                }
                Event::Start(Tag::Link { dest_url, .. }) if dest_url.starts_with("exercises/") => {
                    let alone = lines[open].trim() == &text[body..][range.clone()]
                        && [open.wrapping_sub(1), open + 1]
                            .iter()
                            .all(|&near| lines.get(near).is_none_or(|l| l.is_empty()));
                    if !alone {
                        return Err(broken(open)
                            .expected("an exercise's link alone in its paragraph")
                            .actual(&lines[open])
                            .next("set it between blank lines"));
                    }
                    let file = path.with_file_name(dest_url.as_ref());
                    if !file.is_file() {
                        return Err(broken(open)
                            .expected("a link to an exercise")
                            .actual(format!("no file {dest_url}"))
                            .next("check the link's spelling"));
                    }
                    parts.push(Part::Exercise { line: open, index: exercises.len() });
                    exercises.push(Exercise::read(&file)?);
                }
                _ => {}
            }
        }
        let title = title.filter(|title| !title.trim().is_empty()).ok_or_else(|| {
            broken(header.len() + 2).expected("a title, '# …'").actual("none").next("add it below the header")
        })?;
        Ok(Self { number, slug, title, path: path.into(), exercises, lines, parts })
    }

    /// The file as messages name it: `lessons/00-cross-entropy.md`.
    pub fn name(&self) -> String {
        format!("lessons/{}-{}.md", self.number, self.slug)
    }

    /// The Markdown that jupytext turns into the notebook: exercises are unfolded into task, hints, starter and check.
    ///
    /// # Errors
    /// None so far; kept for exercises that need more than their file.
    pub fn notebook_markdown(&self) -> Result<String> {
        let mut text = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            let exercise = self.parts.iter().find_map(|part| match part {
                Part::Exercise { line, index } if *line == number => Some(&self.exercises[*index]),
                _ => None,
            });
            match exercise {
                Some(exercise) => text += &exercise.markdown(),
                None => text += line,
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// One program of all cells in which line N is line N of the lesson, so that every compiler message, panic and
    /// failed `?` names the lesson's line. `checks` is a file with one block expression, which runs last and sees
    /// the cells' variables.
    ///
    /// # Errors
    /// An exercise's code can't be put on one line.
    pub fn program(&self, variant: Variant, checks: Option<&Path>) -> Result<String> {
        self.assembled(variant, checks, true)
    }

    /// As [`program`](Self::program), of the exercises alone: they don't need the other cells, which may train for minutes.
    ///
    /// # Errors
    /// An exercise's code can't be put on one line.
    pub fn exercises_alone(&self, variant: Variant) -> Result<String> {
        self.assembled(variant, None, false)
    }

    fn assembled(&self, variant: Variant, checks: Option<&Path>, cells: bool) -> Result<String> {
        let mut lines = vec![String::new(); self.lines.len()];
        // A cell that ends with a `use` or a function gets a `;` it doesn't need; a cell's variables may go unused.
        lines[0] = "#![allow(unused, redundant_semicolons)] fn main() -> Result<(), LessonError> {".into();
        for part in &self.parts {
            match *part {
                Part::Cell { .. } if !cells => {}
                Part::Cell { open, close } => {
                    lines[open + 1..close].clone_from_slice(&self.lines[open + 1..close]);
                    lines[close] = ";".into();
                }
                Part::Exercise { line, index } => {
                    let exercise = &self.exercises[index];
                    lines[line] = format!("{} ; {} ;", exercise.joined(variant)?, exercise.check.join(" "));
                }
            }
        }
        if let Some(checks) = checks {
            lines.push(format!("include!({:?});", checks.display().to_string()));
        }
        lines.push(TAIL.replace("LESSON", &self.name()));
        Ok(lines.join("\n"))
    }
}

/// `?` converts any error into one that knows the line of the `?`.
const TAIL: &str = r#"Ok(()) }
struct LessonError(String);
impl std::fmt::Debug for LessonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) }
}
impl<E: std::error::Error> From<E> for LessonError {
    #[track_caller]
    fn from(error: E) -> Self {
        LessonError(format!("LESSON:{}: {error}", std::panic::Location::caller().line()))
    }
}
"#;

/// `lessons/00-cross-entropy.md` gives `00` and `cross-entropy`; other names give nothing.
fn number_and_slug(path: &Path) -> Option<(String, String)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".md")?;
    let (number, slug) = name.split_once('-')?;
    let fits = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit()) && !slug.is_empty();
    fits.then(|| (number.into(), slug.into()))
}
