//! Decodes the members and checks them against the manifest, by repeating what `build` did.

use crate::{
    Bundle, Measurement, Sha256Digest,
    bundle::DecodeError,
    image::{ComposeError, compose},
    manifest::{EAPP, LOADER, RUNTIME, launch_path, program_path},
    measurement::measure,
};
use wasmstone_policy::{DecodeError as LaunchError, Launch, Target};

/// The decoded content of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Keystone's loader.
    pub loader: Vec<u8>,
    /// The runtime.
    pub runtime: Vec<u8>,
    /// The generic enclave app.
    pub eapp: Vec<u8>,
    /// The program, once for each target, by ascending target; never empty.
    pub programs: Vec<Program>,
}

/// The program for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The target that it was compiled for.
    pub target: Target,
    /// What the enclave app reads at start.
    pub launch: Launch,
    /// The precompiled program.
    pub program: Vec<u8>,
    /// The composed image, which Keystone loads.
    pub image: Vec<u8>,
    /// The measurement by Keystone: computed from the members, and equal to that in the manifest.
    pub measurement: Measurement,
}

/// Decodes every member, composes and measures each image, and compares with the manifest. It does not check
/// signatures.
///
/// # Errors
/// [`ContentError`] says what contradicts the manifest.
pub fn contents(bundle: &Bundle) -> Result<Contents, ContentError> {
    let member = |path: &str| match bundle.member(path) {
        Some(content) => Ok(content?.into_owned()),
        None => Err(ContentError::Missing { path: path.to_owned() }),
    };
    let (loader, runtime, eapp) = (member(LOADER)?, member(RUNTIME)?, member(EAPP)?);
    let mut programs = Vec::new();
    for entry in &bundle.manifest().programs {
        let target = entry.target;
        let path = launch_path(target);
        let launch = member(&path)?;
        let launch = match Launch::decode(&launch) {
            // The launch is padded in the image only: each member has exactly one valid form.
            Ok(decoded) if decoded.encode().as_deref() == Ok(&launch[..]) => decoded,
            Ok(_) => return Err(ContentError::Launch { path, error: LaunchError::Damaged }),
            Err(error) => return Err(ContentError::Launch { path, error }),
        };
        if launch.name != bundle.manifest().name {
            return Err(ContentError::Contradiction { path, what: "the program's name" });
        }
        if launch.program.target != target {
            return Err(ContentError::Contradiction { path, what: "the target" });
        }
        let path = program_path(target);
        let program = member(&path)?;
        if launch.program.size != program.len() as u64 || launch.program.sha256 != Sha256Digest::of(&program).0 {
            return Err(ContentError::Program { path });
        }
        let image = compose(&eapp, &launch, &program)?;
        let measurement = measure(&loader, &runtime, &image);
        if measurement != entry.measurement {
            return Err(ContentError::Measurement {
                target,
                found: measurement.into(),
                expected: entry.measurement.into(),
            });
        }
        programs.push(Program { target, launch, program, image, measurement });
    }
    Ok(Contents { loader, runtime, eapp, programs })
}

/// How the content contradicts the manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A member that every bundle has is missing.
    #[error("the bundle has no member {path}: build it again")]
    Missing {
        /// The member.
        path: String,
    },
    /// A member does not decode to what the manifest says.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A launch cannot be read.
    #[error("the member {path} cannot be read: update wasmstone, or build the bundle again")]
    Launch {
        /// The member.
        path: String,
        /// What is wrong with it.
        #[source]
        error: LaunchError,
    },
    /// A launch belongs to another bundle.
    #[error("{what} in {path} differs from the manifest: build the bundle again")]
    Contradiction {
        /// The member.
        path: String,
        /// What differs.
        what: &'static str,
    },
    /// A program is not the one in the launch.
    #[error("the member {path} is not the program that was measured: do not run it, build the bundle again")]
    Program {
        /// The member.
        path: String,
    },
    /// The image cannot be composed.
    #[error("the enclave app of the bundle cannot be composed: build it again")]
    Compose(#[from] ComposeError),
    /// The measurement differs.
    #[error(
        "the bundle measures to {found} for {target}, its manifest says {expected}: \
         do not run it, build it again", target = target.name()
    )]
    Measurement {
        /// The target.
        target: Target,
        /// The measurement computed from the members.
        found: Box<Measurement>,
        /// The measurement in the manifest.
        expected: Box<Measurement>,
    },
}
