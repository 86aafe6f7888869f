//! Exercises 03-1 and 03-2: the players' losses, by value and by what their gradients reach.

use std::panic::AssertUnwindSafe;

use dfdx::prelude::{AsArray, Backward, Gradients, Trace};

use super::super::evidence::{View, parting, places};
use super::super::{Verdict, attempt, shown};
use crate::Result;
use crate::lessons::gan::{Gan, GanConfig, Mlp, cross_entropy, forward};
use crate::loss::binary_cross_entropy;
use crate::optim::{Optimizer, SgdConfig, gradient_norm};
use crate::show::Figure;
use crate::tensor::{Batch, Dev, Traced, values};

type DiscriminatorLoss = fn(&Mlp, &Mlp, Batch<1>, Batch<1>) -> Result<Traced>;
type GeneratorLoss = fn(&Mlp, &Mlp, Batch<1>) -> Result<Traced>;

/// Checks exercise 03-1: -mean ln D(x) - mean ln(1 - D(G(z))), whose gradient reaches D and not G.
pub fn check_03_1(discriminator_loss: DiscriminatorLoss) -> Verdict {
    judge_03_1(discriminator_loss).printed()
}

/// Checks exercise 03-2: -mean ln D(G(z)), whose gradient reaches G.
pub fn check_03_2(generator_loss: GeneratorLoss) -> Verdict {
    judge_03_2(generator_loss).printed()
}

/// Two players with a batch of data and of noise.
#[derive(Clone)]
struct Case {
    name: &'static str,
    d: Mlp,
    g: Mlp,
    x: Batch<1>,
    z: Batch<1>,
}

impl Case {
    /// Networks after a few steps of D, and the same G with a D of much larger logits.
    fn all() -> Result<[Self; 2]> {
        let mut gan = Gan::new(GanConfig { seed: 11, batch: 64, ..GanConfig::default() })?;
        for _ in 0..30 {
            let (x, z) = (gan.data()?, gan.noise()?);
            gan.discriminator_step(&x, &z)?;
        }
        let (x, z) = (gan.data()?, gan.noise()?);
        let (d, g) = (gan.discriminator().clone(), gan.generator().clone());
        // A D of much larger logits, which lie about -120 on G's samples and 240 apart on the data: there σ rounds to 0
        // or 1 in f32, and its logarithm is lost.
        let logits = |batch: Batch<1>| Ok::<_, crate::Error>(values(&forward(&d, batch)?));
        let (real, fake) = (logits(x.clone())?, logits(forward(&g, z.clone())?)?);
        let ends = real.iter().fold((f32::MAX, f32::MIN), |(low, high), &s| (low.min(s), high.max(s)));
        let factor = 240.0 / (ends.1 - ends.0);
        let shift = -120.0 - factor * fake.iter().sum::<f32>() / fake.len() as f32;
        let first = Self { name: "for networks near their beginning", d, g, x, z };
        let mut second = first.stretched(factor, shift);
        second.name = "for a D that is sure of itself (logits beyond ±100)";
        Ok([first, second])
    }

    /// The same with other logits of D.
    fn stretched(&self, factor: f32, shift: f32) -> Self {
        let mut case = self.clone();
        (case.d.4.weight, case.d.4.bias) =
            (case.d.4.weight.clone() * factor, case.d.4.bias.clone() * factor + shift);
        case
    }

    /// D's logits of x and of G(z).
    fn logits(&self) -> Result<(Vec<f64>, Vec<f64>)> {
        let wide = |batch: Batch<1>| values(&batch).into_iter().map(f64::from).collect::<Vec<_>>();
        let fake = forward(&self.g, self.z.clone())?;
        Ok((wide(forward(&self.d, self.x.clone())?), wide(forward(&self.d, fake)?)))
    }

    /// Mean D(G(z)) after a small step of G against these gradients.
    fn score_after(&self, gradients: &mut Gradients<f32, Dev>, length: f32) -> Result<f64> {
        let mut g = self.g.clone();
        let rate = f64::from(0.05 / length.max(1e-12));
        Optimizer::new(SgdConfig { rate, ..SgdConfig::default() }, &g)?.update(&mut g, gradients)?;
        let fake = forward(&g, self.z.clone())?;
        Ok(mean(&values(&forward(&self.d, fake)?), |s| sigmoid(f64::from(*s))))
    }
}

