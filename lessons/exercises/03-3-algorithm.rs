//! # Exercise 03-3: one round of Algorithm 1
//!
//! Write one round with `k` steps of the discriminator, from `gan.noise()?`, `gan.data()?`,
//! `gan.discriminator_step(&x, &z)?` and `gan.generator_step(&z)?`. Each step of $D$ sees a minibatch of its own, and $G$
//! gets noise of its own. The starter draws once and uses it for everything, and makes one step of $D$ whatever `k` is.
//!
//! Hint: What has to be inside `for _ in 0..k { … }`, and what after it?
//!
//! Hint: Noise that $D$ has just been trained on is what $D$ knows best: draw `z` anew before $G$'s step.
//!
//! Hint: In the loop `let (x, z) = (gan.data()?, gan.noise()?);` and $D$'s step; after it `let z = gan.noise()?;` and
//! $G$'s step.

use gan_course::lessons::gan::*;

fn one_round(gan: &mut Gan, k: usize) -> gan_course::Result<()> {
    // solution
    // starter: let (x, z) = (gan.data()?, gan.noise()?);
    // starter: gan.discriminator_step(&x, &z)?;
    // starter: gan.generator_step(&z)?;
    // starter: Ok(())
    for _ in 0..k {
        let (x, z) = (gan.data()?, gan.noise()?);
        gan.discriminator_step(&x, &z)?;
    }
    let z = gan.noise()?;
    gan.generator_step(&z)?;
    Ok(())
    // end
}

fn main() {
    // check
    gan_course::homework::check_03_3(one_round);
}
