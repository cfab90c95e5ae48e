//! The exit code for an enclave's end, and the message if the code is not the guest's own.

use crate::exit::{Exit, Fault};
use std::net::SocketAddr;
use wasmstone_edge_protocol::{ExitStatus, Status};
use wasmstone_happ::backend::Outcome;

/// What to do if the enclave refuses a program.
const REBUILD: &str = "; rebuild the bundle with this release, with a larger --max-memory if memory is short";

/// The exit code for `outcome` of a run.
///
/// # Errors
/// The message if the code is not the guest's own. `explanation` is the enclave's; `advice` follows it if the enclave
/// refused, in place of the usual advice.
pub fn ended(outcome: Outcome, explanation: Option<&str>, advice: Option<&str>) -> anyhow::Result<Exit> {
    exit_or_message(outcome, explanation, |why| {
        format!("the enclave refused to run the program{why}{}", advice.unwrap_or(REBUILD))
    })
}

/// The exit code for `outcome` of a task.
///
/// # Errors
/// As of [`ended`].
pub fn of_task(outcome: Outcome, explanation: Option<&str>) -> anyhow::Result<Exit> {
    exit_or_message(outcome, explanation, |why| format!("the enclave refused{why}"))
}

fn exit_or_message(
    outcome: Outcome,
    explanation: Option<&str>,
    refused: impl Fn(String) -> String,
) -> anyhow::Result<Exit> {
    let why = explanation.map(|text| format!(": {text}")).unwrap_or_default();
    let (exit, message) = match outcome {
        Outcome::Ended(ExitStatus::Guest(code)) => return Ok(Exit::Guest(code)),
        Outcome::Ended(ExitStatus::Trap) => (Exit::Trap, format!("the program trapped{why}")),
        Outcome::Ended(ExitStatus::Violation) => (
            Exit::Violation,
            "the host broke the edge protocol, and the enclave ended itself: \
             the host is faulty or hostile, do not rely on what the program did"
                .to_owned(),
        ),
        Outcome::Ended(ExitStatus::Refused) => (Exit::Refused, refused(why)),
        Outcome::Ended(ExitStatus::Unsaved) => (Exit::Unsaved, format!("the program ended, but not everything that it wrote was stored{why}")),
        Outcome::Ended(ExitStatus::OutOfMemory) | Outcome::OutOfMemory => (
            Exit::OutOfMemory,
            "the enclave ran out of memory: build the bundle with a larger --max-memory, or give the program less to do"
                .to_owned(),
        ),
        Outcome::Interrupted { signal } => return Ok(Exit::by_signal(signal)),
        Outcome::NotStarted { after } => {
            let message = format!(
                "the enclave made no call to the host for {} s, and was stopped: its runtime may have met an instruction \
                 that this processor lacks, and then prints that on the machine's console; see \"wasmstone doctor\", \
                 and --boot-timeout if the machine is slow",
                after.as_secs()
            );
            (Exit::NotStarted, message)
        }
        Outcome::TimedOut => (Exit::TimedOut, "the program was stopped: the time given by --timeout is up".to_owned()),
        Outcome::Ended(ExitStatus::Internal) => {
            (Exit::Enclave, "the enclave app failed; please report it, with the bundle if you can".to_owned())
        }
        Outcome::Crashed { reason } => {
            let message = format!("the enclave ended abnormally: {reason}; please report it, with the bundle if you can");
            (Exit::Enclave, message)
        }
    };
    Err(Fault::new(exit, message).into())
}

/// The error if the enclave could not listen at `address`.
pub fn unserved(address: SocketAddr, status: Status) -> Fault {
    let why = match status {
        Status::AddressInUse => "the address is in use".to_owned(),
        Status::AddressNotBindable => "it is not an address of this machine".to_owned(),
        Status::Access => "the operating system does not let you, as for ports below 1024".to_owned(),
        other => format!("the operating system says {other:?}"),
    };
    let advice = "choose another one with --addr ADDR:PORT, where port 0 stands for any free port";
    Fault::new(Exit::Address, format!("cannot serve at {address}: {why}; {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_end_has_the_exit_code_that_the_library_gives_it() {
        let statuses = [
            ExitStatus::Guest(0),
            ExitStatus::Guest(7),
            ExitStatus::Trap,
            ExitStatus::Violation,
            ExitStatus::OutOfMemory,
            ExitStatus::Refused,
            ExitStatus::Internal,
            ExitStatus::Unsaved,
        ];
        let others = [
            Outcome::TimedOut,
            Outcome::Interrupted { signal: 1 },
            Outcome::Interrupted { signal: 2 },
            Outcome::Interrupted { signal: 15 },
            Outcome::NotStarted { after: Duration::from_secs(1) },
            Outcome::OutOfMemory,
            Outcome::Crashed { reason: "a test".to_owned() },
        ];
        for outcome in statuses.map(Outcome::Ended).into_iter().chain(others) {
            let exit = ended(outcome.clone(), None, None).unwrap_or_else(|error| Exit::of(&error));
            assert_eq!(exit.code(), outcome.exit_code(), "{outcome:?}");
        }
    }
}
