//! Why a command could not do what it was asked: a sentence, and an exit code.

use proto::rest::problem::{Problem, Reason};
use service::exit::Exit;
use service::fault::FileError;
use std::fmt;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A file or folder of the caller's cannot be used.
    File(FileError),
    /// The arguments do not fit together, or name what cannot be used.
    Usage(String),
    /// It was asked for, and refused.
    Refused(String),
    /// The hub refused it.
    Problem(Problem),
    /// Something needed does not answer.
    Absent(String),
}

impl Fault {
    /// What the caller's shell is told.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::File(_) | Self::Usage(_) => Exit::Usage,
            Self::Refused(_) => Exit::Findings,
            Self::Problem(problem) => of_reason(problem.reason),
            Self::Absent(_) => Exit::Absent,
        }
    }
}

/// What a hub does not understand is wrong usage; what it lacks itself is absent.
const fn of_reason(reason: Reason) -> Exit {
    match reason {
        Reason::Invalid | Reason::TooLarge => Exit::Usage,
        Reason::Unavailable => Exit::Absent,
        _ => Exit::Findings,
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => fmt::Display::fmt(error, f),
            Self::Usage(text) | Self::Refused(text) | Self::Absent(text) => f.write_str(text),
            Self::Problem(problem) => told(problem, f),
        }
    }
}

/// The detail says what, where and what to do. Only a fault of the hub's own needs its log, and so the request's id.
fn told(problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let own = problem.reason == Reason::Internal;
    if own {
        write!(f, "{}: ", problem.title)?;
    }
    f.write_str(&problem.detail)?;
    let id = problem.request_id.iter().filter(|_| own);
    id.into_iter().try_for_each(|id| write!(f, " (see the hub's log at request {id})"))?;
    problem.diagnostics.iter().try_for_each(|diagnostic| write!(f, "\n{diagnostic}"))
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(reason: Reason, detail: &str) -> Fault {
        Fault::Problem(Problem { request_id: Some("7-1".to_owned()), ..Problem::new(reason, detail) })
    }

    #[test]
    fn what_the_hub_lacks_is_absent_and_said_without_more_words() {
        let unreadable = fault(Reason::Unavailable, "the catalog could not be read");
        assert_eq!(
            (unreadable.exit(), unreadable.to_string().as_str()),
            (Exit::Absent, "the catalog could not be read")
        );
        assert_eq!(fault(Reason::Conflict, "there is no pin").exit(), Exit::Findings);
        assert_eq!(fault(Reason::Invalid, "a join string …").exit(), Exit::Usage);
    }

    #[test]
    fn a_fault_of_the_hub_is_found_in_its_log() {
        let internal = fault(Reason::Internal, "no signature");
        assert_eq!(internal.to_string(), "A fault of the hub: no signature (see the hub's log at request 7-1)");
    }
}
