//! Chooses the generic enclave app with which a bundle's image begins.

use std::borrow::Cow;
use wasmstone_bundle::{Platform, platform::SIM, stand_in};

/// The smallest generic enclave app of this release with what a program needs: floating-point instructions, or
/// exceptions. The one with floating-point instructions always has exceptions.
///
/// # Errors
/// If this build does not have it.
pub fn generic(platform: &Platform, hardware_float: bool, exceptions: bool) -> Result<Cow<'static, [u8]>, EappError> {
    if platform.name == SIM {
        Ok(stand_in::eapp().into())
    } else if hardware_float {
        wasmstone_generic_eapp::HARD.map(Cow::Borrowed).ok_or(EappError::NoHard)
    } else if exceptions {
        wasmstone_generic_eapp::SOFT_WITH_EXCEPTIONS.map(Cow::Borrowed).ok_or(EappError::NoExceptions)
    } else {
        wasmstone_generic_eapp::SOFT.map(Cow::Borrowed).ok_or(EappError::NoSoft)
    }
}

/// An enclave app is not in this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EappError {
    /// The enclave app without floating-point instructions.
    #[error(
        "this wasmstone was built without the enclave app for Keystone, and can only build bundles for the simulator: \
         choose --platform sim, or build wasmstone with its Cargo feature \"soft\", which is one of its default features"
    )]
    NoSoft,
    /// The enclave app for programs with exceptions.
    #[error(
        "the program uses exceptions, and this wasmstone was built without the enclave app that has them: compile the \
         program without exceptions, or build wasmstone with its Cargo feature \"exceptions\", which is one of its \
         default features"
    )]
    NoExceptions,
    /// The enclave app with floating-point instructions.
    #[error(
        "the program would compute with floating-point registers, and this wasmstone was built without the enclave app \
         that uses them: choose --float lowered and leave --insecure-float out, or build wasmstone with its Cargo \
         feature \"hard\", which is one of its default features"
    )]
    NoHard,
}
