//! Checks whether a bundle may run: who signed it, and whether its content is what the manifest says.

mod contents;

pub use contents::{ContentError, Contents, Program, contents};

use crate::{AGAIN, Bundle, KeyId, Manifest, PublicKey};
use std::collections::BTreeMap;

/// Which signatures are trusted, and which insecure bundles are accepted.
#[derive(Clone, Debug, Default)]
pub struct TrustPolicy {
    /// The trusted keys, and the name of each in reports.
    pub trusted: BTreeMap<KeyId, String>,
    /// Insecure: accept a bundle without any signature.
    pub allow_unsigned: bool,
    /// Insecure: accept valid signatures although none is by a trusted key.
    pub allow_unknown_signer: bool,
}

impl TrustPolicy {
    /// Trusts a key, and calls it `name` in reports. A key that is trusted already keeps its first name.
    pub fn trust(&mut self, name: impl Into<String>, key: &PublicKey) {
        self.trusted.entry(key.id()).or_insert_with(|| name.into());
    }
}

/// A checked signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The key that the signature names.
    pub key: KeyId,
    /// What the signature is worth.
    pub standing: Standing,
}

/// What a signature is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The signature is valid, and its key is trusted under this name.
    Trusted(String),
    /// The signature is valid, and its key is not trusted.
    Unknown,
    /// The signature is not this key's signature over this manifest.
    Invalid,
}

/// A bundle that passed [`verify`]. There is no other way to make one.
#[derive(Clone, Debug)]
pub struct Verified {
    manifest: Manifest,
    signers: Vec<Signer>,
    contents: Contents,
}

impl Verified {
    /// The table of contents.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The signatures, all of them valid, by ascending key id.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Whether a trusted key vouches for the bundle. False only under an insecure option.
    pub fn is_trusted(&self) -> bool {
        self.signers.iter().any(|signer| matches!(signer.standing, Standing::Trusted(_)))
    }

    /// Loader, runtime, images, launches and programs.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Returns loader, runtime, images, launches and programs as owned values.
    pub fn into_contents(self) -> Contents {
        self.contents
    }
}

/// Checks signatures, then everything that the manifest says about the members. Nothing is decoded before the
/// signatures were accepted.
///
/// # Errors
/// [`VerifyError`] says whether the signatures or the content are at fault.
pub fn verify(bundle: &Bundle, trust: &TrustPolicy) -> Result<Verified, VerifyError> {
    let signers = signers(bundle, trust);
    accept(&signers, trust)?;
    let contents = contents(bundle)?;
    Ok(Verified { manifest: bundle.manifest().clone(), signers, contents })
}

/// What each signature of a bundle is worth, by ascending key id. The insecure options have no effect here.
pub fn signers(bundle: &Bundle, trust: &TrustPolicy) -> Vec<Signer> {
    let standing = |key: &KeyId, valid: bool| match trust.trusted.get(key) {
        _ if !valid => Standing::Invalid,
        Some(name) => Standing::Trusted(name.clone()),
        None => Standing::Unknown,
    };
    let signatures = bundle.signatures().iter();
    signatures
        .map(|(key, signature)| Signer {
            key: *key,
            standing: standing(key, signature.is_valid(bundle.manifest_bytes())),
        })
        .collect()
}

fn accept(signers: &[Signer], trust: &TrustPolicy) -> Result<(), SignatureError> {
    if let Some(invalid) = signers.iter().find(|signer| signer.standing == Standing::Invalid) {
        return Err(SignatureError::Invalid { key: invalid.key });
    }
    if signers.is_empty() {
        return if trust.allow_unsigned { Ok(()) } else { Err(SignatureError::Unsigned) };
    }
    if trust.allow_unknown_signer || signers.iter().any(|signer| matches!(signer.standing, Standing::Trusted(_))) {
        return Ok(());
    }
    Err(SignatureError::Untrusted { keys: signers.iter().map(|signer| signer.key).collect() })
}

/// Why a bundle may not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No trusted key signed it, or a signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Its content is not what its manifest says.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// Why the signatures of a bundle do not suffice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no signature.
    #[error("the bundle is not signed: its builder can sign it with \"wasmstone sign\"")]
    Unsigned,
    /// One signature is not valid, whatever the others are.
    #[error("the signature by the key {} is not valid, the bundle was changed after it was signed: {AGAIN}", key.short())]
    Invalid {
        /// The key that the signature names.
        key: KeyId,
    },
    /// All signatures are valid, and no trusted key made one.
    #[error(
        "the bundle is signed by {}, which is not trusted: get the signer's public key from them, \
         and run \"wasmstone key trust FILE\"",
        short_list(keys)
    )]
    Untrusted {
        /// The keys that signed.
        keys: Vec<KeyId>,
    },
}

fn short_list(keys: &[KeyId]) -> String {
    let short: Vec<_> = keys.iter().map(|key| format!("the key {}", key.short())).collect();
    short.join(" and ")
}
