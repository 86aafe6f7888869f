//! Exercise 03-6, of the bug museum: players whose labels make them pull at one end.

use dfdx::prelude::{AsArray, Backward, Gradients, Trace};

use super::super::evidence::{View, parting, places};
use super::super::{Verdict, answer, shown};
use crate::lessons::gan::{Gan, GanConfig, forward};
use crate::loss::binary_cross_entropy;
use crate::optim::{AdamConfig, Optimizer};
use crate::show::{Figure, Panel};
use crate::tensor::{Batch, Dev, Traced, TracedBatch, column, device, values};
use crate::{Error, Result};

/// D's logits of real and of generated samples in D's part, and of generated ones in G's part, to D's and G's loss.
type Losses = fn(TracedBatch<1>, TracedBatch<1>, TracedBatch<1>) -> Result<(Traced, Traced)>;

/// Checks exercise 03-6: D's loss with targets 1 and 0, G's with target 1.
pub fn check_03_6(both_losses: Losses) -> Verdict {
    judge(both_losses).printed()
}

/// Steps of the training that shows the signature.
const STEPS: usize = 400;

/// Logits of real and of fake samples, and of those of G's part.
type Case = (&'static str, [f32; 3], [f32; 3], [f32; 4]);

const CASES: [Case; 2] = [
    ("for logits of a D that is unsure", [1.2, -0.3, 2.0], [-0.7, 0.4, -2.2], [-1.1, 0.2, -0.5, 0.9]),
    ("for logits beyond ±100", [120.0, -150.0, 30.0], [-140.0, 110.0, -60.0], [-130.0, -20.0, 160.0, 5.0]),
];

fn bce(logits: &[f32], y: f64) -> f64 {
    logits.iter().map(|&s| binary_cross_entropy(f64::from(s), y)).sum::<f64>() / logits.len() as f64
}

/// Losses in f32 keep about six digits.
fn close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-5 + 1e-4 * expected.abs()
}

pub(super) fn judge(learner: Losses) -> Verdict {
    const NAME: &str = "03-6";
    let judged = || -> Result<Verdict> {
        let dev = device()?;
        for (name, real, fake, other) in CASES {
            let batches = [column(&dev, &real)?, column(&dev, &fake)?, column(&dev, &other)?];
            let [a, b, c] = batches.clone().map(|batch| batch.leaky_trace());
            let (of_d, of_g) = match answer(name, move || learner(a, b, c)) {
                Ok(losses) => losses,
                Err(text) => return Ok(Verdict::failed(NAME, text)),
            };
            let found = [f64::from(of_d.array()), f64::from(of_g.array())];
            let right = [bce(&real, 1.0) + bce(&fake, 0.0), bce(&other, 1.0)];
            if !close(found[0], right[0]) || !close(found[1], right[1]) {
                let (hint, figure) = hint(found, right, &real, &fake, &other)?;
                let figure = figure.or_else(|| drawn(learner));
                let [d, g, of_d, of_g] = [right[0], right[1], found[0], found[1]].map(shown);
                let text =
                    format!("{name} expected D's loss {d} and G's {g}, got {of_d} and {of_g}. Hint: {hint}.");
                return Ok(Verdict::failed(NAME, text).with(figure));
            }
            // Each logit's gradient is (σ − y)/n.
            let (mut by_d, mut by_g) = (of_d.backward(), of_g.backward());
            let gradients = [
                gradient(&mut by_d, &batches[0])?,
                gradient(&mut by_d, &batches[1])?,
                gradient(&mut by_g, &batches[2])?,
            ];
            let logits: [&[f32]; 3] = [&real, &fake, &other];
            for ((found, logits), y) in gradients.iter().zip(logits).zip([1.0, 0.0, 1.0]) {
                let slope = |s: f32| (1.0 / (1.0 + (-f64::from(s)).exp()) - y) / logits.len() as f64;
                if !found.iter().zip(logits).all(|(found, &s)| close(f64::from(*found), slope(s))) {
                    let text = "the values are right, but a gradient isn't. Hint: a part of a loss has lost its tape, or σ \
                                and ln were taken apart: cross_entropy on the traced logits keeps it";
                    return Ok(Verdict::failed(NAME, format!("{name} {text}.")).with(drawn(learner)));
                }
            }
        }
        Ok(Verdict::passed(NAME, "D wants 1 for real and 0 for generated samples, and G wants 1: a game."))
    };
    judged().unwrap_or_else(|error| Verdict::failed(NAME, format!("the check itself failed: {error}.")))
}

/// Of a batch, of which the loss may know nothing: zeros then.
fn gradient(gradients: &mut Gradients<f32, Dev>, batch: &Batch<1>) -> Result<Vec<f32>> {
    let failed = |cause| Error::new("read a gradient").actual(format!("{cause:?}")).next("free some memory");
    gradients.try_alloc_for(batch).map_err(failed)?;
    Ok(values(&gradients.get(batch)))
}

