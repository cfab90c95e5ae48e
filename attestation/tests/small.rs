//! The crate stays small enough for relying parties to embed, and to read.

use std::fs;
use std::path::Path;

const LINES_MAX: usize = 1000;
const DEPENDENCIES_MAX: usize = 10;

fn lines(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let count = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    entries.map(|path| if path.is_dir() { lines(&path) } else { count(&path) }).sum()
}

#[test]
fn it_has_at_most_a_thousand_lines() {
    let lines = lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!((500..=LINES_MAX).contains(&lines), "{lines} lines, comments included");
}

#[test]
fn it_depends_on_at_most_ten_crates_with_all_features() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[").find(|section| section.starts_with("dependencies]")).unwrap();
    let names = section.lines().skip(1).filter(|line| !line.starts_with('#') && line.contains('=')).count();
    assert!((4..=DEPENDENCIES_MAX).contains(&names), "{names} dependencies");
}
