//! Volumes on a disk in memory that fails, crashes, fills up and lies.

mod bytes;
mod compare;
mod copies;
mod cost;
mod crashes;
mod disk;
mod failures;
mod format;
mod full;
mod lies;
mod model;
mod modules;
mod operations;
mod paths;
mod power;
mod random;
mod recoveries;
mod rollback;
mod sample;
mod session;
mod tampering;
