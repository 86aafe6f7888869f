// The checks of lesson 00: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: f = Σ x², its gradient, and 20 steps of 0.8.
    assert_eq!((f_value, f_gradient), (5.0, vec![-2.0, 0.0, 4.0]));
    for (tape, difference) in g_gradient.iter().zip(&g_difference) {
        near((*tape).into(), *difference, 1e-6);
    }
    near(values(&position)[2].into(), 2.0 * 0.8f64.powi(20), 1e-6);

    // Section 4: from knowing nothing to the maximum of the likelihood, where the gradient vanishes: the mean
    // predicted probability is the share of long eruptions.
    assert_eq!((training.count(), held_out.count(), history.len()), (204, 68, 1000));
    near(history[0].into(), 2f64.ln(), 1e-6);
    let probabilities = values(&model.forward(inputs.clone()).sigmoid());
    let share = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
    near(share(&probabilities), share(&training.long), 1e-3);
    assert!(history[999] <= 0.06, "loss {}", history[999]);
    assert!(accuracy_training >= 0.97 && accuracy_held_out >= 0.97, "{accuracy_training} {accuracy_held_out}");
    assert_eq!(accuracy_held_out, 1.0, "the lesson's text speaks of a perfect score");

    // The stage makes the same steps at half the rate.
    assert_eq!(regression.steps(), 2_000);
    near(regression.history().last().unwrap().loss.into(), history[999].into(), 1e-3);

    // Section 6: theory.
    near(h_pq, 2f64.ln(), 1e-12);
    near(h_p, 0.610864, 1e-6);
    for row in ["0.74624", "0.74361", "0.74634", "0.64701", "0.64992", "0.70662"] {
        assert!(table.contains(row), "{row} is missing in\n{table}");
    }
    near(table_mean.into(), 0.70662, 5e-6);

    // Section 7: σ(z)/3 is the gradient of the mean; the form through σ fails at 100, as the lesson says.
    assert!(naive_value.is_infinite() && naive_gradient[2].is_nan(), "{naive_value} {naive_gradient:?}");
    near(stable_value.into(), (100.0 + 2.126928) / 3.0, 1e-4);
    near(stable_gradient[2].into(), 1.0 / 3.0, 1e-6);
    near(stable_gradient[1].into(), 0.880797 / 3.0, 1e-6);
}
