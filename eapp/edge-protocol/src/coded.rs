//! Fields that hold the number of a value of the table in [`crate::value`].

use crate::Violation;
use core::marker::PhantomData;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A field that should hold the number of a `T`. A peer can put any number there, so that [`Self::get`] has to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Coded<T>(U32, PhantomData<T>);

impl<T: TryFrom<u32, Error = Violation>> Coded<T> {
    /// Any number, as a peer that breaks the protocol would send it.
    pub fn raw(number: u32) -> Self {
        Self(number.into(), PhantomData)
    }

    /// The value.
    ///
    /// # Errors
    /// A violation if the number has no value.
    pub fn get(self) -> Result<T, Violation> {
        self.0.get().try_into()
    }
}

impl<T: Into<u32>> From<T> for Coded<T> {
    fn from(value: T) -> Self {
        Self(value.into().into(), PhantomData)
    }
}

impl<T> Default for Coded<T> {
    fn default() -> Self {
        Self(U32::ZERO, PhantomData)
    }
}

/// A set of values: bit n stands for the value with the number n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set<T>(u32, PhantomData<T>);

impl<T: Into<u32>> Set<T> {
    /// Whether the value is in the set.
    pub fn contains(self, value: T) -> bool {
        self.0 & Self::from_iter([value]).0 != 0
    }
}

impl<T: Into<u32>> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        // A test shows that no type of the table that is used in sets has a number above 31.
        let bit = |value: T| 1u32.checked_shl(value.into()).unwrap_or(0);
        Self(values.into_iter().map(bit).fold(0, |set, bit| set | bit), PhantomData)
    }
}

impl<T> From<Set<T>> for u32 {
    fn from(set: Set<T>) -> Self {
        set.0
    }
}

impl<T: TryFrom<u32, Error = Violation>> TryFrom<u32> for Set<T> {
    type Error = Violation;

    fn try_from(set: u32) -> Result<Self, Violation> {
        (0..u32::BITS).filter(|bit| set >> bit & 1 == 1).try_for_each(|bit| T::try_from(bit).map(drop))?;
        Ok(Self(set, PhantomData))
    }
}
