//! Loading a configuration file: read with a limit, parsed with places, paths relative to the file.

use crate::atomic;
use crate::exit::Exit;
use crate::fault::FileError;
use policy::diagnostic::Diagnostic;
use std::fmt;
use std::path::{Path, PathBuf};

/// Bytes of a configuration file.
const LIMIT: u64 = 1024 * 1024;

/// A configuration and where it stood.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    /// What the file says.
    pub value: T,
    /// The file's folder: relative paths in it begin here.
    pub folder: PathBuf,
}

impl<T> Loaded<T> {
    /// A path that the file names, as this process can open it.
    #[must_use]
    pub fn path(&self, named: impl AsRef<Path>) -> PathBuf {
        self.folder.join(named)
    }
}

/// Why a configuration cannot be used. The process ends with [`ConfigError::EXIT`].
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable(FileError),
    /// The file says something wrong: everything that was found, with the text for the caret.
    Invalid {
        /// What was found.
        diagnostics: Vec<Diagnostic>,
    },
}

impl ConfigError {
    /// Wrong configuration is wrong usage.
    pub const EXIT: Exit = Exit::Usage;
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(_) => f.write_str("the configuration cannot be read"),
            Self::Invalid { diagnostics, .. } => {
                f.write_str("the configuration is not valid")?;
                diagnostics.iter().try_for_each(|diagnostic| told(diagnostic, f))
            }
        }
    }
}

fn told(diagnostic: &Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "\n{diagnostic}")?;
    diagnostic.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Invalid { .. } => None,
        }
    }
}

/// Reads the file and has `parse` (given the file's name and its text) make a configuration of it, as in
/// `config::load(path, |file, text| document::config(file, text, "HubConfig"))`.
pub fn load<T>(
    path: &Path,
    parse: impl FnOnce(&str, &str) -> Result<T, Vec<Diagnostic>>,
) -> Result<Loaded<T>, ConfigError> {
    let text = atomic::read_text(path, LIMIT).map_err(ConfigError::Unreadable)?;
    let value =
        parse(&path.display().to_string(), &text).map_err(|diagnostics| ConfigError::Invalid { diagnostics })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(Loaded { value, folder: folder.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::diagnostic::{Code, Span};

    #[test]
    fn paths_begin_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.yaml");
        std::fs::write(&file, "data: hub").unwrap();
        let loaded = load(&file, |_, text| Ok(text.to_owned())).unwrap();
        assert_eq!(loaded.path("hub"), folder.path().join("hub"));
        assert_eq!(loaded.path("/hub"), Path::new("/hub"));
    }

    #[test]
    fn every_fault_is_told_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.yaml");
        std::fs::write(&file, "dta: hub").unwrap();
        let error = load::<()>(&file, |file, _| {
            let fault = Diagnostic::error(Code::UnknownField, file, Span::START, "unknown field `dta`");
            Err(vec![fault.help("did you mean `data`?")])
        });
        let text = error.unwrap_err().to_string();
        assert!(text.contains("hub.yaml:1:1: unknown field `dta`\n  help: did you mean `data`?"), "{text}");
    }

    #[test]
    fn a_missing_file_is_a_sentence() {
        let error = load::<()>(Path::new("/nonexistent/hub.yaml"), |_, _| Ok(())).unwrap_err();
        let text = crate::exit::chain(&error);
        assert_eq!(
            text,
            "the configuration cannot be read: cannot read `/nonexistent/hub.yaml`: it does not exist; check the path"
        );
    }
}
