//! # Exercise 05-2: a transposed convolution by hand
//!
//! Compute the transposed convolution of a row $y$ with a kernel $w$ and a stride $S$, without padding: each $y_i$ stamps
//! the whole kernel, times $y_i$, so that the stamp begins at the place $iS$; where stamps overlap, they are added.
//! The starter makes a row of the right length and loses what overlaps.
//!
//! Hint: Try it on paper with $y = (1, 2)$, $w = (1, 2, 4)$ and $S = 2$: the stamps are $(1, 2, 4)$ at 0 and $(2, 4, 8)$ at
//! 2. What stands at place 2?
//!
//! Hint: The result has $(n - 1)S + K$ numbers. Two loops: over $i$, and over the kernel's places $u$.
//!
//! Hint: `x[i * stride + u] += y[i] * kernel[u];`

fn stamped(y: &[f32], kernel: &[f32], stride: usize) -> Vec<f32> {
    let mut x: Vec<f32> = vec![0.0; (y.len() - 1) * stride + kernel.len()];
    for i in 0..y.len() {
        for u in 0..kernel.len() {
            // solution
            // starter: x[i * stride + u] = y[i] * kernel[u];
            x[i * stride + u] += y[i] * kernel[u];
            // end
        }
    }
    x
}

fn main() {
    // check
    gan_course::homework::check_05_2(stamped);
}
