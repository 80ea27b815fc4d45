//! Draws QR codes.

use qrcode::render::svg;
use qrcode::{Color, QrCode};

use crate::problem::Problem;

/// Pixels to a module, so that a telephone reads it off a screen at arm's length.
const MODULE_PIXELS: usize = 8;
/// White modules around the code (ISO/IEC 18004, section 6.3.8).
const QUIET_MODULES: usize = 4;
const WHITE: u8 = u8::MAX;
const BLACK: u8 = 0;

/// As an SVG document.
pub(crate) fn svg(text: &str) -> Result<String, Problem> {
    let code = QrCode::new(text).map_err(Problem::internal)?;
    let side = pixels(&code);
    let side = u32::try_from(side).map_err(Problem::internal)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(side, side).build())
}

/// As a PNG image in shades of grey.
pub(super) fn png(text: &str) -> Result<Vec<u8>, Problem> {
    let code = QrCode::new(text).map_err(Problem::internal)?;
    let side = u32::try_from(pixels(&code)).map_err(Problem::internal)?;
    let mut image = Vec::new();
    let mut encoder = png::Encoder::new(&mut image, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(Problem::internal)?;
    writer.write_image_data(&draw(&code)).map_err(Problem::internal)?;
    writer.finish().map_err(Problem::internal)?;
    Ok(image)
}

fn pixels(code: &QrCode) -> usize {
    (code.width() + 2 * QUIET_MODULES) * MODULE_PIXELS
}

/// A byte for each pixel, row by row.
fn draw(code: &QrCode) -> Vec<u8> {
    let side = pixels(code);
    let mut canvas = vec![WHITE; side * side];
    for y in 0..code.width() {
        for x in (0..code.width()).filter(|x| code[(*x, y)] == Color::Dark) {
            let left = (x + QUIET_MODULES) * MODULE_PIXELS;
            let top = (y + QUIET_MODULES) * MODULE_PIXELS;
            for row in top..top + MODULE_PIXELS {
                canvas[row * side + left..][..MODULE_PIXELS].fill(BLACK);
            }
        }
    }
    canvas
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_png_shows_the_code_with_its_quiet_zone() {
        let image = png("2@aGVsbG8=,d29ybGQ=").unwrap();
        let mut reader = png::Decoder::new(Cursor::new(image)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let side = reader.info().width as usize;
        let quiet = QUIET_MODULES * MODULE_PIXELS;
        assert!(pixels[..side * quiet].iter().all(|pixel| *pixel == WHITE));
        assert_eq!(pixels[side * quiet + quiet], BLACK, "the corner of the finder pattern");
    }

    #[test]
    fn the_svg_is_a_document() {
        assert!(svg("2@aGVsbG8=").unwrap().contains("<svg"));
    }
}
