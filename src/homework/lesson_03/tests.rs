//! Every right answer passes, and every mistake that a check names is named.

use dfdx::prelude::{AsArray, MeanTo, SumTo, Trace};

use super::losses::{judge_03_1, judge_03_2};
use super::*;
use crate::lessons::gan::{Mlp, cross_entropy, forward};
use crate::tensor::{Batch, Traced, TracedBatch};

#[track_caller]
fn named(verdicts: impl IntoIterator<Item = (Verdict, &'static str)>) {
    for (verdict, part) in verdicts {
        crate::homework::evidence::named(&verdict, part);
    }
}

/// D's traced logits of x and, correctly, of G(z).
fn logits(d: &Mlp, g: &Mlp, x: Batch<1>, z: Batch<1>) -> Result<(TracedBatch<1>, TracedBatch<1>)> {
    Ok((forward(d, x.leaky_trace())?, forward(d, forward(g, z)?.leaky_trace())?))
}

fn discriminator_right(d: &Mlp, g: &Mlp, x: Batch<1>, z: Batch<1>) -> Result<Traced> {
    let (real, fake) = logits(d, g, x, z)?;
    Ok(cross_entropy(real, 1.0)? + cross_entropy(fake, 0.0)?)
}

fn generator_right(d: &Mlp, g: &Mlp, z: Batch<1>) -> Result<Traced> {
    cross_entropy(forward(d, forward(g, z.leaky_trace())?)?, 1.0)
}

fn traced_fake(d: &Mlp, g: &Mlp, z: Batch<1>) -> Result<TracedBatch<1>> {
    forward(d, forward(g, z.leaky_trace())?)
}

#[test]
fn right_answers_pass() {
    for verdict in [
        judge_03_1(discriminator_right),
        judge_03_2(generator_right),
        judge_03_3(RIGHT[0]),
        judge_03_3(RIGHT[1]),
        judge_03_4(|a, b| crate::metrics::w1(a, b).unwrap() as f32),
    ] {
        assert!(verdict.passed, "{verdict}");
    }
}

#[test]
fn mistakes_in_ds_loss_are_named() {
    named([
        (
            judge_03_1(|d, g, x, z| {
                let real = cross_entropy(forward(d, x.leaky_trace())?, 1.0)?;
                Ok(real + cross_entropy(traced_fake(d, g, z)?, 0.0)?)
            }),
            "(a missing detach)",
        ),
        (
            judge_03_1(|d, g, x, z| {
                let (real, fake) = logits(d, g, x, z)?;
                Ok(cross_entropy(real, 0.0)? + cross_entropy(fake, 1.0)?)
            }),
            "labels are swapped",
        ),
        (
            judge_03_1(|d, g, x, z| {
                let (real, fake) = logits(d, g, x, z)?;
                Ok(cross_entropy(real.sigmoid(), 1.0)? + cross_entropy(fake.sigmoid(), 0.0)?)
            }),
            "σ is applied twice",
        ),
        (judge_03_1(|d, g, x, z| Ok(-discriminator_right(d, g, x, z)?)), "the loss is −V"),
        (judge_03_1(|d, g, x, z| Ok(discriminator_right(d, g, x, z)? / 2.0)), "half the loss"),
        (judge_03_1(|d, g, x, z| Ok(discriminator_right(d, g, x, z)? * 64.0)), "sum over the samples"),
        (judge_03_1(|d, g, x, z| cross_entropy(logits(d, g, x, z)?.0, 1.0)), "fake samples is missing"),
        (judge_03_1(|d, g, x, z| cross_entropy(logits(d, g, x, z)?.1, 0.0)), "real samples is missing"),
        (
            judge_03_1(|d, g, x, z| {
                let (real, fake) = logits(d, g, x, z)?;
                Ok(cross_entropy(real, 1.0)? + cross_entropy(fake, 1.0)?)
            }),
            "both targets are 1",
        ),
        (
            // Right near the beginning, lost where σ rounds to 1.
            judge_03_1(|d, g, x, z| {
                let (real, fake) = logits(d, g, x, z)?;
                Ok(-real.sigmoid().ln().mean() - (-fake.sigmoid() + 1.0).ln().mean())
            }),
            "logits beyond ±100) expected",
        ),
        (
            // The fake part has lost its tape.
            judge_03_1(|d, g, x, z| {
                let (real, fake) = logits(d, g, x, z)?;
                let number = cross_entropy(fake, 0.0)?.array();
                Ok(cross_entropy(real, 1.0)? + number)
            }),
            "D's gradient should have length",
        ),
        (judge_03_1(|d, _, x, _| forward(d, x.leaky_trace()).map(|y| y.sum())), "−V = cross_entropy"),
        (judge_03_1(|_, _, _, _| panic!("oh")), "your code panicked: oh"),
        (judge_03_1(|_, _, _, _| Err(crate::Error::new("think"))), "returned an error: cannot think"),
    ]);
}

#[test]
fn mistakes_in_gs_loss_are_named() {
    named([
        (judge_03_2(|d, g, z| Ok(-generator_right(d, g, z)?)), "Hint: the sign: a small step"),
        (
            judge_03_2(|d, g, z| cross_entropy(traced_fake(d, g, z)?, 0.0)),
            "the target is 0, that is D's wish: a",
        ),
        (
            judge_03_2(|d, g, z| cross_entropy(forward(d, forward(g, z)?.leaky_trace())?, 0.0)),
            "no gradient reaches G, so begin",
        ),
        (
            judge_03_2(|d, g, z| cross_entropy(forward(d, forward(g, z)?.leaky_trace())?, 1.0)),
            "no gradient reaches G, so it can't learn",
        ),
        (judge_03_2(|d, g, z| Ok(-cross_entropy(traced_fake(d, g, z)?, 0.0)?)), "the saturating form"),
        (judge_03_2(|d, g, z| Ok(-traced_fake(d, g, z)?.mean())), "the linear form"),
        (judge_03_2(|d, g, z| cross_entropy(traced_fake(d, g, z)?.sigmoid(), 1.0)), "σ is applied twice"),
        (judge_03_2(|d, g, z| Ok(generator_right(d, g, z)? * 64.0)), "take the mean"),
        (judge_03_2(|d, g, z| Ok(-traced_fake(d, g, z)?.sigmoid().mean())), "the logarithm is missing"),
        (
            judge_03_2(|d, g, z| Ok(-traced_fake(d, g, z)?.sigmoid().ln().mean())),
            "got ∞. Hint: σ has rounded",
        ),
        (
            judge_03_2(|d, g, z| {
                let part = cross_entropy(traced_fake(d, g, z.clone())?, 1.0)?;
                let number = generator_right(d, g, z)?.array();
                Ok(part * 0.5 + number * 0.5)
            }),
            "G's gradient should have length",
        ),
        (judge_03_2(|_, _, _| panic!("oh")), "your code panicked: oh"),
    ]);
}

#[test]
fn mistakes_in_the_round_are_named() {
    for (round, hint) in WRONG {
        named([(judge_03_3(round), hint)]);
    }
    named([
        (judge_03_3(|_, _| Ok(())), "neither player has moved"),
        (
            judge_03_3(|gan, _| {
                let z = gan.noise()?;
                gan.generator_step(&z).map(|_| ())
            }),
            "D never takes a step",
        ),
        (
            judge_03_3(|gan, k| {
                let z = gan.noise()?;
                gan.generator_step(&z)?;
                (0..k).try_for_each(|_| {
                    let (x, z) = (gan.data()?, gan.noise()?);
                    gan.discriminator_step(&x, &z).map(|_| ())
                })
            }),
            "compare line by line",
        ),
        (
            judge_03_3(|gan, k| {
                for _ in 0..k {
                    let (x, z) = (gan.data()?, gan.noise()?);
                    gan.discriminator_step(&x, &z)?;
                }
                let z = gan.data()?;
                gan.generator_step(&z).map(|_| ())
            }),
            "compare line by line",
        ),
        (judge_03_3(|_, _| panic!("oh")), "your code panicked: oh"),
        (judge_03_3(|_, _| Err(crate::Error::new("think"))), "returned an error: cannot think"),
    ]);
}

#[test]
fn stale_fakes_are_named_with_what_they_do() {
    assert!(stale::judge(stale::RIGHT).passed);
    for (step, hint) in stale::WRONG {
        named([(stale::judge(step), hint)]);
    }
    named([
        (stale::judge(stale::STALE), "and not one sample moves"),
        (stale::judge(|_, _, _, _, _, _| Ok(())), "neither player has moved"),
        (stale::judge(|_, _, _, _, _, _| panic!("oh")), "your code panicked: oh"),
    ]);
}

#[test]
fn swapped_labels_are_named_with_what_they_do() {
    use labels::judge;
    let right = judge(|real, fake, other| {
        Ok((cross_entropy(real, 1.0)? + cross_entropy(fake, 0.0)?, cross_entropy(other, 1.0)?))
    });
    assert!(right.passed, "{right}");
    let swapped = judge(|real, fake, other| {
        Ok((cross_entropy(real, 0.0)? + cross_entropy(fake, 1.0)?, cross_entropy(other, 1.0)?))
    });
    println!("{swapped}");
    named([
        (swapped, "D's labels are swapped, and G's isn't"),
        (
            judge(|real, fake, other| {
                Ok((cross_entropy(real, 0.0)? + cross_entropy(fake, 1.0)?, cross_entropy(other, 0.0)?))
            }),
            "all three labels are turned round",
        ),
        (
            judge(|real, fake, other| {
                Ok((cross_entropy(real, 1.0)? + cross_entropy(fake, 0.0)?, cross_entropy(other, 0.0)?))
            }),
            "both would have the samples rejected",
        ),
        (
            // The values are right, and half of D's gradient is gone.
            judge(|real, fake, other| {
                let number = cross_entropy(fake, 0.0)?.array();
                Ok((cross_entropy(real, 1.0)? + number, cross_entropy(other, 1.0)?))
            }),
            "a part of a loss has lost its tape",
        ),
        (judge(|_, _, _| panic!("oh")), "your code panicked: oh"),
    ]);
}

#[test]
fn mistakes_in_w1_are_named() {
    fn sorted(values: &[f32]) -> Vec<f32> {
        let mut values = values.to_vec();
        values.sort_by(f32::total_cmp);
        values
    }
    fn add(a: &[f32], b: &[f32], f: fn(f32) -> f32) -> f32 {
        a.iter().zip(b).map(|(a, b)| f(a - b)).sum()
    }
    named([
        (judge_03_4(|a, b| add(a, b, f32::abs) / a.len() as f32), "sort both first"),
        (judge_03_4(|a, b| add(&sorted(a), b, f32::abs) / a.len() as f32), "only a is sorted"),
        (judge_03_4(|a, b| add(a, &sorted(b), f32::abs) / a.len() as f32), "only b is sorted"),
        (judge_03_4(|a, b| add(&sorted(a), &sorted(b), f32::abs)), "this is the sum"),
        (judge_03_4(|a, b| add(&sorted(a), &sorted(b), |d| d) / a.len() as f32), "absolute value of each"),
        (judge_03_4(|a, b| (add(a, b, |d| d) / a.len() as f32).abs()), "absolute value of each"),
        (judge_03_4(|a, b| (add(&sorted(a), &sorted(b), |d| d * d) / a.len() as f32).sqrt()), "W₂"),
        (judge_03_4(|a, b| add(&sorted(a), &sorted(b), |d| d * d) / a.len() as f32), "the mean of squares"),
        (
            judge_03_4(|a, b| {
                let by_size = |v: &[f32]| {
                    let mut v = v.to_vec();
                    v.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
                    v
                };
                add(&by_size(a), &by_size(b), f32::abs) / a.len() as f32
            }),
            "for a = [−3.5",
        ),
        (judge_03_4(|_, _| f32::NAN), "got NaN, no number. Hint: sort both, and"),
        (judge_03_4(|a, _| a[a.len()]), "your code panicked"),
    ]);
}
