//! How figures look: colours, dashes, markers, the font, and how numbers are written.

use std::sync::OnceLock;

use plotters::style::{FontStyle, RGBColor, register_font};

use crate::{Error, Result};

/// Okabe and Ito, "Color universal design" (2008), without yellow, which white paper swallows.
pub(crate) const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),   // blue
    RGBColor(213, 94, 0),    // vermilion
    RGBColor(0, 158, 115),   // bluish green
    RGBColor(204, 121, 167), // reddish purple
    RGBColor(230, 159, 0),   // orange
    RGBColor(86, 180, 233),  // sky blue
];
/// Text: nearly black, 14:1 on white.
pub(crate) const INK: RGBColor = RGBColor(38, 38, 38);
pub(crate) const GUIDE: RGBColor = RGBColor(120, 120, 120);
pub(super) const GRID: RGBColor = RGBColor(230, 230, 230);
/// Dash and gap in notebook pixels, by series; the first is drawn through.
pub(super) const DASHES: [Option<(f64, f64)>; 4] =
    [None, Some((7.0, 4.0)), Some((2.5, 3.0)), Some((11.0, 3.0))];
pub(super) const FONT: &str = "gan-course";

/// Registers the embedded font with plotters, once.
pub(super) fn font() -> Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = REGISTERED.get_or_init(|| {
        register_font(FONT, FontStyle::Normal, include_bytes!("font/DejaVuSans.ttf")).is_ok()
            && register_font(FONT, FontStyle::Bold, include_bytes!("font/DejaVuSans-Bold.ttf")).is_ok()
    });
    if *registered {
        return Ok(());
    }
    Err(Error::new("draw the figure").expected("a readable embedded font").next("run src/show/font/make.sh"))
}

/// Tick positions: multiples of 1, 2 or 5 times a power of ten, about `count` of them, and how to write them.
pub(super) fn ticks((low, high): (f64, f64), count: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / count;
    let power = 10f64.powf(rough.log10().floor());
    let step = power
        * [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999).unwrap_or(10.0);
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|i| (i as f64 * step, number(i as f64 * step, digits, step))).collect()
}

/// A number with a true minus sign; powers of ten from 100,000 on and below 0.0001.
fn number(value: f64, digits: usize, step: f64) -> String {
    let text = if value != 0.0 && !(1e-4..1e5).contains(&step.max(value.abs() / 10.0)) {
        // As many digits as the step asks for: neighbours must not read alike.
        let digits = (value.abs().log10().floor() - step.log10().floor()).max(0.0) as usize;
        format!("{value:.digits$e}").replace('e', "·10^")
    } else {
        format!("{value:.digits$}")
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_inside_the_range() {
        let texts = |range, count| ticks(range, count).into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(texts((-1.04, 1.04), 5.0), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(texts((40.0, 100.0), 6.0), ["40", "50", "60", "70", "80", "90", "100"]);
        assert_eq!(texts((0.0, 0.021), 4.0), ["0.00", "0.01", "0.02"]);
        assert_eq!(texts((4e-5, 2.1e-4), 4.0), ["5·10^−5", "1.0·10^−4", "1.5·10^−4", "2.0·10^−4"]);
    }
}
