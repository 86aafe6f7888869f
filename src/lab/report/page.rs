//! The page itself: HTML with its style, and everything else it needs, inside.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Section;
use super::facts::{Hashed, Rows};
use super::run::Run;
use crate::lab::train::stages::find;
use crate::train::grouped;

const STYLE: &str = include_str!("page.css");

/// All that the page says.
pub(super) struct Page<'a> {
    pub(super) run: &'a Run,
    pub(super) pictures: Section,
    pub(super) curves: Section,
    pub(super) studies: Section,
    pub(super) settings: Rows,
    pub(super) versions: Rows,
    pub(super) files: Vec<Hashed>,
}

impl Page<'_> {
    /// The page as HTML. Every text in it is escaped; only figures come as HTML, from [`show`](crate::show).
    pub(super) fn html(&self) -> String {
        let title = format!("Run {}", self.run.name);
        let about = self.run.stage().and_then(|stage| find(stage).ok()).map(|stage| stage.about);
        // Sections without anything to say are left out.
        let parts: Vec<(&str, &str, Markup)> = [
            ("summary", "Summary", self.summary()),
            ("pictures", "Pictures", exhibits(&self.pictures)),
            ("curves", "Curves", exhibits(&self.curves)),
            ("studies", "Studies", exhibits(&self.studies)),
            ("settings", "Settings", self.settings()),
            ("versions", "Versions", table("Versions", &self.versions)),
            ("files", "Files", self.files()),
        ]
        .into_iter()
        .filter(|(.., body)| !body.0.is_empty())
        .collect();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { (title) }
                        @if let Some(about) = about { p.lead { (about) } }
                        nav aria-label="Sections" {
                            ul { @for (id, heading, _) in &parts { li { a href=(format!("#{id}")) { (heading) } } } }
                        }
                    }
                    main {
                        @for (id, heading, body) in &parts {
                            section id=(id) aria-labelledby=(format!("{id}-heading")) {
                                h2 id=(format!("{id}-heading")) { (heading) }
                                (body)
                            }
                        }
                    }
                }
            }
        };
        page.into_string()
    }

    fn summary(&self) -> Markup {
        let run = self.run;
        let stage = run.stage().unwrap_or("unknown").to_owned();
        let mut rows = vec![("stage".to_owned(), stage)];
        let mut steps = grouped(run.steps());
        if let Ok(record) = &run.record {
            steps += &format!(" of {}", grouped(record.until));
        }
        rows.push(("steps".into(), steps));
        if let Some(epoch) = run.metrics.epoch {
            rows.push(("epochs".into(), grouped(epoch)));
        }
        if let Some(seconds) = run.metrics.column("seconds") {
            let seconds: f64 = seconds.iter().copied().filter(|s| s.is_finite()).map(f64::from).sum();
            rows.push(("time in training steps".into(), duration(seconds)));
        }
        for (name, values) in run.metrics.columns.iter().filter(|(name, _)| name != "seconds") {
            // Of the last step alone, chance would decide.
            let last = &values[values.len().saturating_sub(100)..];
            if !last.is_empty() {
                let mean = last.iter().copied().map(f64::from).sum::<f64>() / last.len() as f64;
                let mean = format!("{mean:.4}").replace('-', "−");
                rows.push((format!("{name}, mean of the last {} steps", last.len()), mean));
            }
        }
        html! {
            (table("Summary", &rows))
            @if run.saved.is_none() {
                p.missing { "Not here: a checkpoint that can be read. Pictures and studies that need one are left out." }
            }
        }
    }

    fn settings(&self) -> Markup {
        html! {
            @match &self.run.record {
                Ok(_) => { (table("Settings", &self.settings)) }
                Err(error) => { p.missing { "Not here: config.json. " (error) } }
            }
        }
    }

    fn files(&self) -> Markup {
        scrolling(
            "SHA-256 of the run's files",
            &html! {
                table {
                    thead { tr { th scope="col" { "file" } th scope="col" { "bytes" } th scope="col" { "SHA-256" } } }
                    tbody {
                        @for file in &self.files {
                            tr {
                                th scope="row" { (file.name) }
                                @match &file.contents {
                                    Some((bytes, hash)) => { td { (bytes) } td.value { code { (hash) } } }
                                    None => { td { "–" } td.value { "not here" } }
                                }
                            }
                        }
                    }
                }
            },
        )
    }
}

fn exhibits(section: &Section) -> Markup {
    html! {
        @if !section.exhibits.is_empty() {
            div.exhibits {
                @for exhibit in &section.exhibits { div.exhibit { (PreEscaped(exhibit)) } }
            }
        }
        @for missing in &section.missing { p.missing { "Not here: " (missing) } }
    }
}

fn table(label: &str, rows: &Rows) -> Markup {
    scrolling(
        label,
        &html! {
            table { tbody { @for (name, value) in rows { tr { th scope="row" { (name) } td.value { (value) } } } } }
        },
    )
}

/// A table that scrolls by itself where it is wider than the page, by keyboard too.
fn scrolling(label: &str, table: &Markup) -> Markup {
    html! { div.table role="region" tabindex="0" aria-label=(label) { (table) } }
}

/// `1 h 2 min`, `3 min 20 s` or `4.2 s`.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{} min {} s", (s / 60.0) as u64, s as u64 % 60),
        s => format!("{} h {} min", (s / 3600.0) as u64, s as u64 / 60 % 60),
    }
}
