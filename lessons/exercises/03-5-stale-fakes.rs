//! # Exercise 03-5: stale fakes (bug museum)
//!
//! A whole step, $D$'s part and then $G$'s, on one minibatch `x` and one `z`. The samples $G(z)$ are there from $D$'s part,
//! so the starter uses them again: in PyTorch this is `fake = G(z).detach()` before both parts. It compiles and runs.
//! **Predict**: what does $G$ learn in 500 such steps, and where does its loss go? Run the check, compare, and mend it:
//! $G$'s part needs samples that remember $G$, and scores of the $D$ that has just been updated.
//!
//! Hint: `of_g.update(g, …)` moves $G$ against its gradient. Which operations led from $G$'s weights to `loss_g`, and are they
//! on the tape?
//!
//! Hint: In exercise 03-1 the tape had to begin behind $G$; here it has to begin before it, at `z`.
//!
//! Hint: `let fake: TracedBatch<1> = forward(g, z.leaky_trace())?;` and then `forward(d, fake)?`.

use gan_course::dfdx::prelude::*;
use gan_course::lessons::gan::*;
use gan_course::tensor::*;

fn both_parts(
    d: &mut Mlp,
    g: &mut Mlp,
    of_d: &mut gan_course::optim::Optimizer,
    of_g: &mut gan_course::optim::Optimizer,
    x: Batch<1>,
    z: Batch<1>,
) -> gan_course::Result<()> {
    let fake: Batch<1> = forward(g, z.clone())?;
    let real_scores: TracedBatch<1> = forward(d, x.leaky_trace())?;
    let fake_scores: TracedBatch<1> = forward(d, fake.leaky_trace())?;
    let loss_d: Traced = cross_entropy(real_scores, 1.0)? + cross_entropy(fake_scores, 0.0)?;
    of_d.update(d, &mut loss_d.backward())?;

    // solution
    // starter: // The samples are there already.
    // starter: let scores: TracedBatch<1> = forward(d, fake.leaky_trace())?;
    let fake: TracedBatch<1> = forward(g, z.leaky_trace())?;
    let scores: TracedBatch<1> = forward(d, fake)?;
    // end
    let loss_g: Traced = cross_entropy(scores, 1.0)?;
    of_g.update(g, &mut loss_g.backward())
}

fn main() {
    // check
    gan_course::homework::check_03_5(both_parts);
}
