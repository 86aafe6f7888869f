//! A pole on a cart, to be balanced by pushes: the classic task (Barto, Sutton and Anderson 1983, with the equations as Florian
//! 2007 corrects them, without friction), number by number Gymnasium's CartPole-v1.

use std::f64::consts::TAU;

use crate::tensor::Noise;
use crate::train::State;
use crate::{Error, Result};

/// m/s².
const GRAVITY: f64 = 9.8;
/// kg.
const CART: f64 = 1.0;
/// kg.
const POLE: f64 = 0.1;
/// From the joint to the pole's centre of mass, half of its length; m.
pub(super) const HALF: f64 = 0.5;
/// N.
const FORCE: f64 = 10.0;
/// Seconds a step.
const SECONDS: f64 = 0.02;
/// The largest position to each side, m.
pub(super) const SIDE: f64 = 2.4;
/// The largest angle to each side: 12°, in radians.
pub(super) const ANGLE: f64 = 12.0 * TAU / 360.0;
/// How far from 0 each number of a start may be.
const START: f64 = 0.05;

/// What can be done in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// 10 N to the left; action 0.
    Left,
    /// 10 N to the right; action 1.
    Right,
}

/// Why an episode is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The pole leans by more than 12°, or the cart is more than 2.4 m from the middle: what would follow is worth nothing.
    Terminated,
    /// [`CartPole::LIMIT`] steps are done. The state is as good as any: what would follow still is worth something.
    Truncated,
}

/// What a step has brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// The state afterwards, as [`CartPole::observation`].
    pub observation: [f32; 4],
    /// 1 for each step, also for the one that ends the episode.
    pub reward: f32,
    /// Whether the episode is over.
    pub end: Option<End>,
}

/// An episode: where cart and pole are, and how fast.
///
/// ```
/// use gan_course::{lessons::ppo::{CartPole, End, Push}, tensor::Noise};
/// let mut cart = CartPole::new(&mut Noise::new(0));
/// let mut total = 0.0;
/// let end = loop {
///     // Push to where the pole falls.
///     let [_, _, angle, velocity] = cart.observation();
///     let moved = cart.step(if angle + velocity > 0.0 { Push::Right } else { Push::Left })?;
///     total += moved.reward;
///     if let Some(end) = moved.end {
///         break end;
///     }
/// };
/// assert!(total > 100.0 && (end == End::Terminated || total == 500.0));
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CartPole {
    /// Position in m, velocity in m/s, angle in radians, to the right, and angular velocity.
    state: [f64; 4],
    steps: u32,
    end: Option<End>,
}

impl CartPole {
    /// Steps after which an episode is truncated.
    pub const LIMIT: u32 = 500;

    /// A new episode: each of the four numbers even over [-0.05, 0.05).
    pub fn new(noise: &mut Noise) -> Self {
        let drawn = noise.uniform(4);
        let state = std::array::from_fn(|at| START * (2.0 * f64::from(drawn[at]) - 1.0));
        Self { state, steps: 0, end: None }
    }

    /// A new episode from this state: position, velocity, angle and angular velocity.
    ///
    /// # Errors
    /// A number that is not finite, or a state in which the pole has fallen already.
    pub fn at(state: [f64; 4]) -> Result<Self> {
        if state.iter().all(|number| number.is_finite()) && !fallen(&state) {
            return Ok(Self { state, steps: 0, end: None });
        }
        Err(Error::new("begin an episode here")
            .expected("finite numbers, a position within ±2.4 m and an angle within ±12° (0.2094)")
            .actual(format!("{state:?}"))
            .next("begin nearer to the middle, with the pole upright"))
    }

    /// Position in m, velocity in m/s, angle in radians, to the right, and angular velocity.
    pub fn state(&self) -> [f64; 4] {
        self.state
    }

    /// [`state`](Self::state) as networks take it.
    pub fn observation(&self) -> [f32; 4] {
        self.state.map(|number| number as f32)
    }

    /// Steps done.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Pushes for 0.02 seconds.
    ///
    /// # Errors
    /// The episode is over.
    pub fn step(&mut self, push: Push) -> Result<Moved> {
        if let Some(end) = self.end {
            return Err(Error::new("push the cart")
                .expected("an episode that goes on")
                .actual(format!("{end:?} after {} steps", self.steps))
                .next("begin another with CartPole::new"));
        }
        self.state = pushed(self.state, if push == Push::Right { FORCE } else { -FORCE });
        self.steps += 1;
        self.end = match () {
            () if fallen(&self.state) => Some(End::Terminated),
            () if self.steps == Self::LIMIT => Some(End::Truncated),
            () => None,
        };
        Ok(Moved { observation: self.observation(), reward: 1.0, end: self.end })
    }
}

impl CartPole {
    /// Saves an episode that goes on, or takes one up.
    pub(super) fn state_of(&mut self, name: &str, state: &mut State) -> Result<()> {
        for (at, number) in self.state.iter_mut().enumerate() {
            let mut bits = number.to_bits();
            state.number(&format!("{name}.{at}"), &mut bits)?;
            *number = f64::from_bits(bits);
        }
        let mut steps = u64::from(self.steps);
        state.number(&format!("{name}.steps"), &mut steps)?;
        self.steps = steps.min(u64::from(Self::LIMIT) - 1) as u32;
        Ok(())
    }
}

