//! Output: results go to standard output, everything else to standard error.

use crate::exit::{Exit, Fault};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Writes a line for people to standard error, with colours if the terminal and NO_COLOR allow them.
pub fn say(line: impl Display) {
    // One write keeps the line whole while a guest writes too. A failure is ignored: standard error is the only
    // place where it could be reported.
    let _ = anstream::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes a warning to standard error.
pub fn warn(text: impl Display) {
    say(format_args!("{WARNING}warning:{WARNING:#} {text}"));
}

/// Writes an error and its causes to standard error.
pub fn error(error: &anyhow::Error) {
    say(format_args!("{ERROR}error:{ERROR:#} {}", paragraph(&error.to_string())));
    for cause in error.chain().skip(1) {
        say(format_args!("  caused by: {}", paragraph(&cause.to_string())));
    }
}

/// Text of several lines, such as an excerpt of a file, with all lines after the first indented.
fn paragraph(text: &str) -> String {
    text.trim_end().lines().map(visible).collect::<Vec<_>>().join("\n    ")
}

/// Text from an untrusted source with its control characters escaped, so that a terminal does not obey them.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    shown
}

/// Writes a result and a line end to standard output.
///
/// # Errors
/// If standard output cannot be written. A reader that has closed the pipe is not an error.
pub fn print(text: impl Display) -> Result<(), Fault> {
    print_bytes(format!("{text}\n").as_bytes())
}

/// Writes a result that is not text to standard output.
///
/// # Errors
/// If standard output cannot be written. A reader that has closed the pipe is not an error.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unprintable(&error)),
        _ => Ok(()),
    }
}

/// The error for a result that cannot be written to standard output.
pub fn unprintable(error: &io::Error) -> Fault {
    Fault::new(Exit::Output, format!("cannot write to standard output: {error}; free some space at its destination"))
}

/// Writes a result to standard output as JSON.
///
/// # Errors
/// If it cannot be written.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(print(serde_json::to_string_pretty(value)?)?)
}

/// A size in bytes for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{paragraph, size, visible};

    #[test]
    fn terminals_are_not_commanded() {
        assert_eq!(visible("a\u{1b}[31mb\u{9b}c\td é"), "a\\u{1b}[31mb\\u{9b}c\\td é");
        assert_eq!(paragraph("one\n  two\u{7}\n"), "one\n      two\\u{7}");
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!([0, 1023, 1024, 1 << 20].map(size), ["0 bytes", "1023 bytes", "1.0 KiB", "1.0 MiB"]);
    }
}
