//! # Exercise 02-2: the training loop
//!
//! Train a naive generator for so many steps with its two methods: `naive.noise()?` draws a minibatch, `naive.generator_step(&z)?`
//! makes one update on it. A generator is to turn *any* noise into samples, so what it must not do is learn a few values of $z$ by
//! heart. The starter's G sees the same 128 numbers in every step.
//!
//! Hint: The loss is an expectation over $z$. Each minibatch is a new estimate of it, if it is a new minibatch.
//!
//! Hint: Move one line of the starter.
//!
//! Hint: The loop is `for _ in 0..steps { let z = naive.noise()?; naive.generator_step(&z)?; }`.

fn train(
    naive: &mut gan_course::lessons::naive_generator::NaiveGenerator,
    steps: usize,
) -> gan_course::Result<()> {
    // solution
    // starter: let z = naive.noise()?;
    // starter: for _ in 0..steps {
    // starter:     naive.generator_step(&z)?;
    // starter: }
    for _ in 0..steps {
        let z = naive.noise()?;
        naive.generator_step(&z)?;
    }
    // end
    Ok(())
}

fn main() {
    // check
    gan_course::homework::check_02_2(train);
}
