//! Well-known programs from crates.io, unmodified, that the tests run in an enclave on real files and
//! compare with their native builds, byte for byte. xtask builds them.
//!
//! `cargo xtask test` puts them into target/programs/native/bin/BINARY and
//! target/programs/wasm32-wasip1/bin/BINARY.wasm.

/// A program, and its runs.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The crate.
    pub package: &'static str,
    /// Its exact version.
    pub version: &'static str,
    /// Further flags of `cargo install`.
    pub flags: &'static [&'static str],
    /// The program's file name.
    pub binary: &'static str,
    /// Runs: arguments and standard input. The files of [`files`] lie in the current directory, which a guest is
    /// granted as `.`, for reading.
    pub runs: &'static [(&'static [&'static str], &'static str)],
}

/// The programs.
pub const PROGRAMS: &[Program] = &[
    Program {
        package: "jaq",
        version: "1.6.0",
        // The default allocator is written in C.
        flags: &["--no-default-features"],
        binary: "jaq",
        runs: &[
            (&[".", "cities.json"], ""),
            (&["-c", "map(select(.people > 1000000)) | sort_by(.name) | .[] | {name, rivers}", "cities.json"], ""),
            (&["-r", ".[] | \"\\(.name): \\(.people / 1000 | floor) thousand\"", "cities.json"], ""),
            (&["-s", "map(.x * 2) | add, (tostring | ascii_upcase), @base64 \"\\(.)\""], "{\"x\": 1}\n{\"x\": 2.5}\n"),
            (&["-c", "[.. | numbers | sqrt | . * 1000 | round]", "cities.json"], ""),
        ],
    },
    Program {
        package: "ripgrep",
        version: "15.1.0",
        flags: &[],
        binary: "rg",
        runs: &[
            (&["--sort", "path", "-n", "river", "."], ""),
            (&["--sort", "path", "-c", "-i", "THE", "."], ""),
            (&["--sort", "path", "--files", "--hidden", "."], ""),
            (&["-o", "--column", "\\b\\w{9,}\\b", "texts/rivers.txt"], ""),
            (&["-U", "--multiline-dotall", "first.*?third", "texts"], ""),
            (&["-v", "-", "-"], "dash - here\nnone here\n"),
            (&["no such word anywhere", "."], ""),
        ],
    },
    Program {
        package: "hexyl",
        version: "0.17.0",
        flags: &[],
        binary: "hexyl",
        runs: &[
            (&["bytes.bin"], ""),
            (&["--skip", "100", "--length", "1kB", "--color", "never", "bytes.bin"], ""),
            (&["--plain", "--base", "binary", "--block-size", "4", "--length", "3block", "bytes.bin"], ""),
            (&["--border", "ascii", "--color", "never"], "from standard input\n"),
        ],
    },
];

/// The files that the programs read: path and content.
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    let cities = r#"[
  {"name": "Wien", "people": 2005760, "rivers": ["Donau", "Wienfluss"], "at": [48.2083, 16.3725]},
  {"name": "Łódź", "people": 648711, "rivers": ["Łódka"], "at": [51.7769, 19.4547]},
  {"name": "東京", "people": 14178672, "rivers": ["荒川", "隅田川"], "at": [35.6897, 139.6922]},
  {"name": "Nowhere", "people": 0, "rivers": [], "at": null, "note": "\u0007 \"quoted\" \\ / \ud83d\ude00"}
]
"#;
    let rivers = "A river begins as a spring.\nThe first bridge stands upstream,\nthe second at the ford,\n\
                  the third where the river meets the sea.\nDownstream nobody remembers the beginning.\n";
    let bytes = (0u32..5000).map(|index| (index.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
    vec![
        ("cities.json", cities.into()),
        ("texts/rivers.txt", rivers.into()),
        ("texts/deeper/more.txt", b"No water here, only the name of the river.\r\nWindows line ends.\r\n".to_vec()),
        ("texts/latin1.txt", b"caf\xe9 by the river\n".to_vec()),
        (".hidden", b"a hidden river\n".to_vec()),
        (".ignore", b"ignored.txt\n".to_vec()),
        ("ignored.txt", b"this river is ignored\n".to_vec()),
        ("bytes.bin", bytes),
    ]
}
