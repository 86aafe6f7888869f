use super::drawing;
use super::*;

const SHEET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faces.png");

/// The committed sheet: the first 64 faces of seed 0, eight a row, 96 pixels each with 4 between them.
fn sheet() -> (u32, Vec<u8>) {
    let (columns, side, gap) = (8, 96, 4);
    let faces = Faces::sample(columns * columns, side, 0).unwrap();
    let width = columns * (side + gap) + gap;
    let mut pixels = vec![255; width * width * 3]; // (H, W, 3)
    for (index, image) in faces.images().pixels().chunks_exact(3 * side * side).enumerate() {
        let corner = |place: usize| gap + place * (side + gap);
        let (left, top) = (corner(index % columns), corner(index / columns));
        for (at, &value) in image.iter().enumerate() {
            let (channel, y, x) = (at / (side * side), at / side % side, at % side);
            pixels[((top + y) * width + left + x) * 3 + channel] = value;
        }
    }
    (width as u32, pixels)
}

/// Draws the sheet anew: `cargo test --lib data::faces::tests::draw_the_sheet -- --ignored`.
#[test]
#[ignore = "rewrites docs/faces.png"]
fn draw_the_sheet() {
    let (width, pixels) = sheet();
    let mut encoder = png::Encoder::new(std::fs::File::create(SHEET).unwrap(), width, width);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter); // flat colours: smaller than with differences of neighbours
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

#[test]
fn the_committed_sheet_is_what_is_drawn() {
    let committed = crate::data::decode::decode(&std::fs::read(SHEET).unwrap()).unwrap();
    let (width, pixels) = sheet();
    assert_eq!((committed.width, committed.height), (width as usize, width as usize));
    assert!(committed.rgb == pixels, "draw it anew, and look at it: see draw_the_sheet");
}

#[test]
fn seeded_faces_are_pinned() {
    // They must never change: recorded results and figures depend on them.
    let faces = Faces::sample(100, 32, 0).unwrap();
    assert_eq!(crc32fast::hash(faces.images().pixels()), PINNED);
    // And a face is the same at any count and size.
    assert_eq!(Faces::sample(7, 64, 0).unwrap().factors(), &faces.factors()[..7]);
    assert_ne!(Faces::sample(7, 64, 1).unwrap().factors(), &faces.factors()[..7]);
}
const PINNED: u32 = 2_078_757_548;

/// A face of the largest size in the middle.
fn middle() -> Face {
    Face { size: 1.0, x: 0.0, y: 0.0, ..Face::sample(&mut Noise::new(0)) }
}

/// The colour at a place in the drawing's units, for a face in the middle.
fn colour(image: &[u8], side: usize, (x, y): (f32, f32)) -> [u8; 3] {
    let place = |unit: f32, middle: f32| ((middle + unit * 0.345) * side as f32) as usize;
    let at = place(y, 0.53) * side + place(x, 0.5);
    std::array::from_fn(|channel| image[channel * side * side + at])
}

#[test]
fn colours_are_those_of_the_factors() {
    for seed in 0..60 {
        let face = Face { size: 1.0, x: 0.0, y: 0.0, ..Face::sample(&mut Noise::new(seed)) };
        let image = face.draw(256).unwrap();
        assert_eq!(colour(&image, 256, (0.0, 0.45)), drawing::skin(face.skin), "{face:?}");
        assert_eq!(colour(&image, 256, (0.3, -1.0)), drawing::hair(face.hair_colour), "{face:?}");
        for x in [-0.49, 0.25] {
            assert_eq!(colour(&image, 256, (x, 0.06)), drawing::eyes(face.eye_colour), "{face:?}");
        }
    }
}

#[test]
fn corners_of_the_mouth_go_up_in_a_smile_and_down_in_a_frown() {
    // Where the line of a closed mouth lies: the darkest pixel of a column.
    for tone in 0..SkinTone::ALL.len() {
        let line = |expression: f32, x: f32| {
            let face = middle().with(Factor::Expression, expression).unwrap();
            let face = face.with(Factor::Mouth, 0.0).unwrap().with(Factor::SkinTone, tone as f32).unwrap();
            let image = face.draw(128).unwrap();
            let dark = |y: &i32| {
                colour(&image, 128, (x, *y as f32 / 100.0)).iter().map(|&value| u32::from(value)).sum::<u32>()
            };
            (48..90).min_by_key(dark).unwrap()
        };
        assert!(line(1.0, 0.3) < line(1.0, 0.0) - 5, "a smile on skin {tone}");
        assert!(line(0.0, 0.3) > line(0.0, 0.0) + 5, "a frown on skin {tone}");
    }
}

#[test]
fn every_value_of_every_factor_is_told_apart_at_32_pixels() {
    for seed in 0..20 {
        let face = Face::sample(&mut Noise::new(seed));
        for factor in Factor::ALL.into_iter().filter(|factor| !factor.values().is_empty()) {
            let images: Vec<_> = (0..factor.values().len())
                .map(|value| face.with(factor, value as f32).unwrap().draw(32).unwrap())
                .collect();
            for (a, b) in (1..images.len()).flat_map(|b| (0..b).map(move |a| (a, b))) {
                // Pixels that differ by at least a tenth of the range in some channel.
                let clear = |at: &usize| {
                    (0..3).any(|channel| {
                        images[a][channel * 1024 + at].abs_diff(images[b][channel * 1024 + at]) >= 26
                    })
                };
                let count = (0..1024).filter(clear).count();
                assert!(count >= 8, "{} {a} and {b}: {count} pixels, {face:?}", factor.name());
            }
        }
    }
}

