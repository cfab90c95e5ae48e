//! Numbers from the host that were not checked yet.

use core::fmt;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// An answer of the host that breaks the contract. It ends the enclave; the guest never sees it as an error that it could
/// retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation(pub &'static str);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host broke the edge protocol: {}", self.0)
    }
}

impl core::error::Error for Violation {}

/// A number from the host. The methods that give the number check it, except [`opaque`](Untrusted::opaque).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Untrusted<T>(T);

macro_rules! untrusted_number {
    ($wire:ty, $native:ty) => {
        impl From<$native> for Untrusted<$wire> {
            fn from(value: $native) -> Self {
                Self(value.into())
            }
        }

        impl Untrusted<$wire> {
            /// The number, if it is at most `cap`.
            ///
            /// # Errors
            /// A violation named `what` otherwise.
            pub fn at_most(self, cap: $native, what: &'static str) -> Result<$native, Violation> {
                let value = self.0.get();
                if value <= cap { Ok(value) } else { Err(Violation(what)) }
            }

            /// The number, if it is the expected one.
            ///
            /// # Errors
            /// A violation named `what` otherwise.
            pub fn equal_to(self, expected: $native, what: &'static str) -> Result<$native, Violation> {
                if self.0.get() == expected { Ok(expected) } else { Err(Violation(what)) }
            }

            /// A truth value, 0 or 1.
            ///
            /// # Errors
            /// A violation named `what` for any other number.
            pub fn flag(self, what: &'static str) -> Result<bool, Violation> {
                Ok(self.at_most(1, what)? == 1)
            }

            /// The number as it is. Only for numbers that can have any value (a file's size, a time stamp), and that
            /// neither index nor size anything in the enclave.
            pub fn opaque(self) -> $native {
                self.0.get()
            }
        }
    };
}

untrusted_number!(U16, u16);
untrusted_number!(U32, u32);
untrusted_number!(U64, u64);
