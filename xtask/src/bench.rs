//! `cargo xtask bench`: measures this machine, and with `--bless` puts table and plots into the documents. Other
//! options are those of `wasmstone-benchmark`.

use crate::{budget, digits, guests, instructions, kernels, programs, riscv64, setup, speedtest1};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use wasmstone_test_support::shell::{self, cargo, root, step, target};

/// The file that the table goes into, between [`BEGIN`] and [`END`], and whether the whole table or only the rows of
/// [`HIGHLIGHTS`].
const DOCUMENTS: [(&str, bool); 2] = [("README.md", false), ("docs/benchmarks.md", true)];

/// The rows of the README, by their names.
const HIGHLIGHTS: [&str; 6] = [
    "compute: geometric mean",
    "machine code, inside ÷ outside: geometric mean",
    "lowered ÷ Pulley, riscv64, instructions: geometric mean",
    "start to first output: hello",
    "the same on 64 kept connections at once, for 60 s: answers",
    "SQLite speedtest1, sealed directory",
];

/// How long servers are put under load, on each side, for the table in the documents: in seconds.
const LOAD: &str = "60";

const BEGIN: &str = "<!-- bench -->\n";
const END: &str = "<!-- /bench -->";

/// Builds everything as users have it, measures, and prints the table.
///
/// # Errors
/// If something cannot be built or run. A missed requirement is not an error: the table shows it.
pub fn run(arguments: &[String]) -> Result<()> {
    let (bless, options): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| *argument == "--bless");
    let bless = !bless.is_empty();
    if bless && options.iter().any(|option| *option == "--only") {
        bail!("--bless writes the whole table: leave --only out");
    }
    setup::targets()?;
    guests::build()?;
    programs::build()?;
    kernels::build()?;
    // Programs that cannot be built here are left out, as their measurement says.
    digits::build_or_miss()?;
    riscv64::build().map(drop).unwrap_or_else(|error| eprintln!("{error:#}"));
    instructions::build().unwrap_or_else(|error| eprintln!("{error:#}"));
    speedtest1::build(None).map(drop).unwrap_or_else(|error| eprintln!("{error:#}"));
    step("Building wasmstone for release");
    shell::run(cargo().args(["build", "--release", "--workspace", "--locked"]))?;

    step("Measuring, which takes some minutes: let the machine do nothing else");
    let mut benchmark = Command::new(target()?.join("release/wasmstone-benchmark"));
    benchmark.args(["--trusted-lines", &budget::trusted_lines()?.to_string()]).stderr(Stdio::inherit());
    if bless {
        benchmark.args(["--load-seconds", LOAD]).arg("--plots").arg(root().join("docs"));
    }
    benchmark.args(options);
    let output = benchmark.output().context("cannot run wasmstone-benchmark")?;
    ensure!(output.status.success(), "wasmstone-benchmark failed: {}", output.status);
    let table = String::from_utf8(output.stdout).context("the table is not text")?;
    print!("{table}");
    if bless {
        for (document, whole) in DOCUMENTS {
            let table = if whole { table.clone() } else { highlights(&table) };
            put(&root().join(document), &table)?;
        }
    }
    Ok(())
}

fn put(document: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(document).with_context(|| format!("cannot read {}", document.display()))?;
    let replaced = between_marks(&text, table).with_context(|| format!("{} lacks the marks", document.display()))?;
    fs::write(document, replaced).with_context(|| format!("cannot write {}", document.display()))
}

/// The table's head, the rows of [`HIGHLIGHTS`], and what is below the table.
fn highlights(table: &str) -> String {
    let is_other = |line: &&str| {
        let name = line.strip_prefix("| ").and_then(|row| row.split_once(" |"));
        name.is_some_and(|(name, _)| !name.starts_with('|') && !HIGHLIGHTS.contains(&name))
    };
    table.lines().filter(|line| !is_other(line)).map(|line| format!("{line}\n")).collect()
}

/// `text` with `table` between the marks, in the place of the old content.
fn between_marks(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::{DOCUMENTS, HIGHLIGHTS, between_marks, highlights};
    use std::fs;
    use wasmstone_test_support::shell::root;

    #[test]
    fn the_table_replaces_the_one_before() {
        let text = "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n";
        let replaced = between_marks(text, "| new |\n").unwrap();
        assert_eq!(replaced, "a\n<!-- bench -->\n| new |\n<!-- /bench -->\nb\n");
        assert_eq!(between_marks(&replaced, "| new |\n").unwrap(), replaced);
        assert_eq!(between_marks("a\n<!-- bench -->\n", "x"), None);
    }

    #[test]
    fn a_short_table_has_the_highlights() {
        let row = format!("| {} | 1 | ≤ 2, met |\n", HIGHLIGHTS[0]);
        let head = "| | a | required |\n|---|--:|--:|\n";
        let table = format!("{head}{row}| y | 1 |  |\n| z | 1 | ≤ 2, met |\n\nMeasured here.\n");
        assert_eq!(highlights(&table), format!("{head}{row}\nMeasured here.\n"));
    }

    /// A renamed row would be missing from the README without a notice.
    #[test]
    fn the_whole_table_has_the_highlights() {
        let table = fs::read_to_string(root().join("docs/benchmarks.md")).unwrap();
        for name in HIGHLIGHTS {
            assert!(table.contains(&format!("\n| {name} |")), "docs/benchmarks.md has no row {name}");
        }
    }

    #[test]
    fn the_documents_have_a_place_for_the_table() {
        for (document, _) in DOCUMENTS {
            let text = fs::read_to_string(root().join(document)).unwrap();
            assert!(between_marks(&text, "").is_some(), "{document} lacks the marks");
        }
    }
}
