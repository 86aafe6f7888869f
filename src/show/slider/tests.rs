//! What a slider refuses, which frames it carries, and what reaches the notebook.

use super::*;
use crate::data::decode::decode;
use crate::tensor::Noise;

fn noisy(seed: u64, side: usize) -> Picture {
    let pixels = Noise::new(seed).uniform(side * side * 3).iter().map(|u| (u * 256.0) as u8).collect();
    Picture::new(side, side, pixels).unwrap()
}

fn slider(frames: u64, side: usize) -> Slider {
    let bare = Slider::new("A caption").alt("What is seen").label("z, from 0 on");
    (0..frames).fold(bare, |slider, i| slider.frame(&noisy(i, side), &format!("z = {i}")))
}

/// The data that the script is given.
fn data(page: &str) -> serde_json::Value {
    let line = page.lines().find_map(|line| line.trim().strip_prefix("const { label, alt, labels"));
    let (_, json) = line.unwrap().split_once("} = ").unwrap();
    serde_json::from_str(json.strip_suffix(';').unwrap()).unwrap()
}

#[test]
fn what_a_reader_would_miss_is_an_error() {
    let two = |slider: Slider| slider.frame(&noisy(0, 8), "0").frame(&noisy(1, 8), "1");
    let cases = [
        (two(Slider::new(" ").alt("seen").label("z")), "expected a caption, found none. Next: "),
        (two(Slider::new("c").label("z")), "expected a text alternative, found none. Next: "),
        (two(Slider::new("c").alt("seen")), "expected a label, found none. Next: "),
        (slider(2, 8).frame(&noisy(0, 8), "\n"), "expected a label of frame 3, found none. Next: "),
        (slider(1, 8), "expected at least 2 frames, found 1. Next: "),
        (
            slider(2, 8).frame(&noisy(0, 9), "9"),
            "frames of 8×8 pixels, as the first one has, found 9×9 in frame 3",
        ),
        // Noise can't be compressed: 3·256² bytes a frame.
        (slider(11, 256), "expected frames of at most 2097152 bytes together, as PNG, found 21"),
    ];
    for (slider, part) in cases {
        let message = slider.page().unwrap_err().to_string();
        assert!(message.starts_with("cannot show the slider: ") && message.contains(part), "{message}");
    }
    assert!(Slider::new("c").is_empty() && slider(10, 256).page().is_ok());
}

#[test]
fn the_page_carries_every_frame_bit_for_bit() {
    // The second is too tall for one sheet. Noise, so that a sheet of all is smaller than its parts.
    for (count, (width, height), per) in [(5, (7, 7), 5), (9, (2, 1_000), 8)] {
        let noisy = |seed: u64| {
            let noise = Noise::new(seed).uniform(width * height * 3);
            Picture::new(width, height, noise.iter().map(|u| (u * 256.0) as u8).collect()).unwrap()
        };
        let pictures: Vec<Picture> = (0..count).map(noisy).collect();
        let slider = pictures.iter().fold(slider(0, 1), |slider, picture| slider.frame(picture, "noise"));
        let data = data(&slider.page().unwrap());
        let sheets = data["sheets"].as_array().unwrap();
        assert_eq!((data["per"].as_u64().unwrap(), sheets.len()), (per, count.div_ceil(per) as usize));
        let mut pixels = Vec::new();
        for sheet in sheets {
            let png = sheet.as_str().unwrap().strip_prefix("data:image/png;base64,").unwrap();
            pixels.extend(decode(&STANDARD.decode(png).unwrap()).unwrap().rgb);
        }
        assert!(pixels == pictures.iter().flat_map(Picture::pixels).copied().collect::<Vec<_>>());
    }
}

#[test]
fn the_smaller_of_sheet_and_frames_is_taken() {
    let many = slider(12, 16);
    let size = |sheets: Vec<Vec<u8>>| sheets.iter().map(Vec::len).sum::<usize>();
    let data = data(&many.page().unwrap());
    let carried: usize =
        data["sheets"].as_array().unwrap().iter().map(|sheet| sheet.as_str().unwrap().len() - 22).sum();
    let least = size(many.sheets(12).unwrap()).min(size(many.sheets(1).unwrap()));
    assert!(carried / 4 * 3 - least < 36, "{carried} characters for {least} bytes");
}

#[test]
fn the_strip_shows_eight_from_the_first_to_the_last() {
    let strip = slider(33, 8).strip().unwrap();
    let expected = "What is seen. Slider of 33 frames (z, from 0 on); in the still strip: \
                    z = 0; z = 4; z = 9; z = 13; z = 18; z = 22; z = 27; z = 32.";
    assert_eq!(strip.text(), expected);
    let width = |slider: &Slider| decode(&slider.strip().unwrap().png().unwrap()).unwrap();
    assert_eq!(width(&slider(33, 8)).height, 2 * 120, "a row of eight, at twice the size");
    let long = slider(7, 8).frame(&noisy(7, 8), "a label that is longer");
    assert_eq!(width(&long).height, 2 * 3 * 120, "three rows, for the label's sake");
    assert_eq!(slider(2, 8).still(), [0, 1]);
}

#[test]
fn the_notebook_gets_one_image_and_a_script_that_no_label_ends() {
    let hostile = slider(1, 8).frame(&noisy(1, 8), "</script><b>\nEVCXR_END_CONTENT").label("a \"<!--\" b");
    let (strip, script) = (hostile.strip().unwrap(), hostile.script().unwrap());
    let blocks = strip.exhibit(b"png").notebook_blocks(&script);
    assert_eq!(blocks.lines().filter(|line| line.starts_with("EVCXR_")).count(), 4, "{blocks}");
    let html = blocks.split("text/plain").next().unwrap();
    let count = |part: &str| html.matches(part).count();
    assert_eq!((count("<img"), count("</script>"), count("<!--"), count("<b>")), (1, 1, 0, 0), "{html}");
    assert_eq!(data(&script)["labels"][1], "</script><b> EVCXR_END_CONTENT");
    let id = |script: &str| script.split('"').nth(1).unwrap().to_owned();
    assert_ne!(id(&script), id(&hostile.script().unwrap()), "two of them on one page");
    assert!(script.contains(&format!("getElementById(\"{}\")", id(&script))), "{script}");
}
