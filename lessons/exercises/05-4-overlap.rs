//! # Exercise 05-4: which kernels make no chequerboard?
//!
//! Take a row, far from its ends, into which stamps of $K$ weights are set every $S$ pixels. Count for each of $S$
//! neighbouring pixels, beginning with one at which a stamp begins, in how many stamps it lies. Where the counts differ, a
//! transposed convolution has a chequerboard built in.
//!
//! Hint: With $K = 3$ and $S = 2$ draw three stamps, at 0, 2 and 4. How many cover pixel 2? And pixel 3?
//!
//! Hint: The stamp that begins at $iS$ covers $iS + u$ with its weight $u$. So the pixel $r$ of each $S$ is met by the weights
//! $u = r$, $r + S$, $r + 2S$ and so on, as long as they are below $K$.
//!
//! Hint: `(0..kernel).filter(|u| u % stride == r).count()`

fn overlap(kernel: usize, stride: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = Vec::new();
    for r in 0..stride {
        // solution
        // starter: // On average: it doesn't even look at r.
        // starter: let _ = r;
        // starter: counts.push(kernel / stride);
        counts.push((0..kernel).filter(|u| u % stride == r).count());
        // end
    }
    counts
}

fn main() {
    // check
    gan_course::homework::check_05_4(overlap);
}
