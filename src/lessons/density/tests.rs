use super::*;
use crate::optim::AdamConfig;
#[test]
#[ignore]
fn explore() {
    let part = |w, m, s| (w, Density::gaussian(m, s).unwrap());
    let three =
        Density::mixture(vec![part(0.3, -3.0, 0.4), part(0.4, 0.0, 0.6), part(0.3, 3.0, 0.4)]).unwrap();
    let two = Density::mixture(vec![part(0.5, -2.0, 0.5), part(0.5, 2.0, 0.5)]).unwrap();
    let four = Density::mixture(vec![
        part(0.2, -3.5, 0.35),
        part(0.3, -1.2, 0.5),
        part(0.3, 1.2, 0.3),
        part(0.2, 3.5, 0.5),
    ])
    .unwrap();
    let narrow = Density::gaussian(0.0, 0.25).unwrap();
    for (name, target, width, output, range) in [
        ("N(0,1)", Density::gaussian(0.0, 1.0).unwrap(), 4, Output::Sigmoid, [-5.0, 5.0]),
        ("two", two.clone(), 4, Output::Sigmoid, [-5.0, 5.0]),
        ("three", three.clone(), 4, Output::Sigmoid, [-5.0, 5.0]),
        ("three", three.clone(), 16, Output::Sigmoid, [-5.0, 5.0]),
        ("four", four.clone(), 4, Output::Sigmoid, [-5.0, 5.0]),
        ("four", four.clone(), 16, Output::Sigmoid, [-5.0, 5.0]),
        ("narrow", narrow.clone(), 4, Output::Sigmoid, [-2.0, 2.0]),
        ("narrow", narrow.clone(), 4, Output::Exp, [-2.0, 2.0]),
        ("narrow", narrow.clone(), 16, Output::Sigmoid, [-2.0, 2.0]),
        ("narrow", narrow.clone(), 16, Output::Exp, [-2.0, 2.0]),
    ] {
        for rate in [1e-2, 3e-2] {
            let begun = Instant::now();
            let mut all = vec![];
            let mut areas = vec![];
            let mut net0 = None;
            for seed in 0..5 {
                let mut net = DensityNet::new(DensityConfig {
                    target: target.clone(),
                    width,
                    output,
                    range,
                    seed,
                    optimizer: AdamConfig { rate, ..AdamConfig::default() }.into(),
                    ..DensityConfig::default()
                })
                .unwrap();
                for _ in 0..2000 {
                    net.step().unwrap();
                }
                all.push(1e6 * net.mse().unwrap());
                for _ in 0..3000 {
                    net.step().unwrap();
                }
                all.push(1e6 * net.mse().unwrap());
                areas.push(net.area().unwrap());
                net0.get_or_insert(net);
            }
            println!(
                "{name} {width} {output:?} rate {rate} floor {:.3e} mse e-6 {all:.1?} area {areas:.4?} {:.1?}",
                net0.unwrap().floor(1.0),
                begun.elapsed()
            );
        }
    }
}
