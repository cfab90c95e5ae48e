//! Reading a bundle: strictly, in order, with every size known before it is read.

use super::{
    Bundle, MAX_SIGNATURES, Signature,
    archive::{Archive, Entry},
};
use crate::{
    AGAIN, KeyId, Manifest, Sha256Digest,
    manifest::{MAX_MANIFEST_BYTES, ManifestError, MemberEntry},
};
use std::{
    collections::BTreeMap,
    io::{self, Read},
};

/// The first entry.
pub const MANIFEST: &str = "manifest.toml";

/// The entry that holds the signature by the key `id`.
pub fn signature_path(id: &KeyId) -> String {
    format!("signatures/{id}.sig")
}

const SIGNATURE_BYTES: u64 = 96;

pub fn bundle(reader: impl Read) -> Result<Bundle, ReadError> {
    let mut archive = Archive::new(reader);

    let entry = archive.first(MANIFEST)?;
    if entry.size > MAX_MANIFEST_BYTES {
        return Err(ManifestError::TooLarge(entry.size).into());
    }
    let manifest_bytes = archive.content(&entry)?;
    let manifest = Manifest::parse(&manifest_bytes)?;

    let mut entry = archive.next(MANIFEST)?;
    let mut signatures = BTreeMap::new();
    while let Some(found) = entry.take_if(|entry| entry.path.starts_with("signatures/")) {
        let (id, signature) = self::signature(&mut archive, &found)?;
        match signatures.last_key_value() {
            Some((last, _)) if *last == id => return Err(ReadError::Duplicate { path: found.path }),
            Some((last, _)) if *last > id => return Err(ReadError::OutOfOrder { path: found.path }),
            _ => signatures.insert(id, signature),
        };
        if signatures.len() > MAX_SIGNATURES {
            return Err(ReadError::TooManySignatures);
        }
        entry = archive.next(&found.path)?;
    }

    let mut stored = Vec::new();
    for (index, member) in manifest.members.iter().enumerate() {
        let found = entry.take().ok_or_else(|| ReadError::Missing { path: member.path.clone() })?;
        if found.path != member.path {
            return Err(misplaced(&manifest.members, index, found.path));
        }
        stored.push(self::member(&mut archive, &found, member)?);
        entry = archive.next(&found.path)?;
    }
    match entry {
        Some(found) => Err(misplaced(&manifest.members, manifest.members.len(), found.path)),
        None => Ok(Bundle { manifest, manifest_bytes, signatures, stored }),
    }
}

fn signature(archive: &mut Archive<impl Read>, entry: &Entry) -> Result<(KeyId, Signature), ReadError> {
    let damaged = || ReadError::Signature { path: entry.path.clone() };
    if entry.size != SIGNATURE_BYTES {
        return Err(damaged());
    }
    let content = archive.content(entry)?;
    let (public_key, signature) = content.split_first_chunk::<32>().ok_or_else(damaged)?;
    let signature = Signature { public_key: *public_key, signature: signature.try_into().map_err(|_| damaged())? };
    let id = KeyId::of(public_key);
    if entry.path == signature_path(&id) { Ok((id, signature)) } else { Err(damaged()) }
}

fn member(archive: &mut Archive<impl Read>, entry: &Entry, member: &MemberEntry) -> Result<Vec<u8>, ReadError> {
    if entry.size != member.stored {
        return Err(ReadError::Size { path: entry.path.clone(), size: entry.size, expected: member.stored });
    }
    let content = archive.content(entry)?;
    if Sha256Digest::of(&content) != member.sha256 {
        return Err(ReadError::Digest { path: entry.path.clone() });
    }
    Ok(content)
}

/// What is wrong with an entry found where the member `index` should be.
fn misplaced(members: &[MemberEntry], index: usize, path: String) -> ReadError {
    match members.iter().position(|member| member.path == path) {
        Some(position) if position < index => ReadError::Duplicate { path },
        Some(_) => ReadError::OutOfOrder { path },
        None if path == MANIFEST => ReadError::Duplicate { path },
        None if path.starts_with("signatures/") => ReadError::OutOfOrder { path },
        None => ReadError::Extra { path },
    }
}

/// Why a file is not a whole and undamaged bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("the file cannot be read: give the path of a bundle, as \"wasmstone build\" writes it")]
    Io(#[from] io::Error),
    /// The file is not a bundle.
    #[error("this is not a wasmstone bundle: make one from a WebAssembly program with \"wasmstone build\"")]
    NotABundle,
    /// The file ends too early.
    #[error("the bundle is cut short in or after {place}: copy or download it again")]
    Truncated {
        /// The last entry that was begun.
        place: String,
    },
    /// The manifest, or its format, cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A header differs from what wasmstone writes.
    #[error("the bundle is damaged: the header of \"{path}\" was changed; {AGAIN}")]
    Header {
        /// The path in the header.
        path: String,
    },
    /// An entry has an absolute path or one with `..`.
    #[error("the bundle is not to be trusted: it holds \"{path}\", which points outside of it; {AGAIN}")]
    PathEscape {
        /// The path.
        path: String,
    },
    /// An entry is a symbolic link, a directory or a device.
    #[error("the bundle is not to be trusted: \"{path}\" is not a regular file; {AGAIN}")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// Padding is not zero.
    #[error("the bundle is damaged: the padding after {path} was changed; {AGAIN}")]
    Padding {
        /// The member before the padding.
        path: String,
    },
    /// A signature entry does not hold a signature.
    #[error("the bundle is damaged: {path} does not hold a signature by the key that it is named after; {AGAIN}")]
    Signature {
        /// The entry.
        path: String,
    },
    /// There are more than [`MAX_SIGNATURES`] signatures.
    #[error("the bundle holds more than {MAX_SIGNATURES} signatures; {AGAIN}")]
    TooManySignatures,
    /// There is a member that the manifest does not name.
    #[error("the bundle was tampered with: its manifest does not name the member {path}; {AGAIN}")]
    Extra {
        /// The member.
        path: String,
    },
    /// The same entry comes twice.
    #[error("the bundle was tampered with: it holds {path} twice; {AGAIN}")]
    Duplicate {
        /// The entry.
        path: String,
    },
    /// An entry is in the wrong place.
    #[error("the bundle was tampered with: {path} is out of order; {AGAIN}")]
    OutOfOrder {
        /// The entry.
        path: String,
    },
    /// A member that the manifest names is missing.
    #[error("the bundle is damaged: the member {path} is missing; {AGAIN}")]
    Missing {
        /// The member.
        path: String,
    },
    /// The size of a member differs from the manifest.
    #[error("the bundle is damaged: the member {path} has {size} bytes, its manifest says {expected}; {AGAIN}")]
    Size {
        /// The member.
        path: String,
        /// Bytes found.
        size: u64,
        /// Bytes in the manifest.
        expected: u64,
    },
    /// The content of a member differs from the manifest.
    #[error("the bundle is damaged: the member {path} does not match its digest in the manifest; {AGAIN}")]
    Digest {
        /// The member.
        path: String,
    },
    /// Bytes follow the end of the archive.
    #[error("the bundle was tampered with: bytes follow its end; {AGAIN}")]
    Trailing,
}
