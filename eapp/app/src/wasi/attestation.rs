//! `wasmstone:attestation`, answered inside.

use crate::bindings::wasmstone::attestation::attestation::{Error, Host};
use crate::guest::Guest;
use crate::keys::{self, Use};
use crate::report::{MEASUREMENT_SIZE, report};
use alloc::{string::String, vec::Vec};
use wasmstone_edge_protocol::attestation::USER_DATA_MAX;
use wasmtime::Result;

impl Host for Guest {
    fn report(&mut self, user_data: Vec<u8>) -> Result<Result<Vec<u8>, Error>> {
        if user_data.len() > USER_DATA_MAX {
            return Ok(Err(Error::TooLong));
        }
        Ok(report(self.host.channel.platform(), &user_data).map(Vec::from).ok_or(Error::Unavailable))
    }

    fn measurement(&mut self) -> Result<Result<Vec<u8>, Error>> {
        let report = report(self.host.channel.platform(), &[]);
        let measurement = report.and_then(|report| report.get(..MEASUREMENT_SIZE).map(Vec::from));
        Ok(measurement.ok_or(Error::Unavailable))
    }

    fn sealing_key(&mut self, label: String) -> Result<Result<Vec<u8>, Error>> {
        let key = keys::named(self.host.channel.platform(), Use::Label, &label);
        Ok(key.map(|key| key.to_vec()).ok_or(Error::Unavailable))
    }

    fn freshness(&mut self, path: String) -> Result<Result<Vec<u8>, Error>> {
        Ok(self.host.freshness(&path).map(Vec::from).ok_or(Error::NotSealed))
    }
}
