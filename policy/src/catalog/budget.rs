//! What all files of a catalog may cost together. Each is within its own limits, and twenty thousand of them that
//! aliases make a hundred times as large are not.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::{Doc, MAX_VALUES};

/// The most values in all documents together, those that aliases repeat counted each time: about 80 MB of them.
const VALUES: usize = 500_000;
/// The most faults that are told.
const FAULTS: usize = 10_000;

/// What may still be spent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    values: usize,
    faults: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { values: VALUES, faults: FAULTS }
    }
}

impl Budget {
    /// Takes off what a file's documents [`cost`].
    pub(super) fn spend(&mut self, cost: usize) {
        self.values = self.values.saturating_sub(cost);
    }

    /// What is said, at `path`, when so many faults were found or nothing is left: no further file is read then.
    pub(super) fn is_spent(self, path: &str, faults: usize) -> Option<Diagnostic> {
        let refused =
            |message: &str, help: &str| Diagnostic::error(Code::TooLarge, path, Span::START, message).help(help);
        if faults >= self.faults {
            return Some(refused("the files up to here have too many faults to tell more", "mend those first"));
        }
        let help = "split the catalog, or write it with fewer aliases";
        let message = "the files up to here hold more values than a catalog may, those that aliases repeat counted \
                       each time";
        (self.values == 0).then(|| refused(message, help))
    }
}

/// What a file's documents cost. What a file cost that does not parse is bounded by its text, unless it may repeat
/// itself.
pub(super) fn cost(text: &str, docs: &[Doc], parses: bool) -> usize {
    if parses {
        docs.iter().map(Doc::values).sum()
    } else if text.contains('*') {
        MAX_VALUES
    } else {
        text.len().min(MAX_VALUES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    fn spent(text: &str, values: usize, faults: usize) -> Option<Code> {
        let mut budget = Budget { values, faults: 2 };
        let (docs, found) = document::parse("a.yaml", text);
        budget.spend(cost(text, &docs, found.is_empty()));
        budget.is_spent("a.yaml", faults).map(|diagnostic| diagnostic.code)
    }

    #[test]
    fn values_are_counted_as_often_as_aliases_repeat_them() {
        // A mapping, four lists, and nine ones.
        let text = "a: &a [1, 1, 1]\nb: [*a, *a]\n";
        assert_eq!((spent(text, 14, 0), spent(text, 15, 0)), (Some(Code::TooLarge), None));
    }

    #[test]
    fn what_does_not_parse_costs_too() {
        let (plain, repeats) = ("a: [\n", "a: &a [1]\nb: [*a\n");
        assert_eq!((spent(plain, 5, 0), spent(plain, 6, 0)), (Some(Code::TooLarge), None));
        assert_eq!(spent(repeats, MAX_VALUES, 0), Some(Code::TooLarge));
    }

    #[test]
    fn faults_have_an_end() {
        assert_eq!((spent("a: 1\n", 100, 1), spent("a: 1\n", 100, 2)), (None, Some(Code::TooLarge)));
    }
}
