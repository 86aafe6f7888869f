//! A stepper: a recorded training as it was, moment by moment, below a notebook cell: play and pause, step forward and back,
//! slow motion, jump, by mouse and by keyboard, without a network. Two futures are shown side by side.
//!
//! What reaches the notebook is a still strip of some moments (or, of one that plays by itself, an animated PNG), and a
//! script that puts the stepper in its place: in a notebook that has only been opened, whose scripts don't run, and on a forge,
//! the strip stays.

mod frames;
mod strip;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::display::{Exhibit, Medium, escaped, one_line, shown_width, write_whole};
use super::{Picture, View};
use crate::{Error, Result};
use frames::Frames;

/// Most bytes of a stepper, as HTML.
const LARGEST: usize = 12_000_000;
/// How many colours a picture may have: fewer, if all is too large otherwise.
const COLOURS: [usize; 4] = [frames::COLOURS, 96, 48, 24];
const SCRIPT: &str = include_str!("stepper/stepper.js");

/// A training run at one step.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The step after which it is.
    pub step: u64,
    /// What there is to see; copies of a moment share it.
    pub view: Arc<View>,
    /// The equations that the step applied, three texts each: whose step, the loss, the update. Text between `_{` and `}`
    /// stands below the line, between `^{` and `}` above it.
    pub lines: Vec<[String; 3]>,
    /// What the numbers are called.
    pub names: Vec<String>,
    /// The step's numbers; NaN where there is none, as before the first step.
    pub numbers: Vec<f64>,
}

/// A run, or one of two futures.
#[derive(Clone, Debug)]
pub struct Side {
    /// What makes it different from the other.
    pub name: String,
    /// Its moments; two sides have the same steps.
    pub moments: Vec<Moment>,
}

/// One run, or two futures side by side, to step through. A [`Timeline`](crate::train::Timeline) makes it.
#[derive(Clone, Debug)]
pub struct Stepper {
    caption: String,
    sides: Vec<Side>,
    playing: bool,
}

impl Stepper {
    /// Of one side or of two; the caption is shown below.
    pub fn new(caption: &str, sides: Vec<Side>) -> Self {
        Self { caption: one_line(caption), sides, playing: false }
    }

    /// Another caption.
    #[must_use]
    pub fn caption(mut self, caption: &str) -> Self {
        self.caption = one_line(caption);
        self
    }

    /// Lets it begin to play by itself, unless the reader asked for less motion. Where scripts don't run, an animation plays.
    #[must_use]
    pub fn playing(mut self) -> Self {
        self.playing = true;
        self
    }

    /// The stepper as HTML with everything in itself, for a page.
    ///
    /// # Errors
    /// A caption is missing, the sides' steps differ, a moment can't be drawn, or all is larger than 12 MB.
    pub fn html(&self) -> Result<String> {
        let made = self.made()?;
        Ok(made.exhibit(&self.caption).html(&made.script))
    }

