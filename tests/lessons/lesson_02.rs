//! Lesson 02: its cells compile, run and compute what the lesson says; its exercises fail as they start and pass as
//! they are solved. And the collapse comes from every seed.

use gan_course::lessons::naive_generator::{NaiveConfig, NaiveGenerator};
use gan_course::metrics::{mean, sd};

use crate::program;

#[test]
fn with_solutions_it_computes_what_it_says() {
    program::solved("02-naive-generator", 8);
}

#[test]
fn with_starters_it_runs_and_the_checks_say_not_yet() {
    program::unsolved(
        "02-naive-generator",
        &[
            "for N(4, 1.25²) and the samples [3.0, 4.0, 6.5] ",
            "for 3 steps G is not where it should be. Hint: the noise was drawn once",
            "for weights [0.5, 0.5] and logarithms [−800.0, −802.0] expected ",
        ],
    );
}

#[test]
fn it_collapses_on_the_mode_from_either_start() {
    for seed in 0..5 {
        let random = NaiveGenerator::new(NaiveConfig { seed, ..NaiveConfig::default() }).unwrap();
        let mut right = random.clone();
        right.start_at_target(2_000).unwrap();
        let spread = sd(&right.samples(10_000, 1).unwrap()).unwrap();
        assert!((spread - 1.25).abs() <= 0.2, "seed {seed} starts with {spread}, not near the target's");
        for (start, mut naive) in [("random", random), ("at the target", right)] {
            for _ in 0..2_000 {
                naive.step().unwrap();
            }
            let samples = naive.samples(10_000, 1).unwrap();
            let (mean, sd) = (mean(&samples).unwrap(), sd(&samples).unwrap());
            println!("seed {seed}, start {start}: mean {mean:.4}, standard deviation {sd:.4}");
            assert!(sd < 0.05 && (mean - 4.0).abs() <= 0.1, "seed {seed}, {start}: {mean} {sd}");
        }
    }
}
