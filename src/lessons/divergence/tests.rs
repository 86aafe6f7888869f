//! Theory's numbers, theorems that must hold for any D, and what is refused.

use super::*;
use crate::data::{Density, Target};
use crate::lessons::gan::{Gan, GanConfig};
use crate::loss::GanLoss;
use crate::tensor::Noise;

/// p = N(0,1) against q = N(μ,σ): μ, σ, KL(p‖q), KL(q‖p), JS, V(D*).
const TABLE: [[f64; 6]; 4] = [
    [1.0, 1.0, 0.5, 0.5, 0.11142, -1.16345],
    [2.0, 1.0, 2.0, 2.0, 0.33683, -0.71263],
    [4.0, 1.0, 8.0, 8.0, 0.63272, -0.12085],
    [4.0, 1.25, 5.1631, 8.0581, 0.59518, -0.19594],
];

fn gaussian(mean: f64, sd: f64) -> Density {
    Density::gaussian(mean, sd).unwrap()
}

fn humps() -> Density {
    Target::humps().density().cloned().unwrap()
}

fn near(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
}

fn refused<T: std::fmt::Debug>(result: crate::Result<T>, part: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(part), "{error} lacks {part}");
}

#[test]
fn the_table_holds_and_v_of_the_best_d_is_what_theory_says() {
    for [mu, sigma, pq, qp, js, value] in TABLE {
        let pair = Pair::new(gaussian(0.0, 1.0), gaussian(mu, sigma)).unwrap();
        near(pair.kl().unwrap(), pq, 1e-4);
        near(pair.reverse_kl().unwrap(), qp, 1e-4);
        near(pair.js().unwrap(), js, 1e-4);
        near(pair.value().unwrap(), value, 1e-4);
        // By an integral of its own, that of p ln D* + q ln(1 - D*).
        near(pair.value_of(&|x| pair.optimal_logit(x)).unwrap(), value, 1e-4);
    }
    let same = Pair::new(humps(), humps()).unwrap();
    assert_eq!((same.kl().unwrap(), same.js().unwrap(), same.optimal(0.3)), (0.0, 0.0, 0.5));
    near(same.value().unwrap(), -1.386294, 1e-6);
}

#[test]
fn no_discriminator_exceeds_the_bound() {
    let pairs = TABLE.map(|row| Pair::new(gaussian(0.0, 1.0), gaussian(row[0], row[1])).unwrap());
    for pair in pairs.iter().chain([&Pair::new(humps(), gaussian(0.0, 3.0)).unwrap()]) {
        let bound = pair.value().unwrap();
        // Random polynomials, steep and flat ones; and small turns of the best D, which lose in the second order.
        let mut noise = Noise::new(5);
        for _ in 0..200 {
            let c: Vec<f64> = noise.normal(4).into_iter().map(f64::from).collect();
            let value =
                pair.value_of(&|x| c[0] + c[1] * x + c[2] * x * x / 4.0 + c[3] * x.powi(3) / 20.0).unwrap();
            assert!(value <= bound + 1e-9, "{value} {bound} {c:?}");
        }
        for turn in [-0.3, -0.01, 0.01, 0.3] {
            let value = pair.value_of(&|x| pair.optimal_logit(x) + turn).unwrap();
            assert!(value < bound && value > bound - turn * turn / 4.0, "{value} {bound} {turn}");
        }
        let sure = pair.value_of(&|_| f64::INFINITY).unwrap();
        assert_eq!(sure, f64::NEG_INFINITY, "a D that is sure of all samples loses without bound");
    }
}

