//! Time of one critic step in the plane (three layers of 128, batch 256 real and 256 generated, Adam), without a gradient
//! penalty and with it: medians of 20 rounds of 20 steps, in microseconds, on as many threads as the first argument says.
//! `benches/critic_step.py` runs it and PyTorch's steps in turn.

use std::time::Instant;

use gan_course::data::Planar;
use gan_course::lessons::wasserstein::{Plane, PlaneConfig};

const STEPS: usize = 20;

fn main() -> gan_course::Result<()> {
    let threads = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1);
    // Fails only if there is a pool already.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    let mut games = [PlaneConfig::gan(Planar::ring()), PlaneConfig::wgan_gp(Planar::ring())]
        .map(|config| Plane::new(config).map(|plane| (plane, Vec::new())));
    for round in 0..25 {
        for game in &mut games {
            let (plane, rounds) = game.as_mut().map_err(|error| error.clone())?;
            let begun = Instant::now();
            for _ in 0..STEPS {
                let (x, z, epsilon) = (plane.data()?, plane.noise()?, plane.epsilon());
                plane.critic_step(&x, &z, &epsilon)?;
            }
            // The first rounds warm caches up.
            if round >= 5 {
                rounds.push(begun.elapsed().as_secs_f64() * 1e6 / STEPS as f64);
            }
        }
    }
    for game in games {
        let (_, mut rounds) = game?;
        rounds.sort_by(f64::total_cmp);
        print!("{:.1} ", rounds[rounds.len() / 2]);
    }
    println!();
    Ok(())
}
