//! What a figure refuses, and what reaches the notebook.

use super::*;

fn panel() -> Panel {
    Panel::new("Title").x("x").y("y").line("rise", &[0.0, 1.0], &[0.0, 1.0])
}

fn figure(panel: Panel) -> Figure {
    Figure::new("A caption").alt("What is seen").panel(panel)
}

#[test]
fn what_a_reader_would_miss_is_an_error() {
    let nan = f64::NAN;
    let bare = Panel::new("Title").x("x").y("y");
    let cases = [
        (Figure::new("").alt("seen").panel(panel()), "expected a caption, found none. Next: "),
        (Figure::new("c").panel(panel()), "expected a text alternative, found none. Next: "),
        (Figure::new("c").alt("seen"), "expected at least one panel, found none. Next: "),
        (
            figure(Panel::new("T").y("y").line("l", &[1.0], &[1.0])),
            "expected a label on the x axis, found none",
        ),
        (
            figure(Panel::new("T").x("x").line("l", &[1.0], &[1.0])),
            "expected a label on the y axis, found none",
        ),
        (figure(bare.clone()), "expected at least one series, found none"),
        (
            figure(bare.clone().line::<f64, f64>("l", &[], &[])),
            "finite numbers in 'l', found an empty series",
        ),
        (figure(bare.clone().points("l", &[1.0, nan], &[nan, 1.0])), "finite numbers in 'l', found none"),
        (figure(bare.clone().line("l", &[1.0, 2.0], &[1.0])), "columns of one length in 'l', found [2, 1]"),
        (figure(panel().x_range(1.0, 1.0)), "an axis from low to high, found 1 to 1"),
        (figure(panel()).columns(0), "at least 1 column"),
    ];
    for (figure, part) in cases {
        let message = figure.png().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn infinite_and_constant_values_still_draw() {
    let hard = panel()
        .line("gap", &[0.0, 1.0, 2.0, 3.0], &[1.0, f64::INFINITY, 1e300, 1.0])
        .y_range(-1.0, 2.0)
        .points("out of range", &[0.5], &[1e9])
        .bars("bar", &[0.0, 1.0], &[-1.0]);
    assert!(figure(hard).png().is_ok());
    assert!(figure(Panel::new("T").x("x").y("y").line("flat", &[5.0, 5.0], &[3.0, 3.0])).png().is_ok());
    let arrows = panel().arrows("pull", &[0.2, 0.5, 0.5, 9.0], &[0.4, 1e9, 0.5, 1.0], 0.1);
    assert!(figure(arrows).png().is_ok());
}

/// How far down, in the picture's pixels, a series reaches whose lowest value is 0.2.
fn lowest(line: impl Fn(Panel, &[f64], &[f64]) -> Panel) -> usize {
    let x: Vec<f64> = (0..300).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|&x| if x == 150.0 { 0.2 } else { 0.9 }).collect();
    let panel = line(Panel::new("Title").x("x").y("y").x_range(0.0, 299.0).y_range(0.0, 1.0), &x, &y);
    let picture = figure(panel).picture().unwrap();
    let coloured = |pixel: &[u8]| pixel.iter().max().unwrap() - pixel.iter().min().unwrap() > 100;
    let rows = picture.pixels().chunks(3 * picture.width());
    rows.enumerate().filter(|(_, row)| row.chunks(3).any(coloured)).map(|(at, _)| at).max().unwrap()
}

#[test]
fn a_spike_ends_at_its_value() {
    let flat = |panel: Panel, _: &[f64], _: &[f64]| panel.line("flat", &[0.0, 299.0], &[0.2, 0.2]);
    let floor = lowest(flat);
    for spike in [
        lowest(|panel, x, y| panel.line("spike", x, y)),
        lowest(|panel, x, y| panel.line("flat", &[0.0, 299.0], &[0.9, 0.9]).line("spike", x, y)), // dashed
    ] {
        assert!(spike <= floor + 4, "row {spike}, where 0.2 is at {floor}");
        assert!(spike + 6 >= floor, "row {spike}: the spike is cut off before {floor}");
    }
}

#[test]
fn the_picture_has_twice_the_pixels_of_its_place() {
    let bytes = figure(panel()).panel(panel()).png().unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (1440, 600));
    let bytes = figure(panel()).panel(panel()).columns(1).wide().png().unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (1440, 1200));
}

#[test]
fn signs_of_the_course_are_in_the_font() {
    use ab_glyph::Font;
    let font = ab_glyph::FontRef::try_from_slice(include_bytes!("font/DejaVuSans.ttf")).unwrap();
    for sign in "Az0é−·½‖∇≤≥≈∈∞ΣσθμεαβγλΔ→←⇒²₀₁ℝ√∂".chars() {
        assert_ne!(font.glyph_id(sign).0, 0, "{sign} is missing: see font/make.sh");
    }
}

#[test]
fn a_histogram_counts_its_upper_end_and_nothing_outside() {
    let panel = Panel::new("T").histogram("h", &[0.0, 0.9, 1.0, 2.0, -0.1, 2.1, f64::NAN], (0.0, 2.0), 2);
    assert_eq!(panel.series[0].points, [[0.0, 1.0, 2.0], [1.0, 2.0, 2.0]]);
}

#[test]
fn the_notebook_gets_escaped_html_and_the_words() {
    let hostile = Figure::new("1 < 2 & \"so\"").alt("a \"quoted\" <b>\nEVCXR_END_CONTENT").panel(panel());
    let blocks = hostile.exhibit(b"png").notebook_blocks("");
    assert_eq!(blocks.lines().filter(|line| line.starts_with("EVCXR_")).count(), 4, "{blocks}");
    assert!(
        blocks.contains("alt=\"a &quot;quoted&quot; &lt;b&gt; EVCXR_END_CONTENT\" width=\"460\""),
        "{blocks}"
    );
    assert!(blocks.contains("<figcaption>1 &lt; 2 &amp; &quot;so&quot;</figcaption>"), "{blocks}");
    assert!(blocks.contains("base64,cG5n\""), "{blocks}");
}

#[test]
fn a_figure_is_saved_whole_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("gan-course-show-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let figure = figure(panel());
    figure.save(folder.join("a.png")).unwrap();
    std::fs::create_dir(folder.join("b.png")).unwrap(); // a folder where a file belongs
    let message = figure.save(folder.join("b.png")).unwrap_err().to_string();
    assert!(message.starts_with("cannot write ") && message.contains("Next: "), "{message}");
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.png", "b.png"]);
    std::fs::remove_dir_all(&folder).unwrap();
}