#[test]
fn the_shortest_and_the_furthest_are_integrated_too() {
    let unit = || gaussian(0.0, 1.0);
    // KL(N(0,1)‖N(μ,σ)) = ln σ + (1 + μ²)/(2σ²) - ½, and JS tends to ln 2.
    let kl = |mu: f64, sigma: f64| sigma.ln() + (1.0 + mu * mu) / (2.0 * sigma * sigma) - 0.5;
    for (mu, sigma) in [(0.0, 1e-4), (0.5, 1e-6), (1e6, 1.0), (0.0, 1e4), (-300.0, 1e-3)] {
        let pair = Pair::new(unit(), gaussian(mu, sigma)).unwrap();
        let expected = kl(mu, sigma);
        near(pair.kl().unwrap() / expected, 1.0, 1e-6);
        let turned = Pair::new(gaussian(mu, sigma), unit()).unwrap();
        near(turned.reverse_kl().unwrap() / expected, 1.0, 1e-6);
        let js = pair.js().unwrap();
        near(turned.js().unwrap(), js, 1e-9);
        assert!((0.0..=2f64.ln() + 1e-9).contains(&js), "{mu} {sigma} {js}");
        near(pair.value_of(&|x| pair.optimal_logit(x)).unwrap(), pair.value().unwrap(), 1e-5);
    }
    near(Pair::new(unit(), gaussian(1e6, 1.0)).unwrap().js().unwrap(), 2f64.ln(), 1e-9);
    // Where one has nothing: KL is infinite one way, ln 2 the other; D* is sure.
    let (half, whole) = (Density::uniform(0.0, 1.0).unwrap(), Density::uniform(0.0, 2.0).unwrap());
    let pair = Pair::new(half, whole).unwrap();
    near(pair.kl().unwrap(), 2f64.ln(), 2e-4);
    assert_eq!((pair.reverse_kl().unwrap(), pair.optimal(1.5)), (f64::INFINITY, 0.0));
    near(pair.optimal(0.5), 2.0 / 3.0, 1e-12);
    assert!(pair.optimal(3.0).is_nan());
    for (p, q) in
        [(unit(), gaussian(1e6, 1e-9)), (unit(), gaussian(1e300, 1.0)), (gaussian(0.0, 1e308), unit())]
    {
        refused(Pair::new(p, q), "as wide as f64 can tell");
    }
    refused(Pair::new(unit(), Density::Gaussian { mean: f64::NAN, sd: 1.0 }), "a finite mean");
    refused(Pair::new(unit(), unit()).unwrap().value_of(&|_| f64::NAN), "a number as logit");
}

#[test]
fn maximum_likelihood_is_minimum_kl() {
    let grid = |low: i32, high: i32, by: f64| (low..=high).map(|i| f64::from(i) * by).collect::<Vec<_>>();
    let cases = [
        (gaussian(4.0, 1.25), Family::Mean { sd: 1.25 }, grid(0, 80, 0.1), 4.0),
        (gaussian(4.0, 1.25), Family::Sd { mean: 4.0 }, grid(1, 40, 0.1), 1.25),
        // A family that doesn't have the truth: the best Gaussian has the mixture's mean and standard deviation.
        (humps(), Family::Mean { sd: 0.5 }, grid(-30, 30, 0.1), 0.0),
        (humps(), Family::Sd { mean: 0.0 }, grid(1, 40, 0.1), 4.25f64.sqrt()),
    ];
    for (data, family, grid, expected) in cases {
        let sample = data.sample(&mut Noise::new(1), 20_000);
        let seen = Likelihood::new(&data, &sample, family, &grid).unwrap();
        near(seen.nearest(), expected, 0.05 + 1e-9);
        near(seen.most_likely(), seen.nearest(), 0.1 + 1e-9);
        // The two curves add up to -H(p), but for chance, which is largest where the members are far.
        let best = seen.kl.iter().copied().fold(f64::INFINITY, f64::min);
        let at = seen.kl.iter().position(|&kl| kl == best).unwrap();
        near(seen.log_likelihood[at] + seen.kl[at], -seen.entropy, 0.03);
    }
    // ½ ln(2πe σ²), and that of two humps that hardly overlap: ln 2 more than one's.
    let entropy =
        |data: Density| Likelihood::new(&data, &[0.0], Family::Mean { sd: 1.0 }, &[0.0]).unwrap().entropy;
    let of_gaussian = |sd: f64| 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + sd.ln();
    near(entropy(gaussian(4.0, 1.25)), of_gaussian(1.25), 1e-6);
    near(entropy(humps()), of_gaussian(0.5) + 2f64.ln(), 2e-3);
}

#[test]
fn one_kl_covers_and_the_other_picks() {
    let grid: Vec<f64> = (-30..=30).map(|i| f64::from(i) / 10.0).collect();
    let seen = Divergences::new(&humps(), Family::Mean { sd: 0.5 }, &grid).unwrap();
    assert_eq!((seen.nearest_by_kl(), seen.nearest_by_reverse_kl().abs()), (0.0, 2.0));
    near(seen.nearest_by_js().abs(), 2.0, 0.1);
    // On one hump: q is half of p there, so KL(q‖p) = ln 2; between them, where p is nearly 0, it is far more.
    near(seen.reverse_kl[10], 2f64.ln(), 1e-3);
    assert!(seen.reverse_kl[30] > 5.0 && seen.js.iter().all(|js| (0.0..=2f64.ln()).contains(js)));
}

