//! For people: each diagnostic with its line and a caret.

use super::Listing;
use crate::output::page::{Page, Tone};
use policy::catalog::Sources;
use policy::diagnostic::render::render;
use policy::diagnostic::{Diagnostic, Severity};

pub(super) fn lay_out(listing: &Listing<'_>, sources: &Sources, page: &mut Page) {
    for diagnostic in listing.diagnostics {
        let text = sources.get(&diagnostic.file).map(AsRef::as_ref);
        page.block(tone(diagnostic), &render(diagnostic, text));
        page.gap();
    }
    page.toned(verdict(listing), &summary(listing));
}

const fn tone(diagnostic: &Diagnostic) -> Tone {
    match diagnostic.severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warning,
    }
}

const fn verdict(listing: &Listing<'_>) -> Tone {
    match (listing.errors, listing.warnings) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Warning,
        _ => Tone::Bad,
    }
}

fn summary(listing: &Listing<'_>) -> String {
    let Listing { errors, warnings, .. } = listing;
    match (errors, warnings) {
        (0, 0) => "The catalog is fine.".to_owned(),
        (0, _) => format!("{}: the catalog would be accepted.", counted(*warnings, "warning")),
        (_, 0) => format!("{}: the catalog would be refused.", counted(*errors, "error")),
        _ => format!("{}, {}: the catalog would be refused.", counted(*errors, "error"), counted(*warnings, "warning")),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
