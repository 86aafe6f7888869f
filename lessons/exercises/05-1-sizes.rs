//! # Exercise 05-1: how large is what comes out?
//!
//! Write the two sizes that decide whether a network of convolutions fits together: how many numbers a kernel of size
//! $K$ with stride $S$ and padding $P$ leaves of a row of $n$, in a convolution and in a transposed convolution. Numbers
//! are unsigned: none may fall below 0 on the way.
//!
//! Hint: The first window begins at the row's padded beginning and needs $K$ of the $n + 2P$ places. How far can it
//! move then, and how many steps of $S$ is that?
//!
//! Hint: In a transposed convolution the first stamp begins at 0 and the last one at $(n-1)S$. Where does the last one
//! end? The padding is then cut off at both ends.
//!
//! Hint: `(n + 2 * padding - kernel) / stride + 1`, and `(n - 1) * stride + kernel - 2 * padding`.

fn convolved_size(n: usize, kernel: usize, stride: usize, padding: usize) -> usize {
    // solution
    // starter: // It forgets something.
    // starter: (n + 2 * padding - kernel) / stride
    (n + 2 * padding - kernel) / stride + 1
    // end
}

fn transposed_size(n: usize, kernel: usize, stride: usize, padding: usize) -> usize {
    // solution
    // starter: n * stride
    (n - 1) * stride + kernel - 2 * padding
    // end
}

fn main() {
    // check
    gan_course::homework::check_05_1(convolved_size, transposed_size);
}
