//! What an enclave does instead of running its guest. The program is not loaded then.

mod transfer;

use crate::channel::Channel;
use crate::ending::Ending;
use crate::keys::ExchangeKey;
use crate::report::report;
use crate::start::Start;
use wasmstone_edge_protocol::{attestation, launch, types::Empty, value::TaskKind};
use wasmstone_policy::Launch;

/// Does what `start` asks for; `None` if that is to run the guest.
pub fn perform(channel: &mut Channel, launch: &Launch, start: &Start) -> Option<Result<Ending, Ending>> {
    match start.task {
        TaskKind::Run => None,
        TaskKind::Report => Some(attest(channel, &start.record)),
        TaskKind::Export | TaskKind::Import => Some(transfer::transfer(channel, &launch.policy, start)),
    }
}

/// A report over the nonce and this enclave's key.
fn attest(channel: &mut Channel, nonce: &[u8]) -> Result<Ending, Ending> {
    let own = ExchangeKey::own(channel.platform()).ok_or_else(|| Ending::refused("the machine has no sealing keys"))?;
    let data = attestation::exchange_data(nonce, &own.public());
    let data = data.ok_or_else(|| Ending::refused("a nonce has 8 to 64 bytes"))?;
    let report = report(channel.platform(), &data).ok_or_else(|| Ending::refused("the machine makes no reports"))?;
    let told = channel.call::<launch::Report>(&Empty {}, &[&report], 0)?;
    told.map_err(|_| Ending::refused("the host does not take the report"))?;
    Ok(Ending::Exited(0))
}
