//! `cargo course measure modes` in short: a WGAN-GP finds the ring in a run of a seventh of the length.

use gan_course::data::Planar;
use gan_course::lessons::wasserstein::{Plane, PlaneConfig};

/// Modes, share of high-quality samples and exact distance at the end of a short run.
fn end(seed: u64) -> (usize, f64, f64) {
    let config = PlaneConfig { steps: 350, seed, ..PlaneConfig::wgan_gp(Planar::ring()) };
    let mut plane = Plane::new(config).unwrap();
    (0..350).for_each(|_| {
        plane.step().unwrap();
    });
    let modes = plane.modes().unwrap();
    (modes.captured(), modes.quality(), plane.distance().unwrap())
}

#[test]
fn the_ring_is_found_in_a_short_run() {
    let ends = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|seed| scope.spawn(move || end(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    println!("modes, share of high quality, W1: {ends:?}");
    for (modes, quality, distance) in &ends {
        assert!(*modes >= 7 && *quality >= 0.2 && *distance <= 0.3, "{ends:?}");
    }
}
