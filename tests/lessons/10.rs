// The checks of lesson 10: one block that runs after its cells and sees their variables.
{
    // Section 1: rules, from worse to better.
    assert!(stubborn.steps() < leaning.steps() && leaning.steps() < looking.steps());
    assert_eq!(stubborn.end(), End::Terminated);

    // Section 2: a baseline takes the noise away, the best one all of it.
    for (sd, expected) in noises.iter().zip([5.25, 0.25, 0.0]) {
        assert!((sd - expected).abs() <= 0.01, "{noises:?}");
    }

    // Section 3: 1 / E ρ².
    for (worth, expected) in worth.iter().zip([1_000.0, 950.0, 431.8, 190.0, 55.4]) {
        assert!((worth - expected).abs() <= 0.1, "{worth} {expected}");
    }

    // Section 4: a moderate step is good, a large one is not, and it is promised more.
    let best = leaps.iter().fold(&leaps[0], |a, b| if b.mean_return > a.mean_return { b } else { a });
    let (first, last) = (&leaps[0], &leaps[leaps.len() - 1]);
    assert!(best.mean_return > first.mean_return && last.mean_return < best.mean_return);
    assert!(first.promised.abs() <= 1e-6 && last.promised > best.promised && last.kl > best.kl);

    // Section 5: at ρ = 1 all slopes are one; beyond the clip the better action has none, the worse one all of it.
    for objective in 1..3 {
        assert!(slopes[objective].iter().zip(&slopes[0]).all(|(a, b)| (a - b).abs() <= 1e-6));
    }
    assert!(slopes[7][0] == 0.0 && (slopes[7][1] - slopes[6][1]).abs() <= 1e-6 && slopes[6][1] > 0.1, "{slopes:?}");
    assert!(slopes[8][0] > slopes[6][0] && slopes[8][1] > slopes[6][1], "{slopes:?}");

    // Section 6: a fall is heard of further back the larger λ is; the end of time is no fall.
    assert_eq!(firsts[0], firsts[1]);
    assert!(firsts.iter().all(|first| (first[0] - 0.9).abs() <= 1e-5), "{firsts:?}");
    assert!(firsts[2][2] < firsts[2][1] && firsts[2][1] < firsts[2][0], "{firsts:?}");

    // Sections 7 and 8: with the clip every seed balances, without it they don't, and the policy is thrown about.
    let mean = |returns: &[f32]| returns.iter().sum::<f32>() / returns.len() as f32;
    assert_eq!((of_clipped.len(), of_free.len()), (10, 10));
    assert!(mean(&of_clipped) > 450.0, "{of_clipped:?}");
    assert!(mean(&of_free) < mean(&of_clipped) - 75.0, "{of_free:?}");
    assert!(before.steps() < 100 && behind.steps() > 200);
    let largest = |runs: &[Ppo]| -> gan_course::Result<f32> {
        let each = runs.iter().map(|run| Ok(run.history().column("kl")?.iter().copied().fold(0.0, f32::max)));
        each.collect::<gan_course::Result<Vec<f32>>>().map(|kl| kl.into_iter().fold(f32::MAX, f32::min))
    };
    assert!(largest(&free)? > 10.0 * largest(&clipped)?);
}
