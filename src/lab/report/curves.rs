//! The curves of a run: losses, scores and whatever else its steps told.

use super::Section;
use super::run::Run;
use crate::show::{Figure, Panel, averaged, three_digits as number};
use crate::train::grouped;
use crate::{Error, Result};

/// Above so many steps, curves are means over windows, about as many as this.
const WINDOWS: usize = 300;

/// A group of columns that share an axis.
struct Group {
    title: &'static str,
    axis: &'static str,
    takes: fn(&str) -> bool,
}

const GROUPS: [Group; 4] = [
    Group { title: "Losses", axis: "loss", takes: |name| name.starts_with("loss") },
    Group { title: "Scores", axis: "mean score", takes: |name| name.contains("score") },
    Group { title: "Samples", axis: "value", takes: |name| ["mean", "sd"].contains(&name) },
    Group { title: "Gradients", axis: "length", takes: |name| name.starts_with("gradient") },
];

/// The figures of all groups that there are.
pub(super) fn curves(run: &Run) -> Section {
    let mut section = Section::default();
    if run.metrics.steps() == 0 {
        section.missing.push("metrics.jsonl holds no step, or is not there.".into());
        return section;
    }
    for group in &GROUPS {
        let columns: Vec<(&str, &[f32])> = run
            .metrics
            .columns
            .iter()
            .filter(|(name, _)| (group.takes)(name))
            .map(|(name, values)| (name.as_str(), values.as_slice()))
            .collect();
        if !columns.is_empty() {
            section.add(group.title, figure(group, &columns).and_then(|figure| figure.html()));
        }
    }
    section
}

fn figure(group: &Group, columns: &[(&str, &[f32])]) -> Result<Figure> {
    let (mut panel, mut said) = (Panel::new(group.title).x("step").y(group.axis), Vec::new());
    let mut window = 1;
    for &(name, values) in columns {
        window = values.len().div_ceil(WINDOWS);
        // A step whose number is none would take its whole window along.
        let (x, y) = averaged(values, if window > 1 { WINDOWS } else { values.len() });
        let finite: Vec<f64> = y.iter().copied().filter(|y| y.is_finite()).collect();
        let (Some(first), Some(last)) = (finite.first(), finite.last()) else {
            said.push(format!("{name} holds no finite number"));
            continue;
        };
        let (low, high) = finite.iter().fold((*first, *first), |(low, high), &y| (low.min(y), high.max(y)));
        said.push(format!(
            "{name} begins at {}, ends at {}, and lies between {} and {}",
            number(*first),
            number(*last),
            number(low),
            number(high)
        ));
        panel = panel.line(name, &x, &y);
    }
    let steps = columns[0].1.len();
    let means = if window > 1 { format!(", each point the mean of {window} steps") } else { String::new() };
    if said.iter().all(|said| said.ends_with("no finite number")) {
        return Err(Error::new(format!("draw {}", group.title)).expected("finite numbers").actual("none"));
    }
    Ok(Figure::new(&format!("{} over {} steps{means}.", group.title, grouped(steps as u64)))
        .alt(&format!("Curves over {} steps: {}.", grouped(steps as u64), said.join("; ")))
        .panel(panel))
}
