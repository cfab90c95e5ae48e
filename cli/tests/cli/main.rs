//! The `wasmstone` program as its users see it: exit codes, and which text goes to which stream.

mod attest;
mod build;
mod build_refused;
mod bundles;
mod completions;
mod engines;
mod floats;
mod json;
mod keys;
mod measure;
mod pins;
mod platforms;
mod project_file;
mod project_new;
mod run;
mod seal;
mod serve;
mod support;
mod usage;
