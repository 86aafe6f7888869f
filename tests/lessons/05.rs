// The checks of lesson 05: one block that runs after its cells and sees their variables.
{
    let near = |actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    };
    // Section 1: by hand.
    assert_eq!(values_of(&y), [4.0, 0.0, -4.0, 7.0, 0.0, -7.0, 4.0, 0.0, -4.0]);

    // Section 7: the networks are the course's: 4·4·(128·128 + 128·64 + 64·32 + 32·3) kernels and two numbers a channel.
    assert_eq!((*z.shape(), *fake.shape(), scores.len()), ((5, 128, 1, 1), (5, 3, 32, 32), 5));
    let kernels = 16 * (128 * 128 + 128 * 64 + 64 * 32 + 32 * 3);
    assert_eq!(weights[0], kernels + 2 * (128 + 64 + 32));
    assert_eq!(weights[1], 16 * (3 * 32 + 32 * 64 + 64 * 128 + 128) + 2 * (32 + 64 + 128));

    // Section 8: each player's step does what the player wants.
    near(f64::from(of_d.loss), 2.0 * 2f64.ln(), 0.7);
    assert!(after_d[0] - after_d[1] > before[0] - before[1], "{before:?} {after_d:?}");
    assert!(after_g > after_d[1], "{after_d:?} {after_g}");

    // Section 9: 1,250 steps and a frame every 25th of them; the line in the course's form.
    assert_eq!((frames.len(), stills.len(), lines.len()), (51, 4, 10));
    assert!(lines[9].starts_with("Epoch [10/10], loss_g: ") && lines[9].contains(", real_score: "), "{}", lines[9]);
    assert_eq!((video.frames(), video.seconds()), (51, 50.0 / 15.0 + 1.0));
    assert!(film.frames() >= 10 && film.bytes().len() <= 1 << 20, "{} frames", film.frames());
    // What was learnt: the generated images' mean colours lie near the faces', and noise's don't.
    let tint = |picture: &Picture| {
        let pixels = picture.pixels().chunks(3).filter(|pixel| *pixel != [255; 3]);
        let (count, sums) = pixels.fold((0.0, [0.0; 3]), |(count, sums), pixel| {
            (count + 1.0, [0, 1, 2].map(|c| sums[c] + f64::from(pixel[c])))
        });
        sums.map(|sum| sum / count)
    };
    let faces: Vec<usize> = (0..64).collect();
    let real = tint(&Picture::grid(&game.images().select(&faces)?, 8)?);
    let away = |picture: &Picture| tint(picture).iter().zip(&real).map(|(a, b)| (a - b).abs()).sum::<f64>();
    assert!(away(&stills[3]) <= 0.7 * away(&stills[0]), "{} {}", away(&stills[0]), away(&stills[3]));

    // And by the judge of faces: nearer to real ones than before training, and some can be read whole. Of the ten seeds of
    // `measure dcgan-quality`, the worst have 52 % of untrained's distance and 9 %.
    let standard = gan_course::metrics::FacesStandard::new(gan_course::data::faces::Faces::sample(500, 32, 1)?.images())?;
    let judged = |game: &Dcgan| standard.assess(&dcgan::image_set(&game.generate(&game.latent(500, 2)?)?)?);
    let (untrained, trained) = (judged(&Dcgan::new(DcganConfig::ci())?)?, judged(&game)?);
    assert!(trained.frechet <= 0.6 * untrained.frechet, "{} {}", trained.frechet, untrained.frechet);
    assert!(trained.readable >= 0.05 && untrained.readable <= 0.01, "{} {}", trained.readable, untrained.readable);

    // Section 11: the loaded generator draws what the stage's does.
    assert_eq!(game.steps(), 1_375);
    let z = artist.latent(3, 7)?;
    assert_eq!(values_of(&artist.generate(&z)?), values_of(&game.generate(&z)?));

    fn values_of(x: &Image) -> Vec<f32> {
        gan_course::tensor::values(x)
    }
}