fn fallen([x, _, angle, _]: &[f64; 4]) -> bool {
    x.abs() > SIDE || angle.abs() > ANGLE
}

/// Euler's method: the accelerations of this moment, and the velocities of *before* them.
fn pushed([x, speed, angle, spin]: [f64; 4], force: f64) -> [f64; 4] {
    let (sin, cos) = (angle.sin(), angle.cos());
    let mass = CART + POLE;
    // What would accelerate the cart if the pole didn't turn.
    let shared = (force + POLE * HALF * (spin * spin) * sin) / mass;
    let turning = (GRAVITY * sin - cos * shared) / (HALF * (4.0 / 3.0 - POLE * (cos * cos) / mass));
    let moving = shared - POLE * HALF * turning * cos / mass;
    [x + SECONDS * speed, speed + SECONDS * moving, angle + SECONDS * spin, spin + SECONDS * turning]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<f64> {
        text.split(' ').map(|number| number.parse().unwrap()).collect()
    }

    fn four(text: &str) -> [f64; 4] {
        numbers(text).try_into().unwrap()
    }

    /// The policies of `tests/gymnasium/cart_pole.py`.
    fn push(policy: &str, step: u32, [x, speed, angle, spin]: [f64; 4]) -> Push {
        let right = match policy {
            "left" => false,
            "right" => true,
            "turns" => step % 2 == 1,
            "mixed" => (step * (step + 3) / 2 % 3) % 2 == 1,
            "balance" => angle + 0.3 * spin + 0.01 * x + 0.03 * speed > 0.0,
            _ => panic!("{policy}"),
        };
        if right { Push::Right } else { Push::Left }
    }

    #[test]
    fn episodes_are_gymnasiums() {
        let text = include_str!("../../../tests/gymnasium/cart_pole.csv");
        let lines: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.splitn(3, ',').collect())
            .collect();
        let cases: Vec<(&str, &str)> =
            lines.iter().filter(|line| line[1] == "start").map(|line| (line[0], line[2])).collect();
        assert_eq!(cases.len(), 25);
        let (mut compared, mut ends) = (0, [0, 0]);
        for (case, start) in cases {
            let policy = case.split(' ').next().unwrap();
            let of_case =
                |what: &str| lines.iter().find(|line| line[0] == case && line[1] == what).map(|line| line[2]);
            let mut cart = CartPole::at(four(start)).unwrap();
            let (mut total, end) = (0.0, of_case("end").unwrap());
            let ended = loop {
                let moved = cart.step(push(policy, cart.steps(), cart.state())).unwrap();
                total += f64::from(moved.reward);
                if let Some(expected) = of_case(&format!("step {}", cart.steps())) {
                    compared += 1;
                    for (actual, expected) in cart.state().iter().zip(four(expected)) {
                        assert!(
                            (actual - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                            "{case}, step {}: {actual} is not {expected}",
                            cart.steps()
                        );
                    }
                }
                if let Some(end) = moved.end {
                    break end;
                }
            };
            let told =
                [(ended == End::Terminated), (ended == End::Truncated)].map(|is| f64::from(u8::from(is)));
            assert_eq!(vec![f64::from(cart.steps()), told[0], told[1], total], numbers(end), "{case}");
            ends[usize::from(ended == End::Truncated)] += 1;
            let error = cart.step(Push::Left).unwrap_err().to_string();
            assert!(error.contains("expected an episode that goes on"), "{error}");
        }
        assert!(compared >= 100 && ends[0] > 0 && ends[1] > 0, "{compared} {ends:?}");
    }

    #[test]
    fn starts_are_near_the_middle_and_of_their_noise() {
        let mut noise = Noise::new(3);
        let carts: Vec<CartPole> = (0..200).map(|_| CartPole::new(&mut noise)).collect();
        assert_ne!(carts[0], carts[1]);
        let all: Vec<f64> = carts.iter().flat_map(CartPole::state).collect();
        assert!(all.iter().all(|number| number.abs() <= 0.05));
        let (low, high) = all.iter().fold((0.0f64, 0.0f64), |(a, b), &n| (a.min(n), b.max(n)));
        assert!(low < -0.045 && high > 0.045, "{low} {high}");
        assert_eq!(CartPole::new(&mut Noise::new(3)), carts[0]);
        for state in [
            [f64::NAN, 0.0, 0.0, 0.0],
            [2.5, 0.0, 0.0, 0.0],
            [0.0, 0.0, -0.21, 0.0],
            [0.0, f64::INFINITY, 0.0, 0.0],
        ] {
            let error = CartPole::at(state).unwrap_err().to_string();
            assert!(error.contains("expected finite numbers, a position within"), "{error}");
        }
        // On the edge the pole hasn't fallen yet.
        assert!(CartPole::at([2.4, 0.0, ANGLE, 0.0]).is_ok());
    }
}
