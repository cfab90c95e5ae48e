//! The machine with Keystone, reached through ssh. It only needs a shell.

use super::words;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

/// The directory on the machine in which everything is put.
const DIRECTORY: &str = "/tmp/wasmstone-suite";

/// The mark before a script's exit code.
const ENDED: &str = "wasmstone-suite: ended with ";

/// Access to the machine.
pub struct Remote {
    ssh: Vec<String>,
    host: String,
}

impl Remote {
    /// `ssh` is a command line, split at spaces.
    pub fn new(ssh: &str, host: String) -> Self {
        Self { ssh: ssh.split_whitespace().map(str::to_owned).collect(), host }
    }

    fn command(&self, options: &[&str], script: &str) -> Command {
        let mut words = self.ssh.iter().map(String::as_str);
        let mut command = Command::new(words.next().unwrap_or("ssh"));
        command.args(words).args(options).arg(&self.host).arg(script);
        command
    }

    /// Runs a shell script on the machine.
    ///
    /// # Errors
    /// If ssh does not reach the machine. What the script reports is in the output.
    pub fn shell(&self, script: &str, input: &[u8]) -> Result<Output> {
        // The exit code is printed, because the exit code 255 of ssh stands for its own errors.
        let mut command = self.command(&[], &format!("cd {DIRECTORY} && {{ {script}\n}}; echo >&2 {ENDED}$?"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        let input = input.to_owned();
        // A script that does not read its input closes it, which is not an error.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let mut output = child.wait_with_output()?;
        let _ = writer.join();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let (stderr, code) = said.rsplit_once(ENDED).with_context(|| format!("cannot reach {}: {said}", self.host))?;
        output.status = ExitStatus::from_raw(code.trim().parse::<i32>().context("no exit code")? << 8);
        output.stderr = stderr.into();
        Ok(output)
    }

    /// Starts a shell script on the machine that ends when the child is killed, or by itself.
    ///
    /// # Errors
    /// If ssh cannot be started.
    pub fn start(&self, options: &[&str], script: &str) -> Result<Child> {
        let mut options = options.to_vec();
        // A terminal, so that the script's processes end with the connection.
        options.push("-tt");
        let mut command = self.command(&options, &format!("cd {DIRECTORY} && {script}"));
        Ok(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// Makes the directory, and puts the command there.
    ///
    /// # Errors
    /// If ssh or the script fails.
    pub fn prepare(&self, binary: &Path) -> Result<()> {
        let made = self.command(&[], &format!("mkdir -p {DIRECTORY}")).status().context("cannot run ssh")?;
        ensure!(made.success(), "cannot make {DIRECTORY} on {}", self.host);
        let bytes = fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
        self.put("wasmstone", &bytes)?;
        let output = self.shell("chmod +x wasmstone && ./wasmstone --version", b"")?;
        ensure!(output.status.success(), "wasmstone does not run on the target: {}", text(&output.stderr));
        Ok(())
    }

    /// Writes a file on the machine.
    ///
    /// # Errors
    /// If ssh or the script fails.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let output = self.shell(&format!("cat > {0}.new && mv {0}.new {0}", words([name])), bytes)?;
        ensure!(output.status.success(), "cannot write {name} on the target: {}", text(&output.stderr));
        Ok(())
    }

    /// Makes the machine trust the key that bundles are signed with, and no other: an earlier suite may have had its
    /// own.
    ///
    /// # Errors
    /// If ssh or the script fails.
    pub fn trust(&self, public_key: &str) -> Result<()> {
        self.put("key.pem", public_key.as_bytes())?;
        let line = Self::line(&["key", "trust", "key.pem"]);
        let output = self.shell(&format!("rm -rf home && {line}"), b"")?;
        ensure!(output.status.success(), "cannot trust the key: {}", text(&output.stderr));
        Ok(())
    }

    /// Runs the command on the machine.
    ///
    /// # Errors
    /// If ssh does not reach the machine.
    pub fn wasmstone(&self, arguments: &[&str], input: &[u8]) -> Result<Output> {
        self.shell(&Self::line(arguments), input)
    }

    /// The command on the machine, as a word for a shell.
    pub fn line(arguments: &[&str]) -> String {
        format!("WASMSTONE_HOME={DIRECTORY}/home ./wasmstone {}", words(arguments.iter().copied()))
    }
}

/// Output to show.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
