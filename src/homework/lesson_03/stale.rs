//! Exercise 03-5, of the bug museum: a step whose G learns from samples that have forgotten G.

use dfdx::prelude::{AsArray, Backward, Trace};

use super::super::{Verdict, answer, shown};
use crate::Result;
use crate::lessons::gan::{Gan, GanConfig, Mlp, cross_entropy, forward};
use crate::optim::{AdamConfig, Optimizer, OptimizerConfig, SgdConfig};
use crate::show::Figure;
use crate::tensor::{Batch, Noise, Traced, column, values};

/// (D, G, D's optimiser, G's optimiser, x, z): one step of both players.
type Step = fn(&mut Mlp, &mut Mlp, &mut Optimizer, &mut Optimizer, Batch<1>, Batch<1>) -> Result<()>;

/// Checks exercise 03-5: D's part, then G's on samples made anew by the G that learns, judged by the updated D.
pub fn check_03_5(both_parts: Step) -> Verdict {
    judge(both_parts).printed()
}

/// Steps of the training that shows the signature.
const STEPS: usize = 500;

fn loss_of_d(d: &Mlp, fake: Batch<1>, x: &Batch<1>) -> Result<Traced> {
    let real = cross_entropy(forward(d, x.leaky_trace())?, 1.0)?;
    Ok(real + cross_entropy(forward(d, fake.leaky_trace())?, 0.0)?)
}

fn loss_of_g(d: &Mlp, g: &Mlp, z: &Batch<1>, target: f32) -> Result<Traced> {
    cross_entropy(forward(d, forward(g, z.leaky_trace())?)?, target)
}

pub(super) const RIGHT: Step = |d, g, of_d, of_g, x, z| {
    let fake = forward(g, z.clone())?;
    of_d.update(d, &mut loss_of_d(d, fake, &x)?.backward())?;
    of_g.update(g, &mut loss_of_g(d, g, &z, 1.0)?.backward())
};

pub(super) const STALE: Step = |d, g, of_d, of_g, x, z| {
    let fake = forward(g, z)?;
    of_d.update(d, &mut loss_of_d(d, fake.clone(), &x)?.backward())?;
    of_g.update(g, &mut cross_entropy(forward(d, fake.leaky_trace())?, 1.0)?.backward())
};

/// Other typical mistakes: each leaves the networks in a state of its own.
pub(super) const WRONG: [(Step, &str); 5] = [
    (
        // The same as to move G first and then to train D on the samples from before: each sees the other as it was.
        |d, g, of_d, of_g, x, z| {
            let late = loss_of_g(d, g, &z, 1.0)?;
            let fake = forward(g, z)?;
            of_d.update(d, &mut loss_of_d(d, fake, &x)?.backward())?;
            of_g.update(g, &mut late.backward())
        },
        "both players move at once, each against the other as it was before: G's loss has the scores of D before its update \
         (PyTorch's `retain_graph=True` invites this), or D learns after G from samples that G no longer makes. D's part comes \
         first, and then forward(d, …) anew",
    ),
    (
        |d, g, of_d, of_g, x, z| {
            of_g.update(g, &mut loss_of_g(d, g, &z, 1.0)?.backward())?;
            let fake = forward(g, z)?;
            of_d.update(d, &mut loss_of_d(d, fake, &x)?.backward())
        },
        "the two parts are exchanged: D's comes first, and G learns from the D that it has made",
    ),
    (
        |d, g, of_d, of_g, x, z| {
            let fake = forward(g, z.clone())?;
            of_d.update(d, &mut loss_of_d(d, fake, &x)?.backward())?;
            of_g.update(g, &mut loss_of_g(d, g, &z, 0.0)?.backward())
        },
        "G's target is 0, that is D's wish: G wants its samples called real",
    ),
    (
        |d, g, of_d, of_g, x, z| {
            let fake = forward(g, z.clone())?;
            of_d.update(d, &mut loss_of_d(d, fake, &x)?.backward())?;
            let mut gradients = loss_of_g(d, g, &z, 1.0)?.backward();
            of_g.update(g, &mut gradients)?;
            of_d.update(d, &mut gradients)
        },
        "D is moved by G's loss too: in G's part only of_g.update is called",
    ),
    (
        |d, g, _, of_g, _, z| of_g.update(g, &mut loss_of_g(d, g, &z, 1.0)?.backward()),
        "D is never updated: call of_d.update on the gradient of its loss",
    ),
];

/// The two networks and their optimisers.
#[derive(Clone)]
struct Players {
    d: Mlp,
    g: Mlp,
    of_d: Optimizer,
    of_g: Optimizer,
}

