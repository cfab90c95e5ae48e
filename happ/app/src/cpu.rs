//! What the processor of this machine can do beyond the base of its architecture.

use std::collections::BTreeSet;

/// The features that all processors of this machine have, by the names of their documentation in lower case (`zba`,
/// `sse4.2`, `lse`).
pub fn features() -> BTreeSet<String> {
    host::features()
}

/// The features of `wanted` that this machine lacks: a program that was compiled with them would stop at an
/// instruction that the processor does not know.
pub fn missing(wanted: &[String]) -> Vec<&str> {
    let present = if wanted.is_empty() { BTreeSet::new() } else { features() };
    wanted.iter().filter(|feature| !present.contains(*feature)).map(String::as_str).collect()
}

#[cfg(target_arch = "riscv64")]
mod host {
    use super::{BTreeSet, riscv};
    use std::fs;

    pub fn features() -> BTreeSet<String> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let mut features = riscv::of_cpuinfo(&cpuinfo);
        // Older kernels list only the features that they know themselves; the device tree lists all.
        let cpus = fs::read_dir("/proc/device-tree/cpus").into_iter().flatten().flatten();
        let trees = cpus.filter_map(|cpu| {
            let read = |name: &str| fs::read(cpu.path().join(name)).unwrap_or_default();
            let features = riscv::of_device_tree(&read("riscv,isa"), &read("riscv,isa-extensions"));
            (!features.is_empty()).then_some(features)
        });
        features.extend(trees.reduce(|all, one| &all & &one).unwrap_or_default());
        features
    }
}

#[cfg(target_arch = "x86_64")]
mod host {
    use super::BTreeSet;

    macro_rules! detected {
        ($($name:tt)*) => {
            [$(($name, std::arch::is_x86_feature_detected!($name))),*]
        };
    }

    pub fn features() -> BTreeSet<String> {
        let known = detected!(
            "sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "cmpxchg16b" "avx" "avx2" "fma" "bmi1" "bmi2" "lzcnt"
            "avx512f" "avx512vl" "avx512dq" "avx512bitalg" "avx512vbmi" "avx512vnni"
        );
        known.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
    }
}

#[cfg(target_arch = "aarch64")]
mod host {
    use super::BTreeSet;

    macro_rules! detected {
        ($($name:tt)*) => {
            [$(($name, std::arch::is_aarch64_feature_detected!($name))),*]
        };
    }

    pub fn features() -> BTreeSet<String> {
        let known = detected!("lse" "paca" "pacg" "fp16" "dotprod" "i8mm" "bti");
        known.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
    }
}

#[cfg(not(any(target_arch = "riscv64", target_arch = "x86_64", target_arch = "aarch64")))]
mod host {
    use super::BTreeSet;

    pub fn features() -> BTreeSet<String> {
        BTreeSet::new()
    }
}

/// RISC-V names its extensions in one string, such as `rv64imafdc_zicsr_zba`.
#[cfg_attr(not(target_arch = "riscv64"), allow(dead_code, reason = "tested everywhere, used on RISC-V"))]
mod riscv {
    use super::BTreeSet;

    /// What /proc/cpuinfo says about all harts.
    pub fn of_cpuinfo(text: &str) -> BTreeSet<String> {
        let harts = text.lines().filter_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "isa").then(|| of_isa(value.trim()))
        });
        harts.reduce(|all, one| &all & &one).unwrap_or_default()
    }

    /// What the device tree says about a hart, in its older and its newer form.
    pub fn of_device_tree(isa: &[u8], extensions: &[u8]) -> BTreeSet<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut features = of_isa(text(isa).trim_end_matches('\0'));
        let listed = extensions.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        features.extend(listed.map(|name| text(name).to_ascii_lowercase()));
        features
    }

    fn of_isa(isa: &str) -> BTreeSet<String> {
        let isa = isa.to_ascii_lowercase();
        let Some(extensions) = isa.strip_prefix("rv64") else { return BTreeSet::new() };
        let mut parts = extensions.split('_');
        let mut features = BTreeSet::new();
        // Letters stand for themselves, until one begins a longer name.
        let first = parts.next().unwrap_or_default();
        let letters = first.find(['s', 'x', 'z']).unwrap_or(first.len());
        let (letters, rest) = first.split_at(letters);
        features.extend(letters.chars().filter(char::is_ascii_alphabetic).map(String::from));
        features.extend(std::iter::once(rest).chain(parts).filter(|name| !name.is_empty()).map(str::to_owned));
        for (name, parts) in [("g", &["i", "m", "a", "f", "d"][..]), ("b", &["zba", "zbb", "zbs"])] {
            if features.contains(name) {
                features.extend(parts.iter().map(|part| (*part).to_owned()));
            }
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(features: &str) -> BTreeSet<String> {
        features.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_riscv_kernels_say() {
        let qemu = "processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdch_zicsr_zifencei_zba_zbb\nmmu\t\t: sv57\n";
        assert_eq!(riscv::of_cpuinfo(qemu), set("i m a f d c h zicsr zifencei zba zbb"));
        // The text of Linux 6.1, with the features that boards report.
        assert_eq!(riscv::of_cpuinfo("isa\t\t: rv64imafdc\n"), set("i m a f d c"));
        assert_eq!(riscv::of_cpuinfo("isa : rv64gczba_zbs"), set("g i m a f d c zba zbs"));
        assert_eq!(riscv::of_cpuinfo("isa : RV64IMAC_Zbb"), set("i m a c zbb"));
        assert_eq!(riscv::of_cpuinfo("isa : rv64imacb"), set("i m a c b zba zbb zbs"));
        for nothing in ["", "isa", "isa : rv32imac", "isa : \n", "hart isa : rv64imac"] {
            assert_eq!(riscv::of_cpuinfo(nothing), set(""), "{nothing:?}");
        }
    }

    #[test]
    fn several_harts_have_what_all_have() {
        let unlike = "isa\t\t: rv64imac\n\nisa\t\t: rv64imafdc_zba\n";
        assert_eq!(riscv::of_cpuinfo(unlike), set("i m a c"));
    }

    #[test]
    fn what_device_trees_say() {
        assert_eq!(riscv::of_device_tree(b"rv64imac_zba\0", b""), set("i m a c zba"));
        assert_eq!(riscv::of_device_tree(b"rv64imac\0", b"i\0m\0zbb\0"), set("i m a c zbb"));
        assert_eq!(riscv::of_device_tree(b"", b""), set(""));
    }

    #[test]
    fn what_is_wanted_and_not_there_is_named() {
        assert_eq!(missing(&[]), [""; 0]);
        let wanted = ["no-such-feature".to_owned(), "nor-this".to_owned()];
        assert_eq!(missing(&wanted), ["no-such-feature", "nor-this"]);
        let present: Vec<_> = features().into_iter().collect();
        assert_eq!(missing(&present), [""; 0]);
    }
}