/// A loss and what comes of it as D's logits are stretched, and the first of these in which the learner's is another.
fn figure(
    case: &Case,
    player: &str,
    right: impl Fn(&Case) -> Result<Traced>,
    yours: impl Fn(&Case) -> Result<Traced>,
) -> Option<Figure> {
    type Look = fn(&Case, &mut Answer) -> Result<f64>;
    let looks: [(String, Look); 4] = [
        (format!("{player}'s loss [nats]"), |_, answer| Ok(answer.value)),
        ("length of G's gradient".into(), |_, answer| Ok(answer.of_g.into())),
        ("length of D's gradient".into(), |_, answer| Ok(answer.of_d.into())),
        ("mean D(G(z)) after a small step of G".into(), |case, answer| {
            case.score_after(&mut answer.gradients, answer.of_g)
        }),
    ];
    let looks = if player == "D" { &looks[..3] } else { &looks[..] };
    // The learner's loss near the beginning first, then where σ rounds.
    let ends = [4.0, 100.0].into_iter().flat_map(|end| looks.iter().map(move |look| (end, look)));
    ends.into_iter().find_map(|(end, (y, look))| {
        let of = |loss: &dyn Fn(&Case) -> Result<Traced>, factor: f64| {
            let case = case.stretched(factor as f32, 0.0);
            let loss = loss(&case).map_err(|error| error.to_string());
            let mut found = loss.and_then(|loss| answer(&case, || Ok(loss))).ok()?;
            look(&case, &mut found).ok()
        };
        let view = View::over(
            &format!("As D grows surer: {y}"),
            ["D's logits, times", y],
            &places(0.0, end, 41),
            |factor| of(&right, factor).unwrap_or(f64::NAN),
            |factor| of(&yours, factor).unwrap_or(f64::NAN),
        );
        parting([view])
    })
}

/// A loss as the learner computes it: its value, and its gradients' lengths for D and G.
struct Answer {
    value: f64,
    of_d: f32,
    of_g: f32,
    gradients: Gradients<f32, Dev>,
}

/// Runs the learner's code; what goes wrong becomes its message.
fn answer(case: &Case, learner: impl FnOnce() -> Result<Traced>) -> Result<Answer, String> {
    let loss = attempt(AssertUnwindSafe(learner)).map_err(|panic| format!("{} {panic}", case.name))?;
    let failed = |error| format!("{} your code returned an error: {error}", case.name);
    let loss = loss.map_err(failed)?;
    let value = f64::from(loss.array());
    let mut gradients = loss.backward();
    let of_d = gradient_norm(&case.d, &mut gradients).map_err(failed)?;
    let of_g = gradient_norm(&case.g, &mut gradients).map_err(failed)?;
    Ok(Answer { value, of_d, of_g, gradients })
}

