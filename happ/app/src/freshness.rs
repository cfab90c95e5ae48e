//! The states of sealed directories as text, so that they can be kept where the disk's owner cannot change them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use wasmstone_edge_protocol::FRESHNESS_SIZE;

/// A state of a sealed directory: how often the directory was stored, and 32 bytes that no other state has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness(pub [u8; FRESHNESS_SIZE]);

impl Freshness {
    fn parts(&self) -> (u64, &[u8]) {
        let (generation, root) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        (u64::from_le_bytes(*generation), root)
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (generation, root) = self.parts();
        write!(f, "{generation}-")?;
        root.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is not a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a state of a sealed directory, as --freshness writes it: a number, a dash and 64 hexadecimal digits")]
pub struct NotFreshness;

impl FromStr for Freshness {
    type Err = NotFreshness;

    fn from_str(text: &str) -> Result<Self, NotFreshness> {
        let (number, digits) = text.split_once('-').ok_or(NotFreshness)?;
        let plain = |text: &str, is: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(is);
        if digits.len() != 64 || !plain(digits, u8::is_ascii_hexdigit) || !plain(number, u8::is_ascii_digit) {
            return Err(NotFreshness);
        }
        let mut state = [0; FRESHNESS_SIZE];
        let (generation, root) = state.split_at_mut(8);
        generation.copy_from_slice(&number.parse::<u64>().map_err(|_| NotFreshness)?.to_le_bytes());
        for (byte, pair) in root.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotFreshness)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotFreshness)?;
        }
        Ok(Self(state))
    }
}

/// States by directories, with the paths that the guest sees. The text has one line for each: path, space, state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States(pub BTreeMap<String, Freshness>);

/// The line does not hold a directory's state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected a directory, a space and its state, a number, a dash and 64 hexadecimal digits")]
pub struct BadLine {
    /// The line's number, from 1.
    pub line: usize,
}

impl FromStr for States {
    type Err = BadLine;

    fn from_str(text: &str) -> Result<Self, BadLine> {
        let states = text.lines().enumerate().map(|(index, line)| {
            let state = line.rsplit_once(' ').and_then(|(path, state)| Some((path.to_owned(), state.parse().ok()?)));
            state.filter(|(path, _)| !path.is_empty()).ok_or(BadLine { line: index + 1 })
        });
        states.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for States {
    /// Directories whose path holds a line end are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().filter(|(path, _)| !path.contains(['\n', '\r']));
        lines.into_iter().try_for_each(|(path, state)| writeln!(f, "{path} {state}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{BadLine, Freshness, NotFreshness, States};

    fn state() -> Freshness {
        Freshness(std::array::from_fn(|index| if index < 8 { u8::from(index == 1) } else { index as u8 }))
    }

    #[test]
    fn a_state_is_a_number_and_digits() {
        let text = format!("256-{}", (8..40).map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!(state().to_string(), text);
        assert_eq!(text.parse(), Ok(state()));
        assert_eq!(text.to_uppercase().parse(), Ok(state()));
        let digits = "0".repeat(64);
        assert_eq!(format!("18446744073709551615-{digits}").parse::<Freshness>().unwrap().0[..8], [255; 8]);
        for bad in [
            "".to_owned(),
            digits.clone(),
            format!("-{digits}"),
            format!("+1-{digits}"),
            format!("1-{digits}0"),
            format!("1-{}", &digits[1..]),
            format!("1-+{}", &digits[1..]),
            format!("18446744073709551616-{digits}"),
            format!("1-{}é", &digits[2..]),
        ] {
            assert_eq!(bad.parse::<Freshness>(), Err(NotFreshness), "{bad}");
        }
    }

    #[test]
    fn a_file_has_a_line_for_each_directory() {
        let paths = ["/data", "/my files"].map(str::to_owned);
        let states = States(paths.map(|path| (path, state())).into());
        let text = states.to_string();
        assert_eq!(text, format!("/data {0}\n/my files {0}\n", state()));
        assert_eq!(text.parse(), Ok(states));
        assert_eq!("".parse(), Ok(States::default()));
        assert_eq!(format!("{text}\n").parse::<States>(), Err(BadLine { line: 3 }));
        assert_eq!(format!("{text} {}\n", state()).parse::<States>(), Err(BadLine { line: 3 }));
        assert_eq!("/data 1-2".parse::<States>(), Err(BadLine { line: 1 }));
    }
}
