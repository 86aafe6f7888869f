//! Exercise 07-2, of the bug museum: a softmax before the auxiliary classifier's loss, which has one of its own.

use dfdx::prelude::{AsArray, Backward, Trace};

use crate::Result;
use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, answer, shown};
use crate::loss::{binary_cross_entropy, softmax};
use crate::show::Figure;
use crate::tensor::{Traced, TracedBatch, column, device, tensor, values};

/// (D's logit of real or fake `(B, 1)`, its ten class logits `(B, 10)`, the target of the first, classes) to D's loss.
type Loss = fn(TracedBatch<1>, TracedBatch<10>, f32, &[usize]) -> Result<Traced>;

/// Checks exercise 07-2: cross-entropy of real or fake plus cross-entropy of the class, both of logits.
pub fn check_07_2(loss: Loss) -> Verdict {
    judge(loss).printed()
}

/// A batch: logits of real or fake, class logits row by row, target, classes.
struct Case {
    name: &'static str,
    source: Vec<f32>,
    logits: Vec<f32>,
    target: f32,
    classes: Vec<usize>,
}

/// Ten logits that are 0 but for these.
fn ten(set: &[(usize, f32)]) -> Vec<f32> {
    (0..10).map(|k| set.iter().find(|(at, _)| *at == k).map_or(0.0, |(_, z)| *z)).collect()
}

fn cases() -> [Case; 3] {
    [
        Case {
            name: "for one image, logit 0.5 of being real and 20 for its class, 0 for the nine others,",
            source: vec![0.5],
            logits: ten(&[(3, 20.0)]),
            target: 1.0,
            classes: vec![3],
        },
        Case {
            name: "for two fakes",
            source: vec![1.5, -0.5],
            logits: [ten(&[(0, 1.0), (4, -2.0)]), ten(&[(9, 0.5), (1, 2.0)])].concat(),
            target: 0.0,
            classes: vec![4, 9],
        },
        Case {
            name: "for two images of which D is sure",
            source: vec![30.0, -40.0],
            logits: [ten(&[(2, 60.0)]), ten(&[(7, -50.0)])].concat(),
            target: 1.0,
            classes: vec![2, 0],
        },
    ]
}

/// The mean over a case's images of what is made of each: logit of real or fake, ten class logits, class.
fn mean(case: &Case, of: impl Fn(f64, &[f64], usize) -> f64) -> f64 {
    let rows = case.logits.chunks(10).map(|row| row.iter().map(|&z| f64::from(z)).collect::<Vec<_>>());
    let all = case.source.iter().zip(rows).zip(&case.classes);
    all.map(|((&s, row), &class)| of(f64::from(s), &row, class)).sum::<f64>() / case.source.len() as f64
}

/// -ln softmax(z) at the class, also where that rounds to 0.
fn surprise(z: &[f64], class: usize) -> f64 {
    let largest = z.iter().copied().fold(f64::MIN, f64::max);
    largest + z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln() - z[class]
}

