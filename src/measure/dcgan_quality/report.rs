//! The table of a measurement of quality.

use super::{Outcome, Plan};
use crate::lessons::dcgan::DcganConfig;
use crate::measure::statistics::{Quartiles, median};
use crate::measure::table;
use crate::metrics::{CONFIDENCE, FacesQuality};

/// Most of the untrained generator's Fréchet distance that a trained one is to have.
const FRECHET_GOAL: f64 = 0.1;
/// Least share of readable faces.
const READABLE_GOAL: f64 = 0.8;

/// The figures that decide, in one line.
pub(in crate::measure) fn line(quality: &FacesQuality) -> String {
    let FacesQuality { frechet, readable, diversity, .. } = quality;
    format!("Fréchet distance {frechet:.2}, readable {}, diversity {diversity:.2}", percent(*readable))
}

/// Heading, what was done, the table of all figures, the seeds', and the goals that were missed.
pub(super) fn report(heading: &str, plan: Plan, floor: &FacesQuality, outcomes: &[Outcome]) -> String {
    let head = ["", "real against real", "untrained", "trained: median (quartiles)", "worst seed", "goal"];
    let mut rows = vec![
        row("Fréchet distance", number, Best::Least, floor, outcomes, |quality| quality.frechet),
        of_untrained(floor, outcomes),
        row("readable faces, every factor", percent, Best::Greatest, floor, outcomes, |quality| {
            quality.readable
        }),
        row("diversity, of real faces'", number, Best::Greatest, floor, outcomes, |quality| {
            quality.diversity
        }),
    ];
    rows[2].push(format!("at least {}", percent(READABLE_GOAL)));
    for (place, factor) in floor.factors.iter().enumerate() {
        if factor.readable.is_some() {
            let name = format!("{} readable", factor.factor.name());
            let of = move |quality: &FacesQuality| quality.factors[place].readable.unwrap_or_default();
            rows.push(row(&name, percent, Best::Greatest, floor, outcomes, of));
        }
    }
    for (place, factor) in floor.factors.iter().enumerate() {
        let name = format!("{}: total variation distance", factor.factor.name());
        let of = move |quality: &FacesQuality| quality.factors[place].variation;
        rows.push(row(&name, number, Best::Least, floor, outcomes, of));
    }
    rows.iter_mut().for_each(|row| row.resize(head.len(), String::new()));
    let by_seed: Vec<Vec<String>> = outcomes
        .iter()
        .enumerate()
        .map(|(seed, Outcome { untrained, short, trained, seconds })| {
            vec![
                seed.to_string(),
                number(trained.frechet),
                percent(trained.frechet / untrained.frechet),
                percent(trained.readable),
                number(trained.diversity),
                percent(short.frechet / untrained.frechet),
                percent(short.readable),
                format!("{:.1}", seconds / 60.0),
            ]
        })
        .collect();
    let seeds_head = [
        "seed",
        "Fréchet distance",
        "of untrained's",
        "readable",
        "diversity",
        "short run: of untrained's",
        "short run: readable",
        "minutes of training, one core",
    ];
    let run = if plan.short { "the short run of continuous integration" } else { "the default run" };
    let Plan { seeds, images, .. } = plan;
    let mut text = format!(
        "{heading}.\n\n\
         Lesson 05's DCGAN, {run}, seeds 0 to {}: {images} images of each against {images} real faces of another seed, by\n\
         the judge of faces. The Fréchet distance is that of the judge's 64 features, squared as by custom: it is on a\n\
         scale of its own, and no FID. A factor is readable where the judge is at least {:.0} % sure of one of its values;\n\
         how often each value comes is compared with the real faces by the total variation distance. Untrained: the same\n\
         generators before their first step, median. Short run: the first {} of the {} epochs, which is what continuous\n\
         integration trains.\n\n{}\n{}",
        seeds.saturating_sub(1),
        100.0 * CONFIDENCE,
        DcganConfig::ci().epochs,
        DcganConfig::default().epochs,
        table::markdown(&head, &rows),
        table::markdown(&seeds_head, &by_seed),
    );
    let missed = missed(outcomes);
    if !missed.is_empty() {
        text += &format!("\nGoals that are not reached:\n\n- {}\n", missed.join("\n- "));
    }
    text
}

/// Which end of a figure's range is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Best {
    Least,
    Greatest,
}

fn row(
    name: &str,
    write: fn(f64) -> String,
    best: Best,
    floor: &FacesQuality,
    outcomes: &[Outcome],
    of: impl Fn(&FacesQuality) -> f64,
) -> Vec<String> {
    let untrained: Vec<f64> = outcomes.iter().map(|outcome| of(&outcome.untrained)).collect();
    let trained: Vec<f64> = outcomes.iter().map(|outcome| of(&outcome.trained)).collect();
    vec![
        name.into(),
        write(of(floor)),
        write(median(&untrained)),
        spread(&trained, write),
        write(worst(&trained, best)),
    ]
}

