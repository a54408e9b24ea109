//! Why a command could not do what it was asked: a sentence, and an exit code.

use proto::rest::problem::Problem;
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
            Self::Refused(_) | Self::Problem(_) => Exit::Findings,
            Self::Absent(_) => Exit::Absent,
        }
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

fn told(problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: {}", problem.title, problem.detail)?;
    problem.diagnostics.iter().try_for_each(|diagnostic| write!(f, "\n{diagnostic}"))?;
    problem.request_id.iter().try_for_each(|id| write!(f, " (request {id})"))
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) => error.source(),
            _ => None,
        }
    }
}
