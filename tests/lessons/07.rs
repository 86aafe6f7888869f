// The checks of lesson 07: one block that runs after its cells and sees their variables.
{
    // Section 2: before training D can't tell.
    assert!((of_d.loss - 2.0 * 2f32.ln()).abs() <= 0.3, "{of_d:?}");
    assert_eq!((pair.1.len(), of_d.named), (16, None));
    // Sections 3 to 6: on ten classes, of which one in ten is right by chance. (Seen: 0.86 and 0.91 after half as many
    // steps again.)
    let [told, named] = [&qualities[0], &qualities[1]];
    assert!(told.accuracy >= 0.65 && named.accuracy >= 0.65, "{} {}", told.accuracy, named.accuracy);
    let fits = |quality: &ClassQuality| (0.5..1.2).contains(&quality.diversity);
    assert!(fits(told) && fits(named), "{} {}", told.diversity, named.diversity);
    assert!((standard.own_accuracy() - 0.912).abs() < 1e-9);
}
