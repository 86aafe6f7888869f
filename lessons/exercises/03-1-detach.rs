//! # Exercise 03-1: the discriminator's loss, and nothing of it for G
//!
//! Write $D$'s loss $-V = -\operatorname{mean} \ln D(x) - \operatorname{mean} \ln(1 - D(G(z)))$, the sum of two means, so
//! that its backward pass ends at $D$'s weights. `cross_entropy(logits, target)` is the mean binary cross-entropy of
//! logits whose targets are all alike. The value that the starter computes is right, yet it does something to $G$;
//! the check measures it.
//!
//! Hint: `leaky_trace()` starts a tape. Which operations are recorded on it here, and on whose weights do they depend?
//!
//! Hint: `forward(g, z)` with a plain `Batch<1>` gives a plain `Batch<1>`: numbers without a past. Start the tape after
//! $G$, not before.
//!
//! Hint: `let fake = forward(g, z)?;` and then `forward(d, fake.leaky_trace())?`.

use gan_course::dfdx::prelude::*;
use gan_course::lessons::gan::*;
use gan_course::tensor::*;

fn discriminator_loss(
    d: &Mlp,
    g: &Mlp,
    x: Batch<1>,
    z: Batch<1>,
) -> gan_course::Result<Traced> {
    let of_real: TracedBatch<1> = forward(d, x.leaky_trace())?;
    // solution
    // starter: // The tape begins at z.
    // starter: let fake: TracedBatch<1> = forward(g, z.leaky_trace())?;
    // starter: let of_fake: TracedBatch<1> = forward(d, fake)?;
    let fake: Batch<1> = forward(g, z)?;
    let of_fake: TracedBatch<1> = forward(d, fake.leaky_trace())?;
    // end
    Ok(cross_entropy(of_real, 1.0)? + cross_entropy(of_fake, 0.0)?)
}

fn main() {
    // check
    gan_course::homework::check_03_1(discriminator_loss);
}
