//! Exercise 04-1: over whose samples the mean is taken.

use std::panic::AssertUnwindSafe;

use crate::Result;
use crate::data::Density;
use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, agrees, attempt, shown};
use crate::show::Figure;
use crate::tensor::Noise;

/// The logarithm of a density at a place.
type Log<'a> = &'a dyn Fn(f64) -> f64;
/// (samples of p, samples of q, ln p, ln q) to the estimate.
type Divergence = fn(&[f64], &[f64], Log<'_>, Log<'_>) -> f64;

/// Checks exercise 04-1: the mean of ln p - ln q over samples of p.
///
/// ```
/// use gan_course::homework::check_04_1;
/// let verdict = check_04_1(|of_p, _, log_p, _| of_p.iter().map(|&x| log_p(x)).sum::<f64>() / of_p.len() as f64);
/// assert!(!verdict.passed && verdict.message.contains("ln q is missing"));
/// ```
pub fn check_04_1(kl: Divergence) -> Verdict {
    judge(kl).printed()
}

fn over(samples: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    samples.iter().map(|&x| of(x)).sum::<f64>() / samples.len() as f64
}

pub(super) fn right(of_p: &[f64], _: &[f64], log_p: Log<'_>, log_q: Log<'_>) -> f64 {
    over(of_p, |x| log_p(x) - log_q(x))
}

const WRONG: [(Divergence, &str); 7] = [
    (|_, of_q, p, q| over(of_q, |x| p(x) - q(x)), ""),
    (
        |_, of_q, p, q| over(of_q, |x| q(x) - p(x)),
        "this is KL(q‖p): both the samples and the two logarithms are exchanged",
    ),
    (
        |of_p, _, p, q| over(of_p, |x| q(x) - p(x)),
        "the sign is turned: it is ln p − ln q, the one whose samples they are first",
    ),
    (
        |of_p, of_q, p, q| over(of_p, p) - over(of_q, q),
        "each logarithm is averaged over its own samples: that is a difference of entropies. Both stand under the one E over p",
    ),
    (|of_p, _, p, _| over(of_p, p), "ln q is missing: this is minus the entropy of p"),
    (
        |of_p, _, p, q| over(of_p, |x| p(x) - q(x)) * of_p.len() as f64,
        "this is the sum over the samples: take the mean",
    ),
    (
        |of_p, _, p, q| over(of_p, |x| p(x).exp() * (p(x) - q(x))),
        "p(x) is counted twice: that the samples are drawn from p is its weight already",
    ),
];

/// Two densities and samples of both.
struct Case {
    name: &'static str,
    p: Density,
    q: Density,
    of_p: Vec<f64>,
    of_q: Vec<f64>,
}

impl Case {
    fn drawn(name: &'static str, [p, q]: [(f64, f64); 2], seed: u64, count: usize) -> Result<Self> {
        let [p, q] = [Density::gaussian(p.0, p.1)?, Density::gaussian(q.0, q.1)?];
        let mut noise = Noise::new(seed);
        let mut draw = |of: &Density| of.sample(&mut noise, count).into_iter().map(f64::from).collect();
        Ok(Self { name, of_p: draw(&p), of_q: draw(&q), p, q })
    }

    fn ask(&self, of: Divergence) -> f64 {
        of(&self.of_p, &self.of_q, &|x| self.p.log_density(x), &|x| self.q.log_density(x))
    }
}

pub(super) fn judge(learner: Divergence) -> Verdict {
    const NAME: &str = "04-1";
    let cases = || -> Result<[Case; 3]> {
        Ok([
            Case::drawn(
                "for 1,000 samples each of p = N(0, 1) and q = N(1, 1)",
                [(0.0, 1.0), (1.0, 1.0)],
                41,
                1_000,
            )?,
            Case::drawn(
                "for 500 samples each of p = N(2, 0.5) and q = N(0, 2)",
                [(2.0, 0.5), (0.0, 2.0)],
                42,
                500,
            )?,
            Case::drawn(
                "for one sample each of p = N(0, 2) and q = N(0, 1)",
                [(0.0, 2.0), (0.0, 1.0)],
                43,
                1,
            )?,
        ])
    };
    let cases = match cases() {
        Ok(cases) => cases,
        Err(error) => return Verdict::failed(NAME, format!("{error}")),
    };
    for case in &cases {
        let found = match attempt(AssertUnwindSafe(|| case.ask(learner))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{} {panic}.", case.name)),
        };
        let expected = case.ask(right);
        if agrees(found, expected) {
            continue;
        }
        let hint = match WRONG.iter().find(|(wrong, _)| agrees(found, case.ask(*wrong))) {
            Some((_, "")) => signature(case),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.is_nan() => "a mean was taken of nothing".into(),
            None => "not recognised; the mean of log_p(x) − log_q(x) over the samples of p".into(),
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{} expected {expected}, got {found}. Hint: {hint}.", case.name);
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(NAME, "an estimate of KL(p‖q), by the samples of p.")
}

fn signature(case: &Case) -> String {
    format!(
        "the mean is taken over the samples of q. The signature: a negative answer, which no divergence is. It estimates −KL(q‖p), \
         here {}, as ln p − ln q is below 0 where q is the larger. Under the E of KL(p‖q) stands x from p",
        shown(case.ask(WRONG[0].0))
    )
}

/// KL from one standard normal to another further and further away.
fn figure(learner: Divergence) -> Option<Figure> {
    let at = |mean: f64, of: Divergence| -> f64 {
        Case::drawn("", [(0.0, 1.0), (mean, 1.5)], 44, 400).map_or(f64::NAN, |case| case.ask(of))
    };
    parting([View::over(
        "p = N(0, 1) and q = N(μ, 1.5), from 400 samples of each",
        ["μ", "estimate of KL(p‖q) [nats]"],
        &places(-3.0, 3.0, 31),
        |mean| at(mean, right),
        |mean| at(mean, learner),
    )])
}
