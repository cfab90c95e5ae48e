//! Reads the file that a bundle is built from, up to a limit, and recognises files that are not WebAssembly. The text
//! form of WebAssembly is encoded, as `wasmtime run` does.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The most bytes of a WebAssembly file.
pub const MAX_WASM_BYTES: u64 = 256 << 20;

/// The two kinds of WebAssembly file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmKind {
    /// A component, for WASI 0.2.
    Component,
    /// A core module, for WASI 0.1.
    CoreModule,
}

impl WasmKind {
    /// The kind of `bytes`, from the first eight.
    ///
    /// # Errors
    /// [`SourceError`] says what they look like instead.
    pub fn of(bytes: &[u8]) -> Result<Self, SourceError> {
        match bytes.get(..8) {
            Some(b"\0asm\x01\0\0\0") => Ok(Self::CoreModule),
            Some(b"\0asm\x0d\0\x01\0") => Ok(Self::Component),
            Some(header) if header.starts_with(b"\0asm") => Err(SourceError::Version),
            _ => Err(SourceError::NotWasm(Look::of(bytes))),
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::CoreModule => "core module",
        }
    }
}

/// Reads a WebAssembly file, in its binary or its text form. The result is the binary form.
///
/// # Errors
/// [`SourceError`] if it cannot be read or is too large, or if it is text with a mistake. [`WasmKind::of`] checks whether
/// it is WebAssembly.
pub fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let failed = |error| SourceError::Read { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MAX_WASM_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_WASM_BYTES {
        return Err(SourceError::TooLarge);
    }
    if Look::of(&bytes) != Look::WasmText {
        return Ok(bytes);
    }
    // What comes with the text for debuggers is left out, since it would name the file's path.
    wat::Parser::new().parse_bytes(Some(path), &bytes).map(Cow::into_owned).map_err(SourceError::Text)
}

/// What a file that is not WebAssembly looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No bytes.
    Empty,
    /// The first bytes of a WebAssembly file, and no more.
    CutShort,
    /// An executable or object file of this or another machine.
    Elf,
    /// WebAssembly in its text form.
    WasmText,
    /// Compressed by gzip.
    Gzip,
    /// Compressed by Zstandard.
    Zstd,
    /// A ZIP archive.
    Zip,
    /// A bundle.
    Bundle,
    /// A script.
    Script,
    /// An archive of object files.
    Archive,
    /// LLVM bitcode.
    Bitcode,
    /// Other text.
    Text,
    /// Anything else.
    Unknown,
}

impl Look {
    fn of(bytes: &[u8]) -> Self {
        const STARTS: [(&[u8], Look); 9] = [
            (b"\x7fELF", Look::Elf),
            (b"\x1f\x8b", Look::Gzip),
            (b"\x28\xb5\x2f\xfd", Look::Zstd),
            (b"PK\x03\x04", Look::Zip),
            (b"manifest.toml\0", Look::Bundle),
            (b"#!", Look::Script),
            (b"!<arch>\n", Look::Archive),
            (b"BC\xc0\xde", Look::Bitcode),
            (b"\0asm", Look::CutShort),
        ];
        if bytes.is_empty() {
            return Self::Empty;
        }
        if let Some((_, look)) = STARTS.iter().find(|(start, _)| bytes.starts_with(start)) {
            return *look;
        }
        // Enough to distinguish text from data. The end may cut a character.
        let start = bytes.get(..1024).unwrap_or(bytes);
        let text = match std::str::from_utf8(start) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return Self::Unknown,
        };
        let visible = text.trim_start();
        if ["(module", "(component", ";;", "(;"].iter().any(|start| visible.starts_with(start)) {
            Self::WasmText
        } else if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            Self::Unknown
        } else {
            Self::Text
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Empty => "the file is empty: did the build that should write it fail?",
            Self::CutShort => "the file is cut short: copy or build it again",
            Self::Elf => "it is a native executable or object file (ELF): compile for wasm32-wasip2 or wasm32-wasip1",
            Self::WasmText => "it is the text form of WebAssembly: encode it first, as source::read does",
            Self::Gzip => "it is compressed by gzip: unpack it with \"gunzip\"",
            Self::Zstd => "it is compressed by Zstandard: unpack it with \"unzstd\"",
            Self::Zip => "it is a ZIP archive: unpack it with \"unzip\"",
            Self::Bundle => "it is a wasmstone bundle already: run it with \"wasmstone run\"",
            Self::Script => "it is a script: give the .wasm file that it makes",
            Self::Archive => "it is a static library: link a program from it",
            Self::Bitcode => "it is LLVM bitcode: link it to a .wasm file",
            Self::Text => "it is text: compile it for wasm32-wasip2 or wasm32-wasip1",
            Self::Unknown => "give a .wasm file, compiled for wasm32-wasip2 or wasm32-wasip1",
        }
    }
}

