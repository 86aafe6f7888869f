//! What a GAN on the plane learns to imitate: the targets of the papers on mode collapse, a Swiss roll, real eruptions.

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use super::geyser::Geyser;
use super::moments;
use crate::tensor::Noise;
use crate::{Error, Result};

/// Real data in the plane.
///
/// Points are pairs of numbers in row-major order, x then y: `(B, 2)`.
///
/// ```
/// use gan_course::{data::Planar, tensor::Noise};
/// let ring = Planar::ring();
/// assert_eq!(ring.sample(&mut Noise::new(0), 5)?.len(), 10);
/// assert_eq!(ring.modes().unwrap().centres.len(), 8);
/// # Ok::<(), gan_course::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planar {
    /// Gaussians of equal weight and of standard deviation `sd` in each direction, their centres evenly on a circle, the
    /// first at (radius, 0).
    Ring {
        /// How many, at least 1.
        modes: usize,
        /// Of the circle, above 0.
        radius: f64,
        /// Above 0.
        sd: f64,
    },
    /// Gaussians of equal weight on a square lattice about the origin, all coordinates divided by `divisor`.
    Grid {
        /// Gaussians on a side, at least 1.
        side: usize,
        /// Between neighbours, before the division, above 0.
        spacing: f64,
        /// Standard deviation in each direction, before the division, above 0.
        sd: f64,
        /// What coordinates are divided by, above 0; 1 leaves them as they are.
        divisor: f64,
    },
    /// The spiral (t cos t, t sin t), t uniform on [1.5 π, 4.5 π), with noise on both coordinates, all divided by 7.5.
    SwissRoll {
        /// Standard deviation of the noise, before the division, at least 0.
        noise: f64,
    },
    /// Duration and waiting time of 272 real eruptions of Old Faithful, each standardised; batches are drawn from them with
    /// replacement.
    Geyser,
}

/// The centres of a target's Gaussians and their standard deviation.
#[derive(Clone, Debug, PartialEq)]
pub struct Centres {
    /// One point a mode.
    pub centres: Vec<[f64; 2]>,
    /// Standard deviation in each direction, of every mode.
    pub sd: f64,
}

impl Planar {
    /// Eight Gaussians with σ 0.01 on a circle of radius 1 (Lin et al. 2018, "PacGAN", section 4.1, after Srivastava et
    /// al. 2017, "VEEGAN").
    pub fn ring() -> Self {
        Self::Ring { modes: 8, radius: 1.0, sd: 0.01 }
    }

    /// 25 Gaussians, 2 apart, σ 0.05 (the same source), all divided by 2.83 ≈ 2√2, which is the target's own standard
    /// deviation in each direction: networks begin with outputs of about 1 (Gulrajani et al. 2017 divide so).
    pub fn grid() -> Self {
        Self::Grid { side: 5, spacing: 2.0, sd: 0.05, divisor: 2.83 }
    }

    /// [`grid`](Self::grid) as the papers define it, from -4 to 4.
    pub fn unscaled_grid() -> Self {
        Self::Grid { side: 5, spacing: 2.0, sd: 0.05, divisor: 1.0 }
    }

    /// The Swiss roll with noise 0.25, as Gulrajani et al. 2017 draw it (their figure 2).
    pub fn swiss_roll() -> Self {
        Self::SwissRoll { noise: 0.25 }
    }

    /// The names that [`named`](Self::named) knows.
    pub const NAMES: [&str; 5] = ["ring", "grid", "unscaled-grid", "swiss-roll", "geyser"];

