//! # Exercise 06-4: a smile, and nothing of the mouth
//!
//! The directions of two attributes, `d` and `e`, are rarely at a right angle: who moves along `d` moves along `e` too.
//! Give back what is left of `d` when its shadow on `e` is taken out, $d - \frac{d \cdot e}{e \cdot e}\,e$. The starter
//! subtracts the whole of `e`.
//!
//! Hint: Of $d = (3, 4, 1)$ and $e = (0, 2, 0)$: how much of $e$ is in $d$? What should be left?
//!
//! Hint: The result must be at a right angle to $e$: its product with $e$ is 0. The cosine, a correlation, is the
//! same whatever the lengths; the shadow isn't.
//!
//! Hint: `let share = dot(d, e) / dot(e, e);`

fn without(d: &[f32], e: &[f32]) -> Vec<f32> {
    let dot = |u: &[f32], v: &[f32]| u.iter().zip(v).map(|(x, y)| x * y).sum::<f32>();
    // How much of e is in d?
    // solution
    // starter: let share = 1.0;
    let share = dot(d, e) / dot(e, e);
    // end
    d.iter().zip(e).map(|(x, y)| x - share * y).collect()
}

fn main() {
    // check
    gan_course::homework::check_06_4(without);
}
