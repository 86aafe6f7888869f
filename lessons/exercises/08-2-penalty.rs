//! # Exercise 08-2: a norm over the wrong axis (bug museum)
//!
//! `gradients` holds the critic's gradient at each of `samples` interpolates, row by row: a row is one sample's gradient. Compute
//! the penalty before $\lambda$: the mean over the samples of $(\lVert g \rVert_2 - 1)^2$. In the starter the norm runs over the
//! batch, as `gradients.norm(2, dim=0)` does where `dim=1` was meant. **Predict**: what does a critic pay whose gradients all
//! have length 1, and what if the batch is 16 times as large? Run the check, compare, and mend it.
//!
//! Hint: For three gradients in the plane there are three lengths. How many does the starter compute?
//!
//! Hint: `gradients.chunks(gradients.len() / samples)` are the rows.
//!
//! Hint: for each `row`: `let length = row.iter().map(|g| g * g).sum::<f32>().sqrt();`, then add up `(length - 1.0).powi(2)`.

fn penalty(gradients: &[f32], samples: usize) -> f32 {
    let numbers = gradients.len() / samples;
    // solution
    // starter: let mut sum = 0.0;
    // starter: for at in 0..numbers {
    // starter:     let squares = gradients.iter().skip(at).step_by(numbers).map(|g| g * g);
    // starter:     sum += (squares.sum::<f32>().sqrt() - 1.0).powi(2);
    // starter: }
    // starter: sum / numbers as f32
    let mut sum = 0.0;
    for row in gradients.chunks(numbers) {
        let squares = row.iter().map(|g| g * g);
        sum += (squares.sum::<f32>().sqrt() - 1.0).powi(2);
    }
    sum / samples as f32
    // end
}

fn main() {
    // check
    gan_course::homework::check_08_2(penalty);
}