/// What makes these two losses.
fn hint(
    found: [f64; 2],
    right: [f64; 2],
    real: &[f32],
    fake: &[f32],
    other: &[f32],
) -> Result<(String, Option<Figure>)> {
    let swapped = bce(real, 0.0) + bce(fake, 1.0);
    let (g_right, g_turned) = (close(found[1], right[1]), close(found[1], bce(other, 0.0)));
    if close(found[0], swapped) && g_right {
        return signature();
    }
    if close(found[0], swapped) && g_turned {
        let text = "a game, but with D(x) the probability that x is generated: all three labels are turned round. Here \
                    1 means real";
        return Ok((text.into(), None));
    }
    let twice = |logits: &[f32], y: f64| {
        bce(&logits.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect::<Vec<f32>>(), y)
    };
    let of_d = [
        (swapped, "D's labels are swapped: 1 for real, 0 for generated samples"),
        (bce(real, 1.0) + bce(fake, 1.0), "both of D's targets are 1: the generated samples' is 0"),
        (bce(real, 0.0) + bce(fake, 0.0), "both of D's targets are 0: the real samples' is 1"),
        (right[0] / 2.0, "D's loss is half of it: add the two means, don't average them"),
        (-right[0], "D's loss has V's sign: it is −V"),
        (
            twice(real, 1.0) + twice(fake, 0.0),
            "σ is applied twice: cross_entropy takes logits, not probabilities",
        ),
        (bce(real, 1.0) + bce(other, 0.0), "D's loss takes the logits of G's part: take `fake`"),
        (bce(real, 1.0), "D's loss lacks the generated samples"),
        (bce(fake, 0.0), "D's loss lacks the real samples"),
        (right[1], "D's and G's loss are exchanged: D's comes first"),
        (
            bce(real, 0.9) + bce(fake, 0.0),
            "this is one-sided label smoothing (0.9 for real), a trick that bounds D; here the plain labels are asked for",
        ),
    ];
    let of_g = [
        (bce(other, 0.0), "G's target is 0, that is D's wish: both would have the samples rejected"),
        (
            -bce(other, 0.0),
            "this is the saturating form of G's loss: right in direction, flat where D rejects",
        ),
        (-right[1], "the sign of G's loss is wrong: G would have its samples rejected"),
        (
            bce(fake, 1.0),
            "G's loss takes the logits of D's part, behind which there is no G: take `fake_in_gs_part`",
        ),
        (twice(other, 1.0), "σ is applied twice: cross_entropy takes logits, not probabilities"),
    ];
    let (list, value) = if close(found[0], right[0]) { (&of_g[..], found[1]) } else { (&of_d[..], found[0]) };
    let named = list.iter().find(|(mistake, _)| close(value, *mistake)).map(|(_, text)| *text);
    let text = named.unwrap_or("not recognised; of D: target 1 for real, 0 for fake, added; of G: target 1");
    Ok((text.into(), None))
}

/// The means over a training with swapped labels, step by step.
struct Trained {
    score_real: Vec<f32>,
    score_fake: Vec<f32>,
    loss_d: Vec<f32>,
    loss_g: Vec<f32>,
    /// Mean of G's samples at the beginning and at the end, on the data's scale.
    means: [f64; 2],
}

/// Trains with these three targets: D's for real and generated samples, and G's.
fn trained(targets: [f32; 3]) -> Result<Trained> {
    use crate::lessons::gan::cross_entropy;
    let mut gan = Gan::new(GanConfig { seed: 4, ..GanConfig::default() })?;
    let (mut d, mut g) = (gan.discriminator().clone(), gan.generator().clone());
    let adam = AdamConfig { rate: 5e-3, betas: [0.5, 0.999], ..AdamConfig::default() };
    let (mut of_d, mut of_g) = (Optimizer::new(adam.clone(), &d)?, Optimizer::new(adam, &g)?);
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let scored = |logits: &[f32]| mean(&logits.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect::<Vec<_>>());
    let (mut history, mut means) = ([const { Vec::new() }; 4], [0.0; 2]);
    for step in 0..STEPS {
        let (x, z) = (gan.data()?, gan.noise()?);
        let fake = forward(&g, z)?;
        let (real_scores, fake_scores) = (forward(&d, x.leaky_trace())?, forward(&d, fake.leaky_trace())?);
        let scores = [scored(&values(&real_scores)), scored(&values(&fake_scores))];
        let loss_d = cross_entropy(real_scores, targets[0])? + cross_entropy(fake_scores, targets[1])?;
        let z = gan.noise()?;
        let mut row = [scores[0], scores[1], loss_d.array() / 2.0, 0.0];
        of_d.update(&mut d, &mut loss_d.backward())?;
        let loss_g = cross_entropy(forward(&d, forward(&g, z.leaky_trace())?)?, targets[2])?;
        row[3] = loss_g.array();
        of_g.update(&mut g, &mut loss_g.backward())?;
        history.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        let sample = gan.config().target.scale()?;
        let at = f64::from(sample.mean + sample.sd * mean(&values(&fake)));
        means = if step == 0 { [at, at] } else { [means[0], at] };
    }
    let [score_real, score_fake, loss_d, loss_g] = history;
    Ok(Trained { score_real, score_fake, loss_d, loss_g, means })
}

