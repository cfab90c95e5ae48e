//! The kinds of backend, and of the evidence that their enclaves give.

/// Which backend launches an enclave. This type is the only list of the backends and of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Keystone enclaves.
    Keystone,
    /// Simulated enclaves.
    Sim,
}

impl Kind {
    /// All of them, the most protective one first.
    pub const ALL: [Self; 2] = [Self::Keystone, Self::Sim];

    /// The name, which the option `--backend` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keystone => "keystone",
            Self::Sim => "sim",
        }
    }

    /// What runs a bundle, in a few words.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Keystone => "A Keystone enclave",
            Self::Sim => "A process that simulates an enclave, and protects nothing",
        }
    }
}

/// The form of the report that an enclave gets from its machine ([`Task::Report`](crate::edge_server::Task::Report)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A report in the layout of Keystone's security monitor, 1352 bytes. The simulator makes such reports too, signed
    /// with a key that everybody knows.
    KeystoneReport,
}
