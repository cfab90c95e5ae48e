//! The values that are compared: fixed bytes, written in hexadecimal.

/// Why text is not a value: this many hexadecimal digits were expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0} hexadecimal digits")]
pub struct NotHex(pub usize);

/// For types of [`hex_bytes!`].
#[doc(hidden)]
pub fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], NotHex> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map(|()| bytes).map_err(|_| NotHex(2 * N))
}

/// Declares types of fixed bytes, with `Display` and `FromStr` in hexadecimal.
#[doc(hidden)]
#[macro_export]
macro_rules! hex_bytes {
    ($($(#[$doc:meta])* $name:ident, $size:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $size]);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::NotHex;

            fn from_str(text: &str) -> Result<Self, $crate::NotHex> {
                $crate::from_hex(text).map(Self)
            }
        }
    )*};
}

/// Implements serde for types of [`hex_bytes!`].
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! hex_bytes_serde {
    ($($name:ident)*) => {$(
        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <$crate::String as $crate::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err($crate::serde::de::Error::custom)
            }
        }
    )*};
}

#[cfg(feature = "serde")]
hex_bytes_serde!(Measurement SmHash DeviceKey SignerId);

hex_bytes! {
    /// The measurement of an enclave: SHA3-512 over loader, runtime and enclave app. Keystone calls it the hash.
    Measurement, 64;
    /// The hash of a security monitor, which the boot ROM computes.
    SmHash, 64;
    /// The Ed25519 public key (RFC 8032) of a device, for which the boot ROM signs.
    DeviceKey, 32;
    /// The id of a key that signs bundles: the SHA-256 of its SPKI DER.
    SignerId, 32;
}

impl DeviceKey {
    /// The key of Keystone's test devices. Its secret key is public, so reports under it prove nothing.
    pub const PUBLIC_TEST: Self = Self([
        0x0f, 0xaa, 0xd4, 0xff, 0x01, 0x17, 0x85, 0x83, 0xba, 0xa5, 0x88, 0x96, 0x6f, 0x7c, 0x1f, 0xf3, 0x25, 0x64,
        0xdd, 0x17, 0xd7, 0xdc, 0x2b, 0x46, 0xcb, 0x50, 0xa8, 0x4a, 0x69, 0x27, 0x0b, 0x4c,
    ]);

    /// The key of wasmstone's simulator. Its secret key is public, so reports under it prove nothing.
    pub const SIMULATOR: Self = Self([
        0x88, 0x65, 0x04, 0xa0, 0xe2, 0xd1, 0x1e, 0x3b, 0x9b, 0x7a, 0x58, 0xb8, 0xf3, 0x46, 0x2e, 0x64, 0x02, 0xef,
        0x39, 0x3a, 0x07, 0xe4, 0xff, 0x47, 0xb8, 0xf6, 0xc5, 0xad, 0x20, 0xc5, 0x5d, 0x1c,
    ]);
}

impl SmHash {
    /// The security monitor in the simulator's reports: SHA3-512 of `wasmstone simulated security monitor v1`.
    pub const SIMULATOR: Self = Self([
        0x9b, 0x00, 0xf7, 0x58, 0xfe, 0x81, 0xec, 0x57, 0x27, 0xd0, 0x32, 0xa1, 0x4b, 0x5c, 0x11, 0x73, 0xaf, 0xc5,
        0x44, 0xa9, 0xee, 0xda, 0x7a, 0x42, 0x9c, 0x30, 0xe4, 0xa7, 0x4e, 0xe4, 0xbe, 0x24, 0xa5, 0x07, 0x55, 0x63,
        0x3b, 0x5e, 0xce, 0x72, 0x79, 0x62, 0x6d, 0xcc, 0xb9, 0x22, 0x5c, 0x0d, 0x11, 0x29, 0x6f, 0x6e, 0xb8, 0xa9,
        0xad, 0x2b, 0x53, 0x16, 0x2d, 0x1b, 0xd4, 0x79, 0x29, 0xc3,
    ]);
}