    /// The target of this name with its usual numbers.
    ///
    /// # Errors
    /// There is none; the error lists those there are.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "ring" => Ok(Self::ring()),
            "grid" => Ok(Self::grid()),
            "unscaled-grid" => Ok(Self::unscaled_grid()),
            "swiss-roll" => Ok(Self::swiss_roll()),
            "geyser" => Ok(Self::Geyser),
            _ => Err(Error::new(format!("use {name} as a target in the plane"))
                .expected(Self::NAMES.join(", "))
                .actual("none of that name")
                .next("check the spelling")),
        }
    }

    /// Whether the numbers make sense; for values read from elsewhere.
    ///
    /// # Errors
    /// They don't; the error says which.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: &str, expected: &str, actual: String| {
            Err(Error::new(format!("use a target with this {what}"))
                .expected(expected)
                .actual(actual)
                .next(format!("choose another {what}")))
        };
        let above_0 = |what: &str, value: f64| {
            if value > 0.0 && value.is_finite() {
                return Ok(());
            }
            refuse(what, "a finite number above 0", value.to_string())
        };
        // More modes than samples in any batch could not be told apart from none.
        let count = |what: &str, value: usize, most: usize| {
            if (1..=most).contains(&value) {
                return Ok(());
            }
            refuse(what, &format!("from 1 to {most}"), value.to_string())
        };
        match *self {
            Self::Ring { modes, radius, sd } => {
                count("number of modes", modes, 1_000)?;
                above_0("radius", radius)?;
                above_0("sd", sd)
            }
            Self::Grid { side, spacing, sd, divisor } => {
                count("side", side, 30)?;
                above_0("spacing", spacing)?;
                above_0("sd", sd)?;
                above_0("divisor", divisor)
            }
            Self::SwissRoll { noise } if noise >= 0.0 && noise.is_finite() => Ok(()),
            Self::SwissRoll { noise } => refuse("noise", "a finite number of at least 0", noise.to_string()),
            Self::Geyser => Ok(()),
        }
    }

    /// The Gaussians that it consists of, if it does.
    pub fn modes(&self) -> Option<Centres> {
        match *self {
            Self::Ring { modes, radius, sd } => {
                let at = |k: usize| {
                    let angle = TAU * k as f64 / modes as f64;
                    [radius * angle.cos(), radius * angle.sin()]
                };
                Some(Centres { centres: (0..modes).map(at).collect(), sd })
            }
            Self::Grid { side, spacing, sd, divisor } => {
                let along = |k: usize| (k as f64 - (side as f64 - 1.0) / 2.0) * spacing / divisor;
                let centres = (0..side * side).map(|k| [along(k % side), along(k / side)]).collect();
                Some(Centres { centres, sd: sd / divisor })
            }
            Self::SwissRoll { .. } | Self::Geyser => None,
        }
    }

    /// `count` seeded points, `(count, 2)`.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn sample(&self, noise: &mut Noise, count: usize) -> Result<Vec<f32>> {
        self.check()?;
        if let Some(Centres { centres, sd }) = self.modes() {
            let chosen = noise.indices(count, centres.len())?;
            let normal = noise.normal(2 * count);
            let points = chosen.iter().zip(normal.as_chunks::<2>().0);
            return Ok(points
                .flat_map(|(&k, [u, v])| {
                    [centres[k][0] + sd * f64::from(*u), centres[k][1] + sd * f64::from(*v)].map(|x| x as f32)
                })
                .collect());
        }
        if let Self::SwissRoll { noise: sd } = *self {
            let along = noise.uniform(count);
            let normal = noise.normal(2 * count);
            let points = along.iter().zip(normal.as_chunks::<2>().0);
            return Ok(points
                .flat_map(|(u, [a, b])| {
                    let t = 1.5 * PI * (1.0 + 2.0 * f64::from(*u));
                    [t * t.cos() + sd * f64::from(*a), t * t.sin() + sd * f64::from(*b)]
                        .map(|x| (x / ROLL) as f32)
                })
                .collect());
        }
        let points = self.data()?;
        let points = points.as_chunks::<2>().0;
        Ok(noise.indices(count, points.len())?.into_iter().flat_map(|i| points[i]).collect())
    }

    /// The whole data set, `(N, 2)`, of a target that is one; of others none.
    ///
    /// # Errors
    /// None in a whole build.
    pub fn data(&self) -> Result<Vec<f32>> {
        if *self != Self::Geyser {
            return Ok(Vec::new());
        }
        let Geyser { duration, waiting } = Geyser::load()?;
        let (duration, waiting) = (standardised(&duration)?, standardised(&waiting)?);
        Ok(duration.into_iter().zip(waiting).flat_map(|(x, y)| [x, y]).collect())
    }
}

/// The Swiss roll's divisor: the outermost turn, t = 4.5 π ≈ 14.1, then ends at 1.9.
const ROLL: f64 = 7.5;

