//! Plots, as SVG files that need no other files.

use crate::statistics::Rounds;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const LABELS: f64 = 130.0;
const VALUES: f64 = 60.0;
const BAR: f64 = 18.0;
const STEP: f64 = 26.0;
const HEAD: f64 = 40.0;

/// The values of one line of [`dots`].
pub struct Measured<'a> {
    /// Its name.
    pub name: &'a str,
    /// The values.
    pub values: &'a Rounds,
}

/// Draws a dot for each value, in lines that begin at zero, and a mark at the mean of each line.
pub fn dots(title: &str, lines: &[Measured<'_>]) -> String {
    let most = lines.iter().map(|line| line.values.max()).fold(0.0, f64::max);
    let at = |value: f64| LABELS + (WIDTH - LABELS - VALUES) * value / most;
    let mut svg = begin(title, HEAD + 2.0 * STEP * lines.len() as f64);
    for (index, Measured { name, values }) in lines.iter().enumerate() {
        let (top, end) = (HEAD + 2.0 * STEP * index as f64, WIDTH - VALUES);
        let (middle, mean) = (top + STEP, at(values.mean()));
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\n\
             <line x1=\"{LABELS}\" y1=\"{middle}\" x2=\"{end}\" y2=\"{middle}\" stroke=\"#bbb\"/>\n\
             <line x1=\"{mean:.1}\" y1=\"{}\" x2=\"{mean:.1}\" y2=\"{}\" stroke=\"#aa3377\" stroke-width=\"2\"/>\n\
             <text x=\"{mean:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#aa3377\">{:.3}</text>\n",
            LABELS - 8.0,
            middle + 5.0,
            middle - 9.0,
            middle + 9.0,
            middle - 13.0,
            values.mean()
        );
        for value in values.values() {
            let x = at(*value);
            let _ =
                writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{middle}\" r=\"5\" fill=\"#4477aa\" fill-opacity=\"0.5\"/>");
        }
    }
    svg + "</svg>\n"
}

fn begin(title: &str, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n"
    )
}

/// Draws horizontal bars from zero, one for each value, and a line at the required value.
pub fn bars(title: &str, values: &[(&str, f64)], required: f64) -> String {
    let most = values.iter().map(|(_, value)| *value).fold(required, f64::max);
    let length = |value: f64| (WIDTH - LABELS - VALUES) * value / most;
    let bottom = HEAD + STEP * values.len() as f64;
    let at = LABELS + length(required);
    let mut svg = begin(title, bottom + 24.0);
    for (index, (name, value)) in values.iter().enumerate() {
        let top = HEAD + STEP * index as f64;
        let (middle, length) = (top + BAR - 5.0, length(*value));
        let end = LABELS + length + 5.0;
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>\n\
             <rect x=\"{LABELS}\" y=\"{top}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"#4477aa\"/>\n\
             <text x=\"{end:.1}\" y=\"{middle}\">{value:.2}</text>\n",
            LABELS - 8.0
        );
    }
    let _ = write!(
        svg,
        "<line x1=\"{at:.1}\" y1=\"{}\" x2=\"{at:.1}\" y2=\"{bottom}\" stroke=\"#aa3377\" stroke-dasharray=\"4 3\"/>\n\
         <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#aa3377\">required: {required}</text>\n</svg>\n",
        HEAD - 6.0,
        bottom + 16.0
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::{Measured, bars, dots};
    use crate::statistics::Rounds;

    #[test]
    fn every_value_has_a_bar_within_the_picture() {
        let svg = bars("Title", &[("one", 12.345), ("other", 30.0)], 10.0);
        assert_eq!(svg.matches("<rect x=").count(), 2);
        assert!(svg.contains(">12.35<") || svg.contains(">12.34<"), "{svg}");
        assert!(svg.contains("width=\"530.0\""), "the longest bar has all the room: {svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
    #[test]
    fn every_value_has_a_dot_and_every_line_a_mean() {
        let (one, other) = (Rounds::from_iter([1.0, 2.0]), Rounds::from_iter([4.0]));
        let lines = [Measured { name: "one", values: &one }, Measured { name: "other", values: &other }];
        let svg = dots("Title", &lines);
        assert_eq!(svg.matches("<circle ").count(), 3);
        assert!(svg.contains(">1.500<") && svg.contains(">4.000<"), "{svg}");
        assert!(svg.contains("cx=\"660.0\""), "the greatest value is at the end: {svg}");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}