/// Number and mean place of the pixels that have exactly the skin's colour, which lie on the head alone.
fn skin(face: &Face, side: usize) -> (f32, f32, f32) {
    let image = face.draw(side).unwrap();
    let colour = drawing::skin(face.skin);
    let is_skin = |at: &usize| (0..3).all(|channel| image[channel * side * side + at] == colour[channel]);
    let places: Vec<usize> = (0..side * side).filter(is_skin).collect();
    let mean = |of: fn(usize, usize) -> usize| {
        places.iter().map(|&at| of(at, side) as f32).sum::<f32>() / places.len() as f32
    };
    (places.len() as f32, mean(|at, side| at % side), mean(|at, side| at / side))
}

#[test]
fn place_and_size_are_what_they_say() {
    let face = middle();
    let at = |factor, value| skin(&face.with(factor, value).unwrap(), 256);
    // From one end to the other: 0.12 of 256 pixels.
    let (left, right) = (at(Factor::X, -0.06), at(Factor::X, 0.06));
    assert!((right.1 - left.1 - 30.72).abs() <= 0.3 && (right.2 - left.2).abs() <= 0.3, "{left:?} {right:?}");
    let (up, down) = (at(Factor::Y, -0.06), at(Factor::Y, 0.06));
    assert!((down.2 - up.2 - 30.72).abs() <= 0.3 && (down.1 - up.1).abs() <= 0.3, "{up:?} {down:?}");
    let (small, large) = (at(Factor::Size, 0.8), at(Factor::Size, 1.0));
    assert!((small.0 / large.0 - 0.64).abs() <= 0.02, "{small:?} {large:?}");
}

#[test]
fn no_hair_is_cut_off_at_the_top_or_the_sides() {
    let background = middle().with(Factor::Size, 0.8).unwrap().draw(64).unwrap()[0];
    for (x, y) in [(-0.06, -0.06), (0.06, -0.06)] {
        for length in 0..3 {
            let face = Face { x, y, ..middle() }.with(Factor::HairLength, length as f32).unwrap();
            let image = face.draw(64).unwrap();
            assert!((0..64).all(|x| image[x] == background), "the top of {face:?}");
            let middle_rows = (0..40).map(|y| y * 64); // below them are the shoulders
            assert!(
                middle_rows.flat_map(|row| [row, row + 63]).all(|at| image[at] == background),
                "{face:?}"
            );
        }
    }
}

#[test]
fn factors_are_uniform_and_independent() {
    let mut noise = Noise::new(5);
    let faces: Vec<Face> = (0..20_000).map(|_| Face::sample(&mut noise)).collect();
    let unit = |face: &Face, factor: Factor| {
        let (least, greatest) = factor.range().into_inner();
        f64::from((face.value(factor) - least) / (greatest - least)) - 0.5
    };
    for (i, a) in Factor::ALL.into_iter().enumerate() {
        for (value, name) in a.values().iter().enumerate() {
            let count = faces.iter().filter(|face| face.value(a) == value as f32).count() as f64;
            let p = 1.0 / a.values().len() as f64;
            let five = 5.0 * (20_000.0 * p * (1.0 - p)).sqrt();
            assert!((count - 20_000.0 * p).abs() <= five, "{} {name}: {count}", a.name());
        }
        let mean = faces.iter().map(|face| unit(face, a)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() <= 5.0 * 0.5 / 20_000_f64.sqrt(), "{}: {mean}", a.name());
        for b in &Factor::ALL[..i] {
            let product = faces.iter().map(|face| unit(face, a) * unit(face, *b)).sum::<f64>() / 20_000.0;
            assert!(product.abs() <= 5.0 * 0.25 / 20_000_f64.sqrt(), "{} and {}", a.name(), b.name());
        }
    }
}

#[test]
fn a_factor_that_is_set_is_read_again_and_nothing_else_changes() {
    let face = Face::sample(&mut Noise::new(9));
    for factor in Factor::ALL {
        for value in [*factor.range().start(), *factor.range().end()] {
            let changed = face.with(factor, value).unwrap();
            assert_eq!(changed.value(factor), value);
            assert_eq!(changed.with(factor, face.value(factor)).unwrap(), face);
        }
    }
}

#[test]
fn labels_are_the_factors() {
    let faces = Faces::sample(50, 8, 2).unwrap();
    let set = faces.labelled(Factor::HairColour).unwrap();
    assert_eq!(set.class_names(), HairColour::NAMES);
    let values: Vec<f32> = set.classes().iter().map(|&class| class as f32).collect();
    assert_eq!(values, faces.values(Factor::HairColour));
    assert_eq!(set.image(49).unwrap(), faces.factors()[49].draw(8).unwrap());
}

#[test]
fn what_can_not_be_drawn_is_an_error() {
    let face = middle();
    let cases = [
        (face.draw(7).map(drop), "expected a side of 8 to 2048 pixels, found 7"),
        (face.draw(usize::MAX).map(drop), "expected a side of 8 to 2048 pixels"),
        (
            Face { size: 40.0, ..face }.draw(32).map(drop),
            "draw a face with size 40: expected a number from 0.8 to 1",
        ),
        (Face { x: f32::NAN, ..face }.draw(32).map(drop), "draw a face with x NaN: expected a number"),
        (face.with(Factor::Mouth, 2.0).map(drop), "with mouth 2: expected a whole number from 0 to 1"),
        (face.with(Factor::Mouth, 0.5).map(drop), "with mouth 0.5: expected a whole number from 0 to 1"),
        (Faces::sample(usize::MAX, 32, 0).map(drop), "expected at most 1398101 of 32×32 pixels"),
        (
            Faces::sample(1, 8, 0).unwrap().labelled(Factor::X).map(drop),
            "by x: expected a factor whose values have",
        ),
    ];
    for (result, part) in cases {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("Next: "), "{message}");
    }
}
