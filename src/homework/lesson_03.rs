//! The checks of lesson 03: the two players' losses with their gradients, one round of Algorithm 1, W₁, stale fakes, and
//! swapped labels.

mod labels;
mod losses;
mod stale;

pub use labels::check_03_6;
pub use losses::{check_03_1, check_03_2};
pub use stale::check_03_5;

use super::evidence::{View, parting, places};
use super::{Verdict, answer, attempt, shown};
use crate::Result;
use crate::data::Target;
use crate::lessons::gan::{Gan, GanConfig, Mlp, forward};
use crate::show::Figure;
use crate::tensor::{Noise, column, values};

/// Checks exercise 03-3: k steps of D on minibatches of their own, then one of G on fresh noise.
pub fn check_03_3(one_round: fn(&mut Gan, usize) -> Result<()>) -> Verdict {
    judge_03_3(one_round).printed()
}

/// Checks exercise 03-4: W₁ of two samples of one size.
///
/// ```
/// use gan_course::homework::check_03_4;
/// let verdict = check_03_4(|a, b| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.len() as f32);
/// assert!(!verdict.passed && verdict.message.contains("sort both"));
/// ```
pub fn check_03_4(w1_of: fn(&[f32], &[f32]) -> f32) -> Verdict {
    judge_03_4(w1_of).printed()
}

type Round = fn(&mut Gan, usize) -> Result<()>;

/// What a round of Algorithm 1 must be: the order in which data and noise are drawn is free.
const RIGHT: [Round; 2] = [
    |gan, k| {
        for _ in 0..k {
            let (x, z) = (gan.data()?, gan.noise()?);
            gan.discriminator_step(&x, &z)?;
        }
        let z = gan.noise()?;
        gan.generator_step(&z).map(|_| ())
    },
    |gan, k| {
        for _ in 0..k {
            let (z, x) = (gan.noise()?, gan.data()?);
            gan.discriminator_step(&x, &z)?;
        }
        let z = gan.noise()?;
        gan.generator_step(&z).map(|_| ())
    },
];

/// Typical mistakes: each leaves the networks in a state of its own.
const WRONG: [(Round, &str); 7] = [
    (
        |gan, _| {
            let (x, z) = (gan.data()?, gan.noise()?);
            gan.discriminator_step(&x, &z)?;
            gan.generator_step(&z).map(|_| ())
        },
        "D takes one step whatever k is, and G's noise is that of D's step: loop over 0..k, and draw z anew",
    ),
    (
        |gan, k| {
            let (x, z) = (gan.data()?, gan.noise()?);
            for _ in 0..k {
                gan.discriminator_step(&x, &z)?;
            }
            let z = gan.noise()?;
            gan.generator_step(&z).map(|_| ())
        },
        "the minibatch is drawn once, before the loop: D would learn these samples by heart. Draw x and z inside it",
    ),
    (
        |gan, k| {
            let (x, z) = (gan.data()?, gan.noise()?);
            for _ in 0..k {
                gan.discriminator_step(&x, &z)?;
            }
            gan.generator_step(&z).map(|_| ())
        },
        "everything is drawn once, before the loop: draw x and z inside it, and z anew for G",
    ),
    (
        |gan, k| {
            let mut last = None;
            for _ in 0..k {
                let (x, z) = (gan.data()?, gan.noise()?);
                gan.discriminator_step(&x, &z)?;
                last = Some(z);
            }
            last.map_or(Ok(()), |z| gan.generator_step(&z).map(|_| ()))
        },
        "G's step uses the noise of D's last step: draw z anew before it",
    ),
    (
        |gan, k| {
            for _ in 0..k {
                let (x, z) = (gan.data()?, gan.noise()?);
                gan.discriminator_step(&x, &z)?;
                let z = gan.noise()?;
                gan.generator_step(&z)?;
            }
            Ok(())
        },
        "G's step is inside the loop, so G takes k steps too: move it after the loop",
    ),
    (
        |gan, _| {
            let (x, z) = (gan.data()?, gan.noise()?);
            gan.discriminator_step(&x, &z)?;
            let z = gan.noise()?;
            gan.generator_step(&z).map(|_| ())
        },
        "D takes one step whatever k is: loop over 0..k",
    ),
    (
        |gan, k| {
            for _ in 0..k {
                let (x, z) = (gan.data()?, gan.noise()?);
                gan.discriminator_step(&x, &z)?;
            }
            Ok(())
        },
        "G never takes its step: after the loop draw z and call generator_step",
    ),
];

