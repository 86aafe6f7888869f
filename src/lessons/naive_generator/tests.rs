use super::*;
use crate::data::{Density, Target};
#[test]
#[ignore]
fn explore() {
    let humps = Target::humps().density().unwrap().clone();
    for target in [NaiveConfig::default().target, humps.clone()] {
        for seed in 0..5 {
            for start in [0, 2000, 6000] {
                let mut net = NaiveGenerator::new(NaiveConfig {
                    target: target.clone(),
                    seed,
                    ..NaiveConfig::default()
                })
                .unwrap();
                let s = |n: &NaiveGenerator| {
                    let s = n.samples(10_000, 9).unwrap();
                    (data::mean(&s).unwrap(), data::sd(&s).unwrap())
                };
                print!("seed {seed} start {start}: {:.3?} ", s(&net));
                let begun = Instant::now();
                if start > 0 {
                    net.start_at_target(start).unwrap();
                    print!(
                        "at target {:.3?} w1 {:.3}",
                        s(&net),
                        crate::metrics::w1(
                            &net.samples(10_000, 9).unwrap(),
                            &net.config().target.sample(&mut Noise::new(5), 10_000)
                        )
                        .unwrap()
                    );
                }
                for n in 0..3000 {
                    if [1, 10, 100, 300, 1000, 2000].contains(&n) {
                        print!(" {n}: {:.3?}", s(&net));
                    }
                    net.step().unwrap();
                }
                println!(" end {:.4?} {:.1?}", s(&net), begun.elapsed());
            }
        }
    }
    for target in [
        humps.clone(),
        Density::mixture(vec![
            (0.3, Density::gaussian(-2.0, 0.5).unwrap()),
            (0.7, Density::gaussian(2.0, 0.5).unwrap()),
        ])
        .unwrap(),
    ] {
        for o in outcomes(&target, 20, 1000).unwrap() {
            println!("{o:.4?}");
        }
    }
}