fn standardised(values: &[f32]) -> Result<Vec<f32>> {
    let (mean, sd) = (moments::mean(values)?, moments::sd(values)?);
    Ok(values.iter().map(|&x| ((f64::from(x) - mean) / sd) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(target: &Planar, count: usize) -> Vec<[f32; 2]> {
        target.sample(&mut Noise::new(5), count).unwrap().as_chunks::<2>().0.to_vec()
    }

    #[test]
    fn modes_are_where_the_definition_puts_them_and_equally_often() {
        for (target, count) in [(Planar::ring(), 8), (Planar::grid(), 25), (Planar::unscaled_grid(), 25)] {
            let Centres { centres, sd } = target.modes().unwrap();
            assert_eq!(centres.len(), count);
            let mut hits = vec![0usize; count];
            let mut square = 0.0;
            for [x, y] in points(&target, 50_000) {
                let off = |c: &[f64; 2]| (c[0] - f64::from(x)).hypot(c[1] - f64::from(y));
                let nearest =
                    (0..count).min_by(|&a, &b| off(&centres[a]).total_cmp(&off(&centres[b]))).unwrap();
                hits[nearest] += 1;
                square += off(&centres[nearest]).powi(2);
            }
            // Six standard errors of a count; E distance² = 2 σ², with a standard error of 2σ²/√n.
            let expected = 50_000.0 / count as f64;
            assert!(hits.iter().all(|&n| (n as f64 - expected).abs() <= 6.0 * expected.sqrt()), "{hits:?}");
            let variance = square / 50_000.0 / (2.0 * sd * sd);
            assert!((variance - 1.0).abs() <= 6.0 / 50_000f64.sqrt(), "{target:?} {variance}");
        }
        let centres = |target: Planar| target.modes().unwrap().centres;
        assert!(centres(Planar::ring()).iter().all(|[x, y]| (x.hypot(*y) - 1.0).abs() <= 1e-12));
        assert_eq!(centres(Planar::unscaled_grid())[0], [-4.0, -4.0]);
        assert_eq!(centres(Planar::unscaled_grid())[13], [2.0, 0.0]);
        assert!((centres(Planar::grid())[24][0] - 4.0 / 2.83).abs() <= 1e-12);
    }

    #[test]
    fn the_scaled_grid_and_the_geyser_have_unit_variance_and_the_roll_is_a_spiral() {
        for target in [Planar::grid(), Planar::Geyser] {
            let sample = points(&target, 40_000);
            for axis in 0..2 {
                let values: Vec<f32> = sample.iter().map(|point| point[axis]).collect();
                let (mean, sd) = (moments::mean(&values).unwrap(), moments::sd(&values).unwrap());
                assert!(mean.abs() <= 0.03 && (sd - 1.0).abs() <= 0.02, "{target:?} {mean} {sd}");
            }
        }
        // Without noise a point's distance from the middle, times 7.5, is its angle, up to whole turns.
        for [x, y] in points(&Planar::SwissRoll { noise: 0.0 }, 1_000) {
            let (x, y) = (f64::from(x), f64::from(y));
            let t = 7.5 * x.hypot(y);
            assert!((1.5 * PI - 1e-5..4.5 * PI + 1e-5).contains(&t), "{t}");
            let turned = (t - y.atan2(x)).rem_euclid(TAU);
            assert!(turned.min(TAU - turned) <= 1e-5, "{x} {y}");
        }
    }

    #[test]
    fn seeds_decide_every_point() {
        for name in Planar::NAMES {
            let target = Planar::named(name).unwrap();
            let sample = |seed| target.sample(&mut Noise::new(seed), 20).unwrap();
            assert!(sample(1) == sample(1) && sample(1) != sample(2), "{name}");
            let json = serde_json::to_string(&target).unwrap();
            assert_eq!(serde_json::from_str::<Planar>(&json).unwrap(), target, "{json}");
        }
        assert!(Planar::named("rong").unwrap_err().to_string().contains("expected ring, grid, "));
    }

    #[test]
    fn numbers_that_make_no_target_are_refused() {
        let grid = |side, spacing, sd, divisor| Planar::Grid { side, spacing, sd, divisor };
        for (target, part) in [
            (
                Planar::Ring { modes: 0, radius: 1.0, sd: 0.1 },
                "this number of modes: expected from 1 to 1000",
            ),
            (
                Planar::Ring { modes: 8, radius: -1.0, sd: 0.1 },
                "this radius: expected a finite number above 0",
            ),
            (Planar::Ring { modes: 8, radius: 1.0, sd: f64::NAN }, "this sd: "),
            (grid(0, 2.0, 0.1, 1.0), "this side: "),
            (grid(5, f64::INFINITY, 0.1, 1.0), "this spacing: "),
            (grid(5, 2.0, 0.0, 1.0), "this sd: "),
            (grid(5, 2.0, 0.1, 0.0), "this divisor: "),
            (Planar::SwissRoll { noise: -0.1 }, "this noise: expected a finite number of at least 0"),
        ] {
            let error = target.sample(&mut Noise::new(0), 3).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("Next: "), "{error}");
        }
    }
}