    /// The stepper as an HTML page of its own that needs no network.
    ///
    /// # Errors
    /// Those of [`html`](Self::html).
    pub fn page(&self) -> Result<String> {
        let (figure, title) = (self.html()?, escaped(&self.caption));
        Ok(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
             <body>\n{figure}\n</body></html>\n"
        ))
    }

    /// Writes [`page`](Self::page), whole or not at all.
    ///
    /// # Errors
    /// Those of [`page`](Self::page), or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), self.page()?.as_bytes())
    }

    /// Shows the stepper below the notebook cell. Elsewhere its strip is shown as a [figure](super::Figure::show) is.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn show(&self) -> Result<()> {
        let made = self.made()?;
        made.exhibit(&self.caption).show_with(&made.script)
    }

    /// What evcxr calls for a cell's last expression: [`show`](Self::show), with an error printed.
    pub fn evcxr_display(&self) {
        if let Err(error) = self.show() {
            eprintln!("{error}");
        }
    }

    fn check(&self) -> Result<()> {
        let error = || Error::new("make a stepper");
        if self.caption.is_empty() {
            return Err(error()
                .expected("a caption")
                .actual("none")
                .next("say in Stepper::new what it shows"));
        }
        let steps = |side: &Side| side.moments.iter().map(|moment| moment.step).collect::<Vec<_>>();
        let [first, rest @ ..] = &self.sides[..] else {
            return Err(error().expected("one run or two").actual("none").next("record a timeline first"));
        };
        if rest.len() > 1 || first.moments.len() < 2 {
            return Err(error()
                .expected("one run or two, of at least 2 moments")
                .actual(format!("{}, of {}", self.sides.len(), first.moments.len()))
                .next("record more steps"));
        }
        let same =
            |side: &Side| steps(side) == steps(first) && side.moments[0].names == first.moments[0].names;
        let regular = |side: &Side| {
            side.moments.iter().all(|moment| {
                moment.names == first.moments[0].names && moment.numbers.len() == moment.names.len()
            })
        };
        if !rest.iter().all(same) || !self.sides.iter().all(regular) {
            return Err(error()
                .expected("moments of the same steps with the same numbers")
                .actual("different ones")
                .next("fork a timeline"));
        }
        Ok(())
    }

    fn made(&self) -> Result<Made> {
        self.check()?;
        let pictures = self.sides.iter().map(|side| drawn(&side.moments)).collect::<Result<Vec<_>>>()?;
        let still =
            if self.playing { strip::animation(&pictures)? } else { strip::still(&self.sides, &pictures)? };
        let mut size = 0;
        // Hundreds of photographs get by with fewer colours.
        for colours in COLOURS {
            let script = self.script(&pictures, colours)?;
            size = script.len() + still.bytes.len() * 4 / 3;
            if size <= LARGEST {
                return Ok(Made { still, alt: self.words(), script });
            }
        }
        Err(Error::new("make a stepper")
            .expected(format!("at most {LARGEST} bytes"))
            .actual(format!("{size} for {} moments", self.sides[0].moments.len()))
            .next("record fewer moments"))
    }

    /// The script that puts the stepper in the still's place, with all its pictures.
    fn script(&self, pictures: &[Vec<Picture>], colours: usize) -> Result<String> {
        let mut tables: Vec<Value> = Vec::new();
        let mut sides = Vec::new();
        for (side, pictures) in self.sides.iter().zip(pictures) {
            let drawing = !matches!(*side.moments[0].view, View::Picture { .. });
            let frames = Frames::of(pictures, drawing, colours)?;
            let shown = if drawing { frames.width } else { shown_width(frames.width) as usize };
            let mut places = Vec::new();
            for moment in &side.moments {
                let lines: Value = moment
                    .lines
                    .iter()
                    .map(|[who, loss, update]| json!([who, mathematics(loss), mathematics(update)]))
                    .collect();
                let known = tables.iter().position(|table| *table == lines);
                places.push(known.unwrap_or(tables.len()));
                if known.is_none() {
                    tables.push(lines);
                }
            }
            sides.push(json!({
                "name": side.name,
                "width": frames.width,
                "height": frames.height,
                "shown": shown,
                "ground": frames.ground.as_ref().map(|png| uri(png)),
                "files": frames.files.iter().map(|png| uri(png)).collect::<Vec<_>>(),
                "alts": side.moments.iter().map(|moment| one_line(moment.view.text())).collect::<Vec<_>>(),
                "tables": places,
                "numbers": side.moments.iter().map(|moment| moment.numbers.iter().map(|n| short(*n)).collect()).collect::<Vec<Value>>(),
            }));
        }
        let first = &self.sides[0].moments;
        let data = json!({
            "title": self.caption,
            "sides": sides,
            "steps": first.iter().map(|moment| moment.step).collect::<Vec<_>>(),
            "tables": tables,
            "names": first[0].names,
            "playing": self.playing,
        });
        // Words may hold anything, even what ends a script.
        let data = data.to_string().replace('<', "\\u003c");
        // Two steppers of one page are told apart; run again, a notebook has the same ones.
        static SHOWN: AtomicUsize = AtomicUsize::new(1);
        let id = format!(
            "stepper-{:08x}-{}",
            crc32fast::hash(data.as_bytes()),
            SHOWN.fetch_add(1, Ordering::Relaxed)
        );
        let script = SCRIPT.replacen("ID", &format!("\"{id}\""), 1).replacen("MOMENTS", &data, 1);
        Ok(format!("<script id=\"{id}\">\n{script}</script>"))
    }

    /// The text alternative of what shows where scripts don't run.
    fn words(&self) -> String {
        let ends: Vec<String> = self
            .sides
            .iter()
            .map(|side| {
                let (first, last) = (&side.moments[0], &side.moments[side.moments.len() - 1]);
                let name = if self.sides.len() > 1 { format!("{}. ", side.name) } else { String::new() };
                format!(
                    "{name}At first, step {}: {} In the end, step {}: {}",
                    first.step,
                    first.view.text(),
                    last.step,
                    last.view.text()
                )
            })
            .collect();
        let count = self.sides[0].moments.len();
        one_line(&format!("Stepper of {count} moments. {}", ends.join(" ")))
    }
}

/// What reaches the notebook.
struct Made {
    still: strip::Still,
    alt: String,
    script: String,
}

impl Made {
    fn exhibit<'a>(&'a self, caption: &'a str) -> Exhibit<'a> {
        let (medium, width) = (Medium::Figure, self.still.shown);
        Exhibit { medium, width, caption, alt: &self.alt, bytes: &self.still.bytes }
    }
}

/// The moments' pictures, drawn beside each other.
fn drawn(moments: &[Moment]) -> Result<Vec<Picture>> {
    use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
    moments.par_iter().map(|moment| moment.view.picture()).collect()
}

/// A file in text. Whole, so that what cleans recorded texts leaves it alone.
fn uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// Six digits are more than anybody reads.
fn short(value: f64) -> Value {
    format!("{value:.5e}")
        .parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

/// HTML of a line with `_{…}` and `^{…}`.
fn mathematics(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("_{").into_iter().chain(rest.find("^{")).min() {
        let tag = if rest[at..].starts_with('_') { "sub" } else { "sup" };
        let Some(length) = rest[at..].find('}') else { break };
        html += &format!("{}<{tag}>{}</{tag}>", spaced(&rest[..at]), spaced(&rest[at + 2..at + length]));
        rest = &rest[at + length + 1..];
    }
    html + &spaced(rest)
}

/// Escaped, spaces kept.
fn spaced(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
