//! The exit codes of the errors that a launch on Keystone has.

use super::Exit;
use wasmstone_happ::keystone::LaunchError;

impl Exit {
    /// The code for an error of the backend `keystone`.
    pub const fn of_keystone(error: &LaunchError) -> Self {
        match error {
            LaunchError::NoDevice { .. } => Self::NoDevice,
            LaunchError::Denied { .. } => Self::DeviceDenied,
            LaunchError::Image(_) => Self::Refused,
            LaunchError::TooLarge { .. } => Self::TooLarge,
            LaunchError::NoMemory { .. } | LaunchError::Misaligned { .. } => Self::NoMemory,
            LaunchError::Locked(_) => Self::Locked,
            LaunchError::Busy(_) => Self::Busy,
            LaunchError::Device { .. } | LaunchError::Monitor { .. } | LaunchError::Unstoppable => Self::Device,
            _ => Self::Other,
        }
    }
}
