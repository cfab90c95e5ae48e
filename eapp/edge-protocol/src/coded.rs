//! Values that have numbers on the wire: the macro that makes them, and the fields that carry them.

use crate::Violation;
use core::marker::PhantomData;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A value that has a number on the wire. [`values!`] implements it.
pub trait Value: Copy + Into<u32> + 'static {
    /// Every value, in the order of the numbers.
    const ALL: &'static [Self];
    /// What a peer is accused of that sends a number without a value.
    const UNKNOWN: &'static str;
}

/// The values of one type, for `docs/edge-protocol.md`.
#[derive(Clone, Copy, Debug)]
pub struct ValueTable {
    /// The name of the type.
    pub name: &'static str,
    /// What the type is about, and where its values come from.
    pub doc: &'static str,
    /// `number`, or `bit` where a field can hold several of the values.
    pub unit: &'static str,
    /// Number, name and meaning of each value.
    pub rows: &'static [(u32, &'static str, &'static str)],
}

/// Makes enums from a table: `number` for a field that holds one value ([`Coded`]), `bit` for a field that holds a set
/// of values ([`CodedSet`]); the name and the type of its numbers; what a number without a value is called. The first
/// line names the constant that holds the table itself.
macro_rules! values {
    ($table:ident; $(
        $(#[doc = $doc:literal])+
        $unit:ident $name:ident: $number_type:ident, $unknown:literal {
            $($(#[doc = $value_doc:literal])+ $value:ident = $number:literal,)*
        }
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[repr($number_type)]
            pub enum $name {
                $($(#[doc = $value_doc])+ $value = $number,)*
            }

            impl $name {
                /// Every value, in the order of the numbers.
                pub const ALL: &'static [Self] = &[$(Self::$value,)*];

                /// The value with this number, if there is one.
                pub const fn from_number(number: $number_type) -> Option<Self> {
                    match number {
                        $($number => Some(Self::$value),)*
                        _ => None,
                    }
                }

                /// The number on the wire.
                pub const fn number(self) -> $number_type {
                    self as $number_type
                }
            }

            impl From<$name> for u32 {
                fn from(value: $name) -> Self {
                    value.number().into()
                }
            }

            impl $crate::coded::Value for $name {
                const ALL: &'static [Self] = Self::ALL;
                const UNKNOWN: &'static str = $unknown;
            }
        )*

        /// The tables that these types are made from.
        pub const $table: &[$crate::coded::ValueTable] = &[$($crate::coded::ValueTable {
            name: stringify!($name),
            doc: concat!($($doc),+).trim_ascii_start(),
            unit: stringify!($unit),
            rows: &[$(($number, stringify!($value), concat!($($value_doc),+).trim_ascii_start()),)*],
        },)*];
    };
}
pub(crate) use values;

/// A field that should hold the number of a `T`. A peer can put any number there, so that [`Self::get`] has to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Coded<T>(U32, PhantomData<T>);

impl<T> Coded<T> {
    /// Any number, as a peer that breaks the protocol would send it.
    pub fn raw(number: u32) -> Self {
        Self(number.into(), PhantomData)
    }
}

impl<T> Default for Coded<T> {
    fn default() -> Self {
        Self::raw(0)
    }
}

impl<T: Value> From<T> for Coded<T> {
    fn from(value: T) -> Self {
        Self::raw(value.into())
    }
}

impl<T: Value> Coded<T> {
    /// The value.
    ///
    /// # Errors
    /// A violation where the number has no value.
    pub fn get(self) -> Result<T, Violation> {
        let number = self.0.get();
        T::ALL.iter().copied().find(|value| (*value).into() == number).ok_or(Violation(T::UNKNOWN))
    }
}

/// A field that should hold a set of `T`: bit n stands for the value with the number n. A peer can set any bits, so
/// that [`Self::get`] has to check them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct CodedSet<T>(U32, PhantomData<T>);

impl<T> CodedSet<T> {
    /// Any bits, as a peer that breaks the protocol would send them.
    pub fn raw(bits: u32) -> Self {
        Self(bits.into(), PhantomData)
    }
}

impl<T> Default for CodedSet<T> {
    fn default() -> Self {
        Self::raw(0)
    }
}

impl<T: Value> CodedSet<T> {
    /// The set of these values.
    pub fn of(values: impl IntoIterator<Item = T>) -> Self {
        Self::raw(bits(values))
    }

    /// The set.
    ///
    /// # Errors
    /// A violation where a bit is set that stands for no value.
    pub fn get(self) -> Result<Set<T>, Violation> {
        let set = self.0.get();
        if set & !bits(T::ALL.iter().copied()) == 0 { Ok(Set(set, PhantomData)) } else { Err(Violation(T::UNKNOWN)) }
    }
}

/// A set of values that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set<T>(u32, PhantomData<T>);

impl<T: Value> Set<T> {
    /// Whether the value is in the set.
    pub fn contains(self, value: T) -> bool {
        self.0 & bits([value]) != 0
    }
}

fn bits<T: Value>(values: impl IntoIterator<Item = T>) -> u32 {
    // A number of 32 or more has no bit. A test shows that no value of a set has such a number.
    values.into_iter().fold(0, |bits, value| bits | 1u32.checked_shl(value.into()).unwrap_or(0))
}
