//! The checks of lesson 02: the naive generator's loss, its training loop, and the log-density of a mixture.

use super::evidence::{View, parting, places};
use super::{Verdict, agrees, answer, attempt, shown};
use crate::Result;
use crate::data::{Density, Target};
use crate::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use crate::show::Figure;

/// Checks exercise 02-1: -mean ln p over a generator's samples.
///
/// ```
/// use gan_course::homework::check_02_1;
/// let verdict = check_02_1(|p, x| x.iter().map(|&x| p.log_density(x)).sum::<f64>() / x.len() as f64);
/// assert!(!verdict.passed && verdict.message.contains("run away"));
/// ```
pub fn check_02_1(loss: fn(&Density, &[f64]) -> f64) -> Verdict {
    judge_02_1(loss).printed()
}

/// Checks exercise 02-2: so many steps of a naive generator, each on fresh noise.
pub fn check_02_2(train: fn(&mut NaiveGenerator, usize) -> Result<()>) -> Verdict {
    judge_02_2(train).printed()
}

/// Checks exercise 02-3: ln Σ wₖ exp(lₖ) of weights and log-densities, where exp alone rounds to 0 or overflows too.
pub fn check_02_3(log_mixture: fn(&[f64], &[f64]) -> f64) -> Verdict {
    judge_02_3(log_mixture).printed()
}

fn judge_02_1(learner: fn(&Density, &[f64]) -> f64) -> Verdict {
    const NAME: &str = "02-1";
    let gaussian = Density::Gaussian { mean: 4.0, sd: 1.25 };
    let cases = [
        ("N(4, 1.25²)", Some(&gaussian), &[3.0, 4.0, 6.5][..]),
        ("two humps", Target::humps().density(), &[-2.0, 1.0, 2.5, -1.0]),
        ("N(4, 1.25²)", Some(&gaussian), &[-60.0, 4.0]), // p(-60) is 0 in floating point
    ]
    .map(|(name, density, samples)| (name, density.cloned().unwrap_or(gaussian.clone()), samples));
    for (name, density, samples) in cases {
        let count = samples.len() as f64;
        let sum_of = |f: &dyn Fn(f64) -> f64| samples.iter().map(|&x| f(x)).sum::<f64>();
        let sum = sum_of(&|x| density.log_density(x));
        let mean_density = sum_of(&|x| density.density(x)) / count;
        let expected = -sum / count;
        let case = format!("for {name} and the samples {samples:?}").replace('-', "−");
        let given = density.clone();
        let actual = match attempt(move || learner(&given, samples)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        let mistakes = [
            (
                -expected,
                "the minus sign is missing: descent would make the samples improbable, and they run away",
            ),
            (-sum, "this is the sum: divide by the number of samples, or the step grows with the batch"),
            (sum, "the minus sign and the division by the number of samples are missing"),
            (-mean_density, "the logarithm is missing: far from the mode the slope of p itself is almost 0"),
            (mean_density, "minus sign and logarithm are missing"),
            (-mean_density.ln(), "this is the logarithm of the mean: take the mean of the logarithms"),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| agrees(actual, *value)) {
            _ if !actual.is_finite() => {
                "p(−60) rounds to 0, and ln 0 is −∞: call `log_density`, which never forms p"
            }
            Some((_, hint)) => hint,
            None => "average `p.log_density(x)` over the samples and change the sign",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure_02_1(learner, &density));
    }
    Verdict::passed(NAME, "the loss is right on 3 batches, one with a sample far out.")
}

fn figure_02_1(learner: fn(&Density, &[f64]) -> f64, density: &Density) -> Option<Figure> {
    let axes = ["where the first sample lies", "loss [nats]"];
    let view = |title: &str, places: &[f64]| {
        let right = |x| -(density.log_density(x) + density.log_density(2.0)) / 2.0;
        View::over(title, axes, places, right, |x| learner(density, &[x, 2.0]))
    };
    parting([
        view("The loss of two samples, the second at 2", &places(-3.0, 9.0, 61)),
        view("The same far out, where p rounds to 0", &places(-60.0, 4.0, 65)),
    ])
}

fn judge_02_2(learner: fn(&mut NaiveGenerator, usize) -> Result<()>) -> Verdict {
    let verdicts = [3, 6].map(|steps| judge_steps(learner, steps));
    let [first, second] = verdicts;
    if first.passed { second } else { first }
}

type Loop = fn(&mut NaiveGenerator, usize) -> Result<()>;

/// Where G sends these places of the noise after the loop.
fn trained(train: Loop, count: usize, noise: &[f32]) -> Result<Vec<f32>> {
    let mut naive = NaiveGenerator::new(NaiveConfig { seed: 7, ..NaiveConfig::default() })?;
    train(&mut naive, count)?;
    naive.map(noise)
}

/// G after as few steps as show the difference.
fn figure_02_2(learner: Loop, fresh: Loop) -> Option<Figure> {
    let noise: Vec<f32> = (0..=40).map(|at| at as f32 / 40.0).collect();
    [3, 30, 300].into_iter().find_map(|count| {
        let right = trained(fresh, count, &noise).ok()?;
        let yours = answer("", || trained(learner, count, &noise)).unwrap_or_default();
        let drawn = |x: &[f32]| noise.iter().zip(x).map(|(&z, &x)| (z.into(), x.into())).collect();
        let title = format!("G after {count} steps");
        let view = View::path(&title, ["noise z", "sample G(z)"], drawn(&right), drawn(&yours));
        parting([view.guide("before", drawn(&trained(|_, _| Ok(()), 0, &noise).ok()?))])
    })
}

/// Whether two runs went the same way: their updates are of thousandths.
fn alike(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs().max(1.0))
}

