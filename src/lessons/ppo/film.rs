//! CartPole drawn: episodes side by side, as an animation.

use super::cart_pole::{ANGLE, HALF, SIDE};
use super::{End, Episode};
use crate::data::decode::decode;
use crate::show::{Animation, Canvas, HPos, INK, PALETTE, Picture, Weight};
use crate::train::each;
use crate::{Error, Result};

/// Frames a second, and how many there are at most: the animation keeps no more.
const RATE: u16 = 15;
const FRAMES: usize = 60;
/// The size of an episode's picture on the canvas, whose pixels are drawn twice as wide.
const WIDTH: f64 = 178.0;
const HEIGHT: f64 = 112.0;
/// Canvas pixels to a metre: the track's 4.8 m with some air.
const METRE: f64 = 31.0;
/// Where the cart's axle runs.
const TRACK: f64 = 92.0;

/// The first `seconds` of episodes side by side, at their own pace: at 50 steps a second, of which every few are shown. An episode that is
/// over stays as it ended.
///
/// ```
/// use gan_course::lessons::ppo::{Episode, CartPole, Push, film};
/// let pushed = Episode::of(CartPole::at([0.0; 4])?, |_| Ok(Push::Right))?;
/// let moved = film(&[("always right", &pushed)], 0.4)?;
/// assert!(pushed.steps() == 9 && moved.frames() == 6);
/// # Ok::<(), gan_course::Error>(())
/// ```
///
/// # Errors
/// No episodes or more than four, or seconds that are not 0.1 to 10.
pub fn film(episodes: &[(&str, &Episode)], seconds: f64) -> Result<Animation> {
    if !(1..=4).contains(&episodes.len()) || !(0.1..=10.0).contains(&seconds) {
        return Err(Error::new("film episodes")
            .expected("1 to 4 episodes and 0.1 to 10 seconds")
            .actual(format!("{} and {seconds}", episodes.len()))
            .next("show fewer beside each other, or a shorter part"));
    }
    let wanted = (seconds * f64::from(RATE)).round() as usize;
    let count = wanted.clamp(2, FRAMES);
    // Steps take 0.02 s.
    let steps: Vec<usize> =
        (0..count).map(|at| (at as f64 * seconds / 0.02 / (count - 1) as f64).round() as usize).collect();
    let frames = each(&steps, &|&step| frame(episodes, step))?;
    Animation::new(&frames, ((count as f64 / seconds).round() as u16).clamp(1, 100))
}

/// Episodes at a step, beside each other.
fn frame(episodes: &[(&str, &Episode)], step: usize) -> Result<Picture> {
    let width = (WIDTH * episodes.len() as f64) as u32;
    let bytes = Canvas::png(width, HEIGHT as u32, |canvas| {
        episodes.iter().enumerate().try_for_each(|(at, (name, episode))| {
            draw(canvas, name, episode, step, WIDTH * (at as f64 + 0.5))
        })
    })?;
    let read = decode(&bytes)?;
    Picture::new(read.width, read.height, read.rgb)
}

fn draw(canvas: &Canvas<'_>, name: &str, episode: &Episode, step: usize, middle: f64) -> Result<()> {
    let step = step.min(episode.steps());
    let over = step == episode.steps();
    let [x, _, angle, _] = episode.states()[step];
    canvas.text(name, middle, 9.0, 8.0, Weight::Bold, HPos::Center)?;
    let said = match (over, episode.end()) {
        (false, _) => format!("step {step}"),
        (true, End::Terminated) => format!("fallen after {step} steps"),
        (true, End::Truncated) => format!("all {step} steps done"),
    };
    canvas.text(&said, middle, 21.0, 7.0, Weight::Normal, HPos::Center)?;

    let at = |metres: f64| middle + METRE * metres;
    let side = |sign: f64| [(at(sign * SIDE), TRACK - 4.0), (at(sign * SIDE), TRACK + 8.0)];
    canvas.line(&[(at(-SIDE), TRACK + 4.0), (at(SIDE), TRACK + 4.0)], INK, 0.8, None)?;
    for (ends, label) in [(side(-1.0), "−2.4 m"), (side(1.0), "2.4 m")] {
        canvas.line(&ends, INK, 0.8, None)?;
        canvas.text(label, ends[1].0, TRACK + 14.0, 6.0, Weight::Normal, HPos::Center)?;
    }
    // How far the pole may lean.
    let top = |radians: f64| {
        (at(x) + METRE * 2.0 * HALF * radians.sin(), TRACK - 4.0 - METRE * 2.0 * HALF * radians.cos())
    };
    for edge in [-ANGLE, ANGLE] {
        canvas.line(&[(at(x), TRACK - 4.0), top(edge)], crate::show::GUIDE, 0.5, Some((2.0, 2.0)))?;
    }
    canvas.fill(at(x) - 8.0, TRACK - 4.0, at(x) + 8.0, TRACK + 4.0, PALETTE[0], 1.0)?;
    let colour = if over && episode.end() == End::Terminated { PALETTE[1] } else { PALETTE[2] };
    canvas.line(&[(at(x), TRACK - 4.0), top(angle)], colour, 2.5, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::ppo::{CartPole, Push};

    #[test]
    fn frames_keep_the_pace_and_an_episode_that_is_over_stays() {
        let cart = || CartPole::at([0.0; 4]).unwrap();
        let short = Episode::of(cart(), |_| Ok(Push::Left)).unwrap();
        assert_eq!((short.steps(), short.end()), (9, End::Terminated));
        let long = Episode::of(cart(), |[x, v, angle, spin]| {
            Ok(if angle + 0.3 * spin + 0.01 * x + 0.03 * v > 0.0 { Push::Right } else { Push::Left })
        })
        .unwrap();
        let both = [("short", &short), ("long", &long)];
        assert_eq!(film(&both, 4.0).unwrap().frames(), 60);
        assert_eq!(frame(&[both[0]], 9).unwrap(), frame(&[both[0]], 400).unwrap());
        assert_ne!(frame(&[both[1]], 9).unwrap(), frame(&[both[1]], 100).unwrap());
        let error = film(&[], 1.0).unwrap_err().to_string();
        assert!(error.contains("1 to 4 episodes") && film(&both, 11.0).is_err(), "{error}");
    }
}