/// The Fréchet distances as shares of those before training, seed by seed.
fn of_untrained(floor: &FacesQuality, outcomes: &[Outcome]) -> Vec<String> {
    let untrained: Vec<f64> = outcomes.iter().map(|outcome| outcome.untrained.frechet).collect();
    let shares = shares_of_untrained(outcomes);
    vec![
        "of untrained's".into(),
        percent(floor.frechet / median(&untrained)),
        percent(1.0),
        spread(&shares, percent),
        percent(worst(&shares, Best::Least)),
        format!("at most {}", percent(FRECHET_GOAL)),
    ]
}

fn shares_of_untrained(outcomes: &[Outcome]) -> Vec<f64> {
    outcomes.iter().map(|outcome| outcome.trained.frechet / outcome.untrained.frechet).collect()
}

/// Which goals the median seed misses.
fn missed(outcomes: &[Outcome]) -> Vec<String> {
    let frechet = median(&shares_of_untrained(outcomes));
    let readable = median(&outcomes.iter().map(|outcome| outcome.trained.readable).collect::<Vec<_>>());
    let mut missed = Vec::new();
    // What is no number misses too.
    if frechet.is_nan() || frechet > FRECHET_GOAL {
        missed.push(format!(
            "Fréchet distance {} of untrained's, at most {}",
            percent(frechet),
            percent(FRECHET_GOAL)
        ));
    }
    if readable.is_nan() || readable < READABLE_GOAL {
        missed.push(format!("{} readable, at least {}", percent(readable), percent(READABLE_GOAL)));
    }
    missed
}

fn worst(values: &[f64], best: Best) -> f64 {
    let worse = match best {
        Best::Least => f64::max,
        Best::Greatest => f64::min,
    };
    values.iter().copied().reduce(worse).unwrap_or(f64::NAN)
}

fn spread(values: &[f64], write: fn(f64) -> String) -> String {
    let Quartiles { low, median, high } = Quartiles::of(values);
    format!("{} ({}–{})", write(median), write(low), write(high))
}

fn number(value: f64) -> String {
    format!("{value:.2}")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::faces::Factor;
    use crate::metrics::FactorQuality;

    fn quality(frechet: f64, readable: f64) -> FacesQuality {
        let factor = |factor: Factor| FactorQuality {
            factor,
            readable: (!factor.values().is_empty()).then_some(readable),
            variation: 0.25,
        };
        FacesQuality { frechet, readable, diversity: 0.5, factors: Factor::ALL.map(factor).to_vec() }
    }

    fn outcomes(trained: [(f64, f64); 3]) -> Vec<Outcome> {
        let outcome = |(frechet, readable)| Outcome {
            untrained: quality(100.0, 0.0),
            short: quality(4.0 * frechet, 0.0),
            trained: quality(frechet, readable),
            seconds: 90.0,
        };
        trained.map(outcome).to_vec()
    }

    #[test]
    fn the_table_has_every_figure() {
        let plan = Plan { seeds: 3, images: 500, short: true };
        let outcomes = outcomes([(5.0, 0.85), (8.0, 0.9), (12.0, 0.7)]);
        let text = report("today", plan, &quality(1.0, 0.99), &outcomes);
        for line in [
            "| Fréchet distance | 1.00 | 100.00 | 8.00 (6.50–10.00) | 12.00 |  |",
            "| of untrained's | 1.0 % | 100.0 % | 8.0 % (6.5 %–10.0 %) | 12.0 % | at most 10.0 % |",
            "| readable faces, every factor | 99.0 % | 0.0 % | 85.0 % (77.5 %–87.5 %) | 70.0 % | at least 80.0 % |",
            "| mouth readable | 99.0 % | 0.0 % | 85.0 % (77.5 %–87.5 %) | 70.0 % |  |",
            "| x: total variation distance | 0.25 | 0.25 | 0.25 (0.25–0.25) | 0.25 |  |",
            "| 1 | 8.00 | 8.0 % | 90.0 % | 0.50 | 32.0 % | 0.0 % | 1.5 |",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        // Size, x and y have no reading.
        assert_eq!(
            (text.matches(" readable |").count(), text.matches("total variation distance |").count()),
            (6 + 2, 9)
        );
        assert!(!text.contains("not reached"), "{text}");
    }

    #[test]
    fn goals_that_are_missed_are_said() {
        assert_eq!(missed(&outcomes([(10.0, 0.8); 3])), [""; 0]);
        let said = missed(&outcomes([(11.0, 0.79), (11.0, 0.79), (1.0, 0.9)]));
        assert_eq!(
            said,
            ["Fréchet distance 11.0 % of untrained's, at most 10.0 %", "79.0 % readable, at least 80.0 %"]
        );
        assert_eq!(missed(&outcomes([(f64::NAN, f64::NAN); 3])).len(), 2);
    }
}