/// Trains with swapped labels, and says and draws what comes of it.
fn signature() -> Result<(String, Option<Figure>)> {
    let (swapped, right) = (trained([0.0, 1.0, 1.0])?, trained([1.0, 0.0, 1.0])?);
    let last = |column: &[f32]| shown(f64::from(column[column.len() - 1]));
    let text = format!(
        "D's labels are swapped, and G's isn't: no game, both want D(G(z)) to be 1. The signature: after {STEPS} such steps \
         both losses have gone to 0 (D's {}, G's {}), D(x) is {} and D(G(z)) is {}, as if all were learnt, while the samples' mean \
         has gone from {:.1} to {:.1}; the data's is 4",
        last(&swapped.loss_d),
        last(&swapped.loss_g),
        last(&swapped.score_real),
        last(&swapped.score_fake),
        swapped.means[0],
        swapped.means[1],
    );
    Ok((text.replace(" -", " −"), Some(figure(&swapped, &right))))
}

/// The two losses, and their slopes, as all scores grow: real ones up, generated ones down.
fn drawn(learner: Losses) -> Option<Figure> {
    let at = |s: f64| [s, -s, -0.5 * s];
    // D's and G's loss, and what one more real, generated and other score would change.
    let yours = |s: f64| -> Result<[f64; 5]> {
        let dev = device()?;
        let [x, y, z] = at(s).map(|s| column(&dev, &[s as f32]));
        let (x, y, z) = (x?, y?, z?);
        let (of_d, of_g) = learner(x.leaky_trace(), y.leaky_trace(), z.leaky_trace())?;
        let losses = [of_d.array(), of_g.array()].map(f64::from);
        let (mut by_d, mut by_g) = (of_d.backward(), of_g.backward());
        let slopes = [gradient(&mut by_d, &x)?, gradient(&mut by_d, &y)?, gradient(&mut by_g, &z)?];
        let [a, b, c] = slopes.map(|slope| slope.first().map_or(f64::NAN, |&s| f64::from(s)));
        Ok([losses[0], losses[1], a, b, c])
    };
    let right = |s: f64| {
        let ([x, y, z], sigma) = (at(s), |s: f64| 1.0 / (1.0 + (-s).exp()));
        let losses = [bce(&[x as f32], 1.0) + bce(&[y as f32], 0.0), bce(&[z as f32], 1.0)];
        [losses[0], losses[1], sigma(x) - 1.0, sigma(y), sigma(z) - 1.0]
    };
    let names = [
        "D's loss [nats]",
        "G's loss [nats]",
        "Slope of D's loss by a real score",
        "Slope of D's loss by a generated score",
        "Slope of G's loss by its score",
    ];
    let view = |end: f64, which: usize| {
        View::over(
            names[which],
            ["score s of real samples; generated ones −s, in G's part −s/2", names[which]],
            &places(-end, end, 41),
            |s| right(s)[which],
            |s| yours(s).map_or(f64::NAN, |all| all[which]),
        )
    };
    parting(
        [4.0, 150.0]
            .into_iter()
            .flat_map(|end| (0..5).map(move |which| (end, which)))
            .map(|(a, b)| view(a, b)),
    )
}

fn figure(swapped: &Trained, right: &Trained) -> Figure {
    let steps: Vec<f64> = (1..=STEPS).map(|step| step as f64).collect();
    let wide = |column: &[f32]| column.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    let panel = |title: &str, trained: &Trained| {
        Panel::new(title)
            .x("step")
            .y("mean of D")
            .y_range(0.0, 1.0)
            .line("D(x), real", &steps, &wide(&trained.score_real))
            .line("D(G(z)), generated", &steps, &wide(&trained.score_fake))
    };
    let end = |column: &[f32]| column.last().copied().unwrap_or(f32::NAN);
    Figure::new("Swapped labels: both players get what they want, and nothing is learnt.")
        .alt(&format!(
            "Left, with swapped labels, the mean score of real samples falls to {:.3} and that of generated ones rises \
             to {:.3}, and both stay there: the players agree. Right, with the labels of the game, they end at {:.2} and \
             {:.2}.",
            end(&swapped.score_real),
            end(&swapped.score_fake),
            end(&right.score_real),
            end(&right.score_fake),
        ))
        .panel(panel("Labels swapped", swapped))
        .panel(panel("Labels right", right))
}