fn judge_03_3(learner: Round) -> Verdict {
    const NAME: &str = "03-3";
    let judged = || -> Result<Verdict> {
        // Not the Gaussian: standardised, its samples are the noise itself, and to mistake one for the other has no effect.
        let target = Target::humps();
        let start = Gan::new(GanConfig { seed: 7, batch: 32, target, ..GanConfig::default() })?;
        let places: Vec<f32> = (-8..=24).map(|i| i as f32 / 2.0).collect();
        let look = |gan: &Gan| -> Result<(Vec<f32>, Vec<f32>)> {
            Ok((gan.raw_samples(20, 0)?, gan.scores(&places)?))
        };
        // What the networks are after a round, by this program.
        let after = |round: Round, k: usize| -> Result<(Vec<f32>, Vec<f32>)> {
            let mut gan = start.clone();
            round(&mut gan, k)?;
            look(&gan)
        };
        for k in [3, 1, 2] {
            let begun = start.clone();
            let case = format!("with k = {k}");
            let round = move || {
                let mut gan = begun;
                learner(&mut gan, k).map(|()| gan)
            };
            let found = match answer(&case, round) {
                Ok(gan) => look(&gan)?,
                Err(text) => return Ok(Verdict::failed(NAME, text)),
            };
            let mut right = RIGHT.iter().map(|round| after(*round, k)).collect::<Result<Vec<_>>>()?;
            if right.contains(&found) {
                continue;
            }
            let (begin, right) = (look(&start)?, right.swap_remove(0));
            let mut hint = match (found.0 == begin.0, found.1 == begin.1) {
                (true, true) => "neither player has moved: call discriminator_step and generator_step",
                (false, true) => "D never takes a step: call discriminator_step in a loop over 0..k",
                _ => "compare line by line with section 2, k times 1 to 3 and then line 4",
            };
            for (round, text) in WRONG {
                if after(round, k)? == found {
                    hint = text;
                    break;
                }
            }
            let at = |state: &(Vec<f32>, Vec<f32>)| shown(f64::from(state.1[places.len() / 2]));
            let message = format!(
                "{case} expected D(4) = {} and G's first sample {}, got {} and {}. Hint: {hint}.",
                at(&right),
                shown(f64::from(right.0[0])),
                at(&found),
                shown(f64::from(found.0[0])),
            );
            return Ok(Verdict::failed(NAME, message).with(figure_03_3(learner, &start, k)?));
        }
        Ok(Verdict::passed(NAME, "the round of Algorithm 1 is right for k = 1, 2 and 3."))
    };
    judged().unwrap_or_else(|error| Verdict::failed(NAME, format!("the check itself failed: {error}.")))
}

/// D's scores and G's samples, in order: what a look at two players has on its axes.
type Seen = [Vec<(f64, f64)>; 2];

/// D's scores and G's map, both on the scale that the networks work in.
fn seen(d: &Mlp, g: &Mlp) -> Result<Seen> {
    let at: Vec<f32> = (-24..=24).map(|i| i as f32 / 8.0).collect();
    let batch = column(&crate::tensor::device()?, &at)?;
    let drawn = |y: Vec<f32>| at.iter().zip(y).map(|(&x, y)| (x.into(), y.into())).collect();
    let logits = values(&forward(d, batch.clone())?);
    let scores = logits.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect();
    Ok([drawn(scores), drawn(values(&forward(g, batch)?))])
}

