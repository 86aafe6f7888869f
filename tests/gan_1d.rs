//! What the 1-D GAN learns: the bounds of the course's design, over five seeds a target.

use gan_course::Result;
use gan_course::data::Target;
use gan_course::lessons::gan::{Gan, GanConfig, GanReport};

/// W₁ of 10,000 samples over the target's standard deviation, and the last 500 reports.
fn trained(target: &Target, seed: u64) -> Result<(f64, Vec<GanReport>)> {
    let mut gan = Gan::new(GanConfig { target: target.clone(), seed, ..GanConfig::default() })?;
    for _ in 0..5_000 {
        gan.step()?;
    }
    let last = (4_501..=5_000).filter_map(|step| gan.history().step(step)).collect();
    Ok((gan.distance()?, last))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[track_caller]
fn hold(target: &Target, bound: f64) {
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..5).map(|seed| scope.spawn(move || trained(target, seed).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let distances: Vec<f64> = results.iter().map(|(distance, _)| *distance).collect();
    println!("W1/sd of seeds 0 to 4: {distances:.3?}");
    assert!(median(distances.clone()) <= bound, "{distances:?}");
    let of = |value: fn(&GanReport) -> f32| {
        let mean =
            |last: &[GanReport]| last.iter().map(|r| f64::from(value(r))).sum::<f64>() / last.len() as f64;
        median(results.iter().map(|(_, last)| mean(last)).collect())
    };
    let (real, fake, v) = (of(|r| r.score_real), of(|r| r.score_fake), of(GanReport::value));
    assert!((real - 0.5).abs() <= 0.1 && (fake - 0.5).abs() <= 0.1, "D(x) {real}, D(G(z)) {fake}");
    assert!((v + 2.0 * 2f64.ln()).abs() <= 0.1, "V {v}");
}

#[test]
fn the_gaussian_is_learnt() {
    hold(&Target::gaussian(), 0.10);
}

#[test]
fn both_humps_are_learnt() {
    hold(&Target::humps(), 0.20);
}

#[test]
fn the_geyser_is_learnt() {
    hold(&Target::geyser().unwrap(), 0.20);
}
