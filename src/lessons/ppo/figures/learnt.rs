//! What actor and critic have learnt, over the pole's angle and angular velocity.

use super::super::Ppo;
use crate::Result;
use crate::show::{Figure, Panel};

/// Numbers along each axis.
const SIDE: usize = 61;
/// The largest angle, in degrees; the pole has fallen there.
const ANGLE: f64 = 12.0;
/// The largest angular velocity, in radians a second.
const SPIN: f64 = 2.0;

/// V, and the probability of a push to the right, where the cart rests in the middle; beside them the states of an episode of this seed.
///
/// # Errors
/// The device is out of memory.
pub fn learnt_figure(ppo: &Ppo, seed: u64) -> Result<Figure> {
    let episode = ppo.episode(seed)?;
    let (leans, turns): (Vec<f64>, Vec<f64>) =
        episode.states().iter().map(|state| (state[2].to_degrees(), state[3])).unzip();
    let widest = |values: &[f64]| values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let even = |most: f64| -> Vec<f64> {
        (0..SIDE).map(|at| most * (2.0 * at as f64 / (SIDE - 1) as f64 - 1.0)).collect()
    };
    let (angles, spins) = (even(ANGLE), even(SPIN));
    let lattice: Vec<[f32; 4]> = spins
        .iter()
        .flat_map(|&spin| angles.iter().map(move |angle| [0.0, 0.0, angle.to_radians() as f32, spin as f32]))
        .collect();
    let of = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
    let (worth, right) = (of(ppo.values(&lattice)?), of(ppo.rightward(&lattice)?));
    let low = worth.iter().copied().fold(f64::MAX, f64::min);
    let high = worth.iter().copied().fold(f64::MIN, f64::max);
    let levels: Vec<f64> = (1..12).map(|at| low + (high - low) * f64::from(at) / 12.0).collect();
    let shares = [0.05, 0.25, 0.5, 0.75, 0.95];
    let [upright, same, against] = [[0.0, 0.0], [8.0, 1.5], [8.0, -1.5]]
        .map(|[angle, spin]: [f64; 2]| [0.0, 0.0, angle.to_radians() as f32, spin as f32]);
    let v = ppo.values(&[upright, same, against])?;
    let p = ppo.rightward(&[upright, same, against])?;
    let panel = |title: &str| {
        Panel::new(title)
            .x("angle of the pole [°]")
            .y("angular velocity [rad/s]")
            .x_range(-ANGLE, ANGLE)
            .y_range(-SPIN, SPIN)
    };
    let visited =
        ppo.values(&episode.states().iter().map(|state| state.map(|v| v as f32)).collect::<Vec<_>>())?;
    let (least, most) = visited.iter().fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    Ok(Figure::new("Critic and actor, with the cart at rest in the middle: orange is high, blue low. Dots: where an episode goes.")
        .alt(
            &format!(
                "Level lines over the pole's angle, −12° to 12°, and its angular velocity, −2 to 2 rad/s, and dots for the {} states of an \
                 episode, which stay within {:.1}° and {:.1} rad/s. Left, V of the critic, from {low:.0} to {high:.0} over the whole \
                 picture and from {least:.0} to {most:.0} where the episode goes: {:.0} for an upright pole at rest, {:.0} where it leans \
                 right by 8° and falls on at 1.5 rad/s, {:.0} where it leans as far and comes back as fast. Right, the probability of a \
                 push to the right: {:.2}, {:.2} and {:.2} there.",
                episode.states().len(),
                widest(&leans),
                widest(&turns),
                v[0],
                v[1],
                v[2],
                p[0],
                p[1],
                p[2]
            )
            .replace("from -", "from −"),
        )
        .panel(
            panel("The critic's V [steps, discounted]")
                .cloud("an episode", &leans, &turns)
                .levels("V", &angles, &spins, &worth, &levels),
        )
        .panel(
            panel("The actor's probability of a push right")
                .cloud("an episode", &leans, &turns)
                .levels("5, 25, 50, 75, 95 %", &angles, &spins, &right, &shares),
        ))
}
