//! A plate: tables of numbers and pictures of pixels side by side, as a textbook prints them to show what an operation
//! does.

use plotters::style::text_anchor::HPos;
use plotters::style::{FontStyle, RGBColor};

use super::canvas::{Canvas, SHOWN};
use super::display::{Exhibit, Medium, write_whole};
use super::style::{GRID, GUIDE, INK, PALETTE};
use super::{Picture, style};
use crate::{Error, Result};

/// The plate's width in the notebook's pixels.
pub(super) const WIDTH: u32 = 720;
/// Above a tile's content, its title; below it, two lines of note.
const HEAD: f64 = 26.0;
const FOOT: f64 = 38.0;
/// Beside a tile's content.
const MARGIN: f64 = 20.0;
/// Largest cell of a table.
const CELL: f64 = 38.0;

/// Tiles in rows, a caption, and a text alternative.
#[derive(Clone, Debug)]
pub struct Plate {
    caption: String,
    alt: String,
    columns: usize,
    height: u32,
    tiles: Vec<Tile>,
}

/// One table or picture of a plate.
#[derive(Clone, Debug)]
pub struct Tile {
    title: String,
    note: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Numbers(Numbers),
    Pixels(Picture),
}

#[derive(Clone, Debug)]
struct Numbers {
    columns: usize,
    values: Vec<f32>,
    /// Cells of the border that stand for nothing, for padding.
    padding: usize,
    /// Row, column, rows, columns.
    marks: Vec<[usize; 4]>,
}

impl Tile {
    /// A table of numbers in row-major order, coloured by their value: orange above 0, blue below.
    pub fn numbers(title: &str, columns: usize, values: &[f32]) -> Self {
        let numbers = Numbers { columns, values: values.into(), padding: 0, marks: Vec::new() };
        Self { title: title.into(), note: String::new(), content: Content::Numbers(numbers) }
    }

    /// A picture, each pixel a square.
    pub fn pixels(title: &str, picture: &Picture) -> Self {
        Self { title: title.into(), note: String::new(), content: Content::Pixels(picture.clone()) }
    }

    /// A note below, on a line, or on two if it holds a line break.
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        self.note = note.into();
        self
    }

    /// Frames `rows` × `columns` cells of a table, from the given row and column on. Each further frame has another
    /// colour and line.
    #[must_use]
    pub fn mark(mut self, row: usize, column: usize, rows: usize, columns: usize) -> Self {
        if let Content::Numbers(numbers) = &mut self.content {
            numbers.marks.push([row, column, rows, columns]);
        }
        self
    }

    /// Draws the outer `width` rows and columns of a table as padding.
    #[must_use]
    pub fn padding(mut self, width: usize) -> Self {
        if let Content::Numbers(numbers) = &mut self.content {
            numbers.padding = width;
        }
        self
    }

    fn check(&self) -> Result<()> {
        let error = || Error::new(format!("draw the tile '{}'", self.title));
        if let Content::Numbers(numbers) = &self.content {
            let (count, columns) = (numbers.values.len(), numbers.columns);
            if count == 0 || columns == 0 || !count.is_multiple_of(columns) {
                return Err(error()
                    .expected("whole rows of numbers")
                    .actual(format!("{count} numbers in rows of {columns}"))
                    .next("give as many numbers as rows times columns"));
            }
            let rows = count / columns;
            let inside =
                |[row, column, high, wide]: &[usize; 4]| row + high <= rows && column + wide <= columns;
            if !numbers.marks.iter().all(inside) || 2 * numbers.padding > rows.min(columns) {
                return Err(error().expected(format!("marks and padding within {rows}×{columns} cells")));
            }
        }
        Ok(())
    }
}

impl Plate {
    /// Starts a plate; the caption is shown below it.
    pub fn new(caption: &str) -> Self {
        Self { caption: caption.into(), alt: String::new(), columns: 3, height: 230, tiles: Vec::new() }
    }

    /// The text alternative, for those who don't see it: what is to be seen, with its numbers.
    #[must_use]
    pub fn alt(mut self, alt: &str) -> Self {
        self.alt = alt.into();
        self
    }

