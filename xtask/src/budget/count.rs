//! Counts the lines of a Rust file that hold code, by its tokens: comments are not tokens, and documentation and
//! items under `#[cfg(test)]` are left out.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::iter::Peekable;

/// The number of lines with code.
///
/// # Errors
/// If the text is not Rust.
pub fn lines(source: &str) -> Result<usize> {
    let tokens: TokenStream = source.parse().map_err(|error| anyhow!("not Rust: {error}"))?;
    let mut lines = BTreeSet::new();
    collect(tokens, &mut lines);
    Ok(lines.len())
}

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

fn collect(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let Some((inner, attribute)) = attribute(&token, &mut tokens) else {
            keep(token, lines);
            continue;
        };
        match attribute.stream().to_string().as_str() {
            "cfg (test)" if !inner => skip_item(&mut tokens),
            text if text.starts_with("doc =") => {}
            _ => {
                lines.insert(token.span().start().line);
                keep(TokenTree::Group(attribute), lines);
            }
        }
    }
}

/// The attribute that begins with `token`, and whether it is an inner one.
fn attribute(token: &TokenTree, tokens: &mut Tokens) -> Option<(bool, Group)> {
    if !is_punct(token, '#') {
        return None;
    }
    let inner = tokens.next_if(|token| is_punct(token, '!')).is_some();
    match tokens.next_if(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)) {
        Some(TokenTree::Group(group)) => Some((inner, group)),
        _ => None,
    }
}

/// Skips the item, field or variant that an attribute belongs to, with its other attributes.
fn skip_item(tokens: &mut Tokens) {
    // The braces of `use a::{b, c};` and `const A: B = C { … };` do not end the item, nor do the
    // commas of `impl<A, B> …`.
    let mut to_semicolon = false;
    let mut angles = 0;
    let mut before = ' ';
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(_) if attribute(&token, tokens).is_some() => {}
            TokenTree::Punct(punct) => {
                match (before, punct.as_char()) {
                    (_, ';') => return,
                    (_, ',') if angles == 0 && !to_semicolon => return,
                    (_, '=') => to_semicolon = true,
                    (_, '<') => angles += 1,
                    (before, '>') if before != '-' => angles -= 1,
                    _ => {}
                }
                before = punct.as_char();
            }
            TokenTree::Ident(ident) if *ident == "use" => to_semicolon = true,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !to_semicolon => return,
            _ => {}
        }
    }
}

fn keep(token: TokenTree, lines: &mut BTreeSet<usize>) {
    match token {
        TokenTree::Group(group) => {
            if group.delimiter() != Delimiter::None {
                lines.extend([group.span_open().start().line, group.span_close().start().line]);
            }
            collect(group.stream(), lines);
        }
        other => lines.extend(rows(other.span())),
    }
}

fn rows(span: Span) -> std::ops::RangeInclusive<usize> {
    span.start().line..=span.end().line
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let source = "\
//! About this.

/* over
   lines */
// A comment.
fn one() { // one

    /// A note.
    let text = \"// no comment
        second line\"; /* x */
}
";
        assert_eq!(lines(source).unwrap(), 4);
    }

    #[test]
    fn tests_are_no_code() {
        let source = "\
#[cfg(test)]
use a::{b, c};
#[cfg(test)]
#[path = \"x.rs\"]
mod x;
#[derive(Debug)]
struct Kept {
    #[cfg(test)]
    field: HashMap<A, B>,
    kept: u8,
}
#[cfg(test)]
const A: B = B { c: 1 };
#[cfg(not(test))]
mod kept;
#[cfg(test)]
impl<A, B> C<A> {
    fn b() {}
}
fn kept() {}
#[cfg(test)]
mod tests {
    fn c() {}
}
";
        assert_eq!(lines(source).unwrap(), 7);
    }

    #[test]
    fn documentation_in_macros_is_no_code() {
        assert_eq!(lines("m! {\n    /// Words.\n    a: 1,\n}\n").unwrap(), 3);
    }

    #[test]
    fn what_is_not_rust_is_an_error() {
        assert!(lines("fn (").is_err());
    }
}
