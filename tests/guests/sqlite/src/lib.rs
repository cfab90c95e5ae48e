//! Empty: this package is for what it depends on, see its manifest.