    /// How many tiles a row holds: 3 unless set.
    #[must_use]
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns;
        self
    }

    /// A row's height in the notebook's pixels: 230 unless set.
    #[must_use]
    pub fn row_height(mut self, height: u32) -> Self {
        self.height = height;
        self
    }

    /// Makes rows as high as pictures of `side` pixels need: shown in whole multiples of their pixels where these fit,
    /// at most `largest` wide, so that a row leaves no gap. Set the columns first.
    #[must_use]
    pub fn rows_for_pictures(self, side: usize, largest: usize) -> Self {
        let (side, wide) = (side.max(1), f64::from(WIDTH) / self.columns.max(1) as f64);
        let room = ((wide - MARGIN).max(0.0) as usize).min(largest);
        let high = if room >= side { room / side * side } else { room };
        // A hair more than it needs: a picture may begin on the next half pixel.
        self.row_height(high as u32 + (HEAD + FOOT) as u32 + 2)
    }

    /// Adds a tile; tiles fill rows from left to right.
    #[must_use]
    pub fn tile(mut self, tile: Tile) -> Self {
        self.tiles.push(tile);
        self
    }

    /// The caption.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// The text alternative.
    pub fn text(&self) -> &str {
        &self.alt
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.tiles
            .iter()
            .map(|tile| match &tile.content {
                Content::Numbers(numbers) => 4 * numbers.values.len(),
                Content::Pixels(picture) => picture.pixels().len(),
            })
            .sum()
    }

    /// Draws the plate, at twice the size it is shown with, and encodes it as PNG.
    ///
    /// # Errors
    /// Caption, text alternative or tiles are missing; a table has no whole rows, or marks outside of it.
    pub fn png(&self) -> Result<Vec<u8>> {
        if self.tiles.is_empty() || self.columns == 0 || !(120..=2000).contains(&self.height) {
            return Err(Error::new("draw the plate")
                .expected("at least one tile and column, and rows 120 to 2000 high")
                .actual(format!(
                    "{} tiles in {} columns, {} high",
                    self.tiles.len(),
                    self.columns,
                    self.height
                ))
                .next("add .tile(Tile::numbers(…))"));
        }
        self.exhibit(&[]).check()?;
        self.tiles.iter().try_for_each(Tile::check)?;
        let columns = self.columns.min(self.tiles.len());
        let rows = self.tiles.len().div_ceil(columns) as u32;
        let (width, height) = (f64::from(WIDTH) / columns as f64, f64::from(self.height));
        Canvas::png(WIDTH, self.height * rows, |canvas| {
            for (index, tile) in self.tiles.iter().enumerate() {
                let place = ((index % columns) as f64 * width, (index / columns) as f64 * height);
                draw(canvas, tile, place, (width, height))?;
            }
            Ok(())
        })
    }

    /// Writes the PNG, whole or not at all.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), or the file can't be written.
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<()> {
        write_whole(path.as_ref(), &self.png()?)
    }

    /// Shows the plate below the notebook cell, as a [figure](super::Figure::show) is shown.
    ///
    /// # Errors
    /// Those of [`png`](Self::png), or a file can't be written.
    pub fn show(&self) -> Result<()> {
        self.exhibit(&self.png()?).show()
    }

    /// The plate as HTML with everything in itself, for a page.
    ///
    /// # Errors
    /// Those of [`png`](Self::png).
    pub fn html(&self) -> Result<String> {
        Ok(self.exhibit(&self.png()?).html(""))
    }

    pub(super) fn exhibit<'a>(&'a self, bytes: &'a [u8]) -> Exhibit<'a> {
        Exhibit { medium: Medium::Figure, width: WIDTH, caption: &self.caption, alt: &self.alt, bytes }
    }
}

fn draw(
    canvas: &Canvas<'_>,
    tile: &Tile,
    (left, top): (f64, f64),
    (width, height): (f64, f64),
) -> Result<()> {
    let middle = left + width / 2.0;
    canvas.text(&tile.title, middle, top + 13.0, 12.5, FontStyle::Bold, HPos::Center)?;
    let room = (width - MARGIN, height - HEAD - FOOT);
    let bottom = match &tile.content {
        Content::Numbers(numbers) => draw_numbers(canvas, numbers, (middle, top + HEAD), room)?,
        Content::Pixels(picture) => draw_pixels(canvas, picture, (middle, top + HEAD), room)?,
    };
    for (index, line) in tile.note.lines().enumerate() {
        canvas.text(
            line,
            middle,
            bottom + 12.0 + 14.0 * index as f64,
            11.0,
            FontStyle::Normal,
            HPos::Center,
        )?;
    }
    Ok(())
}

