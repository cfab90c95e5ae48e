//! The bundle: one file that holds a program, what runs it, and signatures over both.

mod archive;
mod encoding;
mod read;

pub use encoding::DecodeError;
pub use read::ReadError;

use crate::{
    KeyId, Manifest, Measurement, Platform, PublicKey, SecretKey, Sha256Digest,
    image::{self, ComposeError},
    manifest::{
        EAPP, FORMAT, LOADER, ManifestError, MemberEntry, PlatformEntry, ProgramEntry, RUNTIME, launch_path,
        program_path,
    },
    measurement::measure,
};
use std::{borrow::Cow, collections::BTreeMap, fs::File, io, path::Path};
use wasmstone_policy::{DecodeError as LaunchError, Launch};

/// The most signatures of a bundle.
pub const MAX_SIGNATURES: usize = 16;

/// A bundle whose members are the ones that its manifest names. Its signatures are not checked yet:
/// [`verify`](crate::verify()) does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    signatures: BTreeMap<KeyId, Signature>,
    /// The bytes of every member as stored, in the order of the manifest.
    stored: Vec<Vec<u8>>,
}

/// A signature over the manifest, as found: it may be invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The signer's public key, 32 bytes of RFC 8032.
    pub public_key: [u8; 32],
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}

/// What a bundle is built from.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The platform to build for.
    pub platform: &'a Platform,
    /// The generic enclave app.
    pub eapp: &'a [u8],
    /// The program and its launch, once for each target.
    pub programs: Vec<ProgramPart<'a>>,
}

/// The program for one target.
#[derive(Clone, Debug)]
pub struct ProgramPart<'a> {
    /// The configuration of the enclave app; it names target, size and digest of the program.
    pub launch: &'a Launch,
    /// The precompiled program.
    pub program: &'a [u8],
}

impl Bundle {
    /// Composes, measures and packs a bundle, without a signature. The same parts give the same bytes.
    ///
    /// # Errors
    /// [`BuildError`] if the parts do not fit together.
    pub fn build(parts: &Parts<'_>) -> Result<Self, BuildError> {
        let Platform { loader, runtime, .. } = parts.platform;
        let mut programs: Vec<_> = parts.programs.iter().collect();
        programs.sort_by_key(|part| part.launch.program.target);
        let name = programs.first().ok_or(BuildError::NoProgram)?.launch.name.clone();

        let mut contents: Vec<(String, Cow<'_, [u8]>)> = vec![
            (LOADER.to_owned(), loader.into()),
            (RUNTIME.to_owned(), runtime.into()),
            (EAPP.to_owned(), parts.eapp.into()),
        ];
        let mut entries = Vec::new();
        for ProgramPart { launch, program } in programs {
            let target = launch.program.target;
            let digest = Sha256Digest::of(program);
            if launch.name != name || launch.program.size != program.len() as u64 || launch.program.sha256 != digest.0 {
                return Err(BuildError::LaunchOfAnother);
            }
            let image = image::compose(parts.eapp, launch, program)?;
            entries.push(ProgramEntry { target, measurement: measure(loader, runtime, &image) });
            contents.push((launch_path(target), launch.encode()?.into()));
            contents.push((program_path(target), (*program).into()));
        }

        let mut members = Vec::new();
        let mut stored = Vec::new();
        for (path, content) in contents {
            let (encoding, bytes) = encoding::encode(&content)?;
            let sha256 = Sha256Digest::of(&bytes);
            members.push(MemberEntry {
                path,
                size: content.len() as u64,
                stored: bytes.len() as u64,
                encoding,
                sha256,
            });
            stored.push(bytes);
        }
        let manifest = Manifest {
            format: FORMAT,
            name,
            created_by: concat!("wasmstone ", env!("CARGO_PKG_VERSION")).to_owned(),
            platform: PlatformEntry {
                name: parts.platform.name.clone(),
                sm_hash: parts.platform.sm_hash,
                fp_safe: parts.platform.fp_safe,
            },
            programs: entries,
            members,
        };
        Ok(Self { manifest_bytes: manifest.to_bytes()?, manifest, signatures: BTreeMap::new(), stored })
    }