#[test]
fn grids_and_samples_that_make_no_sense_are_refused() {
    let (data, family) = (gaussian(0.0, 1.0), Family::Mean { sd: 1.0 });
    for (grid, part) in [
        (&[][..], "found none"),
        (&[0.0, f64::NAN], "found NaN"),
        (&[0.0, f64::INFINITY], "found inf"),
        (&[1.0, 1.0], "found 1 before 1"),
    ] {
        refused(Divergences::new(&data, family, grid), part);
        refused(Likelihood::new(&data, &[0.0], family, grid), part);
    }
    refused(Likelihood::new(&data, &[], family, &[0.0]), "at least one number");
    refused(Likelihood::new(&data, &[f32::NAN], family, &[0.0]), "NaN at index 0");
    refused(Divergences::new(&data, Family::Sd { mean: 0.0 }, &[0.0, 1.0]), "a standard deviation above 0");
    let mut emptied = Divergences::new(&data, family, &[0.0]).unwrap();
    (emptied.grid, emptied.kl) = (vec![], vec![]);
    assert!(emptied.nearest_by_kl().is_nan() && emptied.figure().is_err());
}

#[test]
fn trained_to_the_end_v_is_what_theory_says_and_never_more() {
    let rises = Rise::all(&table(), 50).unwrap();
    for (rise, row) in rises.iter().zip(TABLE) {
        let bound = rise.discriminator.bound();
        near(bound, row[5], 1e-4);
        assert!(rise.value.iter().all(|value| *value <= bound + 1e-9), "{:?} {bound}", rise.value);
        let (gap, first) = (rise.gap(), bound - rise.value[0]);
        println!("{row:?}: gap {first:.4} → {gap:.4}");
        assert!((-1e-9..=1e-3).contains(&gap) && first >= 0.15, "{row:?}: {first} {gap}");
        // By Pinsker's inequality for each place's coin, V(D*) - V(D) ≥ 4 (E|D - D*|)².
        let apart = rise.discriminator.disagreement().unwrap();
        assert!((1e-4..=gap.sqrt() / 2.0).contains(&apart), "{row:?}: {apart} {gap}");
        assert_eq!((rise.steps[0], rise.steps[rise.steps.len() - 1]), (0.0, 2_000.0));
    }
}

#[test]
fn every_seed_comes_within_the_bound() {
    for config in table() {
        let configs: Vec<_> = (1..4).map(|seed| DiscriminatorConfig { seed, ..config.clone() }).collect();
        let gaps: Vec<f64> = Rise::all(&configs, u64::MAX).unwrap().iter().map(Rise::gap).collect();
        println!("{:?}: {gaps:?}", config.generated);
        assert!(gaps.iter().all(|gap| (-1e-9..=1e-3).contains(gap)), "{:?} {gaps:?}", config.generated);
    }
}

