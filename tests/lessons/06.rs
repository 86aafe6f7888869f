// The checks of lesson 06: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    let length = |z: &[f32]| z.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    // Section 2: the shell. √128 = 11.31, with a deviation of 1/√2.
    assert!(z.iter().all(|z| (8.5..14.2).contains(&length(z))));
    // Section 4: the straight way leaves it, the spherical one keeps to it.
    let [a, b] = [length(&z[0]), length(&z[1])];
    assert!(length(&ways.vectors()[3]) < 0.85 * a.min(b));
    near(length(&ways.vectors()[10]), (a + b) / 2.0, 0.15 * a);
    assert_eq!((sheet.changes().len(), ways.vectors().len()), (128, 14));

    // Section 5: the classifier knows drawn faces; generated ones both smile and frown.
    assert!(reader.accuracy().all(|(_, share)| share >= 0.6), "{:?}", reader.accuracy().collect::<Vec<_>>());
    assert!((20..=980).contains(&smiling), "{smiling}");

    // Section 6: the way ends where the classifier is sure. To a smile the gradient leads, and the averaged direction often
    // doesn't; to blond hair it is the other way round; and the judge agrees.
    assert!(path.reached() && path.probabilities()[0] < 0.5, "{path}");
    let (averaged, gradient) = (smiles.direction(), smiles.gradient());
    assert!(gradient.reached >= 0.9 && averaged.reached <= 0.7, "{smiles}");
    assert!(gradient.judged >= averaged.judged + 0.1 && gradient.distance < averaged.distance, "{smiles}");
    let (averaged, gradient) = (hair.direction(), hair.gradient());
    assert!(averaged.reached >= 0.9 && gradient.reached <= 0.8, "{hair}");
    assert!(averaged.judged >= gradient.judged + 0.1, "{hair}");

    // Section 7: along its own direction each attribute grows.
    for name in effects.names() {
        assert!(effects.change(name, name)? > 0.0, "{name}");
    }
    assert!([&effects, &freed].iter().all(|effects| (0.0..1.0).contains(&effects.entanglement())));

    // Section 8: nothing has a number of its own, until it is tied.
    assert!(plain.score() <= 0.05, "{plain}");
    let read = latent::sap(&Readings::by_attributes(&reader, &steered, 1_000, 1)?)?;
    assert_eq!((read.best("expression")?, read.best("mouth")?), (0, 1), "{read}");
    assert!(read.of_factor("expression")? >= 0.2 && read.of_factor("mouth")? >= 0.2, "{read}");
}