fn judge_steps(learner: Loop, count: usize) -> Verdict {
    const NAME: &str = "02-2";
    // Where G sends a few places of the noise tells which updates it has had.
    let ends = |train: Loop| trained(train, count, &[0.0, 0.25, 0.5, 0.75, 1.0]);
    let actual = match answer(&format!("for {count} steps"), move || ends(learner)) {
        Ok(actual) => actual,
        Err(text) => return Verdict::failed(NAME, text),
    };
    let fresh: Loop = |naive, steps| {
        for _ in 0..steps {
            let z = naive.noise()?;
            naive.generator_step(&z)?;
        }
        Ok(())
    };
    let references: [(Loop, &str); 6] = [
        (fresh, ""),
        (
            |naive, steps| {
                let z = naive.noise()?;
                (0..steps).try_for_each(|_| naive.generator_step(&z).map(|_| ()))
            },
            "the noise was drawn once, before the loop: G then learns these few z by heart; draw z in every step",
        ),
        (|_, _| Ok(()), "nothing was updated: call generator_step"),
        (
            |naive, _| {
                let z = naive.noise()?;
                naive.generator_step(&z).map(|_| ())
            },
            "only one step was made: loop `for _ in 0..steps`",
        ),
        (
            |naive, steps| (0..steps.saturating_sub(1)).try_for_each(|_| naive.step().map(|_| ())),
            "one step is missing: `0..steps` has as many turns as steps",
        ),
        (
            |naive, steps| (0..=steps).try_for_each(|_| naive.step().map(|_| ())),
            "that is one step too many: `0..steps`, not `0..=steps`",
        ),
    ];
    for (reference, hint) in references {
        // The reference runs are those of the same seed: on the processor the same bits, on a GPU but for the order of sums.
        match ends(reference) {
            Ok(values) if alike(&values, &actual) && hint.is_empty() => {
                return Verdict::passed(NAME, "each of 3 steps, and each of 6, had fresh noise.");
            }
            Ok(values) if alike(&values, &actual) => {
                let message = format!("for {count} steps G is not where it should be. Hint: {hint}.");
                return Verdict::failed(NAME, message).with(figure_02_2(learner, fresh));
            }
            Ok(_) => {}
            Err(error) => return Verdict::failed(NAME, format!("the check itself failed: {error}.")),
        }
    }
    let hint = "in each step call noise once and generator_step once, on that noise";
    let message = format!("for {count} steps G is not where it should be. Hint: {hint}.");
    Verdict::failed(NAME, message).with(figure_02_2(learner, fresh))
}

