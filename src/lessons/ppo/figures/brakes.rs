//! The same training with and without a brake, over several seeds.

use super::super::Ppo;
use super::few;
use crate::Result;
use crate::show::{Figure, Panel};

/// Return, KL, largest ratio and entropy over the iterations: the median of the seeds as a line, from the lowest to the highest as a band.
///
/// # Errors
/// No groups, an empty one, or a run without a step.
pub fn brakes_figure(caption: &str, groups: &[(&str, &[Ppo])]) -> Result<Figure> {
    let shortest = |runs: &[Ppo]| runs.iter().map(|run| run.history().len()).min().unwrap_or(0);
    if groups.is_empty() || groups.iter().any(|(_, runs)| shortest(runs) == 0) {
        return Err(few("draw trainings with and without a brake", 0));
    }
    const FLOOR: f64 = 1e-6;
    let mut panels = [
        ("Return", "mean_return", "mean of 100 episodes [steps]", false),
        ("From the policy that acted", "kl", "log₁₀ of KL(π'‖π) [nats]", true),
        ("The largest ratio", "largest", "log₁₀ of the largest ρ", true),
        ("Entropy of the policy", "entropy", "entropy [nats]", false),
    ]
    .map(|(title, column, y, log)| (Panel::new(title).x("iteration").y(y), column, log));
    let mut told = String::from(
        "Return, KL, largest ratio and entropy over the iterations, each the median of the seeds and the range.",
    );
    for (name, runs) in groups {
        let count = shortest(runs);
        let iterations: Vec<f64> = (1..=count).map(|at| at as f64).collect();
        told += &format!(" {name}, {} seeds:", runs.len());
        for (panel, column, log) in &mut panels {
            let columns = runs.iter().map(|run| run.history().column(column)).collect::<Result<Vec<_>>>()?;
            let (mut low, mut middle, mut high) = (Vec::new(), Vec::new(), Vec::new());
            for at in 0..count {
                let mut values: Vec<f64> = columns
                    .iter()
                    .map(|column| f64::from(column[at]))
                    .map(|value| if *log { value.max(FLOOR).log10() } else { value })
                    .collect();
                values.sort_by(f64::total_cmp);
                low.push(values[0]);
                middle.push(values[values.len() / 2]);
                high.push(values[values.len() - 1]);
            }
            let end = if *log { 10f64.powf(middle[count - 1]) } else { middle[count - 1] };
            told += &format!(" {column} {} at the end", number(end));
            told.push(if *column == "entropy" { '.' } else { ',' });
            *panel = panel.clone().band("", &iterations, &low, &high).line(name, &iterations, &middle);
        }
    }
    let figure = Figure::new(caption).panel_height(240);
    Ok(panels.into_iter().fold(figure, |figure, (panel, ..)| figure.panel(panel)).alt(&told))
}

fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
