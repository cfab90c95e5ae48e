//! What must hold in a manifest beyond its syntax.

use super::{
    EAPP, Encoding, FORMAT, LOADER, MAX_STORED_BYTES, Manifest, ManifestError, MemberEntry, RUNTIME, launch_path,
    program_path,
};
use crate::check_name;
use wasmstone_policy::MAX_LAUNCH_BYTES;

/// The most bytes of the loader, the runtime and the generic enclave app, each. An enclave has at most 1 GiB in all,
/// and Keystone hashes some MiB a second.
const MAX_MEASURED_BYTES: u64 = 64 << 20;

/// The most bytes of a program, decoded.
const MAX_PROGRAM_BYTES: u64 = 1 << 30;

impl Manifest {
    pub(super) fn check(&self) -> Result<(), ManifestError> {
        let damaged = |what: &str| Err(ManifestError::Damaged(what.to_owned()));
        if self.format != FORMAT {
            return damaged("another format");
        }
        if !is_line(&self.name) {
            return Err(ManifestError::Name(self.name.escape_debug().take(80).collect()));
        }
        if !is_line(&self.created_by) {
            return damaged("created-by is not a release");
        }
        if let Err(invalid) = check_name(&self.platform.name) {
            return damaged(&format!("the platform: {invalid}"));
        }
        if self.programs.is_empty() {
            return damaged("it names no program");
        }
        if !self.programs.is_sorted_by(|a, b| a.target < b.target) {
            return damaged("its programs are out of order");
        }
        self.check_members()
    }

    fn check_members(&self) -> Result<(), ManifestError> {
        let mut expected = vec![LOADER.to_owned(), RUNTIME.to_owned(), EAPP.to_owned()];
        for program in &self.programs {
            expected.extend([launch_path(program.target), program_path(program.target)]);
        }
        for index in 0..expected.len().max(self.members.len()) {
            let found = self.members.get(index).map(|member| member.path.clone());
            let expected = expected.get(index).cloned();
            if found != expected {
                let name = |path: Option<String>| path.map_or("nothing".to_owned(), |path| format!("{path:?}"));
                return Err(ManifestError::Members { found: name(found), expected: name(expected) });
            }
        }
        self.members.iter().try_for_each(check_size)?;
        match self.members.iter().map(|member| member.stored).sum::<u64>() {
            stored if stored > MAX_STORED_BYTES => Err(ManifestError::BundleTooLarge(stored)),
            _ => Ok(()),
        }
    }
}

fn check_size(member: &MemberEntry) -> Result<(), ManifestError> {
    let limit = match member.path.as_str() {
        LOADER | RUNTIME | EAPP => MAX_MEASURED_BYTES,
        path if path.ends_with("/launch") => MAX_LAUNCH_BYTES as u64,
        _ => MAX_PROGRAM_BYTES,
    };
    if member.size > limit {
        return Err(ManifestError::MemberTooLarge { path: member.path.clone(), size: member.size, limit });
    }
    let stored_as_said = match member.encoding {
        Encoding::Raw => member.stored == member.size,
        Encoding::Gzip => member.stored < member.size,
    };
    if !stored_as_said {
        return Err(ManifestError::Damaged(format!("the sizes of {} contradict each other", member.path)));
    }
    Ok(())
}

/// One line of text, of at most 255 bytes.
fn is_line(text: &str) -> bool {
    (1..=255).contains(&text.len()) && !text.contains(char::is_control)
}
