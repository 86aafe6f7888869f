//! # Exercise 03-4: a judge that V isn't
//!
//! Two GANs in section 7 had the same $V$, and one of them was far off. Write the judge that tells them apart: $W_1$ of two
//! samples of one size, which in one dimension is the mean distance $|a_{(i)} - b_{(i)}|$ of the *sorted* samples.
//! The starter compares two means, and so would call a generator perfect that always says 4.
//!
//! Hint: Sorting a copy: `let mut a = a.to_vec(); a.sort_by(f32::total_cmp);`, and the same for `b`.
//!
//! Hint: `a.iter().zip(&b)` walks through both; take the absolute difference of each pair.
//!
//! Hint: `let sum: f32 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum();` and divide by `a.len() as f32`.

fn w1_of(a: &[f32], b: &[f32]) -> f32 {
    // solution
    // starter: // Distance of the means. What does it miss?
    // starter: let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
    // starter: (mean(a) - mean(b)).abs()
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    a.sort_by(f32::total_cmp);
    b.sort_by(f32::total_cmp);
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.len() as f32
    // end
}

fn main() {
    // check
    gan_course::homework::check_03_4(w1_of);
}
