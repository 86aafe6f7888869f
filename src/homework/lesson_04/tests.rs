//! Every right answer passes, and every mistake that a check names is named.

use super::*;
use crate::homework::evidence::named;

fn mean(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    values.iter().map(|&v| of(v)).sum::<f64>() / values.len() as f64
}

#[test]
fn right_answers_pass() {
    for verdict in [kl::judge(kl::right), js::judge(js::right), value::judge(value::right)] {
        assert!(verdict.passed, "{verdict}");
    }
}

#[test]
fn mistakes_in_the_divergence_of_samples_are_named() {
    for (verdict, part) in [
        (kl::judge(|_, of_q, p, q| mean(of_q, |x| p(x) - q(x))), "a negative answer, which no divergence is"),
        (kl::judge(|_, of_q, p, q| mean(of_q, |x| q(x) - p(x))), "this is KL(q‖p)"),
        (kl::judge(|of_p, _, p, q| mean(of_p, |x| q(x) - p(x))), "the sign is turned"),
        (kl::judge(|of_p, of_q, p, q| mean(of_p, p) - mean(of_q, q)), "a difference of entropies"),
        (kl::judge(|of_p, _, p, _| mean(of_p, p)), "ln q is missing"),
        (kl::judge(|of_p, _, p, q| of_p.iter().map(|&x| p(x) - q(x)).sum()), "this is the sum"),
        (kl::judge(|of_p, _, p, q| mean(of_p, |x| p(x).exp() * (p(x) - q(x)))), "counted twice"),
        (kl::judge(|of_p, _, p, q| mean(of_p, |x| 3.0 * (p(x) - q(x)))), "not recognised"),
        (kl::judge(|_, _, _, _| f64::NAN), "a mean was taken of nothing"),
        (kl::judge(|_, _, _, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_symmetric_divergence_are_named() {
    fn kl(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).filter(|(a, _)| **a > 0.0).map(|(a, b)| a * (a / b).ln()).sum()
    }
    fn m(p: &[f64], q: &[f64]) -> Vec<f64> {
        p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect()
    }
    for (verdict, part) in [
        (js::judge(|p, q| 0.5 * kl(p, q) + 0.5 * kl(q, p)), "histograms that don't overlap are ∞ apart"),
        (js::judge(|p, q| kl(p, q) + kl(q, p)), "the sum of both KL"),
        (js::judge(|p, q| kl(p, &m(p, q))), "the half of q is missing"),
        (js::judge(|p, q| kl(q, &m(p, q))), "the half of p is missing"),
        (js::judge(|p, q| kl(p, &m(p, q)) + kl(q, &m(p, q))), "at most ln 2"),
        (js::judge(|p, q| 0.5 * kl(&m(p, q), p) + 0.5 * kl(&m(p, q), q)), "the mixture stands first"),
        (js::judge(|p, q| js::right(p, q) / 2f64.ln()), "this is in bits"),
        (js::judge(|p, q| js::right(p, q).sqrt()), "the root: the divergence has none"),
        (
            js::judge(|p, q| {
                let m = m(p, q);
                let of = |a: &[f64]| a.iter().zip(&m).map(|(a, m)| a * (a / m).ln()).sum::<f64>();
                0.5 * of(p) + 0.5 * of(q)
            }),
            "0 · ln 0 is NaN",
        ),
        (js::judge(|_, _| 0.3), "not recognised"),
        (js::judge(|_, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}

#[test]
fn mistakes_in_the_value_are_named() {
    fn sigma(z: f64) -> f64 {
        1.0 / (1.0 + (-z).exp())
    }
    for (verdict, part) in [
        (value::judge(|r, f| value::right(r, f) / 2.0), "from which theory would read a JS of 0.34657"),
        (value::judge(|r, f| -value::right(r, f) / 2.0), "this is D's loss itself"),
        (value::judge(|r, f| -value::right(r, f)), "the sign is turned"),
        (value::judge(|r, _| mean(r, |z| sigma(z).ln())), "the generated samples' half is missing"),
        (value::judge(|_, f| mean(f, |z| (1.0 - sigma(z)).ln())), "the real samples' half is missing"),
        (value::judge(|r, f| value::right(f, r)), "real and generated are exchanged"),
        (
            value::judge(|r, f| mean(r, |z| sigma(z).ln()) + mean(f, |z| sigma(z).ln())),
            "the second term has ln D(G(z))",
        ),
        (
            value::judge(|r, f| mean(r, |z| sigma(z).ln()) + mean(f, |z| (1.0 - sigma(z)).ln())),
            "σ rounds to 1 here",
        ),
        (value::judge(|r, f| value::right(r, f) * r.len() as f64), "these are sums"),
        (value::judge(|_, _| 7.0), "not recognised"),
        (value::judge(|_, _| panic!("oh")), "your code panicked: oh"),
    ] {
        named(&verdict, part);
    }
}