fn probabilities(z: &[f64]) -> Vec<f64> {
    softmax(z).unwrap_or_default()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn right(case: &Case) -> f64 {
    let y = f64::from(case.target);
    mean(case, |s, z, class| binary_cross_entropy(s, y) + surprise(z, class))
}

/// The learner's loss, and its slopes by the logit of real or fake and by the class logits.
fn asked(learner: Loss, case: &Case) -> Result<(f64, [Vec<f32>; 2])> {
    let dev = device()?;
    let source = column(&dev, &case.source)?;
    let logits = tensor(&dev, case.logits.clone(), (case.source.len(), dfdx::prelude::Const::<10>))?;
    let loss = learner(source.leaky_trace(), logits.leaky_trace(), case.target, &case.classes)?;
    let value = f64::from(loss.array());
    let mut gradients = loss.backward();
    let failed =
        |cause| crate::Error::new("read a gradient").actual(format!("{cause:?}")).next("free some memory");
    gradients.try_alloc_for(&source).map_err(failed)?;
    gradients.try_alloc_for(&logits).map_err(failed)?;
    Ok((value, [values(&gradients.get(&source)), values(&gradients.get(&logits))]))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 + 1e-4 * b.abs()
}

pub(super) fn judge(learner: Loss) -> Verdict {
    const NAME: &str = "07-2";
    for case in cases() {
        let (found, slopes) = match answer(case.name, || asked(learner, &case)) {
            Ok(answer) => answer,
            Err(text) => return Verdict::failed(NAME, text),
        };
        let (name, y) = (case.name, f64::from(case.target));
        let expected = right(&case);
        if !close(found, expected) {
            let e = std::f64::consts::E;
            let signature = format!(
                "a softmax stands before a loss that has one of its own. The signature: with ten classes this part lies \
                 between {} and {} whatever D says, so it stops falling while D names every class; and G's gradient \
                 passes a softmax that is flat just where D is sure. Give the loss the logits",
                shown((1.0 + 9.0 / e).ln()),
                shown((e + 9.0).ln())
            );
            let of_source = |s: f64| binary_cross_entropy(s, y);
            let mistakes = [
                (mean(&case, |s, z, c| of_source(s) + surprise(&probabilities(z), c)), signature.as_str()),
                (
                    mean(&case, |s, z, c| of_source(sigmoid(s)) + surprise(z, c)),
                    "a sigmoid stands before the cross-entropy of real or fake, which takes a logit",
                ),
                (
                    mean(&case, |s, z, c| of_source(sigmoid(s)) + surprise(&probabilities(z), c)),
                    "sigmoid and softmax stand before losses that have their own: give both the logits",
                ),
                (
                    mean(&case, |s, _, _| of_source(s)),
                    "the class's part is missing: nobody asks which class it is",
                ),
                (
                    mean(&case, |_, z, c| surprise(z, c)),
                    "the part of real or fake is missing: nobody asks for real images",
                ),
                (
                    mean(&case, |s, z, c| of_source(s) - surprise(z, c)),
                    "the class's part is subtracted: D would learn to name every class but the right one",
                ),
                (
                    mean(&case, |s, z, c| 0.5 * (of_source(s) + surprise(z, c))),
                    "this is half of the sum: both parts have weight 1",
                ),
                (
                    mean(&case, |s, z, c| of_source(s) - probabilities(z)[c]),
                    "this is −q of the class, the logarithm is missing",
                ),
                (
                    mean(&case, |s, z, c| of_source(s) + surprise(z, c)) * case.source.len() as f64,
                    "these are sums over the images: take means",
                ),
                (
                    mean(&case, |s, z, c| binary_cross_entropy(s, 1.0 - y) + surprise(z, c)),
                    "the target of real or fake is turned round",
                ),
            ];
            let hint = mistakes.into_iter().find(|(value, _)| close(found, *value)).map(|(_, hint)| hint);
            let hint = hint.unwrap_or(
                "not recognised; binary cross-entropy of the first logit, plus −ln softmax of the others at the class",
            );
            let (expected, found) = (shown(expected), shown(found));
            let message = format!("{name} expected {expected}, got {found}. Hint: {hint}.");
            return Verdict::failed(NAME, message).with(figure(learner));
        }
        let count = case.source.len() as f64;
        let near = |found: &[f32], expected: Vec<f64>| {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(&a, b)| (f64::from(a) - b).abs() <= 1e-5)
        };
        let of_source = case.source.iter().map(|&s| (sigmoid(f64::from(s)) - y) / count).collect();
        let rows = case.logits.chunks(10).zip(&case.classes);
        let of_class = rows.flat_map(|(row, &class)| {
            let q = probabilities(&row.iter().map(|&z| f64::from(z)).collect::<Vec<_>>());
            (0..10).map(move |k| (q[k] - f64::from(u8::from(k == class))) / count).collect::<Vec<_>>()
        });
        if !near(&slopes[0], of_source) || !near(&slopes[1], of_class.collect()) {
            let text = "the value is right, but a gradient isn't. Hint: a part of the loss has lost its tape: compute it from \
                        the traced logits";
            return Verdict::failed(NAME, format!("{name} {text}.")).with(figure(learner));
        }
    }
    Verdict::passed(
        NAME,
        "both parts take logits: a D that is sure and right has a loss near 0, and teaches until then.",
    )
}

/// The loss and its slopes over one logit.
fn figure(learner: Loss) -> Option<Figure> {
    // Two images alike, so that a sum is not a mean.
    let of_both = |s: f64, z: f64| Case {
        name: "",
        source: vec![s as f32; 2],
        logits: ten(&[(0, z as f32)]).repeat(2),
        target: 1.0,
        classes: vec![0; 2],
    };
    let of_class = |z: f64| of_both(0.0, z);
    let of_source = |s: f64| of_both(s, 2.0);
    let view = |title: &str, axes: [&str; 2], right: &dyn Fn(f64) -> f64, yours: &dyn Fn(f64) -> f64| {
        View::over(title, axes, &places(-8.0, 20.0, 57), right, yours)
    };
    let value = |case: Case| asked(learner, &case).map_or(f64::NAN, |(value, _)| value);
    let slope = |case: Case| asked(learner, &case).map_or(f64::NAN, |(_, slopes)| f64::from(slopes[1][0]));
    let class = ["logit of the right class, the others 0", "D's loss [nats]"];
    parting([
        view("D's loss by the class's logit", class, &|z| right(&of_class(z)), &|z| value(of_class(z))),
        view(
            "D's loss by the logit of being real",
            ["logit of being real", "D's loss [nats]"],
            &|s| right(&of_source(s)),
            &|s| value(of_source(s)),
        ),
        view(
            "Slope by the class's logit",
            ["logit of the right class, the others 0", "slope"],
            &|z| {
                probabilities(&ten(&[(0, z as f32)]).iter().map(|&z| f64::from(z)).collect::<Vec<_>>())[0]
                    - 1.0
            },
            &|z| slope(of_class(z)),
        ),
    ])
}