impl Players {
    fn new(gan: &Gan, optimizer: impl Into<OptimizerConfig>) -> Result<Self> {
        let (d, g, config) = (gan.discriminator().clone(), gan.generator().clone(), optimizer.into());
        Ok(Self { of_d: Optimizer::new(config.clone(), &d)?, of_g: Optimizer::new(config, &g)?, d, g })
    }

    /// After these steps.
    fn after(&self, step: Step, batches: &[(Batch<1>, Batch<1>)]) -> Result<Self> {
        let mut new = self.clone();
        for (x, z) in batches {
            step(&mut new.d, &mut new.g, &mut new.of_d, &mut new.of_g, x.clone(), z.clone())?;
        }
        Ok(new)
    }

    /// G's samples of this noise, and D's logits at these places.
    fn look(&self, probe: &Batch<1>) -> Result<(Vec<f32>, Vec<f32>)> {
        Ok((values(&forward(&self.g, probe.clone())?), values(&forward(&self.d, probe.clone())?)))
    }
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * b.abs().max(1.0))
}

pub(super) fn judge(learner: Step) -> Verdict {
    const NAME: &str = "03-5";
    let judged = || -> Result<Verdict> {
        let mut gan = Gan::new(GanConfig { seed: 5, batch: 64, ..GanConfig::default() })?;
        let probe = column(&crate::tensor::device()?, &Noise::new(8).normal(32))?;
        let all: Vec<_> = (0..STEPS).map(|_| Ok((gan.data()?, gan.noise()?))).collect::<Result<_>>()?;
        // Plain descent: every factor of a gradient is to be seen.
        let start = Players::new(&gan, SgdConfig { rate: 0.3, ..SgdConfig::default() })?;
        for count in [1, 3] {
            let case = if count == 1 { "after one step" } else { "after three steps" };
            let (begun, batches) = (start.clone(), &all[..count]);
            let found = match answer(case, || begun.after(learner, batches)) {
                Ok(players) => players.look(&probe)?,
                Err(text) => return Ok(Verdict::failed(NAME, text)),
            };
            let of = |step: Step| start.after(step, batches)?.look(&probe);
            let right = of(RIGHT)?;
            let like = |state: &(Vec<f32>, Vec<f32>)| close(&found.0, &state.0) && close(&found.1, &state.1);
            if like(&right) {
                continue;
            }
            let begin = start.look(&probe)?;
            let mut hint = match (close(&found.0, &begin.0), close(&found.1, &begin.1)) {
                (true, true) => "neither player has moved".to_owned(),
                (true, false) => "G has not moved: no gradient reaches it. Begin the tape at z".to_owned(),
                _ => {
                    "not recognised; D's part as it stood, then samples, scores and loss of G anew".to_owned()
                }
            };
            for (step, text) in WRONG {
                if like(&of(step)?) {
                    hint = text.to_owned();
                    break;
                }
            }
            if like(&of(STALE)?) {
                hint = signature(&gan, &all)?;
            }
            let at = |state: &(Vec<f32>, Vec<f32>)| {
                format!(
                    "G's first sample {} and D's first logit {}",
                    shown(state.0[0].into()),
                    shown(state.1[0].into())
                )
            };
            let (right, found) = (at(&right), at(&found));
            let message = format!("{case} expected {right}, got {found}. Hint: {hint}.");
            return Ok(Verdict::failed(NAME, message).with(figure(learner, &start, &all)?));
        }
        Ok(Verdict::passed(
            NAME,
            "G learns from samples that remember it, and from the D that was just updated.",
        ))
    };
    judged().unwrap_or_else(|error| Verdict::failed(NAME, format!("the check itself failed: {error}.")))
}

fn figure(learner: Step, start: &Players, batches: &[(Batch<1>, Batch<1>)]) -> Result<Option<Figure>> {
    let after = |step: Step, count: usize| {
        let end = start.after(step, &batches[..count])?;
        super::seen(&end.d, &end.g)
    };
    let what = |count| super::many(count, "step");
    super::players(what, [1, 20, 200], |count| after(RIGHT, count), |count| after(learner, count))
}

/// What the stale samples do in training.
fn signature(gan: &Gan, batches: &[(Batch<1>, Batch<1>)]) -> Result<String> {
    let start = Players::new(gan, AdamConfig { betas: [0.5, 0.999], ..AdamConfig::default() })?;
    let end = start.after(STALE, batches)?;
    let loss = |players: &Players| -> Result<f64> {
        Ok(f64::from(loss_of_g(&players.d, &players.g, &batches[0].1, 1.0)?.array()))
    };
    Ok(format!(
        "stale fakes: the samples of D's part are plain numbers, so no gradient reaches G (or of_g.update isn't called). The signature: in {STEPS} such \
         steps G's loss goes from {} to {}, and not one sample moves. Make the samples anew, with the tape from z on",
        shown(loss(&start)?),
        shown(loss(&end)?),
    ))
}