pub(super) fn judge_03_1(learner: DiscriminatorLoss) -> Verdict {
    const NAME: &str = "03-1";
    let drawn = |case: &Case| {
        let right = |case: &Case| right_03_1(&case.d, &case.g, case.x.clone(), case.z.clone());
        figure(case, "D", right, |case| learner(&case.d, &case.g, case.x.clone(), case.z.clone()))
    };
    let judged = || -> Result<Verdict> {
        for case in Case::all()? {
            let (d, g, x, z) = (case.d.clone(), case.g.clone(), case.x.clone(), case.z.clone());
            let answer = match answer(&case, move || learner(&d, &g, x, z)) {
                Ok(answer) => answer,
                Err(message) => return Ok(Verdict::failed(NAME, format!("{message}."))),
            };
            let (real, fake) = case.logits()?;
            let bce = |logits: &[f64], y: f64| mean(logits, |&s| binary_cross_entropy(s, y));
            let expected = bce(&real, 1.0) + bce(&fake, 0.0);
            if !close(answer.value, expected) {
                let twice = |logits: &[f64], y: f64| mean(logits, |&s| binary_cross_entropy(sigmoid(s), y));
                let mistakes = [
                    (bce(&real, 0.0) + bce(&fake, 1.0), "the labels are swapped: real is 1, fake is 0"),
                    (bce(&real, 1.0) + bce(&fake, 1.0), "both targets are 1: the fake samples' is 0"),
                    (bce(&real, 0.0) + bce(&fake, 0.0), "both targets are 0: the real samples' is 1"),
                    (-expected, "the sign is V's: the loss is −V"),
                    (expected / 2.0, "this is half the loss: add the two means, don't average them"),
                    (
                        twice(&real, 1.0) + twice(&fake, 0.0),
                        "σ is applied twice: cross_entropy takes logits, not probabilities (this loss never falls below 0.31 + 0.69)",
                    ),
                    (expected * real.len() as f64, "this is the sum over the samples: take means"),
                    (bce(&real, 1.0), "the term of the fake samples is missing"),
                    (bce(&fake, 0.0), "the term of the real samples is missing"),
                ];
                return Ok(wrong(
                    NAME,
                    case.name,
                    expected,
                    answer.value,
                    &mistakes,
                    "−V = cross_entropy(D's logits of x, 1) + cross_entropy(D's logits of G(z), 0)",
                )
                .with(drawn(&case)));
            }
            if answer.of_g != 0.0 {
                let length = shown(answer.of_g.into());
                return Ok(Verdict::failed(
                    NAME,
                    format!(
                        "{} the value {} is right, but G's weights get a gradient of length {length}, expected 0. Hint: \
                         the tape runs through G (a missing detach): call forward(g, z) without a tape, and start it \
                         with leaky_trace() on the samples.",
                        case.name,
                        shown(expected),
                    ),
                )
                .with(drawn(&case)));
            }
            let right = right_03_1(&case.d, &case.g, case.x.clone(), case.z.clone())?;
            let expected = gradient_norm(&case.d, &mut right.backward())?;
            if !close(answer.of_d.into(), expected.into()) {
                return Ok(off(NAME, case.name, "D", expected, answer.of_d).with(drawn(&case)));
            }
        }
        Ok(Verdict::passed(NAME, "the value is −V, its gradient reaches every weight of D and none of G."))
    };
    judged().unwrap_or_else(|error| Verdict::failed(NAME, format!("the check itself failed: {error}.")))
}

/// −V, without a tape through G.
fn right_03_1(d: &Mlp, g: &Mlp, x: Batch<1>, z: Batch<1>) -> Result<Traced> {
    let fake = forward(g, z)?.leaky_trace();
    Ok(cross_entropy(forward(d, x.leaky_trace())?, 1.0)? + cross_entropy(forward(d, fake)?, 0.0)?)
}

/// −mean ln D(G(z)).
fn right_03_2(d: &Mlp, g: &Mlp, z: Batch<1>) -> Result<Traced> {
    cross_entropy(forward(d, forward(g, z.leaky_trace())?)?, 1.0)
}

