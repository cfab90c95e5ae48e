//! From a file that a client sent to the network's input: ink on 8 by 8 squares.

use image::{GrayImage, ImageError, ImageFormat, ImageReader, Limits, Luma, imageops};
use std::io::Cursor;

/// Squares along each side.
pub const SIDE: usize = 8;

/// Lines of ink, from 0 for none to 1.
pub type Picture = [[f32; SIDE]; SIDE];

/// The most pixels along a side of a file.
const MAX_PIXELS: u32 = 1024;

/// Differences from the background that count as noise, of 255.
const NOISE: u8 = 32;

/// Reads a PNG or PGM of one digit, dark on light or light on dark, of any size and place.
///
/// # Errors
/// The reason why the file is not such a picture, for the client that sent it.
pub fn read(file: &[u8]) -> Result<Picture, String> {
    let ink = ink(decode(file)?);
    let (left, top, right, bottom) = bounds(&ink).ok_or("the picture is empty: it has one shade only")?;
    // The digit fills the squares from top to bottom, or from side to side if it is wider than high.
    let (width, height) = (right - left + 1, bottom - top + 1);
    let side = width.max(height);
    let mut square = GrayImage::new(side, side);
    let digit = imageops::crop_imm(&ink, left, top, width, height);
    imageops::replace(&mut square, &*digit, ((side - width) / 2).into(), ((side - height) / 2).into());
    let squares = imageops::thumbnail(&square, SIDE as u32, SIDE as u32);
    let darkest = squares.iter().copied().max().unwrap_or_default().max(1);
    let mut picture = Picture::default();
    for (square, Luma([ink])) in picture.as_flattened_mut().iter_mut().zip(squares.pixels()) {
        *square = f32::from(*ink) / f32::from(darkest);
    }
    Ok(picture)
}

/// Decodes a file; transparent pixels become white.
fn decode(file: &[u8]) -> Result<GrayImage, String> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|error| error.to_string())?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Pnm)) {
        return Err("this is neither PNG nor PGM".to_owned());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PIXELS);
    limits.max_image_height = Some(MAX_PIXELS);
    limits.max_alloc = Some(u64::from(MAX_PIXELS * MAX_PIXELS * 8));
    reader.limits(limits);
    let pixels = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => format!("the picture is larger than {MAX_PIXELS} by {MAX_PIXELS} pixels"),
        error => format!("the picture cannot be read: {error}"),
    })?;
    if pixels.width() == 0 || pixels.height() == 0 {
        return Err("the picture has no pixels".to_owned());
    }
    let pixels = pixels.into_luma_alpha8();
    let shades = pixels.as_raw().chunks_exact(2).map(|pixel| {
        let [shade, alpha] = [pixel[0], pixel[1]].map(u16::from);
        255 - u8::try_from((255 - shade) * alpha / 255).unwrap_or(u8::MAX)
    });
    let grey = GrayImage::from_raw(pixels.width(), pixels.height(), shades.collect());
    grey.ok_or_else(|| "the picture is broken".to_owned())
}

/// How much each pixel differs from the background, in the direction in which the digit differs.
fn ink(mut picture: GrayImage) -> GrayImage {
    let width = picture.width() as usize;
    let lines = picture.chunks_exact(width);
    let mut border: Vec<u8> = lines.clone().flat_map(|line| [line[0], line[width - 1]]).collect();
    border.extend(lines.clone().take(1).chain(lines.rev().take(1)).flatten());
    border.sort_unstable();
    let background = border[border.len() / 2];
    if background > 127 {
        picture.iter_mut().for_each(|shade| *shade = background.saturating_sub(*shade));
    } else {
        picture.iter_mut().for_each(|shade| *shade = shade.saturating_sub(background));
    }
    picture
}

/// The first and last column and line that have ink: left, top, right, bottom.
fn bounds(ink: &GrayImage) -> Option<(u32, u32, u32, u32)> {
    let darkest = ink.iter().copied().max().filter(|darkest| *darkest > NOISE)?;
    let inked = |shade: &u8| *shade > darkest / 8;
    let lines = (0..).zip(ink.chunks_exact(ink.width() as usize));
    let lines = lines.filter_map(|(y, line)| Some((line.iter().position(inked)?, y, line.iter().rposition(inked)?)));
    let bounds = lines.map(|(left, y, right)| (left as u32, y, right as u32, y));
    bounds.reduce(|all, line| (all.0.min(line.0), all.1, all.2.max(line.2), line.3))
}

#[cfg(test)]
mod tests {
    use super::{Picture, read};

    fn pgm(width: usize, height: usize, shade: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        let mut file = format!("P5\n{width} {height}\n255\n").into_bytes();
        file.extend((0..width * height).map(|at| shade(at % width, at / width)));
        file
    }

    /// A bar of 1 by 4, somewhere.
    fn bar(x: usize, y: usize, size: usize) -> impl Fn(usize, usize) -> bool {
        move |at_x, at_y| (x..x + size).contains(&at_x) && (y..y + 4 * size).contains(&at_y)
    }

    #[test]
    fn size_place_and_polarity_do_not_matter() {
        let small = bar(5, 3, 2);
        let seen: Picture = read(&pgm(20, 15, |x, y| if small(x, y) { 0 } else { 255 })).unwrap();
        let large = bar(40, 70, 8);
        assert_eq!(read(&pgm(100, 120, |x, y| if large(x, y) { 220 } else { 20 })).unwrap(), seen);
        for line in seen {
            assert_eq!(line, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_with_the_reason() {
        let refused = |file: &[u8], reason: &str| {
            let error = read(file).unwrap_err();
            assert!(error.contains(reason), "{error}");
        };
        refused(b"", "neither PNG nor PGM");
        refused(b"hello", "neither PNG nor PGM");
        refused(b"\x89PNG\r\n\x1a\n", "cannot be read");
        refused(b"P5\n8 8\n255\n1234", "cannot be read");
        refused(b"P5\n0 0\n255\n", "the picture");
        refused(b"P5\n1025 1\n255\n", "larger than 1024 by 1024");
        refused(b"P5\n4294967295 4294967295\n255\n", "larger than 1024 by 1024");
        refused(&pgm(1, 1, |_, _| 0), "empty");
        refused(&pgm(9, 9, |_, _| 200), "empty");
    }
}
