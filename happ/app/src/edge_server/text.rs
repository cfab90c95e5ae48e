//! Makes text from the enclave safe for a terminal.

/// The most characters of a payload in a log line.
const EXCERPT_MAX: usize = 256;

/// `text` with every character escaped that could act on a terminal, except line ends and tabs.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            _ if acts_on_terminal(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out
}

/// The beginning of `bytes`, escaped to fit on one line.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    for (index, character) in text.chars().enumerate() {
        match character {
            _ if index == EXCERPT_MAX => {
                out.push('…');
                break;
            }
            '"' | '\\' => out.extend(['\\', character]),
            _ if acts_on_terminal(character) => out.extend(character.escape_default()),
            _ => out.push(character),
        }
    }
    out
}

/// Control characters, and those that change the direction of what follows.
fn acts_on_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_not_obeyed() {
        assert_eq!(visible("a\x1b[2Jb\r\u{202e}c\nd\te"), "a\\u{1b}[2Jb\\u{d}\\u{202e}c\nd\te");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt(b"a\nb\"\\\xff"), "a\\nb\\\"\\\\\u{fffd}");
        let long = excerpt(&[b'x'; 5000]);
        assert_eq!(long.chars().count(), EXCERPT_MAX + 1);
        assert!(long.ends_with('…'));
    }
}
