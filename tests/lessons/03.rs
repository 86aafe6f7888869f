// The checks of lesson 03: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: theory.
    near(undecided, 0.69315, 5e-6);
    near(equilibrium, -1.38629, 5e-6);

    // Section 2: each player's step does what the player wants, on the batch it saw; D's loss is -V/2.
    assert!(v_after_d > v_before, "{v_before} {v_after_d}");
    near(v_before, -2.0 * f64::from(of_d.loss), 1e-5);
    assert!(score_after > score_before, "{score_before} {score_after}");
    assert_eq!((game.steps(), slow.steps()), (5_000, 0));

    // Sections 3 and 5: learnt, and a draw.
    let distance = game.distance()?;
    assert!(distance <= 0.10, "{distance}");
    near(v_late, equilibrium, 0.1);
    let late = |column: &str| -> f64 {
        let values = &game.history().column(column).unwrap()[4_500..];
        values.iter().map(|&v| f64::from(v)).sum::<f64>() / 500.0
    };
    near(late("score_real"), 0.5, 0.1);
    near(late("score_fake"), 0.5, 0.1);

    // Section 4: where D rejects, one form has no gradient.
    near(GanLoss::Saturating.generator_slope(rejected), -0.00247, 5e-6);
    near(GanLoss::NonSaturating.generator_slope(rejected), -0.99753, 5e-6);

    // Section 5: over the second half of training the averaged weights stay nearer than the raw ones, and calmer.
    let half = swings[0].raw.len() / 2;
    let (raw, averaged) = (&swings[0].raw[half..], &swings[0].averaged[half..]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let highest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    assert!(mean(averaged) <= 0.7 * mean(raw), "{} {}", mean(averaged), mean(raw));
    assert!(highest(averaged) <= 0.7 * highest(raw), "{} {}", highest(averaged), highest(raw));

    // Section 6: the bounds of the course's design, here over three seeds.
    for (distances, bound) in target_distances.iter().zip([0.10, 0.20, 0.20]) {
        let mut sorted = distances.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted[1] <= bound, "{distances:?}");
    }

    // Section 7: what the text says of scale and value.
    let of = |gans: &[Gan]| -> Vec<f64> { gans.iter().map(|gan| gan.distance().unwrap()).collect() };
    let (right, wrong) = (of(&scaled), of(&unscaled));
    assert!(highest(&right) <= 0.3 && wrong.iter().all(|w1| *w1 >= 0.4), "{right:?} {wrong:?}");
    near(scaled[0].value()?, equilibrium, 0.02);
    near(unscaled[0].value()?, equilibrium, 0.02);
    near(unscaled[4].value()?, 0.0, 0.1); // D has won

    // Section 8: not one seed of the linear form keeps the bound of the log forms.
    let ends: Vec<f64> = linear_runs.iter().map(|run| *run.averaged.last().unwrap()).collect();
    assert!(ends.iter().all(|w1| *w1 > 0.10) && highest(&ends) >= 0.4, "{ends:?}");

    // The top and section 3: the recorded run, and its other future.
    assert_eq!((rounds.first(), rounds.last(), rounds.moments().len()), (0, 400, 51));
    assert!(again && !fork.identical()?);
    assert_eq!((fork.original().first(), fork.other().last()), (200, 400));
}
