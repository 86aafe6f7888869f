// The checks of lesson 02: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: 8 + 20 + 5 parameters; a flat map, far from the target.
    assert_eq!(generator.num_trainable_params(), 33);
    assert!(guess_sd <= 0.2 && (guess_mean - 4.0).abs() >= 3.0, "{guess_mean} {guess_sd}");

    // Section 2: (μ - x)/σ².
    near(scores[0], 2.56, 1e-12);
    assert_eq!((scores[1], scores[2]), (0.0, -1.28));

    // Section 3: the step by hand is the stage's first.
    let mut stage = NaiveGenerator::new(NaiveConfig::default())?;
    assert_eq!(stage.step()?.loss, first_loss);
    assert_eq!(stage.map(&[0.0, 0.5, 1.0])?, by_hand);
    assert!(ten_mean > guess_mean + 0.1 && ten_mean < 3.0, "{guess_mean} {ten_mean}");
    // The collapse: the bounds, and the smallest loss there is, -ln p at the mode.
    assert!(sd < 0.05 && (mean - 4.0).abs() <= 0.1, "{mean} {sd}");
    let last = naive.history().last().map(|report| f64::from(report.loss));
    near(last.unwrap_or(f64::NAN), -target.log_density(4.0), 1e-3);

    // Section 4: from nearly right to collapsed; ten steps cost more than half.
    near(start_mean, 4.0, 0.4);
    near(start_sd, 1.25, 0.2);
    assert!(end_sd < 0.05 && (end_mean - 4.0).abs() <= 0.1, "{end_mean} {end_sd}");
    // In theory -ln p at the mode plus ½ for the right generator, and without that ½ for a point.
    near(losses[0].into(), 0.5 - target.log_density(4.0), 0.15);
    near(losses[1_999].into(), -target.log_density(4.0), 1e-3);
    assert_eq!(moments.iter().map(NaiveGenerator::steps).collect::<Vec<_>>(), [0, 10, 100, 2_000]);
    let ten_sd = metrics::sd(&moments[1].samples(10_000, 1)?)?;
    assert!(ten_sd < 0.5 * start_sd, "{ten_sd} {start_sd}");

    // Section 6: every seed on one hump, that of its side; the text's counts.
    for outcome in &outcomes {
        near(outcome.end.abs(), 2.0, 0.1);
        assert!(outcome.sd < 0.05 && (outcome.end > 0.0) == (outcome.start > 0.0), "{outcome:?}");
    }
    assert!((5..=15).contains(&right), "{right}");
    assert!(shed < -0.01 && shed > -0.2, "{shed}");
    for outcome in &uneven_outcomes {
        assert!(outcome.sd < 0.05 && (outcome.end > 0.0) == (outcome.start > shed), "{outcome:?} {shed}");
    }
    assert!(heavy >= right && heavy <= 13, "the heavier hump takes {heavy} of 20, after {right}");
}