fn judge_02_3(learner: fn(&[f64], &[f64]) -> f64) -> Verdict {
    const NAME: &str = "02-3";
    let cases: [(&[f64], &[f64]); 7] = [
        (&[0.5, 0.5], &[-1.0, -2.0]),
        (&[0.3, 0.7], &[-0.2, -3.0]),
        (&[0.2, 0.5, 0.3], &[-4.0, 0.5, -1.5]),
        (&[0.5, 0.5], &[-800.0, -802.0]), // exp rounds to 0
        (&[0.9, 0.1], &[750.0, 749.0]),   // exp overflows
        (&[0.3, 0.7], &[-800.0, 750.0]),  // only the largest may be taken out
        (&[0.3, 0.7], &[750.0, -800.0]),
    ];
    for (weights, logs) in cases {
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let of = |f: &dyn Fn(f64, f64) -> f64| weights.iter().zip(logs).map(|(&w, &l)| f(w, l)).sum::<f64>();
        let inner = of(&|w, l| w * (l - largest).exp()).ln();
        let expected = largest + inner;
        let case = format!("for weights {weights:?} and logarithms {logs:?}").replace('-', "−");
        let actual = match attempt(move || learner(weights, logs)) {
            Ok(actual) => actual,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        if agrees(actual, expected) {
            continue;
        }
        let mistakes = [
            (inner, "the largest logarithm was taken out, but not added back at the end"),
            (inner - largest, "the largest logarithm is subtracted at the end instead of added back"),
            (largest, "this is only the largest logarithm: the sum of the rest is missing"),
            (largest + of(&|_, l| (l - largest).exp()).ln(), "the weights are missing"),
            (of(&|w, l| w * l), "this is the mean of the logarithms: the logarithm stands outside the sum"),
            (
                of(&|w, l| w.ln() + l),
                "this is the logarithm of the product: components are added, not multiplied",
            ),
            (expected.exp(), "the logarithm of the sum is missing: this is p itself"),
        ];
        let hint = match mistakes.into_iter().find(|(value, _)| agrees(actual, *value)) {
            _ if !actual.is_finite() => {
                "exp has rounded to 0 or overflowed: subtract the largest logarithm first and add it back at the end"
            }
            Some((_, hint)) => hint,
            None => "with m the largest lₖ it is m + ln Σ wₖ exp(lₖ − m)",
        };
        let (expected, actual) = (shown(expected), shown(actual));
        let message = format!("{case} expected {expected}, got {actual}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure_02_3(learner));
    }
    Verdict::passed(NAME, "the mixture's logarithm is right, also where exp alone fails.")
}

fn figure_02_3(learner: fn(&[f64], &[f64]) -> f64) -> Option<Figure> {
    let weights = [0.3, 0.7];
    let view = |title: &str, places: &[f64], logs: fn(f64) -> [f64; 2]| {
        let right = |x| {
            let [a, b] = logs(x);
            a.max(b) + (0.3 * (a - a.max(b)).exp() + 0.7 * (b - a.max(b)).exp()).ln()
        };
        let axes = ["first logarithm l₁", "ln(0.3 e^l₁ + 0.7 e^l₂)"];
        View::over(title, axes, places, right, |x| learner(&weights, &logs(x)))
    };
    parting([
        view("Weights 0.3 and 0.7, l₂ = −1", &places(-6.0, 6.0, 61), |x| [x, -1.0]),
        view(
            "l₂ = −l₁, far apart: only the largest may be taken out",
            &places(-900.0, 900.0, 91),
            |x| [x, -x],
        ),
        view("l₂ = l₁ − 2, both far below 0 or above", &places(-900.0, 900.0, 91), |x| [x, x - 2.0]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(weights: &[f64], logs: &[f64], f: fn(f64, f64) -> f64) -> f64 {
        weights.iter().zip(logs).map(|(&w, &l)| f(w, l)).sum()
    }

    fn less(logs: &[f64], by: f64) -> Vec<f64> {
        logs.iter().map(|l| l - by).collect()
    }

    fn largest(logs: &[f64]) -> f64 {
        logs.iter().copied().fold(f64::MIN, f64::max)
    }

    fn mean(x: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        x.iter().map(|&x| f(x)).sum::<f64>() / x.len() as f64
    }

    #[test]
    fn right_answers_pass() {
        let fresh = judge_02_2(|naive, steps| {
            (0..steps).try_for_each(|_| {
                let z = naive.noise()?;
                naive.generator_step(&z).map(|_| ())
            })
        });
        let stable = judge_02_3(|w, l| {
            let terms: Vec<f64> = w.iter().zip(l).map(|(w, l)| w.ln() + l).collect();
            largest(&terms) + terms.iter().map(|t| (t - largest(&terms)).exp()).sum::<f64>().ln()
        });
        for verdict in [judge_02_1(|p, x| -mean(x, |x| p.log_density(x))), fresh, stable] {
            assert!(verdict.passed, "{verdict}");
        }
    }

    #[test]
    fn typical_mistakes_are_named() {
        let cases: [(Verdict, &str); 24] = [
            (judge_02_2(|naive, _| (0..6).try_for_each(|_| naive.step().map(|_| ()))), "for 3 steps"),
            (
                judge_02_3(|w, l| l[0] + sum(w, &less(l, l[0]), |w, l| w * l.exp()).ln()),
                "subtract the largest",
            ),
            (
                judge_02_3(|w, l| l[1] + sum(w, &less(l, l[1]), |w, l| w * l.exp()).ln()),
                "subtract the largest",
            ),
            (judge_02_1(|p, x| mean(x, |x| p.log_density(x))), "the minus sign is missing"),
            (judge_02_1(|p, x| -mean(x, |x| p.log_density(x)) * x.len() as f64), "this is the sum"),
            (judge_02_1(|p, x| -mean(x, |x| p.density(x))), "the logarithm is missing"),
            (judge_02_1(|p, x| -mean(x, |x| p.density(x)).ln()), "logarithm of the mean"),
            (judge_02_1(|p, x| -mean(x, |x| p.density(x).ln())), "got ∞. Hint: p(−60) rounds to 0"),
            (judge_02_1(|_, _| 0.0), "average `p.log_density(x)`"),
            (judge_02_1(|_, x| x[9]), "your code panicked: index out of bounds"),
            (
                judge_02_2(|naive, steps| {
                    let z = naive.noise()?;
                    for _ in 0..steps {
                        naive.generator_step(&z)?;
                    }
                    Ok(())
                }),
                "drawn once, before the loop",
            ),
            (judge_02_2(|_, _| Ok(())), "nothing was updated"),
            (judge_02_2(|naive, _| naive.step().map(|_| ())), "only one step"),
            (
                judge_02_2(|naive, steps| (1..steps).try_for_each(|_| naive.step().map(|_| ()))),
                "one step is missing",
            ),
            (
                judge_02_2(|naive, steps| (0..=steps).try_for_each(|_| naive.step().map(|_| ()))),
                "one step too many",
            ),
            (
                judge_02_2(|naive, steps| {
                    (0..steps).try_for_each(|_| {
                        naive.noise()?;
                        naive.step().map(|_| ())
                    })
                }),
                "call noise once",
            ),
            (judge_02_2(|_, _| Err(crate::Error::new("go on"))), "returned an error: cannot go on"),
            (judge_02_2(|_, _| panic!("no loop")), "your code panicked: no loop"),
            (judge_02_3(|w, l| sum(w, l, |w, l| w * l.exp()).ln()), "got −∞. Hint: exp has rounded to 0"),
            (judge_02_3(|w, l| sum(w, l, |w, l| w * l)), "mean of the logarithms"),
            (judge_02_3(|w, l| sum(w, l, |w, l| w * l.exp())), "this is p itself"),
            (
                judge_02_3(|w, l| largest(l) + sum(w, l, |_, l| l.exp()).ln() - largest(l)),
                "the weights are missing",
            ),
            (
                judge_02_3(|w, l| w.iter().zip(l).map(|(w, t)| w * (t - largest(l)).exp()).sum::<f64>().ln()),
                "not added back",
            ),
            (judge_02_3(|_, _| f64::NAN), "got NaN"),
        ];
        for (verdict, part) in cases {
            crate::homework::evidence::named(&verdict, part);
        }
    }
}
