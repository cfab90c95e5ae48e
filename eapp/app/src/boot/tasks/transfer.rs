//! Moving sealed data to another release: one release copies them into a volume under a transfer key, the other from
//! there into a volume under its own key. Only the owner that the measured policy names can wrap a transfer key.

use crate::channel::Channel;
use crate::ending::Ending;
use crate::handles::Handles;
use crate::keys::{self, ExchangeKey, Use};
use crate::random::Generator;
use crate::start::Start;
use crate::volumes::{self, Opening, SealedDirectory};
use alloc::format;
use wasmstone_edge_protocol::{TRANSFER_DIRECTORY, value::TaskKind};
use wasmstone_policy::{Access, Policy};

/// Copies the sealed directory to the transfer directory, or the other way round.
///
/// # Errors
/// A violation, or a refusal that says what to do.
pub fn transfer(channel: &mut Channel, policy: &Policy, start: &Start) -> Result<Ending, Ending> {
    let refused = |why: &str| Err(Ending::refused(why));
    let Some(owner) = policy.seal_owner else {
        return refused(
            "the bundle names no seal-owner, so nobody may move what it has sealed: \
             name one in wasmstone.toml before there is data to be moved",
        );
    };
    let [(path, access)] = &start.grants.directories[..] else {
        return refused("name one directory, and another one for the transfer");
    };
    if !policy.sealed_directories().any(|sealed| sealed.guest == *path) {
        return Err(Ending::refused(format!("the directory {path} is not sealed: copy its files as they are")));
    }
    let own = ExchangeKey::own(channel.platform());
    let own_key = keys::named(channel.platform(), Use::Directory, path);
    let (Some(own), Some(own_key)) = (own, own_key) else { return Err(Ending::refused(volumes::no_key(path))) };
    let transfer_key = own.unwrapped(&owner, &start.record);
    let Some(transfer_key) = transfer_key.and_then(|key| keys::moved(&key, path)) else {
        return refused(
            "the transfer key was not wrapped for this enclave by the seal-owner that the bundle names: \
             run `wasmstone seal provision` with a report of this bundle, from this machine",
        );
    };

    let mut random = Generator::new(channel.platform(), &start.entropy).fork(b"sealed directories");
    let mut handles = Handles::default();
    let pin = |index: usize| start.pins.get(index).copied().flatten();
    let now = volumes::time(start.wall);
    let export = start.task == TaskKind::Export;
    let own = Opening { path, index: 0, access: *access, key: &own_key, pin: pin(0), now };
    let there = if export { Access::ReadWrite } else { Access::ReadOnly };
    let there = Opening { path: TRANSFER_DIRECTORY, index: 1, access: there, key: &transfer_key, pin: pin(1), now };
    let (from, to) = if export { (own, there) } else { (there, own) };
    let mut from = SealedDirectory::open(&from, channel, &mut handles, &mut random)?;
    let mut to = SealedDirectory::open(&to, channel, &mut handles, &mut random)?;
    from.copy_to(&mut to, channel, &mut handles, now)?;
    for mut directory in [from, to] {
        directory.close(channel, &mut handles)?;
    }
    Ok(Ending::Exited(0))
}
