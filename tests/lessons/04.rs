// The checks of lesson 04: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: likelihood and KL agree, to a step of the grid; without the truth in the family too.
    near(likely.nearest(), 4.0, 1e-9);
    near(likely.most_likely(), 4.0, 0.1 + 1e-9);
    near(misfit.nearest(), 2.1, 1e-9);
    near(misfit.most_likely(), 2.1, 0.1 + 1e-9);

    // Section 2: one covers, the others pick.
    near(seen.nearest_by_kl(), 0.0, 1e-9);
    near(seen.nearest_by_reverse_kl().abs(), 2.0, 1e-9);
    near(seen.nearest_by_js().abs(), 2.0, 0.1);

    // Section 3: the table, and no D is worth more than the best.
    let table = [
        (0.5, 0.5, 0.11142, -1.16345),
        (2.0, 2.0, 0.33683, -0.71263),
        (8.0, 8.0, 0.63272, -0.12085),
        (5.1631, 8.0581, 0.59518, -0.19594),
    ];
    for (pair, (kl, reverse, js, value)) in pairs.iter().zip(table) {
        near(pair.kl()?, kl, 1e-4);
        near(pair.reverse_kl()?, reverse, 1e-4);
        near(pair.js()?, js, 1e-4);
        near(pair.value()?, value, 1e-4);
    }
    near(right, best_value, 1e-6);
    assert!(timid < best_value && bold < best_value, "{timid} {bold}");
    near(undecided, -2.0 * 2f64.ln(), 1e-6);

    // Section 4: D gets there, and never beyond.
    for rise in &rises {
        let d = &rise.discriminator;
        assert!((-1e-9..1e-4).contains(&d.gap()?), "{}", d.gap()?);
        assert!(rise.value.iter().all(|value| *value <= d.bound() + 1e-9));
    }

    assert!(standing.comparable() && !standing.failed, "{standing:?}");
    assert!(f64::from(highest) > rises[0].discriminator.bound() && highest - lowest > 0.05, "{lowest} {highest}");

    // Section 5: a moderate step is good, a large one is not.
    assert!(after[1] < after[0] && after[2] < after[1] && after[3] > after[0], "{after:?}");
    near(g.step(2.0, 20.0)?, -7.0, 0.1);
    let (fixed, arrived) = (g.fixed(0.5, 40)?, g.followed(0.5, 40)?);
    assert!(fixed.js[5] < fixed.js[4] && fixed.js[5] < 0.01 && fixed.js[6] > fixed.js[5]);
    assert!(fixed.js[40] > fixed.js[0] && arrived.js[40] < 1e-3);

    // Section 6: V stays below its bound, and a larger k brings it nearer.
    assert!(early.value() < -2.0 * 2f64.ln() && early.gap() > 0.0, "{}", early.value());
    near(late.value(), -2.0 * 2f64.ln(), 0.01);
    assert!(late.gap() > 0.02, "{}", late.gap());
    let gaps: Vec<f64> = followed.iter().map(|one| one.gap()).collect();
    assert!(gaps[0] > gaps[1] && gaps[1] > gaps[2] && (0.0..0.006).contains(&gaps[2]), "{gaps:?}");
    assert!(followed[1].js() < 0.6 * followed[0].js(), "{} {}", followed[1].js(), followed[0].js());
}
