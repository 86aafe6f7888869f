//! All exercises of the course by lesson, found by number or name.

use std::path::Path;

use crate::lab::exercise_file::Exercise;
use crate::lab::lesson_file::lessons;
use crate::{Error, Result};

/// The lessons that have exercises.
pub(super) struct Catalogue {
    pub lessons: Vec<Group>,
}

/// A lesson's exercises, in its order.
pub(super) struct Group {
    /// `03`.
    pub number: String,
    /// The lesson's first heading.
    pub title: String,
    pub exercises: Vec<Entry>,
}

/// An exercise with its name.
pub(super) struct Entry {
    /// `03-1-detach`.
    pub id: String,
    pub exercise: Exercise,
}

impl Catalogue {
    /// # Errors
    /// A lesson or an exercise can't be read or is broken.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut groups = Vec::new();
        for lesson in lessons(root)? {
            let prefix = format!("{} ", lesson.number);
            let title = lesson.title.strip_prefix(&prefix).unwrap_or(&lesson.title).to_owned();
            let exercises = lesson.exercises.into_iter().map(Entry::new).collect();
            groups.push(Group { number: lesson.number, title, exercises });
        }
        groups.retain(|group: &Group| !group.exercises.is_empty());
        Ok(Self { lessons: groups })
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lessons.iter().flat_map(|lesson| &lesson.exercises)
    }

    /// The exercise of this number (`03-1`), name (`03-1-detach`) or file (`work/homework/03-1-detach.rs`).
    ///
    /// # Errors
    /// There is none; the error lists those that are spelt most like it.
    pub(super) fn find(&self, id: &str) -> Result<&Entry> {
        let name = id.rsplit('/').next().unwrap_or(id);
        let name = name.strip_suffix(".rs").unwrap_or(name);
        let found = self.entries().find(|entry| entry.exercise.number == name || entry.id == name);
        found.ok_or_else(|| {
            Error::new(format!("find exercise {id}"))
                .expected(format!("one such as {}", self.near(name).join(", ")))
                .actual(id)
                .next("see the list: `cargo course homework`")
        })
    }

    /// The names that are spelt most like this one, best first.
    fn near(&self, name: &str) -> Vec<&str> {
        let likeness = |entry: &Entry| {
            let parts =
                [entry.id.as_str(), &entry.exercise.number, &entry.id[entry.exercise.number.len() + 1..]];
            parts.iter().map(|part| strsim::jaro_winkler(part, name)).fold(0.0, f64::max)
        };
        let mut all: Vec<(f64, &str)> =
            self.entries().map(|entry| (likeness(entry), entry.id.as_str())).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.into_iter().take(3).map(|(_, id)| id).collect()
    }

    /// The exercises of these numbers, names or lessons; all, if there are none.
    ///
    /// # Errors
    /// One of them is unknown.
    pub(super) fn only(&self, names: &[String]) -> Result<Vec<&Entry>> {
        let mut chosen = Vec::new();
        for name in names {
            match self.lessons.iter().find(|lesson| lesson.number == *name) {
                Some(lesson) => chosen.extend(&lesson.exercises),
                None => chosen.push(self.find(name)?),
            }
        }
        if names.is_empty() {
            chosen.extend(self.entries());
        }
        Ok(chosen)
    }

    /// The first exercise behind this one, or else of all, that has not been passed.
    pub(super) fn next_after(&self, number: &str, progress: &super::Progress) -> Option<&Entry> {
        let open = |entry: &&Entry| progress.of(&entry.exercise.number).passed.is_none();
        let behind = self.entries().skip_while(|entry| entry.exercise.number != number).find(open);
        behind.or_else(|| self.entries().find(open))
    }
}

impl Entry {
    fn new(exercise: Exercise) -> Self {
        let file = exercise.name.rsplit('/').next().unwrap_or(&exercise.name);
        Self { id: file.trim_end_matches(".rs").to_owned(), exercise }
    }

    /// `the discriminator's loss, and nothing of it for G`.
    pub(super) fn title(&self) -> &str {
        self.exercise.title.split_once(": ").map_or(self.exercise.title.as_str(), |(_, title)| title)
    }

    /// The name of a learner's file.
    pub(super) fn file_name(&self) -> String {
        format!("{}.rs", self.id)
    }

    /// The small program that a learner begins with.
    pub(super) fn starter(&self) -> String {
        let Exercise { number, title, task, starter, check, .. } = &self.exercise;
        let mut text = format!("//! # {title}\n//!\n");
        for line in task.lines() {
            text += format!("//! {line}").trim_end();
            text.push('\n');
        }
        text += &format!(
            "//!\n//! Check it: `cargo course homework check {number}`; at each save: `cargo course homework watch {number}`.\n\n"
        );
        text += &starter.join("\n");
        text += &format!("\n\nfn main() {{\n    {}\n}}\n", check.join("\n    "));
        text
    }
}