/// Draws the table in the middle of the room, and returns where it ends.
fn draw_numbers(
    canvas: &Canvas<'_>,
    numbers: &Numbers,
    (middle, top): (f64, f64),
    room: (f64, f64),
) -> Result<f64> {
    let (columns, rows) = (numbers.columns, numbers.values.len() / numbers.columns);
    let cell = CELL.min(room.0 / columns as f64).min(room.1 / rows as f64);
    let left = middle - cell * columns as f64 / 2.0;
    let top = top + (room.1 - cell * rows as f64) / 2.0;
    let (x, y) = (|column: usize| left + cell * column as f64, |row: usize| top + cell * row as f64);
    let largest = numbers.values.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let texts: Vec<String> = numbers.values.iter().map(|&value| text(value)).collect();
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(1) as f64;
    let size = (cell * 0.42).min(cell * 1.35 / longest).min(13.0);
    for (at, (value, text)) in numbers.values.iter().zip(&texts).enumerate() {
        let (row, column) = (at / columns, at % columns);
        let (p, inner) =
            (numbers.padding, |i: usize, count: usize| i >= numbers.padding && i + numbers.padding < count);
        let outside = p > 0 && !(inner(row, rows) && inner(column, columns));
        let corners = (x(column), y(row), x(column + 1), y(row + 1));
        if outside {
            canvas.fill(corners.0, corners.1, corners.2, corners.3, GRID, 0.6)?;
        } else if largest > 0.0 {
            let colour = if *value > 0.0 { PALETTE[4] } else { PALETTE[5] };
            let strength = f64::from(value.abs() / largest) * 0.75;
            canvas.fill(corners.0, corners.1, corners.2, corners.3, colour, strength)?;
        }
        canvas.text(
            text,
            (corners.0 + corners.2) / 2.0,
            (corners.1 + corners.3) / 2.0,
            size,
            FontStyle::Normal,
            HPos::Center,
        )?;
    }
    for column in 0..=columns {
        canvas.line(&[(x(column), y(0)), (x(column), y(rows))], GUIDE, 0.8, None)?;
    }
    for row in 0..=rows {
        canvas.line(&[(x(0), y(row)), (x(columns), y(row))], GUIDE, 0.8, None)?;
    }
    for (index, &[row, column, high, wide]) in numbers.marks.iter().enumerate() {
        let (l, t, r, b) = (x(column), y(row), x(column + wide), y(row + high));
        let dash = style::DASHES[index % style::DASHES.len()];
        let colour = [PALETTE[1], PALETTE[0], PALETTE[2], PALETTE[3]][index % 4];
        for side in [[(l, t), (r, t)], [(r, t), (r, b)], [(r, b), (l, b)], [(l, b), (l, t)]] {
            canvas.line(&side, colour, 3.0, dash)?;
        }
    }
    Ok(y(rows))
}

fn draw_pixels(
    canvas: &Canvas<'_>,
    picture: &Picture,
    (middle, top): (f64, f64),
    room: (f64, f64),
) -> Result<f64> {
    let (columns, rows) = (picture.width(), picture.height());
    let most = (room.0 / columns as f64).min(room.1 / rows as f64);
    // Whole pixels of the canvas, where there is room for them: all squares alike, and a file of half the size.
    let cell = if most * f64::from(SHOWN) >= 1.0 { whole(most) } else { most };
    let (left, top) = (whole(middle - cell * columns as f64 / 2.0), whole(top));
    for (at, pixel) in picture.pixels().chunks_exact(3).enumerate() {
        let (x, y) = (left + cell * (at % columns) as f64, top + cell * (at / columns) as f64);
        canvas.fill(x, y, x + cell, y + cell, RGBColor(pixel[0], pixel[1], pixel[2]), 1.0)?;
    }
    let (right, bottom) = (left + cell * columns as f64, top + cell * rows as f64);
    canvas.line(
        &[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)],
        INK,
        0.8,
        None,
    )?;
    Ok(bottom)
}

/// The next lower edge between two pixels of the canvas.
fn whole(length: f64) -> f64 {
    (length * f64::from(SHOWN)).floor() / f64::from(SHOWN)
}

/// As short as can be: whole numbers without a point, others with up to two digits after it.
fn text(value: f32) -> String {
    let rounded = (f64::from(value) * 100.0).round() / 100.0;
    let text = format!("{}", if rounded == 0.0 { 0.0 } else { rounded });
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plate(tile: Tile) -> Plate {
        Plate::new("A caption").alt("What is seen").tile(tile)
    }

    #[test]
    fn what_a_reader_would_miss_is_an_error() {
        let tile = || Tile::numbers("x", 2, &[1.0, 2.0]);
        let cases = [
            (Plate::new("").alt("seen").tile(tile()), "expected a caption"),
            (Plate::new("c").tile(tile()), "expected a text alternative"),
            (Plate::new("c").alt("seen"), "expected at least one tile"),
            (plate(tile()).columns(0), "expected at least one tile and column"),
            (plate(Tile::numbers("x", 2, &[1.0; 3])), "3 numbers in rows of 2"),
            (plate(Tile::numbers("x", 0, &[])), "0 numbers in rows of 0"),
            (plate(tile().mark(0, 1, 1, 2)), "marks and padding within 1×2 cells"),
            (plate(tile().padding(1)), "marks and padding within 1×2 cells"),
        ];
        for (plate, part) in cases {
            let message = plate.png().unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn any_numbers_draw() {
        let odd = [f32::NAN, f32::INFINITY, -1e9, 1e-9, 0.0, -0.0];
        assert!(plate(Tile::numbers("x", 3, &odd).mark(0, 0, 2, 3).note("one\ntwo")).png().is_ok());
        assert_eq!([text(-0.004), text(-1.5), text(0.126), text(3.0)], ["0", "−1.5", "0.13", "3"]);
    }
}
