//! PEM files as people keep them: with text around the key, blank lines, spaces at the ends of lines, and lines of any
//! width. OpenSSL reads all these, and RFC 7468 recommends it. The decoder that follows is strict.

use zeroize::Zeroizing;

/// The label of a public key.
pub const PUBLIC: &str = "PUBLIC KEY";
/// The label of a secret key in PKCS #8.
pub const SECRET: &str = "PRIVATE KEY";

/// The characters of a line (RFC 7468, section 2).
const WIDTH: usize = 64;

/// The first block with this label, in the strict form; all of the text if it has none, for the decoder to refuse.
pub fn block(text: &str, label: &str) -> Zeroizing<String> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut lines = text.lines().map(str::trim);
    // Long enough for all of it, so that no part of a secret is left behind when the string grows.
    let mut strict = Zeroizing::new(String::with_capacity(text.len() + text.len() / WIDTH + 2));
    if !lines.any(|line| line == begin) {
        strict.push_str(text);
        return strict;
    }
    strict.push_str(&begin);
    let body = lines.by_ref().take_while(|line| *line != end).flat_map(str::chars);
    for (at, character) in body.filter(|character| !character.is_whitespace()).enumerate() {
        if at % WIDTH == 0 {
            strict.push('\n');
        }
        strict.push(character);
    }
    strict.push('\n');
    strict.push_str(&end);
    strict.push('\n');
    strict
}
