//! Verifying a bundle whose manifest is right about members with arbitrary content.

use arbitrary::{Arbitrary, Unstructured};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::sync::LazyLock;
use wasmstone_bundle::manifest::{Encoding, MemberEntry};
use wasmstone_bundle::{Bundle, Sha256Digest, TrustPolicy, verify};

static VALID: LazyLock<Bundle> = LazyLock::new(crate::bundle);

#[derive(Arbitrary, Debug)]
struct Change<'a> {
    member: u8,
    /// Whether it is compressed; the changed bytes are those of the stored form.
    compressed: bool,
    size: Option<u64>,
    edits: &'a [u8],
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_path(path).expect("a short path");
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_device_major(0).expect("a small number");
    header.set_device_minor(0).expect("a small number");
    // One digit shorter than this crate writes it.
    header.set_cksum();
    let checksum = &mut header.as_old_mut().cksum;
    checksum.rotate_left(1);
    checksum[7] = b' ';
    archive.append(&header, content).expect("memory to write to");
}

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory to write to");
    encoder.finish().expect("memory to write to")
}

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let Ok(changes) = <Vec<Change<'_>>>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut manifest = VALID.manifest().clone();
    let mut stored: Vec<Vec<u8>> = Vec::new();
    for (index, member) in manifest.members.iter_mut().enumerate() {
        let content = VALID.member(&member.path).expect("a member").expect("that decodes").into_owned();
        let mut bytes = content.clone();
        let mut size = content.len() as u64;
        member.encoding = Encoding::Raw;
        for change in changes.iter().filter(|change| usize::from(change.member) % 5 == index) {
            if change.compressed && member.encoding == Encoding::Raw {
                member.encoding = Encoding::Gzip;
                bytes = compressed(&bytes);
            }
            bytes = crate::edited(&bytes, change.edits);
            size = match (change.size, member.encoding) {
                (Some(size), _) => size,
                (None, Encoding::Raw) => bytes.len() as u64,
                (None, Encoding::Gzip) => size,
            };
        }
        describe(member, &bytes, size);
        stored.push(bytes);
    }
    // Sizes that no manifest may have end here.
    let Ok(manifest_bytes) = manifest.to_bytes() else { return };
    let mut archive = tar::Builder::new(Vec::new());
    append(&mut archive, "manifest.toml", &manifest_bytes);
    for (member, bytes) in manifest.members.iter().zip(&stored) {
        append(&mut archive, &member.path, bytes);
    }
    let bytes = archive.into_inner().expect("memory to write to");
    let bundle = Bundle::read(bytes.as_slice()).expect("a manifest that tells the truth");
    let trust = TrustPolicy { allow_unsigned: true, ..TrustPolicy::default() };
    let _ = verify(&bundle, &trust);
}

fn describe(member: &mut MemberEntry, stored: &[u8], size: u64) {
    member.size = size;
    member.stored = stored.len() as u64;
    member.sha256 = Sha256Digest::of(stored);
}