#[test]
fn a_lone_discriminator_is_a_stage() {
    let config = DiscriminatorConfig { batch: 32, ..DiscriminatorConfig::default() };
    let train = |seed| {
        let mut d = LoneDiscriminator::new(DiscriminatorConfig { seed, ..config.clone() }).unwrap();
        (0..20).try_for_each(|_| d.step().map(|_| ())).unwrap();
        d
    };
    let (d, same, other) = (train(1), train(1), train(2));
    assert!(d.value().unwrap() == same.value().unwrap() && d.value().unwrap() != other.value().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("d.safetensors");
    d.save(&file).unwrap();
    let mut loaded = LoneDiscriminator::load(&file).unwrap();
    let mut fork = d.clone();
    let report = |d: &mut LoneDiscriminator| DiscriminatorReport { seconds: 0.0, ..d.step().unwrap() };
    assert_eq!(report(&mut loaded), report(&mut fork));
    assert_eq!((loaded.value().unwrap(), d.steps()), (fork.value().unwrap(), 20));
    refused(d.scores(&[f64::NAN]), "finite places");
    for (config, part) in [
        (DiscriminatorConfig { batch: 0, ..config.clone() }, "with this batch"),
        (DiscriminatorConfig { batch: usize::MAX, ..config.clone() }, "at most 1048576"),
        (DiscriminatorConfig { steps: 0, ..config.clone() }, "with this number of steps"),
        (DiscriminatorConfig { data: Density::Mixture(vec![]), ..config.clone() }, "weights"),
    ] {
        refused(LoneDiscriminator::new(config), part);
    }
}

#[test]
fn a_fixed_d_touches_the_bound_with_its_slope() {
    let g = Overstep::new(OverstepConfig::default()).unwrap();
    let bound = |theta: f64| 2.0 * g.js(theta).unwrap() - 2.0 * 2f64.ln();
    near(g.believed(2.0).unwrap(), bound(2.0), 1e-6);
    let slope = (bound(2.01) - bound(1.99)) / 0.02;
    near(g.slope(2.0).unwrap(), slope, 1e-4);
    for theta in [-4.0, 0.0, 1.0, 1.9, 2.1, 5.0] {
        assert!(g.believed(theta).unwrap() < bound(theta), "{theta}");
    }
    // The slope elsewhere is that of what G believes.
    let slope = (g.believed(0.51).unwrap() - g.believed(0.49).unwrap()) / 0.02;
    near(g.slope(0.5).unwrap(), slope, 1e-4);
}

#[test]
fn a_moderate_step_brings_g_nearer_and_a_large_one_further_away() {
    for loss in [GanLoss::Saturating, GanLoss::NonSaturating] {
        let g = Overstep::new(OverstepConfig { loss, ..OverstepConfig::default() }).unwrap();
        let after = |rate| g.js(g.step(2.0, rate).unwrap()).unwrap();
        let before = after(0.0);
        near(before, 0.33683, 1e-4);
        assert!(after(0.5) < before && after(1.0) < after(0.5), "{loss}");
        assert!(after(20.0) > before + 0.2, "{loss}: {}", after(20.0));
    }
    let g = Overstep::new(OverstepConfig::default()).unwrap();
    let (fixed, followed) = (g.fixed(0.5, 40).unwrap(), g.followed(0.5, 40).unwrap());
    let least = fixed.js.iter().copied().fold(f64::INFINITY, f64::min);
    println!("fixed {:?}\nfollowed {:?}", fixed.js, followed.js);
    assert!(least < 0.01 && fixed.js[40] > fixed.js[0], "G runs past the data");
    assert!(followed.js.windows(2).all(|js| js[1] <= js[0] + 1e-12) && followed.js[40] < 1e-3);
    assert_eq!((fixed.theta.len(), fixed.theta[0], fixed.theta[1]), (41, 2.0, followed.theta[1]));
}

#[test]
fn steps_that_make_no_sense_are_refused() {
    let g = Overstep::new(OverstepConfig::default()).unwrap();
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        refused(g.step(2.0, rate), "with this rate");
        refused(g.fixed(rate, 1), "with this rate");
        refused(g.figure(rate), "a largest rate above 0");
    }
    refused(g.fixed(0.1, usize::MAX), "at most 10000 steps");
    refused(g.path_figure(0.1, 0), "at least one step");
    refused(g.js(f64::NAN), "a finite mean");
    refused(Overstep::new(OverstepConfig { sd: 0.0, ..OverstepConfig::default() }), "above 0");
    let edged = OverstepConfig { data: Density::uniform(0.0, 1.0).unwrap(), ..OverstepConfig::default() };
    refused(Overstep::new(edged).unwrap().slope(0.5), "above 0 everywhere");
}

#[test]
fn the_meter_agrees_with_samples() {
    let mut gan = Gan::new(GanConfig::default()).unwrap();
    (0..600).try_for_each(|_| gan.step().map(|_| ())).unwrap();
    let meter = Meter::of(&gan).unwrap();
    assert_eq!((meter.source(), meter.p.len()), (Source::Exact, meter.q.len()));
    // V as G's samples estimate it: E ln D(x) + E ln(1 - D(G(z))), ten thousand times each.
    let count = 200_000;
    let x = gan.config().target.sample(&mut Noise::new(9), count).unwrap();
    let made = gan.raw_samples(count, 8).unwrap();
    let mean = |places: &[f32], sign: f64| {
        let logits = gan.logits(places).unwrap();
        logits.iter().map(|&z| pair::softplus(sign * f64::from(z))).sum::<f64>() / count as f64
    };
    near(meter.value(), -mean(&x, -1.0) - mean(&made, 1.0), 0.01);
    // q has the samples' mean, and V its bound; what is missing adds up.
    let at = |shares: &[f64]| shares.iter().zip(&meter.x).map(|(share, x)| share * x).sum::<f64>();
    near(at(&meter.q), crate::data::mean(&made).unwrap(), 0.02);
    near(at(&meter.p), 4.0, 1e-3);
    assert!(meter.gap() > 0.0 && (0.0..=1.0).contains(&meter.disagreement()));
    let missing: f64 = meter.missing().iter().zip(&meter.width).map(|(lack, width)| lack * width).sum();
    near(missing, meter.gap(), 1e-9);
}

