// The checks of lesson 01: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: 1/(σ√(2π)), and the area of a density.
    near(peaks[0], 0.3989423, 1e-6);
    near(peaks[1], 4.0 * 0.3989423, 1e-6);
    near(spike_area, 1.0, 1e-6);

    // Section 2: the course's network, 4 + 4 + 4 + 1 parameters, and the truth beside its guess.
    assert_eq!(network.num_trainable_params(), 13);
    near(wanted[0].into(), 0.05399, 1e-5);
    assert!(guess.iter().all(|&f| (f - 0.5).abs() <= 0.25), "{guess:?}");

    // Section 3: the step by hand is the stage's, and its loss the first of the history.
    for (hand, stage) in by_hand.iter().zip(&by_stage) {
        assert_eq!(f64::from(*hand), *stage);
    }
    assert_eq!(net.history().step(1).map(|report| report.loss), Some(first_loss));
    assert_eq!(moments.iter().map(DensityNet::steps).collect::<Vec<_>>(), [0, 1, 10, 5_000]);
    // The bound; the lesson speaks of all five.
    assert!(median <= 1e-4 && errors[4] <= 1e-4 && trained_mse <= 1e-4, "{errors:?} {trained_mse}");

    // Section 4: what is missed is far from what is learnt.
    assert!(narrow_mse >= 2e-3 && wide_mse <= 2e-4, "{narrow_mse} {wide_mse}");

    // Section 5: theory says where a curve that is at most 1 ends; the grid's floor is the integral's.
    near(floor, 0.0213, 2e-4);
    assert!(capped_mse >= floor && capped_mse <= 1.2 * floor, "{capped_mse} {floor}");
    assert!(free_mse <= 1e-3, "{free_mse}");

    // Section 6: close to 1, and not 1; what sticks out is lost.
    for area in &areas[..3] {
        assert!((0.95..=1.05).contains(area) && (area - 1.0).abs() >= 1e-4, "{areas:?}");
    }
    near(areas[3], 0.82, 0.005);
}
