// The checks of lesson 08: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: modes are lost, and D's loss looks like any other.
    assert!(captured[captured.len() - 1] <= 3, "{captured:?}");
    let of_d = losing.history().column("loss_critic")?;
    let last = of_d[of_d.len() - 100..].iter().map(|&loss| f64::from(loss)).sum::<f64>() / 100.0;
    assert!((0.4..0.7).contains(&last), "{last}");

    // Section 2: on a line theory, |μ|; in the plane, no plan is cheaper than the one found.
    shifts.iter().zip(&on_a_line).for_each(|(&shift, &found)| near(found, f64::from(shift), 0.06));
    assert!(floor < 0.1 && start > 0.8, "{floor} {start}");
    let plan = transport(&earth, &holes)?;
    let length = |i: usize, j: usize| {
        f64::from(earth[2 * i] - holes[2 * j]).hypot(f64::from(earth[2 * i + 1] - holes[2 * j + 1]))
    };
    let of = |turn: usize| (0..40).map(|i| length(i, (plan.to[i] + turn) % 40)).sum::<f64>() / 40.0;
    near(plan.distance, of(0), 1e-6);
    assert!((1..40).all(|turn| of(turn) >= of(0) - 1e-9));

    // Section 3: the estimate falls with the distance.
    let (plane, seen) = &pair;
    let end = |values: &[f64]| values[values.len() - 1];
    assert!(end(&seen.estimate) <= 0.2 * seen.estimate[0], "{:?}", seen.estimate);
    assert!(end(&seen.exact) <= 0.5 * seen.exact[0] && end(&seen.exact) <= 0.12, "{:?}", seen.exact);
    let modes = plane.modes()?;
    assert!(modes.captured() == 8 && modes.quality() >= 0.6, "{modes:?}");

    // Sections 4 and 5: clipping draws them blurred; under the penalty lengths gather at 1.
    let blurred = clipped[1].modes()?;
    assert!(blurred.quality() <= modes.quality() - 0.2, "{blurred:?}");
    let lengths = plane.slopes(2_000, 5)?;
    let within = lengths.iter().filter(|length| (0.5..1.5).contains(*length)).count();
    assert!(within >= 1_500, "{within}");
    near(f64::from(first.penalty), 0.1, 0.02);
    assert!(second.penalty < first.penalty);

    // Section 7: with the paper's weight next to nothing is learnt in so few steps.
    assert!(qualities[0] >= 0.15 && qualities[1] <= 0.05, "{qualities:?}");
    // Section 8: on this seed both have what was lost.
    assert!(with_help.iter().all(|&captured| captured >= 7), "{with_help:?}");

    // Section 3: the course's own short run is comparable with its bands, whatever the processor.
    assert!(standing.comparable() && standing.seeds == 20 && !standing.failed, "{standing}");

    // Section 9: the estimate falls on images too. No plan costs as little as the normalised critic says, and only its
    // scores move with their neighbours.
    let estimates = painted[0][3].history().column("estimate")?;
    let of = |part: &[f32]| f64::from(part.iter().sum::<f32>()) / part.len() as f64;
    assert!(of(&estimates[150..]) <= 0.6 * of(&estimates[20..40]), "{estimates:?}");
    let [plain, normed] = &bounds[..] else { panic!("{bounds:?}") };
    assert!(plain[0] <= 0.6 * plain[1] && normed[0] >= 2.0 * normed[1], "{bounds:?}");
    assert!(plain[2] >= 2.0 * normed[2], "{bounds:?}");
    assert!(moved[0].abs() <= 1e-3 && moved[1].abs() >= 1.0, "{moved:?}");
    // Alone G climbs to one image; the critic's return drives them apart again.
    let [before, early, collapsed, again] = &told[..] else { panic!("{told:?}") };
    assert!(before[0] < early[0] && early[0] < collapsed[0], "{told:?}");
    assert!(before[1] >= 0.8 && collapsed[1] <= 0.15 && again[1] >= 0.6, "{told:?}");
    assert!(again[2] > before[2], "{told:?}");

    // Section 7: the heavier brake is another future of the same state.
    assert_eq!((heavier.original().first(), heavier.other().last()), (50, 150));
    assert!(!heavier.identical()?);
}
