//! Workflow commands of GitHub Actions: `::error file=…,line=…::message`.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use super::from_caller;
use policy::diagnostic::{Diagnostic, Severity};

/// One line for each diagnostic.
pub(super) fn annotations(diagnostics: &[Diagnostic], root: &str) -> String {
    diagnostics.iter().map(|diagnostic| annotation(diagnostic, root)).collect()
}

fn annotation(diagnostic: &Diagnostic, root: &str) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let Diagnostic { line, column, end_line, end_column, code, message, .. } = diagnostic;
    let help = diagnostic.help.iter().map(|help| format!("\n{help}")).collect::<String>();
    let file = property(&from_caller(root, &diagnostic.file));
    let text = data(&format!("{message}{help}"));
    format!(
        "::{command} file={file},line={line},col={column},endLine={end_line},endColumn={end_column},title={code}::{text}\n"
    )
}

/// The escapes of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of a property: those of a message, and what separates properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::diagnostic::{Code, Span};

    #[test]
    fn a_message_cannot_start_another_command() {
        let span = Span { line: 2, column: 3, end_line: 2, end_column: 7 };
        let diagnostic =
            Diagnostic::error(Code::UnknownField, "a,b:c.yaml", span, "50 %\n::error::x").help("remove it");
        let expected = "::error file=./deep/a%2Cb%3Ac.yaml,line=2,col=3,endLine=2,endColumn=7,title=UnknownField::\
                        50 %25%0A::error::x%0Aremove it\n";
        assert_eq!(annotations(&[diagnostic], "deep/"), expected.replace("./deep", "deep"));
    }
}
