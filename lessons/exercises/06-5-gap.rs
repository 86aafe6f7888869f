//! # Exercise 06-5: has the factor a number of its own?
//!
//! `z` holds latent vectors, and `factor` what was read on each one's face, the size for instance. For each number of $z$
//! compute $R^2$, how well it alone predicts the factor by a line,
//!
//! $$R_i^2 = \frac{\mathrm{Cov}(z_i, v)^2}{\mathrm{Var}(z_i)\,\mathrm{Var}(v)},$$
//!
//! and give back the best less the second best. The mean of this over all factors is the SAP score. The starter takes the
//! correlation $\mathrm{Cov}/\sqrt{\mathrm{Var}\,\mathrm{Var}}$.
//!
//! Hint: If the face shrinks as $z_4$ grows, $z_4$ is as good a number for the size as if it grew with it.
//!
//! Hint: The correlation squared. It is 1 for any exact line, rising or falling.
//!
//! Hint: `both * both / (of_z * of_v)`

fn gap(z: &[Vec<f32>], factor: &[f32]) -> f64 {
    let n = factor.len() as f64;
    let mean_v = factor.iter().map(|&v| v as f64).sum::<f64>() / n;
    let mut scores: Vec<f64> = Vec::new();
    for i in 0..z[0].len() {
        let mean_z = z.iter().map(|z| z[i] as f64).sum::<f64>() / n;
        let (mut both, mut of_z, mut of_v) = (0.0, 0.0, 0.0);
        for (z, &v) in z.iter().zip(factor) {
            let (dz, dv) = (z[i] as f64 - mean_z, v as f64 - mean_v);
            both += dz * dv;
            of_z += dz * dz;
            of_v += dv * dv;
        }
        // solution
        // starter: scores.push(both / (of_z * of_v).sqrt());
        scores.push(both * both / (of_z * of_v));
        // end
    }
    scores.sort_by(|a, b| b.total_cmp(a));
    scores[0] - scores[1]
}

fn main() {
    // check
    gan_course::homework::check_06_5(gap);
}
