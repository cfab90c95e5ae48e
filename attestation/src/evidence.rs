//! What a kind of TEE has to bring, so that [`Pins`](crate::Pins) can verify its evidence.

use crate::{DeviceKey, Measurement, Refusal, Risks, SmHash};

/// Evidence of a TEE, such as Keystone's [`Report`](crate::Report) or a `simulator::Enclave`.
pub trait Evidence: Clone {
    /// What the evidence says, which only [`Self::check_signatures`] proves.
    ///
    /// # Errors
    /// A [`Refusal`] if it says nothing that signatures could prove.
    fn claims(&self) -> Result<Claims<'_>, Refusal>;

    /// Checks all signatures, from the device's to that over the data.
    ///
    /// # Errors
    /// The [`Refusal`] for the first wrong one.
    fn check_signatures(&self) -> Result<(), Refusal>;
}

/// What evidence says.
pub struct Claims<'a> {
    /// The key of the device.
    pub device_key: DeviceKey,
    /// The firmware that isolates enclaves.
    pub sm_hash: SmHash,
    /// The program, as it was when it was started.
    pub measurement: Measurement,
    /// What the program wanted attested.
    pub data: &'a [u8],
    /// Secret keys that are public, for which signatures prove nothing.
    pub risks: Risks,
}
