//! The machine on which the benchmark runs.

use std::fs;

/// One line: processor, memory, system, release.
pub fn line() -> String {
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    let memory = field("/proc/meminfo", "MemTotal:").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let gibibytes =
        memory.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.0} GiB", kib as f64 / f64::from(1 << 20)));
    // Distributions put their own names behind the version.
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    let system = field("/etc/os-release", "PRETTY_NAME=").unwrap_or_else(|| "unknown system".to_owned());
    format!(
        "Measured on {}, {processors} processors, {gibibytes} of memory, {}, Linux {kernel}, wasmstone {}.",
        processor(),
        system.trim_matches('"'),
        env!("CARGO_PKG_VERSION"),
    )
}

fn processor() -> String {
    // x86 has the first field, RISC-V the second; Arm has numbers only.
    let names = ["model name", "uarch"].into_iter().find_map(|name| field("/proc/cpuinfo", name));
    let name = names.map(|name| name.trim_start_matches([':', ' ', '\t']).to_owned());
    name.unwrap_or_else(|| format!("a processor of {}", std::env::consts::ARCH))
}

/// The text after `name` at the beginning of a line.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim().to_owned())
}
