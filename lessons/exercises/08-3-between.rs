//! # Exercise 08-3: a penalty at the real samples (bug museum)
//!
//! Where is the penalty asked? `real` and `fake` hold equally many samples of equally many numbers, row by row, `epsilon` a number
//! from 0 to 1 for each pair. Compute the interpolates $\hat x = \varepsilon x + (1 - \varepsilon)\, G(z)$. The starter takes the real samples, as
//! a slide of the course writes the penalty. **Predict**: can a critic be a cliff, and pay no more than a flat one? Run the check, compare, mend it.
//!
//! Hint: $G$ follows the critic's gradient all the way from where its samples are to where the data are. Which part of that way
//! does the starter look at?
//!
//! Hint: All numbers of one sample share its ε: sample `at / size`, with `size` numbers a sample.
//!
//! Hint: `epsilon[at / size] * x + (1.0 - epsilon[at / size]) * g` for the pair number `at`

fn between(real: &[f32], fake: &[f32], epsilon: &[f32]) -> Vec<f32> {
    let size = real.len() / epsilon.len();
    let mut points: Vec<f32> = Vec::new();
    for (at, (x, g)) in real.iter().zip(fake).enumerate() {
        // solution
        // starter: let share = 1.0;
        let share = epsilon[at / size];
        // end
        points.push(share * x + (1.0 - share) * g);
    }
    points
}

fn main() {
    // check
    gan_course::homework::check_08_3(between);
}
