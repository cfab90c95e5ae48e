//! Bundles as a verifier meets them: whole, damaged, hostile.

mod archive;
mod build_tree;
mod bundle;
mod damage;
mod image;
mod keys;
mod manifest;
mod measurement;
mod platform;
mod sealing;
mod stand_in;
mod support;
mod verify;