    /// Reads the bundle in a file. See [`Bundle::read`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::read(io::BufReader::new(File::open(path)?))
    }

    /// Reads a bundle. Accepts exactly what [`Bundle::to_bytes`] writes, and checks every member against its digest
    /// in the manifest; allocates no more than the limits of the format and what has arrived.
    ///
    /// # Errors
    /// [`ReadError`] says what is damaged.
    pub fn read(reader: impl io::Read) -> Result<Self, ReadError> {
        read::bundle(reader)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (path, content) in self.entries() {
            archive::append(&mut bytes, &path, &content);
        }
        archive::finish(&mut bytes);
        bytes
    }

    /// Adds a signature over the manifest, or replaces the one that this key has made before.
    ///
    /// The signer vouches for the content, so check it against the manifest first, with
    /// [`contents`](crate::verify::contents).
    ///
    /// # Errors
    /// [`TooManySignatures`]; nothing has changed then.
    pub fn sign(&mut self, key: &SecretKey) -> Result<KeyId, TooManySignatures> {
        let public = key.public();
        let id = public.id();
        if self.signatures.len() >= MAX_SIGNATURES && !self.signatures.contains_key(&id) {
            return Err(TooManySignatures);
        }
        let signature = Signature { public_key: public.to_bytes(), signature: key.sign(&self.manifest_bytes) };
        self.signatures.insert(id, signature);
        Ok(id)
    }

    /// The table of contents.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes that are signed.
    pub fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// The signatures as found, by ascending key id.
    pub fn signatures(&self) -> &BTreeMap<KeyId, Signature> {
        &self.signatures
    }

    /// The content of a member, decoded; `None` if there is no such member.
    ///
    /// # Errors
    /// [`DecodeError`] if it does not decode to the size that the manifest gives.
    pub fn member(&self, path: &str) -> Option<Result<Cow<'_, [u8]>, DecodeError>> {
        let (entry, stored) = self.manifest.members.iter().zip(&self.stored).find(|(entry, _)| entry.path == path)?;
        Some(encoding::decode(entry, stored))
    }

    /// The measurement for the only target, or for the first of several.
    pub fn measurement(&self) -> Option<Measurement> {
        self.manifest.programs.first().map(|program| program.measurement)
    }

    fn entries(&self) -> impl Iterator<Item = (String, Cow<'_, [u8]>)> {
        let manifest = (read::MANIFEST.to_owned(), Cow::from(&self.manifest_bytes));
        let signatures =
            self.signatures.iter().map(|(id, signature)| (read::signature_path(id), signature.to_bytes().into()));
        let members =
            self.manifest.members.iter().zip(&self.stored).map(|(entry, bytes)| (entry.path.clone(), bytes.into()));
        std::iter::once(manifest).chain(signatures).chain(members)
    }
}

impl Signature {
    /// Whether this is the signature of its key over `message`, by the strict rules of RFC 8032.
    pub fn is_valid(&self, message: &[u8]) -> bool {
        PublicKey::from_bytes(&self.public_key).is_some_and(|key| key.verifies(message, &self.signature))
    }

    fn to_bytes(self) -> Vec<u8> {
        [&self.public_key[..], &self.signature[..]].concat()
    }
}

/// Why parts do not make a bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No program was given.
    #[error("a bundle needs a program")]
    NoProgram,
    /// A launch names another program.
    #[error("the launch describes another program than the given one")]
    LaunchOfAnother,
    /// The image cannot be composed.
    #[error("the enclave app cannot be composed")]
    Compose(#[from] ComposeError),
    /// The launch cannot be written.
    #[error("the policy cannot be written")]
    Launch(#[from] LaunchError),
    /// The manifest could not be read again.
    #[error("the bundle cannot be described")]
    Manifest(#[from] ManifestError),
    /// A member cannot be compressed.
    #[error("the bundle cannot be compressed")]
    Compress(#[from] io::Error),
}

/// A bundle has [`MAX_SIGNATURES`] signatures already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bundle has {MAX_SIGNATURES} signatures already: build it again to start over")]
pub struct TooManySignatures;
