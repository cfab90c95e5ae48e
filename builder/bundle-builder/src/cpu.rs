//! The CPU features that machine code may use, by the names of the processors' documentation.

use wasmstone_policy::Target;

/// A feature: its name, and the compiler's flag for it.
pub type Feature = (&'static str, &'static str);

/// The features that the compiler can use on a target, in ascending order.
pub const fn known(target: Target) -> &'static [Feature] {
    match target {
        Target::Pulley64 => &[],
        Target::Riscv64 => &[
            ("zba", "has_zba"),
            ("zbb", "has_zbb"),
            ("zbc", "has_zbc"),
            ("zbkb", "has_zbkb"),
            ("zbs", "has_zbs"),
            ("zcb", "has_zcb"),
            ("zfa", "has_zfa"),
            ("zfh", "has_zfh"),
            ("zfhmin", "has_zfhmin"),
            ("zicond", "has_zicond"),
        ],
        Target::X86_64 => &[
            ("avx", "has_avx"),
            ("avx2", "has_avx2"),
            ("avx512bitalg", "has_avx512bitalg"),
            ("avx512dq", "has_avx512dq"),
            ("avx512f", "has_avx512f"),
            ("avx512vbmi", "has_avx512vbmi"),
            ("avx512vl", "has_avx512vl"),
            ("avx512vnni", "has_avx512vnni"),
            ("bmi1", "has_bmi1"),
            ("bmi2", "has_bmi2"),
            ("fma", "has_fma"),
            ("lzcnt", "has_lzcnt"),
            ("popcnt", "has_popcnt"),
            ("sse3", "has_sse3"),
            ("sse4.1", "has_sse41"),
            ("sse4.2", "has_sse42"),
            ("ssse3", "has_ssse3"),
        ],
        Target::Aarch64 => {
            &[("dotprod", "has_dotprod"), ("fp16", "has_fp16"), ("i8mm", "has_i8mm"), ("lse", "has_lse")]
        }
    }
}

/// What programs for a target always use: x86-64-v2, which processors have since 2009; on RISC-V and Arm
/// nothing beyond the target itself.
pub const fn base(target: Target) -> &'static [&'static str] {
    match target {
        Target::X86_64 => &["popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"],
        _ => &[],
    }
}

/// The features of a program for `target`: its base, and those of `asked` that the target has.
pub fn features(target: Target, asked: &[String]) -> Vec<String> {
    let wanted = |name: &&str| base(target).contains(name) || asked.iter().any(|asked| asked == name);
    known(target).iter().map(|(name, _)| *name).filter(wanted).map(str::to_owned).collect()
}

/// Checks that each of `asked` is a feature of one of the targets.
///
/// # Errors
/// [`UnknownFeature`] lists what is known.
pub fn check(asked: &[String], targets: &[Target]) -> Result<(), UnknownFeature> {
    let known = || targets.iter().flat_map(|target| known(*target)).map(|(name, _)| *name);
    match asked.iter().find(|asked| !known().any(|name| name == asked.as_str())) {
        None => Ok(()),
        Some(name) => Err(UnknownFeature {
            name: name.chars().flat_map(char::escape_debug).take(40).collect(),
            targets: targets.iter().map(|target| target.name()).collect::<Vec<_>>().join(", "),
            known: known().collect::<Vec<_>>().join(", "),
        }),
    }
}

/// A CPU feature that no target of the bundle has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownFeature {
    name: String,
    targets: String,
    known: String,
}

impl std::fmt::Display for UnknownFeature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, targets, known } = self;
        if known.is_empty() {
            return write!(
                f,
                "\"{name}\" was asked for as a CPU feature, but the program is compiled for {targets}, which has \
                 none: leave it out, or choose --engine native"
            );
        }
        write!(f, "\"{name}\" is not a CPU feature that code for {targets} can use: choose among {known}")
    }
}

#[cfg(test)]
mod tests {
    use super::{base, check, features, known};
    use wasmstone_policy::Target;

    #[test]
    fn the_lists_are_ordered_and_distinct() {
        let mut all = Vec::new();
        for target in Target::ALL {
            assert!(known(*target).is_sorted_by(|one, other| one.0 < other.0), "{target:?}");
            assert!(base(*target).iter().all(|name| known(*target).iter().any(|(known, _)| known == name)));
            all.extend(known(*target).iter().map(|(name, _)| *name));
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a name says which target is meant");
    }

    #[test]
    fn platforms_can_have_what_the_compiler_knows() {
        let names: Vec<_> = known(Target::Riscv64).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, wasmstone_bundle::platform::CPU_FEATURES);
    }

    #[test]
    fn each_target_takes_what_is_its_own() {
        let asked = ["zbb".to_owned(), "avx2".to_owned(), "zba".to_owned()];
        assert_eq!(features(Target::Riscv64, &asked), ["zba", "zbb"]);
        assert_eq!(features(Target::X86_64, &asked), ["avx2", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"]);
        assert!(features(Target::Pulley64, &asked).is_empty());
        check(&asked, &[Target::Riscv64, Target::X86_64]).unwrap();
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let error = check(&["zbb".to_owned(), "zzz".to_owned()], &[Target::Riscv64]).unwrap_err().to_string();
        assert!(error.contains("\"zzz\"") && error.contains("zba, zbb"), "{error}");
        let error = check(&["zbb".to_owned()], &[Target::Pulley64]).unwrap_err().to_string();
        assert!(error.contains("--engine native"), "{error}");
    }
}
