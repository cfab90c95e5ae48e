//! Bundles as a verifier meets them: whole, damaged, hostile.

mod archive;
mod bundle;
mod damage;
mod image;
mod keys;
mod manifest;
mod measurement;
mod platform;
mod stand_in;
mod support;
mod verify;
