//! The course's studies of a latent space: each is one call, and gives labelled pictures side by side.

use super::directions::Direction;
use super::study::Study;
use super::vectors::{Vector, check, lerp, moved, slerp};
use crate::lessons::dcgan::Generator;
use crate::{Error, Result};

/// How far beyond all noise [`extremes`] goes: N(0, 1) never gets there.
const FAR: f32 = 50.0;

/// G of vectors that are the same number everywhere: 0, 1, -1, 0.5 and 0.3.
///
/// # Errors
/// The device is out of memory.
///
/// ```
/// use gan_course::lessons::latent;
/// let study = latent::constants(&latent::shipped()?)?;
/// let labels: Vec<&str> = study.frames().map(|(label, _)| label).collect();
/// assert_eq!(labels, ["all 0", "all 1", "all −1", "all 0.5", "all 0.3"]);
/// # Ok::<(), gan_course::Error>(())
/// ```
pub fn constants(g: &Generator) -> Result<Study> {
    let points = [0.0f32, 1.0, -1.0, 0.5, 0.3].map(|value| (format!("all {}", shown(value)), all(g, value)));
    Study::new(g, "What G makes of the same number everywhere.", 5, points.into())
}

/// G of one-hot vectors: 1 at one of these indices, 0 elsewhere.
///
/// # Errors
/// There is no index, or one that the latent vector doesn't have.
pub fn one_hot(g: &Generator, indices: &[usize]) -> Result<Study> {
    let point = |&index: &usize| Ok((name(index), with(g, &all(g, 0.0), index, 1.0)?));
    let points = indices.iter().map(point).collect::<Result<_>>()?;
    Study::new(g, "One-hot vectors: a single number is 1, all others are 0.", 6, points)
}

/// G of vectors that are 0, 1 or -1 everywhere but for one number, which is at -50 and at 50.
///
/// # Errors
/// The latent vector has no such index.
pub fn extremes(g: &Generator, index: usize) -> Result<Study> {
    let mut points = Vec::new();
    for value in [0.0, 1.0, -1.0] {
        let base = all(g, value);
        let label = format!("all {}", shown(value));
        points.push((format!("{label}, {} −50", name(index)), with(g, &base, index, -FAR)?));
        points.push((label.clone(), base.clone()));
        points.push((format!("{label}, {} 50", name(index)), with(g, &base, index, FAR)?));
    }
    let caption = format!("All 0, 1 and −1, with {} at −50 and at 50.", name(index));
    Study::new(g, &caption, 3, points)
}

/// One number of `z` from `from` to `to` in `count` pictures, the others as they are.
///
/// # Errors
/// The latent vector has no such index, or `z` another length, or there are fewer than two pictures.
pub fn dimension(
    g: &Generator,
    z: &[f32],
    index: usize,
    (from, to): (f32, f32),
    count: usize,
) -> Result<Study> {
    let at = |value: f32| Ok((format!("{} = {}", name(index), shown(value)), with(g, z, index, value)?));
    let points = between(from, to, count)?.into_iter().map(at).collect::<Result<_>>()?;
    let caption =
        format!("One number, {}, from {} to {}; all others stay.", name(index), shown(from), shown(to));
    Study::new(g, &caption, count.min(7), points)
}

/// `z` moved along a direction, by `from` to `to` of its unit, in `count` pictures.
///
/// # Errors
/// `z` or the direction has another length, or there are fewer than two pictures.
pub fn moving(
    g: &Generator,
    z: &[f32],
    direction: &Direction,
    (from, to): (f32, f32),
    count: usize,
) -> Result<Study> {
    check(g, &[z.to_vec(), direction.unit().to_vec()])?;
    let at = |step: f32| (signed(step), moved(z, direction.unit(), step));
    let points = between(from, to, count)?.into_iter().map(at).collect();
    let caption = format!("A face moved along the direction of “{}”, by lengths in z.", direction.name());
    Study::new(g, &caption, count.min(7), points)
}

/// The straight way ([`lerp`]) from `a` to `b` in `count` pictures.
///
/// # Errors
/// Those of [`lerp`], or there are fewer than two pictures.
pub fn straight(g: &Generator, a: &[f32], b: &[f32], count: usize) -> Result<Study> {
    let points = way("t", |t| lerp(a, b, t), count)?;
    Study::new(g, "The straight way from one vector to another.", count.min(7), points)
}

/// The spherical way ([`slerp`]) from `a` to `b` in `count` pictures.
///
/// # Errors
/// Those of [`slerp`], or there are fewer than two pictures.
pub fn spherical(g: &Generator, a: &[f32], b: &[f32], count: usize) -> Result<Study> {
    let points = way("t", |t| slerp(a, b, t), count)?;
    Study::new(g, "The way from one vector to another on a sphere.", count.min(7), points)
}

/// Both ways from `a` to `b` in `count` pictures each: above the straight one, below the [spherical](slerp).
///
/// # Errors
/// Those of [`lerp`] and [`slerp`], or there are fewer than two pictures.
pub fn ways(g: &Generator, a: &[f32], b: &[f32], count: usize) -> Result<Study> {
    let mut points = way("lerp", |t| lerp(a, b, t), count)?;
    points.extend(way("slerp", |t| slerp(a, b, t), count)?);
    let caption = "The way from one vector to another: straight (above) and on a sphere (below).";
    Study::new(g, caption, count, points)
}

fn way(name: &str, point: impl Fn(f32) -> Result<Vector>, count: usize) -> Result<Vec<(String, Vector)>> {
    let values = between(0.0, 1.0, count)?;
    values.into_iter().map(|t| Ok((format!("{name} {}", shown(t)), point(t)?))).collect()
}

/// The vector that is `value` everywhere.
fn all(g: &Generator, value: f32) -> Vector {
    vec![value; g.length()]
}

/// `z` with another number at `index`.
pub(super) fn with(g: &Generator, z: &[f32], index: usize, value: f32) -> Result<Vector> {
    check(g, &[z.to_vec()])?;
    let mut z = z.to_vec();
    match z.get_mut(index) {
        Some(number) => *number = value,
        None => {
            return Err(Error::new(format!("set number {index} of a latent vector"))
                .expected(format!("an index from 0 to {}", g.length() - 1))
                .actual(format!("a latent of {} numbers", g.length()))
                .next("choose a smaller index, or a generator with a larger latent"));
        }
    }
    Ok(z)
}

/// `count` numbers from `from` to `to`, both included.
pub(super) fn between(from: f32, to: f32, count: usize) -> Result<Vec<f32>> {
    const MOST: usize = 200;
    if !(2..=MOST).contains(&count) || !from.is_finite() || !to.is_finite() {
        return Err(Error::new("lay out pictures from one number to another")
            .expected(format!("2 to {MOST} pictures and finite numbers"))
            .actual(format!("{count} pictures from {from} to {to}"))
            .next("ask for as many as fit on a page"));
    }
    Ok((0..count).map(|at| from + (to - from) * at as f32 / (count - 1) as f32).collect())
}

/// `z₁₂`
pub(super) fn name(index: usize) -> String {
    let subscript = |digit: char| char::from_u32(0x2080 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit);
    format!("z{}", index.to_string().chars().map(subscript).collect::<String>())
}

/// A number with at most two digits after the point and a true minus sign.
pub(super) fn shown(value: f32) -> String {
    let rounded = (f64::from(value) * 100.0).round() / 100.0;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded }).replace('-', "−")
}

fn signed(value: f32) -> String {
    let text = shown(value);
    if text.starts_with('−') || text == "0" { text } else { format!("+{text}") }
}