pub(super) fn judge_03_2(learner: GeneratorLoss) -> Verdict {
    const NAME: &str = "03-2";
    let drawn = |case: &Case| {
        let right = |case: &Case| right_03_2(&case.d, &case.g, case.z.clone());
        figure(case, "G", right, |case| learner(&case.d, &case.g, case.z.clone()))
    };
    let judged = || -> Result<Verdict> {
        for case in Case::all()? {
            let (d, g, z) = (case.d.clone(), case.g.clone(), case.z.clone());
            let mut answer = match answer(&case, move || learner(&d, &g, z)) {
                Ok(answer) => answer,
                Err(message) => return Ok(Verdict::failed(NAME, format!("{message}."))),
            };
            let (_, fake) = case.logits()?;
            let expected = mean(&fake, |&s| binary_cross_entropy(s, 1.0));
            let before = mean(&fake, |&s| sigmoid(s));
            let after = case.score_after(&mut answer.gradients, answer.of_g)?;
            let moved = format!(
                "a small step against your gradient takes mean D(G(z)) from {} to {}",
                shown(before),
                shown(after)
            );
            if !close(answer.value, expected) {
                let other = mean(&fake, |&s| binary_cross_entropy(s, 0.0));
                let sign = format!("the sign: {moved}, so G would move away from the data");
                let target = if answer.of_g == 0.0 {
                    "the target is 0, that is D's wish: G wants its samples called real; and no gradient reaches G, so begin the tape at z".into()
                } else {
                    format!("the target is 0, that is D's wish: {moved}; G wants its samples called real")
                };
                let mistakes = [
                    (-expected, sign.as_str()),
                    (other, target.as_str()),
                    (
                        -other,
                        "this is the saturating form, ln(1 − D): right in direction, but flat where D rejects; take −ln D",
                    ),
                    (mean(&fake, |s| -s), "this is the linear form: take −ln σ of the logit"),
                    (
                        mean(&fake, |&s| binary_cross_entropy(sigmoid(s), 1.0)),
                        "σ is applied twice: cross_entropy takes logits, not probabilities (this loss never falls below 0.31)",
                    ),
                    (expected * fake.len() as f64, "this is the sum over the samples: take the mean"),
                    (-before, "this is −D(G(z)): the logarithm is missing"),
                ];
                return Ok(wrong(
                    NAME,
                    case.name,
                    expected,
                    answer.value,
                    &mistakes,
                    "−ln D(G(z)) is the cross-entropy with target 1",
                )
                .with(drawn(&case)));
            }
            if answer.of_g == 0.0 {
                let text = "the value is right, but no gradient reaches G, so it can't learn. Hint: start the tape at \
                            z, with z.leaky_trace(), and let it run through G and D";
                return Ok(Verdict::failed(NAME, format!("{} {text}.", case.name)).with(drawn(&case)));
            }
            if after < before {
                let text = format!(
                    "{} the value is right, but {moved}. Hint: its gradient points the wrong way",
                    case.name
                );
                return Ok(Verdict::failed(NAME, format!("{text}.")).with(drawn(&case)));
            }
            let right = right_03_2(&case.d, &case.g, case.z.clone())?;
            let expected = gradient_norm(&case.g, &mut right.backward())?;
            if !close(answer.of_g.into(), expected.into()) {
                return Ok(off(NAME, case.name, "G", expected, answer.of_g).with(drawn(&case)));
            }
        }
        Ok(Verdict::passed(
            NAME,
            "the value is −mean ln D(G(z)), and a step against its gradient raises D(G(z)).",
        ))
    };
    judged().unwrap_or_else(|error| Verdict::failed(NAME, format!("the check itself failed: {error}.")))
}

/// A wrong value: the mistake that gives this number, or what to compare with.
fn wrong(
    name: &'static str,
    case: &str,
    expected: f64,
    actual: f64,
    mistakes: &[(f64, &str)],
    other: &str,
) -> Verdict {
    let hint = match mistakes.iter().find(|(value, _)| close(actual, *value)) {
        Some((_, hint)) => hint,
        None if !actual.is_finite() => {
            "σ has rounded to 0 or 1, and its logarithm is infinite: use cross_entropy on logits"
        }
        None => other,
    };
    let (expected, actual) = (shown(expected), shown(actual));
    Verdict::failed(name, format!("{case} expected {expected}, got {actual}. Hint: {hint}."))
}

/// The right value with a wrong gradient.
fn off(name: &'static str, case: &str, player: &str, expected: f32, actual: f32) -> Verdict {
    let (expected, actual) = (shown(expected.into()), shown(actual.into()));
    Verdict::failed(
        name,
        format!(
            "{case} the value is right, but {player}'s gradient should have length {expected}, and has {actual}. Hint: a \
             part of the loss has no tape, or σ and ln were taken apart: cross_entropy on traced logits keeps the gradient."
        ),
    )
}

fn mean<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    values.iter().map(of).sum::<f64>() / values.len() as f64
}

fn sigmoid(s: f64) -> f64 {
    1.0 / (1.0 + (-s).exp())
}

/// Losses in f32 keep about six digits.
fn close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-5 + 1e-4 * expected.abs()
}
