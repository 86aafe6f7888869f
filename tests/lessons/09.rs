// The checks of lesson 09: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: two humps.
    assert!(mixture.density(0.0) < 0.3 * mixture.density(2.0), "{} {}", mixture.density(0.0), mixture.density(2.0));

    // Section 2: bound and gap add up to ln p(x), the posterior closes the gap, and no Gaussian covers two humps.
    for (&(mean, sd), gap) in tried.iter().zip(&gaps) {
        near(mixture.bound(x, mean, sd)?.value() + gap, evidence, 1e-5);
    }
    near(exact.value(), evidence, 1e-8);
    assert!(gaps[0] > gaps[1] && gaps[1] > gaps[2] && gaps[2] > 0.0, "{gaps:?}");
    near(picked.0.abs(), 2f64.sqrt(), 0.05);
    near(missing, 2f64.ln(), 0.01);
    assert!(covering > 5.0, "{covering}");

    // Section 3: sampling finds the closed form, within four standard errors.
    for (mean, error) in &sampled {
        near(*mean, closed, 4.0 * error);
    }
    assert!(sampled[2].1 < 0.015 * sampled[0].1 && sampled[2].1 > 0.005 * sampled[0].1, "{sampled:?}");

    // Section 4: both estimates are right, one has far less noise.
    for (mean, spread) in &estimates {
        near(*mean, 2.0 * m0, 4.0 * spread / 100.0);
    }
    near(estimates[0].1, 2.0 * sd0, 0.02);
    assert!(estimates[1].1 > 5.0 * estimates[0].1, "{estimates:?}");

    // Section 5: untrained codes are near the prior, and so cheap.
    assert!(of_z.is_finite() && of_x > 0.0, "{of_x} {of_z}");
    assert_eq!((codes.length, codes.means.len()), (16, 256));

    // Section 6: a code pays.
    assert!(f64::from(bound.total()) < no_code - 100.0, "{bound:?} {no_code}");
    let kl: Vec<f32> = vae.history().column("kl")?.to_vec();
    assert!(kl[kl.len() - 1] > kl[0] && (5.0..60.0).contains(&bound.kl), "{} {}", kl[0], bound.kl);

    // Section 7: what each part is for.
    let [all, no_kl, no_reconstruction, no_noise] = [0, 1, 2, 3].map(|i| (&doings[i], &worths[i]));
    assert!(no_kl.0.error < all.0.error && all.0.error < 0.5 * no_reconstruction.0.error, "{doings:?}");
    assert!(no_kl.0.means > 4.0 * all.0.means && no_kl.0.deviations < 0.2 * all.0.deviations, "{doings:?}");
    assert!(no_kl.1.frechet > 1.3 * all.1.frechet, "{worths:?}");
    assert!(no_reconstruction.0.bound.kl < 0.5 && no_reconstruction.0.means < 0.2, "{doings:?}");
    near(no_reconstruction.0.deviations, 1.0, 0.1);
    assert!((no_noise.0.deviations - 1.0).abs() < 0.05 && no_noise.0.bound.kl < 12.0, "{doings:?}");
    assert!(no_noise.0.bound.reconstruction > all.0.bound.reconstruction + 50.0, "{doings:?}");

    // Section 9: the table is one of numbers, and real faces are best in it.
    for side in &sides {
        assert!(side.frechet < start.frechet && side.frechet > floor.frechet, "{side:?} {start:?} {floor:?}");
        assert!(side.coverage.coverage < 0.5 * floor.coverage.coverage, "{side:?} {floor:?}");
    }
    assert!(sides[0].frechet < 0.8 * sides[1].frechet && sides[0].sharpness < 0.7, "{sides:?}");
    assert!(sides[1].sharpness > 0.8 && sides[1].diversity < sides[0].diversity, "{sides:?}");
    near(floor.sharpness, 1.0, 0.05);
    assert_eq!(dcgan.steps(), vae.steps());
}
