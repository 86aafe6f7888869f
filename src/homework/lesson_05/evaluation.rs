//! Exercise 05-5, of the bug museum: a generator that is evaluated in training mode.

use crate::Result;
use crate::homework::evidence::{View, parting};
use crate::homework::{Verdict, answer, shown};
use crate::nn::dcgan::{Network, Preset};
use crate::ops::conv::Map;
use crate::tensor::{Dev, Noise, device, tensor, values};

/// (G, z `(B, L, 1, 1)`) to images `(B, C, H, H)`.
pub(super) type Pictures = fn(&mut Network, Map<Dev>) -> Result<Map<Dev>>;

/// Checks exercise 05-5: G(z) by the running averages, which stay as they are.
pub fn check_05_5(pictures: Pictures) -> Verdict {
    judge(pictures).printed()
}

const LATENT: usize = 16;
/// Pixels of a picture's edge.
const SIDE: usize = 32;
/// Vectors of the batch that the first is asked for in.
const MANY: usize = 8;

fn latent(seed: u64, count: usize) -> Result<Map<Dev>> {
    tensor(&device()?, Noise::new(seed).normal(count * LATENT), (count, LATENT, 1, 1))
}

/// A generator whose running averages have seen some batches.
fn generator() -> Result<Network> {
    let mut network = Network::generator(&device()?, Preset::P32Small, LATENT, 3, &mut Noise::new(6))?;
    for seed in 0..30 {
        network.forward_mut(latent(100 + seed, 32)?)?;
    }
    Ok(network)
}

/// Mean difference of two pictures, in grey levels of 256.
fn levels(a: &[f32], b: &[f32]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).sum();
    127.5 * sum / a.len().min(b.len()).max(1) as f64
}

/// Pixels in [-1, 1], computed in float32.
fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5)
}

pub(super) fn judge(learner: Pictures) -> Verdict {
    const NAME: &str = "05-5";
    let judged = || -> Result<Verdict> {
        let start = generator()?;
        let many = latent(1, MANY)?;
        let alone = tensor(&device()?, values(&many)[..LATENT].to_vec(), (1, LATENT, 1, 1))?;
        let asked = |case: &str, z: &Map<Dev>| {
            let (mut g, z) = (start.clone(), z.clone());
            answer(case, move || learner(&mut g, z).map(|images| (values(&images), g)))
        };
        for (case, z) in [("for one latent vector", &alone), ("for eight latent vectors", &many)] {
            let (found, g) = match asked(case, z) {
                Ok(answer) => answer,
                Err(text) => return Ok(Verdict::failed(NAME, text)),
            };
            let expected = values(&start.forward(z.clone())?);
            let moved = levels(&values(&g.forward(many.clone())?), &values(&start.forward(many.clone())?));
            let trained = values(&start.clone().forward_mut(z.clone())?);
            if same(&found, &expected) && moved == 0.0 {
                continue;
            }
            let first =
                |values: &[f32]| values.first().map_or_else(|| "none".into(), |v| shown(f64::from(*v)));
            let hint = if same(&found, &trained) {
                signature(&start, &alone, &many, moved)?
            } else if same(&found, &expected) {
                let moved = shown(moved);
                format!(
                    "the pictures are right, but looking has changed the generator: its next pictures differ by {moved} grey \
                     levels of 256. Don't call forward_mut on it"
                )
            } else if moved > 0.0 {
                format!(
                    "looking has moved the running averages, and the generator's next pictures by {moved:.1} grey levels of \
                     256: forward_mut normalises by this batch's own statistics and remembers them. Use forward alone"
                )
            } else if found.len() != expected.len() {
                format!("{} numbers are wanted, one image for each vector", expected.len())
            } else if found.iter().any(|value| !value.is_finite()) {
                "a picture's numbers are finite, within −1 and 1".into()
            } else if same(&found.iter().map(|v| 2.0 * v - 1.0).collect::<Vec<_>>(), &expected) {
                "the pictures are scaled to 0 to 1: leave them within −1 and 1, as G makes them".into()
            } else {
                "not recognised; the pictures are what g.forward makes of z".into()
            };
            // The middle row of the first picture; then that of the generator's next one.
            let row =
                |values: &[f32]| values.iter().skip(SIDE * SIDE / 2).take(SIDE).copied().collect::<Vec<_>>();
            let axes = ["pixel of the middle row, red", "value, −1 to 1"];
            let figure = parting([
                View::lists(&format!("The picture of a z, {case}"), axes, &row(&expected), &row(&found))
                    .joined(),
                View::lists(
                    "The generator's next picture, after yours",
                    axes,
                    &row(&values(&start.forward(many.clone())?)),
                    &row(&values(&g.forward(many.clone())?)),
                )
                .joined(),
            ]);
            let (expected, found) = (first(&expected), first(&found));
            let text = format!("{case} expected a first pixel of {expected}, got {found}. Hint: {hint}.");
            return Ok(Verdict::failed(NAME, text).with(figure));
        }
        Ok(Verdict::passed(NAME, "a picture is a function of its z alone, and looking changes nothing."))
    };
    judged().unwrap_or_else(|error| Verdict::failed(NAME, format!("the check itself failed: {error}.")))
}

/// What training mode does to pictures and to the generator.
fn signature(start: &Network, alone: &Map<Dev>, many: &Map<Dev>, moved: f64) -> Result<String> {
    let single = values(&start.clone().forward_mut(alone.clone())?);
    let among = values(&start.clone().forward_mut(many.clone())?);
    let mut looked = start.clone();
    for _ in 0..10 {
        looked.forward_mut(alone.clone())?;
    }
    let after = levels(&values(&looked.forward(many.clone())?), &values(&start.forward(many.clone())?));
    let copied = if moved == 0.0 { " (on a copy, which spares its averages)" } else { "" };
    Ok(format!(
        "the network runs in training mode{copied}: batch normalisation by this batch's own statistics. The signature: the picture \
         of one z alone and among seven others differ by {:.1} grey levels of 256 on average, and after ten looks in \
         training mode the generator's own pictures have changed by {after:.1}. Use forward",
        levels(&single, &among[..single.len()]),
    ))
}