/// Between narrow humps the data's share of a cell is the smallest number there is, or 0.
#[test]
fn the_meter_is_finite_where_shares_are_tiny() {
    for sd in [0.2, 0.35] {
        let humps = Density::mixture(vec![(0.5, gaussian(-2.0, sd)), (0.5, gaussian(2.0, sd))]).unwrap();
        let gan = Gan::new(GanConfig { target: Target::Density(humps), ..GanConfig::default() }).unwrap();
        let meter = Meter::of(&gan).unwrap();
        assert!(meter.js() <= 2f64.ln() && meter.gap() >= 0.0, "{} {}", meter.js(), meter.gap());
        assert!(meter.missing().iter().all(|lack| lack.is_finite()));
    }
}

#[test]
fn what_is_infinitely_far_everywhere_has_no_nearest() {
    let data = Density::uniform(0.0, 1.0).unwrap();
    let seen = Divergences::new(&data, Family::Mean { sd: 1.0 }, &[0.0, 0.5]).unwrap();
    assert!(seen.nearest_by_reverse_kl().is_nan() && seen.nearest_by_kl() == 0.5);
    refused(seen.figure(), "a θ of finite divergence");
    refused(seen.family.figure(&data, &seen), "a θ of finite divergence");
}

#[test]
fn the_meter_takes_any_log_form_and_target() {
    let gan = |config: GanConfig| Gan::new(config).unwrap();
    let of_samples = GanConfig { target: Target::geyser().unwrap(), ..GanConfig::default() };
    assert_eq!(Meter::of(&gan(of_samples)).unwrap().source(), Source::Kernel);
    // Not standardised, G begins far from all data: nothing is shared, JS is ln 2, and V can be 0.
    let target = Target::Density(gaussian(1_000.0, 1.0));
    let far = gan(GanConfig { target, normalise: false, ..GanConfig::default() });
    let meter = Meter::of(&far).unwrap();
    near(meter.js(), 2f64.ln(), 1e-9);
    near(meter.bound(), 0.0, 1e-9);
    refused(Meter::of(&gan(GanConfig { loss: GanLoss::Linear, ..GanConfig::default() })), "the linear form");
    // The widths of parts are told from cells, not met by chance.
    let needle = Density::mixture(vec![(0.5, gaussian(0.1, 1e-5)), (0.5, gaussian(1.0, 1e-5))]).unwrap();
    let result = Meter::of(&gan(GanConfig { target: Target::Density(needle), ..GanConfig::default() }));
    refused(result, "a density that cells");
}

#[test]
fn more_steps_of_d_keep_v_nearer_to_its_bound() {
    let seen = Followed::all(&GanConfig::default(), &[1, 5, 25], 400, 20).unwrap();
    let gaps: Vec<f64> = seen.iter().map(Followed::gap).collect();
    println!("gaps {gaps:?}, JS {:?}", seen.iter().map(Followed::js).collect::<Vec<_>>());
    assert!(gaps.iter().all(|gap| *gap > 0.0) && gaps[0] > gaps[1] && gaps[1] > gaps[2], "{gaps:?}");
    for one in &seen {
        assert_eq!((one.steps.len(), one.value.len(), one.gan.steps()), (20, 20, 400));
        assert!(one.value.iter().zip(&one.bound).all(|(value, bound)| value <= bound && *bound <= 0.0));
    }
    assert!(Followed::all(&GanConfig::default(), &[0], 1, 1).is_err());
}

#[test]
fn every_figure_draws() {
    let grid: Vec<f64> = (-30..=30).map(|i| f64::from(i) / 10.0).collect();
    let sample = humps().sample(&mut Noise::new(0), 1_000);
    let family = Family::Mean { sd: 0.5 };
    let seen = Divergences::new(&humps(), family, &grid).unwrap();
    let configs: Vec<_> = table().into_iter().map(|c| DiscriminatorConfig { steps: 20, ..c }).collect();
    let rises = Rise::all(&configs, 5).unwrap();
    let g = Overstep::new(OverstepConfig::default()).unwrap();
    let geyser = GanConfig { target: Target::geyser().unwrap(), ..GanConfig::default() };
    let followed = Followed::all(&geyser, &[1, 2, 3], 8, 2).unwrap();
    for figure in [
        Likelihood::new(&humps(), &sample, family, &grid).unwrap().figure(),
        seen.figure(),
        family.figure(&humps(), &seen),
        Rise::figure(&rises),
        Rise::optimal_figure(&rises),
        g.figure(20.0),
        g.path_figure(0.5, 20),
        Meter::of(&followed[0].gan).unwrap().figure(),
        Followed::figure(&followed),
    ] {
        figure.unwrap().show().unwrap();
    }
    refused(Rise::figure(&[]), "at least one");
    refused(Followed::figure(&[]), "at least one");
    refused(Rise::optimal_figure(&[]), "at least one");
}
