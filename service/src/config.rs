//! Loading a configuration file: read with a limit, parsed with places, paths relative to the file.

use crate::atomic;
use crate::exit::Exit;
use crate::fault::FileError;
use policy::diagnostic::{Code, Diagnostic};
use policy::document::Doc;
use policy::time::Span;
use std::fmt;
use std::path::{Path, PathBuf};

/// Bytes of a configuration file.
const LIMIT: u64 = 1024 * 1024;

/// A configuration file as it was read.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name, as messages say it.
    pub name: String,
    /// What it says.
    pub text: String,
    folder: PathBuf,
}

impl File {
    fn read(path: &Path) -> Result<Self, FileError> {
        let text = atomic::read_text(path, LIMIT)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { name: path.display().to_string(), text, folder: folder.to_owned() })
    }

    /// The file's folder: relative paths in it begin here.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path that the file names, as this process can open it.
    #[must_use]
    pub fn path(&self, named: impl AsRef<Path>) -> PathBuf {
        self.folder.join(named)
    }

    /// The folder that `named`, which stands at the JSON pointer `at` of `doc`, names.
    ///
    /// # Errors
    /// A diagnostic when it names none: the file's own folder is never meant by nothing.
    pub fn folder_at(&self, doc: &Doc, at: &str, named: &Path) -> Result<PathBuf, Diagnostic> {
        if named.as_os_str().is_empty() {
            let fault = doc.error(Code::InvalidValue, at, "an empty text names no folder");
            return Err(fault.help("write the path of a folder; a relative one begins where this file stands"));
        }
        Ok(self.path(named))
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

/// That the span at `at` of `doc` is `least` or longer; `usual` is its default.
#[must_use]
pub fn at_least(doc: &Doc, at: &str, span: Span, least: Span, usual: Span) -> Option<Diagnostic> {
    let fault = || doc.error(Code::InvalidValue, at, format!("`{span}` is too short"));
    (span < least).then(|| fault().help(format!("write at least {least}; {usual} is the default")))
}

/// Reads the file and has `parse` make a configuration of it, with `document::config`.
///
/// # Errors
/// Every fault of the file, each in its place.
pub fn load<T>(path: &Path, parse: impl FnOnce(&File) -> Result<T, Vec<Diagnostic>>) -> Result<T, ConfigError> {
    let file = File::read(path).map_err(ConfigError::Unreadable)?;
    parse(&file).map_err(|diagnostics| ConfigError::Invalid { diagnostics })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.yaml");
        std::fs::write(&file, "data: hub").unwrap();
        let paths = load(&file, |file| Ok((file.path("hub"), file.path("/hub")))).unwrap();
        assert_eq!(paths, (folder.path().join("hub"), PathBuf::from("/hub")));
    }

    #[test]
    fn nothing_names_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.yaml");
        std::fs::write(&path, "data: \"\"\n").unwrap();
        let error = load(&path, |file| {
            let (docs, _) = policy::document::parse(&file.name, &file.text);
            file.folder_at(&docs[0], "/data", Path::new("")).map_err(|fault| vec![fault])
        });
        let text = error.unwrap_err().to_string();
        assert!(text.contains("hub.yaml:1:7: an empty text names no folder\n  help: write the path"), "{text}");
    }

    #[test]
    fn every_fault_is_told_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.yaml");
        std::fs::write(&file, "dta: hub").unwrap();
        let error = load::<()>(&file, |file| {
            let fault = Diagnostic::error(
                Code::UnknownField,
                &file.name,
                policy::diagnostic::Span::START,
                "unknown field `dta`",
            );
            Err(vec![fault.help("did you mean `data`?")])
        });
        let text = error.unwrap_err().to_string();
        assert!(text.contains("hub.yaml:1:1: unknown field `dta`\n  help: did you mean `data`?"), "{text}");
    }

    #[test]
    fn a_missing_file_is_a_sentence() {
        let error = load::<()>(Path::new("/nonexistent/hub.yaml"), |_| Ok(())).unwrap_err();
        let text = crate::exit::chain(&error);
        assert_eq!(
            text,
            "the configuration cannot be read: cannot read `/nonexistent/hub.yaml`: it does not exist; check the path"
        );
    }
}
