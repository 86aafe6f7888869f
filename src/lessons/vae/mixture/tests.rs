//! The mixture against closed forms, and against quadratures of another kind.

use super::*;

fn curved(z: f64) -> f64 {
    2.0 * (3.0 * z).tanh()
}

fn folded(z: f64) -> f64 {
    z * z
}

/// A linear decoder makes one Gaussian, whose posterior is one too: factor analysis.
#[test]
fn a_linear_decoder_is_known_in_closed_form() {
    let line = Mixture::new(|z| 1.0 - 2.0 * z, 0.5).unwrap();
    for x in [-3.0, 0.0, 1.0, 4.0] {
        let (mean, sd) = (-2.0 * (x - 1.0) / 4.25, 0.5 / 4.25f64.sqrt());
        let evidence = log_normal(x, 1.0, 4.25f64.sqrt());
        assert!((line.log_density(x) - evidence).abs() <= 1e-9, "{x}");
        assert!((line.bound(x, mean, sd).unwrap().value() - evidence).abs() <= 1e-9);
        assert!(line.gap(x, mean, sd).unwrap().abs() <= 1e-7);
        let found = line.best(x).unwrap();
        assert!((found.0 - mean).abs() <= 1e-3 && (found.1 - sd).abs() <= 1e-3, "{found:?} {mean} {sd}");
    }
}

/// The identity that the lesson derives, with both sides by quadratures of their own.
#[test]
fn bound_and_gap_add_up_to_the_evidence() {
    for (g, sigma) in [(curved as fn(f64) -> f64, 0.4), (folded, 0.3)] {
        let mixture = Mixture::new(g, sigma).unwrap();
        for x in [-1.0, 0.3, 2.0] {
            let evidence = mixture.log_density(x);
            for (mean, sd) in [(0.0, 1.0), (1.0, 0.3), (-0.5, 0.05)] {
                let (bound, gap) = (mixture.bound(x, mean, sd).unwrap(), mixture.gap(x, mean, sd).unwrap());
                assert!(gap >= 0.0, "{gap}");
                let near = 1e-6 * gap.abs().max(1.0);
                assert!((bound.value() + gap - evidence).abs() <= near, "{bound:?} {gap} {evidence}");
            }
            let exact = mixture.exact(x);
            assert!((exact.value() - evidence).abs() <= 1e-9, "{exact:?} {evidence}");
        }
    }
}

#[test]
fn densities_integrate_to_one_and_samples_follow() {
    let mixture = Mixture::new(curved, 0.4).unwrap();
    let x = even(-6.0, 6.0, 601);
    let area: f64 = x.iter().map(|&x| mixture.density(x)).sum::<f64>() * (x[1] - x[0]);
    assert!((area - 1.0).abs() <= 1e-6, "{area}");
    let sample = mixture.sample(&mut Noise::new(3), 20_000);
    let (mean, sd) = (crate::data::mean(&sample).unwrap(), crate::data::sd(&sample).unwrap());
    let (of_x, of_sd) = mixture.moments();
    assert!((mean - of_x).abs() <= 0.05 && (sd - of_sd).abs() <= 0.05, "{mean} {sd} {of_x} {of_sd}");
    // Two humps with a valley.
    assert!(mixture.density(0.0) < 0.5 * mixture.density(2.0));
}

/// The posterior of z² has two humps. One Gaussian can have one of them, which costs ln 2.
#[test]
fn a_gaussian_encoder_takes_one_of_two_humps() {
    let mixture = Mixture::new(folded, 0.2).unwrap();
    let (mean, sd) = mixture.best(2.0).unwrap();
    let gap = mixture.gap(2.0, mean, sd).unwrap();
    assert!((mean.abs() - 2f64.sqrt()).abs() <= 0.05, "{mean}");
    assert!((gap - 2f64.ln()).abs() <= 0.01, "{gap}");
    let wide = mixture.gap(2.0, 0.0, 1.4).unwrap();
    assert!(wide > 5.0, "{wide}");
}

#[test]
fn what_makes_no_sense_is_refused_and_figures_draw() {
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Mixture::new(curved, sigma).is_err());
    }
    assert!(Mixture::new(|z| 1.0 / (z - 1.0), 1.0).is_err());
    let error = Mixture::new(|z| 100.0 * z, 0.1).unwrap_err().to_string();
    assert!(error.contains("a slope of at most 6 with this σ, found 100"), "{error}");
    let mixture = Mixture::new(curved, 0.4).unwrap();
    for (mean, sd) in [(0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        assert!(mixture.bound(0.0, mean, sd).is_err() && mixture.gap(0.0, mean, sd).is_err());
    }
    mixture.figure().unwrap().png().unwrap();
    let figure = mixture.posterior_figure(1.0, &[("the prior", 0.0, 1.0)]).unwrap();
    assert!(figure.text().contains("the prior: N(0.00, 1.00²)"), "{}", figure.text());
    figure.png().unwrap();
    assert!(mixture.posterior_figure(1.0, &[]).is_err());
}
