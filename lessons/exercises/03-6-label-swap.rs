//! # Exercise 03-6: swapped labels (bug museum)
//!
//! Write both players' losses from $D$'s logits: of real samples, of $G$'s samples in $D$'s part, and of $G$'s samples in
//! $G$'s part. $D(x)$ is the probability that $x$ is *real*. The starter has one pair of labels the wrong way round, as code that was
//! published with a course had it. Nothing fails, and both losses *fall*. **Predict** before you run the check: where do
//! $D(x)$ and $D(G(z))$ go, and where do the samples? Then compare, and mend it.
//!
//! Hint: In a game one player's gain is the other's loss. What does each of the starter's players want $D(G(z))$ to be?
//!
//! Hint: To call the fakes fake in words and in labels alike is free: with 1 for fakes everywhere, and 0 as $G$'s target, the game
//! is the same. Only one of the two must not be turned round. Here 1 means real.
//!
//! Hint: $D$'s targets are 1 for `real` and 0 for `fake`; $G$'s stays 1.

use gan_course::lessons::gan::*;
use gan_course::tensor::*;

fn both_losses(
    real: TracedBatch<1>,
    fake: TracedBatch<1>,
    fake_in_gs_part: TracedBatch<1>,
) -> gan_course::Result<(Traced, Traced)> {
    // solution
    // starter: let of_d: Traced = cross_entropy(real, 0.0)? + cross_entropy(fake, 1.0)?;
    let of_d: Traced = cross_entropy(real, 1.0)? + cross_entropy(fake, 0.0)?;
    // end
    let of_g: Traced = cross_entropy(fake_in_gs_part, 1.0)?;
    Ok((of_d, of_g))
}

fn main() {
    // check
    gan_course::homework::check_03_6(both_losses);
}
