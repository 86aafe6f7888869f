//! # Exercise 03-2: the generator's loss
//!
//! Write $G$'s non-saturating loss, $-\operatorname{mean} \ln D(G(z))$, so that a step *down* on it makes $D$ take more of
//! $G$'s samples for real. The starter is the other way round, and $G$ learns nothing from it. The check computes the
//! gradient of $G$'s weights, takes a small step against it, and looks where $D(G(z))$ has gone.
//!
//! Hint: Which target must `cross_entropy(logits, target)` have, so that it is $-\ln \sigma(\text{logit})$?
//!
//! Hint: $G$ learns through its samples: the tape must begin at `z` this time. $D$'s weights get gradients too, but
//! only $G$'s are used.
//!
//! Hint: `let fake = forward(g, z.leaky_trace())?;` then `cross_entropy(forward(d, fake)?, 1.0)`.

use gan_course::dfdx::prelude::*;
use gan_course::lessons::gan::*;
use gan_course::tensor::*;

fn generator_loss(d: &Mlp, g: &Mlp, z: Batch<1>) -> gan_course::Result<Traced> {
    // solution
    // starter: // Two things are wrong here: the target, and where the tape begins.
    // starter: let fake: Batch<1> = forward(g, z)?;
    // starter: cross_entropy(forward(d, fake.leaky_trace())?, 0.0)
    let fake: TracedBatch<1> = forward(g, z.leaky_trace())?;
    cross_entropy(forward(d, fake)?, 1.0)
    // end
}

fn main() {
    // check
    gan_course::homework::check_03_2(generator_loss);
}
