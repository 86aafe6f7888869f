//! Time of one step of the 1-D GAN (MLPs 1-16-16-1, batch 128, Adam on both nets): the median of 20 rounds of 100 steps,
//! in microseconds. `benches/gan_step.py` runs it and PyTorch's step in turn.

use std::time::Instant;

use gan_course::lessons::gan::{Gan, GanConfig};

fn main() -> gan_course::Result<()> {
    let mut gan = Gan::new(GanConfig::default())?;
    let mut rounds = Vec::new();
    for _ in 0..25 {
        let begun = Instant::now();
        for _ in 0..100 {
            gan.step()?;
        }
        rounds.push(begun.elapsed().as_secs_f64() * 1e4);
    }
    // The first rounds warm caches up.
    rounds.drain(..5);
    rounds.sort_by(f64::total_cmp);
    println!("{:.1}", rounds[rounds.len() / 2]);
    Ok(())
}
