//! The picture of a QR code.

mod png;

use qrcode::{Color, QrCode};

/// Pixels per module.
const SCALE: usize = 4;
/// The quiet zone, in modules.
const MARGIN: usize = 4;
const BLACK: u8 = 0;
const WHITE: u8 = 255;

/// Draws the text as a PNG.
pub(crate) fn picture(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let modules = code.to_colors();
    let side = (width + 2 * MARGIN) * SCALE;
    let shade = |row: usize, column: usize| {
        let (row, column) = (row / SCALE, column / SCALE);
        let inside = |at: usize| at.checked_sub(MARGIN).filter(|at| *at < width);
        match inside(row).zip(inside(column)).map(|(row, column)| modules[row * width + column]) {
            Some(Color::Dark) => BLACK,
            _ => WHITE,
        }
    };
    let rows = (0..side).map(|row| (0..side).map(|column| shade(row, column)).collect()).collect();
    png::encode(rows)
}
