//! Exercise 06-1: the spherical way between two vectors.

use std::panic::AssertUnwindSafe;

use super::{close, combined, dot, listed};
use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, attempt};
use crate::show::Figure;
use crate::tensor::Noise;

/// (a, b, t) to the point on the way.
type Way = fn(&[f32], &[f32], f32) -> Vec<f32>;

/// Checks exercise 06-1: (sin((1-t)θ) a + sin(tθ) b) / sin θ.
///
/// ```
/// use gan_course::homework::check_06_1;
/// let straight = |a: &[f32], b: &[f32], t: f32| a.iter().zip(b).map(|(a, b)| (1.0 - t) * a + t * b).collect();
/// let verdict = check_06_1(straight);
/// assert!(!verdict.passed && verdict.message.contains("this is the straight way"));
/// ```
pub fn check_06_1(way: Way) -> Verdict {
    judge(way).printed()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).clamp(-1.0, 1.0)
}

pub(super) fn right(a: &[f32], b: &[f32], t: f32) -> Vec<f32> {
    let (angle, t) = (cosine(a, b).acos(), f64::from(t));
    if angle.sin() < 1e-3 {
        return combined(a, 1.0 - t, b, t);
    }
    let weight = |share: f64| (share * angle).sin() / angle.sin();
    combined(a, weight(1.0 - t), b, weight(t))
}

const WRONG: [(Way, &str); 6] = [
    (
        |a, b, t| combined(a, 1.0 - f64::from(t), b, f64::from(t)),
        "this is the straight way (lerp): weigh with sin((1−t)θ)/sin θ and sin(tθ)/sin θ",
    ),
    (|a, b, t| right(b, a, t), "a and b are exchanged: at t = 0 it must be a"),
    (
        |a, b, t| {
            let (angle, t) = (cosine(a, b).acos(), f64::from(t));
            combined(a, ((1.0 - t) * angle).sin(), b, (t * angle).sin())
        },
        "the weights aren't divided by sin θ",
    ),
    (
        |a, b, t| {
            let straight = combined(a, 1.0 - f64::from(t), b, f64::from(t));
            let scale = (dot(a, a) / dot(&straight, &straight)).sqrt();
            combined(&straight, scale, b, 0.0)
        },
        "this is the straight way, brought to the right length: on the sphere, but not at an even pace",
    ),
    (
        |a, b, t| {
            let (angle, t) = (cosine(a, b), f64::from(t));
            let weight = |share: f64| (share * angle).sin() / angle.sin();
            combined(a, weight(1.0 - t), b, weight(t))
        },
        "θ is the angle: take the arc cosine (acos) of the cosine",
    ),
    (
        |a, b, t| {
            let (angle, t) = (dot(a, b).clamp(-1.0, 1.0).acos(), f64::from(t));
            let weight = |share: f64| (share * angle).sin() / angle.sin();
            combined(a, weight(1.0 - t), b, weight(t))
        },
        "a · b is |a| |b| cos θ: divide by both lengths before acos",
    ),
];

/// The way in the plane; then a number of the case's vectors along it.
fn figure(learner: Way, (case, a, b): (&str, &[f32], &[f32])) -> Option<Figure> {
    let at = places(0.0, 1.0, 21);
    let plane = |title: &str, a: [f32; 2], b: [f32; 2]| {
        let along = |way: Way| {
            let point = |&t: &f64| {
                let point = attempt(AssertUnwindSafe(|| way(&a, &b, t as f32))).unwrap_or_default();
                let [x, y] = [0, 1].map(|i| point.get(i).map_or(f64::NAN, |&v| f64::from(v)));
                (x, y)
            };
            at.iter().map(point).collect::<Vec<_>>()
        };
        let axes = ["first number", "second number"];
        View::paced(title, axes, along(right), along(learner))
    };
    let of = |title: String, y: &str, look: fn(&[f32]) -> f64| {
        View::over(
            &title,
            ["t", y],
            &at,
            |t| look(&right(a, b, t as f32)),
            |t| look(&learner(a, b, t as f32)),
        )
    };
    parting([
        plane("The way from (3, 0) to (0, 3)", [3.0, 0.0], [0.0, 3.0]),
        plane("The way from (1, 0) to (−1, 1)", [1.0, 0.0], [-1.0, 1.0]),
        of(format!("Length of the vector, {case}"), "length", |z| dot(z, z).sqrt()),
        of(format!("First number of the vector, {case}"), "z₀", |z| {
            z.first().map_or(f64::NAN, |&v| f64::from(v))
        }),
    ])
}

pub(super) fn judge(learner: Way) -> Verdict {
    const NAME: &str = "06-1";
    let mut noise = Noise::new(61);
    let (a, b) = (noise.normal(128), noise.normal(128));
    let short: Vec<f32> = b.iter().map(|x| 0.5 * x).collect();
    let cases: [(&str, &[f32], &[f32], f32); 6] = [
        ("from [3, 0] to [0, 3] at t = 1/3", &[3.0, 0.0], &[0.0, 3.0], 1.0 / 3.0),
        ("from [3, 0] to [0, 3] at t = 0", &[3.0, 0.0], &[0.0, 3.0], 0.0),
        ("from [1, 0] to [−1, 1] at t = 0.5", &[1.0, 0.0], &[-1.0, 1.0], 0.5),
        ("between two vectors of 128 numbers at t = 0.25", &a, &b, 0.25),
        ("between vectors of different lengths at t = 0.5", &a, &short, 0.5),
        ("from a vector to itself at t = 0.5", &a, &a, 0.5),
    ];
    for (case, a, b, t) in cases {
        let owned = (a.to_vec(), b.to_vec());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, &owned.1, t))) {
            Ok(found) => found,
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let expected = right(a, b, t);
        if close(&found, &expected) {
            continue;
        }
        let explained = WRONG.iter().find(|(wrong, _)| close(&found, &wrong(a, b, t)));
        let hint = match explained {
            Some((_, hint)) => hint,
            None if found.iter().any(|x| x.is_nan()) => {
                "NaN comes of 0/0 where sin θ is 0, or of acos beyond ±1: clamp the cosine, and go straight where \
                 the vectors are parallel"
            }
            None if found.len() != a.len() => "the point has as many numbers as a and b",
            None => {
                "not a mistake known here: compute θ, then the two weights, then their sum, on [3, 0] and [0, 3]"
            }
        };
        let (expected, found) = (listed(&expected), listed(&found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner, (case, a, b)));
    }
    Verdict::passed(NAME, "the way keeps to the sphere, at an even pace, and parallel vectors do no harm.")
}
