//! # Exercise 10-4: a batch of one (bug museum)
//!
//! Standardise a minibatch's advantages: less their mean, over their standard deviation (the sample's, over $n - 1$) plus $10^{-8}$. A *single* advantage has no standard deviation; give it back as it is. The
//! starter forgets that case. **Predict**: 512 steps are cut into minibatches of 73; how many does the last one have, and what does the starter make of them? Run the check, compare, and
//! mend it.
//!
//! Hint: What is the mean of one number, what is left of it, and what is it divided by?
//!
//! Hint: The $10^{-8}$ doesn't help: the root is taken of 0 / 0 before it is added.
//!
//! Hint: First of all, `if advantages.len() < 2 { return advantages.to_vec(); }`.

fn standardised(advantages: &[f32]) -> Vec<f32> {
    // solution
    // starter: // Nothing yet for a batch of one.
    if advantages.len() < 2 {
        return advantages.to_vec();
    }
    // end
    let count = advantages.len() as f32;
    let mean = advantages.iter().sum::<f32>() / count;
    let squares: f32 = advantages.iter().map(|a| (a - mean).powi(2)).sum();
    let deviation = (squares / (count - 1.0)).sqrt();
    advantages.iter().map(|a| (a - mean) / (deviation + 1e-8)).collect()
}

fn main() {
    // check
    gan_course::homework::check_10_4(standardised);
}
