//! Counts lines, words and bytes of every file in the directory `/texts`, and prints a table.

use std::fs;
use std::io;
use std::iter::Sum;
use std::path::PathBuf;
use std::process::ExitCode;

const DIRECTORY: &str = "/texts";

#[derive(Default)]
struct Counts {
    lines: usize,
    words: usize,
    bytes: usize,
}

impl Counts {
    fn of(content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        Self { lines: text.lines().count(), words: text.split_whitespace().count(), bytes: content.len() }
    }

    fn print(&self, name: &str) {
        println!("{:>7} {:>7} {:>8}  {name}", self.lines, self.words, self.bytes);
    }
}

impl<'a> Sum<&'a Counts> for Counts {
    fn sum<I: Iterator<Item = &'a Counts>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            lines: sum.lines + next.lines,
            words: sum.words + next.words,
            bytes: sum.bytes + next.bytes,
        })
    }
}

fn main() -> ExitCode {
    match count() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("word-count: cannot read {DIRECTORY}: {error}");
            eprintln!("grant a directory: wasmstone run word-count.wsb --read-only-dir DIRECTORY::{DIRECTORY}");
            ExitCode::FAILURE
        }
    }
}

fn count() -> io::Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(DIRECTORY)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.retain(|path| path.is_file());
    files.sort();

    println!("{:>7} {:>7} {:>8}", "lines", "words", "bytes");
    let mut all = Vec::new();
    for file in files {
        let counts = Counts::of(&fs::read(&file)?);
        counts.print(&file.file_name().unwrap_or_default().to_string_lossy());
        all.push(counts);
    }
    all.iter().sum::<Counts>().print("in all");
    Ok(())
}
