//! Every right answer passes, and every mistake that a check names is named.

use super::*;
use crate::homework::evidence::named;

#[test]
fn right_answers_pass() {
    let verdicts = [
        slerp::judge(slerp::right),
        slerp::judge(|a, b, t| crate::lessons::latent::slerp(a, b, t).unwrap()),
        direction::judge(direction::right),
        steer::judge(steer::right),
        freed::judge(freed::right),
        gap::judge(gap::right),
    ];
    for verdict in verdicts {
        assert!(verdict.passed, "{verdict}");
    }
}

#[test]
fn mistakes_on_the_sphere_are_named() {
    fn angle(a: &[f32], b: &[f32]) -> f32 {
        (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32
    }
    fn weighed(a: &[f32], b: &[f32], p: f32, q: f32) -> Vec<f32> {
        a.iter().zip(b).map(|(a, b)| p * a + q * b).collect()
    }
    named(&slerp::judge(|a, b, t| weighed(a, b, 1.0 - t, t)), "this is the straight way (lerp)");
    named(&slerp::judge(|a, b, t| slerp::right(b, a, t)), "exchanged");
    named(
        &slerp::judge(|a, b, t| {
            let o = angle(a, b).acos();
            weighed(a, b, ((1.0 - t) * o).sin(), (t * o).sin())
        }),
        "divided by sin θ",
    );
    named(
        &slerp::judge(|a, b, t| {
            let o = angle(a, b);
            weighed(a, b, ((1.0 - t) * o).sin() / o.sin(), (t * o).sin() / o.sin())
        }),
        "NaN comes of 0/0",
    );
    named(
        &slerp::judge(|a, b, t| {
            let straight = weighed(a, b, 1.0 - t, t);
            let scale = (dot(a, a) / dot(&straight, &straight)).sqrt() as f32;
            straight.iter().map(|x| x * scale).collect()
        }),
        "not at an even pace",
    );
    // All right but for parallel vectors: 0/0.
    named(
        &slerp::judge(|a, b, t| {
            let o = angle(a, b).clamp(-1.0, 1.0).acos();
            weighed(a, b, ((1.0 - t) * o).sin() / o.sin(), (t * o).sin() / o.sin())
        }),
        "go straight where",
    );
    named(&slerp::judge(|_, _, _| panic!("oh")), "your code panicked: oh");
    named(&slerp::judge(|_, _, _| vec![1.0]), "as many numbers");
}

#[test]
fn mistakes_in_directions_are_named() {
    fn means(z: &[Vec<f32>], smiles: &[bool], of: bool) -> (Vec<f32>, f32) {
        let mut sum = vec![0.0; z[0].len()];
        let mut count = 0.0;
        for (z, _) in z.iter().zip(smiles).filter(|(_, smile)| **smile == of) {
            sum.iter_mut().zip(z).for_each(|(sum, x)| *sum += x);
            count += 1.0;
        }
        (sum, count)
    }
    fn change(z: &[Vec<f32>], s: &[bool], change: fn(f32, f32, f32, f32) -> f32) -> Vec<f32> {
        let ((a, m), (b, n)) = (means(z, s, true), means(z, s, false));
        a.iter().zip(&b).map(|(&a, &b)| change(a, m, b, n)).collect()
    }
    named(&direction::judge(|z, s| change(z, s, |a, _, b, _| a - b)), "these are sums");
    named(&direction::judge(|z, s| change(z, s, |a, m, b, n| (a - b) / (m + n))), "the count of all");
    named(&direction::judge(|z, s| change(z, s, |a, m, b, n| b / n - a / m)), "from smiling to frowning");
    named(&direction::judge(|z, s| change(z, s, |a, m, _, _| a / m)), "where smiling faces lie");
    named(&direction::judge(|z, s| change(z, s, |a, m, b, n| a / m - (a + b) / (m + n))), "mean of all");
    named(&direction::judge(|z, s| change(z, s, |a, m, b, n| a / m + b / n)), "are added");
    named(&direction::judge(|_, _| vec![]), "as many numbers");
    named(&direction::judge(|z, _| vec![1.0; z[0].len()]), "not a mistake known here");
}

#[test]
fn mistakes_in_steering_are_named() {
    fn step(toy: &mut Toy, rate: f32) {
        let slope = toy.slope_in_z();
        toy.z.iter_mut().zip(slope).for_each(|(z, s)| *z += rate * s);
    }
    named(
        &steer::judge(|toy, rate, limit| {
            for _ in 0..limit {
                let slope = toy.slope_in_weights();
                toy.weights.iter_mut().zip(slope).for_each(|(w, s)| *w += rate * s);
            }
            toy.probability() >= 0.95
        }),
        "this trains G and leaves z",
    );
    named(
        &steer::judge(|toy, rate, _| {
            step(toy, rate);
            toy.weights[0] += 1.0;
            true
        }),
        "G's weights were changed too",
    );
    named(
        &steer::judge(|toy, rate, limit| {
            (0..limit).for_each(|_| step(toy, -rate));
            false
        }),
        "downhill",
    );
    named(
        &steer::judge(|toy, rate, limit| {
            (0..limit).for_each(|_| step(toy, rate));
            true
        }),
        "whether it is sure or not",
    );
    named(
        &steer::judge(|toy, rate, limit| {
            for _ in 0..limit {
                step(toy, rate);
                if toy.probability() >= 0.95 {
                    step(toy, rate);
                    return true;
                }
            }
            false
        }),
        "a step too many",
    );
    named(
        &steer::judge(|toy, rate, limit| {
            for _ in 0..limit {
                if toy.probability() >= 0.5 {
                    return true;
                }
                step(toy, rate);
            }
            false
        }),
        "too early",
    );
    named(&steer::judge(|_, _, _| true), "z stayed where it was");
    named(
        &steer::judge(|toy, rate, limit| {
            steer::right(toy, rate, limit);
            true
        }),
        "return false",
    );
}

#[test]
fn mistakes_in_freeing_are_named() {
    named(&freed::judge(|d, e| combined(d, 1.0, e, -1.0)), "e is subtracted whole");
    named(&freed::judge(|d, e| combined(d, 1.0, e, -dot(d, e))), "divide by e·e");
    named(&freed::judge(|d, e| combined(d, 1.0, e, -dot(d, e) / dot(e, e).sqrt())), "once");
    named(
        &freed::judge(|d, e| combined(d, 1.0, e, -dot(d, e) / (dot(d, d) * dot(e, e)).sqrt())),
        "the correlation",
    );
    named(&freed::judge(|d, e| combined(d, 1.0, e, -dot(d, e) / dot(d, d))), "divided by d·d");
    named(&freed::judge(|d, e| combined(d, 0.0, e, dot(d, e) / dot(e, e))), "what they share");
    named(&freed::judge(|d, e| freed::right(e, d)), "exchange them");
    named(
        &freed::judge(|d, e| {
            let left = freed::right(d, e);
            let length = dot(&left, &left).sqrt();
            left.iter().map(|x| x / length as f32).collect()
        }),
        "don't normalise",
    );
    named(&freed::judge(|d, _| d.to_vec()), "not a mistake known here");
}

#[test]
fn mistakes_in_gaps_are_named() {
    named(&gap::judge(|_, _| f64::NAN), "0/0");
    named(&gap::judge(|_, _| 0.5), "not a mistake known here");
    fn scores(z: &[Vec<f32>], v: &[f32], sign: bool, root: bool) -> Vec<f32> {
        let n = v.len() as f32;
        let mean_v = v.iter().sum::<f32>() / n;
        let score = |at: usize| {
            let mean = z.iter().map(|z| z[at]).sum::<f32>() / n;
            let both: f32 = z.iter().zip(v).map(|(z, v)| (z[at] - mean) * (v - mean_v)).sum();
            let of_z: f32 = z.iter().map(|z| (z[at] - mean).powi(2)).sum();
            let of_v: f32 = v.iter().map(|v| (v - mean_v).powi(2)).sum();
            let r = both / (of_z * of_v).sqrt();
            if !root {
                r * r
            } else if sign {
                r
            } else {
                r.abs()
            }
        };
        let mut scores: Vec<f32> = (0..z[0].len()).map(score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores
    }
    named(
        &gap::judge(|z, v| {
            let s = scores(z, v, true, true);
            f64::from(s[0] - s[1])
        }),
        "with its sign",
    );
    named(
        &gap::judge(|z, v| {
            let s = scores(z, v, false, true);
            f64::from(s[0] - s[1])
        }),
        "|correlation|",
    );
    named(&gap::judge(|z, v| f64::from(scores(z, v, false, false)[0])), "best R² alone");
    named(
        &gap::judge(|z, v| {
            let s = scores(z, v, false, false);
            f64::from(s[0] - s[s.len() - 1])
        }),
        "the worst",
    );
    named(
        &gap::judge(|z, v| {
            let s = scores(z, v, false, false);
            f64::from(s[0] - s.iter().sum::<f32>() / s.len() as f32)
        }),
        "the mean R²",
    );
    assert!(
        gap::judge(|z, v| {
            let s = scores(z, v, false, false);
            f64::from(s[0] - s[1])
        })
        .passed
    );
}
