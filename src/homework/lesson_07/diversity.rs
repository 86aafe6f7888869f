//! Exercise 07-3: how much the images of a class differ from each other.

use std::panic::AssertUnwindSafe;

use crate::homework::evidence::{View, parting, places};
use crate::homework::{Verdict, attempt, shown};
use crate::show::Figure;
use crate::tensor::Noise;

/// (each image's features, each image's class) to the diversity.
type Diversity = fn(&[Vec<f32>], &[usize]) -> f32;

/// Checks exercise 07-3: the mean over the classes of the mean distance of two different images of the class.
///
/// ```
/// use gan_course::homework::check_07_3;
/// let verdict = check_07_3(|_, _| 0.0);
/// assert!(!verdict.passed && verdict.message.contains("not recognised"));
/// ```
pub fn check_07_3(diversity: Diversity) -> Verdict {
    judge(diversity).printed()
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

/// The distances of all pairs that are chosen, by their two classes.
fn pairs(features: &[Vec<f32>], classes: &[usize], chosen: impl Fn(usize, usize) -> bool) -> Vec<f64> {
    let all = (0..features.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    all.filter(|&(a, b)| chosen(classes[a], classes[b]))
        .map(|(a, b)| distance(&features[a], &features[b]))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean over the classes of what each class's pairs make.
fn by_class(features: &[Vec<f32>], classes: &[usize], of: impl Fn(&[f64], usize) -> f64) -> f64 {
    let count = classes.iter().max().map_or(0, |last| last + 1);
    let each = (0..count).map(|class| {
        let size = classes.iter().filter(|&&of| of == class).count();
        of(&pairs(features, classes, |a, b| a == class && b == class), size)
    });
    mean(&each.collect::<Vec<_>>())
}

pub(super) fn right(features: &[Vec<f32>], classes: &[usize]) -> f64 {
    by_class(features, classes, |pairs, _| mean(pairs))
}

type Wrong = fn(&[Vec<f32>], &[usize]) -> f64;

const WRONG: [(Wrong, &str); 7] = [
    (|f, y| mean(&pairs(f, y, |_, _| true)), ""),
    (
        |f, y| mean(&pairs(f, y, |a, b| a != b)),
        "these are the pairs of *different* classes: take those of one class",
    ),
    (
        |f, y| mean(&pairs(f, y, |a, b| a == b)),
        "all pairs of equal class are in one mean, so a large class outweighs a small one: a mean a class first, then the mean of these",
    ),
    (
        |f, y| by_class(f, y, |pairs, size| 2.0 * pairs.iter().sum::<f64>() / (size * size) as f64),
        "each image is also compared with itself, at distance 0: leave these pairs out",
    ),
    (
        |f, y| by_class(f, y, |pairs, _| mean(&pairs.iter().map(|d| d * d).collect::<Vec<_>>())),
        "these are squared distances: take the root of each pair's",
    ),
    (
        |f, y| by_class(f, y, |pairs, _| pairs.iter().sum()),
        "these are sums over pairs: more images would be more diverse",
    ),
    (
        |f, y| {
            let count = y.iter().max().map_or(0, |last| last + 1);
            let each = (0..count).map(|class| {
                let own: Vec<&Vec<f32>> =
                    f.iter().zip(y).filter(|(_, of)| **of == class).map(|(f, _)| f).collect();
                let centre: Vec<f32> = (0..own[0].len())
                    .map(|i| own.iter().map(|f| f[i]).sum::<f32>() / own.len() as f32)
                    .collect();
                mean(&own.iter().map(|f| distance(f, &centre)).collect::<Vec<_>>())
            });
            mean(&each.collect::<Vec<_>>())
        },
        "this is the distance from the class's centre: a fine measure too, but here images are compared with each other",
    ),
];

/// Each image's features and its class.
type Classed = (Vec<Vec<f32>>, Vec<usize>);

/// Images of the plane: `each` about the centre of each class, so far apart from it.
fn clusters(each: usize, spread: f64, apart: f64) -> Classed {
    let mut noise = Noise::new(73);
    let classes: Vec<usize> = (0..3).flat_map(|class| std::iter::repeat_n(class, each)).collect();
    let features = classes.iter().map(|&class| {
        let z = noise.normal(2);
        vec![(apart * class as f64) as f32 + spread as f32 * z[0], spread as f32 * z[1]]
    });
    (features.collect(), classes)
}

pub(super) fn judge(learner: Diversity) -> Verdict {
    const NAME: &str = "07-3";
    let small = (
        vec![vec![0.0, 0.0], vec![3.0, 4.0], vec![10.0, 0.0], vec![10.0, 1.0], vec![10.0, 2.0]],
        vec![0, 0, 1, 1, 1],
    );
    let collapsed = clusters(6, 0.0, 8.0);
    let many = clusters(15, 1.0, 5.0);
    let cases = [
        ("for [0, 0], [3, 4] of class 0 and [10, 0], [10, 1], [10, 2] of class 1", small),
        ("for three classes of six images all alike, 8 apart,", collapsed),
        ("for three classes of 15 images", many),
    ];
    for (case, (features, classes)) in cases {
        let owned = (features.clone(), classes.clone());
        let found = match attempt(AssertUnwindSafe(move || learner(&owned.0, &owned.1))) {
            Ok(found) => f64::from(found),
            Err(panic) => return Verdict::failed(NAME, format!("{case} {panic}.")),
        };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 + 1e-4 * b.abs();
        let expected = right(&features, &classes);
        if close(found, expected) {
            continue;
        }
        let hint = match WRONG.iter().find(|(wrong, _)| close(found, wrong(&features, &classes))) {
            Some((_, "")) => signature(),
            Some((_, hint)) => (*hint).to_owned(),
            None if found.is_nan() => "a mean was taken of nothing: each class has pairs of its own".into(),
            None => "not recognised; for each class the mean distance of its pairs, then the mean over the classes".into(),
        };
        let (expected, found) = (shown(expected), shown(found));
        let message = format!("{case} expected {expected}, got {found}. Hint: {hint}.");
        return Verdict::failed(NAME, message).with(figure(learner));
    }
    Verdict::passed(
        NAME,
        "a generator with one image a class has a diversity of 0, however different the classes are.",
    )
}

fn signature() -> String {
    let (features, classes) = clusters(6, 0.0, 8.0);
    format!(
        "all images are compared with all, whatever their class. The signature: a generator that knows a single image a \
         class, collapsed as far as it can, still gets {:.1}, for the classes differ; an AC-GAN that gives up the unusual \
         images of each class for sure ones would hardly be noticed. Compare within a class",
        mean(&pairs(&features, &classes, |_, _| true))
    )
}

fn figure(learner: Diversity) -> Option<Figure> {
    let view = |title: &str, x: &str, of: fn(f64) -> Classed| {
        let right = |t: f64| right(&of(t).0, &of(t).1);
        let yours = |t: f64| f64::from(learner(&of(t).0, &of(t).1));
        View::over(title, [x, "diversity"], &places(0.0, 4.0, 21), right, yours)
    };
    parting([
        view("Three classes, 8 apart", "spread within a class", |t| clusters(8, t, 8.0)),
        view("Three classes of spread 1", "how far apart the classes are", |t| clusters(8, 1.0, t)),
        view("Classes of 2 and of 8 images", "spread of the small class", |t| {
            let (mut features, classes) = clusters(8, 1.0, 0.0);
            let kept: Vec<usize> = (0..features.len()).filter(|&at| !(2..8).contains(&at)).collect();
            features.iter_mut().take(2).for_each(|f| f.iter_mut().for_each(|x| *x *= t as f32));
            (
                kept.iter().map(|&at| features[at].clone()).collect(),
                kept.iter().map(|&at| classes[at]).collect(),
            )
        }),
    ])
}
