//! # Exercise 08-1: a critic that still ends in a sigmoid (bug museum)
//!
//! Write the critic's loss, to be minimised, from its scores of real and of generated samples: $\mathbb E\, c(G(z)) - \mathbb E\, c(x)$.
//! The starter was made from a discriminator, and the last layer's sigmoid was left in. It trains, and its loss looks tidy.
//! **Predict**: how large can its "distance" become for samples that lie 100 apart, and what gradient is left for $G$ then?
//! Run the check, compare, and mend it.
//!
//! Hint: A distance has a unit, that of the data. In which unit is a sigmoid?
//!
//! Hint: The critic's brake is the penalty or the clipping, not its last layer.
//!
//! Hint: `Ok(fake.mean() - real.mean())`

use gan_course::dfdx::prelude::*;
use gan_course::tensor::*;

fn critic_loss(real: TracedBatch<1>, fake: TracedBatch<1>) -> gan_course::Result<Traced> {
    // solution
    // starter: let (real, fake) = (real.sigmoid(), fake.sigmoid());
    // end
    Ok(fake.mean() - real.mean())
}

fn main() {
    // check
    gan_course::homework::check_08_1(critic_loss);
}
