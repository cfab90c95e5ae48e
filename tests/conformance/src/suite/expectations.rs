//! Which tests of a suite are known to fail, and which are not run: a file that is checked in.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Names of tests, and the reason for each.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expectations {
    /// Tests that are run, and have to fail.
    expected_failures: BTreeMap<String, String>,
    /// Tests that are not run at all.
    left_out: BTreeMap<String, String>,
}

impl Expectations {
    /// Reads the file's text.
    ///
    /// # Errors
    /// If the text is not TOML, has an unknown key, names a test twice or gives no reason.
    pub fn parse(text: &str) -> Result<Self> {
        let expectations: Self = toml::from_str(text).context("the expectations cannot be read")?;
        let both = expectations.expected_failures.iter().chain(&expectations.left_out);
        let mut names = BTreeSet::new();
        for (name, reason) in both {
            ensure!(names.insert(name), "the expectations name {name} twice: let it fail or leave it out");
            ensure!(!reason.trim().is_empty(), "the expectations give no reason for {name}: add one");
        }
        Ok(expectations)
    }

    /// The reason why a test is expected to fail, if it is.
    pub fn failure(&self, name: &str) -> Option<&str> {
        self.expected_failures.get(name).map(String::as_str)
    }

    /// The reason why a test is not run, if it is not.
    pub fn left_out(&self, name: &str) -> Option<&str> {
        self.left_out.get(name).map(String::as_str)
    }

    /// Every name that is expected not to run or to fail.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.expected_failures.keys().chain(self.left_out.keys()).map(String::as_str)
    }

    /// Checks that each entry is about one of the tests.
    ///
    /// # Errors
    /// If an entry refers to no test.
    pub fn check<'a>(&self, tests: impl Iterator<Item = &'a str>) -> Result<()> {
        let tests: BTreeSet<&str> = tests.collect();
        let unknown: Vec<&str> = self.names().filter(|name| !tests.contains(name)).collect();
        if !unknown.is_empty() {
            bail!("the expectations are about tests that the suite does not have: remove {}", unknown.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Expectations;

    const FILE: &str = "[expected-failures]\n\"c/a\" = \"why\"\n[left-out]\n\"c/b\" = \"what for\"\n";

    #[test]
    fn each_entry_has_a_reason() {
        let expectations = Expectations::parse(FILE).unwrap();
        assert_eq!(expectations.failure("c/a"), Some("why"));
        assert_eq!(expectations.failure("c/b"), None);
        assert_eq!(expectations.left_out("c/b"), Some("what for"));
        expectations.check(["c/a", "c/b", "c/c"].into_iter()).unwrap();
        Expectations::parse("").unwrap().check(std::iter::empty()).unwrap();
    }

    #[test]
    fn mistakes_are_errors() {
        for (text, word) in [
            ("expected-failures = 3", "cannot be read"),
            ("[expected-failure]\nx = \"y\"", "cannot be read"),
            ("[expected-failures]\nx = \"y\"\nx = \"z\"", "cannot be read"),
            ("[expected-failures]\nx = \" \"", "no reason"),
            ("[expected-failures]\nx = \"y\"\n[left-out]\nx = \"y\"", "twice"),
        ] {
            let error = format!("{:#}", Expectations::parse(text).unwrap_err());
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn an_entry_for_no_test_is_an_error() {
        let error = Expectations::parse(FILE).unwrap().check(["c/b"].into_iter()).unwrap_err().to_string();
        assert!(error.ends_with("remove c/a"), "{error}");
    }
}