/// Why a file cannot be the source of a bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It cannot be read.
    #[error("cannot read {}: {}", path.display(), unreadable(error))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// Larger than any that is read.
    #[error(
        "the file has more than {} MiB: strip debug information from it, or make the program smaller",
        MAX_WASM_BYTES >> 20
    )]
    TooLarge,
    /// The text form of WebAssembly, with a mistake. The error shows the line.
    #[error("the WebAssembly text is not valid: correct it at the place that is shown")]
    Text(#[source] wat::Error),
    /// Something else.
    #[error("this is not WebAssembly; {}", .0.advice())]
    NotWasm(Look),
    /// Neither a core module of version 1 nor a component of the current one.
    #[error("this WebAssembly file has a version that is not supported: rebuild it with current tools")]
    Version,
}

fn unreadable(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "compile the program first, or give the path of its .wasm file",
        io::ErrorKind::IsADirectory => "give the path of a .wasm file in it",
        _ => "let this user read it",
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, SourceError, WasmKind, read};

    #[test]
    fn the_two_kinds_are_told_apart() {
        assert_eq!(WasmKind::of(&wat::parse_str("(module)").unwrap()).unwrap(), WasmKind::CoreModule);
        assert_eq!(WasmKind::of(&wat::parse_str("(component)").unwrap()).unwrap(), WasmKind::Component);
    }

    #[test]
    fn other_files_are_recognised() {
        // The part that is looked at ends within a character.
        let long = format!("a{}", "ä".repeat(600));
        let cases: [(&[u8], Look); 14] = [
            (b"", Look::Empty),
            (b"\0asm\x01", Look::CutShort),
            (b"\x7fELF\x02\x01\x01", Look::Elf),
            (b"  ;; a comment\n(module)", Look::WasmText),
            (b"(component)", Look::WasmText),
            (b"\x1f\x8b\x08\0", Look::Gzip),
            (b"PK\x03\x04abc", Look::Zip),
            (b"manifest.toml\0\0\0", Look::Bundle),
            (b"#!/bin/sh\necho", Look::Script),
            (b"!<arch>\nfoo", Look::Archive),
            (b"BC\xc0\xde", Look::Bitcode),
            (b"fn main() {}\n", Look::Text),
            (long.as_bytes(), Look::Text),
            (b"\x01\x02\x03", Look::Unknown),
        ];
        for (bytes, look) in cases {
            let Err(SourceError::NotWasm(found)) = WasmKind::of(bytes) else { panic!("{bytes:?} was accepted") };
            assert_eq!(found, look, "{bytes:?}");
        }
    }

    #[test]
    fn text_is_encoded_and_all_else_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program.wat");
        let text = "  ;; a comment\n(; another ;) (module $name (memory 1))";
        let binary = wat::parse_str(text).unwrap();
        for content in [text.as_bytes(), &binary] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read(&path).unwrap(), binary);
        }
        for other in [&b"fn main() {}\n"[..], b"", b"\x7fELF", b"\0asm"] {
            std::fs::write(&path, other).unwrap();
            assert_eq!(read(&path).unwrap(), other);
        }
        for wrong in ["(module", "(module (func (frobnicate)))", "(component) (component)", "(module (; "] {
            std::fs::write(&path, wrong).unwrap();
            let Err(SourceError::Text(error)) = read(&path) else { panic!("{wrong} was accepted") };
            assert!(error.to_string().contains("program.wat:1"), "{error}");
        }
    }

    #[test]
    fn another_version_is_refused() {
        assert!(matches!(WasmKind::of(b"\0asm\x02\0\0\0rest"), Err(SourceError::Version)));
    }
}