/// The players after as few turns as show the difference; `right` and `yours` say what they are after so many.
fn players(
    what: impl Fn(usize) -> String,
    counts: [usize; 3],
    right: impl Fn(usize) -> Result<Seen>,
    yours: impl Fn(usize) -> Result<Seen>,
) -> Result<Option<Figure>> {
    const AXES: [[&str; 2]; 2] = [["x, standardised", "D(x)"], ["noise z", "G(z), standardised"]];
    let begun = right(0)?;
    for count in counts {
        let answers = right(count)?.into_iter().zip(answer("", || yours(count)).unwrap_or_default());
        let views = answers.zip(AXES).zip(&begun).zip(["D", "G"]);
        let views = views.map(|((((right, yours), axes), begun), player)| {
            let title = format!("{player} after {}", what(count));
            View::path(&title, axes, right, yours).guide("before", begun.clone())
        });
        // Of both players, if both show it, G.
        let views: Vec<View> = views.collect();
        if let Some(figure) = parting(views.into_iter().rev()) {
            return Ok(Some(figure));
        }
    }
    Ok(None)
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn figure_03_3(learner: Round, start: &Gan, k: usize) -> Result<Option<Figure>> {
    let after = |round: Round, rounds: usize| {
        let mut gan = start.clone();
        (0..rounds).try_for_each(|_| round(&mut gan, k))?;
        seen(gan.discriminator(), gan.generator())
    };
    let what = |rounds| format!("{}, k = {k}", many(rounds, "round"));
    players(what, [1, 10, 100], |rounds| after(RIGHT[0], rounds), |rounds| after(learner, rounds))
}

fn judge_03_4(learner: fn(&[f32], &[f32]) -> f32) -> Verdict {
    const NAME: &str = "03-4";
    // The last case is a collapsed generator with the right mean: theory says sd·√(2/π).
    let normal: Vec<f32> = Noise::new(3).normal(20_000).iter().map(|z| 4.0 + 1.25 * z).collect();
    let collapsed = vec![4.0; normal.len()];
    let cases: [(&str, &[f32], &[f32]); 5] = [
        ("for a = [0, 10], b = [1, 13]", &[0.0, 10.0], &[1.0, 13.0]),
        ("for a = [6, 1, 8], b = [2, 9, 3]", &[6.0, 1.0, 8.0], &[2.0, 9.0, 3.0]),
        ("for a = [0, 4], b = [1, 3]", &[0.0, 4.0], &[1.0, 3.0]),
        // Sorted as whole numbers, or by size without sign, they pair otherwise.
        (
            "for a = [−3.5, 0.25, 2, −0.5], b = [0.75, −4, −1, −0.125]",
            &[-3.5, 0.25, 2.0, -0.5],
            &[0.75, -4.0, -1.0, -0.125],
        ),
        ("for samples of N(4, 1.25²) and a generator that always says 4", &normal, &collapsed),
    ];
    for (case, a, b) in cases {
        let sorted = |values: &[f32]| {
            let mut values: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let plain = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        let (sorted_a, sorted_b) = (sorted(a), sorted(b));
        let n = a.len() as f64;
        let total =
            |a: &[f64], b: &[f64], f: fn(f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - b)).sum::<f64>();
        let expected = total(&sorted_a, &sorted_b, f64::abs) / n;
        let (owned_a, owned_b) = (a.to_vec(), b.to_vec());
        let actual = match attempt(move || learner(&owned_a, &owned_b)) {
            Ok(actual) => f64::from(actual),
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        // Sums of 20,000 numbers in f32 lose digits.
        let close = |value: f64| (actual - value).abs() <= 1e-3 * value.abs().max(1e-3);
        if close(expected) {
            continue;
        }
        let (plain_a, plain_b) = (plain(a), plain(b));
        let of_means = total(&plain_a, &plain_b, |d| d) / n;
        let mistakes = [
            (expected * n, "this is the sum: divide by the number of samples"),
            (
                total(&sorted_a, &sorted_b, |d| d * d).sqrt() / n.sqrt(),
                "this is the root of mean squares, W₂: take |a − b|, not (a − b)²",
            ),
            (
                total(&sorted_a, &sorted_b, |d| d * d) / n,
                "this is the mean of squares: take |a − b|, not (a − b)²",
            ),
            (
                total(&plain_a, &plain_b, f64::abs) / n,
                "the samples are compared in the order they came: sort both first",
            ),
            (total(&sorted_a, &plain_b, f64::abs) / n, "only a is sorted: sort both"),
            (total(&plain_a, &sorted_b, f64::abs) / n, "only b is sorted: sort both"),
            (
                of_means,
                "positive and negative differences cancel: take the absolute value of each before you add",
            ),
            (
                -of_means,
                "positive and negative differences cancel: take the absolute value of each before you add",
            ),
            (
                of_means.abs(),
                "this is the distance of the means: take the absolute value of each difference before you add",
            ),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| close(*value)) {
            Some((_, hint)) => hint,
            None => "sort both, and average |a − b| over the pairs",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure_03_4(learner));
    }
    Verdict::passed(
        NAME,
        "W₁ is right; it finds a generator that always says 4 one unit off, though its mean is perfect.",
    )
}

/// W₁ of a sample and one of another spread, and of another place.
fn figure_03_4(learner: fn(&[f32], &[f32]) -> f32) -> Option<Figure> {
    let (a, b) = (Noise::new(31).normal(200), Noise::new(32).normal(200));
    let axes = |x| [x, "distance"];
    let moved = |by: fn(f32, f32) -> f32, t: f64| b.iter().map(|&b| by(b, t as f32)).collect::<Vec<f32>>();
    let view = |title: &str, x, places: &[f64], by: fn(f32, f32) -> f32| {
        let right = |t| crate::metrics::w1(&a, &moved(by, t)).unwrap_or(f64::NAN);
        View::over(title, axes(x), places, right, |t| f64::from(learner(&a, &moved(by, t))))
    };
    parting([
        view("200 samples of N(0, 1) and 200 of N(0, σ²)", "σ", &places(0.0, 3.0, 31), |b, t| b * t),
        view("200 samples of N(0, 1) and 200 of N(μ, 1)", "μ", &places(-3.0, 3.0, 31), |b, t| b + t),
    ])
}

#[cfg(test)]
mod tests;
