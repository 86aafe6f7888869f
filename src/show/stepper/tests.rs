//! What a stepper refuses, and what reaches the notebook.

use super::*;
use crate::show::{Figure, Panel};

fn moment(step: u64, height: f64) -> Moment {
    let panel = Panel::new("p").x("x").y("y").line("", &[0.0, 1.0], &[0.0, height]).y_range(0.0, 9.0);
    let figure = Figure::new("c").alt(&format!("A line up to {height}.")).panel(panel);
    Moment {
        step,
        view: View::Figure(figure).into(),
        lines: vec![["A <step>".into(), "L_{D} = x^{2} & </script>".into(), "θ ← θ".into()]],
        names: vec!["loss <i>".into()],
        numbers: vec![if step == 0 { f64::NAN } else { height }],
    }
}

fn side(name: &str, steps: &[u64]) -> Side {
    Side { name: name.into(), moments: steps.iter().map(|&step| moment(step, step as f64)).collect() }
}

/// The data that the script is given.
fn data(page: &str) -> Value {
    let line = page.lines().find_map(|line| line.trim().strip_prefix("const { title, sides")).unwrap();
    let (_, json) = line.split_once("} = ").unwrap();
    serde_json::from_str(json.strip_suffix(';').unwrap()).unwrap()
}

#[test]
fn a_page_carries_everything_in_itself() {
    let stepper =
        Stepper::new("A <caption> & more", vec![side("as it was", &[0, 1, 2]), side("k = 5", &[0, 1, 2])]);
    for page in [stepper.page().unwrap(), stepper.clone().playing().page().unwrap()] {
        assert!(!page.contains("http"), "it names an address");
        assert!(
            page.match_indices("src=").all(|(at, _)| page[at..].starts_with("src=\"data:")),
            "it loads something"
        );
        // Words are escaped: the only script that ends is ours.
        assert_eq!((page.matches("</script>").count(), page.matches("<script").count()), (1, 1));
        assert!(page.contains("<figcaption>A &lt;caption&gt; &amp; more</figcaption>"));
        let data = data(&page);
        assert_eq!(data["steps"], json!([0, 1, 2]));
        assert_eq!(data["names"], json!(["loss <i>"]));
        assert_eq!(data["tables"][0][0][1], "L<sub>D</sub> = x<sup>2</sup> &amp; &lt;/script&gt;");
        let sides = data["sides"].as_array().unwrap();
        assert_eq!((sides.len(), sides[1]["files"].as_array().unwrap().len()), (2, 3));
        assert_eq!(sides[0]["numbers"], json!([[null], [1.0], [2.0]]));
        assert_eq!(sides[0]["alts"][2], "A line up to 2.");
        // What shows without scripts: a picture and its words.
        let (_, image) = page.split_once("<img alt=\"").unwrap();
        let alt = &image[..image.find('"').unwrap()];
        assert!(
            alt.starts_with("Stepper of 3 moments. as it was. At first, step 0: A line")
                && alt.contains("k = 5"),
            "{alt}"
        );
    }
}

#[test]
fn the_still_of_one_that_plays_is_an_animation() {
    let stepper = Stepper::new("c", vec![side("", &[0, 1, 2, 3])]);
    let frames = |stepper: &Stepper| {
        let bytes = stepper.made().unwrap().still.bytes;
        let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        reader.info().animation_control().map(|control| control.num_frames)
    };
    assert_eq!((frames(&stepper), frames(&stepper.clone().playing())), (None, Some(4)));
}

#[test]
fn two_of_one_page_have_names_of_their_own() {
    let stepper = Stepper::new("c", vec![side("", &[0, 1])]);
    let name =
        |html: String| html.split_once("<script id=\"").unwrap().1.split('"').next().unwrap().to_string();
    assert_ne!(name(stepper.html().unwrap()), name(stepper.html().unwrap()));
}

#[test]
fn what_makes_no_stepper_is_an_error() {
    let mut other_numbers = side("b", &[0, 1]);
    other_numbers.moments[1].numbers.push(1.0);
    let cases = [
        (Stepper::new(" ", vec![side("a", &[0, 1])]), "a caption"),
        (Stepper::new("c", vec![]), "one run or two"),
        (Stepper::new("c", vec![side("a", &[0])]), "at least 2 moments"),
        (Stepper::new("c", vec![side("a", &[0, 1]), side("b", &[0, 2])]), "the same steps"),
        (Stepper::new("c", vec![side("a", &[0, 1]), other_numbers]), "the same numbers"),
    ];
    for (stepper, part) in cases {
        let error = stepper.html().unwrap_err().to_string();
        assert!(error.contains("make a stepper") && error.contains(part), "{error}");
    }
}

#[test]
fn mathematics_is_escaped_and_set() {
    assert_eq!(mathematics("θ_{D} < x^{2}"), "θ<sub>D</sub> &lt; x<sup>2</sup>");
    assert_eq!(mathematics("open _{D"), "open _{D");
    assert_eq!(
        [short(f64::INFINITY), short(f64::NAN), short(0.123_456_789)],
        [Value::Null, Value::Null, json!(0.123457)]
    );
}
